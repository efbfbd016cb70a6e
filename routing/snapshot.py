"""All that an answer rests on, read from files, and read again when the files change."""

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from routing.bank_holidays import govuk
from routing.bank_holidays.calendar import BankHolidays, build_calendar
from routing.core.directory import Directory
from routing.core.timetable import Timetables
from routing.directory.guarded_read import stat_file
from routing.directory.last_good import LastGoodDirectory, LoadResult
from routing.errors import InvalidBankHolidays, InvalidDirectory, Problem

POLL_INTERVAL_SECONDS = 1.0
"""How often the files are looked at; and for how long a change must lie still before it is read."""

RETRY_SECONDS = 4.0
"""After which a file that could not be read is tried again, changed or not."""

log = logging.getLogger(__name__)

_Marks = tuple[tuple[int, ...] | None, ...]


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Snapshot:
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


class SnapshotLoader:
    """The files that answers rest on, and what was last read from them.

    They are the directory and, in the instance folder, the copy of GOV.UK's bank holidays. Safe to
    share between threads. ``on_read`` is called after each reading; it must neither wait nor fail.
    """

    def __init__(self, file: Path, folder: Path, clock: Callable[[], datetime]) -> None:
        self.file, self.folder, self.clock = file, folder, clock
        self.facts: Snapshot | None = None
        self.on_read: Callable[[Snapshot], None] = lambda facts: None
        self._kept = LastGoodDirectory(folder)
        self._lock = threading.Lock()
        self._watcher: threading.Thread | None = None
        self._has_stopped = threading.Event()
        self._marks_read: _Marks | None = None
        self._marks_seen: _Marks | None = None
        self._seen_since = -math.inf
        self._next_look = -math.inf
        self._retry_at = math.inf

    def current(self) -> Snapshot:
        """Return the facts: those of now.

        While a thread watches the files, these are what it read last, and nobody waits. Without
        one (commands, ``flask run``, tests) look at the files, unless that was done less than
        POLL_INTERVAL_SECONDS ago, and read what has changed before answering. Raise
        InvalidDirectory when there are no facts yet, and neither the file nor its last good copy
        can be used.
        """
        facts = self.facts
        is_watched = self._watcher is not None and self._watcher.is_alive()
        if facts is not None and (is_watched or time.monotonic() < self._next_look):
            return facts
        return self.refresh()

    def watch(self) -> None:
        """Look at the files every POLL_INTERVAL_SECONDS from now on, in a thread.

        A worker calls this after the fork: a thread does not outlive one.
        """
        self._has_stopped.clear()
        self._watcher = threading.Thread(target=self._watch, name="files", daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        """End the thread that watches, if there is one."""
        self._has_stopped.set()
        if self._watcher is not None:
            self._watcher.join()

    def refresh(self) -> Snapshot:
        """Look at the files, read what has changed, and return the facts.

        A change is read when it has lain still for POLL_INTERVAL_SECONDS, so that no file is read
        while it is being written. A broken directory changes no answer: the one in use goes on, or
        at the first reading the last good copy. While another thread reads, return what was read
        before. Raise InvalidDirectory when there is none of these.
        """
        if not self._lock.acquire(blocking=self.facts is None) and self.facts is not None:
            return self.facts
        try:
            facts, marks, now = self.facts, self._marks(), time.monotonic()
            self._next_look = now + POLL_INTERVAL_SECONDS
            if marks != self._marks_seen:
                self._marks_seen, self._seen_since = marks, now
            is_still = _is_still(marks) or now - self._seen_since >= POLL_INTERVAL_SECONDS
            if facts is None:
                return self._take(self._read(None), None, marks if is_still else None)
            if (is_still and marks != self._marks_read) or now >= self._retry_at:
                return self._take(self._reread(facts), facts, marks)
            return facts
        finally:
            self._lock.release()

    def _watch(self) -> None:
        while not self._has_stopped.wait(POLL_INTERVAL_SECONDS):
            try:
                self.refresh()
            except InvalidDirectory:
                log.debug("no directory yet")  # each request says so
            except Exception:
                log.exception("fault while looking at %s", self.file)

    def _take(self, facts: Snapshot, before: Snapshot | None, marks: _Marks | None) -> Snapshot:
        """Answer from ``facts``, read from files of ``marks``, from now on."""
        self._marks_read = marks
        self._retry_at = time.monotonic() + RETRY_SECONDS if _may_pass(facts) else math.inf
        self.facts = facts
        self._log(facts, before)
        self.on_read(facts)
        return facts

    def _reread(self, running: Snapshot) -> Snapshot:
        """Read the files; after a fault of ours return what was read before, saying so."""
        try:
            return self._read(running)
        except Exception as error:
            message = (
                f"it could not be read again ({error!r}). Restart the service if that goes on."
            )
            problem = Problem(0, 0, "fault", message)
            if problem not in running.problems:
                log.exception("fault while reading %s again", self.file)
            kept_at = running.kept_at or running.loaded_at
            return replace(running, problems=(problem,), kept_at=kept_at)

    def _read(self, running: Snapshot | None) -> Snapshot:
        loaded = self._load(running)
        listed, fault = self._published(running)
        holidays = build_calendar(loaded.directory.holiday_rules, listed, fault)
        if running is not None and _is_same(running, loaded, holidays):
            timetables = running.timetables
        else:
            timetables = Timetables(loaded.directory, holidays.dates)
        state = (loaded.problems, loaded.kept_at, loaded.sha256)
        return Snapshot(loaded.directory, holidays, timetables, self.clock(), *state)

    def _load(self, running: Snapshot | None) -> LoadResult:
        """Return the directory in the file; where it is broken, the one in use goes on."""
        try:
            loaded = self._kept.load(self.file)
            if running is None or not loaded.problems:
                return loaded
            problems = loaded.problems
        except InvalidDirectory as error:
            if running is None:
                raise
            problems = error.problems
        kept_at = running.kept_at or running.loaded_at
        return LoadResult(running.directory, running.sha256, problems, kept_at)

    def _published(self, running: Snapshot | None) -> tuple[govuk.HolidayList | None, str | None]:
        """Return the copy of GOV.UK's list; where it is broken, the one in use and the fault."""
        try:
            return govuk.load_copy(self.folder), None
        except InvalidBankHolidays as error:
            return running.holidays.published if running else None, str(error)

    def _log(self, facts: Snapshot, before: Snapshot | None) -> None:
        """Log what is new: other answers, other problems, or none any more."""
        if before is not None and facts.timetables is not before.timetables:
            log.warning("%s or the bank holidays changed: answers follow", self.file)
        if before is not None and _faults(facts) == _faults(before):
            return
        for problem in _faults(facts):
            log.error("%s: %s", self.file, problem)
        if facts.kept_at is not None:
            log.error(
                "%s is broken: answering from the last good one, of %s. Mend it: see `flask "
                "directory check`.",
                self.file,
                facts.kept_at.isoformat(timespec="seconds"),
            )
        elif before is not None and not _faults(facts):
            log.warning("%s is in order again", self.file)

    def _marks(self) -> _Marks:
        return tuple(_mark(path) for path in (self.file, govuk.copy_path(self.folder)))


def build_snapshot(directory: Directory, folder: Path, at: datetime) -> Snapshot:
    """Return what answers from another directory would rest on, with the bank holidays in use."""
    try:
        listed, fault = govuk.load_copy(folder), None
    except InvalidBankHolidays as error:
        listed, fault = None, str(error)
    holidays = build_calendar(directory.holiday_rules, listed, fault)
    return Snapshot(directory, holidays, Timetables(directory, holidays.dates), at)


def _is_same(running: Snapshot, loaded: LoadResult, holidays: BankHolidays) -> bool:
    return running.directory == loaded.directory and running.holidays.dates == holidays.dates


def _faults(facts: Snapshot) -> tuple[str, ...]:
    return (*map(str, facts.problems), *filter(None, [facts.holidays.fault]))


def _may_pass(facts: Snapshot) -> bool:
    """Say whether what is wrong may mend itself while the files stay as they are.

    So it may where no line of the file is to blame: no handle was free, or the disk was not there.
    """
    return facts.holidays.fault is not None or any(not each.line for each in facts.problems)


def _mark(path: Path) -> tuple[int, ...] | None:
    """Return what tells one state of a file from another; None when there is no file."""
    try:
        status = stat_file(path)
    except (OSError, ValueError):
        return None
    return status.st_ctime_ns, status.st_mtime_ns, status.st_size, status.st_ino


def _is_still(marks: _Marks) -> bool:
    """Say whether no file has been written to for POLL_INTERVAL_SECONDS."""
    newest = max((mark[0] for mark in marks if mark is not None), default=0)
    return time.time_ns() - newest >= POLL_INTERVAL_SECONDS * 1e9
