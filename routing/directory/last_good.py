"""The last good directory, kept on disk, so that a broken file never silences the service."""

import fcntl
import hashlib
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from routing.core.directory import Directory
from routing.directory.load import (
    MAX_INLINE_CHARS,
    ReaderEnded,
    parse,
    parse_in_child,
    read_text,
)
from routing.errors import InvalidDirectory, Problem
from routing.files import open_lock, read_bytes, write_atomically

LOCK_TIMEOUT_SECONDS = 12.0
"""How long to wait for another process that is loading: longer than a good file takes."""

MAX_ATTEMPTS = 2
"""How often a text may end the process that parses it."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoadResult:
    """A directory to answer from, and ``sha256`` of its text.

    When the file is broken, this is the last good directory: ``problems`` is what is wrong with the
    file, and ``kept_at`` when the last good directory was last known to be good. Otherwise they are
    empty and None.
    """

    directory: Directory
    sha256: str
    problems: tuple[Problem, ...] = ()
    kept_at: datetime | None = None


class LastGoodDirectory:
    """The folder in which the last good directory is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "last-good-directory.yaml"
        self.attempts_file = folder / "directory-attempts"

    def load(self, file: Path) -> LoadResult:
        """Return the directory in ``file`` and keep it; the last good one when the file is broken.

        Raise InvalidDirectory, with the file's problems, when the file is broken and there is no
        last good directory. A folder that cannot be written is logged and stops nothing.
        """
        with self._lock() as is_locked:
            try:
                text = read_text(file)
                directory = self._parse(text, file)
            except InvalidDirectory as error:
                return self._last_good(error)
            if is_locked:
                self._save(text)
            return LoadResult(directory, _sha256(text))

    def _parse(self, text: str, file: Path) -> Directory:
        """Return the directory in ``text``; a large text is parsed in a child process.

        A text that ended its reader MAX_ATTEMPTS times is refused from then on, in every process.
        """
        if len(text) <= MAX_INLINE_CHARS:
            return parse(text, file)[0]
        sha256 = _sha256(text)
        attempts = self._attempts(sha256)
        if attempts >= MAX_ATTEMPTS:
            message = (
                f"it is not read again until it changes: its reader was ended {attempts} times. "
                "Leave out what is not the directory, and see `who-to-call directory check`."
            )
            raise InvalidDirectory(file, [Problem(1, 1, "not_read", message)])
        try:
            return parse_in_child(text, file)[0]
        except ReaderEnded:
            self._save_attempts(sha256, attempts + 1)
            raise

    def _attempts(self, sha256: str) -> int:
        """Return how often the text with this hash ended its reader."""
        try:
            saved, count = read_bytes(self.attempts_file).split()
            return int(count) if saved == sha256.encode() else 0
        except (OSError, ValueError):
            return 0

    def _save_attempts(self, sha256: str, count: int) -> None:
        try:
            write_atomically(self.attempts_file, f"{sha256} {count}\n".encode())
        except OSError as error:
            log.warning("cannot write %s: %s", self.attempts_file, error)

    def _last_good(self, error: InvalidDirectory) -> LoadResult:
        try:
            text = read_text(self.file)
            directory, _ = parse(text, self.file)
            kept_at = datetime.fromtimestamp(self.file.stat().st_mtime, UTC)
        except (InvalidDirectory, OSError):
            raise error from None
        return LoadResult(directory, _sha256(text), error.problems, kept_at)

    def _save(self, text: str) -> None:
        try:
            write_atomically(self.file, text.encode())
        except OSError as error:
            log.warning("cannot keep the directory in %s: %s", self.folder, error)

    @contextmanager
    def _lock(self) -> Iterator[bool]:
        """Let one process load at a time, so that an older text never replaces a newer one.

        Yield False, for loading without saving, when the lock cannot be had within
        LOCK_TIMEOUT_SECONDS.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = open_lock(self.folder / "directory.lock")
        except OSError as error:
            log.warning("cannot lock %s: %s", self.folder, error)
            yield False
            return
        with lock:
            yield _acquire(lock)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _acquire(lock: IO[bytes]) -> bool:
    """Take the lock. Return False when another process, which may hang, keeps it to the end."""
    give_up_at = time.monotonic() + LOCK_TIMEOUT_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except OSError as error:
            if not isinstance(error, BlockingIOError) or time.monotonic() > give_up_at:
                log.warning("cannot lock %s, so nothing is kept: %s", lock.name, error)
                return False
            time.sleep(0.02)
