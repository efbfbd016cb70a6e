"""Whether SQLite's file was written to since: asking that takes a hundredth of reading it."""

import sqlite3
from collections.abc import Hashable

from routing.storage.db import Database, Opened


class Watch:
    """One connection that only asks. Not safe to share between threads without a lock."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._connection: Opened | None = None
        self._opened = 0

    def version(self) -> Hashable | None:
        """Return what is equal as long as nobody else writes to the file, and it is the same file.

        It reads shared memory, and waits for nobody. None where it cannot be known: then the
        database is to be read. Always None for PostgreSQL, which has nothing like it
        (https://www.sqlite.org/pragma.html#pragma_data_version).
        """
        if not self.database.is_sqlite:
            return None
        try:
            inode = self.database.inode()
            if self._connection is None or self._connection.inode != inode:
                self.close()
                self._connection, self._opened = self.database.open(wait=0), self._opened + 1
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        except (sqlite3.Error, OSError):
            self.close()
            return None
        return inode, self._opened, version

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
