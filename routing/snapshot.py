"""The data behind every answer, loaded from files and reloaded when they change."""

import logging
import math
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from routing import bank_holidays
from routing.bank_holidays import BankHolidays, build_calendar
from routing.core.decision import Timetables
from routing.core.directory import Directory
from routing.directory.load import LastGoodDirectory
from routing.errors import InvalidBankHolidays, InvalidDirectory, Problem
from routing.files import probe, read_bytes, run_with_timeout

POLL_INTERVAL_SECONDS = 1.0
"""How often the files are looked at, and how long a file must be unchanged before it is read."""

RETRY_SECONDS = 4.0
"""After how long a file that could not be read is tried again, even if it has not changed."""

LOGO_TYPES = {".png": "image/png", ".svg": "image/svg+xml"}
"""Media types of pictures that may be the council's logo, by suffix."""

log = logging.getLogger(__name__)

_FileState = tuple[int, ...] | None


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Snapshot:
    """The data behind every answer, loaded together.

    If the last good directory stands in for a broken file, ``problems`` says what is wrong with
    that, and ``kept_at`` when the directory was last known to be good. ``logo`` is the council's
    picture, None without one: no request reads it, since a file system may hang.
    """

    directory: Directory
    holidays: BankHolidays
    timetables: Timetables
    loaded_at: datetime
    problems: tuple[Problem, ...] = ()
    kept_at: datetime | None = None
    sha256: str = ""
    logo: bytes | None = None


def build_snapshot(
    directory: Directory, folder: Path, at: datetime, previous: Snapshot | None = None
) -> Snapshot:
    """Return the snapshot of a directory, with the bank holidays in use.

    If the copy of GOV.UK's list is broken, the previous snapshot's list is used. If nothing that
    timetables depend on has changed, the previous snapshot's are used.
    """
    try:
        holiday_list, fault = bank_holidays.load_copy(folder), None
    except InvalidBankHolidays as error:
        holiday_list, fault = previous.holidays.published if previous else None, str(error)
    holidays = build_calendar(directory.holiday_rules, holiday_list, fault)
    timetables = Timetables(directory, holidays.dates)
    if previous is not None and holidays.dates == previous.holidays.dates:
        # By their text: two spellings of a number are equal, and answers show the one of the file.
        is_same = directory is previous.directory or repr(directory) == repr(previous.directory)
        timetables = previous.timetables if is_same else timetables
    return Snapshot(directory, holidays, timetables, at)


