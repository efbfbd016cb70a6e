"""who-to-call directory: begin, check, compare and print the directory."""

import json
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from flask import render_template

from routing import formats, lookup
from routing.cli.common import (
    EXIT_FOUND,
    FILE_PATH,
    CommandGroup,
    changes_text,
    count_of,
    days_option,
    directory_path,
    format_option,
    from_option,
    load_snapshot,
    local_period,
    print_or_write,
    print_report,
)
from routing.core.directory import Line, Phone
from routing.core.gaps import Callee, CoverageKind, compare, reportable_gaps
from routing.core.instants import Span
from routing.directory import schema
from routing.directory.load import LastGoodDirectory, parse, read_text
from routing.directory.yaml_source import UnreadableFile, file_changes, read_yaml
from routing.errors import InvalidDirectory, Problem
from routing.formats import span_json
from routing.lint import check as lint
from routing.lint.hours import days_to_confirm
from routing.lint.numbers import own_number_advice
from routing.snapshot import build_snapshot
from routing.text import dates
from routing.text.locale import Locale
from routing.text.staff_text import format_periods

group = CommandGroup("directory", help="Begin, check, compare and print the directory.")

Answers = dict[str, Any]
"""What each question was answered, by its key, as the template needs it."""

NOT_ASKED = {"accessibility_missing", "privacy_missing", "unverified", "bank_holidays_end"}
"""Warnings about what the council completes later, or no answer could mend."""

DIVISIONS = ("england-and-wales", "scotland", "northern-ireland")
_FIXED_DAYS = {
    (12, 24): ("Christmas Eve", "Noswyl Nadolig"),
    (12, 25): ("Christmas Day", "Dydd Nadolig"),
    (12, 26): ("Boxing Day", "Gŵyl San Steffan"),
    (12, 31): ("New Year's Eve", "Nos Galan"),
    (1, 1): ("New Year's Day", "Dydd Calan"),
}


@group.command("new")
@click.argument("file", required=False, type=FILE_PATH)
@click.option("--answers", type=FILE_PATH, help="Take the answers from this YAML file.")
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
def new(file: Path | None, answers: Path | None, force: bool) -> None:
    """Ask eight questions, and write a directory to FILE.

    Without FILE, write the directory in use. A bad answer is asked again. Numbers are written as
    not confirmed: the file says what to write once you have rung them. --answers takes a file with
    the keys council, website, division, day_line, day_hours, night_line, night_hours and languages;
    exit status 1 if one of them is bad, naming each.
    """
    path = file or directory_path()
    if os.path.exists(path) and not force:
        raise click.ClickException(f"{path} exists. Give another FILE, or --force to replace it.")
    if not os.access(path.absolute().parent, os.W_OK):  # it is too late after eight questions
        raise click.ClickException(f"You may not write {path}. Give another FILE.")
    try:
        if answers is None:
            text = _ask()
        else:
            given = read_answers(read_text(answers))
            text = directory_text(given, lookup.instance_path(), lookup.now())
    except (BadAnswers, InvalidDirectory) as error:
        raise click.ClickException(str(error)) from error
    print_or_write(text, path)
    click.echo(f"Wrote {path}. Look through it: it says what to add, and what to confirm.")


@group.command("check")
@click.argument("file", required=False, type=FILE_PATH)
@click.option("--strict", is_flag=True, help="Exit with 1 on warnings too.")
@click.option("--verbose", is_flag=True, help="Print warnings in full.")
@format_option
def check(file: Path | None, strict: bool, verbose: bool, as_json: bool) -> None:
    """List every error and warning in FILE, with its line and how to fix it.

    Without FILE, check the directory in use. A warning is one line of at most 160 characters. Exit
    status 1 if there is an error.
    """
    path = file or directory_path()
    problems, directory = lint.check(path, lookup.instance_path(), lookup.now())
    errors = sum(problem.level == "error" for problem in problems)
    summary = f"{count_of(errors, 'error')}, {count_of(len(problems) - errors, 'warning')}"
    lines = []
    for problem in problems:
        lines.append(str(problem))
        if verbose and problem.details:
            lines.append(f"  {problem.details}")
    lines.append(f"{path}: {summary}")
    if directory is not None and not errors:
        lines += own_number_advice(directory)
    print_report(as_json, [asdict(problem) for problem in problems], lines)
    raise SystemExit(EXIT_FOUND if errors or (strict and problems) else 0)


