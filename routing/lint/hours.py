"""Warnings about hours and dates: times that nobody covers, bank holidays, Christmas, and slips."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import chain, combinations, pairwise
from typing import NamedTuple

from routing.bank_holidays import BankHolidays
from routing.core.decision import Timetables
from routing.core.directory import (
    MINUTES_PER_DAY,
    BankHoliday,
    Hours,
    Line,
    Service,
    SpecialDay,
    TimeRange,
)
from routing.core.gaps import find_gaps, missing_backups
from routing.core.instants import Span, midnight, split_by_day
from routing.directory import schema
from routing.directory.yaml_source import KeyPath, PathProblem, YamlSource
from routing.snapshot import Snapshot
from routing.text.dates import format_time
from routing.text.locale import Locale, get_locale
from routing.text.staff_text import format_periods

LOOKAHEAD = timedelta(days=400)

MAX_SPARE_LINES = 5
"""How many lines that no service uses are offered as backups."""

MAX_CLOSED_DAYS = 60
"""How long a run of closed days may be before its dates are doubted."""

MAX_RUN_DAYS = 365
"""How long any run that ends may be: with a year too many it is longer."""

FAR_AWAY = timedelta(days=2 * 366)
"""How far from today a date may be before its year is doubted."""

_A_DAY, _A_YEAR = timedelta(days=1), timedelta(days=365)
_CHRISTMAS = ((1, 1), (12, 24), (12, 25), (12, 26), (12, 31))
NOON = 12 * 60
_DAY_BEGINS, _LAST_DAY_OPENING, _NIGHT = 5 * 60, 15 * 60, 3 * 60
"""Minutes of the day: a day's work begins between the first two, and is over by the third."""

FRIDAY = 4
_Ranges = tuple[TimeRange, ...]


class _WrittenRange(NamedTuple):
    """A range of hours as the file has it, ``offset`` characters into the value at ``path``.

    ``opens`` and ``closes`` are as those of core.TimeRange.
    """

    path: KeyPath
    offset: int
    text: str
    opens: int
    closes: int

    @property
    def runs_past_midnight(self) -> bool:
        return self.closes > MINUTES_PER_DAY


def warnings(snapshot: Snapshot, at: datetime, source: YamlSource) -> Iterator[PathProblem]:
    """Yield every warning about hours in the 400 days from the local date at ``at``."""
    directory, holidays = snapshot.directory, snapshot.holidays
    today = at.astimezone(directory.zone).date()
    if horizon := horizon_warning(holidays, today):
        message = f"{horizon} Run `who-to-call bank-holidays refresh`."
        yield PathProblem(("bank_holidays",), "bank_holidays_end", message)
    yield from _check_changed_holidays(snapshot, today, source)
    night_lines = {service.out_of_hours.id for service in directory.services}
    services_by_line: dict[str, list[Service]] = defaultdict(list)
    for service in directory.services:  # whose out-of-hours line answers whatever its hours say
        for line in (*service.lines, *service.if_unanswered):
            is_day_line = line in service.lines or line.id not in night_lines
            if is_day_line and line.id != service.out_of_hours.id:
                services_by_line[line.id].append(service)
    for line in directory.lines:
        services = services_by_line[line.id]
        if services and not line.hours.is_always:
            yield from _check_bank_holidays(line, holidays, today)
        yield from _check_special_days(line, holidays, today)
        ranges = list(_written_ranges(source, ("lines", line.id)))
        yield from _check_overlaps(ranges)
        if line.id not in night_lines:
            others = (other for service in services for other in service.lines)
            is_only_one = bool(services) and not any(map(_opens_at_noon, others))
            yield from _check_nights(ranges, is_only_one, get_locale("en", directory.zone))
            yield from _check_weekdays(line.hours, ("lines", line.id, "hours"))
            for n, special_day in enumerate(line.special_days):
                if special_day.week is not None:
                    path: KeyPath = ("lines", line.id, "special_days", n, "hours")
                    yield from _check_weekdays(special_day.week, path)
    yield from _check_coverage(snapshot.timetables, today)


def horizon_warning(holidays: BankHolidays, today: date) -> str | None:
    """Return a sentence if GOV.UK has published less than a year from ``today``, else None."""
    if not holidays.is_assumed(today + _A_YEAR):
        return None
    return (
        f"Bank holidays are published through {holidays.covered_through} only: later ones are "
        "assumed."
    )


def _opens_at_noon(line: Line) -> bool:
    return any(hours.opens <= NOON < hours.closes for day in line.hours.week for hours in day)


