"""The diverts as last read. Nobody waits for the database for longer than PATIENCE."""

import fcntl
import json
import logging
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection

from routing.core.instants import Span
from routing.errors import DatabaseUnavailable
from routing.files import write_atomically
from routing.store.background import Background
from routing.store.db import Database
from routing.store.diverts import DivertRow, current_and_future


class DivertFile:
    """A file of the instance folder. Its time is that at which the reading began, in Unix seconds.

    Whatever is wrong with the file or the disk is logged and costs nobody an answer.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    def put(self, diverts: tuple[DivertRow, ...], began: float) -> None:
        """Keep a reading, unless one that began later is kept already. One from the future is no
        later: the clock was put back since.
        """
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self.file.with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._put(_written(diverts).encode(), began)
        except BlockingIOError:
            log.info("another process keeps the diverts just now")
        except OSError as error:
            log.warning("cannot keep the diverts in %s: %s", self.file, error)

    def get(self) -> tuple[tuple[DivertRow, ...], float] | None:
        """Return the kept reading and when it began; None where there is none to be had."""
        try:
            began = self.file.stat().st_mtime
            return _read(self.file.read_text("utf-8")), began
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("cannot use the diverts kept in %s: %s", self.file, error)
            return None

    def _put(self, content: bytes, began: float) -> None:
        old = self.file.stat().st_mtime if self.file.exists() else 0.0
        if began <= old <= time.time():
            return
        if not old or self.file.read_bytes() != content:
            write_atomically(self.file, content)
        os.utime(self.file, (began, began))


def _written(diverts: tuple[DivertRow, ...]) -> str:
    rows = [
        {
            "id": each.id,
            "service": each.service,
            "line": each.line,
            "from": each.during.start.isoformat(),
            "to": each.during.end.isoformat(),
            "set_at": each.set_at.isoformat(),
            "set_by": each.set_by,
        }
        for each in diverts
    ]
    return json.dumps({"diverts": rows}, indent=1)


def _read(text: str) -> tuple[DivertRow, ...]:
    return tuple(_stored(row) for row in json.loads(text)["diverts"])


def _stored(row: dict[str, Any]) -> DivertRow:
    during = Span(_instant(row["from"]), _instant(row["to"]))
    set_at = _instant(row["set_at"])
    return DivertRow(row["id"], row["service"], row["line"], during, "", set_at, row["set_by"])


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


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
