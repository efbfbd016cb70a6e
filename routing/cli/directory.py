"""flask directory ...: check the file before it goes live."""

import json
from pathlib import Path

import click
from flask.cli import AppGroup

from routing import files, lookup
from routing.cli import common
from routing.directory.schema import json_schema
from routing.errors import InvalidDirectory
from routing.formats import printed
from routing.lint import check as lint

group = AppGroup("directory", help="Check the directory, whatever state it is in.")


@group.command("check")
@click.argument("file", required=False, type=common.FILE_PATH)
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
@common.format_option
def check(file: Path | None, strict: bool, form: str) -> None:
    """Tell every error and warning in FILE (the directory in use), with line and column."""
    path = file or common.directory_path()
    problems = lint.check(path, lookup.instance_path(), lookup.now())
    if form == "json":
        keys = ("level", "code", "line", "column", "message")
        click.echo(json.dumps([{key: getattr(each, key) for key in keys} for each in problems]))
    else:
        for each in problems:
            click.echo(f"{path}: {each}")
        errors = sum(each.level == "error" for each in problems)
        warnings = len(problems) - errors
        click.echo(f"{path}: {_count(errors, 'error')}, {_count(warnings, 'warning')}")
    failed = any(strict or each.level == "error" for each in problems)
    raise SystemExit(common.EXIT_FOUND if failed else 0)


@group.command("print")
@click.option(
    "--weeks",
    type=click.IntRange(1, 52),
    default=printed.DEFAULT_WEEKS,
    show_default=True,
    help="Dates for so long.",
)
@click.option("--output", type=common.FILE_PATH, help="Write it there, whole or not at all.")
@click.option("--lang", metavar="LANGUAGE", help="A language of the directory (its first one).")
def print_page(weeks: int, output: Path | None, lang: str | None) -> None:
    """Print one page of every number and its hours: for a wall, or while nothing else is up.

    It is HTML that needs no other file. It says until when its dates are complete.
    """
    try:
        page = printed.printed_page(
            lookup.snapshot(),
            lookup.now(),
            weeks,
            lookup.locale(lang),
            rehearsal=lookup.is_rehearsal(),
        )
        if output is None:
            click.echo(page)
        else:
            files.write_atomically(output, page.encode(), files.PUBLIC_FILE_MODE)
    except (InvalidDirectory, OSError) as error:
        raise click.ClickException(str(error)) from error


@group.command("schema")
def schema() -> None:
    """Print the JSON Schema of a directory, for editors: routing/directory.schema.json."""
    click.echo(json_schema(), nl=False)


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
