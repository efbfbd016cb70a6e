"""A period of time in stretches, each with a value: they touch, never overlap, and fill it."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from typing import TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from routing.core import instant
from routing.core.hours import Span, dates

A = TypeVar("A")
B = TypeVar("B")
Stretches: TypeAlias = Iterable[tuple[Span, A]]


def overlay(first: Stretches[A], second: Stretches[B]) -> Iterator[tuple[Span, tuple[A, B]]]:
    """Yield a period in stretches of both values, cut wherever either is. Both fill it."""
    ones, others = iter(first), iter(second)
    one, other = next(ones, None), next(others, None)
    while one is not None and other is not None:
        end = min(one[0].end, other[0].end)
        yield Span(max(one[0].start, other[0].start), end), (one[1], other[1])
        if one[0].end == end:
            one = next(ones, None)
        if other[0].end == end:
            other = next(others, None)


def joined(
    found: Stretches[A], key: Callable[[A], object] = lambda value: value
) -> Iterator[tuple[Span, A]]:
    """Yield stretches that touch and have equal keys as one, with the first one's value."""
    held: tuple[Span, A] | None = None
    for span, value in found:
        if held is not None and key(held[1]) == key(value):
            held = Span(held[0].start, span.end), held[1]
            continue
        if held is not None:
            yield held
        held = span, value
    if held is not None:
        yield held


def covered(spans: Iterable[Span], period: Span) -> Iterator[tuple[Span, bool]]:
    """Yield ``period`` in stretches that are covered by ``spans`` or not; they lie within it."""
    reached = period.start
    for span in spans:
        if reached < span.start:
            yield Span(reached, span.start), False
        yield span, True
        reached = span.end
    if reached < period.end:
        yield Span(reached, period.end), False


def days(period: Span, zone: ZoneInfo) -> Iterator[tuple[Span, date]]:
    """Yield ``period`` cut at each midnight in ``zone``, with the local date of each stretch."""
    first, last = (edge.astimezone(zone).date() for edge in (period.start, period.end))
    for day in dates(first, last):
        start = max(period.start, instant.midnight(day, zone))
        end = min(period.end, instant.midnight(day + timedelta(days=1), zone))
        if start < end:
            yield Span(start, end), day
