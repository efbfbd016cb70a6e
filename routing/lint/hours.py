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
from routing.core.gaps import CoverageKind, missing_backups, reportable_gaps
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

_PAST_REMEDY = "Delete it, or correct the year."

MAX_RUN_DAYS = 365
"""How long any run that ends may be: with a year too many it is longer."""

FAR_AWAY = timedelta(days=2 * 366)
"""How far from today a date may be before its year is doubted."""

_A_DAY, _A_YEAR = timedelta(days=1), timedelta(days=365)
_CHRISTMAS = ((12, 25), (12, 26), (1, 1))
_EVES = {(12, 24): "Christmas Eve", (12, 31): "New Year's Eve"}
NOON = 12 * 60
_DAY_BEGINS, _LAST_DAY_OPENING, _NIGHT = 5 * 60, 15 * 60, 3 * 60
"""Minutes of the day: a day's work begins between the first two, and is over by the third."""

_LONGEST_NIGHT = 18 * 60
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
    uses = [
        (service, line)
        for service in directory.services
        for line in (*service.lines, *service.if_unanswered)
        if line in service.lines or line.id not in night_lines
    ]
    day_lines = {  # that answer by their hours: an out-of-hours line does whatever its hours say
        line.id
        for service, line in uses
        if line.id != service.out_of_hours.id and not line.hours.is_always
    }
    answer_by_day = {line.id for service, line in uses if any(map(_opens_at_noon, service.lines))}
    for line in directory.lines:
        if line.id in day_lines:
            yield from _check_bank_holidays(line, holidays, today)
        yield from _check_special_days(line, holidays, today)
        yield from _check_overlapping_special_days(line)
        ranges = list(_written_ranges(source, ("lines", line.id)))
        yield from _check_overlaps(ranges)
        if line.id not in night_lines:
            is_only_one = line.id in day_lines - answer_by_day
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


def days_to_confirm(line: Line, holidays: BankHolidays, today: date) -> Sequence[date]:
    """Return the days around Christmas, of the next 400, on which a line opens as on any other.

    A special day that names the date shows that somebody has thought of it; a season does not.
    """
    days = (
        date(year, month, day)
        for year in range(today.year, (today + LOOKAHEAD).year + 1)
        for month, day in sorted((*_CHRISTMAS, *_EVES))
    )
    return [
        day
        for day in days
        if today <= day <= today + LOOKAHEAD
        and (hours := line.hours_on(day, holidays.dates)).ranges
        and (hours.special_day is None or hours.special_day.is_season)
    ]


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
    open_days = days_to_confirm(line, holidays, today)
    dates = [day for day in open_days if (day.month, day.day) in _CHRISTMAS]
    if christmas := [f"{day:%A} {_format(day)}" for day in dates]:
        message = (
            f"open on {christmas[0]}? If it is not, add a special day that is closed; if it is, "
            f"one with its hours. By these hours it opens on {', '.join(christmas)}."
        )
        yield PathProblem(path, "opens_at_christmas", message)
    for day in open_days:
        if (eve := _EVES.get((day.month, day.day))) and day < today + _A_YEAR:
            message = (
                f"does it close early on {eve}, {_format(day)}? Add a special day with its hours, "
                "usual or not."
            )
            yield PathProblem(path, "no_special_day", message)


def _check_special_days(line: Line, holidays: BankHolidays, today: date) -> Iterator[PathProblem]:
    """Warn of special days that do nothing, and of dates whose year is hardly the one meant."""
    for n, special_day in enumerate(line.special_days):
        path: KeyPath = ("lines", line.id, "special_days", n)
        first, last = special_day.first, special_day.last
        if special_day.changes_nothing:
            message = "this special day changes nothing. Give it `hours`, or a `phone`."
            yield PathProblem(path, "idle_special_day", message)
        if special_day.recurrence and first and last and not any(special_day.dates(first, last)):
            message = (
                f"`every: {special_day.recurrence.as_written}` has no date between its `from` and "
                "`to`. Correct them, or delete it."
            )
            yield PathProblem((*path, "every"), "no_date", message)
        elif last is not None and last < today:
            message = f"this special day ended on {_format(last)}. Delete it, or correct the year."
            yield PathProblem(path, "past_special_day", message)
        elif special_day.is_run:
            before = replace(line, special_days=line.special_days[:n])
            yield from _check_run(before, special_day, path, holidays)
        if first is not None and first - today > FAR_AWAY:
            key = "from" if special_day.is_run or special_day.recurrence else "date"
            message = f"{_format(first)} is years away. Is that the year? Correct it, or delete it."
            yield PathProblem((*path, key), "far_special_day", message, 0)
    if line.verified is not None and line.verified.on > today:
        message = (
            f"{_format(line.verified.on)} is still to come. Write the date on which the number was "
            "confirmed."
        )
        path = ("lines", line.id, "verified", "on")
        yield PathProblem(path, "verified_in_the_future", message, 0)


