"""All the errors of a directory file, or else all its warnings.

To add a warning, write a function that yields a PathProblem for each, and call it in ``warnings``.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import chain, combinations, groupby, pairwise
from pathlib import Path
from textwrap import shorten
from typing import NamedTuple
from zoneinfo import ZoneInfo

import phonenumbers

from routing.bank_holidays import BankHolidays
from routing.core.decision import Timetables
from routing.core.directory import (
    MINUTES_PER_DAY,
    BankHoliday,
    Council,
    Directory,
    Hours,
    Line,
    Phone,
    Service,
    SpecialDay,
    TimeRange,
    max_ring_seconds,
)
from routing.core.gaps import find_gaps, missing_backups
from routing.core.instants import Span, midnight, split_by_day
from routing.directory import schema
from routing.directory.load import load
from routing.directory.yaml_source import HIDDEN_CHARACTER, YamlSource, first_character
from routing.errors import InvalidDirectory, KeyPath, PathProblem, Problem
from routing.snapshot import build_snapshot
from routing.text.dates import format_time
from routing.text.locale import get_locale
from routing.text.staff_text import format_periods

MAX_WARNING_CHARS = 160
"""How long a warning may be with its line and column, before the rest becomes its details."""

_SAFETY_WORDS_MISSING = "safety_words_missing"
"""A warning that is an error: a life may depend on words that only the council can write."""

_TEXT_KEYS = {
    *("name", "options", "you_will_hear", "called", "greeting", "when", "for", "emergency"),
    *("after", "professionals", "confidential", "unanswered"),
}
_COMMENT = re.compile(r"\s{2,}#+\s+\w")
"""What can only be a comment: after two blanks, with a blank of its own."""

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

_FRIDAY = 4
_LOCALE = get_locale("en", ZoneInfo(schema.UK_ZONE))

WELL_KNOWN: Mapping[str, str] = {
    "08001111": "Childline",
    "08088005000": "the NSPCC Helpline",
    "08000280285": "the NSPCC's advice line for whistleblowers",
    "08000283550": "the NSPCC's FGM helpline",
    "0800136663": "the NSPCC's helpline about abuse in education",
    "08082000247": "the National Domestic Abuse Helpline",
    "08088010327": "the Men's Advice Line",
    "08081000900": "Stop It Now",
    "08088002222": "Family Lives",
    "0800555111": "Crimestoppers",
    "03001236600": "Frank",
    "08088025544": "YoungMinds' parents' helpline",
}
"""National helplines by the digits that they publish. Councils print mistyped ones: 0800 800 5000
for the NSPCC's 0808 800 5000, among others."""

DRAMA_PREFIXES = (
    *("+441632960", "+441134960", "+441144960", "+441154960", "+441164960", "+441174960"),
    *("+441184960", "+441214960", "+441314960", "+441414960", "+441514960", "+441614960"),
    *("+442079460", "+441914980", "+442896496", "+442920180", "+447700900", "+448081570"),
    *("+449098790", "+443069990"),
)
"""Ofcom's numbers for drama, which ring nobody: ofcom.org.uk, "Numbers for use in drama"."""


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


def check(file: Path, folder: Path, at: datetime) -> tuple[tuple[Problem, ...], Directory | None]:
    """Return every error in ``file``, and None; or else all ``warnings``, and its directory."""
    try:
        directory, source = load(file)
    except InvalidDirectory as error:
        return error.problems, None
    return warnings(directory, source, folder, at), directory


def warnings(
    directory: Directory, source: YamlSource, folder: Path, at: datetime
) -> tuple[Problem, ...]:
    """Return every warning at ``at`` about a directory that is valid, and what is no less an error.

    Bank holidays are those in use, from the copy in ``folder``.
    """
    snapshot, today = build_snapshot(directory, folder, at), at.astimezone(directory.zone).date()
    holidays = snapshot.holidays
    problems = [
        *_check_texts(directory, source),
        *_check_statements(directory.council),
        *_check_written_numbers(directory, source),
        *_check_verification(directory, today),
        *_check_similar_helplines(directory),
        *_check_shared_numbers(directory),
        *_check_mobiles(directory),
        *find_loops(directory),
        *_check_ringing(directory),
        *_check_holidays(directory, holidays, today, source),
        *_check_lines(directory, holidays, today, source),
        *_check_coverage(snapshot.timetables, today),
    ]
    levels = {_SAFETY_WORDS_MISSING: "error"}
    described = {
        Problem(*source.place_of(p), p.code, p.message, levels.get(p.code, "warning"))
        for p in problems
    }
    return tuple(_shorten(warning) for warning in sorted(described))


