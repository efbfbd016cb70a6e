"""The document when a call cannot be answered otherwise: made at start, kept in memory.

It rings the out-of-hours line, then the others, and asks nothing more of this service.
"""

import logging
from datetime import date, datetime

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
        self._of: tuple[Facts, date] | None = None
        self._documents: dict[str, str] = {}

    def make(self, facts: Facts, at: datetime) -> None:
        """Make the documents anew on another day, or if the directory is another.

        A fault leaves those there are.
        """
        day = at.astimezone(facts.directory.zone).date()
        if self._of is not None and self._of[0] is facts and self._of[1] == day:
            return
        try:
            self._documents = {
                each.id: call.fallback(each, facts.directory, day, self.rehearsal)
                for each in facts.directory.services
            }
            self._of = facts, day
        except Exception:
            log.exception("fault while making the last resort: the one there is stays")

    def document(self, service: str) -> str:
        """Return that of a service, or else of the directory's first."""
        first = next(iter(self._documents.values()), NOTHING)
        return self._documents.get(service, first)


def current() -> LastResort:
    """Return the last resort, made of the directory as it is now."""
    found: LastResort = current_app.extensions["last_resort"]
    found.make(enquiry.facts(), enquiry.now())
    return found


def document(service: str) -> str:
    """Return the document for a service, whatever is broken."""
    found: LastResort = current_app.extensions["last_resort"]
    try:
        found.make(enquiry.facts(), enquiry.now())
    except Exception:
        log.exception("no directory for the last resort: the one made before answers")
    return found.document(service)
