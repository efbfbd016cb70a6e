"""Writes made while a call is answered. None of them delays or breaks the answer."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy.engine import Connection

from routing.errors import DatabaseUnavailable
from routing.store import audit_log, counters
from routing.store.background import RETRY_SECONDS, Background
from routing.store.db import Database

TIMEOUT_SECONDS = 0.28
"""How long a call waits for a write."""

COUNT_INTERVAL_SECONDS = 1.0
"""How often counts are written and logged, however often something is counted."""

log = logging.getLogger(__name__)
T = TypeVar("T")
Job = Callable[[Connection], T]


class CallLog:
    """Write calls and counters, and audit log entries that no person causes.

    Entries are written in order. One that the database does not accept in time is written once it
    does, as long as the process lives. Safe to share between threads. No method raises.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self.database, self.clock = database, clock
        self._background = Background("call log", database, writes=True)
        self._counts: Counter[str] = Counter()
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()

    def write(self, job: Job[T], timeout: float = TIMEOUT_SECONDS) -> T | None:
        """Run ``job`` in a transaction and return its result.

        None if there is no result within ``timeout`` seconds: the job still runs later. While the
        database is known to be down, do not wait.
        """
        try:
            never_used = self._background.last_success < 0
            if never_used and not self.database.exists:  # not created yet, rather than gone
                return None
            future = self._background.submit(job)
            if timeout > 0:
                return self._background.wait(future, timeout)
        except DatabaseUnavailable as error:
            log.warning("a call is written later: %s", error)
        except Exception:
            log.exception("an entry of the call log is not written: the call goes on without it")
        return None

    def record(self, action: str, entity: str, after: Mapping[str, Any]) -> None:
        """Add the state of ``entity`` to the audit log, unless its newest entry says the same.

        Return at once; it is written later.
        """
        job = partial(
            audit_log.record_if_changed, at=self.clock(), action=action, entity=entity, after=after
        )
        self.write(job, timeout=0)

    def fault(self, timeout: float = TIMEOUT_SECONDS) -> str | None:
        """Return why nothing can be written at present, as a sentence; None if it can.

        If nothing has been written lately, try a write, for at most ``timeout`` seconds.
        """
        if time.monotonic() - self._background.last_success > RETRY_SECONDS:
            self.write(partial(counters.check_write, at=self.clock()), timeout)
        return self._background.fault

    def count(self, name: str) -> None:
        """Add one to a counter. It is written and logged within COUNT_INTERVAL_SECONDS."""
        try:
            with self._lock:
                self._counts[name] += 1
                if self._timer is None:
                    timer = threading.Timer(COUNT_INTERVAL_SECONDS, self._write_counts)
                    timer.daemon = True
                    timer.start()
                    self._timer = timer
        except Exception:
            log.exception("fault while counting %s", name)

    def close(self) -> None:
        """Write what is queued, and stop. This is called by itself when the process exits."""
        self._write_counts()
        self._background.close()

    def _write_counts(self) -> None:
        with self._lock:
            counts, self._counts, self._timer = self._counts, Counter(), None
        if counts:
            log.warning("counted within a second: %s", dict(counts))
        for name, more in counts.items():
            self.write(partial(counters.count, name=name, at=self.clock(), more=more), timeout=0)
