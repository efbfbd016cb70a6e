"""Warnings about slips: what loads and is hardly what was meant, each at its own place."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import combinations, pairwise

from routing.core.directory import MINUTES_PER_DAY, BankHoliday, Directory, Hours, Line
from routing.directory.diagnosis import first_hidden_character
from routing.directory.field_types import BANK_HOLIDAY, parse_phone, parse_week
from routing.directory.yaml_source import KeyPath, Position, YamlSource
from routing.errors import Problem
from routing.lint.numbers import plan_warning
from routing.snapshot import Snapshot
from routing.text.dates import format_time
from routing.text.locale import get_locale

MAX_CLOSED_DAYS = 60
"""How long a run of closed days may be before its dates are doubted."""

FAR_AWAY = timedelta(days=2 * 366)
"""How far from today a date may be before its year is doubted."""

_RANGE = re.compile(r"(\d\d):(\d\d)\s*-\s*(\d\d):(\d\d)", re.ASCII)
_HALF_A_DAY = 12 * 60
_DAY_BEGINS, _LAST_DAY_OPENING, _NIGHT = 5 * 60, 15 * 60, 3 * 60
"""Minutes of the day: a day's work begins between the first two, and is over by the third."""

_LONGEST_NIGHT = 18 * 60
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_TEXT_KEYS = {
    *("name", "aliases", "options", "you_will_hear", "called", "greeting", "when", "for"),
    *("after", "professionals", "confidential", "emergency", "unanswered"),
}
_COMMENT = re.compile(r"\s{2,}#+\s+\w")
"""What can only be a comment: after two blanks, with a blank of its own."""


@dataclass(frozen=True, slots=True)
class _WrittenRange:
    """A range of hours as the file has it, ``offset`` characters into the value at ``path``."""

    path: KeyPath
    offset: int
    text: str
    opens: int
    closes: int

    @property
    def runs_past_midnight(self) -> bool:
        return 0 < self.closes <= self.opens

    @property
    def end(self) -> int:
        """When it ends, in minutes after the midnight before it begins."""
        return self.closes if self.closes > self.opens else self.closes + MINUTES_PER_DAY


def warnings(snapshot: Snapshot, source: YamlSource, at: datetime) -> Iterator[Problem]:
    """Yield a warning for each probable slip in ``source``, the file of ``snapshot``, at ``at``."""
    directory = snapshot.directory
    today = at.astimezone(directory.zone).date()
    night_lines = {service.out_of_hours.id for service in directory.services}
    for line in directory.lines:
        ranges = list(_written_ranges(source, ("lines", line.id)))
        yield from _check_overlaps(ranges, source)
        if line.id not in night_lines:
            yield from _check_nights(ranges, source, directory)
            yield from _check_weekdays(line.hours, ("lines", line.id, "hours"), source)
            for n, special_day in enumerate(line.special_days):
                if special_day.week is not None:
                    path: KeyPath = ("lines", line.id, "special_days", n, "hours")
                    yield from _check_weekdays(special_day.week, path, source)
        yield from _check_dates(line, source, today)
    yield from _check_phones(source)
    yield from _check_removed_holidays(snapshot, source)
    yield from _check_added_holidays(snapshot, source, today)
    for path, text in _scalars(source):
        yield from _check_hidden_characters(path, text, source)
        yield from _check_cut_text(path, text, source)


def _warning(place: Position, code: str, message: str) -> Problem:
    return Problem(*place, code, message, "warning")


def _written_ranges(source: YamlSource, path: KeyPath) -> Iterator[_WrittenRange]:
    """Yield every range of hours below ``path``, of special days too."""
    for value_path, text in _scalars(source, path):
        if "hours" in value_path:
            for match in _RANGE.finditer(text):
                hour, minute, close_hour, close_minute = map(int, match.groups())
                opens, closes = hour * 60 + minute, close_hour * 60 + close_minute
                yield _WrittenRange(value_path, match.start(), match[0], opens, closes)


def _check_overlaps(ranges: Iterable[_WrittenRange], source: YamlSource) -> Iterator[Problem]:
    """Warn of ranges of one value that overlap or are equal."""
    for first, second in combinations(ranges, 2):
        is_same_value = first.path == second.path
        if is_same_value and first.opens < second.end and second.opens < first.end:
            opens, end = min(first.opens, second.opens), max(first.end, second.end)
            how = "repeats" if first.text == second.text else "overlaps"
            message = (
                f"{second.text} {how} {first.text}. Correct one of them, or write "
                f"{clock_time(opens)}-{clock_time(end)}."
            )
            place = source.place_in(second.path, second.offset)
            yield _warning(place, "overlapping_hours", message)


