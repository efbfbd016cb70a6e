"""who-to-call directory: begin, check, compare and print the directory."""

import json
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date, datetime
from operator import itemgetter
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from flask import g, render_template

from routing import formats, lint, lookup
from routing.cli.common import (
    EXIT_FOUND,
    FILE_PATH,
    CommandGroup,
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
from routing.core.gaps import Callee, compare, find_gaps
from routing.core.instants import Span
from routing.directory import schema
from routing.directory.load import LastGoodDirectory, parse, read_text
from routing.directory.yaml_source import Node, UnreadableFile, file_changes, read_yaml
from routing.errors import InvalidDirectory, KeyPath, Problem
from routing.formats import span_json
from routing.text import dates
from routing.text.locale import Locale
from routing.text.staff_text import format_periods

group = CommandGroup("directory", help="Begin, check, compare and print the directory.")

Answers = Mapping[str, Node | None]
"""What each question was answered, by its key: a text, or what a file of answers has."""

NOT_ASKED = {
    *("accessibility_missing", "privacy_missing", "unverified", "opens_at_christmas"),
    "bank_holidays_end",
}
"""Warnings about what the council completes later, or no answer could mend."""


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
            given = read_yaml(read_text(answers)).root
            text = directory_text(given, lookup.instance_path(), lookup.now())
    except UnreadableFile as error:
        raise click.ClickException(f"{answers}: {error.problem}") from error
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
        lines += lint.own_number_advice(directory)
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
    rows: list[dict[str, object]] = []
    lines = [f"{path}, {_format_period(period, locale)}:"]
    for service in snapshot.directory.services:
        spans: dict[tuple[str, str], list[Span]] = defaultdict(list)
        for span, open_lines in find_gaps(
            snapshot.timetables, service.id, period.start, period.end
        ):
            kind = "overlap" if open_lines else "gap"
            ids = [line.id for line in open_lines]
            rows.append(
                {"service": service.id, "kind": kind, **span_json(span, locale), "lines": ids}
            )
            names = " + ".join(line.name.get(locale.language) for line in open_lines)
            spans[kind, f" ({names})" if names else ""].append(span)
        sentences = [
            f"{kind:<8} {sentence}{names}"
            for kind, names in sorted(spans, key=itemgetter(0))
            for sentence in format_periods(spans[kind, names], period, locale)
        ]
        title = f"{service.name.get(locale.language)} ({service.id})"
        lines += _section(title, sentences or ["no gap and no overlap"])
    print_report(as_json, rows, lines)
    raise SystemExit(EXIT_FOUND if rows else 0)


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
    rows: list[dict[str, object]] = [
        {"owner": edit.owner, "key": ".".join(edit.path), "old": edit.old, "new": edit.new}
        for edit in edits
    ]
    lines = [f"From {old} to {new}, {_format_period(period, locale)}:"]
    lines += _section("Changed in the file", [str(edit) for edit in edits] or ["nothing"])
    tables = before.timetables, after.timetables
    for service in dict.fromkeys([*after.timetables.services, *before.timetables.services]):
        spans: dict[tuple[str, str], list[Span]] = defaultdict(list)
        for span, callees in compare(*tables, service, period.start, period.end):
            one, other = (_callee_json(callee, locale) for callee in callees)
            rows.append({"service": service, **span_json(span, locale), "old": one, "new": other})
            one_text, other_text = (_callee_text(callee, locale) for callee in callees)
            spans[one_text, other_text].append(span)
        details = []
        for (one_text, other_text), spans_alike in spans.items():
            details += format_periods(spans_alike, period, locale)
            details += [f"  old: {one_text}", f"  new: {other_text}"]
        lines += _section(service, details or ["no change"])
    print_report(as_json, rows, lines)
    raise SystemExit(EXIT_FOUND if rows else 0)


@group.command("print")
@click.option("--output", type=FILE_PATH, help="Write to this file in one step.")
@click.option(
    "--lang", metavar="LANGUAGE", help="Language. [default: the first one in the directory]"
)
def print_page(output: Path | None, lang: str | None) -> None:
    """Print a page of every number and its hours, as HTML that needs no other file.

    Put it on the wall, and show it while the service is down. The page says until when it is valid.
    """
    g.language = lang
    print_or_write(formats.printed_page(lookup.now()), output)


@group.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of a directory, for editors."""
    click.echo(schema.json_schema(), nl=False)


def _section(title: str, details: Sequence[str]) -> list[str]:
    return ["", title, *(f"  {detail}" for detail in details)]


def _format_period(period: Span, locale: Locale) -> str:
    first, last = (edge.astimezone(locale.zone).date() for edge in (period.start, period.end))
    return f"{dates.format_date(first, locale)} to {dates.format_date(last, locale)}"


def _callee_text(callee: Callee | None, locale: Locale) -> str:
    if callee is None:
        return locale.translate("this service is not there")
    line, number = callee.line, callee.number
    options = f" ({line.options.get(locale.language)})" if line.options else ""
    answer = f"{line.name.get(locale.language)} ({line.id}), {callee.phone.display}{options}"
    if number is None:
        return answer
    return locale.translate("{answer}; callers ring {number}", answer=answer, number=number.display)


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
    """A question, its answer's key, and where the directory has the answer."""

    key: str
    words: str
    path: KeyPath
    default: str | None = None


QUESTIONS = (
    Question("council", "The council's name", ("council", "name")),
    Question("website", "Its website, as https://www.anyshire.example", ("council", "website")),
    Question(
        "division",
        "Its bank holidays: england-and-wales, scotland or northern-ireland",
        ("bank_holidays", "division"),
        "england-and-wales",
    ),
    Question(
        "day_line", "The day line: its name and number, as MASH, 01632 960001", ("lines", "day")
    ),
    Question(
        "day_hours",
        "Its hours, as mon-thu: 08:30-17:00; fri: 08:30-16:30. On bank holidays it is closed, "
        "unless you add `bank-holiday: 10:00-16:00`",
        ("lines", "day", "hours"),
    ),
    Question(
        "night_line",
        "Who answers at all other times: name and number, perhaps Police, 101",
        ("lines", "night"),
    ),
    Question(
        "night_hours",
        "Its hours: always, or days and hours as before",
        ("lines", "night", "hours"),
        "always",
    ),
    Question(
        "languages", "Languages of pages: en, or cy, en for Welsh first", ("languages",), "en"
    ),
)


class BadAnswers(ValueError):
    """Answers that cannot be used; ``errors`` says why, by key."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("\n".join(f"{key}: {error}" for key, error in errors.items()))
        self.errors = dict(errors)


def directory_text(given: Answers, folder: Path, at: datetime) -> str:
    """Return the directory that answers make at ``at``, with comments for whoever edits it.

    A line is a text "name, number", or a mapping of both; hours are a text with a semicolon between
    days, or a mapping. The numbers are not confirmed, and ``check`` has nothing to say about the
    directory but NOT_ASKED, with the bank holidays of ``folder``. Raise BadAnswers.
    """
    answers = {question.key: given.get(question.key, question.default) for question in QUESTIONS}
    unknown = f"there is no such question. They are {', '.join(answers)}."
    errors = {key: unknown for key in given if key not in answers}
    missing = [question for question in QUESTIONS if not answers[question.key]]
    errors |= {question.key: f"it is missing. {question.words}." for question in missing}
    for key, answer in answers.items():
        try:
            read_yaml(json.dumps({key: answer}, ensure_ascii=False))
        except UnreadableFile as error:  # with such a character nobody could read the directory
            raise BadAnswers(errors | {key: str(error)}) from error
    text = _render(answers, at.astimezone(ZoneInfo(schema.UK_ZONE)).date())
    try:
        problems = lint.warnings(*parse(text, Path("directory.yaml")), folder, at)
    except InvalidDirectory as error:
        problems = error.problems
    faults = [problem for problem in problems if problem.code not in NOT_ASKED]
    if errors := {_key_at(text, problem): problem.message for problem in faults} | errors:
        raise BadAnswers(errors)
    return text


def _render(answers: Answers, today: date) -> str:
    day_line, night_line = _split_line(answers["day_line"]), _split_line(answers["night_line"])
    hours = (_split_hours(answers[key]) for key in ("day_hours", "night_hours"))
    day_hours, night_hours = hours
    if day_line[1] == night_line[1]:  # one line, at all hours
        day_hours = night_hours
    if not any(days in ("", schema.BANK_HOLIDAY) for days, _ in day_hours):
        day_hours.append((schema.BANK_HOLIDAY, "closed"))
    listed = answers["languages"]
    words_listed: list[Node] = [*str(listed).replace(",", " ").split()]
    languages = listed if isinstance(listed, list) else words_listed
    are_known = all(code in schema.LANGUAGES for code in languages)

    def words(text: Node, welsh: str = "") -> str:
        """Return a text for each language; one without a translation stands in both."""
        if languages == ["en"] or not isinstance(text, str) or not are_known:
            return quote(text)
        texts = [welsh if code == "cy" else text for code in languages]
        if not welsh:
            texts = text.split(" / ", 1) * len(languages)
        pairs = zip(map(quote, languages), map(quote, texts), strict=False)
        return f"{{{', '.join(': '.join(pair) for pair in pairs)}}}"

    text = render_template(
        "directory.yaml",
        **{**answers, "languages": languages},
        lines={"day": (*day_line, day_hours), "night": (*night_line, night_hours)},
        today=today,
        words=words,
        quote=quote,
    )
    return f"{text}\n"


def _split_line(line: Node | None) -> tuple[Node, Node]:
    if isinstance(line, dict):
        return line.get("name", ""), line.get("phone", "")
    words = str(line)
    if "," not in words:  # MASH 01632 960001, or a number alone
        words = re.sub(r"(?=[+(]?\d[\d ()-]*$)", ",", words, count=1)
    name, _, phone = words.partition(",")
    return name.strip(), phone.strip()


def _split_hours(hours: Node | None) -> list[tuple[str, Node]]:
    """Return days and their hours; of hours without days, such as always, the days are ""."""
    if isinstance(hours, dict):
        return list(hours.items()) or [("", "")]
    parts = (part.strip().rpartition(": ") for part in str(hours).strip(" ;").split(";"))
    return [(days, text) for days, _, text in parts]


def quote(node: Node | None) -> str:
    """Return a value as YAML, in quotes only where it needs them."""
    with suppress(UnreadableFile):
        if node and read_yaml(f"a: {{b: {node}}}").root == {"a": {"b": node}}:
            return str(node)
    return json.dumps(node, ensure_ascii=False)


def _key_at(text: str, problem: Problem) -> str:
    """Return the key of the last answer that begins at or before a problem."""
    source, place = read_yaml(text), (problem.line, problem.column)
    places = {question.key: source.key_place(question.path) for question in QUESTIONS}
    before = [key for key in places if places[key] <= place]
    if problem.code == "gap":
        return "night_hours"
    return max(before, key=lambda key: places[key], default="council")


def _ask() -> str:
    answers = {question.key: question.default for question in QUESTIONS}
    to_ask: Iterable[str] = tuple(answers)
    while True:
        for question in (question for question in QUESTIONS if question.key in to_ask):
            answers[question.key] = click.prompt(question.words, default=answers[question.key])
        to_ask = tuple(answers)
        try:
            text = directory_text(answers, lookup.instance_path(), lookup.now())
        except BadAnswers as error:
            click.echo(f"{error}\nPlease answer again.")
            to_ask = error.errors
            continue
        lines = (f"  {key}: {answer}" for key, answer in answers.items())
        click.echo("\n".join(["", "Your answers:", *lines]))
        if click.confirm("Is everything right?", default=True):
            return text
