"""One thread for slow database work: jobs run there in order, and callers wait a bounded time."""

import atexit
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy.engine import Connection

from routing.errors import DatabaseUnavailable
from routing.store.db import Database

STATEMENT_TIMEOUT_SECONDS = 1.0
"""How long one statement may take."""

RETRY_SECONDS = 1.0
"""How long to wait before a job is retried while the database is down."""

BREAKER_SECONDS = 1.0
"""After this long without a finished job, callers no longer wait for queued ones."""

MAX_JOBS = 5000
"""How many jobs a process queues while the database is down. Beyond that the oldest is dropped."""

EXIT_TIMEOUT_SECONDS = 1.0
"""How long a process that exits waits for unfinished jobs."""

log = logging.getLogger(__name__)
T = TypeVar("T")
Job = Callable[[Connection], T]


class Background:
    """Run jobs one after another, each in a transaction, in one thread with its own connection.

    With ``writes``, what a job changes is committed; its transaction waits for another only where
    both write the same row.

    A job that fails because the database is down stays first in the queue and is retried until it
    succeeds or the process ends. A job that raises anything else is dropped. A database that hangs
    blocks this one thread and no other.

    This is no ThreadPoolExecutor because Python waits for its threads at exit, even if they hang.
    """

    def __init__(self, name: str, database: Database, writes: bool) -> None:
        self.name, self.writes = name, writes
        self._database = database.with_own_connection(STATEMENT_TIMEOUT_SECONDS)
        self._jobs: deque[_QueuedJob] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._fault: str | None = None
        self._closed = False
        self.last_success = float("-inf")
        """When a job last finished, by time.monotonic()."""

    def submit(self, job: Job[T]) -> Future[T]:
        """Queue a job; its future holds the result or the exception.

        If the database is down at the first attempt, the future holds DatabaseUnavailable and the
        job still runs later. Raise RuntimeError where the machine has no thread left, in which
        case the job stays queued, and after ``close``.
        """
        entry = _QueuedJob(job)
        with self._changed:
            if len(self._jobs) >= MAX_JOBS:
                self._jobs.popleft()
                log.error("%s: more than %d jobs wait: the oldest is dropped", self.name, MAX_JOBS)
            self._jobs.append(entry)
            self._changed.notify_all()
            if self._closed:
                raise RuntimeError(f"{self.name}: no job is taken while the process ends")
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
                self._thread.start()
                atexit.register(self.close)
        return entry.future

    def wait(self, future: Future[T], timeout: float) -> T:
        """Return a job's result within ``timeout`` seconds; do not wait while the database is down.

        Raise DatabaseUnavailable where there is no result yet, and whatever the job raised.
        """
        if not future.done() and (fault := self.fault):
            raise DatabaseUnavailable(fault)
        try:
            return future.result(timeout)
        except TimeoutError:
            raise DatabaseUnavailable(f"The database did not answer within {timeout} s.") from None

    @property
    def fault(self) -> str | None:
        """Why jobs do not finish at present, as a sentence; None while they do."""
        with self._changed:
            if self._fault is None and self._jobs:
                waiting_since = max(self.last_success, self._jobs[0].submitted)
                if time.monotonic() - waiting_since > BREAKER_SECONDS:
                    return f"The database has not answered for {BREAKER_SECONDS:.0f} s."
            return self._fault

    def close(self, timeout: float = EXIT_TIMEOUT_SECONDS) -> None:
        """Finish the queued jobs within ``timeout`` seconds and close the connection.

        Jobs that are unfinished by then are lost. A process that exits calls this by itself.
        """
        atexit.unregister(self.close)
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(timeout)
        self._database.close()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._jobs or self._closed)
                if not self._jobs:
                    return
                entry = self._jobs[0]
            if not self._attempt(entry):
                with self._changed:
                    if self._changed.wait_for(lambda: self._closed, RETRY_SECONDS):
                        return

    def _attempt(self, entry: "_QueuedJob") -> bool:
        """Run a job; return False if it must be retried because the database is down."""
        database = self._database
        try:
            with database.writing(False) if self.writes else database.reading() as connection:
                result = entry.job(connection)
        except DatabaseUnavailable as error:
            with self._changed:
                if self._fault is None:
                    log.error("%s: %s It is tried again every second.", self.name, error)
                self._fault = str(error)
            if not entry.future.done():
                entry.future.set_exception(error)
            return False
        except Exception as error:
            log.exception("%s: a job failed, and is not tried again", self.name)
            self._remove(entry)
            if not entry.future.done():
                entry.future.set_exception(error)
        else:
            self._remove(entry)
            if not entry.future.done():
                entry.future.set_result(result)
        return True

    def _remove(self, entry: "_QueuedJob") -> None:
        with self._changed:
            if self._fault is not None:
                log.warning("%s: the database answers again.", self.name)
            self._fault, self.last_success = None, time.monotonic()
            if self._jobs and self._jobs[0] is entry:  # unless it has been dropped
                self._jobs.popleft()


@dataclass(eq=False, slots=True)
class _QueuedJob:
    """A job, the future of its result, and when it was submitted, by time.monotonic()."""

    job: Job[Any]
    future: Future[Any] = field(default_factory=Future)
    submitted: float = field(default_factory=time.monotonic)