@group.command("gaps")
@click.argument("file", required=False, type=FILE_PATH)
@from_option
@days_option(400, "How many days to check.")
@format_option
def gaps(file: Path | None, first: date | None, days: int, as_json: bool) -> None:
    """List when no line of a service in FILE is open, or more than one is.

    Without FILE, check the directory in use. In a gap, calls go to the out-of-hours line although
    its hours say that it is closed. Exit status 1 if there is a gap or an overlap, 2 if FILE cannot
    be read.
    """
    path = file or directory_path()
    snapshot = load_snapshot(path)
    locale, period = lookup.staff_locale(snapshot), local_period(snapshot, first, days)
    by_service = {
        service: list(reportable_gaps(snapshot.timetables, service.id, period.start, period.end))
        for service in snapshot.directory.services
    }
    _print_by_service(
        as_json,
        [
            {
                "service": service.id,
                "kind": kind.value,
                **span_json(during, locale),
                "lines": [line.id for line in lines],
            }
            for service, spans in by_service.items()
            for during, kind, lines in spans
        ],
        f"{path}, {_format_period(period, locale)}:",
        {
            f"{service.name.get(locale.language)} ({service.id})": (
                _gaps_text(spans, period, locale) or ["no gap and no overlap"]
            )
            for service, spans in by_service.items()
        },
    )
    raise SystemExit(EXIT_FOUND if any(by_service.values()) else 0)


@group.command("diff")
@click.argument("old", type=FILE_PATH)
@click.argument("new", required=False, type=FILE_PATH)
@from_option
@days_option(400, "How many days to compare.")
@format_option
def diff(old: Path, new: Path | None, first: date | None, days: int, as_json: bool) -> None:
    """List what was changed from OLD to NEW, and every period in which callers notice.

    With one file, it is compared with the directory in use. Exit status 1 if anything changes, 2 if
    a file cannot be read.
    """
    if new is None:
        old, new = LastGoodDirectory(lookup.instance_path()).file, old
        if not old.exists():
            message = f"{old} does not exist: the service has not run here yet."
            raise click.UsageError(f"{message} Give two files, OLD and NEW.")
    before, after = load_snapshot(old), load_snapshot(new)
    locale, period = lookup.staff_locale(after), local_period(after, first, days)
    edits = file_changes(*(read_yaml(read_text(file)) for file in (old, new)))
    services = dict.fromkeys([*after.timetables.services, *before.timetables.services])
    by_service = {
        service: list(
            compare(before.timetables, after.timetables, service, period.start, period.end)
        )
        for service in services
    }
    rows: list[dict[str, object]] = []
    for edit in edits:
        key = ".".join(map(str, edit.path))
        rows.append({"owner": edit.owner, "key": key, "old": edit.old, "new": edit.new})
    for service, changes in by_service.items():
        for during, callees in changes:
            one, other = (_callee_json(callee, locale) for callee in callees)
            row = {"service": service, **span_json(during, locale), "old": one, "new": other}
            rows.append(row)
    _print_by_service(
        as_json,
        rows,
        f"From {old} to {new}, {_format_period(period, locale)}:",
        {
            "Changed in the file": [str(edit) for edit in edits] or ["nothing"],
            **{
                service: changes_text(changes, period, locale) or ["no change"]
                for service, changes in by_service.items()
            },
        },
    )
    raise SystemExit(EXIT_FOUND if edits or any(by_service.values()) else 0)


@group.command("print")
@click.option("--output", type=FILE_PATH, help="Write to this file in one step.")
@click.option(
    "--lang", metavar="LANGUAGE", help="Language. [default: the first one in the directory]"
)
def print_page(output: Path | None, lang: str | None) -> None:
    """Print a page of every number and its hours, as HTML that needs no other file.

    Put it on the wall, and show it while the service is down. The page says until when it is valid.
    """
    snapshot, locale, rehearsal = lookup.snapshot(), lookup.locale(lang), lookup.is_rehearsal()
    page = formats.printed_page(snapshot, lookup.now(), locale, rehearsal=rehearsal)
    print_or_write(page, output)


