"""Back up SQLite's file while others write to it; count the rows of a database."""

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from tempfile import NamedTemporaryFile

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.pool import StaticPool

from routing.errors import DatabaseUnavailable
from routing.store.db import Database


def counts(connection: Connection) -> Mapping[str, int]:
    """Return how many rows each table has, all counted at the same instant."""
    names = sorted(sa.inspect(connection).get_table_names())
    if not names:
        return {}
    queries = [
        sa.select(sa.literal(name), sa.func.count()).select_from(sa.table(name)) for name in names
    ]
    return {name: count for name, count in connection.execute(sa.union_all(*queries))}


def backup(database: Database, file: Path) -> Mapping[str, int]:
    """Copy SQLite's database to ``file``, completely or not at all, and return the copy's counts.

    The copy is one state of the database, even while others write. It is checked before it gets
    its name, only its owner can read it, and it needs no other file next to it. Raise
    FileExistsError, OSError, DatabaseUnavailable.
    """
    if file.exists():
        raise FileExistsError(f"There is a file {file} already: a copy never replaces another.")
    with NamedTemporaryFile(dir=file.parent, prefix=".new-", delete=False) as new:
        try:
            rows = _copy(database, new.name)
            os.fsync(new.fileno())
            os.replace(new.name, file)
            _sync(file.parent)
        except (sqlite3.Error, sa.exc.DatabaseError) as error:
            raise DatabaseUnavailable(
                f"The copy cannot be made ({str(error).splitlines()[0]})."
            ) from error
        finally:
            Path(new.name).unlink(missing_ok=True)
    return rows


def _copy(database: Database, name: str) -> Mapping[str, int]:
    with closing(sqlite3.connect(name, isolation_level=None)) as copy:
        with database.reading() as connection:
            source = connection.connection.driver_connection
            assert isinstance(source, sqlite3.Connection)
            source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
        (problem,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        if problem != "ok":
            raise DatabaseUnavailable(
                f"The copy is damaged, so the database must be too ({problem})."
            )
        engine = sa.create_engine("sqlite://", creator=lambda: copy, poolclass=StaticPool)
        with engine.connect() as connection:
            return counts(connection)


def _sync(folder: Path) -> None:
    """Make the file's new name survive a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
