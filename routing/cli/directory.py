"""who-to-call directory: begin, check, compare and print the directory."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

import click

from routing import files, lookup
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
from routing.cli.new_directory import (
    QUESTIONS,
    Answers,
    BadAnswers,
    Question,
    directory_text,
    read_answers,
)
from routing.core.directory import Line
from routing.core.gaps import Callee, Change, CoverageKind, compare, reportable_gaps
from routing.core.instants import Span
from routing.directory.load import LastGoodDirectory, load, read_text
from routing.directory.schema import json_schema
from routing.directory.yaml_source import file_changes
from routing.errors import InvalidDirectory, Problem
from routing.formats import printed
from routing.formats.json import span_json
from routing.lint.check import warnings
from routing.lint.numbers import own_number_advice
from routing.text import dates
from routing.text.locale import Locale
from routing.text.staff_text import format_periods

group = CommandGroup("directory", help="Begin, check, compare and print the directory.")


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
    if path.exists() and not force:
        raise click.ClickException(f"{path} exists. Give another FILE, or --force to replace it.")
    try:
        if answers is None:
            text = _ask()
        else:
            given = read_answers(read_text(answers))
            text = directory_text(given, lookup.instance_path(), lookup.now())
        files.write_atomically(path, text.encode(), files.PUBLIC_FILE_MODE)
    except (BadAnswers, InvalidDirectory, OSError) as error:
        raise click.ClickException(str(error)) from error
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
    advice: list[str] = []
    try:
        directory, source = load(path)
        problems = warnings(directory, source, lookup.instance_path(), lookup.now())
        advice = own_number_advice(directory)
    except InvalidDirectory as error:
        problems = error.problems
    errors = sum(problem.level == "error" for problem in problems)
    summary = f"{count_of(errors, 'error')}, {count_of(len(problems) - errors, 'warning')}"
    print_report(
        as_json,
        [asdict(problem) for problem in problems],
        [*_problem_lines(problems, verbose), f"{path}: {summary}", *([] if errors else advice)],
    )
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
        old, new = _last_good_file(), old
    before, after = load_snapshot(old), load_snapshot(new)
    locale, period = lookup.staff_locale(after), local_period(after, first, days)
    edits = file_changes(load(old)[1], load(new)[1])
    services = dict.fromkeys([*after.timetables.services, *before.timetables.services])
    by_service = {
        service: list(
            compare(before.timetables, after.timetables, service, period.start, period.end)
        )
        for service in services
    }
    _print_by_service(
        as_json,
        [
            *(
                {
                    "owner": edit.owner,
                    "key": ".".join(map(str, edit.path)),
                    "old": edit.old,
                    "new": edit.new,
                }
                for edit in edits
            ),
            *(
                {
                    "service": service,
                    **span_json(during, locale),
                    "old": _callee_json(old_callee, locale),
                    "new": _callee_json(new_callee, locale),
                }
                for service, changes in by_service.items()
                for during, (old_callee, new_callee) in changes
            ),
        ],
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
    page = printed.printed_page(snapshot, lookup.now(), locale, rehearsal=rehearsal)
    print_or_write(page, output)


@group.command("schema")
def schema() -> None:
    """Print the JSON Schema of a directory, for editors."""
    click.echo(json_schema(), nl=False)


def changes_text(changes: Iterable[tuple[Span, Change]], period: Span, locale: Locale) -> list[str]:
    """Describe what changes in a service: when, from what, to what."""
    groups: dict[tuple[str, str], list[Span]] = defaultdict(list)
    for during, (old, new) in changes:
        groups[_callee_text(old, locale), _callee_text(new, locale)].append(during)
    lines: list[str] = []
    for (old_text, new_text), spans in groups.items():
        lines += format_periods(spans, period, locale)
        lines += [f"  old: {old_text}", f"  new: {new_text}"]
    return lines


def _ask() -> str:
    """Ask every question until the answers are right. Return the directory's text."""
    typed: dict[str, str] = {}
    keys_to_ask = [question.key for question in QUESTIONS]
    while True:
        for question in QUESTIONS:
            if question.key in keys_to_ask:
                default = typed.get(question.key, question.default)
                typed[question.key] = _ask_one(question, default)
        answers: Answers = {
            question.key: question.parse(typed[question.key]) for question in QUESTIONS
        }
        try:
            text = directory_text(answers, lookup.instance_path(), lookup.now())
        except BadAnswers as error:
            click.echo(f"{error}\nPlease answer again.")
            keys_to_ask = list(error.errors)
            continue
        click.echo("\nYour answers:")
        for question in QUESTIONS:
            click.echo(f"  {question.key}: {typed[question.key]}")
        if click.confirm("Is everything right?", default=True):
            return text
        keys_to_ask = [question.key for question in QUESTIONS]


def _ask_one(question: Question, default: str | None) -> str:
    def parse(value: str) -> str:
        try:
            question.parse(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from error
        return value

    answer: str = click.prompt(question.words, default=default, value_proc=parse)
    return answer


def _problem_lines(problems: Iterable[Problem], verbose: bool) -> Iterator[str]:
    for problem in problems:
        yield str(problem)
        if verbose and problem.details:
            yield f"  {problem.details}"


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


def _last_good_file() -> Path:
    """Return the copy of the directory in use."""
    file = LastGoodDirectory(lookup.instance_path()).file
    if not file.exists():
        raise click.UsageError(
            f"{file} does not exist: the service has not run here yet. Give two files, OLD and NEW."
        )
    return file


def _format_period(period: Span, locale: Locale) -> str:
    first, last = (edge.astimezone(locale.zone).date() for edge in (period.start, period.end))
    return f"{dates.format_date(first, locale)} to {dates.format_date(last, locale)}"


def _gaps_text(
    gaps: Iterable[tuple[Span, CoverageKind, tuple[Line, ...]]], period: Span, locale: Locale
) -> list[str]:
    """Describe the gaps and overlaps of a service, grouped by kind and lines."""
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
    line, phone, number = callee.answer.line, callee.answer.phone, callee.number
    return {
        "line": line.id,
        "e164": None if phone.is_emergency else phone.e164,
        "number": number.e164 if number else None,
        "name": line.name.get(locale.language),
        "display": phone.display,
        "options": line.options.get(locale.language) if line.options else None,
    }


def _callee_text(callee: Callee | None, locale: Locale) -> str:
    if callee is None:
        return locale.translate("this service is not there")
    line, phone = callee.answer.line, callee.answer.phone
    text = f"{line.name.get(locale.language)} ({line.id}), {phone.display}"
    if line.options:
        text += f" ({line.options.get(locale.language)})"
    if callee.number is None:
        return text
    return locale.translate(
        "{answer}; callers ring {number}", answer=text, number=callee.number.display
    )
