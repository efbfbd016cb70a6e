"""One connection of a process for its short notes; and whether anybody else wrote to the file."""

import logging
import sqlite3
import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from routing.errors import StorageDown
from routing.storage.db import Database
from routing.storage.driver import run

log = logging.getLogger(__name__)

WAIT = 1.0
"""Seconds that a note waits for the database, at most."""

WRITE_BACK = 8000
"""Notes after which SQLite's log, by then some 220 MiB, is written back. SQLite would have
a note do so every 150, and wait: staff's changes and commands still do, and keep the log short."""

A_NOTE = 0.01
"""Seconds that one who asks for the version waits while a note is written: it takes a tenth."""


class Writer:
    """Safe to share between threads: one at a time has the connection."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._turn = threading.Lock()
        self._connection: Connection | None = None
        self._opened = self._written = 0

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Yield the connection; what is written is kept together, or not at all.

        Raise StorageDown where there is none, and SQLAlchemyError for what went wrong since.
        """
        with self._turn:
            connection = self._open()
            run(connection, "BEGIN IMMEDIATE" if self.database.is_sqlite else "BEGIN")
            try:
                yield connection
                run(connection, "COMMIT")
            except BaseException:
                with suppress(SQLAlchemyError):
                    run(connection, "ROLLBACK")
                raise
            self._written += 1
            if self.database.is_sqlite and self._written % WRITE_BACK == 0:
                with suppress(RuntimeError):  # no thread to be had: another time
                    threading.Thread(None, self._write_back, "write back", daemon=True).start()

    def close(self) -> None:
        """Let go of the connection. Raise SQLAlchemyError where it is broken."""
        with self._turn:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    def version(self, opening: bool = False) -> Hashable | None:
        """Return what is equal as long as nobody else writes to SQLite's file, and it is the same.

        It reads shared memory, and waits for nobody but a note, and A_NOTE at most for that. None
        where it cannot be known: then the database is to be read. ``opening`` connects first where
        that is not done. Always None for PostgreSQL, which has nothing like it
        (https://www.sqlite.org/pragma.html#pragma_data_version).
        """
        if not self.database.is_sqlite or not self._turn.acquire(timeout=A_NOTE):
            return None
        try:
            connection = self._open() if opening else self._connection
            if connection is None or not self.database.holds(connection):
                return None
            opened: Any = connection.connection.driver_connection
            (version,) = opened.execute("PRAGMA data_version").fetchone()
            return self._opened, version
        except (sqlite3.Error, SQLAlchemyError, StorageDown):
            return None
        finally:
            self._turn.release()

    def _write_back(self) -> None:
        try:
            self.database.write_back()
        except sqlite3.Error as error:
            log.info("the database's log is written back later: %s", type(error).__name__)

    def _open(self) -> Connection:
        if self._connection is not None and not self.database.holds(self._connection):
            self._connection.close()
            self._connection = None
        if self._connection is None:
            self._connection, self._opened = self.database.writer(WAIT), self._opened + 1
        return self._connection
