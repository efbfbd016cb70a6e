"""What several commands take: a file, a form, a period."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import click
from flask import current_app

from routing import lookup, snapshot
from routing.core import instants
from routing.core.instants import Span
from routing.errors import DatabaseUnavailable, InvalidDirectory, RoutingError
from routing.snapshot import Snapshot
from routing.text import time_parsing

EXIT_FOUND, EXIT_UNREADABLE = 1, 2
"""Exit statuses of commands that look for something (the contract, section 6)."""

FILE_PATH = click.Path(path_type=Path)
format_option = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
from_option = click.option(
    "--from",
    "first",
    metavar="D",
    type=click.DateTime(["%Y-%m-%d"]),
    help="From this date, as 2026-12-24 (today).",
)
days_option = click.option(
    "--days", type=click.IntRange(1, 3650), default=400, show_default=True, help="For so many days."
)


def directory_path() -> Path:
    """Return the directory file that the service is set to use."""
    return Path(current_app.config["DIRECTORY"])


def load_snapshot(file: Path) -> Snapshot:
    """Return what answers from ``file`` would rest on; if it is broken tell all, and exit 2."""
    try:
        return snapshot.load_snapshot(file, lookup.instance_path(), lookup.now())
    except InvalidDirectory as error:
        click.echo(str(error), err=True)
        sys.exit(EXIT_UNREADABLE)


def local_period(facts: Snapshot, first: datetime | None, days: int) -> Span:
    """Return so many local days from the midnight that begins ``first``, or today."""
    zone = facts.directory.zone
    day = first.date() if first else lookup.now().astimezone(zone).date()
    try:
        if day.year < time_parsing.FIRST_YEAR:
            raise ValueError(f"before {time_parsing.FIRST_YEAR}")
        return Span(
            instants.midnight(day, zone), instants.midnight(day + timedelta(days=days), zone)
        )
    except (OverflowError, ValueError) as error:
        raise click.UsageError(f"--from {day}: {error}. Write it as 2026-12-24.") from error


DIVERT_TIMEOUT_SECONDS = 3.0
"""Seconds that a command waits for the diverts: a database far away answers late, not never."""


def actor() -> str:
    """Return how the record names whoever runs a command: a user of this machine, by number."""
    return f"terminal:{os.environ.get('SUDO_UID') or os.getuid()}"


@contextmanager
def report_errors() -> Iterator[None]:
    """Say what was wrong, and exit with 1."""
    try:
        yield
    except DatabaseUnavailable as error:
        raise click.ClickException(
            f"{error} If it was never made, run `flask db upgrade`. Answers go on as they were."
        ) from error
    except RoutingError as error:
        raise click.ClickException(str(error)) from error
