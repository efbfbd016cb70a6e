"""The numbers that exchanges and contact centres put calls through to: as text and as JSON."""

import pytest
from conftest import ANYSHIRE

NUMBER = "/api/v1/services/children/number"
NUMBERS = "/api/v1/services/children/numbers"
BEARER = {"Authorization": "Bearer exchange"}
JSON = {**BEARER, "Accept": "application/json"}
NIGHT = "2026-11-23T20:00:00Z"


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


def test_numbers_in_json_say_which_line_how_long_and_until_when(anyshire, clock):
    clock.set(NIGHT)

    assert anyshire.get(NUMBERS, headers=JSON).json == {
        "service": "children",
        "numbers": [
            {"e164": "+441632960002", "line": "eds", "ring_seconds": 25, "send_digits": None},
            {
                "e164": "+447700900001",
                "line": "duty-manager",
                "ring_seconds": 40,
                "send_digits": None,
            },
        ],
        "until": "2026-11-24T08:30:00+00:00",
        "reason": "out_of_hours",
    }


def test_number_in_json_is_the_first_of_numbers_alone(anyshire, clock):
    clock.set(NIGHT)
    body = anyshire.get(NUMBERS, headers=JSON).json

    alone = anyshire.get(NUMBER, headers={"Accept": "application/json"}).json

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


def test_a_change_that_never_comes_is_null(make_app, tmp_path):
    (tmp_path / "always.yaml").write_text(
        "council: {name: A, website: https://a.example}\nlanguages: [en]\n"
        "zone: Europe/London\nemergency: call 999\n"
        "bank_holidays: {division: england-and-wales}\n"
        "lines: {a: {name: A, phone: 01632 960001, hours: always}}\n"
        "services: {children: {name: C, lines: [a], out_of_hours: a}}\n"
    )
    client = make_app(tmp_path / "always.yaml").test_client()

    assert client.get(NUMBERS, headers=JSON).json["until"] is None


@pytest.mark.parametrize(
    "accept",
    [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/json, text/plain, */*",
        "application/json;q=0.5, text/plain;q=0.4",
        "application/json;q=0.1",
        "text/html, application/json;q=0.9",
    ],
)
def test_whoever_names_json_and_prefers_no_text_gets_json(anyshire, accept):
    answer = anyshire.get(NUMBER, headers={"Accept": accept})

    assert answer.mimetype == "application/json"
    assert answer.headers["Vary"] == "Accept"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "*/*",
        "text/plain",
        "text/plain, application/json;q=0.9",
        "application/json;q=0, */*",
        "text/*, application/json;q=0.9",
        "text/html,application/xhtml+xml,*/*;q=0.8",
        "image/png",
        "json",
    ],
)
def test_everybody_else_gets_text(anyshire, accept):
    answer = anyshire.get(NUMBER, headers={"Accept": accept} if accept else {})

    assert answer.text == "+441632960001\n"
    assert answer.mimetype == "text/plain"
    assert answer.headers["Vary"] == "Accept"
    assert answer.headers["Cache-Control"] == "no-store"


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
