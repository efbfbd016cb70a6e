"""What several commands take: a file, a form, a period."""

import sys
from datetime import datetime, timedelta
from pathlib import Path

import click
from flask import current_app

from routing import lookup
from routing.core import instants
from routing.core.hours import Span
from routing.errors import InvalidDirectory
from routing.snapshot import Snapshot
from routing.text import time_parsing

FOUND, UNREADABLE = 1, 2
"""Exit statuses of commands that look for something (the contract, section 6)."""

FILE = click.Path(path_type=Path)
form = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
first = click.option(
    "--from",
    "first",
    metavar="D",
    type=click.DateTime(["%Y-%m-%d"]),
    help="From this date, as 2026-12-24 (today).",
)
days = click.option(
    "--days", type=click.IntRange(1, 3650), default=400, show_default=True, help="For so many days."
)


def in_use() -> Path:
    """Return the directory file that the service is set to use."""
    return Path(current_app.config["DIRECTORY"])


def read(file: Path) -> Snapshot:
    """Return what answers from ``file`` would rest on; if it is broken tell all, and exit 2."""
    try:
        return lookup.load_file(file)
    except InvalidDirectory as error:
        click.echo(str(error), err=True)
        sys.exit(UNREADABLE)


def period(facts: Snapshot, first: datetime | None, days: int) -> Span:
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
