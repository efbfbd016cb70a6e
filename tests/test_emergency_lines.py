"""A service that nobody but 999 or 101 answers out of hours: shown and spoken, and never rung."""

import json
from datetime import UTC, datetime

import pytest
from telephone import BASE, TOKEN, Telephone
from telephony.conftest import make_telephoned  # noqa: F401 - a fixture

from routing.bank_holidays import build_calendar
from routing.core.decision import Timetables
from routing.directory.load import parse
from routing.errors import InvalidDirectory
from routing.rota.roster import Rota

DAY, NIGHT = "2026-11-23T12:00:00Z", "2026-11-23T22:00:00Z"
MASH = "+441632960001"
POLICE = """
council: {name: Testshire, website: https://www.testshire.example}
zone: Europe/London
languages: [en]
emergency: If a child is in immediate danger, call 999.
bank_holidays: {division: england-and-wales}
lines:
  mash:
    name: Front door
    phone: 01632 960001
    hours: {mon-fri: 09:00-17:00, bank-holiday: closed}
    verified: {on: 2026-11-01, source: https://www.testshire.example, days: 90}
  police: {name: Police, phone: 101, hours: always}
services:
  children: {name: Worried about a child, lines: [mash], out_of_hours: police}
rota:
  night: {name: Night worker, needed_when: {out_of_hours_of: children}}
"""
IF_POLICE = "out_of_hours: police, if_unanswered: [police]}"
NUMBERED = POLICE.replace("out_of_hours: police}", "out_of_hours: police, number: 01632 960100}")


@pytest.fixture
def council(make_app, tmp_path, clock):
    """Return a client of the council at night; ``text`` replaces its directory."""

    def make(text=POLICE):
        clock.set(NIGHT)
        (tmp_path / "police.yaml").write_text(text)
        return make_app(tmp_path / "police.yaml").test_client()

    return make


@pytest.fixture
def twilio(make_telephoned, tmp_path, clock):  # noqa: F811 - the fixture above
    """Return a telephone to the council at night; ``text`` replaces its directory."""

    def make(text=POLICE):
        clock.set(NIGHT)
        (tmp_path / "police.yaml").write_text(text)
        return Telephone(make_telephoned(tmp_path / "police.yaml").test_client(), {MASH})

    return make


def answer(client, name="decision"):
    return client.get(f"/api/v1/services/children/{name}")


def test_a_forwarded_call_rings_the_number_that_stands_in_for_101_that_day(twilio):
    cover = "phone: 101, special_days: [{date: 2026-11-23, name: Cover, phone: 01632 960009}]"
    telephone = twilio(POLICE.replace("phone: 101", cover))
    telephone.numbers.add("+441632960009")

    assert telephone.call("CA1", ForwardedFrom=MASH).number == "+441632960009"


def test_of_an_internal_line_nothing_is_shown_while_999_or_101_answers(council, clock):
    private = """phone: 07700 900001
    visibility: internal
    email: private@testshire.example
    also: [{kind: textphone, phone: 07700 900002}]
    special_days: [{date: 2026-12-01, name: Move, phone: 07700 900003}]"""
    client = council(NUMBERED.replace("phone: 01632 960001", private))
    for at in (NIGHT, DAY):
        clock.set(at)
        for path in ("/", "/contacts", "/api/v1/lines", "/api/v1/services/children/decision"):
            text = client.get(path).text
            assert "7700" not in text.replace(" ", ""), path
            assert "private@" not in text, path


ELSEWHERE = [
    ("lines: [mash]", "lines: [mash, police]", "Take 'police' out of `lines`"),
    ("out_of_hours: police}", IF_POLICE, "Take 'police' out of `lines`"),
    ("out_of_hours: police", "out_of_hours: mash", "move it to `helplines`"),
    ("01632 960001", "999", "Take 'mash' out of `lines`"),
    ("phone: 101", "phone: 112", "999 and 101 on an `out_of_hours` line too"),
]


@pytest.mark.parametrize(("old", "new", "remedy"), ELSEWHERE)
def test_anywhere_else_an_emergency_number_is_an_error_that_says_what_to_write(old, new, remedy):
    with pytest.raises(InvalidDirectory) as refusal:
        parse(POLICE.replace(old, new), "d.yaml")
    assert any(remedy in problem.message for problem in refusal.value.problems)


def test_the_decision_shows_the_number_without_a_form_to_dial_or_relay_uk(council):
    body = answer(council()).json

    assert body["line"]["id"] == "police"
    nothing = {"e164": None, "options": None, "relay_uk": None}
    assert body["line"]["phone"] == {"display": "101", **nothing}
    assert body["next"]["line"]["phone"]["e164"] == MASH
    assert body["confirmed"]


def test_callers_of_a_service_with_a_number_ring_101_while_it_answers(council, clock):
    client = council(NUMBERED)

    for at, number in ((NIGHT, "101"), (DAY, "01632 960100")):
        clock.set(at)
        assert answer(client).json["line"]["phone"]["display"] == number


