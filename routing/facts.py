"""All that an answer rests on, read from files, and read again when the files change."""

import gc
import logging
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
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

RETRY_AFTER = 4.0
"""Seconds after which a file that could not be read is tried again, changed or not."""

log = logging.getLogger(__name__)

_Marks = tuple[tuple[int, ...] | None, ...]


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Facts:
    """All that an answer rests on, loaded together.

    ``problems`` is what is wrong with the file when the last good directory answers in its stead,
    and ``kept_at`` when that one was last known to be good; empty and None when the file itself is
    in use. ``sha256`` is that of the directory's text.
    """

    directory: Directory
    holidays: BankHolidays
    timetables: Timetables
    loaded_at: datetime
    problems: tuple[Problem, ...] = ()
    kept_at: datetime | None = None
    sha256: str = ""


class Sources:
    """The files that answers rest on, and what was last read from them.

    They are the directory and, in the instance folder, the copy of GOV.UK's bank holidays. Safe to
    share between threads: one of its own reads, the others answer from what was read before.
    ``on_read`` is told of each reading; it must neither wait nor fail.
    """

    def __init__(self, file: Path, folder: Path, clock: Callable[[], datetime]) -> None:
        self.file, self.folder, self.clock = file, folder, clock
        self.facts: Facts | None = None
        self._turn = threading.Lock()
        self._next_look = 0.0
        self._read_at: _Marks | None = None
        self._seen: _Marks | None = None
        self._retry = math.inf
        self.on_read: Callable[[Facts], None] = lambda facts: None

    def current(self, otherwise: Facts | None = None) -> Facts:
        """Return the facts: read at the first question, and again once a file has changed.

        Files are looked at once in LOOK_EVERY at most. A change counts when it has lain still for
        as long, so that no file is read while it is being written; nobody who asks waits for that
        reading. A broken directory changes no answer: the one in use, or at the first question the
        one kept in the instance folder, or ``otherwise``, goes on. Raise DirectoryInvalid when
        there is none of these.
        """
        facts = self.facts
        if facts is None:
            return self._first(otherwise)
        if time.monotonic() >= self._next_look and self._turn.acquire(blocking=False):
            try:
                self._look(facts)
            except RuntimeError as error:  # no thread to be had: the next look tries again
                self._turn.release()
                log.warning("%s is not read again yet: %s", self.file, error)
        return facts

    def _first(self, otherwise: Facts | None) -> Facts:
        with self._turn:
            return self.facts or self._take(self._marks(), None, otherwise)

    def _look(self, running: Facts) -> None:
        """Look at the files; read what has changed in a thread, which gives up the turn then."""
        self._next_look = time.monotonic() + LOOK_EVERY
        found = self._marks()
        changed, seen, self._seen = found != self._read_at, self._seen, found
        again = time.monotonic() >= self._retry
        if again or (changed and (_still(found) or found == seen)):
            asked = (found, running)
            threading.Thread(None, self._renew, "directory", asked, daemon=True).start()
        else:
            self._turn.release()

    def _renew(self, found: _Marks, running: Facts) -> None:
        try:
            with _aside():
                self._take(found, running, None)
        finally:
            self._turn.release()

    def _take(self, found: _Marks, running: Facts | None, otherwise: Facts | None) -> Facts:
        """Read the files, whose marks were ``found`` before, and answer from them from now on."""
        read_at = found if running is not None or _still(found) else None
        try:
            facts = self._read(running, otherwise)
        except Exception as error:
            if running is None:
                raise
            facts = self._unread(running, error)
        self._read_at = read_at
        self._retry = time.monotonic() + RETRY_AFTER if _may_pass(facts) else math.inf
        self._next_look = time.monotonic() + LOOK_EVERY
        self.facts = facts
        self._tell(facts, running)
        self.on_read(facts)
        return facts

    def _read(self, running: Facts | None, otherwise: Facts | None) -> Facts:
        loaded = self._load(running, otherwise)
        listed, fault = self._published(running)
        holidays = bank_holidays(loaded.directory.holiday_rules, listed, fault)
        if running is not None and _same(running, loaded, holidays):
            timetables = running.timetables
        else:
            timetables = Timetables(loaded.directory, holidays.dates)
        told = (loaded.problems, loaded.kept_at, loaded.sha256)
        return Facts(loaded.directory, holidays, timetables, self.clock(), *told)

    def _load(self, running: Facts | None, otherwise: Facts | None) -> Loaded:
        """Return the directory in the file; where it is broken, the one in use goes on."""
        try:
            loaded = Kept(self.folder).load(self.file)
            if running is None or not loaded.problems:
                return loaded
            good, problems = running, loaded.problems
        except DirectoryInvalid as error:
            before = running or otherwise
            if before is None:
                raise
            good, problems = before, error.problems
        return Loaded(good.directory, good.sha256, problems, good.kept_at or good.loaded_at)

    def _published(self, running: Facts | None) -> tuple[published.Published | None, str | None]:
        """Return the copy of GOV.UK's list; where it is broken, the one in use and the fault."""
        try:
            return published.kept(self.folder), None
        except BadHolidays as error:
            return running.holidays.published if running else None, str(error)

    def _unread(self, running: Facts, error: Exception) -> Facts:
        """Return what was read before, for a fault of ours while reading again; it says so."""
        message = f"it could not be read again ({error!r}). Restart the service if that goes on."
        problem = Problem(0, 0, "fault", message)
        if problem not in running.problems:
            log.exception("fault while reading %s again", self.file)
        return replace(running, problems=(problem,), kept_at=running.kept_at or running.loaded_at)

    def _tell(self, facts: Facts, before: Facts | None) -> None:
        """Log what is new: other answers, other problems, or none any more."""
        if before is not None and facts.timetables is not before.timetables:
            log.warning("%s or the bank holidays changed: answers follow", self.file)
        if before is not None and _wrong(facts) == _wrong(before):
            return
        for problem in _wrong(facts):
            log.error("%s: %s", self.file, problem)
        if facts.kept_at is not None:
            log.error(
                "%s is broken: answering from the last good one, of %s. Mend it: see `flask "
                "directory check`.",
                self.file,
                facts.kept_at.isoformat(timespec="seconds"),
            )
        elif before is not None and not _wrong(facts):
            log.warning("%s is in order again", self.file)

    def _marks(self) -> _Marks:
        return tuple(_mark(path) for path in (self.file, published.file_in(self.folder)))


@contextmanager
def _aside() -> Iterator[None]:
    """Let those who are answering go first, while a thousand services are read beside them.

    They get the interpreter ten times as often, and nobody stops to look for garbage among half a
    million new values: those are set apart.
    """
    every = sys.getswitchinterval()
    sys.setswitchinterval(every / 10)
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        sys.setswitchinterval(every)


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


def _wrong(facts: Facts) -> tuple[str, ...]:
    return (*map(str, facts.problems), *filter(None, [facts.holidays.fault]))


def _may_pass(facts: Facts) -> bool:
    """Say whether what is wrong may mend itself while the files stay as they are.

    So it may where no line of the file is to blame: no handle was free, or the disk was not there.
    """
    return facts.holidays.fault is not None or any(not each.line for each in facts.problems)


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