def _check_bank_holidays(line: Line, holidays: BankHolidays, today: date) -> Iterator[PathProblem]:
    """Warn of bank holidays, and days around Christmas, of which the file says nothing.

    So it does of a line that never opens.
    """
    path: KeyPath = ("lines", line.id, "hours")
    if not any(line.hours.week) and not any(day.sets_hours for day in line.special_days):
        message = "by these hours it never opens. Write them, or take it out of its services."
        yield PathProblem(path, "never_opens", message)
    if line.hours.bank_holiday is None:
        message = (
            "nothing says what it does on a bank holiday, so it counts as open then. Write "
            "`bank-holiday: closed`, or its hours."
        )
        yield PathProblem(path, "no_bank_holiday", message)
    days = (today + timedelta(days=n) for n in range(365))
    christmas = (day for day in days if (day.month, day.day) in _CHRISTMAS)
    dates = [f"{day:%-d %B}" for day in christmas if _opens_as_usual(line, day, holidays)]
    if dates:
        message = f"open on {', '.join(dates)}? Add special days: closed, or with hours."
        yield PathProblem(path, "opens_at_christmas", message)


def _opens_as_usual(line: Line, day: date, holidays: BankHolidays) -> bool:
    """Return whether a line opens on a day that no special day but a season says anything of."""
    hours = line.hours_on(day, holidays.dates)
    return bool(hours.ranges) and (hours.special_day is None or hours.special_day.is_season)


def _check_special_days(line: Line, holidays: BankHolidays, today: date) -> Iterator[PathProblem]:
    for n, special_day in enumerate(line.special_days):
        path: KeyPath = ("lines", line.id, "special_days", n)
        first, last = special_day.first, special_day.last
        if last is not None and last < today:
            yield PathProblem(path, "doubtful_year", _doubt_year(last, today))
        elif _is_idle(replace(line, special_days=line.special_days[:n]), special_day, holidays):
            message = (
                "this changes nothing. Give it `hours` or a `phone`, correct its dates, or write "
                "`date` to open a shut day."
            )
            yield PathProblem(path, "idle_special_day", message)
        elif special_day.is_run and (reason := _long_run(special_day)):
            message = f"{reason}. Correct the dates, write `to`, or write shorter runs."
            key = "from" if last is None else "to"
            yield PathProblem((*path, key), "long_run", message, 0)
        if first is not None and first - today > FAR_AWAY:
            key = "from" if special_day.is_run or special_day.recurrence else "date"
            yield PathProblem((*path, key), "doubtful_year", _doubt_year(first, today), 0)
    if line.verified is not None and line.verified.on > today:
        message = f"{_format(line.verified.on)} is still to come. Write when it was confirmed."
        yield PathProblem(("lines", line.id, "verified", "on"), "doubtful_year", message, 0)


def _is_idle(line: Line, special_day: SpecialDay, holidays: BankHolidays) -> bool:
    """Return whether an entry does nothing to ``line``, which has the entries before it alone."""
    first, last = special_day.first, special_day.last
    if special_day.changes_nothing or first is None or last is None:
        return special_day.changes_nothing
    if special_day.recurrence:
        return not any(special_day.dates(first, last))
    dates = special_day.dates(first, min(last, first + LOOKAHEAD))
    is_run_with_hours = special_day.is_run and bool(special_day.hours)
    return is_run_with_hours and not any(line.ranges_on(day, holidays.dates) for day in dates)


def _long_run(run: SpecialDay) -> str | None:
    """Return a sentence's beginning if a run closes a line, or lasts, for hardly so long."""
    is_closed = run.hours == () or (run.week is not None and not any(run.week.week))
    if run.first is None or run.last is None:
        return "the line is closed from then on, until further notice" if is_closed else None
    days = (run.last - run.first).days + 1
    if days <= (MAX_CLOSED_DAYS if is_closed else MAX_RUN_DAYS):
        return None
    return f"{'the line is closed for' if is_closed else 'this run lasts'} {days} days"


def _doubt_year(day: date, today: date) -> str:
    state = "over" if day < today else "years away"
    return f"{_format(day)} is {state}. Correct the year, or delete this."


def _written_ranges(source: YamlSource, path: KeyPath) -> Iterator[_WrittenRange]:
    paths = ((*path, key) for key in ("hours", "special_days"))
    for value_path, text in chain(*map(source.scalars, paths)):
        if "hours" in value_path[2:]:
            for match in schema.TIME_RANGE.finditer(text):
                (hours,) = schema.parse_day_hours(match[0])
                yield _WrittenRange(value_path, match.start(), match[0], hours.opens, hours.closes)