@pytest.mark.parametrize("name", ["number", "numbers"])
def test_an_exchange_gets_404_where_there_is_no_number_to_ring(council, clock, name):
    client = council()

    assert answer(client, name).status_code == 404
    assert answer(client, name).mimetype == "application/problem+json"
    clock.set(DAY)
    assert answer(client, name).text == f"{MASH}\n"


def with_night_line(phone):
    """Return a directory in which another line is tried while 101 answers."""
    line = f"  night: {{name: Night, phone: {phone}, hours: always}}\nservices:"
    tried = "out_of_hours: police, if_unanswered: [night]}"
    return POLICE.replace("services:", line).replace("out_of_hours: police}", tried)


def test_an_exchange_is_given_the_lines_that_are_left(council):
    assert answer(council(with_night_line("01632 960003")), "numbers").text == "+441632960003\n"


@pytest.mark.parametrize("text", [POLICE, NUMBERED], ids=["plain", "numbered"])
def test_each_page_shows_the_number_and_no_relay_uk_and_no_own_number_day_and_night(
    council, clock, text
):
    client = council(text)
    for path in ("/", "/services/children", "/services/children/fragment", "/contacts"):
        page = client.get(path).text
        assert '<a class="govuk-link who-tel" href="tel:101">101</a>' in page, path
        assert "18001 101" not in page, path
    clock.set(DAY)
    for path in ("/services/children", "/embed"):
        page = client.get(path).text
        assert "01632 960100</a>: 24 hours" not in page, path
        assert "You can call this number day and night" not in page, path


def run(client, *words):
    return client.application.test_cli_runner().invoke(args=[str(word) for word in words])


def test_the_printed_page_shows_the_service_s_own_number_by_day_and_101_at_all_other_times(council):
    page = run(council(NUMBERED), "directory", "print").output
    order = page.split("<h2>Worried about a child</h2>")[1]

    assert order.index("Front door") < order.index("tel:+441632960100") < order.index("tel:101")


def test_structured_data_has_both_numbers(council):
    page = council(NUMBERED).get("/services/children").text
    start = page.index('<script type="application/ld+json"')
    data = json.loads(page[page.index(">", start) + 1 : page.index("</script>", start)])

    assert {point["telephone"] for point in data["contactPoint"]} == {"+441632960100", "101"}


def test_the_telephone_speaks_the_number_by_night_and_rings_the_front_door_by_day(twilio, clock):
    telephone = twilio()
    document = telephone.call("CA1")

    assert document.numbers == []
    assert "Call 1 0 1, the Police, until 9am on Tuesday 24 November." in document.speech
    assert "call 9 9 9" in document.speech
    clock.set(DAY)
    assert telephone.call("CA2").numbers == [MASH]


def test_the_number_is_spoken_before_another_line_rings(twilio):
    document = twilio(with_night_line("01632 960001")).call("CA1")

    assert document.numbers == [MASH]
    assert "Call 1 0 1" in document.speech
    assert "dial that number" not in document.speech


def test_a_line_that_does_not_answer_is_never_followed_by_an_emergency_number(twilio, clock):
    telephone = twilio()
    clock.set(DAY)
    document = telephone.call("CA1")
    for _ in range(6):
        assert document.numbers in ([MASH], [])
        if not document.numbers:
            break
        document = telephone.ends(document, "CA1", "no-answer")


def test_a_text_message_is_answered_with_the_number_and_no_relay_uk(twilio):
    reply = twilio().texts().text

    assert "Call 101, the Police, until 9am on Tuesday 24 November." in reply
    assert "18001" not in reply


def test_the_fallback_speaks_the_number_and_rings_the_front_door(make_app, tmp_path, clock):
    (tmp_path / "police.yaml").write_text(POLICE)
    app = make_app(tmp_path / "police.yaml", TWILIO_AUTH_TOKEN=TOKEN, PUBLIC_BASE_URL=BASE)
    document = app.test_cli_runner().invoke(args=["twilio", "fallback"]).output

    assert "<Number>101" not in document
    assert f"<Number>{MASH}</Number>" in document
    assert "1 0 1" in document


def test_nobody_is_needed_on_the_rota_while_101_answers():
    directory, _ = parse(POLICE, "d.yaml")
    tables = Timetables(directory, build_calendar(directory.holiday_rules).dates)
    start, end = datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC)

    assert Rota(tables, ()).needed_spans("night", start, end) == ()


def test_101_is_never_what_a_divert_leads_to(council):
    words = ("divert", "set", "children", "police", "--until", "1h", "--note", "x")
    result = run(council(), *words)

    assert result.exit_code
    assert "may not be rung" in result.output


def test_a_difference_shows_no_number_to_dial(council, tmp_path):
    client, new = council(), tmp_path / "new.yaml"
    new.write_text(POLICE.replace("phone: 101", "phone: 999"))
    words = ("--from", "2026-11-28", "--days", "1", "--format", "json")
    result = run(client, "directory", "diff", tmp_path / "police.yaml", new, *words)
    (change,) = [row for row in json.loads(result.output) if "service" in row]

    assert (change["old"]["e164"], change["new"]["display"]) == (None, "999")
