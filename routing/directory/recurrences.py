"""What `every` says of a special day: a date of each year, a weekday of each month, or weeks."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache

from dateutil.rrule import MONTHLY, WEEKLY, YEARLY, rrule, weekday

from routing.core.directory import Monthly, Recurrence, Weekly, Yearly

ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
MAX_WEEKS = 52

_FIRST_DATE, _LAST_DATE = date(1999, 12, 1), date(2102, 12, 31)
"""The instants from 2000 to 2100 need these: hours that run past midnight, and 400 days ahead."""

_FORM = "Write it as 24 December, first Wednesday, last Friday, or 2 weeks."
_A_LEAP_YEAR = 2000


@dataclass(frozen=True, slots=True)
class Repetition:
    """A rule by which a special day comes again, with the text of the file."""

    rule: Yearly | Monthly | Weekly
    as_written: str

    @property
    def needs_first(self) -> bool:
        """True when the rule has no dates unless its first one is given."""
        return isinstance(self.rule, Weekly)

    def build(self, first: date | None, last: date | None) -> Recurrence:
        """Return the recurrence with its dates from ``first`` to ``last``; None is no limit."""
        return Recurrence(self.rule, self.as_written, _dates(self.rule, first, last))


def parse_repetition(value: object) -> Repetition:
    """Parse the value of `every`. Raise ValueError, which says what to write."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a date that comes again. {_FORM}")
    text = " ".join(value.lower().split())
    words = text.split(" ")
    if match := re.fullmatch(r"(\d{1,2}) weeks?", text, re.ASCII):
        return Repetition(Weekly(_weeks(int(match[1]))), text)
    if re.fullmatch(r"\d{1,2} [a-z]+", text, re.ASCII) and words[1] in MONTHS:
        month = MONTHS.index(words[1]) + 1
        return Repetition(_yearly(int(words[0]), month), f"{int(words[0])} {words[1].capitalize()}")
    if len(words) == 2 and words[1] in WEEKDAYS:
        return Repetition(_monthly(*words), f"{words[0]} {words[1].capitalize()}")
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


@lru_cache(maxsize=256)
def _dates(
    rule: Yearly | Monthly | Weekly, first: date | None, last: date | None
) -> frozenset[date]:
    start = datetime.combine(first or _FIRST_DATE, time())
    end = datetime.combine(min(last or _LAST_DATE, _LAST_DATE), time())
    match rule:
        case Yearly(month, day):
            dates = rrule(YEARLY, bymonth=month, bymonthday=day, dtstart=start, until=end)
        case Monthly(ordinal, day):
            dates = rrule(MONTHLY, byweekday=weekday(day, ordinal), dtstart=start, until=end)
        case Weekly(weeks):
            dates = rrule(WEEKLY, interval=weeks, dtstart=start, until=end)
    return frozenset(moment.date() for moment in dates)
