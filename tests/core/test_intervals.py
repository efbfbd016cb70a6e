"""Intervals that fill a period: overlaid, merged, marked and split by day."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from routing.core.instants import Span, mark_covered, merge_equal, overlay, split_by_day


def at(hour):
    return datetime(2026, 11, 23, hour, tzinfo=UTC)


def span(start, end):
    return Span(at(start), at(end))


def test_an_overlay_is_cut_wherever_either_period_is():
    first = [(span(0, 8), "a"), (span(8, 20), "b")]
    second = [(span(0, 5), 1), (span(5, 8), 2), (span(8, 20), 3)]

    assert list(overlay(first, second)) == [
        (span(0, 5), ("a", 1)),
        (span(5, 8), ("a", 2)),
        (span(8, 20), ("b", 3)),
    ]


def test_neighbours_with_equal_keys_are_merged_and_keep_the_first_value():
    intervals = [(span(0, 5), 1), (span(5, 8), 3), (span(8, 20), 4)]

    assert list(merge_equal(intervals, key=lambda value: value % 2)) == [
        (span(0, 8), 1),
        (span(8, 20), 4),
    ]
    assert list(merge_equal([])) == []


def test_a_period_is_divided_into_covered_and_uncovered_spans():
    assert list(mark_covered([span(2, 5), span(7, 20)], span(0, 20))) == [
        (span(0, 2), False),
        (span(2, 5), True),
        (span(5, 7), False),
        (span(7, 20), True),
    ]
    assert list(mark_covered([], span(0, 3))) == [(span(0, 3), False)]
    assert list(mark_covered([span(0, 3)], span(0, 3))) == [(span(0, 3), True)]


def test_a_period_is_cut_at_local_midnights_and_a_short_day_has_23_hours():
    london = ZoneInfo("Europe/London")
    period = Span(datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 23, tzinfo=UTC))

    assert list(split_by_day(period, london)) == [
        (Span(period.start, datetime(2026, 3, 29, tzinfo=UTC)), date(2026, 3, 28)),
        (Span(datetime(2026, 3, 29, tzinfo=UTC), period.end), date(2026, 3, 29)),
    ]
