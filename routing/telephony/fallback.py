"""TwiML for when a call cannot be answered otherwise: made in advance, and kept in memory.

It rings the out-of-hours line, then the others, and asks nothing more of this service.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from weakref import ref

from flask import current_app

from routing import lookup
from routing.config import rehearsal_number
from routing.snapshot import Snapshot
from routing.telephony import twiml

APOLOGY = (
    '<?xml version="1.0" encoding="UTF-8"?><Response>'
    '<Say language="en-GB">Sorry, we cannot put your call through. If a child is in immediate '
    "danger, hang up and dial 9 9 9. Otherwise please call again in a minute.</Say>"
    '<Pause length="1"/>'
    '<Say language="en-GB">If a child is in immediate danger, hang up and dial 9 9 9. Otherwise '
    "please call again in a minute.</Say></Response>"
)
"""For when no directory was ever read: the service does not start without one, but the file may be
gone before the first call."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _CachedDocument:
    snapshot: ref[Snapshot]
    """Weak, so that a directory that is no longer in use can be freed."""
    day: date
    document: str


class FallbackTwiml:
    """The fallback of each service, from the directory last read."""

    def __init__(self) -> None:
        self._entries: dict[str, _CachedDocument] = {}

    def refresh(self, service_ids: Iterable[str] | None = None) -> None:
        """Make the TwiML of some services again if the directory or the day has changed.

        None means all services: a thousand would keep a caller waiting, so a call names its own.
        Ids that the directory lacks are ignored. It never raises: a fault is logged, and what was
        made before stays.
        """
        try:
            self._refresh(service_ids)
        except Exception:
            log.exception("the fallback cannot be made again: the one made before answers")

    def get(self, service_id: str) -> str:
        """Return the TwiML of a service, or else of the directory's first. It never raises."""
        entry = self._entries.get(service_id) or next(iter(self._entries.values()), None)
        return entry.document if entry else APOLOGY

    def _refresh(self, service_ids: Iterable[str] | None) -> None:
        current = lookup.snapshot()
        services, directory = current.timetables.services, current.directory
        day = lookup.now().astimezone(directory.zone).date()
        for service_id in services if service_ids is None else service_ids:
            entry = self._entries.get(service_id)
            is_current = entry and entry.snapshot() is current and entry.day == day
            if service_id in services and not is_current:
                number = rehearsal_number(current_app.config)
                document = twiml.fallback(services[service_id], directory, day, number)
                self._entries[service_id] = _CachedDocument(ref(current), day, document)


def fallback_twiml() -> FallbackTwiml:
    """Return the app's fallbacks."""
    fallbacks: FallbackTwiml = current_app.extensions["fallback_twiml"]
    return fallbacks
