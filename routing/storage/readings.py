"""The diverts as last read. Nobody who asks waits for the database for longer than PATIENCE."""

import logging
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from routing.errors import StorageDown
from routing.storage.db import words
from routing.storage.diverts import Stored, unended
from routing.storage.kept import Kept
from routing.storage.writer import Writer

PATIENCE = 0.28
"""Seconds that one who asks waits for the database."""

SLICES = 10
"""They are waited for in so many parts: a machine that is busy elsewhere for a while, so that this
process stands still, costs one of them. It is not the database that is late then.
"""

DOUBT = 1.0
"""Seconds without an answer after which nobody waits any more, until there is one."""

TRY_EVERY = 1.0
"""Seconds between two tries while the database does not answer; nobody waits for those."""

KEEP_EVERY = 30.0
"""Seconds after which a reading is kept on disk again though nothing changed, for its time."""

LOOK_BACK = timedelta(days=1)
"""Diverts that ended within this are read as well: answers may be asked for a little ago."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """The diverts, those set last coming last, and when that was so, in Unix seconds.

    ``fault`` says in words why it is not newer; None while the database answers.
    """

    diverts: tuple[Stored, ...]
    began: float
    fault: str | None = None


_NOTHING = Reading((), 0.0)


class Readings:
    """What one process knows of the diverts. Safe to share between threads.

    One thread of its own reads, so that a database that hangs holds up that thread alone. Those
    who ask at the same time share a reading, if it began after they asked.
    """

    def __init__(self, writer: Writer, kept: Kept, clock: Callable[[], datetime]) -> None:
        self.writer, self.database = writer, writer.database
        self.kept, self.clock = kept, clock
        lock = threading.Lock()
        self._turn, self._asked = threading.Condition(lock), threading.Condition(lock)
        self._last: Reading | None = None
        self._began = float("-inf")
        self._version: Hashable | None = None
        self._fault: str | None = None
        self._late_since: float | None = None
        self._wanted = False
        self._thread: threading.Thread | None = None
        self._connection: Connection | None = None
        self._keep_at = 0.0

    def current(self, max_age: float, patience: float = PATIENCE) -> Reading:
        """Return a reading that began ``max_age`` seconds ago at most; 0 means from now on.

        Where the database does not answer within ``patience`` seconds, return the last one, of
        this process or as kept on disk by another, with its fault. Once it has not answered for
        DOUBT, or said that it cannot, return that at once, until it answers again.
        """
        try:
            return self._current(max_age, patience)
        except Exception as error:  # no handle, no thread to be had: callers come first
            log.exception("fault while reading the diverts: answers rest on those last read")
            return self._otherwise(self._last, f"The diverts could not be read ({error!r}).")

    def _current(self, max_age: float, patience: float) -> Reading:
        with self._turn:
            since, fault = time.monotonic() - max_age, None
            if self._began >= since or self._still():
                return self._last or _NOTHING
            gone = not self.database.exists
            if not gone:
                self._ask()
                fault = self._fault or self._wait(since, patience)
            last = self._last
        if gone:
            return self._without_file()
        return self._otherwise(last, fault) if fault is not None or last is None else last

    def _still(self) -> bool:
        """Say whether the last reading is as good as one from now on: nothing was written since.

        Every KEEP_EVERY it is read all the same, and kept on disk with its time.
        """
        began, last = time.monotonic(), self._last
        if last is None or self._fault is not None or began > self._keep_at:
            return False
        version = self.writer.version()
        if version is None or version != self._version:
            return False
        self._last, self._began = Reading(last.diverts, time.time()), began
        return True

    def _wait(self, since: float, patience: float) -> str | None:
        """Wait for a reading that began at ``since`` or later. Return the fault if none came."""

        def known() -> bool:
            return self._began >= since or self._fault is not None

        if any(self._turn.wait_for(known, patience / SLICES) for _ in range(SLICES)):
            return self._fault
        fault = f"The database did not answer within {patience} seconds."
        if self._late_since is None:
            self._late_since = time.monotonic()
        elif time.monotonic() - self._late_since > DOUBT:
            self._fault = fault
            log.error("%s Answers rest on the diverts last read.", fault)
        return fault

    def _without_file(self) -> Reading:
        """Return what there is before SQLite's file is made: nothing, and no fault. If it was read
        once, it is gone, and what was read last goes on.
        """
        if self._last is None and not self.kept.file.exists():
            return _NOTHING
        return self._otherwise(
            self._last, f"The database's file {self.database.file} is not there."
        )

    def _otherwise(self, last: Reading | None, fault: str | None) -> Reading:
        kept = self.kept.get()
        if kept is not None and (last is None or kept[1] > last.began):
            return Reading(*kept, fault)
        last = last or _NOTHING
        return Reading(last.diverts, last.began, fault)

    def _ask(self) -> None:
        self._wanted = True
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="diverts", daemon=True)
            self._thread.start()
        self._asked.notify()

    def _run(self) -> None:
        while True:
            with self._turn:
                self._asked.wait_for(lambda: self._wanted)
                self._wanted = False
            if not self._read():
                time.sleep(TRY_EVERY)
                with self._turn:
                    self._wanted = True

    def _read(self) -> bool:
        """Read once, and hold on to the connection. Return False when that failed."""
        began, wall = time.monotonic(), time.time()
        try:
            if self._connection is not None and not self.database.holds(self._connection):
                self._connection.close()
                self._connection = None
            if self._connection is None:
                self._connection = self.database.reader(TRY_EVERY)
            version = self.writer.version(opening=True)  # first: what comes later is another
            found = Reading(unended(self._connection, self.clock() - LOOK_BACK), wall)
        except Exception as error:
            self._failed(error)
            return False
        keep = self._last is None or self._last.diverts != found.diverts or began > self._keep_at
        with self._turn:
            if self._fault is not None:
                log.warning("The database answers again.")
            self._last, self._began, self._version = found, began, version
            self._fault = self._late_since = None
            self._turn.notify_all()
        if keep:  # after those who wait have it: a disk may be slow
            self.kept.put(found.diverts, wall)
            self._keep_at = began + KEEP_EVERY
        return True

    def _failed(self, error: Exception) -> None:
        known = isinstance(error, SQLAlchemyError | StorageDown)
        fault = str(error) if isinstance(error, StorageDown) else words(error)
        with self._turn:
            if self._fault is None:
                log.error("%s Answers rest on the diverts last read.", fault, exc_info=not known)
            self._fault = fault
            self._turn.notify_all()
        if self._connection is not None:
            connection, self._connection = self._connection, None
            try:
                connection.close()
            except SQLAlchemyError as again:
                log.info("closing what is broken already: %s", words(again))
