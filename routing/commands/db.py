"""flask db ...: the database as this version needs it, copies of it, and how much it holds."""

from collections.abc import Mapping
from pathlib import Path

import click
from flask.cli import AppGroup

from routing import enquiry
from routing.commands import options
from routing.commands.terminal import in_words
from routing.errors import StorageDown
from routing.storage import backup as copies
from routing.storage import upgrade as migrations

group = AppGroup("db", help="The database: diverts, accounts, calls, the rota, and the record.")


@group.command("upgrade")
def upgrade() -> None:
    """Make the database, or bring it up to date. All of it happens or none."""
    database = enquiry.database()
    try:
        before, after = migrations.upgrade(database)
    except StorageDown as error:
        raise click.ClickException(f"{error} Nothing was changed.") from error
    where = database.url.render_as_string(hide_password=True)
    if before == after:
        click.echo(f"{where} is up to date ({after}).")
    else:
        click.echo(f"{where} is upgraded from {before or 'nothing'} to {after}.")


@group.command("backup")
@click.argument("file", type=options.FILE)
def backup(file: Path) -> None:
    """Copy SQLite's database to FILE while the service runs; check the copy and count its rows.

    In a folder the copy is named after the time. Nothing is written over. PostgreSQL has pg_dump.
    """
    database = enquiry.database()
    if database.file is None:
        raise click.ClickException(
            "DATABASE_URL is PostgreSQL's, which has its own: pg_dump --format=custom "
            "--file=FILE DATABASE. The runbook has the commands."
        )
    if file.is_dir():
        file /= f"{database.file.stem}-{enquiry.now():%Y%m%dT%H%M%SZ}.sqlite"
    try:
        found = copies.backup(database, file)
    except (OSError, StorageDown) as error:
        raise click.ClickException(f"No copy was made. {error}") from error
    _tell(found)
    click.echo(f"{file} is a copy of all this, checked.")


@group.command("counts")
def count() -> None:
    """Count the rows of every table: the same in a copy as in what it was made of."""
    with in_words(), enquiry.database().reading() as connection:
        found = copies.counts(connection)
    _tell(found)


def _tell(found: Mapping[str, int]) -> None:
    for table, rows in found.items():
        click.echo(f"{rows:>8}  {table}")
