"""Warnings about hours: bank holidays, Christmas, special days, and times that nobody covers."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import combinations

from routing.bank_holidays.calendar import BankHolidays
from routing.core.directory import Directory, Line, Service, SpecialDay
from routing.core.gaps import CoverageKind, missing_backups, reportable_gaps
from routing.core.instants import Span, date_range, midnight, split_by_day
from routing.core.timetable import Timetables
from routing.directory.yaml_source import KeyPath, PathProblem
from routing.snapshot import Snapshot
from routing.text.locale import get_locale
from routing.text.staff_text import format_periods

LOOKAHEAD = timedelta(days=400)

MAX_SPARE_LINES = 5
"""How many lines that no service uses are offered as backups."""

_A_YEAR = timedelta(days=365)
_CHRISTMAS = ((12, 25), (12, 26), (1, 1))
_EVES = {(12, 24): "Christmas Eve", (12, 31): "New Year's Eve"}
_DAYS_TO_CONFIRM = {*_CHRISTMAS, *_EVES}


def warnings(snapshot: Snapshot, at: datetime) -> Iterator[PathProblem]:
    """Yield every warning about hours in the 400 days from the local date at ``at``."""
    directory, holidays = snapshot.directory, snapshot.holidays
    today = at.astimezone(directory.zone).date()
    yield from _check_published_bank_holidays(holidays, today)
    for line in _day_lines(directory):
        yield from _check_bank_holiday_hours(line)
        open_days = days_to_confirm(line, holidays, today)
        yield from _check_christmas(line, open_days)
        yield from _check_eves(line, open_days, today)
    for line in directory.lines:
        yield from _check_special_days(line, today)
        yield from _check_overlapping_special_days(line)
    period = Span(midnight(today, directory.zone), midnight(today + LOOKAHEAD, directory.zone))
    used = {line.id for service in directory.services for line in service.reachable}
    spare = tuple(line for line in directory.lines if line.id not in used)[:MAX_SPARE_LINES]
    services_by_hours: dict[object, list[Service]] = defaultdict(list)
    for service in directory.services:
        lines = (*service.lines, service.out_of_hours)
        hours = tuple((line.hours, line.special_days) for line in lines)
        services_by_hours[hours].append(service)
        yield from _check_backups(snapshot.timetables, service, period, spare)
    for services in services_by_hours.values():
        yield from _check_gaps(snapshot.timetables, services, period)


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
        message = f"{horizon} Run `who-to-call bank-holidays refresh`."
        yield PathProblem(("bank_holidays",), "bank_holidays_end", message)


def _day_lines(directory: Directory) -> list[Line]:
    """Return the lines that answer calls of some service by their hours, and are shut at times.

    A service's out-of-hours line takes its calls whatever the hours say.
    """
    first_lines = {
        line.id
        for service in directory.services
        for line in service.lines
        if line.id != service.out_of_hours.id
    }
    return [line for line in directory.lines if line.id in first_lines and not line.hours.is_always]


def days_to_confirm(line: Line, holidays: BankHolidays, today: date) -> Sequence[date]:
    """Return the days around Christmas, of the next 400, on which a line opens as on any other.

    A special day that names the date shows that somebody has thought of it; a season does not.
    """
    days = (
        (day, line.hours_on(day, holidays.dates))
        for day in date_range(today, today + LOOKAHEAD)
        if (day.month, day.day) in _DAYS_TO_CONFIRM
    )
    return [
        day
        for day, hours in days
        if hours.ranges and (hours.special_day is None or hours.special_day.is_season)
    ]


def _check_bank_holiday_hours(line: Line) -> Iterator[PathProblem]:
    if line.hours.bank_holiday is None:
        message = (
            "nothing says what it does on a bank holiday, so it counts as open then. Write "
            "`bank-holiday: closed`, or its hours."
        )
        yield PathProblem(("lines", line.id, "hours"), "no_bank_holiday", message)


def _check_christmas(line: Line, open_days: Sequence[date]) -> Iterator[PathProblem]:
    days = [day for day in open_days if (day.month, day.day) in _CHRISTMAS]
    if days:
        dates = ", ".join(_format_date(day) for day in days)
        message = (
            f"open on {_format_date(days[0])}? If it is not, add a special day that is closed; if "
            f"it is, one with its hours. By these hours it opens on {dates}."
        )
        yield PathProblem(("lines", line.id, "hours"), "opens_at_christmas", message)


def _check_eves(line: Line, open_days: Sequence[date], today: date) -> Iterator[PathProblem]:
    for day in open_days:
        if (day.month, day.day) in _EVES and day < today + _A_YEAR:
            message = (
                f"does it close early on {_EVES[day.month, day.day]}, {day:%-d %B %Y}? Add a "
                "special day with its hours, usual or not."
            )
            yield PathProblem(("lines", line.id, "hours"), "no_special_day", message)


def _check_special_days(line: Line, today: date) -> Iterator[PathProblem]:
    for n, special_day in enumerate(line.special_days):
        path: KeyPath = ("lines", line.id, "special_days", n)
        if special_day.changes_nothing:
            message = "this special day changes nothing. Give it `hours`, or a `phone`."
            yield PathProblem(path, "idle_special_day", message)
        if special_day.recurrence is not None and special_day.next_date(date.min) is None:
            message = (
                f"`every: {special_day.recurrence.as_written}` has no date between its `from` and "
                "`to`. Correct them, or delete it."
            )
            yield PathProblem((*path, "every"), "no_date", message)
        elif special_day.last is not None and special_day.last < today:
            message = (
                f"this special day ended on {special_day.last:%-d %B %Y}. Delete it, or correct "
                "the year."
            )
            yield PathProblem(path, "past_special_day", message)


def _check_overlapping_special_days(line: Line) -> Iterator[PathProblem]:
    for (_, first), (n, second) in combinations(enumerate(line.special_days), 2):
        both = _set_by_both(first, second)
        if both and _have_a_date_in_common(first, second):
            message = (
                f"this and '{first.name.by_language[0][1]}', above it, set the "
                f"{' and the '.join(both)} of the same date. Keep one: this one counts."
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


def _check_gaps(
    timetables: Timetables, services: Sequence[Service], period: Span
) -> Iterator[PathProblem]:
    """Warn of the times at which no line is open of services whose lines have the same hours."""
    coverage = reportable_gaps(timetables, services[0].id, period.start, period.end)
    gaps = [span for span, kind, _ in coverage if kind == CoverageKind.GAP]
    for times in format_periods(gaps, period, get_locale("en", timetables.directory.zone)):
        for service in services:
            message = (
                f"no line is open {_shorten(times)}. Calls go to '{service.out_of_hours.id}': "
                f"write that in its hours, or correct the others. In full: {times}."
            )
            yield PathProblem(("services", service.id), "gap", message)


def _check_backups(
    timetables: Timetables, service: Service, period: Span, spare: tuple[Line, ...]
) -> Iterator[PathProblem]:
    """Warn of the times at which a service has no backup although another line could be one."""
    zone = timetables.directory.zone
    spans_by_line: dict[str, list[Span]] = defaultdict(list)
    for span, line in missing_backups(timetables, service.id, period.start, period.end, spare):
        spans_by_line[line.id].append(span)
    for line_id, spans in spans_by_line.items():
        if spans != [period]:
            # By day, so that hours which go on past midnight are described as hours of a week.
            spans = [part for span in spans for part, _ in split_by_day(span, zone)]
        times = "; ".join(format_periods(spans, period, get_locale("en", zone)))
        message = (
            f"add '{line_id}' to `if_unanswered`: nobody else is left to try {_shorten(times)}. "
            f"In full: {times}."
        )
        yield PathProblem(("services", service.id), "nobody_left", message)


def _shorten(times: str) -> str:
    """Return the beginning of a sentence about times, up to its count or dates."""
    return re.split(r", first |; |: ", times)[0]


def _format_date(day: date) -> str:
    return f"{day:%A %-d %B %Y}"
