"""A copy of SQLite's file, made while others write; and how much a database holds."""

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
    """Return how many rows each table holds, all of them counted at one instant."""
    names = sorted(sa.inspect(connection).get_table_names())
    if not names:
        return {}
    tables = [
        sa.select(sa.literal(name), sa.func.count()).select_from(sa.table(name)) for name in names
    ]
    return {name: count for name, count in connection.execute(sa.union_all(*tables))}


def backup(database: Database, file: Path) -> Mapping[str, int]:
    """Copy SQLite's database to ``file``, whole or not at all, and return what the copy holds.

    The copy is one state of the database, whoever writes meanwhile. It is checked before it gets
    its name, its owner alone may read it, and it needs no other file beside it. Raise
    FileExistsError when there is a file of that name, OSError, DatabaseUnavailable.
    """
    if file.exists():
        raise FileExistsError(f"There is a file {file} already: a copy never replaces another.")
    with NamedTemporaryFile(dir=file.parent, prefix=".new-", delete=False) as new:
        try:
            found = _copied(database, new.name)
            os.fsync(new.fileno())
            os.replace(new.name, file)
            _sync(file.parent)
        except (sqlite3.Error, sa.exc.DatabaseError) as error:
            raise DatabaseUnavailable(
                f"The copy cannot be made ({str(error).splitlines()[0]})."
            ) from error
        finally:
            Path(new.name).unlink(missing_ok=True)
    return found


def _copied(database: Database, name: str) -> Mapping[str, int]:
    with closing(sqlite3.connect(name, isolation_level=None)) as copy:
        with database.reading() as connection:
            source = connection.connection.driver_connection
            assert isinstance(source, sqlite3.Connection)
            source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
        (told,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        if told != "ok":
            raise DatabaseUnavailable(
                f"The copy is not whole, so neither is the database ({told})."
            )
        engine = sa.create_engine("sqlite://", creator=lambda: copy, poolclass=StaticPool)
        with engine.connect() as connection:
            return counts(connection)


def _sync(folder: Path) -> None:
    """Have the new name outlast a loss of power too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