def _check_nights(
    ranges: list[_WrittenRange], source: YamlSource, directory: Directory
) -> Iterator[Problem]:
    """Warn of hours that run through the night on a line that answers by day.

    A line with hours that begin in the evening and run past midnight answers at night as well.
    """
    if any(
        hours.runs_past_midnight
        and hours.opens > _LAST_DAY_OPENING
        and hours.end - hours.opens <= _LONGEST_NIGHT
        for hours in ranges
    ):
        return
    has_day_hours = any(
        hours.opens >= _DAY_BEGINS
        and not hours.runs_past_midnight
        and "special_days" not in hours.path
        for hours in ranges
    )
    locale = get_locale("en", directory.zone)
    for hours in ranges:
        meant = _meant_by_day(hours)
        if hours.runs_past_midnight and meant and (hours.closes >= _NIGHT or has_day_hours):
            message = (
                f"{hours.text} runs through the night until {format_time(hours.closes, locale)}. "
                f"Did you mean {meant}? If not, write two ranges that meet at 24:00."
            )
            place = source.place_in(hours.path, hours.offset)
            yield _warning(place, "runs_through_the_night", message)


def _meant_by_day(hours: _WrittenRange) -> str | None:
    """Return the hours with the other half of the day where that makes hours of one day."""
    evening, morning = hours.closes + _HALF_A_DAY, hours.opens - _HALF_A_DAY
    if _DAY_BEGINS <= hours.opens <= _LAST_DAY_OPENING and hours.opens < evening <= MINUTES_PER_DAY:
        return f"{clock_time(hours.opens)}-{clock_time(evening)}"
    if hours.opens > _LAST_DAY_OPENING and _DAY_BEGINS <= morning < hours.closes:
        return f"{clock_time(morning)}-{clock_time(hours.closes)}"
    return None


def clock_time(minutes: int) -> str:
    """Return minutes after midnight, on that day or the next, as the directory writes them."""
    minutes = minutes if minutes <= MINUTES_PER_DAY else minutes - MINUTES_PER_DAY
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _check_weekdays(week: Hours, path: KeyPath, source: YamlSource) -> Iterator[Problem]:
    """Warn of days that a week does not name, between two on which the line is open.

    So it does of a Monday or a Friday beside a range of three weekdays or four.
    """
    days_of = {
        key: [weekday for weekday, hours in enumerate(parse_week({key: "always"}).week) if hours]
        for key, _ in week.as_written
        if key and key != BANK_HOLIDAY
    }
    key_of = {weekday: key for key, days in days_of.items() for weekday in days}
    open_days = [weekday for weekday, ranges in enumerate(week.week) if ranges]
    pairs = list(pairwise(open_days))
    if len([day for day in open_days if day < 5]) >= 3 and any("-" in key for key in days_of):
        pairs += [(-1, open_days[0]), (max(day for day in open_days if day < 5), 5)]
    for first, second in pairs:
        missing = [day for day in range(first + 1, second) if day not in key_of]
        beside = second if second in key_of else first
        if missing and not _are_single_days(days_of[key_of[beside]], first):
            names = " and ".join(_WEEKDAYS[day] for day in missing)
            ends = dict.fromkeys((missing[0], missing[-1]))
            message = (
                f"{names} {'is' if len(missing) == 1 else 'are'} missing: the line counts as "
                f"closed then. Write its hours, or "
                f"`{'-'.join(_WEEKDAYS[day][:3].lower() for day in ends)}: closed`."
            )
            place = source.key_place((*path, key_of[beside]))
            yield _warning(place, "missing_weekday", message)


def _are_single_days(days: list[int], day: int) -> bool:
    """Return whether a key lists single days, ``day`` among them, as mon,wed,fri does."""
    return day in days and all(second - first > 1 for first, second in pairwise(days))


def _check_dates(line: Line, source: YamlSource, today: date) -> Iterator[Problem]:
    """Warn of dates with a year that is hardly the one meant, and of very long closures."""
    for n, special_day in enumerate(line.special_days):
        path: KeyPath = ("lines", line.id, "special_days", n)
        first, last = special_day.first, special_day.last
        is_closed_run = special_day.is_run and special_day.hours == ()
        if is_closed_run and first is not None and last is not None:
            days = (last - first).days + 1
            if days > MAX_CLOSED_DAYS:
                message = (
                    f"the line is closed for {days} days, until {_format(last)}. Is that the "
                    "year? Correct the date, or write several shorter runs."
                )
                yield _warning(source.place((*path, "to")), "long_closure", message)
        if first is not None and first - today > FAR_AWAY:
            key = "from" if special_day.is_run or special_day.recurrence else "date"
            message = f"{_format(first)} is years away. Is that the year? Correct it, or delete it."
            yield _warning(source.place((*path, key)), "far_special_day", message)
    if line.verified is not None and line.verified.on > today:
        message = (
            f"{_format(line.verified.on)} is still to come. Write the date on which the number was "
            "confirmed."
        )
        place = source.place(("lines", line.id, "verified", "on"))
        yield _warning(place, "verified_in_the_future", message)


