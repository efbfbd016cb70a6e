"""Sentences that callers understand, true however long they are kept."""

from dataclasses import replace
from datetime import date, datetime

import pytest
from core.test_decision import LONDON, NOON_TO_ONE, TABLES, compiled, divert, london

from routing.core.decision import decide
from routing.core.directory import Text
from routing.text import dates, sentences
from routing.text.locale import get_locale

ENGLISH = get_locale("en", LONDON)


def with_line(settings):
    """Return the timetables of a service whose line A has some settings; B is always open."""
    return compiled(f"""
lines:
  a: {{name: A, phone: 01632 960001, {settings}}}
  b: {{name: B, phone: 01632 960002, hours: always}}
services: {{s: {{name: S, lines: [a], out_of_hours: b}}}}
""")


@pytest.mark.parametrize(
    ("minute", "text"),
    [
        *((0, "midnight"), (30, "12:30am"), (510, "8:30am"), (720, "midday"), (765, "12:45pm")),
        *((1020, "5pm"), (1440, "midnight")),
    ],
)
def test_times_are_written_as_gov_uk_writes_them(minute, text):
    assert dates.format_time(minute, ENGLISH) == text


MOVED = "hours: always, special_days: [{date: 2026-05-23, name: Works, phone: 01632 960003}]"
CLOSURE = (
    "hours: {mon-fri: 09:00-17:00}, "
    "special_days: [{date: 2026-05-22, name: Christmas closure, hours: closed}]"
)


@pytest.mark.parametrize(
    ("tables", "at", "sentence"),
    [
        (TABLES, "12-24 09:00", "The Hub is open until 3:30pm on Thursday 24 December."),
        (TABLES, "05-21 20:00", "The Hub is closed. It opens at 8:30am on Friday 22 May."),
        (
            *(TABLES, "12-25 09:00"),
            "The Hub is closed on Friday 25 December, because it is Christmas Day, a bank holiday. "
            "It opens at 8:30am on Tuesday 29 December.",
        ),
        (
            *(TABLES, "12-28 09:00"),
            "The Hub is closed on Monday 28 December, because it is the substitute day for Boxing "
            "Day, a bank holiday. It opens at 8:30am on Tuesday 29 December.",
        ),
        (
            *(TABLES, "05-25 09:00"),
            "The Hub is closed on Monday 25 May, because it is the Spring bank holiday. "
            "It opens at 8:30am on Tuesday 26 May.",
        ),
        (
            *(TABLES, "12-24 16:00"),
            "The Hub is closed. Its hours on Thursday 24 December: 8:30am to 3:30pm "
            "(Christmas Eve). It opens at 8:30am on Tuesday 29 December.",
        ),
        (with_line("hours: always"), "05-22 12:00", "The A is open day and night."),
        (
            *(with_line(MOVED), "05-22 12:00"),
            "The A is open. Its number changes at midnight at the end of Friday 22 May.",
        ),
        (with_line("hours: {mon-sun: closed}"), "05-22 12:00", "The A is closed."),
        (
            *(with_line(CLOSURE), "05-22 12:00"),
            "The A is closed on Friday 22 May (Christmas closure). It opens at 9am on Monday 25 "
            "May.",
        ),
    ],
)
def test_the_reason_says_why_and_when_it_changes(tables, at, sentence):
    at, service = london(f"2026-{at}"), tables.directory.services[0].id
    decision = decide(tables, service, at)

    assert sentences.reason_sentence(decision, at, ENGLISH, tables.holidays) == sentence


def test_the_reason_for_a_divert_says_which_line_answers_until_when():
    at, diverts = london("2026-05-22 12:30"), [divert("backup", *NOON_TO_ONE)]
    decision = decide(TABLES, "children", at, diverts)

    assert sentences.reason_sentence(decision, at, ENGLISH, {}) == (
        "Calls are answered by the Backup until 1pm on Friday 22 May."
    )


def test_an_instant_far_ahead_has_its_year():
    now, at = london("2026-05-22 12:00"), london("2027-03-01 09:00")

    assert dates.format_datetime(at, ENGLISH, now) == "9am on Monday 1 March 2027"
    assert dates.format_datetime(london("2027-01-01 00:00"), ENGLISH, with_year=True) == (
        "midnight at the end of Thursday 31 December 2026"
    )


