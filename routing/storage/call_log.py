"""The call log as a telephone call writes it: first, but never at the cost of the answer."""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime
from functools import partial
from itertools import islice
from queue import SimpleQueue
from typing import Any, TypeVar

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from routing.errors import RoutingError, StorageDown
from routing.storage import calls
from routing.storage.db import words
from routing.storage.writer import Writer

PATIENCE = 0.28
"""Seconds that a call waits until it is written."""

TRY_EVERY = 1.0
"""Seconds between two tries while the database does not answer; no call waits for those."""

TOGETHER = 64
"""Entries that are written in one transaction at most, when several wait: a disk is asked once."""

MOST = 5000
"""Entries that wait for a database that is down, in one process; beyond them the oldest go."""

log = logging.getLogger(__name__)
T = TypeVar("T")
Job = Callable[[Connection], T]


class _Entry:
    """A job, whether it is done (then its lock is free), and what it returned."""

    __slots__ = ("done", "job", "result")

    def __init__(self, job: Job[Any]) -> None:
        self.job = job
        self.result: Any = None
        self.done = threading.Lock()
        self.done.acquire()


class CallLog:
    """What calls write, one entry after another, in a thread of its own. It never raises.

    Safe to share between threads. An entry that the database could not take in time is written
    once it can, as long as the process lives.
    """

    def __init__(self, writer: Writer, clock: Callable[[], datetime]) -> None:
        self.writer, self.clock = writer, clock
        self._turn = threading.Lock()
        self._asked: SimpleQueue[None] = SimpleQueue()
        self._waiting: deque[_Entry] = deque(maxlen=MOST)
        self._counted: Counter[str] = Counter()
        self._fault: str | None = None
        self._last = float("-inf")
        self._thread: threading.Thread | None = None

    def write(self, job: Job[T], patience: float = PATIENCE) -> T | None:
        """Do ``job`` in a transaction, and return what it returns.

        None where that is not known in time: it is done later then. While the database does not
        answer, nobody waits.
        """
        try:
            entry = _Entry(job)
            if self._last < 0 and not self.writer.database.exists:  # never made, not gone
                return None
            with self._turn:
                self._waiting.append(entry)
                self._wake()
                down = self._fault is not None
            if not down and entry.done.acquire(timeout=patience):
                found: T | None = entry.result
                return found
            if patience and not down:
                log.warning("A call is written later: the database did not answer in time.")
        except Exception:
            log.exception("fault in the call log: the call goes on without it")
        return None

    def fault(self, patience: float = PATIENCE) -> str | None:
        """Say why nothing can be written just now; None when it can, or that is not known in time.
        It tries, where nothing was written for TRY_EVERY.
        """
        if self._fault is None and time.monotonic() - self._last > TRY_EVERY:
            self.write(partial(calls.attempt, at=self.clock()), patience)
        return self._fault

    def count(self, name: str) -> None:
        """Add to a tally. However often that happens, it is written and logged once a second."""
        try:
            with self._turn:
                self._counted[name] += 1
                if self._counted.total() == 1:
                    later = threading.Timer(TRY_EVERY, self._tally)
                    later.daemon = True
                    later.start()
        except Exception:
            log.exception("fault while counting %s", name)

    def _tally(self) -> None:
        with self._turn:
            counted, self._counted = self._counted, Counter()
        at = self.clock()
        log.warning("counted within a second: %s", dict(counted))
        for name, more in counted.items():
            self.write(partial(calls.count, name=name, at=at, more=more), patience=0)

    def _wake(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="call log", daemon=True)
            self._thread.start()
        self._asked.put(None)

    def _run(self) -> None:
        while True:
            with self._turn:
                entries = list(islice(self._waiting, TOGETHER))
            if not entries:
                self._asked.get()
                continue
            try:
                if len(entries) == 1 or not self._finish_together(entries):
                    self._finish(entries[0])
            except (SQLAlchemyError, StorageDown) as error:
                self._wait(error)

    def _finish_together(self, entries: list[_Entry]) -> bool:
        """Do several entries, all or none. Return False for none: then one by one tells why."""
        try:
            results = self._do(lambda connection: [each.job(connection) for each in entries])
        except Exception as error:
            log.info("entries of the call log cannot be written together: %s", type(error).__name__)
            return False
        self._written(entries, results)
        return True

    def _finish(self, entry: _Entry) -> None:
        """Do the oldest entry. Whatever it raises by itself is logged, and it is left undone."""
        try:
            result = self._do(entry.job)
        except Exception as error:
            if isinstance(error, SQLAlchemyError | StorageDown) and not _for_good(error):
                raise
            log.exception("an entry of the call log is lost")
            result = None
        self._written([entry], [result])

    def _written(self, entries: list[_Entry], results: list[Any]) -> None:
        with self._turn:
            if self._fault is not None:
                log.warning("The database takes the call log again.")
            self._fault, self._last = None, time.monotonic()
            for entry in entries:
                if self._waiting and self._waiting[0] is entry:
                    self._waiting.popleft()
        for entry, result in zip(entries, results, strict=True):
            entry.result = result
            entry.done.release()

    def _do(self, job: Job[T]) -> T:
        with self.writer.transaction() as connection:
            return job(connection)

    def _wait(self, error: Exception) -> None:
        said = str(error) if isinstance(error, RoutingError) else words(error)
        with self._turn:
            if self._fault is None:
                log.error("%s Calls go on, and are written later.", said)
            self._fault = said
        try:
            self.writer.close()
        except SQLAlchemyError as again:
            log.info("closing what is broken already: %s", words(again))
        time.sleep(TRY_EVERY)


def _for_good(error: Exception) -> bool:
    """Say whether trying again cannot help: the entry itself is refused."""
    return isinstance(error, DataError | IntegrityError)
