"""Ranges as stretches of UTC, on the nights on which the clocks change."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from routing.core.hours import Range, Span, spans

LONDON = ZoneInfo("Europe/London")
SPRING = date(2026, 3, 29)


def utc(hour, minute=0):
    return datetime(2026, 3, 29, hour, minute, tzinfo=UTC)


def test_a_range_that_lies_wholly_in_the_hour_that_is_skipped_vanishes():
    assert spans([(SPRING, (Range(65, 115),))], LONDON) == ()


def test_a_range_that_begins_in_the_hour_that_is_skipped_begins_when_the_clocks_jump():
    assert spans([(SPRING, (Range(65, 180),))], LONDON) == (Span(utc(1), utc(2)),)


def test_ranges_that_touch_are_one():
    days = [(SPRING, (Range(240, 300), Range(300, 360)))]

    assert spans(days, LONDON) == (Span(utc(3), utc(5)),)