def _check_overlaps(ranges: Iterable[_WrittenRange]) -> Iterator[PathProblem]:
    for first, second in combinations(ranges, 2):
        is_same_value = first.path == second.path
        if is_same_value and first.opens < second.closes and second.opens < first.closes:
            opens, closes = min(first.opens, second.opens), max(first.closes, second.closes)
            how = "repeats" if first.text == second.text else "overlaps"
            message = (
                f"{second.text} {how} {first.text}. Correct one of them, or write "
                f"{TimeRange(opens, closes)}."
            )
            yield PathProblem(second.path, "overlapping_hours", message, second.offset)


def _check_nights(
    ranges: list[_WrittenRange], is_only_one: bool, locale: Locale
) -> Iterator[PathProblem]:
    """Warn of hours at night on a line that answers by day: 05:00 for 17:00, or 17:00-08:30.

    A line that is never open by day, beside another that is open at noon, answers at night.
    """
    usual = [hours for hours in ranges if "special_days" not in hours.path]
    is_open_by_day = any(_begins_by_day(h.opens) or h.opens <= NOON < h.closes for h in usual)
    if not (is_open_by_day or is_only_one):
        return
    has_day_hours = any(
        hours.opens >= _DAY_BEGINS and not hours.runs_past_midnight for hours in usual
    )
    reaches_midnight = any(hours.closes >= MINUTES_PER_DAY for hours in ranges)
    for hours in ranges:
        closes, reason = hours.closes - MINUTES_PER_DAY, ""
        if hours.runs_past_midnight and (closes >= _NIGHT or has_day_hours):
            reason = f"runs through the night until {format_time(closes, locale)}"
        elif hours.opens < _DAY_BEGINS and (hours.opens > 0 or not reaches_midnight):
            reason = f"opens at {format_time(hours.opens, locale)}, in the night"
        if reason and (meant := _meant_by_day(hours)):
            message = (
                f"{hours.text} {reason}. Did you mean {meant}? If not, write two ranges that meet "
                "at 24:00."
            )
            yield PathProblem(hours.path, "hours_at_night", message, hours.offset)


def _begins_by_day(opens: int) -> bool:
    return _DAY_BEGINS <= opens <= _LAST_DAY_OPENING


def _meant_by_day(hours: _WrittenRange) -> str | None:
    """Return the longest hours of one day that differ by half a day, or have their ends swapped."""
    opens, closes = hours.opens, hours.closes
    meant = [(opens + NOON, closes), (opens + NOON, closes + NOON)]
    if hours.runs_past_midnight:
        closes -= MINUTES_PER_DAY
        meant = [(opens, closes + NOON)]
        if opens > _LAST_DAY_OPENING:
            meant = [(opens - NOON, closes), (closes, opens)]
    by_day = [
        (end - start, str(TimeRange(start, end)))
        for start, end in meant
        if _begins_by_day(start) and start < end <= MINUTES_PER_DAY
    ]
    return max(by_day)[1] if by_day else None


def _check_weekdays(week: Hours, path: KeyPath) -> Iterator[PathProblem]:
    """Warn of days that a week does not name, between two on which the line is open.

    So it does of a Monday or a Friday where three weekdays are open. Of three or more of which no
    two stand side by side, as in mon,wed,fri, none is missing.
    """
    key_of = {
        schema.WEEKDAYS.index(day): key
        for key, _ in week.as_written
        if key and key != schema.BANK_HOLIDAY
        for day in schema.parse_days(key)
    }
    open_days = [weekday for weekday, ranges in enumerate(week.week) if ranges]
    are_apart = all(second - first > 1 for first, second in pairwise(open_days))
    if not key_of or (are_apart and len(open_days) != 2):
        return
    is_working_week = sum(day < FRIDAY + 1 for day in open_days) >= 3
    first = 0 if is_working_week else open_days[0]
    last = max(FRIDAY, open_days[-1]) if is_working_week else open_days[-1]
    missing = [day for day in range(first, last + 1) if day not in key_of]
    if missing:
        names = " and ".join(schema.DAY_NAMES[day] for day in missing)
        message = (
            f"{names}: not named, so the line counts as closed then. Write hours, or "
            f"`{','.join(schema.WEEKDAYS[day] for day in missing)}: closed`."
        )
        beside = min(open_days, key=lambda day: (abs(day - missing[0]), -day))
        yield PathProblem((*path, key_of[beside]), "missing_weekday", message)


