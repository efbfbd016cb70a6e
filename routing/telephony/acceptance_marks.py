"""Marks in the instance folder that the key was pressed: for all workers, without a database."""

import logging
import time
from pathlib import Path

MAX_AGE_SECONDS = 24 * 3600
"""How long a mark is kept: longer than any call."""

log = logging.getLogger(__name__)


class AcceptanceMarks:
    """Which legs of which calls were accepted. No method raises."""

    def __init__(self, instance_path: str) -> None:
        self.folder = Path(instance_path) / "accepted"

    def add(self, call_key: str, leg: int) -> None:
        """Record that a leg was accepted, and delete the marks older than MAX_AGE_SECONDS."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._path(call_key, leg).touch()
            for mark in self.folder.iterdir():
                if time.time() - mark.stat().st_mtime > MAX_AGE_SECONDS:
                    mark.unlink(missing_ok=True)
        except OSError as error:
            log.warning("cannot record in %s that a call was accepted: %s", self.folder, error)

    def has(self, call_key: str, leg: int) -> bool:
        """Return whether a leg was accepted on this machine."""
        try:
            return self._path(call_key, leg).exists()
        except OSError as error:
            log.warning("cannot see in %s whether a call was accepted: %s", self.folder, error)
            return False

    def _path(self, call_key: str, leg: int) -> Path:
        return self.folder / f"{call_key[:64]}-{leg}"
