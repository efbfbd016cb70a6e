"""What several commands share: options, output, error messages."""

import json
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

from routing import files, lookup
from routing.core import instants
from routing.core.instants import Span
from routing.directory.load import load
from routing.errors import (
    DatabaseUnavailable,
    InvalidDirectory,
    InvalidTime,
    RoutingError,
    UnknownService,
)
from routing.snapshot import Snapshot, build_snapshot
from routing.text import time_parsing

EXIT_FOUND, EXIT_UNREADABLE = 1, 2
"""Exit statuses of `directory gaps`, `directory diff` and `rota gaps`."""

DIVERT_TIMEOUT_SECONDS = 3.0
"""How long a command waits for the diverts. It is longer than for callers: the first connection to
a database on another machine can take a second or two.
"""

FILE_PATH = click.Path(path_type=Path)
AT_FORMATS = "2026-12-24T17:00:00Z or '2026-12-24 17:00'"


class Command(click.Command):
    """A command that prints an error of the service and exits with status 1.

    With 2 for a bad time or service.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. Raise ClickException for an error of the service."""
        try:
            return super().invoke(ctx)
        except DatabaseUnavailable as error:
            url = lookup.database().url.render_as_string(hide_password=True)
            raise click.ClickException(
                f"{url}: {error} If there has never been a database here, run `who-to-call db "
                "upgrade`. Callers still get answers."
            ) from error
        except (InvalidTime, UnknownService) as error:
            raise click.UsageError(str(error)) from error
        except RoutingError as error:
            raise click.ClickException(str(error)) from error


class CommandGroup(AppGroup):
    """A group of such commands."""

    command_class = Command


def parse_date(text: str) -> date:
    """Read an option that is a day from 2000 to 2100. Raise BadParameter."""
    years = range(time_parsing.FIRST_YEAR, time_parsing.LAST_YEAR + 1)
    with suppress(ValueError):
        if (day := date.fromisoformat(text)).year in years:
            return day
    raise click.BadParameter(
        f"'{text}' is not a date from {years[0]} to {years[-1]}. Write it as 2026-12-24."
    )


format_option = click.option(
    "--format",
    "as_json",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    callback=lambda _context, _option, value: value == "json",
    help="Output format.",
)
from_option = click.option(
    "--from",
    "first",
    metavar="D",
    type=parse_date,
    help="First day, as 2026-12-24. [default: today]",
)


def days_option(default: int, help_text: str) -> Callable[[Any], Any]:
    """Return the option --days."""
    return click.option(
        "--days", type=click.IntRange(1, 3650), default=default, show_default=True, help=help_text
    )


def print_report(as_json: bool, rows: object, lines: Iterable[str]) -> None:
    """Print ``rows`` as JSON, or else ``lines``."""
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for line in lines:
        click.echo(line)


def print_or_write(text: str, output: Path | None) -> None:
    """Print a text, or write it in one step to a file that a web server may read."""
    if output is None:
        click.echo(text)
        return
    try:
        files.write_atomically(output, text.encode(), files.PUBLIC_FILE_MODE)
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}.") from error


def count_of(count: int, noun: str) -> str:
    """Return a count with its noun: "1 shift" or "2 shifts"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def actor() -> str:
    """Return the actor that the audit log records for a command: the user id on this machine.

    Under sudo that is the user who ran sudo.
    """
    return f"terminal:{os.environ.get('SUDO_UID') or os.getuid()}"


def directory_path() -> Path:
    """Return the path of the service's directory file."""
    return Path(current_app.config["DIRECTORY"])


def load_snapshot(file: Path) -> Snapshot:
    """Return the data behind answers from ``file``. If it is invalid, print why and exit with 2."""
    try:
        directory, _ = load(file)
    except InvalidDirectory as error:
        click.echo(str(error), err=True)
        sys.exit(EXIT_UNREADABLE)
    return build_snapshot(directory, lookup.instance_path(), lookup.now())


def local_period(snapshot: Snapshot, first: date | None, days: int) -> Span:
    """Return ``days`` local days from the midnight that begins ``first``, or today if None."""
    zone = snapshot.directory.zone
    day = first or lookup.now().astimezone(zone).date()
    return Span(instants.midnight(day, zone), instants.midnight(day + timedelta(days=days), zone))
