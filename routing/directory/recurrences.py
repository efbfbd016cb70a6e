"""What `every` says of a special day: a date of each year, a weekday of each month, or weeks."""

import re
from calendar import monthrange

from routing.core.directory import Monthly, Recurrence, Weekly, Yearly

ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
MAX_WEEKS = 52

_FORM = "Write it as 24 December, first Wednesday, last Friday, or 2 weeks."
_A_LEAP_YEAR = 2000


def parse_repetition(value: object) -> Recurrence:
    """Parse the value of `every`. Raise ValueError, which says what to write."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a date that comes again. {_FORM}")
    text = " ".join(value.lower().split())
    words = text.split(" ")
    if match := re.fullmatch(r"(\d{1,2}) weeks?", text, re.ASCII):
        return Recurrence(Weekly(_weeks(int(match[1]))), text)
    if re.fullmatch(r"\d{1,2} [a-z]+", text, re.ASCII) and words[1] in MONTHS:
        month = MONTHS.index(words[1]) + 1
        return Recurrence(_yearly(int(words[0]), month), f"{int(words[0])} {words[1].capitalize()}")
    if len(words) == 2 and words[1] in WEEKDAYS:
        return Recurrence(_monthly(*words), f"{words[0]} {words[1].capitalize()}")
    raise ValueError(f"{value!r} is not a date that comes again. {_FORM}")


def _weeks(weeks: int) -> int:
    if not 1 <= weeks <= MAX_WEEKS:
        raise ValueError(f"{weeks} weeks is out of range. Write 1 to {MAX_WEEKS} weeks.")
    return weeks


def _yearly(day: int, month: int) -> Yearly:
    name, days = MONTHS[month - 1].capitalize(), monthrange(_A_LEAP_YEAR, month)[1]
    if not 1 <= day <= days:
        raise ValueError(
            f"there is no {day} {name}: {name} has {days} days. Write 1 to {days} {name}."
        )
    return Yearly(month, day)


def _monthly(ordinal: str, name: str) -> Monthly:
    if ordinal not in ORDINALS:
        day = name.capitalize()
        raise ValueError(
            f"'{ordinal} {day}' is not in every month. Write first, second, third, fourth or last: "
            f"last {day}."
        )
    return Monthly(ORDINALS[ordinal], WEEKDAYS.index(name))
