"""The call log as a telephone call writes it: before the answer, but never at its cost."""

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
from routing.store import audit_log, calls
from routing.store.background import RETRY_SECONDS, Background
from routing.store.db import Database

TIMEOUT_SECONDS = 0.28
"""How long a call waits until it is written, in seconds."""

COUNT_SECONDS = 1.0
"""How often counts are written and logged, however often something is counted."""

log = logging.getLogger(__name__)
T = TypeVar("T")
Job = Callable[[Connection], T]


class CallLog:
    """What the service writes by itself: calls, counts, and what it notices for the audit log.

    Entries are written in order. One that the database could not take in time is written once it
    can, as long as the process lives. Safe to share between threads; nothing here raises.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self.database, self.clock = database, clock
        self._background = Background("call log", database, writes=True)
        self._counts: Counter[str] = Counter()
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()

    def write(self, job: Job[T], patience: float = TIMEOUT_SECONDS) -> T | None:
        """Do ``job`` in a transaction, and return what it returns.

        None where that is not known within ``patience`` seconds: it is done later then. While the
        database is known to be down, return at once.
        """
        try:
            never_used = self._background.last_success < 0
            if never_used and not self.database.exists:  # not created yet, rather than gone
                return None
            future = self._background.submit(job)
            if patience > 0:
                return self._background.wait(future, patience)
        except DatabaseUnavailable as error:
            log.warning("a call is written later: %s", error)
        except Exception:
            log.exception("an entry of the call log is not written: the call goes on without it")
        return None

    def record(self, action: str, entity: str, after: Mapping[str, Any]) -> None:
        """Add to the audit log that ``entity`` is now as ``after`` says, unless it says so already.

        Nobody waits for it.
        """
        job = partial(
            audit_log.record_if_changed, at=self.clock(), action=action, entity=entity, after=after
        )
        self.write(job, patience=0)

    def fault(self, patience: float = TIMEOUT_SECONDS) -> str | None:
        """Return why nothing can be written at present; None when it can, or that is not known in
        time. Where nothing was written lately, it tries.
        """
        if time.monotonic() - self._background.last_success > RETRY_SECONDS:
            self.write(partial(calls.attempt, at=self.clock()), patience)
        return self._background.fault

    def count(self, name: str) -> None:
        """Add one to a count. It is written and logged within COUNT_SECONDS."""
        try:
            with self._lock:
                self._counts[name] += 1
                if self._timer is None:
                    timer = threading.Timer(COUNT_SECONDS, self._write_counts)
                    timer.daemon = True
                    timer.start()
                    self._timer = timer
        except Exception:
            log.exception("fault while counting %s", name)

    def close(self) -> None:
        """Write what is left, and stop. A process that ends does this by itself."""
        self._write_counts()
        self._background.close()

    def _write_counts(self) -> None:
        with self._lock:
            counts, self._counts, self._timer = self._counts, Counter(), None
        if counts:
            log.warning("counted within a second: %s", dict(counts))
        for name, more in counts.items():
            self.write(partial(calls.count, name=name, at=self.clock(), more=more), patience=0)