def test_a_week_is_written_in_runs_of_days():
    hours = {line.id: dates.format_hours(line.hours, ENGLISH) for line in TABLES.directory.lines}

    assert hours["mash"] == (
        ("Monday to Thursday", "8:30am to 5pm"),
        ("Friday", "8:30am to 4:30pm"),
        ("Saturday and Sunday", "closed"),
        ("Bank holidays", "closed"),
    )
    assert hours["one"] == (("Every day", "24 hours, bank holidays included"),)
    assert hours["eds"] == (("Every day", "5pm to 8:30am the next day"),)
    lunch = with_line('hours: {mon: "09:00-12:00, 13:00-16:00", sun: always}').directory.lines[0]
    hours = dict(dates.format_hours(lunch.hours, ENGLISH))
    assert (hours["Monday"], hours["Sunday"]) == ("9am to midday and 1pm to 4pm", "24 hours")


TWO_TIERS = compiled("""
lines:
  day: {name: Day, phone: 01632 960001, hours: {mon-fri: 09:00-17:00}}
  edt: {name: EDT, phone: 01632 960172, hours: {mon-fri: 17:00-01:00, sat-sun: 09:00-01:00}}
  standby: {name: Standby, phone: 01632 960172, hours: {mon-sun: 01:00-09:00}}
services:
  plain: {name: P, lines: [day, edt], out_of_hours: standby}
  own: {name: O, lines: [day, edt], out_of_hours: standby, number: 01632 960100}
""")
CLOSED = with_line("hours: {mon-sun: closed}")


@pytest.mark.parametrize(
    ("tables", "service", "at", "sentence"),
    [
        (
            *(TABLES, "children", "12-24 16:00"),
            "From 8:30am on Tuesday 29 December, call the Hub on 01632 960009.",
        ),
        (
            *(TWO_TIERS, "plain", "05-22 23:59"),
            "From 1am on Saturday 23 May, the Standby answers on the same number.",
        ),
        (CLOSED, "s", "05-22 12:00", None),
    ],
)
def test_the_next_line_is_named_with_its_number_where_that_changes(tables, service, at, sentence):
    at = london(f"2026-{at}")

    assert sentences.next_sentence(decide(tables, service, at), at, ENGLISH) == sentence


@pytest.mark.parametrize(
    ("service", "time", "is_live", "sentence"),
    [
        ("plain", "16:54:59", True, "They answer until 5pm today, Friday 22 May."),
        ("plain", "16:55:00", True, "This number changes at 5pm today, Friday 22 May."),
        ("plain", "16:59:59", False, "They answer until 5pm on Friday 22 May."),
        ("plain", "23:59:00", True, "They answer until 1am tomorrow, Saturday 23 May."),
        (
            *("own", "16:58:00", True),
            "You can call this number day and night. They answer until 5pm today, Friday 22 May.",
        ),
    ],
)
def test_a_number_that_changes_is_said_to_on_a_live_page_in_the_last_five_minutes(
    service, time, is_live, sentence
):
    at = london(f"2026-05-22 {time}")
    decision = decide(TWO_TIERS, service, at)

    assert sentences.holds_sentence(decision, at, ENGLISH, is_live=is_live) == sentence


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ("2026-05-22 17:59", "5:59pm today, Friday 22 May"),
        ("2026-05-22 18:00", "6pm tonight, Friday 22 May"),
        ("2026-05-23 00:00", "midnight tonight, Friday 22 May"),
        ("2026-05-23 00:01", "12:01am tomorrow, Saturday 23 May"),
        ("2026-05-23 23:59", "11:59pm tomorrow, Saturday 23 May"),
        ("2026-05-24 00:00", "midnight at the end of Saturday 23 May"),
        ("2026-05-24 00:01", "12:01am on Sunday 24 May"),
    ],
)
def test_a_live_page_says_today_tonight_and_tomorrow_with_the_date(moment, text):
    assert dates.format_moment(london(moment), ENGLISH, london("2026-05-22 12:00")) == text


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        ("2026-10-24T23:59:00Z", "12:59am on Sunday 25 October"),
        ("2026-10-25T00:30:00Z", "1:30am BST on Sunday 25 October"),
        ("2026-10-25T01:30:00Z", "1:30am GMT on Sunday 25 October"),
        ("2026-10-25T02:00:00Z", "2am on Sunday 25 October"),
    ],
)
def test_a_time_that_comes_twice_has_its_zone(instant, text):
    assert dates.format_datetime(datetime.fromisoformat(instant), ENGLISH) == text


