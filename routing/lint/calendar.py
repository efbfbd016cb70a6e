"""Doubts about dates: bank holidays, Christmas, and the days that break the week."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import combinations

from routing.bank_holidays.calendar import BankHolidays
from routing.core.directory import Directory, Line
from routing.core.instants import SpecialDay, date_range
from routing.core.values import Phone
from routing.directory.load import CrossCheckError
from routing.directory.yaml_source import Path
from routing.snapshot import Snapshot

LOOKAHEAD = timedelta(days=400)
_A_YEAR = timedelta(days=365)
_CHRISTMAS = ((12, 25), (12, 26), (1, 1))
_EVES = {(12, 24): "Christmas Eve", (12, 31): "New Year's Eve"}
_NIGHT_ENDS, _NIGHT_BEGINS = 5 * 60, 22 * 60


def warnings(facts: Snapshot, at: datetime) -> Iterator[CrossCheckError]:
    """Yield every doubt about dates."""
    today = at.astimezone(facts.directory.zone).date()
    horizon = horizon_warning(facts.holidays, today)
    if horizon is not None:
        message = f"{horizon} Run `flask bank-holidays refresh`."
        yield ("bank_holidays",), "bank_holidays_end", message
    for line in _day_lines(facts.directory):
        yield from _day_line(line, facts, today)
    for line in facts.directory.lines:
        yield from _special_days(line, today)


def horizon_warning(holidays: BankHolidays, today: date) -> str | None:
    """Return a sentence if GOV.UK has published less than a year from ``today``, else None."""
    if not holidays.assumed(today + _A_YEAR):
        return None
    return (
        f"Bank holidays are published through {holidays.covered_through} only: later ones are "
        "assumed."
    )


def _day_line(line: Line, facts: Snapshot, today: date) -> Iterator[CrossCheckError]:
    hours: Path = ("lines", line.id, "hours")
    if line.hours.bank_holiday is None:
        message = (
            "nothing says what this line does on a bank holiday, so it is taken to be open as on "
            "any other day. Write `bank-holiday: closed`, or its hours then."
        )
        yield hours, "no_bank_holiday", message
    opens = [
        day
        for day in date_range(today, today + LOOKAHEAD)
        if line.special_day_on(day) is None and line.ranges_on(day, facts.holidays.dates)
    ]
    found = [day for day in opens if (day.month, day.day) in _CHRISTMAS]
    if found:
        message = (
            f"by these hours the line opens on {_said(found)}. If it does not, add a special day "
            "that is closed; if it does, add one that says so."
        )
        yield hours, "opens_at_christmas", message
    eves = [day for day in opens if (day.month, day.day) in _EVES and day < today + _A_YEAR]
    for day in eves:
        message = (
            f"nothing says when this line closes on {_EVES[day.month, day.day]}, {_said([day])}. "
            "Add a special day: many close early. If it does not, write its usual hours."
        )
        yield hours, "no_special_day", message


def _special_days(line: Line, today: date) -> Iterator[CrossCheckError]:
    numbered = list(enumerate(line.special_days))
    for n, special in numbered:
        at: Path = ("lines", line.id, "special_days", n)
        if special.changes_nothing:
            message = "this special day changes nothing. Give it `hours`, or a `phone`."
            yield at, "idle_special_day", message
        if special.last < today:
            message = f"this special day is over since {special.last:%-d %B %Y}. Delete it."
            yield at, "past_special_day", message
    for (_, one), (n, other) in combinations(numbered, 2):
        both = [what for what, of in _WHAT.items() if of(one) is not None and of(other) is not None]
        if both and one.first <= other.last and other.first <= one.last:
            message = (
                f"this special day and '{one.name.by_language[0][1]}', above it, set the "
                f"{' and the '.join(both)} of the same date: this one counts. Keep one of them."
            )
            yield ("lines", line.id, "special_days", n), "overlapping_special_days", message


_WHAT: dict[str, Callable[[SpecialDay], object | Phone]] = {
    "hours": lambda special: special.hours,
    "number": lambda special: special.phone,
}


def _day_lines(directory: Directory) -> list[Line]:
    """Return the lines that take calls by day: in a service's ``lines``, and shut every night."""
    taking = {line.id for service in directory.services for line in service.lines}
    night = {service.out_of_hours.id for service in directory.services}
    return [
        line
        for line in directory.lines
        if line.id in taking - night
        and all(
            each.opens >= _NIGHT_ENDS and each.closes <= _NIGHT_BEGINS
            for ranges in line.hours.week
            for each in ranges
        )
    ]


def _said(days: list[date]) -> str:
    return ", ".join(f"{day:%A %-d %B %Y}" for day in days)
