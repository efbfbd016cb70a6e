"""Sentences for staff: where calls go now and why, to the minute."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from conftest import ANYSHIRE

from routing import lookup
from routing.core.decision import Divert
from routing.core.instants import Span
from routing.core.timetable import Timetables
from routing.directory.load import load, parse
from routing.text import staff_text
from routing.text.locale import get_locale

ENGLISH = get_locale("en", ZoneInfo("Europe/London"))
NOW = datetime(2026, 11, 23, 15, 40, tzinfo=UTC)
DIRECTORY, _ = load(ANYSHIRE)
TIMETABLES = Timetables(DIRECTORY, {})
LINES = {line.id: line for line in DIRECTORY.lines}


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (timedelta(seconds=0), "less than a minute"),
        (timedelta(seconds=1), "1 minute"),
        (timedelta(minutes=59), "59 minutes"),
        (timedelta(minutes=59, seconds=1), "1 hour"),
        (timedelta(hours=1, minutes=20), "1 hour 20 minutes"),
        (timedelta(hours=23, minutes=59), "23 hours 59 minutes"),
        (timedelta(hours=24), "1 day"),
        (timedelta(days=4, hours=15, minutes=30), "4 days 15 hours"),
    ],
)
def test_time_left_is_in_minutes_rounded_up(time, text):
    assert staff_text.format_time_left(time) == text


@pytest.mark.parametrize(
    ("when", "text"),
    [
        ("2026-11-23T17:00", "5pm today"),
        ("2026-11-24T08:30", "8:30am tomorrow"),
        ("2026-11-25T08:30", "8:30am on Wednesday 25 November"),
        ("2026-11-22T08:30", "8:30am on Sunday 22 November"),
        ("2026-11-24T00:00", "midnight at the end of Monday 23 November"),
    ],
)
def test_today_and_tomorrow_are_named_and_other_days_have_their_date(when, text):
    assert staff_text.format_relative(datetime.fromisoformat(f"{when}+00:00"), NOW, ENGLISH) == text


def test_one_sentence_says_where_calls_go_until_when_and_what_then():
    assert staff_text.calls_go_to(TIMETABLES, "children", (), NOW, ENGLISH) == (
        "Calls go to Multi-Agency Safeguarding Hub (MASH) on 01632 960001 until 5pm today (1 hour "
        "20 minutes), then to Emergency Duty Service (EDS) on 01632 960002."
    )


def test_a_divert_is_named_as_one():
    divert = Divert("children", LINES["eds"], Span(NOW, NOW + timedelta(hours=1)), NOW)

    assert staff_text.calls_go_to(TIMETABLES, "children", [divert], NOW, ENGLISH) == (
        "Calls are diverted to Emergency Duty Service (EDS) on 01632 960002 until 4:40pm today (1 "
        "hour), then to Multi-Agency Safeguarding Hub (MASH) on 01632 960001."
    )


def test_a_divert_ends_at_its_own_end_although_its_line_goes_on_to_take_the_calls():
    divert = Divert("children", LINES["eds"], Span(NOW, NOW + timedelta(hours=3)), NOW)

    assert staff_text.calls_go_to(TIMETABLES, "children", [divert], NOW, ENGLISH) == (
        "Calls are diverted to Emergency Duty Service (EDS) on 01632 960002 until 6:40pm today (3 "
        "hours), then to the same line, by the directory’s hours."
    )


def test_where_no_handover_is_ahead_the_sentence_says_so():
    text = ANYSHIRE.read_text("utf-8").replace("lines: [mash]", "lines: [eds]")
    timetables = Timetables(parse(text, ANYSHIRE)[0], {})

    assert "Nothing else is planned" in staff_text.calls_go_to(
        timetables, "children", (), NOW, ENGLISH
    )


def test_the_warning_says_when_a_line_is_shut_and_its_hours():
    closed = tuple(
        Span(NOW + timedelta(hours=n), NOW + timedelta(hours=n + 1)) for n in range(0, 8, 2)
    )
    one_span = staff_text.closed_warning(LINES["mash"], closed[:1], NOW, ENGLISH)
    four_spans = staff_text.closed_warning(LINES["mash"], closed, NOW, ENGLISH)

    assert "shut from now until 4:40pm today. Its hours are: Monday to Thursday: 8:30am" in one_span
    assert "and from 5:40pm today until 6:40pm today" in four_spans
    assert "and at other times" in four_spans


def test_each_line_is_open_or_shut_with_the_cause_of_its_hours():
    by_day = staff_text.explain_lines(TIMETABLES.service("professionals"), NOW, TIMETABLES, ENGLISH)
    by_night = staff_text.explain_lines(
        TIMETABLES.service("children"), NOW + timedelta(hours=5), TIMETABLES, ENGLISH
    )

    assert by_day[0].startswith("Professionals' advice line is open: it takes the calls. Its hours")
    assert "is open, but a line before it is too" in by_day[1]
    assert by_day[-1].endswith("takes the calls whenever none of these is open.")
    assert (
        "is shut. Its hours on Monday 23 November 2026: 8:30am to 5pm (every Monday)"
        in (by_night[0])
    )
    assert by_night[-1].endswith("takes the calls, since none of these is open.")


def test_a_special_day_a_bank_holiday_and_another_number_are_named(make_app):
    with make_app(ANYSHIRE).app_context():
        timetables = lookup.snapshot().timetables

    def explain(day):
        at = datetime.fromisoformat(f"{day}T11:00:00+00:00")
        return " ".join(
            staff_text.explain_lines(timetables.service("children"), at, timetables, ENGLISH)
        )

    assert "8:30am to 3:30pm (special day, Christmas Eve)" in explain("2026-12-24")
    assert "closed (bank holiday, Christmas Day)" in explain("2026-12-25")
    assert "Its number on that date is 01632 960009." in explain("2026-12-29")


def test_a_bank_holiday_that_makes_no_difference_is_named_too(make_app):
    with make_app(ANYSHIRE).app_context():
        timetables = lookup.snapshot().timetables
    service = timetables.service("professionals")
    at = datetime(2026, 12, 25, 11, tzinfo=UTC)
    line = timetables.directory.line("duty-manager")
    sentences = staff_text.explain_lines(replace(service, lines=(line,)), at, timetables, ENGLISH)

    assert "Christmas Day makes no difference to this line" in sentences[0]
