"""A period of time as spans, each with a value: they touch, never overlap, and fill it."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from itertools import groupby
from typing import TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from routing.core import instants
from routing.core.instants import Span, date_range

A = TypeVar("A")
B = TypeVar("B")
Intervals: TypeAlias = Iterable[tuple[Span, A]]


def overlay(first: Intervals[A], second: Intervals[B]) -> Iterator[tuple[Span, tuple[A, B]]]:
    """Yield the period with both values, cut wherever either is. Both cover the same period."""
    firsts, seconds = iter(first), iter(second)
    one, two = next(firsts, None), next(seconds, None)
    while one is not None and two is not None:
        end = min(one[0].end, two[0].end)
        yield Span(max(one[0].start, two[0].start), end), (one[1], two[1])
        if one[0].end == end:
            one = next(firsts, None)
        if two[0].end == end:
            two = next(seconds, None)


def merge_equal(
    intervals: Intervals[A], key: Callable[[A], object] = lambda value: value
) -> Iterator[tuple[Span, A]]:
    """Merge neighbours with equal keys, and keep the first one's value. They must touch."""
    for _, group in groupby(intervals, key=lambda interval: key(interval[1])):
        merged = list(group)
        (first, value), (last, _) = merged[0], merged[-1]
        yield Span(first.start, last.end), value


def mark_covered(spans: Iterable[Span], period: Span) -> Iterator[tuple[Span, bool]]:
    """Yield ``period`` with whether ``spans`` cover it. They are in order and lie within it."""
    reached = period.start
    for span in spans:
        if reached < span.start:
            yield Span(reached, span.start), False
        yield span, True
        reached = span.end
    if reached < period.end:
        yield Span(reached, period.end), False


def split_by_day(period: Span, zone: ZoneInfo) -> Iterator[tuple[Span, date]]:
    """Yield ``period`` cut at each midnight in ``zone``, with the local date of each part."""
    first, last = (edge.astimezone(zone).date() for edge in (period.start, period.end))
    for day in date_range(first, last):
        start = max(period.start, instants.midnight(day, zone))
        end = min(period.end, instants.midnight(day + timedelta(days=1), zone))
        if start < end:
            yield Span(start, end), day