def _check_changed_holidays(
    snapshot: Snapshot, today: date, source: YamlSource
) -> Iterator[PathProblem]:
    rules, listed = snapshot.directory.holiday_rules, snapshot.holidays.listed
    removed = source.scalars(("bank_holidays", "remove"))  # of a key left empty, "" only
    for path, day in ((path, date.fromisoformat(text)) for path, text in removed if text):
        if day not in listed:
            near = _nearest(day, listed)
            message = f"{_format(day)} is no bank holiday. Delete it, or write the nearest: {near}."
            yield PathProblem(path, "removes_no_holiday", message, 0)
        elif day < today:
            yield PathProblem(path, "doubtful_year", _doubt_year(day, today), 0)
    for day, _ in rules.add:
        path = ("bank_holidays", "add", str(day))
        if day in listed and day not in rules.remove:
            message = f"{_format(day)} is a bank holiday already: {listed[day].name}. Delete it."
            yield PathProblem(path, "holiday_already_there", message)
        elif not today <= day <= today + FAR_AWAY:
            message = f"{_doubt_year(day, today)} The nearest: {_nearest(day, listed)}."
            yield PathProblem(path, "doubtful_year", message)


def _nearest(day: date, holidays: Mapping[date, BankHoliday]) -> str:
    nearest = min(holidays, key=lambda holiday: abs(holiday - day))
    return f"{nearest}, {holidays[nearest].name}"


def _check_coverage(timetables: Timetables, today: date) -> Iterator[PathProblem]:
    directory = timetables.directory
    period = Span(midnight(today, directory.zone), midnight(today + LOOKAHEAD, directory.zone))
    used = {line.id for service in directory.services for line in service.reachable}
    spare = tuple(line for line in directory.lines if line.id not in used)[:MAX_SPARE_LINES]
    for service in directory.services:
        yield from _check_backups(timetables, service, period, spare)
        lines = (*service.lines, service.out_of_hours)
        if not _is_always_covered(lines, timetables.holidays, today):
            yield from _check_gaps(timetables, service, period)


def _is_always_covered(
    lines: Sequence[Line], holidays: Mapping[date, BankHoliday], today: date
) -> bool:
    """Return whether by wall clock some line is open at any time: then no instant is a gap either.

    It looks at a usual week, and at the dates that differ from it. Following every span of 400 days
    instead takes 5 ms, and 1,000 services 5 seconds.
    """
    first, last = today - _A_DAY, today + LOOKAHEAD
    entries = chain(*(line.special_days for line in lines))
    special = chain(*(entry.dates(first, last) for entry in entries))
    week = list(zip(*(line.hours.week for line in lines), strict=True))
    pairs = set(pairwise([week[-1], *week]))
    for day in {*special, *(day for day in holidays if first <= day <= last)}:
        days = (day - _A_DAY, day, day + _A_DAY)
        hours = [tuple(line.ranges_on(day, holidays) for line in lines) for day in days]
        pairs |= set(pairwise(hours))
    return all(_cover_day(before, after) for before, after in pairs)


def _cover_day(before: Sequence[_Ranges], day: Sequence[_Ranges]) -> bool:
    """Return whether hours that start on a day and on the day before cover all its minutes."""
    night = [(h.opens - MINUTES_PER_DAY, h.closes - MINUTES_PER_DAY) for h in chain(*before)]
    ranges = night + [(h.opens, h.closes) for h in chain(*day)]
    covered = 0
    for opens, closes in sorted(ranges):
        if opens <= covered:
            covered = max(covered, closes)
    return covered >= MINUTES_PER_DAY


def _check_gaps(timetables: Timetables, service: Service, period: Span) -> Iterator[PathProblem]:
    coverage = find_gaps(timetables, service.id, period.start, period.end)
    gaps = [span for span, open_lines in coverage if not open_lines]
    for times in format_periods(gaps, period, get_locale("en", timetables.directory.zone)):
        message = (
            f"add this to the hours of '{service.out_of_hours.id}', or correct others: no line "
            f"is open {_beginning(times)}. In full: {times}."
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
            f"add '{line_id}' to `if_unanswered`: nobody else is left to try {_beginning(times)}."
            + (f" In full: {times}." if times != _beginning(times) else "")
        )
        yield PathProblem(("services", service.id), "nobody_left", message)


def _beginning(times: str) -> str:
    """Return the beginning of a sentence about times, up to its count or dates."""
    return re.split(r", first |; |: ", times)[0]


def _format(day: date) -> str:
    return f"{day:%-d %B %Y}"
