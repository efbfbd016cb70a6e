"""Ranges as spans of UTC, on the nights on which the clocks change."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from routing.core.instants import Span, TimeRange, spans

LONDON = ZoneInfo("Europe/London")
SPRING = date(2026, 3, 29)


def utc(hour, minute=0):
    return datetime(2026, 3, 29, hour, minute, tzinfo=UTC)


def test_a_range_that_lies_wholly_in_the_hour_that_is_skipped_vanishes():
    assert spans([(SPRING, (TimeRange(65, 115),))], LONDON) == ()


def test_a_range_that_begins_in_the_hour_that_is_skipped_begins_when_the_clocks_jump():
    assert spans([(SPRING, (TimeRange(65, 180),))], LONDON) == (Span(utc(1), utc(2)),)


def test_ranges_that_touch_are_one():
    days = [(SPRING, (TimeRange(240, 300), TimeRange(300, 360)))]

    assert spans(days, LONDON) == (Span(utc(3), utc(5)),)


@pytest.mark.parametrize(
    ("start", "end", "overlaps"),
    [
        (utc(1), utc(2), False),
        (utc(1), utc(2, 1), True),
        (utc(2, 15), utc(2, 45), True),
        (utc(2, 59), utc(4), True),
        (utc(3), utc(4), False),
    ],
)
def test_spans_overlap_when_an_instant_is_in_both_and_not_when_they_touch(start, end, overlaps):
    two_to_three = Span(utc(2), utc(3))

    assert two_to_three.overlaps(Span(start, end)) is overlaps
    assert Span(start, end).overlaps(two_to_three) is overlaps
