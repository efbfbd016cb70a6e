"""Hours: a week of wall-clock ranges, the days that break it, and the spans in UTC they make."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from routing.core import instants
from routing.core.values import Phone, Text

DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, from ``start`` up to but not including ``end``. Both UTC."""

    start: datetime
    end: datetime

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end

    def overlaps(self, other: "Span") -> bool:
        """Return whether some instant is in both; spans that only touch share none."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Range:
    """A stretch of the wall clock, in minutes after the midnight of the day on which it starts.

    ``opens`` is 0 to 1439. ``closes`` is later, by 24 hours at most: 1440 is the midnight that
    ends the day, more runs into the next. Open at ``opens``, closed at ``closes``.
    """

    opens: int
    closes: int


ALL_DAY = (Range(0, DAY),)


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A date, or a run of dates with both ends included, that breaks the week.

    ``hours`` replaces the ranges that start on those dates (empty: closed); None keeps them.
    ``phone`` replaces the number from midnight to midnight; None keeps it.
    """

    first: date
    last: date
    name: Text
    hours: tuple[Range, ...] | None = None
    phone: Phone | None = None

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    @property
    def changes_nothing(self) -> bool:
        """True when it has neither hours nor a number of its own."""
        return self.hours is None and self.phone is None


@dataclass(frozen=True, slots=True)
class BankHoliday:
    """A bank holiday by the name GOV.UK gives it; ``substitute`` if it stands for a weekend day."""

    name: str
    substitute: bool = False


@dataclass(frozen=True, slots=True)
class Hours:
    """A week of ranges, Monday first; an empty day is closed.

    ``bank_holiday`` replaces the day's ranges on a bank holiday; None leaves it an ordinary day.
    ``written`` is how the directory puts it: pairs of days and hours, or one pair with no days.
    """

    week: tuple[tuple[Range, ...], ...]
    bank_holiday: tuple[Range, ...] | None = None
    written: tuple[tuple[str, str], ...] = ()

    @property
    def always(self) -> bool:
        """True when every day of the week is open from midnight to midnight."""
        return all(ranges == ALL_DAY for ranges in self.week) and self.bank_holiday in (
            None,
            ALL_DAY,
        )


def spans(days: Iterable[tuple[date, tuple[Range, ...]]], zone: ZoneInfo) -> tuple[Span, ...]:
    """Return the spans of UTC that the ranges starting on ``days`` make, in order, merged.

    Spans that touch or overlap become one. A range that lies wholly in an hour that the clocks
    skip vanishes.
    """
    edges = sorted(
        (instants.starts(day, hours.opens, zone), instants.ends(day, hours.closes, zone))
        for day, ranges in days
        for hours in ranges
    )
    merged: list[Span] = []
    for start, end in edges:
        if merged and start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(end, merged[-1].end))
        elif start < end:
            merged.append(Span(start, end))
    return tuple(merged)


def dates(first: date, last: date) -> Iterable[date]:
    """Yield every date from ``first`` to ``last``, both included."""
    return (first + timedelta(days=count) for count in range((last - first).days + 1))