def find_loops(directory: Directory) -> Iterator[PathProblem]:
    """Yield a warning for each service with the number of a line: calls would come back."""
    lines = {
        phone.e164: path[1]
        for path, phone in _numbers(directory)
        if path[0] == "lines" and "also" not in path
    }
    for service in directory.services:
        if service.number is not None and service.number.e164 in lines:
            message = (
                f"{service.number.display} is the number of '{lines[service.number.e164]}' too: a "
                "call would be sent back. Write there the number that the line itself answers."
            )
            yield PathProblem(("services", service.id, "number"), "number_loops", message)


def own_number_advice(directory: Directory) -> list[str]:
    """Say of each service with a number of its own what a system that puts calls through asks."""
    return [
        f"The service '{service.id}' has a number of its own, {service.number.display}, and its "
        "decision gives that number. An exchange or a contact centre that puts calls through must "
        f"ask /api/v1/services/{service.id}/numbers: by the decision its calls would come back."
        for service in directory.services
        if service.number is not None
    ]


def verification_warning(line: Line, today: date) -> tuple[str, str] | None:
    """Return a code and a sentence if a line's number is not confirmed on ``today``, else None.

    999 and 101 need no confirmation. The sentence is for all staff and for alerts, so it leaves out
    the number.
    """
    name = f"{line.name.get('en')} (line '{line.id}')"
    if line.phone.is_emergency:
        return None
    if line.verified is None:
        return "unverified", f"{name}: nobody has confirmed its number, and pages say so."
    if today > line.verified.until:
        sentence = (
            f"{name}: its number was last confirmed on {line.verified.on:%-d %B %Y}, which held "
            f"for {line.verified.days} days."
        )
        return "verification_expired", sentence
    return None


def horizon_warning(holidays: BankHolidays, today: date) -> str | None:
    """Return a sentence if GOV.UK has published less than a year from ``today``, else None."""
    if not holidays.is_assumed(today + _A_YEAR):
        return None
    return (
        f"Bank holidays are published through {holidays.covered_through} only: later ones are "
        "assumed."
    )


def is_one_slip(typed: str, known: str) -> bool:
    """Return whether one digit is changed, lost or added, or two are swapped."""
    short, long = sorted((typed, known), key=len)
    if len(short) < len(long):
        return any(long[:n] + long[n + 1 :] == short for n in range(len(long)))
    differ = [n for n, (a, b) in enumerate(zip(typed, known, strict=True)) if a != b]
    are_neighbours = len(differ) == 2 and differ[0] + 1 == differ[1]
    return len(differ) == 1 or (are_neighbours and sorted(typed) == sorted(known))


def _shorten(problem: Problem) -> Problem:
    """Return a warning cut to MAX_WARNING_CHARS with its place, and all of it as its details.

    It is cut behind its last mark of punctuation, no number or name in two, if much is left then.
    """
    message, room = problem.message, MAX_WARNING_CHARS - len(str(replace(problem, message="")))
    if len(message) <= room or problem.level != "warning":
        return problem
    cut = shorten(message, room, placeholder=" ...")
    at_mark = re.match(rf".{{{room // 2},{room - 5}}}[,.:;] ", message)
    return replace(problem, message=f"{at_mark[0]}..." if at_mark else cut, details=message)


def _check_texts(directory: Directory, source: YamlSource) -> Iterator[PathProblem]:
    if directory.languages != ("en",) and directory.unanswered is None:
        message = (
            "`unanswered` is missing: what to do if a child is in danger and nobody answers. Write "
            f"it in each language: unanswered: {_form(directory)}."
        )
        yield PathProblem(("languages",), _SAFETY_WORDS_MISSING, message)
    if len(directory.languages) > 1:
        yield from _check_languages(directory, source)
    for path, text in source.scalars():
        if hidden := first_character(HIDDEN_CHARACTER, text):
            offset, description = hidden
            message = f"{path[-1]}: there is {description}."
            yield PathProblem(path, "hidden_character", message, offset)
        if _text_path(path) is not None or path[-1] == "send_digits":
            rest = source.rest_of_line(path, text)
            comment = re.match(r"\s+#", rest)
            if comment and not _COMMENT.match(rest):
                message = (
                    "the text ends before this #. Put the whole text in quotes; before a comment, "
                    "write two blanks."
                )
                offset = len(text) + comment.end() - 1
                yield PathProblem(path, "text_cut_by_hash", message, offset)


