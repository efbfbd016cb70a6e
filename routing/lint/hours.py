"""Warnings about hours: bank holidays, Christmas, special days, and times that nobody covers."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import combinations

from routing.bank_holidays.calendar import BankHolidays
from routing.core.directory import Directory, Line, Service, SpecialDay
from routing.core.gaps import CoverageKind, find_gaps, spans_without_backup
from routing.core.instants import Span, date_range, midnight
from routing.core.intervals import split_by_day
from routing.core.timetable import Timetables
from routing.directory.yaml_source import KeyPath, PathProblem
from routing.snapshot import Snapshot
from routing.text.locale import get_locale
from routing.text.periods import format_periods

LOOKAHEAD = timedelta(days=400)

_A_YEAR = timedelta(days=365)
_CHRISTMAS = ((12, 25), (12, 26), (1, 1))
_EVES = {(12, 24): "Christmas Eve", (12, 31): "New Year's Eve"}
_NIGHT_ENDS, _NIGHT_BEGINS = 5 * 60, 22 * 60
"""Minutes of the day between which a day line may be open."""


def warnings(snapshot: Snapshot, at: datetime) -> Iterator[PathProblem]:
    """Yield every warning about hours in the 400 days from the local date at ``at``."""
    directory, holidays = snapshot.directory, snapshot.holidays
    today = at.astimezone(directory.zone).date()
    yield from _check_published_bank_holidays(holidays, today)
    for line in _day_lines(directory):
        yield from _check_bank_holiday_hours(line)
        open_days = _usual_open_days(line, holidays, today)
        yield from _check_christmas(line, open_days)
        yield from _check_eves(line, open_days, today)
    for line in directory.lines:
        yield from _check_special_days(line, today)
        yield from _check_overlapping_special_days(line)
    period = Span(midnight(today, directory.zone), midnight(today + LOOKAHEAD, directory.zone))
    for service in directory.services:
        yield from _check_gaps(snapshot.timetables, service, period)
        yield from _check_backups(snapshot.timetables, service, period)


def horizon_warning(holidays: BankHolidays, today: date) -> str | None:
    """Return a sentence if GOV.UK has published less than a year from ``today``, else None."""
    if not holidays.is_assumed(today + _A_YEAR):
        return None
    return (
        f"Bank holidays are published through {holidays.covered_through} only: later ones are "
        "assumed."
    )


def _check_published_bank_holidays(holidays: BankHolidays, today: date) -> Iterator[PathProblem]:
    """Warn when GOV.UK's bank holidays are known for less than a year ahead."""
    horizon = horizon_warning(holidays, today)
    if horizon is not None:
        message = f"{horizon} Run `flask bank-holidays refresh`."
        yield PathProblem(("bank_holidays",), "bank_holidays_end", message)


def _day_lines(directory: Directory) -> list[Line]:
    """Return the lines that take calls by day: in a service's ``lines``, and shut every night."""
    first_lines = {line.id for service in directory.services for line in service.lines}
    night_lines = {service.out_of_hours.id for service in directory.services}
    return [
        line
        for line in directory.lines
        if line.id in first_lines - night_lines
        and all(
            hours.opens >= _NIGHT_ENDS and hours.closes <= _NIGHT_BEGINS
            for ranges in line.hours.week
            for hours in ranges
        )
    ]


def _usual_open_days(line: Line, holidays: BankHolidays, today: date) -> Sequence[date]:
    """Return the next 400 days on which a line opens as usual, or as it does for a season."""
    days = (
        (day, line.hours_on(day, holidays.dates)) for day in date_range(today, today + LOOKAHEAD)
    )
    return [
        day
        for day, hours in days
        if hours.ranges and (hours.special_day is None or hours.special_day.is_season)
    ]


def _check_bank_holiday_hours(line: Line) -> Iterator[PathProblem]:
    if line.hours.bank_holiday is None:
        message = (
            "nothing says what this line does on a bank holiday, so it counts as open as on any "
            "other day. Write `bank-holiday: closed`, or its hours then."
        )
        yield PathProblem(("lines", line.id, "hours"), "no_bank_holiday", message)


