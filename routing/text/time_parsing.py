"""Read times as programs and people write them. Every error says what to write instead."""

import re
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from zoneinfo import ZoneInfo

from routing.core import instants
from routing.errors import InvalidTime
from routing.text.dates import MONTHS
from routing.text.locale import get_translator

FIRST_YEAR, LAST_YEAR = 2000, 2100
"""The years covered, both included, in UTC."""

_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+\- ]\d\d:\d\d)", re.ASCII
)
_LOCAL = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2})(?:[:.]?(\d\d)(?:h(?:ou)?rs)?)?(?:([ap])\.?m\.?)?", re.ASCII)
_WITH_ZONE_NAME = re.compile(r"(.*\S)\s+(BST|GMT)", re.I)
_MONTHS = {
    get_translator(language).gettext(name).casefold(): number
    for number, name in enumerate(MONTHS, 1)
    for language in ("en", "cy")
}
_NAMED_MINUTES = {"midnight": 0, "midday": 720, "noon": 720}

_RFC_3339_FORM = "Write it as 2026-12-24T17:00:00+00:00."
_LOCAL_FORMS = "Write it as '2026-12-24 17:00', or with an offset as 2026-12-24T17:00:00+00:00."
_DATE_FORM = "Write it as 24 12 2026."


def parse_rfc3339(text: str, remedy: str = _RFC_3339_FORM) -> datetime:
    """Read an RFC 3339 time with its offset, from 2000 to 2100, as an instant in UTC.

    A space in place of ``+`` is read as ``+``, because an unescaped ``+`` in a URL arrives as one.
    Raise InvalidTime, with ``remedy``, which says what to write.
    """
    text = text.strip()
    if not _RFC_3339.fullmatch(text):
        raise InvalidTime(f"'{text[:40]}' is not a time with an offset. {remedy}")
    if text[-6] == " ":
        text = f"{text[:-6]}+{text[-5:]}"
    try:
        at = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        message = f"'{text}' is not a time that exists ({error}). {remedy}"
        raise InvalidTime(message) from error
    _check_year(at.year, text, remedy)
    return at


def parse_local(text: str, zone: ZoneInfo) -> datetime:
    """Read RFC 3339 with an offset, or ``2026-12-24 17:00`` in ``zone``, as an instant in UTC.

    Raise InvalidTime, also for a local time that does not exist or exists twice.
    """
    if not _LOCAL.fullmatch(text.strip()):
        if not _RFC_3339.fullmatch(text.strip()):
            raise InvalidTime(f"'{text[:40]}' is not a date with a time. {_LOCAL_FORMS}")
        return parse_rfc3339(text, _LOCAL_FORMS)
    try:
        wall_time = datetime.fromisoformat(text.strip())
    except ValueError as error:
        message = f"'{text}' is not a time that exists ({error}). {_LOCAL_FORMS}"
        raise InvalidTime(message) from error
    _check_year(wall_time.year, text, _LOCAL_FORMS)
    return _to_instant(wall_time, zone, text, "Write the offset: {offsets[0]} or {offsets[1]}.")


def parse_date(day: str, month: str, year: str, shown: str = "", remedy: str = _DATE_FORM) -> date:
    """Read a date from 2000 to 2100; the year may have two digits, and the month be a name.

    Names are English or Welsh, or begin one. ``shown`` is what was written, for an InvalidTime.
    """
    day, month, year = day.strip(), month.strip().casefold(), year.strip()
    if not (day or month or year):
        raise InvalidTime(f"The date is missing. {remedy}")
    shown = shown or f"{day}/{month}/{year}"[:40]
    names = (name for name in _MONTHS if len(month) >= 3 and name.startswith(month))
    try:
        number = _MONTHS.get(next(names, "")) or int(month)
        parsed = date(int(year) + (2000 if len(year) == 2 else 0), number, int(day))
    except (ValueError, OverflowError) as error:
        raise InvalidTime(f"'{shown}' is not a date that exists. {remedy}") from error
    _check_year(parsed.year, shown, remedy)
    return parsed


def parse_date_and_time(day: str, month: str, year: str, time: str, zone: ZoneInfo) -> datetime:
    """Read a form's date, as ``parse_date``, and time, as ``parse_clock``, as an instant in UTC.

    When the clocks go back, the zone's name tells the two hours apart: 1:30am BST or 1:30am GMT.
    Raise InvalidTime, also for a local time that does not exist or exists twice.
    """
    midnight = datetime.combine(parse_date(day, month, year), clock_time())
    if match := _WITH_ZONE_NAME.fullmatch(time.strip()):
        wall_time = midnight + timedelta(minutes=parse_clock(match[1]))
        for instant in instants.possible_instants(wall_time, zone):
            if instant.astimezone(zone).tzname() == match[2].upper():
                return instant
    wall_time = midnight + timedelta(minutes=parse_clock(time))
    local_text = f"{time.strip()} on {wall_time:%-d %B %Y}"
    return _to_instant(
        wall_time, zone, local_text, "Write {names[0]} or {names[1]} behind the time."
    )


def parse_clock(text: str, remedy: str = "Write it as 5pm, 5:30pm or 17:30.") -> int:
    """Read a time of day, in minutes after midnight: 5pm, 5:30pm, 17:30, 1730hrs, midday.

    Midnight is the one that begins the day, 24:00 the one that ends it. Raise InvalidTime.
    """
    clock = "".join(text.lower().split())
    if (name := clock.removeprefix("12")) in _NAMED_MINUTES:
        return _NAMED_MINUTES[name]
    if match := _CLOCK.fullmatch(clock):
        hour, minute, am_or_pm = int(match[1]), int(match[2] or 0), match[3]
        if am_or_pm and 1 <= hour <= 12 and minute < 60:
            return (hour % 12 + (12 if am_or_pm == "p" else 0)) * 60 + minute
        if not am_or_pm and match[2] and minute < 60 and (minutes := hour * 60 + minute) <= 1440:
            return minutes
    raise InvalidTime(f"'{text.strip()[:40]}' is not a time. {remedy}")


def _check_year(year: int, text: str, remedy: str) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise InvalidTime(f"'{text}' is not from {FIRST_YEAR} to {LAST_YEAR}. {remedy}")


def _to_instant(wall_time: datetime, zone: ZoneInfo, text: str, remedy: str) -> datetime:
    """Return the one instant at which clocks in ``zone`` show ``wall_time``; raise InvalidTime.

    ``remedy`` is for two instants, and may name their ``offsets`` or the ``names`` of their zones.
    """
    first, second = instants.possible_instants(wall_time, zone)
    if first > second:
        skipped = f"{text} does not exist in {zone.key}: the clocks go forward over it."
        raise InvalidTime(f"{skipped} Write a time an hour earlier or later.")
    if first < second:
        one, other = first.astimezone(zone), second.astimezone(zone)
        offsets, names = (one.isoformat(), other.isoformat()), (one.tzname(), other.tzname())
        remedy = remedy.format(offsets=offsets, names=names)
        raise InvalidTime(f"{text} happens twice in {zone.key}, when the clocks go back. {remedy}")
    return first