def _check_languages(directory: Directory, source: YamlSource) -> Iterator[PathProblem]:
    languages_by_path: dict[KeyPath, set[str | int]] = defaultdict(set)
    for scalar_path, _ in source.scalars():
        if (path := _text_path(scalar_path)) is not None:
            languages_by_path[path].update(scalar_path[len(path) :])
    for path, written in languages_by_path.items():
        missing = [language for language in directory.languages if language not in written]
        if missing:
            reason = f"there are no words in {' and '.join(missing)}"
            if len(missing) == len(directory.languages):
                reason = "these words are for every language alike"
            form = f"Write {_form(directory)}, the same words twice if they are the same."
            is_for_safety = path[0] in ("emergency", "unanswered")
            code = _SAFETY_WORDS_MISSING if is_for_safety else "language_missing"
            yield PathProblem(path, code, f"{reason}. {form}")


def _form(directory: Directory) -> str:
    return f"{{{', '.join(f'{language}: ...' for language in directory.languages)}}}"


def _text_path(path: KeyPath) -> KeyPath | None:
    """Return the path of the text that a scalar is, or is in one language; None if it is none."""
    path = path[:-1] if path[-1] in schema.LANGUAGES else path
    return path if path[-1] in _TEXT_KEYS or path[-2:-1] == ("aliases",) else None


def _check_statements(council: Council) -> Iterator[PathProblem]:
    contents = {
        "accessibility": "{email: ..., prepared: 2026-11-30}, the day it was prepared",
        "privacy": "{email: ..., url: https://...}, of the data protection officer and your notice",
    }
    for key, content in contents.items():
        if getattr(council, key) is None:
            message = f"this statement is missing. Write {key}: {content}."
            yield PathProblem(("council",), f"{key}_missing", message)


def _check_written_numbers(directory: Directory, source: YamlSource) -> Iterator[PathProblem]:
    for path, phone in _numbers(directory):
        written = str(source.value(path)).strip()
        if written != phone.display:
            code = "rewritten_number"
            message = f"'{written}' is shown and rung as {phone.display}. Write {phone.display}."
        elif not _is_in_numbering_plan(phone):
            code = "not_in_numbering_plan"
            message = (
                f"{phone.display}: by the numbering plan no telephone has such a number. Count its "
                "digits, ring it, and write it as 01632 960001."
            )
        elif path[0] != "helplines" and not re.match(r"\+44|\d", phone.e164):
            code = "foreign_number"
            message = f"{phone.display} is of another country. Is it mistyped?"
        else:
            continue
        yield PathProblem(path, code, message, 0)


def _is_in_numbering_plan(phone: Phone) -> bool:
    """Return whether a telephone may have this number; numbers for drama and short codes count."""
    is_drama = phone.e164.startswith(DRAMA_PREFIXES) and len(phone.e164) == len("+441632960001")
    if is_drama or re.fullmatch(r"[678]\d{4}", phone.e164):
        return True
    number = phonenumbers.parse(phone.e164, "GB")
    return phonenumbers.is_valid_number(number) or (
        phone.e164[0] != "+" and phonenumbers.is_valid_short_number_for_region(number, "GB")
    )


def _check_verification(directory: Directory, today: date) -> Iterator[PathProblem]:
    for line in directory.lines:
        path: KeyPath = ("lines", line.id)
        if warning := verification_warning(line, today):
            code, _ = warning
            form = f"verified: {{on: {today}, source: https://..., days: 90}}"
            state = "not confirmed"
            if line.verified is not None:
                state = f"last confirmed on {line.verified.on:%-d %B %Y}"
            message = f"{state}. Ring {line.phone.display}, then write here {form}."
            yield PathProblem((*path, "verified") if line.verified else path, code, message)


def _check_similar_helplines(directory: Directory) -> Iterator[PathProblem]:
    for path, phone in _numbers(directory):
        for known, name in WELL_KNOWN.items():
            if is_one_slip(phone.national, known):
                message = f"{phone.display} is one slip away from {known}, {name}. Is it mistyped?"
                yield PathProblem(path, "near_miss", message)


def _check_shared_numbers(directory: Directory) -> Iterator[PathProblem]:
    first_lines: dict[str, Line] = {}
    for line in directory.lines:
        first = first_lines.setdefault(line.phone.e164, line)
        if first is not line and not (first.confirmed and line.confirmed):
            message = (
                f"{line.phone.display} is also the number of '{first.id}'. Correct it; or, if both "
                "answer there, write `verified` for both."
            )
            yield PathProblem(("lines", line.id, "phone"), "same_number", message)


