"""Hours as the directory writes them: ``mon-thu: 08:30-17:00``."""

import re
from collections.abc import Iterator, Mapping

from routing.core.directory import ALL_DAY, MINUTES_PER_DAY, Hours, TimeRange
from routing.errors import FieldError, FieldErrors

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
BANK_HOLIDAY = "bank-holiday"

_RANGE = re.compile(r"(\d\d):(\d\d)\s*-\s*(\d\d):(\d\d)", re.ASCII)
_FORM = "Write it as 08:30-17:00, or several with commas, or closed, or always."


def parse_week(found: object) -> Hours:
    """Read a week: ``always``, or a mapping of days to hours.

    Raise Faults with every key and value that is wrong, or ValueError, saying the form.
    """
    if found == "always":
        return Hours((ALL_DAY,) * 7, None, (("", "always"),))
    if not isinstance(found, Mapping) or not found:
        raise ValueError(f"{found!r} is not a week's hours. Write `mon-fri: 08:30-17:00` below it.")
    days: dict[str, tuple[TimeRange, ...]] = {}
    faults = [fault for key, value in found.items() for fault in _add(days, key, value)]
    if faults:
        raise FieldErrors(faults)
    written = tuple((str(key), str(value)) for key, value in found.items())
    return Hours(tuple(days.get(each, ()) for each in DAYS), days.get(BANK_HOLIDAY), written)


def _add(days: dict[str, tuple[TimeRange, ...]], key: str, value: object) -> Iterator[FieldError]:
    """Add what ``key: value`` says to ``days``; yield what is wrong with it."""
    ranges: tuple[TimeRange, ...] = ()
    try:
        ranges = parse_day_hours(value)
    except ValueError as error:
        yield FieldError(key, str(error))
    try:
        names = _days(key)
    except ValueError as error:
        yield FieldError(key, str(error), of_key=True)
        return
    for name in dict.fromkeys(names):
        if name in days or names.count(name) > 1:
            yield FieldError(
                key, f"{name} is named twice, again in '{key}'. Name it once.", of_key=True
            )
        days[name] = ranges


def parse_day_hours(found: object) -> tuple[TimeRange, ...]:
    """Read a day's hours: closed, always, or ranges. Raise ValueError, saying the form."""
    if found == "closed":
        return ()
    if found == "always":
        return ALL_DAY
    if not isinstance(found, str):
        raise ValueError(f"{found!r} is not hours. {_FORM}")
    return tuple(sorted((_range(part.strip()) for part in found.split(",")), key=_opens))


def _opens(found: TimeRange) -> int:
    return found.opens


def _range(text: str) -> TimeRange:
    match = _RANGE.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is not a range of hours. {_FORM}")
    open_hour, open_minute, close_hour, close_minute = map(int, match.groups())
    opens, closes = open_hour * 60 + open_minute, close_hour * 60 + close_minute
    if open_hour > 23 or open_minute > 59:
        raise ValueError(f"'{text}' opens at a time that no clock shows. Write 00:00 to 23:59.")
    if closes > MINUTES_PER_DAY or close_minute > 59:
        raise ValueError(f"'{text}' closes at a time that no clock shows. Write 00:00 to 24:00.")
    return TimeRange(opens, closes if closes > opens else closes + MINUTES_PER_DAY)


def _days(key: str) -> list[str]:
    if key == BANK_HOLIDAY:
        return [key]
    found: list[str] = []
    for part in key.split(","):
        names = part.strip().split("-")
        if not 1 <= len(names) <= 2 or any(name not in DAYS for name in names):
            raise ValueError(
                f"'{key}' is not a day. Write mon, mon-fri, mon,wed,fri or bank-holiday."
            )
        first, last = DAYS.index(names[0]), DAYS.index(names[-1])
        found += [DAYS[index % 7] for index in range(first, last + (7 if last < first else 0) + 1)]
    return found
