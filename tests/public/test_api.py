"""The API, health and metrics: what they return, for how long, and what they refuse."""

import itertools
import re

import pytest
from conftest import ANYSHIRE
from openapi_spec_validator import validate

from routing.config import VERSION

DECISION = "/api/v1/services/children/decision"
NUMBERS = "/api/v1/services/children/numbers"


def test_a_decision_has_the_shape_of_the_contract(client):
    body = client.get(f"{DECISION}?at=2026-12-24T15:29:59Z").json

    assert body["service"] == {"id": "children", "name": "Worried about a child"}
    assert body["at"] == "2026-12-24T15:29:59+00:00"
    assert body["line"]["phone"] == {
        "e164": "+441344352005",
        "display": "01344 352005",
        "options": None,
        "relay_uk": "18001 01344 352005",
    }
    assert body["reason"]["code"] == "in_hours"
    assert body["until"] == "2026-12-24T17:00:00+00:00"
    assert body["next"]["line"]["id"] == "eds"
    assert body["emergency"]["phone"] == "999"
    assert body["confirmed"] is False


def test_times_carry_the_offset_of_the_directory(client):
    body = client.get(f"{DECISION}?at=2026-07-01T11:00:00Z").json

    assert (body["at"], body["until"]) == ("2026-07-01T12:00:00+01:00", "2026-07-01T17:00:00+01:00")


@pytest.mark.parametrize(
    ("now", "age"),
    [("2026-11-23T16:59:49Z", 10), ("2026-11-23T16:59:51Z", 9), ("2026-11-23T16:59:59.9Z", 0)],
)
def test_no_answer_may_be_cached_past_the_handover(client, clock, now, age):
    clock.set(now)

    assert f"max-age={age}," in client.get(DECISION).headers["Cache-Control"]


def test_the_tag_changes_with_the_answer_and_not_with_the_instant(client, clock):
    tags = []
    for now in ("2026-11-23T12:00:00Z", "2026-11-23T12:00:09Z", "2026-11-23T17:00:00Z"):
        clock.set(now)
        tags.append(client.get(DECISION).headers["ETag"])

    assert tags[0] == tags[1] != tags[2]
    assert tags[0].startswith('W/"')
    clock.set("2026-11-23T12:00:05Z")
    assert client.get(DECISION, headers={"If-None-Match": tags[0]}).status_code == 304


@pytest.mark.parametrize(
    "at", ["2026-12-24T15:00:00", "1999-12-31T23:59:59Z", "2101-01-01T00:00:00Z", "soon", ""]
)
@pytest.mark.parametrize("endpoint", ["decision", "number", "numbers"])
def test_an_invalid_time_is_refused_with_the_form_to_write(client, endpoint, at):
    answer = client.get(f"/api/v1/services/children/{endpoint}", query_string={"at": at})

    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"
    assert "2026-12-24T17:00:00" in answer.json["detail"]


def test_a_plus_that_arrives_as_a_space_is_read_as_plus(client):
    assert client.get(f"{DECISION}?at=2026-07-01T12:00:00+01:00").status_code == 200


def test_an_unknown_service_is_a_404_that_lists_the_services(client):
    for endpoint in ("", "/decision", "/number", "/numbers"):
        answer = client.get(f"/api/v1/services/nope{endpoint}")
        assert answer.status_code == 404
        assert answer.json["services"] == ["children"]


def test_a_number_is_e164_and_a_newline_and_never_cached(client, clock):
    answer = client.get("/api/v1/services/children/number")
    assert (answer.text, answer.headers["Cache-Control"]) == ("+441344352005\n", "no-store")

    clock.set("2026-11-23T17:00:00Z")
    assert client.get("/api/v1/services/children/number").text == "+441344351999\n"


def test_numbers_come_in_the_order_to_try_without_lines_that_are_closed(anyshire, clock):
    headers = {"Authorization": "Bearer exchange"}
    clock.set("2026-11-23T12:00:00Z")
    by_day = anyshire.get(NUMBERS, headers=headers).text
    clock.set("2026-11-23T20:00:00Z")
    by_night = anyshire.get(NUMBERS, headers=headers).text

    assert by_day == "+441632960001\n+447700900001\n"
    assert by_night == "+441632960002\n+447700900001\n"


@pytest.mark.parametrize("token", [None, "Bearer wrong", "Bearer ", "Basic exchange"])
def test_an_internal_number_needs_the_exchange_token(anyshire, token):
    answer = anyshire.get(NUMBERS, headers={"Authorization": token} if token else {})

    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert "7700" not in answer.text and "9600" not in answer.text


def test_a_service_with_a_number_gives_that_number_at_all_hours(anyshire, clock):
    for now in ("2026-11-23T12:00:00Z", "2026-11-23T20:00:00Z"):
        clock.set(now)
        assert anyshire.get(DECISION).json["line"]["phone"]["e164"] == "+441632960100"


def test_an_internal_line_is_never_shown(anyshire):
    for path in (
        "/api/v1/lines",
        "/api/v1/services",
        "/api/v1/services/children",
        "/contacts",
        "/",
        "/services/children",
        "/services/children/professionals",
        "/services/professionals",
        "/nope",
    ):
        text = anyshire.get(path).text
        assert "07700" not in text
        assert "7700900001" not in text


