"""All that an answer rests on, read from files, and read again when the files change."""

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from routing.bank_holidays import published
from routing.bank_holidays.in_force import BankHolidays, bank_holidays
from routing.core.directory import Directory
from routing.core.timetable import Timetables
from routing.directory.kept import Kept, Loaded
from routing.errors import BadHolidays, DirectoryInvalid, Problem

LOOK_EVERY = 1.0
"""Seconds between two looks at whether a file has changed; and for which a change must lie still.
"""

log = logging.getLogger(__name__)

_Marks = tuple[tuple[int, ...] | None, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """All that an answer rests on, loaded together.

    ``problems`` is what is wrong with the file when the last good directory answers in its stead,
    and ``kept_at`` when that one was last known to be good; empty and None when the file itself is
    in use.
    """

    directory: Directory
    holidays: BankHolidays
    timetables: Timetables
    loaded_at: datetime
    problems: tuple[Problem, ...] = ()
    kept_at: datetime | None = None


class Sources:
    """The files that answers rest on, and what was last read from them.

    They are the directory and, in the instance folder, the copy of GOV.UK's bank holidays. Safe to
    share between threads: one reads, the others answer meanwhile from what was read before.
    """

    def __init__(self, file: Path, folder: Path, clock: Callable[[], datetime]) -> None:
        self.file, self.folder, self.clock = file, folder, clock
        self.facts: Facts | None = None
        self._turn = threading.Lock()
        self._next_look = 0.0
        self._read_at: _Marks | None = None
        self._seen: _Marks | None = None

    def current(self, otherwise: Facts | None = None) -> Facts:
        """Return the facts: read at the first question, and again once a file has changed.

        Files are looked at once in LOOK_EVERY at most. A change counts when it has lain still for
        as long, so that no file is read while it is being written. A broken directory changes no
        answer: the one in use, or at the first question the one kept in the instance folder, or
        ``otherwise``, goes on. Raise DirectoryInvalid when there is none of these.
        """
        facts = self.facts
        if facts is not None and time.monotonic() < self._next_look:
            return facts
        if not self._turn.acquire(blocking=facts is None):
            assert facts is not None
            return facts
        try:
            if self.facts is None or time.monotonic() >= self._next_look:
                self.facts = self._look(self.facts, otherwise)
                self._next_look = time.monotonic() + LOOK_EVERY
            return self.facts
        finally:
            self._turn.release()

    def _look(self, running: Facts | None, otherwise: Facts | None) -> Facts:
        found = self._marks()
        changed, seen, self._seen = found != self._read_at, self._seen, found
        still = _still(found)
        if running is not None and not (changed and (still or found == seen)):
            return running
        self._read_at = found if still or running is not None else None
        try:
            return self._read(running or otherwise, first=running is None)
        except Exception:
            if running is None:
                raise
            log.exception("fault while reading %s again: what was read before goes on", self.file)
            return running

    def _read(self, running: Facts | None, first: bool) -> Facts:
        loaded = self._load(running, first)
        listed, fault = self._published(running)
        holidays = bank_holidays(loaded.directory.holiday_rules, listed, fault)
        timetables = Timetables(loaded.directory, holidays.dates)
        if running is not None and not first:
            if _same(running, loaded, holidays):
                timetables = running.timetables
            else:
                log.warning("%s or the bank holidays changed: answers follow", self.file)
        self._tell(loaded)
        return Facts(
            loaded.directory, holidays, timetables, self.clock(), loaded.problems, loaded.kept_at
        )

    def _load(self, running: Facts | None, first: bool) -> Loaded:
        """Return the directory in the file; where it is broken, the one in use goes on."""
        try:
            loaded = Kept(self.folder).load(self.file)
        except DirectoryInvalid as error:
            if running is None:
                raise
            first, loaded = False, Loaded(running.directory, error.problems, running.loaded_at)
        if loaded.kept_at is None or running is None or first:
            return loaded
        return Loaded(running.directory, loaded.problems, running.kept_at or running.loaded_at)

    def _published(self, running: Facts | None) -> tuple[published.Published | None, str | None]:
        """Return the copy of GOV.UK's list; where it is broken, the one in use and the fault."""
        try:
            return published.kept(self.folder), None
        except BadHolidays as error:
            log.error("%s", error)
            return running.holidays.published if running else None, str(error)

    def _tell(self, loaded: Loaded) -> None:
        for problem in loaded.problems:
            log.error("%s: %s", self.file, problem)
        if loaded.kept_at is not None:
            log.error(
                "%s is broken: answering from the last good one, of %s. Mend it: see `flask "
                "directory check`.",
                self.file,
                loaded.kept_at.isoformat(timespec="seconds"),
            )

    def _marks(self) -> _Marks:
        return tuple(_mark(path) for path in (self.file, published.file_in(self.folder)))


def gather(directory: Directory, folder: Path, at: datetime) -> Facts:
    """Return what answers from another directory would rest on, with the bank holidays in use."""
    try:
        listed, fault = published.kept(folder), None
    except BadHolidays as error:
        listed, fault = None, str(error)
    holidays = bank_holidays(directory.holiday_rules, listed, fault)
    return Facts(directory, holidays, Timetables(directory, holidays.dates), at)


def _same(running: Facts, loaded: Loaded, holidays: BankHolidays) -> bool:
    return running.directory == loaded.directory and running.holidays.dates == holidays.dates


def _mark(path: Path) -> tuple[int, ...] | None:
    """Return what tells one state of a file from another; None when there is no file."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_ctime_ns, found.st_mtime_ns, found.st_size, found.st_ino


def _still(found: _Marks) -> bool:
    """Say whether no file has been written to for LOOK_EVERY."""
    newest = max((mark[0] for mark in found if mark is not None), default=0)
    return time.time_ns() - newest >= LOOK_EVERY * 1e9
