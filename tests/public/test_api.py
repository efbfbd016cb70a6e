"""The API, health and metrics: what they return, for how long, and what they refuse."""

import itertools
import re

import pytest
from conftest import ANYSHIRE
from openapi_spec_validator import validate

from routing.config import VERSION

DECISION = "/api/v1/services/children/decision"
NUMBERS = "/api/v1/services/children/numbers"
NUMBER = "/api/v1/services/children/number"
BASE = "https://who.example"
BEARER = {"Authorization": "Bearer exchange"}
JSON = {**BEARER, "Accept": "application/json"}
NIGHT = "2026-11-23T20:00:00Z"


def test_a_decision_has_the_shape_of_the_contract(client):
    body = client.get(f"{DECISION}?at=2026-07-01T11:00:00Z").json

    assert body["service"] == {"id": "children", "name": "Worried about a child"}
    assert body["at"] == "2026-07-01T12:00:00+01:00"
    assert body["line"]["phone"] == {
        "e164": "+441344352005",
        "display": "01344 352005",
        "options": None,
        "relay_uk": "18001 01344 352005",
    }
    assert body["reason"]["code"] == "in_hours"
    assert body["until"] == "2026-07-01T17:00:00+01:00"
    assert body["next"]["line"]["id"] == "eds"
    assert body["emergency"]["phone"] == "999"
    assert body["confirmed"] is False


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


@pytest.mark.parametrize("endpoint", ["decision", "number", "numbers"])
def test_an_invalid_time_is_refused_with_the_form_to_write(client, endpoint):
    for at in ("2026-12-24T15:00:00", "soon", ""):
        answer = client.get(f"/api/v1/services/children/{endpoint}", query_string={"at": at})

        assert (answer.status_code, answer.content_type) == (400, "application/problem+json")
        assert "2026-12-24T17:00:00" in answer.json["detail"]


def test_an_unknown_service_is_a_404_that_lists_the_services(client):
    for endpoint in ("", "/decision", "/number", "/numbers"):
        answer = client.get(f"/api/v1/services/nope{endpoint}")
        assert answer.status_code == 404
        assert answer.json["services"] == ["children"]


@pytest.mark.parametrize("token", [None, "Bearer wrong", "Bearer ", "Basic exchange"])
def test_an_internal_number_needs_the_exchange_token(anyshire, token):
    answer = anyshire.get(NUMBERS, headers={"Authorization": token} if token else {})

    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert "7700" not in answer.text and "9600" not in answer.text


def test_an_internal_line_is_never_shown(anyshire):
    assert anyshire.get(DECISION).json["line"]["phone"]["e164"] == "+441632960100"
    paths = ["/", "/contacts", "/nope", "/api/v1/lines", "/api/v1/services", DECISION]
    paths += ["/services/children", "/services/children/professionals", "/services/professionals"]
    for path in [*paths, "/services/children/fragment", "/embed"]:
        assert "7700 900001" not in anyshire.get(path).text.replace("7700900001", "7700 900001")


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


def test_bank_holidays_have_their_last_published_year_after_which_answers_are_assumptions(client):
    body = client.get("/api/v1/bank-holidays").json

    assert body["covered_through"] == 2028
    assert client.get(f"{DECISION}?at=2028-06-01T12:00:00Z").json["assumption"] is None
    assert "2028" in client.get(f"{DECISION}?at=2029-06-01T12:00:00Z").json["assumption"]
    assert {"date": "2026-12-28", "name": "Boxing Day", "substitute": True} in body["dates"]


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
    assert 'routing_warning{code="bank_holidays_never_fetched"} 1.0' in answer.text
    assert answer.headers["Content-Type"].count("charset") == 1
    assert re.search(rf'^who_to_call_info{{.*version="{VERSION}"}} 1.0$', answer.text, re.M)
    figures = set(re.findall(r"^(\w+)[ {]", answer.text, re.M))
    assert figures <= set(re.findall(r"^# HELP (\w+) \w", answer.text, re.M))


@pytest.mark.parametrize("path", ["/api", "/api/v1", "/api/v1/", "/api/v2/services"])
def test_an_unknown_address_of_the_api_names_the_description_of_every_other(client, path):
    answer = client.get(path)

    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert "/openapi.json" in answer.json["detail"]


def test_search_engines_keep_out_of_staff_pages_and_calendars(client):
    lines = client.get("/robots.txt").text.splitlines()

    assert {"Disallow: /staff", "Disallow: /calendars/"} <= set(lines)


@pytest.mark.parametrize(
    ("settings", "fields"),
    [
        ({}, {"Contact: https://www.anyshire.example", "Expires: 2027-05-22T00:00:00Z"}),
        ({"SECURITY_CONTACT": "mailto:ict@a.example"}, {"Contact: mailto:ict@a.example"}),
        ({"PUBLIC_BASE_URL": BASE}, {f"Canonical: {BASE}/.well-known/security.txt"}),
    ],
)
def test_security_txt_says_whom_to_tell_of_a_weakness(make_app, settings, fields):
    answer = make_app(ANYSHIRE, **settings).test_client().get("/.well-known/security.txt")

    assert answer.mimetype == "text/plain"
    assert fields <= {*answer.text.splitlines()}


def test_a_broken_directory_file_leaves_the_last_good_one_in_use_and_degrades_readiness(
    make_app, tmp_path
):
    file, bearer = tmp_path / "directory.yaml", {"Authorization": "Bearer ops"}
    file.write_text(ANYSHIRE.read_text())
    make_app(file).test_client().get("/")
    file.write_text("lines: [")
    app = make_app(file, OPS_TOKEN="ops")
    broken = app.test_client()
    words = broken.get("/readyz", headers=bearer).text

    assert broken.get(DECISION).status_code == 200
    assert broken.get("/readyz").text == "degraded\n"
    assert "directory_broken" in words and "directory_problem: line 2" in words
    assert "routing_degraded 1.0" in broken.get("/metrics", headers=bearer).text
    assert "01632 960100" in app.test_cli_runner().invoke(args=["directory", "print"]).output


