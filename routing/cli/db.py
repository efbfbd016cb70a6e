"""flask db ...: the database as this version needs it, copies of it, and how much it holds."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import click
from flask.cli import AppGroup

from routing import lookup
from routing.cli import common
from routing.cli.common import report_errors
from routing.errors import DatabaseUnavailable
from routing.store import backup as copies
from routing.store import migrate as migrations

group = AppGroup("db", help="The database: diverts, accounts, calls, the rota, and the record.")

_WHEN = "[0-9]" * 8 + "T" + "[0-9]" * 6 + "Z"


@group.command("upgrade")
def upgrade() -> None:
    """Make the database, or bring it up to date. All of it happens or none."""
    database = lookup.database()
    try:
        before, after = migrations.upgrade(database)
    except DatabaseUnavailable as error:
        raise click.ClickException(f"{error} Nothing was changed.") from error
    where = database.url.render_as_string(hide_password=True)
    if before == after:
        click.echo(f"{where} is up to date ({after}).")
    else:
        click.echo(f"{where} is upgraded from {before or 'nothing'} to {after}.")


@group.command("backup")
@click.argument("file", type=common.FILE_PATH)
@click.option(
    "--keep", type=click.IntRange(1, 9999), help="Keep so many copies in the folder FILE."
)
def backup(file: Path, keep: int | None) -> None:
    """Copy SQLite's database to FILE while the service runs; check the copy and count its rows.

    In a folder the copy is named after the time. Nothing is written over. The oldest ones beyond
    --keep are deleted once there is a new one. For PostgreSQL there is pg_dump.
    """
    database = lookup.database()
    if database.file is None:
        raise click.ClickException(
            "DATABASE_URL is PostgreSQL's, which has its own: pg_dump --format=custom "
            "--file=FILE DATABASE. The runbook has the commands."
        )
    folder, stem = file, database.file.stem
    if folder.is_dir():
        file = folder / f"{stem}-{lookup.now():%Y%m%dT%H%M%SZ}.sqlite"
    elif keep is not None:
        raise click.UsageError(f"--keep is for a folder, and {file} is none.")
    try:
        found = copies.backup(database, file)
        if keep is not None:
            _forget(sorted(folder.glob(f"{stem}-{_WHEN}.sqlite"))[:-keep])
    except (OSError, DatabaseUnavailable) as error:
        raise click.ClickException(f"No copy was made. {error}") from error
    _tell(found)
    click.echo(f"{file} is a copy of all this, checked.")


@group.command("counts")
def count() -> None:
    """Count the rows of every table: the same in a copy as in what it was made of."""
    with report_errors(), lookup.database().reading() as connection:
        found = copies.counts(connection)
    _tell(found)


def _forget(old: Iterable[Path]) -> None:
    for each in old:
        each.unlink()
        click.echo(f"{each} is deleted.")


def _tell(found: Mapping[str, int]) -> None:
    for table, rows in found.items():
        click.echo(f"{rows:>8}  {table}")
