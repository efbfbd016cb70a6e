"""Connections to SQLite's file that notice when another file has taken its place.

SQLite keeps writing to the file that it opened. When a backup is moved over that file under a
running service, every later write would go to a file without a name and be lost in silence. So a
connection remembers the inode of the file it opened, and the pool replaces it when the name leads
to another.
"""

import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa


class FileConnection(sqlite3.Connection):
    """A connection and the inode of the file that it opened."""

    inode: int | None = None


def connect(file: Path, timeout: float) -> FileConnection:
    """Open an existing file; wait ``timeout`` seconds at most for other connections' locks.

    The file is never created: `flask db upgrade` does that. Raise sqlite3.Error.
    """
    inode = _inode(file)  # read before the file is opened: a later replacement must differ from it
    connection = sqlite3.connect(
        f"{file.resolve().as_uri()}?mode=rw",
        uri=True,
        timeout=timeout,
        isolation_level=None,  # SQLAlchemy's "begin" event says which kind of transaction begins
        check_same_thread=False,
        factory=FileConnection,
    )
    connection.inode = inode
    return connection


def reconnect_when_replaced(engine: sa.Engine, file: Path) -> None:
    """Have the engine's pool replace, at checkout, each connection to a file that was replaced."""

    @sa.event.listens_for(engine, "checkout")
    def check(connection: Any, *_: Any) -> None:
        if connection.inode != _inode(file):
            raise sa.exc.DisconnectionError(f"{file} is another file now")


def _inode(file: Path) -> int | None:
    """Return the number that tells one file of a name from another; None when there is none."""
    try:
        return file.stat().st_ino
    except OSError:
        return None
