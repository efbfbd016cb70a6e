"""Connections to SQLite's file, which notice when another file has replaced it.

SQLite keeps writing to the file that it opened. When a backup is moved over that file under a
running service, every later write would go to a file without a name and be lost without an error.
So a connection remembers the inode of the file it opened, and the pool replaces the connection
when the name leads to another.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

MAX_WAL_BYTES = 8 * 1024**2
"""The size to which SQLite cuts its write-ahead log (-wal) when it restarts it.

A checkpoint runs every 1,000 pages (4 MiB, SQLite's default). The log grows past this only while a
reader, such as a backup, prevents the restart.
"""


class FileConnection(sqlite3.Connection):
    """A connection and the inode of the file that it opened."""

    inode: int | None = None


def connect(file: Path, timeout: float) -> FileConnection:
    """Open an existing file for the service; wait ``timeout`` seconds at most for locks.

    The file is never created: `who-to-call db upgrade` does that. Raise sqlite3.Error.
    """
    inode = _inode(file)  # read before the file is opened: a later replacement must differ from it
    connection = sqlite3.connect(
        f"{file.resolve().as_uri()}?mode=rw",
        uri=True,
        timeout=timeout,
        isolation_level=None,  # the "begin" event says which kind of transaction begins
        check_same_thread=False,
        factory=FileConnection,
    )
    connection.inode = inode
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA journal_size_limit = {MAX_WAL_BYTES}")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")  # not every build does this by default
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def truncate_wal(file: Path, timeout: float) -> bool:
    """Checkpoint the write-ahead log and cut it to nothing; return False if others use it.

    Wait for them ``timeout`` seconds at most. Raise sqlite3.Error.
    """
    with closing(connect(file, timeout)) as connection:
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return bool(busy == 0)


def configure(engine: sa.Engine, file: Path) -> None:
    """Begin transactions explicitly, and replace connections to a file that was replaced."""

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # By hand, as SQLAlchemy's documentation says: sqlite3 by itself would begin late.
        is_writing = connection.get_execution_options().get("writing")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")

    @sa.event.listens_for(engine, "checkout")
    def check_file(connection: Any, *_: Any) -> None:
        if connection.inode != _inode(file):
            raise sa.exc.DisconnectionError(f"{file} is another file now")


def _inode(file: Path) -> int | None:
    """Return the file's inode, which differs once it is replaced; None if there is no file."""
    try:
        return file.stat().st_ino
    except OSError:
        return None
