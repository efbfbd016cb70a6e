"""Read the cells of a spreadsheet: dates with times, and text that was saved in a wrong encoding.

Everything that a person would read in one way is read in that way. The rest is refused in words.
"""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from routing.errors import InvalidTime
from routing.text import time_parsing

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEKDAY = re.compile(rf"({'|'.join(_WEEKDAYS)})[a-z]*[ ,]+", re.I)
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})", re.ASCII)
_DAY_FIRST = re.compile(
    r"(?P<day>\d{1,2})([-/.])(?P<month>\d{1,2})\2(?P<year>\d{4}|\d\d)(?!\d)", re.ASCII
)
_NAMED_MONTH = re.compile(
    r"(?P<day>\d{1,2})(?:st|nd|rd|th)?[ -](?P<month>[a-z]{3,9})\.?[ -](?P<year>\d{4}|\d\d)(?!\d)",
    re.ASCII | re.I,
)
_MONTH_NAME_FIRST = re.compile(
    r"(?P<month>[a-z]{3,9})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?P<year>\d{4})(?!\d)",
    re.ASCII | re.I,
)
_CLOCK = re.compile(
    r"(?P<hour>\d{1,2})(?:[:.](?P<minute>\d\d))?(?:[:.](?P<second>\d\d)(?:\.0+)?)?"
    r"(?: ?(?P<half>[ap])\.?m\.?)?",
    re.ASCII | re.I,
)
_FORM = "Write it as 24/12/2026 17:00."
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_PUNCTUATION_IN_NAMES = " '’‘ʼ`´-‐‑–.()/&"
_CAPITAL_IN_WORD = re.compile("[a-z][\u00c0-\u00d6\u00d8-\u00deŠŒŽŸ]")


class DateOrder(StrEnum):
    """In which order a date has its day and month; EITHER where it can be read both ways."""

    DAY_FIRST = "day first"
    MONTH_FIRST = "month first"
    EITHER = "either"


def date_order(text: str) -> DateOrder | None:
    """Return the order of a date such as 24/12/2026; None where it is said or does not matter."""
    match = _DAY_FIRST.match(_without_weekday(text))
    if match is None:
        return None
    day, month = int(match["day"]), int(match["month"])
    if day == month:
        return None
    if month > 12 >= day:
        return DateOrder.MONTH_FIRST
    return DateOrder.DAY_FIRST if day > 12 else DateOrder.EITHER


def parse_cell(text: str, zone: ZoneInfo) -> datetime:
    """Read a date with a time by clocks in ``zone``, the day first, as an instant in UTC.

    ``24/12/2026 17:00``, ``24/12/26 5:00 PM``, ``24 Dec 2026 at 17:00``, ``Dec 24, 2026 5pm``,
    ``2026-12-24 17:00`` or RFC 3339. 24:00 is the end of the day. Raise InvalidTime, also for a
    date in numbers with the month first, and for a local time that does not exist or exists twice.
    """
    text = text.strip()
    if _RFC_3339.fullmatch(text):
        return time_parsing.parse_rfc3339(text)
    plain = _without_weekday(text)
    forms = (_YEAR_FIRST, _DAY_FIRST, _NAMED_MONTH, _MONTH_NAME_FIRST)
    match = next(filter(None, (form.match(plain) for form in forms)), None)
    if match is None:
        hint = (
            "It is a number: format the cell as a date with a time." if _is_number(text) else _FORM
        )
        raise InvalidTime(f"'{text[:40]}' is not a date with a time. {hint}")
    if date_order(text) is DateOrder.MONTH_FIRST:
        raise InvalidTime(
            f"'{text[:40]}' has the month first, as in the United States. Write the day first in "
            "the whole file, as 24/12/2026 17:00."
        )
    wall_time = _date(match, text) + _clock(plain[match.end() :], text)
    if text[:3].casefold() in _WEEKDAYS and _WEEKDAYS[wall_time.weekday()] != text[:3].casefold():
        raise InvalidTime(f"'{text[:40]}' is not on that day of the week. Check the date.")
    return time_parsing.parse_local(wall_time.isoformat(), zone)


