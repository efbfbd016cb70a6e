"""Migrations: the database as this version of the service needs it."""

from pathlib import Path

import sqlalchemy as sa

from routing.store.db import Database

LATEST_REVISION = "0006"
"""The newest migration, so that asking for it does not load Alembic."""

_FOLDER = Path(__file__).with_name("migrations")


def upgrade(database: Database) -> tuple[str | None, str]:
    """Bring the database up to date, making it where there is none.

    Return the migration it stood at, None where there was none, and the one it stands at now. All
    of it happens or none. Two that upgrade at once wait for each other. One that a newer version
    has upgraded is left as it is. Raise DatabaseUnavailable.
    """
    from alembic import command, config

    if database.file is not None:
        database.file.parent.mkdir(parents=True, exist_ok=True)
        database.file.touch(mode=0o600)
    settings = config.Config()
    settings.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    with database.writing() as connection:
        settings.attributes["connection"] = connection
        before = current_revision(connection)
        if before is not None and before >= LATEST_REVISION:
            return before, before
        command.upgrade(settings, "head")
        return before, current_revision(connection) or LATEST_REVISION


def needs_upgrade(database: Database) -> bool:
    """Say whether the database lacks a migration. Raise DatabaseUnavailable.

    One that a newer version has upgraded already lacks none: migrations only add.
    """
    if not database.exists:
        return True
    with database.reading() as connection:
        return (current_revision(connection) or "") < LATEST_REVISION


def current_revision(connection: sa.Connection) -> str | None:
    """Return the migration that a database stands at; None where it has none."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found
