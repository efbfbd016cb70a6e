"""One thread for a database's slow moments: jobs run there in order, and callers wait a little."""

import atexit
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from sqlalchemy.engine import Connection

from routing.errors import DatabaseUnavailable
from routing.store.db import Database

STATEMENT_SECONDS = 1.0
"""How long one statement may take."""

RETRY_SECONDS = 1.0
"""How long to wait before a job is tried again while the database is down."""

BREAKER_SECONDS = 1.0
"""How long jobs may wait without any being done before nobody waits for them any more."""

MAX_JOBS = 5000
"""How many jobs wait for a database that is down, in one process; beyond that the oldest go."""

EXIT_SECONDS = 1.0
"""How long a process that ends waits for jobs that are not done."""

log = logging.getLogger(__name__)
T = TypeVar("T")
Job = Callable[[Connection], T]


class Background:
    """Run jobs one after another, each in a transaction, in one thread with its own connection.

    With ``writes``, what a job changes is committed; its transaction waits for no other but where
    both write the same row.

    A job that fails because the database is down stays first in the queue and is tried again until
    it succeeds, as long as the process lives; one that fails by itself is dropped. A database that
    hangs holds up this one thread, whatever is asked of it meanwhile.

    This is no ThreadPoolExecutor: Python waits for those threads at exit, however long they hang.
    """

    def __init__(self, name: str, database: Database, writes: bool) -> None:
        self.name, self.writes = name, writes
        self._database = database.with_own_connection(STATEMENT_SECONDS)
        self._jobs: deque[_Entry] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._fault: str | None = None
        self._closed = False
        self.last_success = float("-inf")
        """When a job was last done, by time.monotonic()."""

    def submit(self, job: Job[T]) -> Future[T]:
        """Queue a job. Its future has the result or the exception, or DatabaseUnavailable if the first try
        met a database that is down: the job is still done later then.

        Raise RuntimeError where the machine has no thread to give; the job stays queued.
        """
        entry = _Entry(job)
        with self._changed:
            if len(self._jobs) >= MAX_JOBS:
                self._jobs.popleft()
                log.error("%s: more than %d jobs wait: the oldest is dropped", self.name, MAX_JOBS)
            self._jobs.append(entry)
            self._changed.notify_all()
            self._start()
        return entry.future

    def wait(self, future: Future[T], timeout: float) -> T:
        """Return a job's result, within ``timeout`` seconds; at once while the database is down.

        Raise DatabaseUnavailable where it is not known yet, and whatever the job raised.
        """
        if not future.done() and (fault := self.fault):
            raise DatabaseUnavailable(fault)
        try:
            return future.result(timeout)
        except TimeoutError:
            raise DatabaseUnavailable(f"The database did not answer within {timeout} s.") from None

    @property
    def fault(self) -> str | None:
        """Why jobs are not done at present; None while they are."""
        with self._changed:
            if self._fault is None and self._jobs:
                since = max(self.last_success, self._jobs[0].submitted)
                if time.monotonic() - since > BREAKER_SECONDS:
                    return f"The database has not answered for {BREAKER_SECONDS:.0f} s."
            return self._fault

    def close(self, timeout: float = EXIT_SECONDS) -> None:
        """Finish the jobs, within ``timeout`` seconds, and close the connection. Jobs that are not
        done by then are lost, and none is taken any more.

        A process that ends does this by itself.
        """
        atexit.unregister(self.close)
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(timeout)
        self._database.close()

    def _start(self) -> None:
        if self._closed:
            raise RuntimeError(f"{self.name}: no job is taken while the process ends")
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
            self._thread.start()
            atexit.register(self.close)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._jobs or self._closed)
                if not self._jobs:
                    return
                entry = self._jobs[0]
            if not self._done(entry):
                with self._changed:
                    if self._changed.wait_for(lambda: self._closed, RETRY_SECONDS):
                        return

    def _done(self, entry: "_Entry") -> bool:
        """Run a job; return False if it must be tried again because the database is down."""
        database = self._database
        try:
            with database.writing(False) if self.writes else database.reading() as connection:
                result = entry.job(connection)
        except DatabaseUnavailable as error:
            self._failed(entry, error)
            return False
        except Exception as error:
            log.exception("%s: a job failed, and is not tried again", self.name)
            self._finished(entry)
            entry.settle(error=error)
        else:
            self._finished(entry)
            entry.settle(result)
        return True

    def _failed(self, entry: "_Entry", error: DatabaseUnavailable) -> None:
        with self._changed:
            if self._fault is None:
                log.error("%s: %s It is tried again every second.", self.name, error)
            self._fault = str(error)
        entry.settle(error=error)

    def _finished(self, entry: "_Entry") -> None:
        with self._changed:
            if self._fault is not None:
                log.warning("%s: the database answers again.", self.name)
            self._fault, self.last_success = None, time.monotonic()
            if self._jobs and self._jobs[0] is entry:  # not if it was dropped meanwhile
                self._jobs.popleft()


class _Entry:
    """A job, when it was submitted by time.monotonic(), and what became of it."""

    __slots__ = ("future", "job", "submitted")

    def __init__(self, job: Job[Any]) -> None:
        self.job, self.submitted = job, time.monotonic()
        self.future: Future[Any] = Future()

    def settle(self, result: Any = None, error: Exception | None = None) -> None:
        """Settle the future, unless the first try did."""
        if self.future.done():
            return
        if error is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(error)
