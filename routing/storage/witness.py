"""What the service notices by itself, put into the record without anybody waiting for it."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from routing.errors import StorageDown
from routing.storage import changes
from routing.storage.db import Database

TRY_EVERY = 10.0
"""Seconds between two tries while the database does not answer."""

log = logging.getLogger(__name__)


class Witness:
    """Records what was noticed last of each thing, once, from a thread of its own."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self.database, self.clock = database, clock
        self._noticed: dict[str, tuple[str, Mapping[str, Any], datetime]] = {}
        self._turn = threading.Lock()
        self._thread: threading.Thread | None = None

    def notice(self, action: str, entity: str, after: Mapping[str, Any]) -> None:
        """Have it recorded that ``entity`` is now as ``after`` says; at once, or when it can be."""
        if not self.database.exists:
            return
        with self._turn:
            self._noticed[entity] = action, after, self.clock()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="record", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            with self._turn:
                if not self._noticed:
                    self._thread = None
                    return
                entity, (action, after, at) = next(iter(self._noticed.items()))
            try:
                with self.database.writing() as connection:
                    changes.record_once(connection, at, action, entity, after)
            except (StorageDown, SQLAlchemyError) as error:
                log.warning("%s is not recorded yet: %s", action, type(error).__name__)
                time.sleep(TRY_EVERY)
                continue
            with self._turn:
                if self._noticed.get(entity) == (action, after, at):
                    del self._noticed[entity]
