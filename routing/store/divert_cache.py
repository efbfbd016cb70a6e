"""The diverts as last read. Nobody waits for the database for longer than PATIENCE."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from routing.errors import DatabaseUnavailable
from routing.store.background import Background
from routing.store.db import Database
from routing.store.divert_file import DivertFile
from routing.store.diverts import DivertRow, current_and_future

TIMEOUT_SECONDS = 0.28
"""How long a request waits for the database, in seconds: the contract allows the public 0.3."""

SAVE_SECONDS = 30.0
"""How often a reading is saved to disk though nothing changed, so that its time is known."""

LOOKBACK = timedelta(days=1)
"""Diverts that ended within this are read as well: answers may be asked for a little ago."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DivertReading:
    """The diverts, those set last coming last, and when they were read, in Unix seconds.

    ``fault`` says in words why it is not newer; None while the database answers.
    """

    diverts: tuple[DivertRow, ...]
    began: float
    fault: str | None = None


_NOTHING = DivertReading((), 0.0)


class DivertCache:
    """What one process knows of the diverts. Safe to share between threads.

    Requests that arrive at the same time share a reading that begins after they arrived.
    """

    def __init__(self, database: Database, kept: DivertFile, clock: Callable[[], datetime]) -> None:
        self.database, self.kept, self.clock = database, kept, clock
        self._background = Background("diverts", database, writes=False)
        self._lock = threading.Lock()
        self._last: tuple[DivertReading, float] | None = (
            None  # and when it began, by time.monotonic()
        )
        self._next: Future[DivertReading] | None = None  # queued, not begun
        self._save_at = float("-inf")

    def current(self, max_age: float, patience: float = TIMEOUT_SECONDS) -> DivertReading:
        """Return a reading that began ``max_age`` seconds ago at most; 0 means from now on.

        Where the database does not answer within ``patience`` seconds, return the last one, of
        this process or as saved on disk by another, with its fault. While the database is known to
        be down, return that at once. Never raise.
        """
        last = self._last
        try:
            if last is not None and time.monotonic() - last[1] <= max_age:
                return last[0]
            if not self.database.exists:
                return self._without_file()
            return self._background.wait(self._read_soon(), patience)
        except DatabaseUnavailable as error:
            return self._otherwise(str(error))
        except Exception as error:  # no handle, no thread to be had: callers come first
            log.exception("the diverts could not be read: answers rest on those last read")
            return self._otherwise(f"The diverts could not be read ({error!r}).")

    def close(self) -> None:
        """Stop reading. A process that ends does this by itself."""
        self._background.close()

    def _read_soon(self) -> Future[DivertReading]:
        """Return the future of a reading that has not begun."""
        with self._lock:
            if self._next is None:
                self._next = self._background.submit(self._read)
            return self._next

    def _read(self, connection: Connection) -> DivertReading:
        with self._lock:
            self._next = None
        began, wall = time.monotonic(), time.time()
        reading = DivertReading(current_and_future(connection, self.clock() - LOOKBACK), wall)
        changed = self._last is None or self._last[0].diverts != reading.diverts
        self._last = reading, began
        if changed or began > self._save_at:  # later, as another job: the disk may be slow
            self._save_at = began + SAVE_SECONDS
            self._background.submit(lambda _: self.kept.put(reading.diverts, wall))
        return reading

    def _without_file(self) -> DivertReading:
        """Return no diverts and no fault before SQLite's file is created. If there ever was a
        reading, the file is gone, and the last one stays in force.
        """
        if self._last is None and not self.kept.file.exists():
            return _NOTHING
        return self._otherwise(f"The database's file {self.database.file} is not there.")

    def _otherwise(self, fault: str) -> DivertReading:
        """Return the last reading, of this process or from disk, with the fault."""
        last = self._last[0] if self._last is not None else _NOTHING
        saved = self.kept.get()
        if saved is not None and saved[1] > last.began:
            return DivertReading(*saved, fault)
        return DivertReading(last.diverts, last.began, fault)
