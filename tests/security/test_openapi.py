"""openapi.json held against the service, with the exchange's token and without."""

import json

from conftest import ANYSHIRE, ROOT
from schema_check import check_schema

CHECKS = {
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "positive_data_acceptance",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
}


def test_whatever_is_asked_is_answered_as_described(make_app):
    outcome = check_schema(make_app(ANYSHIRE, EXCHANGE_TOKEN="exchange"), 6)

    assert outcome.failures == []
    assert set(outcome.checks) >= CHECKS
    assert outcome.requests > 150


def test_so_it_is_for_whoever_has_the_token(make_app):
    app = make_app(ANYSHIRE, EXCHANGE_TOKEN="exchange")
    outcome = check_schema(app, 10, "exchange", coverage=False, stateful=False)

    assert outcome.failures == []
    assert outcome.requests > 50


def test_an_answer_that_is_not_as_described_is_found(make_app):
    app = make_app(ANYSHIRE)
    described = json.loads((ROOT / "routing/public/openapi.json").read_text())
    del described["paths"]["/api/v1/services/{service}"]["get"]["responses"]["404"]
    paths = {
        path: {"get": described["paths"][path]["get"]} for path in ["/api/v1/services/{service}"]
    }
    app.view_functions["api.openapi"] = lambda: json.dumps(described | {"paths": paths})

    assert any("status_code" in failure for failure in check_schema(app, 3).failures)