def test_a_holiday_that_the_directory_adds_is_listed_past_the_published_years(make_app, tmp_path):
    file = tmp_path / "directory.yaml"
    file.write_text(ANYSHIRE.read_text().replace("2027-06-01:", "2030-06-03:"))
    dates = make_app(file).test_client().get("/api/v1/bank-holidays").json["dates"]

    assert dates[-1] == {
        "date": "2030-06-03",
        "name": "Day of national celebration",
        "substitute": False,
    }


@pytest.fixture
def menu_with(make_app, tmp_path):
    """Make Anyshire with a menu on the day line, and a festive number written as given."""

    def make(festive):
        text = ANYSHIRE.read_text().replace(
            "    phone: 01632 960001 ", "    send_digits: ww1\n    phone: 01632 960001 "
        )
        (tmp_path / "menu.yaml").write_text(text.replace("01632 960009", festive))
        return make_app(tmp_path / "menu.yaml", EXCHANGE_TOKEN="exchange").test_client()

    return make


def test_number_in_json_is_the_first_of_numbers_alone(anyshire, clock):
    clock.set(NIGHT)
    body, alone = (anyshire.get(path, headers=JSON).json for path in (NUMBERS, NUMBER))

    assert alone == body | {"numbers": body["numbers"][:1]}


def test_the_number_of_a_service_itself_is_never_among_the_numbers(menu_with, clock):
    client = menu_with("+44 1632 960100")
    clock.set("2026-12-29T12:00:00Z")  # the day line has that number for three days

    assert client.get("/api/v1/services/children").json["number"]["e164"] == "+441632960100"
    assert client.get(NUMBER, headers=BEARER).status_code == 404
    assert client.get(NUMBERS, headers=BEARER).text == "+447700900001\n"


@pytest.mark.parametrize(("festive", "keys"), [("01632 960009", None), ("+44 1632 960001", "ww1")])
def test_keys_to_press_come_with_the_number_that_they_fit_however_it_is_written(
    menu_with, festive, keys
):
    menu = menu_with(festive)

    def send_digits(at):
        return menu.get(f"{NUMBER}?at={at}", headers=JSON).json["numbers"][0]["send_digits"]

    assert send_digits("2026-11-23T12:00:00Z") == "ww1"
    assert send_digits("2026-12-29T12:00:00Z") == keys  # by the number of a special day


ACCEPTED = {
    "text/plain": [
        *(None, "*/*", "text/plain", "image/png", "json", "application/json;q=0, */*"),
        *("text/plain, application/json;q=0.9", "text/*, application/json;q=0.9"),
        "text/html,application/xhtml+xml,*/*;q=0.8",
    ],
    "application/json": [
        *("application/json", "application/json; charset=utf-8", "Application/JSON"),
        *("application/json, text/plain, */*", "application/json;q=0.1"),
        *("application/json;q=0.5, text/plain;q=0.4", "text/html, application/json;q=0.9"),
    ],
}


@pytest.mark.parametrize(
    ("accept", "mimetype"),
    [(accept, mimetype) for mimetype, accepted in ACCEPTED.items() for accept in accepted],
)
def test_whoever_names_json_and_prefers_no_text_gets_json_and_everybody_else_text(
    anyshire, accept, mimetype
):
    response = anyshire.get(NUMBER, headers={"Accept": accept} if accept else {})

    assert response.mimetype == mimetype
    assert response.headers["Vary"] == "Accept"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.is_json or response.text == "+441632960001\n"


def test_a_change_that_never_comes_is_null(make_app, tmp_path):
    (tmp_path / "d.yaml").write_text(ANYSHIRE.read_text().replace("lines: [mash]", "lines: [eds]"))
    client = make_app(tmp_path / "d.yaml", EXCHANGE_TOKEN="exchange").test_client()

    assert client.get(NUMBERS, headers=JSON).json["until"] is None
    assert client.get(DECISION).json["until"] is client.get(DECISION).json["next"] is None


@pytest.mark.parametrize("separator", [",", ";", "-", "|"])
def test_numbers_in_one_line_need_no_parsing(anyshire, clock, separator):
    clock.set(NIGHT)
    for headers in (BEARER, JSON):
        answer = anyshire.get(NUMBERS, headers=headers, query_string={"separator": separator})

        assert answer.text == f"+441632960002{separator}+447700900001"


@pytest.mark.parametrize("separator", ["", "+", " ", "0", ",,", "<br>", "\r\n"])
def test_another_separator_is_refused_with_those_to_write(anyshire, separator):
    answer = anyshire.get(NUMBERS, headers=BEARER, query_string={"separator": separator})

    assert answer.status_code == 400
    assert "Write one of , ; - |" in answer.json["detail"]


def test_the_description_says_which_answer_a_call_may_be_put_through_to(client):
    paths = client.get("/openapi.json").json["paths"]
    description = paths["/api/v1/services/{service}/decision"]["get"]["description"]

    assert "`number` or `numbers`" in description.partition(". ")[0]


def test_check_and_the_doctor_say_what_to_ask_where_a_service_has_a_number(make_app):
    runner = make_app(ANYSHIRE).test_cli_runner()
    advice = "must ask /api/v1/services/children/numbers"

    for words in ("directory check", "twilio doctor"):
        assert advice in runner.invoke(args=words.split()).output
        assert advice not in make_app().test_cli_runner().invoke(args=words.split()).output
