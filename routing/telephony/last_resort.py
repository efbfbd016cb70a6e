"""The document when a call cannot be answered otherwise: made at start, kept in memory.

It rings the out-of-hours line, then the others, and asks nothing more of this service.
"""

import logging
from collections.abc import Iterable
from datetime import date, datetime
from weakref import ref

from flask import current_app

from routing import enquiry
from routing.facts import Facts
from routing.formats import call

log = logging.getLogger(__name__)

NOTHING = (
    '<?xml version="1.0" encoding="UTF-8"?><Response>'
    '<Say language="en-GB">Sorry, we cannot put your call through. If a child is in immediate '
    "danger, hang up and dial 9 9 9. Otherwise please call again in a minute.</Say>"
    '<Pause length="1"/>'
    '<Say language="en-GB">If a child is in immediate danger, hang up and dial 9 9 9. Otherwise '
    "please call again in a minute.</Say></Response>"
)
"""Where no directory was ever read: nobody can start the service without one, but a file may be
gone before the first call."""


class LastResort:
    """Documents by service, made of the directory last read. ``rehearsal``: as in Exchange."""

    def __init__(self, rehearsal: str | None) -> None:
        self.rehearsal = rehearsal
        self._of: tuple[ref[Facts], date] | None = None  # a directory that is gone can go
        self._documents: dict[str, str] = {}
        self._fresh: set[str] = set()

    def make(self, facts: Facts, at: datetime, services: Iterable[str]) -> None:
        """Make the documents of some services anew on another day, or if the directory is another.

        A fault leaves those there are, as does a service that nobody has called since: to make a
        thousand of them would keep a caller waiting.
        """
        day, known = at.astimezone(facts.directory.zone).date(), facts.timetables.services
        try:
            if self._of is None or self._of[0]() is not facts or self._of[1] != day:
                before = self._documents
                self._documents = {key: before[key] for key in known if key in before}
                self._of, self._fresh = (ref(facts), day), set()
            for key in services:
                if key in known and key not in self._fresh:
                    self._documents[key] = call.fallback(
                        known[key], facts.directory, day, self.rehearsal
                    )
                    self._fresh.add(key)
        except Exception:
            log.exception("fault while making the last resort: the one there is stays")

    def document(self, service: str) -> str:
        """Return that of a service, or else of the directory's first."""
        first = next(iter(self._documents.values()), NOTHING)
        return self._documents.get(service, first)


def at_start() -> None:
    """Make the document of every service: whatever breaks later, there is one."""
    facts = enquiry.facts()
    _made().make(facts, enquiry.now(), facts.timetables.services)


def ready(service: str) -> None:
    """Have the document of a service, as the directory is now, before anything can break."""
    facts = enquiry.facts()
    _made().make(facts, enquiry.now(), (facts.directory.services[0].id, service))


def document(service: str) -> str:
    """Return the document for a service, whatever is broken."""
    try:
        ready(service)
    except Exception:
        log.exception("no directory for the last resort: the one made before answers")
    return _made().document(service)


def _made() -> LastResort:
    found: LastResort = current_app.extensions["last_resort"]
    return found
