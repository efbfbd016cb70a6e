"""What staff are told of now: to the minute, in words that need no calendar."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from conftest import ANYSHIRE

from routing.core.decision import Divert, decide
from routing.core.instants import Span
from routing.core.timetable import Timetables
from routing.directory.load import load, parse
from routing.text import staff_text
from routing.text.locale import get_locale

VOICE = get_locale("en", ZoneInfo("Europe/London"))
NOW = datetime(2026, 11, 23, 15, 40, tzinfo=UTC)
DIRECTORY, _ = load(ANYSHIRE)
TABLES = Timetables(DIRECTORY, {})
LINES = {line.id: line for line in DIRECTORY.lines}


@pytest.mark.parametrize(
    ("left", "said"),
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
def test_how_long_is_left_is_said_in_minutes_rounded_up(left, said):
    assert staff_text.format_time_left(left) == said


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("2026-11-23T17:00", "5pm today"),
        ("2026-11-24T08:30", "8:30am tomorrow"),
        ("2026-11-25T08:30", "8:30am on Wednesday 25 November"),
        ("2026-11-22T08:30", "8:30am on Sunday 22 November"),
        ("2026-11-24T00:00", "midnight at the end of Monday 23 November"),
    ],
)
def test_an_instant_is_said_as_who_reads_it_now_would(when, said):
    assert staff_text.format_relative(datetime.fromisoformat(f"{when}+00:00"), NOW, VOICE) == said


def test_one_sentence_says_where_calls_go_until_when_and_what_then():
    assert staff_text.calls_go_to(decide(TABLES, "children", NOW), NOW, VOICE) == (
        "Calls go to Multi-Agency Safeguarding Hub (MASH) on 01632 960001 until 5pm today (1 hour "
        "20 minutes), then to Emergency Duty Service (EDS) on 01632 960002."
    )


def test_a_divert_is_called_one():
    divert = Divert("children", LINES["eds"], Span(NOW, NOW + timedelta(hours=1)), NOW)

    assert staff_text.calls_go_to(decide(TABLES, "children", NOW, [divert]), NOW, VOICE) == (
        "Calls are diverted to Emergency Duty Service (EDS) on 01632 960002 until 4:40pm today (1 "
        "hour), then to Multi-Agency Safeguarding Hub (MASH) on 01632 960001."
    )


def test_where_nothing_ever_changes_that_is_said():
    text = ANYSHIRE.read_text("utf-8").replace("lines: [mash]", "lines: [eds]")
    tables = Timetables(parse(text, ANYSHIRE)[0], {})

    assert "Nothing else is planned" in staff_text.calls_go_to(
        decide(tables, "children", NOW), NOW, VOICE
    )


def test_a_shut_line_is_told_with_when_and_with_its_hours():
    closed = tuple(
        Span(NOW + timedelta(hours=n), NOW + timedelta(hours=n + 1)) for n in range(0, 8, 2)
    )
    one = staff_text.closed_warning(LINES["mash"], closed[:1], NOW, VOICE)
    many = staff_text.closed_warning(LINES["mash"], closed, NOW, VOICE)

    assert "shut from now until 4:40pm today. Its hours are: Monday to Thursday: 8:30am" in one
    assert "and from 5:40pm today until 6:40pm today" in many
    assert "and at other times" in many


def test_each_line_is_told_open_or_shut_with_what_sets_its_hours():
    by_day = staff_text.explain_lines(TABLES.service("professionals"), NOW, TABLES, VOICE)
    by_night = staff_text.explain_lines(
        TABLES.service("children"), NOW + timedelta(hours=5), TABLES, VOICE
    )

    assert by_day[0].startswith("Professionals' advice line is open: it takes the calls. Its hours")
    assert "is open, but a line before it is too" in by_day[1]
    assert by_day[-1].endswith("takes the calls whenever none of these is open.")
    assert (
        "is shut. Its hours on Monday 23 November 2026: 8:30am to 5pm (every Monday)"
        in (by_night[0])
    )
    assert by_night[-1].endswith("takes the calls, since none of these is open.")


def test_a_special_day_a_bank_holiday_and_another_number_are_told(make_app):
    from routing import lookup

    with make_app(ANYSHIRE).app_context():
        tables = lookup.snapshot().timetables

    def chain(on):
        at = datetime.fromisoformat(f"{on}T11:00:00+00:00")
        return " ".join(staff_text.explain_lines(tables.service("children"), at, tables, VOICE))

    assert "8:30am to 3:30pm (special day, Christmas Eve)" in chain("2026-12-24")
    assert "closed (bank holiday, Christmas Day)" in chain("2026-12-25")
    assert "Its number on that date is 01632 960009." in chain("2026-12-29")


def test_a_bank_holiday_that_makes_no_difference_is_told_too(make_app):
    from routing import lookup

    with make_app(ANYSHIRE).app_context():
        tables = lookup.snapshot().timetables
    service = tables.service("professionals")
    at = datetime(2026, 12, 25, 11, tzinfo=UTC)
    eds = next(x for x in tables.directory.lines if x.id == "duty-manager")
    from dataclasses import replace

    said = staff_text.explain_lines(replace(service, lines=(eds,)), at, tables, VOICE)

    assert "Christmas Day makes no difference to this line" in said[0]
