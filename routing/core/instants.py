"""Instants: what a wall clock shows, as a point in UTC, and back."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from routing.errors import NaiveTime


def as_utc(at: datetime) -> datetime:
    """Return the same instant in UTC. Raise NaiveTime if ``at`` has no zone."""
    if at.tzinfo is UTC:
        return at
    if at.utcoffset() is None:
        raise NaiveTime(at)
    return at.astimezone(UTC)


def starts(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return the instant at which something starts, ``minute`` minutes into ``day`` by the clock.

    A wall time that does not exist is the instant the clocks jump; of one that exists twice, the
    first. ``minute`` may pass 1440 into the days after.
    """
    first, second = readings(_wall(day, minute), zone)
    return _jump(second, first, zone) if first > second else first


def ends(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return the instant at which something ends: as ``starts``, but of two the second."""
    first, second = readings(_wall(day, minute), zone)
    return _jump(second, first, zone) if first > second else second


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which ``day`` begins in ``zone``."""
    return starts(day, 0, zone)


def _wall(day: date, minute: int) -> datetime:
    return datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001


def readings(wall: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
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