def _check_christmas(line: Line, open_days: Sequence[date]) -> Iterator[PathProblem]:
    days = [day for day in open_days if (day.month, day.day) in _CHRISTMAS]
    if days:
        dates = ", ".join(_format_date(day) for day in days)
        message = (
            f"by these hours the line opens on {dates}. If it does not, add a special day that is "
            "closed; if it does, add one that says so."
        )
        yield PathProblem(("lines", line.id, "hours"), "opens_at_christmas", message)


def _check_eves(line: Line, open_days: Sequence[date], today: date) -> Iterator[PathProblem]:
    for day in open_days:
        if (day.month, day.day) in _EVES and day < today + _A_YEAR:
            message = (
                f"nothing says when this line closes on {_EVES[day.month, day.day]}, "
                f"{_format_date(day)}. Add a special day: many close early. If it does not, write "
                "its usual hours."
            )
            yield PathProblem(("lines", line.id, "hours"), "no_special_day", message)


def _check_special_days(line: Line, today: date) -> Iterator[PathProblem]:
    for n, special_day in enumerate(line.special_days):
        path: KeyPath = ("lines", line.id, "special_days", n)
        if special_day.changes_nothing:
            message = "this special day changes nothing. Give it `hours`, or a `phone`."
            yield PathProblem(path, "idle_special_day", message)
        if special_day.last is not None and special_day.last < today:
            message = f"this special day ended on {special_day.last:%-d %B %Y}. Delete it."
            yield PathProblem(path, "past_special_day", message)


def _check_overlapping_special_days(line: Line) -> Iterator[PathProblem]:
    for (_, first), (n, second) in combinations(enumerate(line.special_days), 2):
        both = _set_by_both(first, second)
        if both and _have_a_date_in_common(first, second):
            message = (
                f"this special day and '{first.name.by_language[0][1]}', above it, set the "
                f"{' and the '.join(both)} of the same date: this one counts. Keep one of them."
            )
            path: KeyPath = ("lines", line.id, "special_days", n)
            yield PathProblem(path, "overlapping_special_days", message)


def _have_a_date_in_common(first: SpecialDay, second: SpecialDay) -> bool:
    """Return whether two share a date that a season or a recurrence does not explain."""
    if any(special_day.is_season or special_day.recurrence for special_day in (first, second)):
        return False
    starts = [special_day.first or date.min for special_day in (first, second)]
    ends = [special_day.last or date.max for special_day in (first, second)]
    return max(starts) <= min(ends)


def _set_by_both(first: SpecialDay, second: SpecialDay) -> list[str]:
    both = []
    if first.sets_hours and second.sets_hours:
        both.append("hours")
    if first.phone is not None and second.phone is not None:
        both.append("number")
    return both


def _check_gaps(timetables: Timetables, service: Service, period: Span) -> Iterator[PathProblem]:
    """Warn of the times at which no line of a service is open."""
    coverage = find_gaps(timetables, service.id, period.start, period.end)
    gaps = (span for span, kind, _ in coverage if kind == CoverageKind.GAP)
    for times in format_periods(gaps, period, get_locale("en", timetables.directory.zone)):
        message = (
            f"no line says that it answers {times}. Calls go to '{service.out_of_hours.id}' then: "
            "write that in its hours, or correct those of the others."
        )
        yield PathProblem(("services", service.id), "gap", message)


def _check_backups(timetables: Timetables, service: Service, period: Span) -> Iterator[PathProblem]:
    """Warn of the times at which a service has no backup."""
    zone = timetables.directory.zone
    spans = list(spans_without_backup(timetables, service.id, period.start, period.end))
    if spans != [period]:
        # By day, so that hours which go on past midnight are described as hours of a week.
        spans = [part for span in spans for part, _ in split_by_day(span, zone)]
    times = format_periods(spans, period, get_locale("en", zone))
    if times:
        message = (
            "when the line that is rung does not answer, nobody is left to try "
            f"{'; '.join(times)}. Add to `if_unanswered` a line with another number that is open "
            "then."
        )
        yield PathProblem(("services", service.id), "nobody_left", message)


def _format_date(day: date) -> str:
    return f"{day:%A %-d %B %Y}"
