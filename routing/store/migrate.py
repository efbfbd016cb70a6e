"""Bring the database to the newest migration; say at which one it is."""

from functools import cache
from pathlib import Path

import sqlalchemy as sa

from routing.store.db import Database

_SCRIPTS = Path(__file__).with_name("migrations")


def upgrade(database: Database) -> tuple[str | None, str]:
    """Apply the missing migrations, all or none, and create SQLite's file where there is none.

    Return the revision before (None: an empty database) and after. Concurrent upgrades wait for
    each other. A database that a newer version has upgraded is left as it is. Raise
    DatabaseUnavailable.
    """
    from alembic import command, config

    if database.file is not None:
        database.file.parent.mkdir(parents=True, exist_ok=True)
        database.file.touch(mode=0o600)
    settings = config.Config()
    settings.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    with database.writing() as connection:
        settings.attributes["connection"] = connection
        before = current_revision(connection)
        if before is not None and before >= latest_revision():
            return before, before
        command.upgrade(settings, "head")
        return before, latest_revision()


def needs_upgrade(database: Database) -> bool:
    """Return whether a migration is missing. Raise DatabaseUnavailable.

    False where a newer version has upgraded the database: migrations only add to it.
    """
    if not database.exists:
        return True
    with database.reading() as connection:
        return (current_revision(connection) or "") < latest_revision()


def current_revision(connection: sa.Connection) -> str | None:
    """Return the revision of the database; None where no migration was applied."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return revision


@cache
def latest_revision() -> str:
    """Return the newest revision that this version of the service has."""
    from alembic.script import ScriptDirectory

    head = ScriptDirectory(_SCRIPTS).get_current_head()
    assert head is not None
    return head
