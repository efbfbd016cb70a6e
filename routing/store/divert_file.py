"""The diverts last read, kept on disk: in force until their end though the database is gone."""

import fcntl
import json
import logging
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from routing.core.hours import Span
from routing.files import write_atomically
from routing.store.diverts import DivertRow

log = logging.getLogger(__name__)


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
