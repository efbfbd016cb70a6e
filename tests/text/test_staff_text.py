"""Sentences for staff: where calls go now and why, to the minute."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sweep
from conftest import ANYSHIRE
from core.test_decision import london

from routing.core.decision import Divert, Timetables
from routing.core.instants import Span
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
        *(("0:00:00", "less than a minute"), ("0:00:01", "1 minute"), ("0:59:00", "59 minutes")),
        *(("0:59:01", "1 hour"), ("1:20:00", "1 hour 20 minutes"), ("24:00:00", "1 day")),
        *(("23:59:00", "23 hours 59 minutes"), ("111:30:00", "4 days 15 hours")),
    ],
)
def test_time_left_is_in_minutes_rounded_up(time, text):
    hours, minutes, seconds = map(int, time.split(":"))
    time_left = timedelta(hours=hours, minutes=minutes, seconds=seconds)

    assert staff_text.format_time_left(time_left) == text


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


@pytest.mark.parametrize(
    ("when", "zone"), [("2026-10-25T00:30", "BST"), ("2026-10-25T01:30", "GMT")]
)
def test_a_time_that_comes_twice_tonight_has_its_zone(when, zone):
    at = datetime.fromisoformat("2026-10-24T23:30+00:00")
    when = datetime.fromisoformat(f"{when}+00:00")

    assert staff_text.format_relative(when, at, ENGLISH) == f"1:30am {zone} today"


def test_one_sentence_says_where_calls_go_until_when_and_what_then():
    assert staff_text.calls_go_to(TIMETABLES, "children", (), NOW, ENGLISH) == (
        "Calls go to Multi-Agency Safeguarding Hub (MASH) on 01632 960001 until 5pm today (1 hour "
        "20 minutes), then to Emergency Duty Service (EDS) on 01632 960002."
    )


@pytest.mark.parametrize(
    ("hours", "sentence", "number"),
    [
        (
            *(1, "until 4:40pm today (1 hour), then to Multi-Agency Safeguarding Hub (MASH) on "),
            "01632 960001.",
        ),
        # to its own end, although its line goes on to take the calls
        (3, "until 6:40pm today (3 hours), then to the same line, by the directory’s hours.", ""),
    ],
)
def test_a_divert_is_named_as_one_and_ends_at_its_own_end(hours, sentence, number):
    divert = Divert("children", LINES["eds"], Span(NOW, NOW + timedelta(hours=hours)))

    assert staff_text.calls_go_to(TIMETABLES, "children", [divert], NOW, ENGLISH) == (
        f"Calls are diverted to Emergency Duty Service (EDS) on 01632 960002 {sentence}{number}"
    )


def test_where_no_handover_is_ahead_the_sentence_says_so():
    text = ANYSHIRE.read_text("utf-8").replace("lines: [mash]", "lines: [eds]")
    timetables = Timetables(parse(text, ANYSHIRE)[0], {})

    assert "Nothing else is planned" in staff_text.calls_go_to(
        timetables, "children", (), NOW, ENGLISH
    )


def test_a_warning_says_once_when_a_line_is_shut_to_the_second_and_its_hours():
    start = datetime(2026, 11, 23, 16, tzinfo=UTC)

    def warnings(line, hours, seconds=0):
        during = Span(start, start + timedelta(hours=hours, seconds=seconds))
        diverts = [Divert(service, LINES[line], during) for service in ("children", "x")]
        return staff_text.closed_warnings(TIMETABLES, diverts, start, ENGLISH)

    assert [warnings("mash", 1), len(warnings("mash", 1, seconds=1))] == [[], 1]
    (one_span,), (four_spans,) = warnings("eds", 1), warnings("eds", 72)
    assert "(EDS) is shut from now until 5pm today. Its hours are: Monday to" in one_span
    assert "today, and from 8:30am tomorrow until 5pm tomorrow, and from 8:30am on" in four_spans
    assert "and at other times. Its hours" in four_spans


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


@pytest.mark.parametrize(
    ("day", "lines", "words"),
    [
        ("2026-12-24", None, "8:30am to 3:30pm (special day, Christmas Eve)"),
        ("2026-12-25", None, "closed (bank holiday, Christmas Day)"),
        ("2026-12-29", None, "Its number on that date is 01632 960009."),
        ("2026-12-25", ["duty-manager"], "Christmas Day makes no difference to this line"),
    ],
)
def test_a_special_day_a_bank_holiday_and_another_number_are_named(day, lines, words):
    timetables = sweep.timetables(ANYSHIRE)
    service = timetables.service("children")
    if lines:
        service = replace(service, lines=tuple(map(timetables.directory.line, lines)))
    at = datetime.fromisoformat(f"{day}T11:00:00+00:00")

    assert words in " ".join(staff_text.explain_lines(service, at, timetables, ENGLISH))


@pytest.mark.parametrize(
    ("leg", "sentence"),
    [
        (("EDS", "busy", 1, None), "EDS: busy after 1 second"),
        (("EDS", "answered", 5, 180), "EDS: answered after 5 seconds, talked for 3 minutes"),
        (("EDS", None, None, None), "EDS: its end was not reported"),
        (("EDS", "declined", 89, None), "EDS: not accepted after 89 seconds"),
        (("EDS", "new", 90, None), "EDS: new after 2 minutes"),
    ],
)
def test_a_leg_is_described_by_its_outcome_and_durations(leg, sentence):
    assert staff_text.describe_leg(*leg) == sentence


YEAR = Span(london("2026-11-23 00:00"), london("2027-11-23 00:00"))


def weekdays(*which, weeks=52):
    days = [date(2026, 11, 23) + timedelta(days=count) for count in range(7 * weeks)]
    return [day for day in days if day.weekday() in which]


def spans_on(days, opens="16:30", closes="17:00", days_later=0):
    return [
        Span(london(f"{day} {opens}"), london(f"{day + timedelta(days=days_later)} {closes}"))
        for day in days
    ]


FRIDAYS, FIVE_WEEKS_APART = weekdays(4), weekdays(0)[::5]
TUESDAY = [date(2026, 12, 1)]
SPANS_AND_SENTENCES = {
    "the same hours every week are one sentence": (
        spans_on(FRIDAYS),
        ["every Friday 4:30pm to 5pm, 52 times, first 27 November 2026"],
    ),
    "weekdays with the same hours share a sentence": (
        spans_on(weekdays(0, 1, 2, 5), "08:30", "09:00"),
        ["every Monday to Wednesday and Saturday 8:30am to 9am, 208 times, first 23 November 2026"],
    ),
    "days that are left out are named": (
        spans_on(day for day in FRIDAYS if day not in (date(2026, 12, 25), date(2027, 3, 26))),
        [
            "every Friday 4:30pm to 5pm, 50 times, first 27 November 2026, but not on 25 December "
            "2026 and 26 March 2027"
        ],
    ),
    "one day is named": (
        spans_on(FIVE_WEEKS_APART[:1]),
        ["Monday 23 November 2026, 4:30pm to 5pm"],
    ),
    "two days are named": (
        spans_on(FIVE_WEEKS_APART[:2]),
        ["4:30pm to 5pm, twice: 23 November 2026 and 28 December 2026"],
    ),
    "many days are counted": (
        spans_on(FIVE_WEEKS_APART),
        [
            "4:30pm to 5pm, 11 times: 23 November 2026, 28 December 2026, 1 February 2027, 8 March "
            "2027, 12 April 2027, 17 May 2027, 21 June 2027 and 4 more to 8 November 2027"
        ],
    ),
    "a night ends on the next day and a weekend on a named one": (
        spans_on(weekdays(0, 1, 2, 3), "17:00", "08:30", 1)
        + spans_on(FRIDAYS, "17:00", "08:30", 3),
        [
            "every Monday to Thursday 5pm to 8:30am the next day, 208 times, first 23 November "
            "2026",
            "every Friday 5pm to 8:30am on Monday, 52 times, first 27 November 2026",
        ],
    ),
    "midnight ends a day": (
        spans_on(TUESDAY, "17:00", "00:00", 1),
        ["Tuesday 1 December 2026, 5pm to midnight"],
    ),
    "a long stretch names its last date": (
        spans_on(TUESDAY, "17:00", "08:30", 9),
        ["Tuesday 1 December 2026, 5pm to 8:30am on Thursday 10 December 2026"],
    ),
    "an hour that happens twice says why it seems to be empty": (
        [Span(london("2027-10-31 01:30"), london("2027-10-31 01:30") + timedelta(hours=1))],
        ["Sunday 31 October 2027, 1:30am to 1:30am, as the clocks go back"],
    ),
    "a whole period is all hours": ([YEAR], ["at all hours"]),
    "nothing is nothing": ([], []),
}


@pytest.mark.parametrize(
    ("spans", "sentences"), SPANS_AND_SENTENCES.values(), ids=SPANS_AND_SENTENCES
)
def test_many_spans_are_a_few_sentences(spans, sentences):
    assert staff_text.format_periods(spans, YEAR, ENGLISH) == sentences


@pytest.mark.parametrize(
    ("weeks", "start"),
    [(26, "every Friday 4:30pm to 5pm, 26 times"), (25, "4:30pm to 5pm, 25 times: ")],
)
def test_half_of_the_fridays_are_every_friday_and_fewer_are_named(weeks, start):
    sentence, *_ = staff_text.format_periods(spans_on(FRIDAYS[:weeks]), YEAR, ENGLISH)

    assert sentence.startswith(start)


def test_two_fridays_of_a_short_period_are_named():
    fortnight = Span(london("2026-11-23 00:00"), london("2026-12-07 00:00"))

    assert staff_text.format_periods(spans_on(FRIDAYS[:2]), fortnight, ENGLISH) == [
        "4:30pm to 5pm, twice: 27 November 2026 and 4 December 2026"
    ]
