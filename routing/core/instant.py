"""Instants: what a wall clock shows, as a point in UTC, and back."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from routing.errors import BadTime, NaiveTime

FIRST_YEAR, LAST_YEAR = 2000, 2100
"""The years that may be asked about, both included, in UTC (the contract, section 4)."""

_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+\- ]\d\d:\d\d)", re.ASCII
)
_LOCAL = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?", re.ASCII)


def as_utc(at: datetime) -> datetime:
    """Return the same instant in UTC. Raise NaiveTime if ``at`` has no zone."""
    if at.tzinfo is UTC:
        return at
    if at.utcoffset() is None:
        raise NaiveTime(at)
    return at.astimezone(UTC)


def parse(text: str) -> datetime:
    """Read an RFC 3339 time with its offset, from 2000 to 2100, as an instant in UTC.

    A ``+`` that arrived as a blank is read as ``+``: that is what an unescaped URL makes of it.
    Raise BadTime, saying what to write, for anything else.
    """
    text = text.strip()
    if not _RFC_3339.fullmatch(text):
        raise BadTime(f"'{text[:40]}' is not a time with an offset. {_FORM}")
    if text[-6] == " ":
        text = f"{text[:-6]}+{text[-5:]}"
    try:
        at = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadTime(f"'{text}' is not a time that exists ({error}). {_FORM}") from error
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise BadTime(f"'{text}' is not from {FIRST_YEAR} to {LAST_YEAR}. {_FORM}")
    return at


_FORM = "Write it as 2026-12-24T17:00:00+00:00."


def parse_typed(text: str, zone: ZoneInfo) -> datetime:
    """Read what a person types: RFC 3339 with an offset, or local ``2026-12-24 17:00``.

    Raise BadTime for a local time that does not exist or exists twice, and for anything else.
    """
    if not _LOCAL.fullmatch(text.strip()):
        return parse(text)
    try:
        wall = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise BadTime(f"'{text}' is not a time that exists ({error}).") from error
    first, second = _readings(wall, zone)
    if first > second:
        raise BadTime(f"{text} does not exist in {zone.key}: the clocks go forward over it.")
    if first < second:
        raise BadTime(
            f"{text} happens twice in {zone.key}, when the clocks go back. Write the offset: "
            f"{first.astimezone(zone).isoformat()} or {second.astimezone(zone).isoformat()}."
        )
    return parse(first.isoformat())


def starts(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return the instant at which something starts, ``minute`` minutes into ``day`` by the clock.

    A wall time that does not exist is the instant the clocks jump; of one that exists twice, the
    first. ``minute`` may pass 1440 into the days after.
    """
    first, second = _readings(_wall(day, minute), zone)
    return _jump(second, first, zone) if first > second else first


def ends(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return the instant at which something ends: as ``starts``, but of two the second."""
    first, second = _readings(_wall(day, minute), zone)
    return _jump(second, first, zone) if first > second else second


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which ``day`` begins in ``zone``."""
    return starts(day, 0, zone)


def _wall(day: date, minute: int) -> datetime:
    return datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001


def _readings(wall: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Read a wall time before and after a change of the clocks: equal but on such a night."""
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