def _check_run(
    line: Line, run: SpecialDay, path: KeyPath, holidays: BankHolidays
) -> Iterator[PathProblem]:
    """Warn of a run that closes ``line``, as it is before the run, for long, or opens no day."""
    is_closed = run.hours == () or (run.week is not None and not any(run.week.week))
    if is_closed and run.last is None:
        message = (
            "the line is closed from then on, until further notice. Write `to`, or take the line "
            "out of its services."
        )
        yield PathProblem((*path, "from"), "endless_closure", message, 0)
    if run.first is None or run.last is None:
        return
    days = (run.last - run.first).days + 1
    if days > (MAX_CLOSED_DAYS if is_closed else MAX_RUN_DAYS):
        what = "the line is closed for" if is_closed else "this run lasts"
        message = (
            f"{what} {days} days, until {_format(run.last)}. Is that the year? Correct the date, "
            "or write several shorter runs."
        )
        yield PathProblem((*path, "to"), "long_run", message, 0)
    dates = run.dates(run.first, min(run.last, run.first + LOOKAHEAD))
    if run.hours and not any(line.ranges_on(day, holidays.dates) for day in dates):
        message = (
            "this run changes nothing: it opens no day, and the line is shut on all of its days. "
            "To open one, write `date`."
        )
        yield PathProblem(path, "idle_run", message)


