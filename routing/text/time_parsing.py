"""Times that programs and people write, as instants."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from routing.core import instants
from routing.errors import InvalidTime

FIRST_YEAR, LAST_YEAR = 2000, 2100
"""The years that may be asked about, both included, in UTC (the contract, section 4)."""

_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+\- ]\d\d:\d\d)", re.ASCII
)
_LOCAL = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?", re.ASCII)

_BRITISH = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})[T ]+(\d{1,2}):(\d\d(?::\d\d)?)", re.ASCII)


def parse_rfc3339(text: str) -> datetime:
    """Read an RFC 3339 time with its offset, from 2000 to 2100, as an instant in UTC.

    A ``+`` that arrived as a blank is read as ``+``: that is what an unescaped URL makes of it.
    Raise InvalidTime, saying what to write, for anything else.
    """
    text = text.strip()
    if not _RFC_3339.fullmatch(text):
        raise InvalidTime(f"'{text[:40]}' is not a time with an offset. {_FORM}")
    if text[-6] == " ":
        text = f"{text[:-6]}+{text[-5:]}"
    try:
        at = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidTime(f"'{text}' is not a time that exists ({error}). {_FORM}") from error
    _in_reach(at, text, 0)
    return at


def _in_reach(at: datetime, text: str, more: int = 1) -> None:
    """Raise InvalidTime for a year that is not covered; ``more`` of them may be, by another clock."""
    if not FIRST_YEAR - more <= at.year <= LAST_YEAR + more:
        raise InvalidTime(f"'{text}' is not from {FIRST_YEAR} to {LAST_YEAR}. {_FORM}")


_FORM = "Write it as 2026-12-24T17:00:00+00:00."


def parse_local(text: str, zone: ZoneInfo) -> datetime:
    """Read what a person types: RFC 3339 with an offset, or local ``2026-12-24 17:00``.

    Raise InvalidTime for a local time that does not exist or exists twice, and for anything else.
    """
    if not _LOCAL.fullmatch(text.strip()):
        return parse_rfc3339(text)
    try:
        wall = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise InvalidTime(f"'{text}' is not a time that exists ({error}).") from error
    _in_reach(wall, text)
    return _once(wall, zone, text, "Write the offset: {first} or {second}.")


def parse_cell(text: str, zone: ZoneInfo) -> datetime:
    """Read what stands in a spreadsheet: as ``read_local``, or ``24/12/2026 17:00``, day first.

    Raise InvalidTime as ``read_local`` does.
    """
    found, written = _BRITISH.fullmatch(text.strip()), text.strip()
    if found is not None:
        day, month, year, hour, rest = found.groups()
        written = f"{year}-{month:0>2}-{day:0>2} {hour:0>2}:{rest}"
    if not (_LOCAL.fullmatch(written) or _RFC_3339.fullmatch(written)):
        raise InvalidTime(f"'{text[:40]}' is not a date with a time. Write it as 24/12/2026 17:00.")
    try:
        datetime.fromisoformat(written.upper())
    except ValueError as error:
        form = "Write the day first, as 24/12/2026 17:00."
        raise InvalidTime(f"'{text[:40]}' is not a time that exists ({error}). {form}") from error
    return parse_local(written, zone)


def parse_date_and_time(day: str, month: str, year: str, time: str, zone: ZoneInfo) -> datetime:
    """Read what a person types in a form: a day, a month, a year, and 5pm, 5:30pm or 17:30.

    What happens twice, when the clocks go back, is told apart by the clock's name: 1:30am BST or
    1:30am GMT. Raise InvalidTime as ``read_local`` does.
    """
    text = "/".join(part.strip() for part in (day, month, year))
    try:
        date = datetime(int(year), int(month), int(day))  # noqa: DTZ001
    except (ValueError, OverflowError) as error:
        raise InvalidTime(f"'{text[:40]}' is not a date. Write it as 24 12 2026.") from error
    if not FIRST_YEAR <= date.year <= LAST_YEAR:
        years = f"from {FIRST_YEAR} to {LAST_YEAR}"
        raise InvalidTime(f"'{text[:40]}' is not {years}. Write it as 24 12 2026.")
    named = _NAMED_CLOCK.fullmatch(time.strip())
    if named is not None:
        wall = date + timedelta(minutes=parse_clock(named[1]))
        for each in instants.possible_instants(wall, zone):
            if each.astimezone(zone).tzname() == named[2].upper():
                return parse_rfc3339(each.isoformat())
    wall = date + timedelta(minutes=parse_clock(time))
    said = f"{time.strip()} on {wall:%-d %B %Y}"
    return _once(wall, zone, said, "Write {one} or {other} behind the time.")


def parse_clock(text: str) -> int:
    """Read a time of day, in minutes after midnight: 5pm, 5:30pm, 17:30, midday. Raise InvalidTime.

    Midnight is the one that begins the day.
    """
    said = text.strip().lower().replace(" ", "").replace(".", ":")
    if said in _NAMED:
        return _NAMED[said]
    found = _CLOCK.fullmatch(said)
    hour, minute, half = found.groups() if found else ("99", None, None)
    number, past = int(hour), int(minute or 0)
    if half and 1 <= number <= 12 and past < 60:
        return (number % 12 + (12 if half == "pm" else 0)) * 60 + past
    if not half and minute and number < 24 and past < 60:
        return number * 60 + past
    raise InvalidTime(f"'{text.strip()[:40]}' is not a time. Write it as 5pm, 5:30pm or 17:30.")


_CLOCK = re.compile(r"(\d{1,2})(?::(\d\d))?(am|pm)?", re.ASCII)
_NAMED_CLOCK = re.compile(r"(.*\S)\s+([A-Za-z]{3,5})")
_NAMED = {"midnight": 0, "midday": 720, "noon": 720}


def _once(wall: datetime, zone: ZoneInfo, said: str, twice: str) -> datetime:
    """Return the instant at which clocks in ``zone`` showed ``wall``. Raise InvalidTime unless once."""
    first, second = instants.possible_instants(wall, zone)
    if first > second:
        raise InvalidTime(f"{said} does not exist in {zone.key}: the clocks go forward over it.")
    if first < second:
        both = [each.astimezone(zone) for each in (first, second)]
        written, names = [x.isoformat() for x in both], [x.tzname() for x in both]
        remedy = twice.format(first=written[0], second=written[1], one=names[0], other=names[1])
        raise InvalidTime(f"{said} happens twice in {zone.key}, when the clocks go back. {remedy}")
    return parse_rfc3339(first.isoformat())