@group.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of a directory, for editors."""
    click.echo(schema.json_schema(), nl=False)


def _print_by_service(
    as_json: bool,
    rows: Sequence[Mapping[str, object]],
    heading: str,
    sections: Mapping[str, Sequence[str]],
) -> None:
    lines = [heading]
    for title, details in sections.items():
        lines += ["", title, *(f"  {detail}" for detail in details)]
    print_report(as_json, rows, lines)


def _format_period(period: Span, locale: Locale) -> str:
    first, last = (edge.astimezone(locale.zone).date() for edge in (period.start, period.end))
    return f"{dates.format_date(first, locale)} to {dates.format_date(last, locale)}"


def _gaps_text(
    gaps: Iterable[tuple[Span, CoverageKind, tuple[Line, ...]]], period: Span, locale: Locale
) -> list[str]:
    groups: dict[tuple[CoverageKind, tuple[str, ...]], list[Span]] = defaultdict(list)
    for during, kind, lines in gaps:
        groups[kind, tuple(line.name.get(locale.language) for line in lines)].append(during)
    return [
        f"{kind.value:<8} {sentence}{' (' + ' + '.join(names) + ')' if names else ''}"
        for (kind, names), spans in sorted(groups.items(), key=lambda group: group[0][0])
        for sentence in format_periods(spans, period, locale)
    ]


def _callee_json(callee: Callee | None, locale: Locale) -> dict[str, str | None] | None:
    if callee is None:
        return None
    line, phone, number = callee.line, callee.phone, callee.number
    return {
        "line": line.id,
        "e164": None if phone.is_emergency else phone.e164,
        "number": number.e164 if number else None,
        "name": line.name.get(locale.language),
        "display": phone.display,
        "options": line.options.get(locale.language) if line.options else None,
    }


@dataclass(frozen=True, slots=True)
class Question:
    """A question, its answer's key, and what reads the answer or raises ValueError."""

    key: str
    words: str
    parse: Callable[[object], object]
    default: str | None = None


@dataclass(frozen=True, slots=True)
class LineAnswer:
    """The name and the number of a line."""

    name: str
    phone: Phone