def test_the_spans_of_a_timeline_touch_and_400_days_are_the_limit(client):
    base = "/api/v1/services/children/timeline"
    spans = client.get(f"{base}?from=2026-12-24T00:00:00Z&to=2026-12-30T00:00:00Z").json["spans"]

    assert [span["line"]["id"] for span in spans][:3] == ["eds", "mash", "eds"]
    assert all(one["to"] == two["from"] for one, two in itertools.pairwise(spans))
    instant = "2026-12-24T00:00:00Z"
    assert client.get(f"{base}?from={instant}&to={instant}").json["spans"] == []
    for query in (
        "",
        "?from=2026-01-01T00:00:00Z",
        "?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
        "?from=2026-01-01T00:00:00Z&to=2028-01-01T00:00:00Z",
    ):
        assert client.get(base + query).status_code == 400


def test_bank_holidays_have_their_last_published_year_and_substitutes(client):
    body = client.get("/api/v1/bank-holidays").json

    assert body["covered_through"] == 2028
    assert {"date": "2026-12-28", "name": "Boxing Day", "substitute": True} in body["dates"]


def test_past_the_published_holidays_the_answer_is_marked_as_an_assumption(client):
    assert client.get(f"{DECISION}?at=2028-06-01T12:00:00Z").json["assumption"] is None
    assert "2028" in client.get(f"{DECISION}?at=2029-06-01T12:00:00Z").json["assumption"]


def test_pages_of_any_website_may_read_the_api(client):
    for path in (DECISION, "/api/v1/services/nope"):
        headers = client.get(path).headers
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert headers["Access-Control-Expose-Headers"] == "Date, Age, ETag"


def test_every_api_path_is_in_openapi(make_app):
    app = make_app()
    spec = app.test_client().get("/openapi.json").json
    validate(spec)
    reads = {
        str(rule).replace("<", "{").replace(">", "}")
        for rule in app.url_map.iter_rules()
        if str(rule).startswith("/api/")
    }

    assert reads == {path for path in spec["paths"] if path.startswith("/api/")}


def test_health_readiness_and_metrics(anyshire, client):
    assert client.get("/healthz").text == "alive\n"
    assert client.get("/readyz").text == "ready\n"
    assert client.get("/metrics").status_code == 401
    answer = anyshire.get("/metrics", headers={"Authorization": "Bearer ops"})
    assert 'routing_answering{line="mash",service="children"} 1.0' in answer.text
    assert "routing_degraded 0.0" in answer.text
    assert "routing_bank_holidays_fetched_timestamp_seconds 0.0" in answer.text
    assert answer.headers["Content-Type"].count("charset") == 1
    assert re.search(rf'^who_to_call_info{{.*version="{VERSION}"}} 1.0$', answer.text, re.M)
    figures = set(re.findall(r"^(\w+)[ {]", answer.text, re.M))
    assert figures <= set(re.findall(r"^# HELP (\w+) \w", answer.text, re.M))


@pytest.mark.parametrize("path", ["/api", "/api/v1", "/api/v1/", "/api/v2/services"])
def test_an_unknown_address_of_the_api_lists_those_that_there_are(client, path):
    answer = client.get(path)

    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert "/api/v1/services/<service>/decision" in answer.json["addresses"]


def test_an_answer_says_which_language_it_speaks(client):
    period = "from=2026-12-24T00:00:00Z&to=2026-12-25T00:00:00Z"
    services = "/api/v1/services"
    for path in (
        DECISION,
        f"{services}/children",
        f"{services}/children/timeline",
        "/api/v1/lines",
    ):
        assert client.get(f"{path}?lang=fr&{period}").json["language"] == "en"


def test_search_engines_keep_out_of_staff_pages_and_calendars(client):
    lines = client.get("/robots.txt").text.splitlines()

    assert {"Disallow: /staff", "Disallow: /calendars/"} <= set(lines)


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({}, "Contact: https://www.anyshire.example"),
        ({}, "Expires: 2027-05-22T00:00:00Z"),
        (
            {"SECURITY_CONTACT": "mailto:ict@anyshire.example"},
            "Contact: mailto:ict@anyshire.example",
        ),
        (
            {"PUBLIC_BASE_URL": "https://who.example/"},
            "Canonical: https://who.example/.well-known/security.txt",
        ),
    ],
)
def test_security_txt_says_whom_to_tell_of_a_weakness(make_app, settings, field):
    answer = make_app(ANYSHIRE, **settings).test_client().get("/.well-known/security.txt")

    assert answer.mimetype == "text/plain"
    assert field in answer.text.splitlines()


def test_a_broken_directory_file_leaves_the_last_good_one_in_use_and_degrades_readiness(
    make_app, tmp_path
):
    file = tmp_path / "directory.yaml"
    file.write_text(ANYSHIRE.read_text())
    make_app(file).test_client().get("/")
    file.write_text("lines: [")
    broken = make_app(file, OPS_TOKEN="ops").test_client()

    assert broken.get("/api/v1/services/children/decision").status_code == 200
    assert broken.get("/readyz").text == "degraded\n"
    words = broken.get("/readyz", headers={"Authorization": "Bearer ops"}).text
    assert "directory_broken" in words
    bearer = {"Authorization": "Bearer ops"}
    assert "routing_degraded 1.0" in broken.get("/metrics", headers=bearer).text
    assert "directory_problem: line 2" in words


def test_a_holiday_that_the_directory_adds_is_listed_past_the_published_years(make_app, tmp_path):
    file = tmp_path / "directory.yaml"
    file.write_text(ANYSHIRE.read_text().replace("2027-06-01:", "2030-06-03:"))
    dates = make_app(file).test_client().get("/api/v1/bank-holidays").json["dates"]

    assert dates[-1] == {
        "date": "2030-06-03",
        "name": "Day of national celebration",
        "substitute": False,
    }