class SnapshotLoader:
    """Load snapshots of the directory and of the copy of GOV.UK's list in the instance folder.

    Safe to share between threads. ``on_read`` is called after each reading; it must neither wait
    nor raise.
    """

    def __init__(self, file: Path, folder: Path, clock: Callable[[], datetime]) -> None:
        self.file, self.folder, self.clock = file, folder, clock
        self.snapshot: Snapshot | None = None
        self.on_read: Callable[[Snapshot], None] = lambda snapshot: None
        self._last_good = LastGoodDirectory(folder)
        self._lock = threading.Lock()
        self._watcher: threading.Thread | None = None
        self._stopped = threading.Event()
        self._states_read: tuple[_FileState, ...] | None = None
        self._states_seen: tuple[_FileState, ...] | None = None
        self._seen_since = -math.inf
        self._next_look = -math.inf
        self._retry_at = math.inf

    def current(self) -> Snapshot:
        """Return the snapshot that the thread read last, or without one after a ``refresh``.

        The files are looked at once in POLL_INTERVAL_SECONDS. Raise InvalidDirectory when there is
        no snapshot yet, and neither the file nor its last good copy can be used.
        """
        is_watched = self._watcher is not None and self._watcher.is_alive()
        if self.snapshot is not None and (is_watched or time.monotonic() < self._next_look):
            return self.snapshot
        if self.snapshot is None and not is_watched:
            probe(self.file)
        return self.refresh()

    def watch(self) -> None:
        """Start a thread that checks the files every POLL_INTERVAL_SECONDS.

        A worker calls this after the fork: threads do not survive one.
        """
        self._stopped.clear()
        self._watcher = threading.Thread(target=self._watch, name="files", daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        """Stop the thread that watches the files, if there is one."""
        self._stopped.set()
        if self._watcher is not None:
            self._watcher.join()

    def refresh(self) -> Snapshot:
        """Check the files, read what has changed, and return the snapshot.

        A file is read when it has been unchanged for POLL_INTERVAL_SECONDS, so never while it is
        being written. If the directory is broken, the one in use stays, or at first the last good
        copy is used. While another thread is reading, return the previous snapshot.
        """
        previous = self.snapshot
        if not self._lock.acquire(blocking=previous is None) and previous is not None:
            return previous
        try:
            previous, now = self.snapshot, time.monotonic()
            states = tuple(
                _file_state(p) for p in (self.file, bank_holidays.copy_path(self.folder))
            )
            self._next_look = now + POLL_INTERVAL_SECONDS
            if states != self._states_seen:
                self._states_seen, self._seen_since = states, now
            changed_at = max((state[0] for state in states if state is not None), default=0)
            unchanged_seconds = max(time.time() - changed_at / 1e9, now - self._seen_since)
            is_still = unchanged_seconds >= POLL_INTERVAL_SECONDS
            has_changed = is_still and states != self._states_read
            if previous is not None and not has_changed and now < self._retry_at:
                return previous
            self.snapshot = snapshot = self._read(previous)
            self._states_read = states if is_still else None
            # Without a line at fault, the problem may go away although no file changes.
            is_transient = snapshot.holidays.fault or not all(p.line for p in snapshot.problems)
            self._retry_at = time.monotonic() + RETRY_SECONDS if is_transient else math.inf
            self._log(snapshot, previous)
            self.on_read(snapshot)
            return snapshot
        finally:
            self._lock.release()

    def _watch(self) -> None:
        while not self._stopped.wait(POLL_INTERVAL_SECONDS):
            try:
                self.refresh()
            except InvalidDirectory:
                log.debug("no directory yet")  # each request says so
            except Exception:
                log.exception("fault while looking at %s", self.file)

    def _read(self, previous: Snapshot | None) -> Snapshot:
        """Read the files. A broken directory leaves the one in use; at first, the last good one."""
        try:
            directory, sha256 = self._last_good.load(self.file)
            logo = _read_logo(self.file.parent, directory.council.logo)
            snapshot = build_snapshot(directory, self.folder, self.clock(), previous)
            return replace(snapshot, sha256=sha256, logo=logo)
        except InvalidDirectory as error:
            problems = error.problems
        except Exception as error:  # a fault of ours: callers are answered all the same
            message = f"it could not be read ({error!r}). Undo the last change of it, or restart."
            problems = (Problem(0, 0, "fault", message),)
            if previous is None or problems != previous.problems:
                log.exception("fault while reading %s", self.file)
        good = snapshot = previous or self._last_good_snapshot(problems)
        with suppress(Exception):  # new bank holidays count all the same
            snapshot = build_snapshot(good.directory, self.folder, self.clock(), good)
        kept_at = good.kept_at or good.loaded_at
        return replace(
            snapshot, problems=problems, kept_at=kept_at, sha256=good.sha256, logo=good.logo
        )

    def _last_good_snapshot(self, problems: tuple[Problem, ...]) -> Snapshot:
        """Return the last good copy as of its time. Raise InvalidDirectory if there is none."""
        try:
            directory, sha256, kept_at = self._last_good.load_copy()
        except (InvalidDirectory, OSError):
            raise InvalidDirectory(self.file, problems) from None
        return replace(build_snapshot(directory, self.folder, kept_at), sha256=sha256)

    def _log(self, snapshot: Snapshot, previous: Snapshot | None) -> None:
        faults = _faults(snapshot)
        if previous is not None and snapshot.timetables is not previous.timetables:
            log.warning("%s or the bank holidays changed: answers follow", self.file)
        if previous is not None and faults == _faults(previous):
            return
        for fault in faults:
            log.error("%s: %s", self.file, fault)
        if snapshot.kept_at is not None:
            log.error(
                "%s is broken: answering from the last good one, of %s. `who-to-call directory "
                "check` lists what to correct.",
                self.file,
                snapshot.kept_at.isoformat(timespec="seconds"),
            )
        elif previous is not None and not faults:
            log.warning("%s is in order again", self.file)


def _read_logo(folder: Path, name: str | None) -> bytes | None:
    if name is None or Path(name).suffix not in LOGO_TYPES:
        return None
    try:
        return read_bytes(folder / name)
    except OSError as error:
        log.info("cannot read the logo %s: %s", name, error)
        return None


def _faults(snapshot: Snapshot) -> tuple[str, ...]:
    return (*map(str, snapshot.problems), *filter(None, [snapshot.holidays.fault]))


def _file_state(path: Path) -> _FileState:
    """Return a value that changes when the file does; None when there is no file."""
    try:
        status = run_with_timeout(os.stat, path)
    except (OSError, ValueError):
        return None
    return status.st_ctime_ns, status.st_mtime_ns, status.st_size, status.st_ino