def _council(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("Write the council's name, as Anyshire County Council.")
    return " ".join(value.split())


def _division(value: object) -> str:
    if value not in DIVISIONS:
        raise ValueError(
            f"{value!r} is not known. Write {', '.join(DIVISIONS[:2])} or {DIVISIONS[2]}."
        )
    return str(value)


def _line(value: object) -> LineAnswer:
    if isinstance(value, Mapping):
        value = f"{value.get('name', '')}, {value.get('phone', '')}"
    match = re.fullmatch(r"\s*([^\[{].*?)\s*,\s*(\+?[\d(][\d ()+-]*)\s*", str(value))
    if match is None or re.search(r"\d{5}", match[1]):
        message = "is not a line. Write its name and one number, as MASH, 01632 960001."
        raise ValueError(f"{value!r} {message}")
    return LineAnswer(match[1], schema.parse_line_phone(match[2]))


def _day_line(value: object) -> LineAnswer:
    line = _line(value)
    if line.phone.is_emergency:
        raise ValueError(f"{line.phone.display} may be the night line only. Write another number.")
    return line


def _hours(value: object) -> list[tuple[str, str]]:
    """Read a week's hours: a mapping, or one text with a semicolon between days."""
    if isinstance(value, str) and value != "always":
        days = (part.strip().partition(" ") for part in value.split(";"))
        value = {key.rstrip(":"): hours.strip() for key, _, hours in days}
    return list(schema.parse_week(value).as_written)


def _languages(value: object) -> list[str]:
    languages = value if isinstance(value, list) else str(value).replace(",", " ").split()
    if languages not in (["en"], ["cy"], ["cy", "en"], ["en", "cy"]):
        raise ValueError(f"{value!r} is not understood. Write en, or cy, en for Welsh first.")
    return languages


QUESTIONS = (
    Question("council", "The council's name", _council),
    Question("website", "Its website, as https://www.anyshire.example", schema.parse_url),
    Question("division", f"Its bank holidays: {', '.join(DIVISIONS)}", _division, DIVISIONS[0]),
    Question("day_line", "The day line: its name and number, as MASH, 01632 960001", _day_line),
    Question(
        "day_hours",
        "Its hours, as mon-thu: 08:30-17:00; fri: 08:30-16:30. On bank holidays it is closed, "
        "unless you add `bank-holiday: 10:00-16:00`",
        _hours,
    ),
    Question("night_line", "Who answers at all other times: name and number, perhaps 101", _line),
    Question("night_hours", "Its hours: always, or days and hours as before", _hours, "always"),
    Question("languages", "Languages of pages: en, or cy, en for Welsh first", _languages, "en"),
)


class BadAnswers(ValueError):
    """Answers that cannot be used; ``errors`` says why, by key."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("\n".join(f"{key}: {error}" for key, error in errors.items()))
        self.errors = dict(errors)


def read_answers(text: str) -> Answers:
    """Return the answers in a YAML file with the key of each question. Raise BadAnswers."""
    try:
        root = read_yaml(text).root
    except UnreadableFile as error:
        raise BadAnswers({f"line {error.problem.line}": error.problem.message}) from error
    answers: Answers = {}
    keys = [question.key for question in QUESTIONS]
    errors = {key: f"is not one of {', '.join(keys)}." for key in root if key not in keys}
    for question in QUESTIONS:
        value = root.get(question.key, question.default)
        try:
            answers[question.key] = question.parse(value)
        except ValueError as error:
            errors[question.key] = str(error) if value else f"it is missing. {question.words}."
    if errors:
        raise BadAnswers(errors)
    return answers


def directory_text(answers: Answers, folder: Path, at: datetime) -> str:
    """Return the directory that answers make at ``at``, with comments for whoever edits it.

    Its numbers are not confirmed, and ``check`` has nothing to say about it but NOT_ASKED, with the
    bank holidays of ``folder``. Dates around Christmas on which the day line opens as usual are
    written out. Raise BadAnswers.
    """
    today = at.astimezone(ZoneInfo(schema.UK_ZONE)).date()
    if answers["night_line"].phone == answers["day_line"].phone:  # one line, at all hours
        answers = answers | {"day_hours": answers["night_hours"]}
    text, name = _render(answers, (), today), Path("directory.yaml")
    try:
        directory, _ = parse(text, name)
        line, holidays = directory.lines[0], build_snapshot(directory, folder, at).holidays
        days = [] if line.hours.is_always else days_to_confirm(line, holidays, today)
        ranges = [(day, line.ranges_on(day, holidays.dates)) for day in days]
        special_days = [(day, ", ".join(map(str, hours))) for day, hours in ranges]
        text = _render(answers, special_days, today)
        problems = lint.warnings(*parse(text, name), folder, at)
    except InvalidDirectory as error:
        problems = error.problems
    errors = {
        _key_at(text, problem): problem.message
        for problem in problems
        if problem.code not in NOT_ASKED
    }
    if errors:
        raise BadAnswers(errors)
    return text


def _render(answers: Answers, special_days: Sequence[tuple[date, str]], today: date) -> str:
    languages, day_hours = answers["languages"], answers["day_hours"]
    if not any(days in ("", schema.BANK_HOLIDAY) for days, _ in day_hours):
        day_hours = [*day_hours, (schema.BANK_HOLIDAY, "closed")]

    def words(text: str, welsh: str = "") -> str:
        """Return a text for each language; one without a translation stands in both."""
        texts = {"en": text, "cy": welsh or text}
        if not welsh and " / " in text:
            texts = dict(zip(languages, text.split(" / ", 1) * len(languages), strict=False))
        if languages == ["en"]:
            return quote(text)
        return f"{{{', '.join(f'{language}: {quote(texts[language])}' for language in languages)}}}"

    text = render_template(
        "directory.yaml",
        **answers | {"day_hours": day_hours},
        special_days=[
            (day, words(*_FIXED_DAYS[day.month, day.day]), hours) for day, hours in special_days
        ],
        today=today,
        words=words,
        quote=quote,
    )
    return f"{text}\n"


def quote(text: str) -> str:
    """Return a text as YAML, in quotes only where it needs them."""
    is_plain = re.fullmatch(r"[A-Za-z][^\x00-\x1f:#{}\[\],&*!|>'\"%@`\x7f-\x9f]*", text)
    return text if is_plain and text == text.strip() else json.dumps(text, ensure_ascii=False)


def _key_at(text: str, problem: Problem) -> str:
    """Return the key of the question whose answer stands at a problem of the text."""
    if problem.code == "gap":
        return "night_hours"
    above = "\n".join(text.split("\n")[: problem.line])
    keys = {"\n  day:": "day_line", "\n  night:": "night_line"}
    keys |= {f"\n{question.key}:": question.key for question in QUESTIONS}
    last = max(keys, key=above.rfind)
    if above.rfind("\n    hours:") > above.rfind(last):
        return keys[last].replace("_line", "_hours")
    return keys[last] if last in above else "council"


def _ask() -> str:
    """Ask every question until the answers are right. Return the directory's text."""
    typed = {question.key: question.default for question in QUESTIONS}
    to_ask: Sequence[Question] = QUESTIONS
    while True:
        for question in to_ask:
            typed[question.key] = _ask_one(question, typed[question.key])
        to_ask = QUESTIONS
        answers: Answers = {q.key: q.parse(typed[q.key]) for q in QUESTIONS}
        try:
            text = directory_text(answers, lookup.instance_path(), lookup.now())
        except BadAnswers as error:
            click.echo(f"{error}\nPlease answer again.")
            to_ask = [q for q in QUESTIONS if q.key in error.errors]
            continue
        lines = (f"  {key}: {answer}" for key, answer in typed.items())
        click.echo("\n".join(["", "Your answers:", *lines]))
        if click.confirm("Is everything right?", default=True):
            return text


def _ask_one(question: Question, default: str | None) -> str:
    def parse(value: str) -> str:
        try:
            question.parse(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from error
        return value

    answer: str = click.prompt(question.words, default=default, value_proc=parse)
    return answer
