"""A period of time as consecutive spans without gaps or overlaps, each with a value."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from itertools import groupby
from typing import TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from routing.core.instants import Span, date_range, midnight

A = TypeVar("A")
B = TypeVar("B")
Intervals: TypeAlias = Iterable[tuple[Span, A]]


def overlay(first: Intervals[A], second: Intervals[B]) -> Iterator[tuple[Span, tuple[A, B]]]:
    """Yield spans with the values of both, cut wherever either is. Both cover the same period."""
    first_intervals, second_intervals = iter(first), iter(second)
    one, other = next(first_intervals, None), next(second_intervals, None)
    while one is not None and other is not None:
        end = min(one[0].end, other[0].end)
        yield Span(max(one[0].start, other[0].start), end), (one[1], other[1])
        if one[0].end == end:
            one = next(first_intervals, None)
        if other[0].end == end:
            other = next(second_intervals, None)


def merge_equal(
    intervals: Intervals[A], key: Callable[[A], object] = lambda value: value
) -> Iterator[tuple[Span, A]]:
    """Merge neighbours with equal keys, with the value of the first one. They must touch."""
    for _, neighbours in groupby(intervals, key=lambda interval: key(interval[1])):
        merged = list(neighbours)
        (first, value), (last, _) = merged[0], merged[-1]
        yield Span(first.start, last.end), value


def mark_covered(spans: Iterable[Span], period: Span) -> Iterator[tuple[Span, bool]]:
    """Yield ``period`` with whether ``spans`` cover it. They are in order and lie within it."""
    start = period.start
    for span in spans:
        if start < span.start:
            yield Span(start, span.start), False
        yield span, True
        start = span.end
    if start < period.end:
        yield Span(start, period.end), False


def split_by_day(period: Span, zone: ZoneInfo) -> Iterator[tuple[Span, date]]:
    """Yield ``period`` cut at each midnight in ``zone``, with the local date of each part."""
    first, last = (edge.astimezone(zone).date() for edge in (period.start, period.end))
    for day in date_range(first, last):
        start = max(period.start, midnight(day, zone))
        end = min(period.end, midnight(day + timedelta(days=1), zone))
        if start < end:
            yield Span(start, end), day