@pytest.mark.parametrize(
    ("special_day", "sentence"),
    [
        (
            "from: 2026-12-01, to: 2027-02-28, name: Winter, hours: 09:00-16:00",
            "Tuesday 1 December to Sunday 28 February 2027 (Winter): 9am to 4pm, on days when it "
            "usually opens",
        ),
        (
            "date: 2026-12-24, name: Eve, hours: 08:30-15:30, phone: 01632 960009",
            "Thursday 24 December (Eve): 8:30am to 3:30pm, call 01632 960009",
        ),
        (
            "from: 2026-12-24, to: 2026-12-28, name: Closure, hours: closed",
            "Thursday 24 December to Monday 28 December (Closure): closed",
        ),
        (
            "from: 2027-11-01, name: New hours, hours: {mon-fri: 08:00-18:00}",
            "From Monday 1 November 2027, until further notice (New hours): Monday to Friday 8am "
            "to 6pm, Saturday and Sunday closed",
        ),
        (
            "every: 24 December, name: Christmas Eve, hours: 08:30-15:30",
            "Every 24 December (Christmas Eve): 8:30am to 3:30pm",
        ),
        (
            "every: last Friday, to: 2027-06-30, name: Training, hours: closed",
            "Last Friday of each month until Wednesday 30 June 2027 (Training): closed",
        ),
        (
            "every: 2 weeks, from: 2026-12-07, name: Late night, hours: 09:00-20:00",
            "Every 2 weeks from Monday 7 December (Late night): 9am to 8pm",
        ),
    ],
)
def test_a_special_day_says_on_which_dates_it_is(special_day, sentence):
    tables = with_line(f"hours: {{mon-fri: 09:00-17:00}}, special_days: [{{{special_day}}}]")
    line = tables.directory.lines[0]

    assert dates.format_coming_special_days(line.special_days, date(2026, 11, 30), ENGLISH) == [
        sentence
    ]


def test_special_days_are_in_order_of_their_next_date_and_those_that_are_over_are_left_out():
    far = "{date: 2027-12-24, name: Far, hours: closed}"
    near = "{every: 1 December, name: Near, hours: closed}"
    over = "{date: 2026-11-29, name: Over, hours: closed}"
    tables = with_line(f"hours: always, special_days: [{far}, {near}, {over}]")
    line = tables.directory.lines[0]

    assert dates.format_coming_special_days(line.special_days, date(2026, 11, 30), ENGLISH) == [
        "Every 1 December (Near): closed",
        "Friday 24 December 2027 (Far): closed",
    ]


@pytest.mark.parametrize(
    ("name", "called", "sentence"),
    [
        ("Hub", None, "The Hub is closed."),
        ("The Bridge", None, "The Bridge is closed."),
        ("Our Front Door", None, "Our Front Door is closed."),
        ("Theatre Team", None, "The Theatre Team is closed."),
        ("Hub (MASH)", "our day team", "Our day team is closed."),
    ],
)
def test_a_sentence_refers_to_a_line_as_the_council_does(name, called, sentence):
    own = f"called: {called}, " if called else ""
    tables = compiled(f"""
lines:
  day: {{name: {name}, {own}phone: 01632 960001, hours: {{mon: 09:00-17:00}}}}
  night: {{name: Night Team, called: whoever is on call, phone: 01632 960002, hours: always}}
services: {{s: {{name: S, lines: [day], out_of_hours: night}}}}
""")
    at = london("2026-11-29T20:00")
    decision = decide(tables, "s", at)

    why = sentences.reason_sentence(decision, at, ENGLISH, {})
    assert why.startswith(sentence)
    assert sentences.call_sentence(decision, "01632 960002", at, ENGLISH).startswith(
        "Call 01632 960002, whoever is on call, until"
    )


def test_a_welsh_sentence_has_the_name_where_the_council_gives_no_welsh_phrase():
    line = TABLES.directory.lines[0]
    welsh = get_locale("cy", LONDON)
    in_both = Text((("en", "our team"), ("cy", "ein tîm")))
    in_english = Text((("en", "our team"),))

    assert sentences.line_phrase(line, welsh) == "Hub"
    assert sentences.line_phrase(replace(line, called=in_english), welsh) == "Hub"
    assert sentences.line_phrase(replace(line, called=in_both), welsh) == "ein tîm"


def test_a_line_without_another_after_it_answers_at_all_hours():
    at = london("2026-05-22 12:00")

    assert sentences.until_phrase(decide(CLOSED, "s", at), at, ENGLISH) == "at all hours"