def _check_phones(source: YamlSource) -> Iterator[Problem]:
    """Warn of numbers that no telephone has, or that cannot be dialled as they are written."""
    for path, text in _scalars(source):
        if path[-1] in ("phone", "number"):
            written = text.strip()
            try:
                phone = parse_phone(written)
            except ValueError:
                continue  # a short number, or something else that is shown
            if re.match(r"(\+|00)44\D*0", written):
                code = "trunk_zero"
                message = f"'{written}' cannot be dialled with its 0. Write {phone.display}."
            elif written[0] not in "0+(":
                code = "lost_zero"
                message = (
                    f"'{written}' has lost its first 0: by the numbering plan no telephone has "
                    f"such a number. Write {phone.national}."
                )
            elif plan := plan_warning(phone):
                code, message = "not_in_numbering_plan", plan
            else:
                continue
            yield _warning(source.place(path), code, message)


def _check_removed_holidays(snapshot: Snapshot, source: YamlSource) -> Iterator[Problem]:
    removed = source.value(("bank_holidays", "remove"))
    for n, text in enumerate(removed if isinstance(removed, list) else ()):
        day, listed = date.fromisoformat(str(text)), snapshot.holidays.listed
        if day not in listed:
            message = (
                f"{_format(day)} is no bank holiday, so this does nothing. The nearest is "
                f"{_nearest(day, listed)}."
            )
            place = source.place(("bank_holidays", "remove", n))
            yield _warning(place, "removes_no_holiday", message)


def _check_added_holidays(snapshot: Snapshot, source: YamlSource, today: date) -> Iterator[Problem]:
    listed = snapshot.holidays.listed
    for day, _ in snapshot.directory.holiday_rules.add:
        place = source.key_place(("bank_holidays", "add", str(day)))
        if day in listed:
            message = f"{_format(day)} is a bank holiday already: {listed[day].name}. Delete it."
            yield _warning(place, "holiday_already_there", message)
        elif abs(day - today) > FAR_AWAY:
            message = (
                f"{_format(day)} is years away. Is that the year? The nearest bank holiday is "
                f"{_nearest(day, listed)}."
            )
            yield _warning(place, "far_holiday", message)


def _nearest(day: date, holidays: Mapping[date, BankHoliday]) -> str:
    nearest = min(holidays, key=lambda holiday: abs(holiday - day))
    return f"{nearest}, {holidays[nearest].name}"


def _check_hidden_characters(path: KeyPath, text: str, source: YamlSource) -> Iterator[Problem]:
    hidden = first_hidden_character(text)
    if hidden is not None:
        offset, description = hidden
        place = source.place_in(path, offset)
        yield _warning(place, "hidden_character", f"{path[-1]}: there is {description}.")


def _check_cut_text(path: KeyPath, text: str, source: YamlSource) -> Iterator[Problem]:
    """Warn of a text that a blank and a # cut short, unless it is plain that a comment follows."""
    if not _TEXT_KEYS.intersection(path[-2:]):
        return
    rest = source.rest_of_line(path, text)
    comment = re.match(r"\s+#", rest)
    if comment and not _COMMENT.match(rest):
        line, column = source.place(path)
        message = (
            "the text ends before this #. Put the whole text in quotes; before a comment, write "
            "two blanks."
        )
        place = line, column + len(text) + comment.end() - 1
        yield _warning(place, "text_cut_by_hash", message)


def _scalars(source: YamlSource, below: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """Yield every text of the file at or below a path, with its own path."""
    nodes = [(below, source.value(below))]
    while nodes:
        path, node = nodes.pop()
        if isinstance(node, str):
            yield path, node
        elif isinstance(node, dict):
            nodes += [((*path, key), value) for key, value in reversed(node.items())]
        elif isinstance(node, list):
            nodes += [((*path, n), value) for n, value in reversed(list(enumerate(node)))]


def _format(day: date) -> str:
    return f"{day:%-d %B %Y}"