def repair_encoding(text: str) -> str:
    """Return text as it was before UTF-8 was read as Windows-1252, if that is what happened.

    "SiÃ¢n" is "Siân". Any other text is returned as it is.
    """
    if text.isascii():
        return text
    try:
        return b"".join(map(_windows_byte, text)).decode("utf-8")
    except UnicodeError:
        return text


def spoilt_name(name: str) -> str:
    """Return what shows that letters of a name were lost or changed when it was saved; "" if none.

    A letter that the encoding of the file lacks is saved as a question mark or as ``\ufffd``. Bytes
    read in the wrong encoding become signs, or capital letters within a word.
    """
    for character in name:
        is_letter = character.isalnum() or "\u0300" <= character <= "\u036f"
        if character == "ƒ" or not (is_letter or character in _PUNCTUATION_IN_NAMES):
            return "\ufffd" if character == _REPLACEMENT else character
    match = _CAPITAL_IN_WORD.search(name)
    return match[0][1] if match else ""


def _without_weekday(text: str) -> str:
    return _WEEKDAY.sub("", text.strip(), count=1) if _WEEKDAY.match(text.strip()) else text.strip()


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).replace(",", "", 1).isdecimal()


def _date(match: re.Match[str], text: str) -> datetime:
    year, month = match["year"], match["month"].casefold()
    if len(year) == 2 and "-" in match[0] and month.isdecimal():
        raise InvalidTime(f"'{text[:40]}' can be read in several ways. {_FORM}")
    month_number = int(month) if month.isdecimal() else _month_number(month)
    full_year = int(year) + (2000 if len(year) == 2 else 0)
    if not time_parsing.FIRST_YEAR <= full_year <= time_parsing.LAST_YEAR:
        years = f"from {time_parsing.FIRST_YEAR} to {time_parsing.LAST_YEAR}"
        raise InvalidTime(f"'{text[:40]}' is not {years}. {_FORM}")
    try:
        return datetime(full_year, month_number, int(match["day"]))  # noqa: DTZ001 - wall time
    except ValueError as error:
        raise InvalidTime(f"'{text[:40]}' is not a date that exists. {_FORM}") from error


def _month_number(name: str) -> int:
    """Return the number of a month by its name or the start of it; 0 for any other word."""
    return _MONTHS.index(name[:3]) + 1 if name[:3] in _MONTHS else 0


def _clock(rest: str, text: str) -> timedelta:
    """Return the time of day behind a date, since midnight. Raise InvalidTime."""
    clock = re.sub(r"^(?:[T ,]|at )+", "", rest, flags=re.I).strip()
    if not clock:
        raise InvalidTime(f"'{text[:40]}' is not a date with a time: it has no time. {_FORM}")
    match = _CLOCK.fullmatch(clock)
    if match is None or not (match["minute"] or match["half"]):
        raise InvalidTime(f"'{text[:40]}' is not a date with a time. {_FORM}")
    hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
    is_end_of_day = (hour, minute, second) == (24, 0, 0)
    hours_allowed = range(1, 13) if match["half"] else range(24)
    if not is_end_of_day or match["half"]:
        if hour not in hours_allowed or minute > 59 or second > 59:
            raise InvalidTime(f"'{text[:40]}' is not a time that exists. {_FORM}")
        if match["half"]:
            hour = hour % 12 + (12 if match["half"].casefold() == "p" else 0)
    return timedelta(hours=hour, minutes=minute, seconds=second)


def _windows_byte(character: str) -> bytes:
    """Return a character's byte in Windows-1252, whose gaps are read as control characters."""
    if "\x80" <= character <= "\x9f":
        return bytes([ord(character)])
    return character.encode("cp1252")
