"""Many spans of time in sentences that a duty manager reads at a glance."""

from datetime import date, timedelta

from core.test_decision import london
from text.test_sentences import ENGLISH

from routing.core.instants import Span
from routing.text.staff_text import format_periods

YEAR = Span(london("2026-11-23 00:00"), london("2027-11-23 00:00"))


def spans_on(days, opens, closes, days_later=0):
    return [
        Span(london(f"{day} {opens}"), london(f"{day + timedelta(days=days_later)} {closes}"))
        for day in days
    ]


def weekdays(*which, start=date(2026, 11, 23), weeks=52):
    days = [start + timedelta(days=count) for count in range(7 * weeks)]
    return [day for day in days if day.weekday() in which]


def test_the_same_hours_every_week_are_one_sentence():
    assert format_periods(spans_on(weekdays(4), "16:30", "17:00"), YEAR, ENGLISH) == [
        "every Friday 4:30pm to 5pm, 52 times, first 27 November 2026"
    ]


def test_weekdays_with_the_same_hours_share_a_sentence():
    assert format_periods(spans_on(weekdays(0, 1, 2, 5), "08:30", "09:00"), YEAR, ENGLISH) == [
        "every Monday to Wednesday and Saturday 8:30am to 9am, 208 times, first 23 November 2026"
    ]


def test_days_that_are_left_out_are_named():
    days = [day for day in weekdays(4) if day not in (date(2026, 12, 25), date(2027, 3, 26))]

    assert format_periods(spans_on(days, "16:30", "17:00"), YEAR, ENGLISH) == [
        "every Friday 4:30pm to 5pm, 50 times, first 27 November 2026, "
        "but not on 25 December 2026 and 26 March 2027"
    ]


def test_a_few_days_are_named_and_many_are_counted():
    days = weekdays(0)[::5]

    assert format_periods(spans_on(days[:1], "16:30", "17:00"), YEAR, ENGLISH) == [
        "Monday 23 November 2026, 4:30pm to 5pm"
    ]
    assert format_periods(spans_on(days[:2], "16:30", "17:00"), YEAR, ENGLISH) == [
        "4:30pm to 5pm, twice: 23 November 2026 and 28 December 2026"
    ]
    sentence = format_periods(spans_on(days, "16:30", "17:00"), YEAR, ENGLISH)[0]
    assert sentence.startswith("4:30pm to 5pm, 11 times: 23 November 2026, 28 December 2026,")
    assert sentence.endswith("and 4 more to 8 November 2027")


def test_half_of_the_fridays_are_every_friday_and_fewer_are_named():
    fridays = [weekdays(4)[:count] for count in (26, 25)]
    sentences = [
        format_periods(spans_on(days, "16:30", "17:00"), YEAR, ENGLISH)[0] for days in fridays
    ]

    assert sentences[0].startswith("every Friday 4:30pm to 5pm, 26 times, first 27 November 2026")
    assert sentences[1].startswith("4:30pm to 5pm, 25 times: 27 November 2026")


def test_two_fridays_of_a_short_period_are_named():
    fortnight = Span(london("2026-11-23 00:00"), london("2026-12-07 00:00"))

    assert format_periods(spans_on(weekdays(4, weeks=2), "16:30", "17:00"), fortnight, ENGLISH) == [
        "4:30pm to 5pm, twice: 27 November 2026 and 4 December 2026"
    ]


def test_nights_and_weekends_name_the_day_on_which_they_end():
    spans = spans_on(weekdays(0, 1, 2, 3), "17:00", "08:30", 1) + spans_on(
        weekdays(4), "17:00", "08:30", 3
    )

    assert format_periods(spans, YEAR, ENGLISH) == [
        "every Monday to Thursday 5pm to 8:30am the next day, 208 times, first 23 November 2026",
        "every Friday 5pm to 8:30am on Monday, 52 times, first 27 November 2026",
    ]


def test_midnight_ends_a_day_and_a_long_stretch_names_its_last_date():
    assert format_periods(spans_on([date(2026, 12, 1)], "17:00", "00:00", 1), YEAR, ENGLISH) == [
        "Tuesday 1 December 2026, 5pm to midnight"
    ]
    assert format_periods(spans_on([date(2026, 12, 1)], "17:00", "08:30", 9), YEAR, ENGLISH) == [
        "Tuesday 1 December 2026, 5pm to 8:30am on Thursday 10 December 2026"
    ]


def test_an_hour_that_happens_twice_says_why_it_seems_to_be_empty():
    twice = Span(london("2027-10-31 01:30"), london("2027-10-31 01:30") + timedelta(hours=1))

    assert format_periods([twice], YEAR, ENGLISH) == [
        "Sunday 31 October 2027, 1:30am to 1:30am, as the clocks go back"
    ]


def test_a_whole_period_is_all_hours_and_nothing_is_nothing():
    assert format_periods([YEAR], YEAR, ENGLISH) == ["at all hours"]
    assert format_periods([], YEAR, ENGLISH) == []