def _check_mobiles(directory: Directory) -> Iterator[PathProblem]:
    for service in directory.services:
        numbers = [line.phone.e164 for line in service.reachable]
        if all(re.match(r"\+447[^06]", number) for number in numbers):  # 070: personal, 076: pagers
            message = (
                f"'{service.id}' can ring only mobiles. Add a landline to `if_unanswered`. A "
                "mobile may be switched off, out of reach, or answered by its voicemail."
            )
            yield PathProblem(("services", service.id), "only_a_mobile", message)


def _check_ringing(directory: Directory) -> Iterator[PathProblem]:
    for line in directory.lines:
        path: KeyPath = ("lines", line.id)
        key = "options" if line.options is not None else "send_digits"
        if line.press_1_to_accept and getattr(line, key) is not None:
            message = (
                f"a menu answers '{line.id}', and no menu presses 1. Remove `press_1_to_accept`, "
                f"or write a number without a menu. By its `{key}` a menu answers, so no call is "
                "accepted."
            )
            yield PathProblem((*path, "press_1_to_accept"), "menu_never_accepts", message)
        most = max_ring_seconds(line)
        if line.ring_seconds is not None and line.ring_seconds > most:
            message = (
                f"'{line.id}' rings {most} seconds, not {line.ring_seconds}, as networks cut calls "
                f"off. Write {most} or less, with another line in `if_unanswered`."
            )
            yield PathProblem((*path, "ring_seconds"), "rings_too_long", message)


def _numbers(directory: Directory) -> Iterator[tuple[KeyPath, Phone]]:
    numbers: list[tuple[KeyPath, Phone | None]] = []
    for line in directory.lines:
        numbers.append((("lines", line.id, "phone"), line.phone))
        for key, entries in (("special_days", line.special_days), ("also", line.also)):
            paths = (("lines", line.id, key, n, "phone") for n in range(len(entries)))
            numbers += zip(paths, (entry.phone for entry in entries), strict=True)
    numbers += [(("services", s.id, "number"), s.number) for s in directory.services]
    numbers += [(("helplines", n, "phone"), h.phone) for n, h in enumerate(directory.helplines)]
    return ((path, phone) for path, phone in numbers if phone is not None)


def _check_holidays(
    directory: Directory, holidays: BankHolidays, today: date, source: YamlSource
) -> Iterator[PathProblem]:
    if horizon := horizon_warning(holidays, today):
        message = f"{horizon} Run `who-to-call bank-holidays refresh`."
        yield PathProblem(("bank_holidays",), "bank_holidays_end", message)
    rules, listed = directory.holiday_rules, holidays.listed
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


def _check_lines(
    directory: Directory, holidays: BankHolidays, today: date, source: YamlSource
) -> Iterator[PathProblem]:
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
            weeks = (other.hours.week for service in services for other in service.lines)
            by_day = any(h.opens <= NOON < h.closes for week in weeks for day in week for h in day)
            is_only_one = bool(services) and not by_day
            yield from _check_nights(ranges, is_only_one)
            yield from _check_weekdays(line.hours, ("lines", line.id, "hours"))
            for n, special_day in enumerate(line.special_days):
                if special_day.week is not None:
                    path: KeyPath = ("lines", line.id, "special_days", n, "hours")
                    yield from _check_weekdays(special_day.week, path)


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
    dates = []
    for day in (today + timedelta(days=n) for n in range(365)):
        if (day.month, day.day) in _CHRISTMAS:
            hours = line.hours_on(day, holidays.dates)
            if hours.ranges and (hours.special_day is None or hours.special_day.is_season):
                dates.append(f"{day:%-d %B}")
    if dates:
        message = f"open on {', '.join(dates)}? Add special days: closed, or with hours."
        yield PathProblem(path, "opens_at_christmas", message)


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
            key = "from" if special_day.is_run or special_day.every else "date"
            yield PathProblem((*path, key), "doubtful_year", _doubt_year(first, today), 0)
    if line.verified is not None and line.verified.on > today:
        message = f"{_format(line.verified.on)} is still to come. Write when it was confirmed."
        yield PathProblem(("lines", line.id, "verified", "on"), "doubtful_year", message, 0)


def _is_idle(line: Line, special_day: SpecialDay, holidays: BankHolidays) -> bool:
    """Return whether an entry does nothing to ``line``, which has the entries before it alone."""
    first, last = special_day.first, special_day.last
    if special_day.changes_nothing or first is None or last is None:
        return special_day.changes_nothing
    if special_day.every:
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
    by_value = groupby(ranges, key=lambda hours: hours.path)
    for first, second in chain.from_iterable(combinations(group, 2) for _, group in by_value):
        if first.opens < second.closes and second.opens < first.closes:
            opens, closes = min(first.opens, second.opens), max(first.closes, second.closes)
            how = "repeats" if first.text == second.text else "overlaps"
            message = (
                f"{second.text} {how} {first.text}. Correct one of them, or write "
                f"{TimeRange(opens, closes)}."
            )
            yield PathProblem(second.path, "overlapping_hours", message, second.offset)


