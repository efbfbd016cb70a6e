"""Times that programs and people write, as instants."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from routing.core import instant
from routing.errors import BadTime

FIRST_YEAR, LAST_YEAR = 2000, 2100
"""The years that may be asked about, both included, in UTC (the contract, section 4)."""

_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+\- ]\d\d:\d\d)", re.ASCII
)
_LOCAL = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?", re.ASCII)


def read(text: str) -> datetime:
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


def read_local(text: str, zone: ZoneInfo) -> datetime:
    """Read what a person types: RFC 3339 with an offset, or local ``2026-12-24 17:00``.

    Raise BadTime for a local time that does not exist or exists twice, and for anything else.
    """
    if not _LOCAL.fullmatch(text.strip()):
        return read(text)
    try:
        wall = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise BadTime(f"'{text}' is not a time that exists ({error}).") from error
    first, second = instant.readings(wall, zone)
    if first > second:
        raise BadTime(f"{text} does not exist in {zone.key}: the clocks go forward over it.")
    if first < second:
        raise BadTime(
            f"{text} happens twice in {zone.key}, when the clocks go back. Write the offset: "
            f"{first.astimezone(zone).isoformat()} or {second.astimezone(zone).isoformat()}."
        )
    return read(first.isoformat())
