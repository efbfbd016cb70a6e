"""Instants: what a wall clock shows, as a point in UTC, and back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from routing.core import instants
from routing.core.values import Phone, Text
from routing.errors import NaiveTime


def as_utc(at: datetime) -> datetime:
    """Return the same instant in UTC. Raise NaiveTime if ``at`` has no zone."""
    if at.tzinfo is UTC:
        return at
    if at.utcoffset() is None:
        raise NaiveTime(at)
    return at.astimezone(UTC)


def start_at(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return the instant at which something starts, ``minute`` minutes into ``day`` by the clock.

    A wall time that does not exist is the instant the clocks jump; of one that exists twice, the
    first. ``minute`` may pass 1440 into the days after.
    """
    first, second = possible_instants(_wall(day, minute), zone)
    return _jump(second, first, zone) if first > second else first


def end_at(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return the instant at which something ends: as ``starts``, but of two the second."""
    first, second = possible_instants(_wall(day, minute), zone)
    return _jump(second, first, zone) if first > second else second


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which ``day`` begins in ``zone``."""
    return start_at(day, 0, zone)


def _wall(day: date, minute: int) -> datetime:
    return datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001


def possible_instants(wall: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return a wall time, which has no zone, as read before and after a change of the clocks.

    Equal but on such a night: the first is the later where the wall time does not exist, and the
    earlier where it exists twice.
    """
    return (
        wall.replace(tzinfo=zone, fold=0).astimezone(UTC),
        wall.replace(tzinfo=zone, fold=1).astimezone(UTC),
    )


def _jump(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the first second after ``before`` and up to ``after`` at which the offset is new."""
    new = after.astimezone(zone).utcoffset()
    low, high = 0, int((after - before).total_seconds())
    while low < high:
        middle = (low + high) // 2
        if (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() == new:
            high = middle
        else:
            low = middle + 1
    return before + timedelta(seconds=low)


MINUTES_PER_DAY = 24 * 60


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
class TimeRange:
    """A stretch of the wall clock, in minutes after the midnight of the day on which it starts.

    ``opens`` is 0 to 1439. ``closes`` is later, by 24 hours at most: 1440 is the midnight that
    ends the day, more runs into the next. Open at ``opens``, closed at ``closes``.
    """

    opens: int
    closes: int


ALL_DAY = (TimeRange(0, MINUTES_PER_DAY),)


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A date, or a run of dates with both ends included, that breaks the week.

    ``hours`` replaces the ranges that start on those dates (empty: closed); None keeps them.
    ``phone`` replaces the number from midnight to midnight; None keeps it.
    """

    first: date
    last: date
    name: Text
    hours: tuple[TimeRange, ...] | None = None
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

    week: tuple[tuple[TimeRange, ...], ...]
    bank_holiday: tuple[TimeRange, ...] | None = None
    written: tuple[tuple[str, str], ...] = ()

    @property
    def always(self) -> bool:
        """True when every day of the week is open from midnight to midnight."""
        return all(ranges == ALL_DAY for ranges in self.week) and self.bank_holiday in (
            None,
            ALL_DAY,
        )


def spans(days: Iterable[tuple[date, tuple[TimeRange, ...]]], zone: ZoneInfo) -> tuple[Span, ...]:
    """Return the spans of UTC that the ranges starting on ``days`` make, in order, merged.

    Spans that touch or overlap become one. A range that lies wholly in an hour that the clocks
    skip vanishes.
    """
    edges = sorted(
        (instants.start_at(day, hours.opens, zone), instants.end_at(day, hours.closes, zone))
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


def date_range(first: date, last: date) -> Iterable[date]:
    """Yield every date from ``first`` to ``last``, both included."""
    return (first + timedelta(days=count) for count in range((last - first).days + 1))