def _check_nights(ranges: list[_WrittenRange], is_only_one: bool) -> Iterator[PathProblem]:
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
            reason = f"runs through the night until {format_time(closes, _LOCALE)}"
        elif hours.opens < _DAY_BEGINS and (hours.opens > 0 or not reaches_midnight):
            reason = f"opens at {format_time(hours.opens, _LOCALE)}, in the night"
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
    is_working_week = sum(day <= _FRIDAY for day in open_days) >= 3
    first = 0 if is_working_week else open_days[0]
    last = max(_FRIDAY, open_days[-1]) if is_working_week else open_days[-1]
    missing = [day for day in range(first, last + 1) if day not in key_of]
    if missing:
        names = " and ".join(schema.DAY_NAMES[day] for day in missing)
        days = ",".join(schema.WEEKDAYS[day] for day in missing)
        message = f"add hours, or `{days}: closed`. Not named, so counted as closed: {names}."
        beside = min(open_days, key=lambda day: (abs(day - missing[0]), -day))
        yield PathProblem((*path, key_of[beside]), "missing_weekday", message)


def _check_coverage(timetables: Timetables, today: date) -> Iterator[PathProblem]:
    """Warn of times that no line covers, and of those without a backup that could have one."""
    directory, zone = timetables.directory, timetables.directory.zone
    period = Span(midnight(today, zone), midnight(today + LOOKAHEAD, zone))
    used = {line.id for service in directory.services for line in service.reachable}
    spare = tuple(line for line in directory.lines if line.id not in used)[:MAX_SPARE_LINES]
    for service in directory.services:
        path, edges = ("services", service.id), (period.start, period.end)
        spans_by_line: dict[str, list[Span]] = defaultdict(list)
        for span, line in missing_backups(timetables, service.id, *edges, spare):
            spans_by_line[line.id].append(span)
        for line_id, spans in spans_by_line.items():
            if spans != [period]:
                # By day, so that hours which go on past midnight are described as hours of a week.
                spans = [part for span in spans for part, _ in split_by_day(span, zone)]
            times = "; ".join(format_periods(spans, period, _LOCALE))
            message = f"add '{line_id}' to `if_unanswered`: nobody else is left to try {times}."
            yield PathProblem(path, "nobody_left", message)
        if _is_always_covered(service, timetables.holidays, today):
            continue
        gaps = [span for span, lines in find_gaps(timetables, service.id, *edges) if not lines]
        for times in format_periods(gaps, period, _LOCALE):
            message = (
                f"add this to the hours of '{service.out_of_hours.id}', or correct others: no line "
                f"is open {times}."
            )
            yield PathProblem(path, "gap", message)


def _is_always_covered(service: Service, holidays: Mapping[date, BankHoliday], today: date) -> bool:
    """Return whether by wall clock some line is open at any time: then no instant is a gap either.

    It looks at a usual week, and at the dates that differ from it. Following every span of 400 days
    instead takes 5 ms, and 1,000 services 5 seconds.
    """
    lines, first, last = (*service.lines, service.out_of_hours), today - _A_DAY, today + LOOKAHEAD
    special = (day.dates(first, last) for line in lines for day in line.special_days)
    week = list(zip(*(line.hours.week for line in lines), strict=True))
    pairs = set(pairwise([week[-1], *week]))
    for day in {*chain(*special), *(day for day in holidays if first <= day <= last)}:
        days = (day - _A_DAY, day, day + _A_DAY)
        hours = [tuple(line.ranges_on(day, holidays) for line in lines) for day in days]
        pairs |= set(pairwise(hours))
    return all(_cover_day(chain(*before), chain(*day)) for before, day in pairs)


def _cover_day(before: Iterable[TimeRange], day: Iterable[TimeRange]) -> bool:
    """Return whether hours that start on a day and on the day before cover all its minutes."""
    night = ((h.opens - MINUTES_PER_DAY, h.closes - MINUTES_PER_DAY) for h in before)
    covered = 0
    for opens, closes in sorted([*night, *((h.opens, h.closes) for h in day)]):
        if opens <= covered:
            covered = max(covered, closes)
    return covered >= MINUTES_PER_DAY


def _format(day: date) -> str:
    return f"{day:%-d %B %Y}"
