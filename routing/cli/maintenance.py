"""who-to-call db and who-to-call purge: the database, its backups and its retention periods."""

from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from routing import config, lookup
from routing.cli.common import (
    FILE_PATH,
    CommandGroup,
    actor,
    format_option,
    print_report,
    report_errors,
)
from routing.errors import DatabaseUnavailable
from routing.store import db
from routing.store.retention import RULES, RetentionRule

db_group = CommandGroup("db", help="Create, upgrade and back up the database.")

_BACKUP_TIME = "[0-9]" * 8 + "T" + "[0-9]" * 6 + "Z"


@db_group.command("upgrade")
def upgrade() -> None:
    """Create the database, or upgrade it to this version.

    If any step fails, nothing is changed.
    """
    _upgrade_database()


@db_group.command("backup")
@click.argument("file", type=FILE_PATH)
@click.option(
    "--keep",
    type=click.IntRange(1, 9999),
    help="FILE is a folder: keep this many backups in it and delete older ones.",
)
def backup(file: Path, keep: int | None) -> None:
    """Back up an SQLite database to FILE while the service runs.

    If FILE is a folder, the backup is named after the time. The backup is checked before it is
    saved, and never replaces another file. For PostgreSQL use pg_dump.
    """
    database = lookup.database()
    if database.file is None:
        raise click.ClickException(
            "The database is PostgreSQL. Back it up with: pg_dump --format=custom --file=FILE "
            "DATABASE. The runbook has the full commands."
        )
    folder, stem = file, database.file.stem
    if folder.is_dir():
        file = folder / f"{stem}-{lookup.now():%Y%m%dT%H%M%SZ}.sqlite"
    elif keep is not None:
        raise click.UsageError(f"--keep needs a folder, and {file} is not one.")
    try:
        counts = db.backup(database, file)
        if keep is not None:
            for old in sorted(folder.glob(f"{stem}-{_BACKUP_TIME}.sqlite"))[:-keep]:
                old.unlink()
                click.echo(f"{old} is deleted.")
    except (OSError, DatabaseUnavailable) as error:
        raise click.ClickException(f"No backup was made. {error}") from error
    print_report(False, None, _count_lines(counts))
    click.echo(f"{file} is a complete, checked backup.")


@db_group.command("counts")
@format_option
def count(as_json: bool) -> None:
    """Count the rows in each table, to compare a backup with the original."""
    with lookup.database().reading() as connection:
        counts = db.counts(connection)
    print_report(as_json, dict(counts), _count_lines(counts))


@click.command("release")
@with_appcontext
def release() -> None:
    """Check the settings, then create or upgrade the database: before a new version starts.

    The command fails if a setting has the wrong form, or staff could not sign in. Calls do not
    depend on either.
    """
    settings = current_app.config
    faults = filter(
        None, [*settings["MALFORMED_SETTINGS"].values(), config.sign_in_fault(settings)]
    )
    if message := "\n".join(faults):
        raise click.ClickException(message)
    _upgrade_database()


@click.command("purge")
@with_appcontext
@report_errors()
def purge() -> None:
    """Delete or anonymise data that is past its retention period. Run it every day.

    This covers calls, notes, names on the rota, unused accounts, revoked calendars, and anything
    that has expired.
    """
    run_purge(*RULES)


def run_purge(*rules: RetentionRule) -> None:
    """Purge by some rules and print how much each purged.

    Each takes many short transactions, so that nothing else waits for long.
    """
    database, settings = lookup.database(), current_app.config
    for name, sentence in settings["MALFORMED_SETTINGS"].items():
        if name.endswith("_RETENTION_DAYS"):
            raise click.ClickException(f"Nothing is deleted. {sentence}")
    for rule in rules:
        at, counts = lookup.now(), tuple[int, ...]([1])
        before, totals = rule.cutoff(settings, at), tuple[int, ...]()
        while any(counts):
            with database.writing() as connection:
                counts = rule.purge(connection, before, at, actor())
            totals = tuple(map(sum, zip_longest(totals, counts, fillvalue=0)))
        click.echo(rule.summary(settings, totals))
    if not database.scrub():
        busy = "The database is busy: deleted data is erased from the disk at the next purge."
        click.echo(busy, err=True)


def _count_lines(counts: Mapping[str, int]) -> list[str]:
    return [f"{rows:>8}  {table}" for table, rows in counts.items()]


def _upgrade_database() -> None:
    database = lookup.database()
    url = database.url.render_as_string(hide_password=True)
    try:
        before, after = db.upgrade(database)
    except (DatabaseUnavailable, OSError) as error:
        raise click.ClickException(f"{url}: {error} Nothing was changed.") from error
    if before == after:
        click.echo(f"{url} is up to date ({after}).")
    elif before is None:
        click.echo(f"{url} is created ({after}).")
    else:
        click.echo(f"{url} is upgraded from {before} to {after}.")
