"""flask db upgrade: the database as this version needs it."""

import click
from flask.cli import AppGroup

from routing import enquiry
from routing.errors import StorageDown
from routing.storage import upgrade as migrations

group = AppGroup("db", help="The database: diverts, accounts, and the record of changes.")


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