def _check_overlapping_special_days(line: Line) -> Iterator[PathProblem]:
    special_days = [
        (n, special_day)
        for n, special_day in enumerate(line.special_days)
        if not special_day.is_season and special_day.recurrence is None
    ]
    for (_, first), (n, second) in combinations(special_days, 2):
        both = ["hours"] if first.sets_hours and second.sets_hours else []
        both += ["number"] if first.phone is not None and second.phone is not None else []
        starts = [special_day.first or date.min for special_day in (first, second)]
        ends = [special_day.last or date.max for special_day in (first, second)]
        if both and max(starts) <= min(ends):
            message = (
                f"this and '{first.name.by_language[0][1]}', above it, set the "
                f"{' and the '.join(both)} of the same date. Keep one: this one counts."
            )
            path: KeyPath = ("lines", line.id, "special_days", n)
            yield PathProblem(path, "overlapping_special_days", message)


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

    A line that is never open by day, beside another that is, answers at night.
    """
    has_day_hours = any(
        hours.opens >= _DAY_BEGINS
        and not hours.runs_past_midnight
        and "special_days" not in hours.path
        for hours in ranges
    )
    if not (has_day_hours or is_only_one) and any(
        hours.runs_past_midnight
        and hours.opens > _LAST_DAY_OPENING
        and hours.closes - hours.opens <= _LONGEST_NIGHT
        for hours in ranges
    ):
        return
    reaches_midnight = any(hours.closes >= MINUTES_PER_DAY for hours in ranges)
    for hours in ranges:
        closes, meant = hours.closes - MINUTES_PER_DAY, _meant_by_day(hours)
        if hours.runs_past_midnight and meant and (closes >= _NIGHT or has_day_hours):
            message = (
                f"{hours.text} runs through the night until {format_time(closes, locale)}. "
                f"Did you mean {meant}? If not, write two ranges that meet at 24:00."
            )
            yield PathProblem(hours.path, "runs_through_the_night", message, hours.offset)
        is_early = hours.opens < _DAY_BEGINS and (hours.opens > 0 or not reaches_midnight)
        if is_early and meant and (has_day_hours or is_only_one or hours.closes > NOON):
            opens = format_time(hours.opens, locale)
            message = f"{hours.text} opens at {opens}, in the night. Did you mean {meant}?"
            yield PathProblem(hours.path, "opens_at_night", message, hours.offset)


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
        if _DAY_BEGINS <= start <= _LAST_DAY_OPENING and start < end <= MINUTES_PER_DAY
    ]
    return max(by_day)[1] if by_day else None


def _check_weekdays(week: Hours, path: KeyPath) -> Iterator[PathProblem]:
    """Warn of days that a week does not name, between two on which the line is open.

    So it does of a Monday or a Friday beside a range of three weekdays or four.
    """
    days_of = {
        key: sorted(schema.WEEKDAYS.index(day) for day in schema.parse_days(key))
        for key, _ in week.as_written
        if key and key != schema.BANK_HOLIDAY
    }
    key_of = {weekday: key for key, days in days_of.items() for weekday in days}
    open_days = [weekday for weekday, ranges in enumerate(week.week) if ranges]
    pairs = list(pairwise(open_days))
    if any(set(range(day, day + 3)) <= set(open_days) for day in range(3)):
        pairs += [(-1, open_days[0]), (max(day for day in open_days if day < 5), 5)]
    for first, second in pairs:
        missing = [day for day in range(first + 1, second) if day not in key_of]
        if not missing:
            continue
        beside = second if second in key_of else first
        days = days_of[key_of[beside]]
        are_single = first in days and all(day + 1 < later for day, later in pairwise(days))
        if not (are_single and len(days) > 2):  # as mon,wed,fri
            names = " and ".join(schema.DAY_NAMES[day] for day in missing)
            verb = "is" if len(missing) == 1 else "are"
            key = "-".join(schema.WEEKDAYS[day] for day in dict.fromkeys((missing[0], missing[-1])))
            message = (
                f"{names} {verb} missing: the line counts as closed then. Write its hours, or "
                f"`{key}: closed`."
            )
            yield PathProblem((*path, key_of[beside]), "missing_weekday", message)


def _check_changed_holidays(
    snapshot: Snapshot, today: date, source: YamlSource
) -> Iterator[PathProblem]:
    """Warn of bank holidays removed that are none, and added that are there already or far away."""
    rules, listed = snapshot.directory.holiday_rules, snapshot.holidays.listed
    removed = source.scalars(("bank_holidays", "remove"))  # of a key left empty, "" only
    for path, day in ((path, date.fromisoformat(text)) for path, text in removed if text):
        if day not in listed:
            message = (
                f"{_format(day)} is no bank holiday, so this does nothing. The nearest is "
                f"{_nearest(day, listed)}."
            )
            yield PathProblem(path, "removes_no_holiday", message, 0)
        elif day < today:
            yield PathProblem(path, "past_holiday", f"{_format(day)} is over. {_PAST_REMEDY}", 0)
    for day, _ in rules.add:
        if day in listed and day not in rules.remove:
            code = "holiday_already_there"
            message = f"{_format(day)} is a bank holiday already: {listed[day].name}. Delete it."
        elif day < today:
            code, message = "past_holiday", f"{_format(day)} is over. {_PAST_REMEDY}"
        elif day - today > FAR_AWAY:
            code = "far_holiday"
            message = (
                f"{_format(day)} is years away. Is that the year? The nearest bank holiday is "
                f"{_nearest(day, listed)}."
            )
        elif day.weekday() >= 5:
            code = "holiday_at_weekend"
            message = f"{_format(day)} is a {day:%A}. Write the weekday on which people are off."
        else:
            continue
        yield PathProblem(("bank_holidays", "add", str(day)), code, message)


def _nearest(day: date, holidays: Mapping[date, BankHoliday]) -> str:
    nearest = min(holidays, key=lambda holiday: abs(holiday - day))
    return f"{nearest}, {holidays[nearest].name}"


def _check_coverage(timetables: Timetables, today: date) -> Iterator[PathProblem]:
    directory = timetables.directory
    period = Span(midnight(today, directory.zone), midnight(today + LOOKAHEAD, directory.zone))
    used = {line.id for service in directory.services for line in service.reachable}
    spare = tuple(line for line in directory.lines if line.id not in used)[:MAX_SPARE_LINES]
    services_by_hours: dict[object, list[Service]] = defaultdict(list)
    for service in directory.services:
        lines = (*service.lines, service.out_of_hours)
        hours = tuple((line.hours, line.special_days) for line in lines)
        services_by_hours[hours].append(service)
        yield from _check_backups(timetables, service, period, spare)
    for services in services_by_hours.values():
        lines = (*services[0].lines, services[0].out_of_hours)
        if not _is_always_covered(lines, timetables.holidays, today):
            yield from _check_gaps(timetables, services, period)


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


def _check_gaps(
    timetables: Timetables, services: Sequence[Service], period: Span
) -> Iterator[PathProblem]:
    """Warn of the times at which no line is open of services whose lines have the same hours."""
    coverage = reportable_gaps(timetables, services[0].id, period.start, period.end)
    gaps = [span for span, kind, _ in coverage if kind == CoverageKind.GAP]
    for times in format_periods(gaps, period, get_locale("en", timetables.directory.zone)):
        for service in services:
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
