"""Marks that a key was pressed, in the instance folder: known to each worker without a database."""

import logging
import time
from pathlib import Path

log = logging.getLogger(__name__)

KEPT = 24 * 3600
"""Seconds that a mark is kept: longer than any call."""


class Accepted:
    """Which legs of which calls were accepted. It never raises."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder) / "accepted"

    def put(self, known_by: str, leg: int) -> None:
        """Keep that a leg was accepted, and forget those of yesterday."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._mark(known_by, leg).touch()
            for each in self.folder.iterdir():
                if time.time() - each.stat().st_mtime > KEPT:
                    each.unlink(missing_ok=True)
        except OSError as error:
            log.warning("cannot keep in %s that a call was accepted: %s", self.folder, error)

    def has(self, known_by: str, leg: int) -> bool:
        """Say whether a leg was accepted here."""
        try:
            return self._mark(known_by, leg).exists()
        except OSError as error:
            log.warning("cannot see in %s whether a call was accepted: %s", self.folder, error)
            return False

    def _mark(self, known_by: str, leg: int) -> Path:
        return self.folder / f"{known_by[:64]}-{leg}"
