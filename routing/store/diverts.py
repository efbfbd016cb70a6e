"""Diverts as staff set, extend and end them, and as each process last read them.

Nothing of a divert changes but its end; none is deleted. The last reading is in memory and on disk,
so that no request waits long for the database.
"""

import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.engine import Connection

from routing.core.decision import Divert
from routing.core.instants import Span, as_utc, whole_second
from routing.errors import DatabaseUnavailable, UnknownDivert
from routing.files import (
    CALLER_IO_TIMEOUT_SECONDS,
    open_lock,
    read_bytes,
    run_with_timeout,
    write_atomically,
)
from routing.store.audit_log import record
from routing.store.db import Background, Database
from routing.store.tables import diverts

TIMEOUT_SECONDS = 0.28
"""How long a request waits for the database: callers should wait 0.3 seconds at most."""

SAVE_INTERVAL_SECONDS = 30.0
"""How often a reading is saved to disk even if nothing has changed, to update its time."""

LOOKBACK = timedelta(days=1)
"""Diverts that ended within this are read as well, for questions about the recent past."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DivertRow:
    """A stored divert of a service to a line, by their ids in the directory.

    ``note`` is for colleagues, never for callers. ``avoid`` is a line that took the service's calls
    when the divert began, and is not to be tried meanwhile. ``set_by`` is an actor of the audit
    log. One that was ended before it began has an empty span.
    """

    id: int
    service: str
    line: str
    during: Span
    note: str
    set_at: datetime
    set_by: str
    avoid: str | None


@dataclass(frozen=True, slots=True)
class DivertReading:
    """The diverts, newest last, and when reading them began, in Unix seconds.

    ``fault`` is why the reading is not newer, as a sentence; None while the database answers.
    """

    diverts: tuple[DivertRow, ...] = ()
    began: float = 0.0
    fault: str | None = None


_SAVED = TypeAdapter(tuple[DivertRow, ...])


def create(
    connection: Connection,
    proposed: Sequence[Divert],
    note: str,
    at: datetime,
    actor: str,
    idempotency_key: str = "",
) -> list[DivertRow]:
    """Set diverts, all or none, with times cut to whole seconds; return them in the given order.

    Called again with the same ``idempotency_key``, it returns the diverts of the first call.
    """
    keys = [
        f"{idempotency_key}/{number}" if idempotency_key else None
        for number in range(len(proposed))
    ]
    if earlier := _read(connection, diverts.select().where(diverts.c.idempotency_key.in_(keys))):
        return list(earlier)
    rows = [
        {
            "service": divert.service,
            "line": divert.line.id,
            "starts_at": whole_second(divert.during.start),
            "ends_at": whole_second(divert.during.end),
            "note": note,
            "set_at": at,
            "set_by": actor,
            "idempotency_key": key,
            "avoid": divert.avoid.id if divert.avoid else None,
        }
        for key, divert in zip(keys, proposed, strict=True)
    ]
    insert = diverts.insert().returning(diverts, sort_by_parameter_order=True)
    created = [_divert(row) for row in connection.execute(insert, rows)]
    for row in created:
        record(connection, at, actor, "divert.set", f"divert:{row.id}", after=_summary(row))
    return created


def move_end(
    connection: Connection, divert_id: int, end: datetime, at: datetime, actor: str
) -> DivertRow:
    """Change a divert's end, and return it. An end at or before ``at`` ends it now.

    If it has not begun, it is then never in force. If it has ended, nothing changes. Raise
    UnknownDivert.
    """
    before = get(connection, divert_id)
    if before.during.end <= at:
        return before
    ends_now = end <= at
    end = max(whole_second(at if ends_now else end), before.during.start)
    connection.execute(diverts.update().where(diverts.c.id == divert_id).values(ends_at=end))
    after = replace(before, during=Span(before.during.start, end))
    action = "divert.ended" if ends_now else "divert.changed"
    record(connection, at, actor, action, f"divert:{divert_id}", _summary(before), _summary(after))
    return after


def get(connection: Connection, divert_id: int) -> DivertRow:
    """Return a divert by its id. Raise UnknownDivert."""
    row = connection.execute(diverts.select().where(diverts.c.id == divert_id)).first()
    if row is None:
        raise UnknownDivert(divert_id)
    return _divert(row)


def current_and_future(connection: Connection, at: datetime) -> tuple[DivertRow, ...]:
    """Return every divert that ends after ``at``, newest last."""
    return _read(connection, diverts.select().where(diverts.c.ends_at > at))


def overlapping(connection: Connection, start: datetime, end: datetime) -> tuple[DivertRow, ...]:
    """Return every divert in force at some instant from ``start`` to before ``end``."""
    is_overlapping = (diverts.c.starts_at < end) & (diverts.c.ends_at > start)
    return _read(connection, diverts.select().where(is_overlapping))


class DivertCache:
    """What one process knows of the diverts. Threads may share it.

    Requests that arrive at the same time share a reading that begins after they arrived.
    """

    def __init__(
        self, database: Database, saved: "DivertFile", clock: Callable[[], datetime]
    ) -> None:
        self.database, self.saved, self.clock = database, saved, clock
        self._background = Background("diverts", database, writes=False)
        self._lock = threading.Lock()
        self._last, self._began = DivertReading(), float("-inf")  # began by time.monotonic()
        self._next: Future[DivertReading] | None = None  # queued, not begun
        self._save_at = float("-inf")

    def current(self, max_age: float, timeout: float = TIMEOUT_SECONDS) -> DivertReading:
        """Return a reading that began at most ``max_age`` seconds ago; 0 means from now on.

        If the database does not answer within ``timeout`` seconds, return the last reading, from
        this process or as another saved it to disk, with a fault. While the database is known to
        be down, do so at once. Never raise.
        """
        try:
            if time.monotonic() - self._began <= max_age:
                return self._last
            if not self.database.exists:
                if not self._last.began and not self.saved.file.exists():
                    return DivertReading()  # SQLite's file has not been created yet
                raise DatabaseUnavailable(f"The database's file {self.database.file} is not there.")
            with self._lock:
                queued = self._next = self._next or self._background.submit(self._read)
            return self._background.wait(queued, timeout)
        except DatabaseUnavailable as error:
            return self._last_with_fault(str(error))
        except Exception as error:  # no file handle or no thread left: callers come first
            log.exception("the diverts could not be read: answers rest on those last read")
            return self._last_with_fault(f"The diverts could not be read ({error!r}).")

    def close(self) -> None:
        """Stop reading. A process that exits calls this by itself."""
        self._background.close()

    def _read(self, connection: Connection) -> DivertReading:
        with self._lock:
            self._next = None
        began, began_unix = time.monotonic(), time.time()
        rows = current_and_future(connection, self.clock() - LOOKBACK)
        has_changed = self._last.diverts != rows
        reading = self._last = DivertReading(rows, began_unix)
        self._began = began  # after the reading: it must never seem newer than it is
        if has_changed or began > self._save_at:
            self._save_at = began + SAVE_INTERVAL_SECONDS
            # Later, as another job: the disk may be slow.
            self._background.submit(lambda _: self.saved.save(reading))
        return reading

    def _last_with_fault(self, fault: str) -> DivertReading:
        """Return the newest reading, of this process or from disk, with a fault."""
        readings = self._last, self.saved.load() or DivertReading()
        return replace(max(readings, key=lambda reading: reading.began), fault=fault)


class DivertFile:
    """The last reading on disk. The file's time is when that reading began, in Unix seconds.

    Problems with the file or the disk are logged, never raised.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    def save(self, reading: DivertReading) -> None:
        """Save a reading, unless a later one is saved already.

        A saved one from the future does not count as later: the clock has been put back since.
        """
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with open_lock(self.file.with_suffix(".lock")) as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                saved = self.file.stat().st_mtime if self.file.exists() else 0.0
                if reading.began <= saved <= time.time():
                    return
                # Without notes, which nobody needs while the database is down.
                rows = tuple(replace(divert, note="") for divert in reading.diverts)
                content = _SAVED.dump_json(rows, indent=1)
                if not saved or read_bytes(self.file) != content:
                    write_atomically(self.file, content)
                os.utime(self.file, (reading.began, reading.began))
        except BlockingIOError:
            log.info("another process is saving the diverts")
        except OSError as error:
            log.warning("cannot save the diverts in %s: %s", self.file, error)

    def load(self) -> DivertReading | None:
        """Return the saved reading; None where there is none, or it is broken."""
        try:
            began, content = run_with_timeout(
                lambda file: (file.stat().st_mtime, read_bytes(file)),
                self.file,
                CALLER_IO_TIMEOUT_SECONDS,
            )
            return DivertReading(tuple(map(_in_utc, _SAVED.validate_json(content))), began)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            log.warning("cannot use the diverts saved in %s: %s", self.file, error)
            return None


def _read(connection: Connection, query: sa.Select[Any]) -> tuple[DivertRow, ...]:
    """Return the diverts of a query, newest last.

    Sorted here: for an ORDER BY, SQLite would read every row rather than sort the few matches.
    """
    rows = connection.execute(query)
    return tuple(sorted(map(_divert, rows), key=lambda divert: divert.id))


def _divert(row: sa.Row[Any]) -> DivertRow:
    values = row._asdict()
    values["during"] = Span(values.pop("starts_at"), values.pop("ends_at"))
    del values["idempotency_key"]
    return DivertRow(**values)


def _summary(divert: DivertRow) -> dict[str, str]:
    """Return what the audit log holds of a divert: no note."""
    return {
        "service": divert.service,
        "line": divert.line,
        "from": divert.during.start.isoformat(),
        "to": divert.during.end.isoformat(),
    }


def _in_utc(row: DivertRow) -> DivertRow:
    during = Span(as_utc(row.during.start), as_utc(row.during.end))
    return replace(row, during=during, set_at=as_utc(row.set_at))
