"""Shifts as an iCalendar file (RFC 5545), in UTC, that marks nobody as busy."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from icalendar import Calendar, Event, Timezone, TimezoneStandard, vText

from routing.rota.roster import Assignment

REFRESH_INTERVAL = timedelta(hours=1)
"""How often a calendar program is asked to look again; each decides for itself."""


def calendar(
    assignments: Iterable[Assignment],
    title: str,
    summary: Callable[[Assignment], str],
    website: str,
    description: str,
) -> bytes:
    """Return assignments as events: the same bytes as long as none of them has changed.

    An event keeps its UID whoever takes the shift over; its SEQUENCE counts the changes. Every
    event is transparent and free, for Outlook too: being on the rota is no meeting. ``website``
    gives the UIDs their host.
    """
    host = urlsplit(website).hostname or "localhost"
    calendar = Calendar()
    calendar.add("prodid", "-//who-to-call//rota//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _one_line(title))
    # RFC 7986, 5.7, wants the VALUE; the library's own property leaves it out.
    calendar.add("refresh-interval", REFRESH_INTERVAL, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    events = [_event(duty, summary(duty), host, description) for duty in assignments]
    for event in events:
        calendar.add_component(event)
    if not events:
        calendar.add_component(_placeholder())
    content: bytes = calendar.to_ical()
    return content


def _event(assignment: Assignment, summary: str, host: str, description: str) -> Event:
    shift, part = assignment.shift, f"-{assignment.part}" if assignment.part else ""
    changed_at = (shift.changed_at or assignment.during.start).replace(microsecond=0)
    event = Event()
    event.add("uid", f"shift-{shift.id}{part}@{host}")
    event.add("sequence", shift.sequence)
    event.add("dtstamp", changed_at)
    event.add("last-modified", changed_at)
    event.add("dtstart", assignment.during.start)
    event.add("dtend", assignment.during.end)
    event.add("summary", _one_line(summary))
    event.add("description", _one_line(description))
    event.add("transp", "TRANSPARENT")
    event.add("x-microsoft-cdo-busystatus", "FREE")
    event.add("class", "PRIVATE")
    return event


def _one_line(text: str) -> vText:
    """Return text on one line, escaped: the library escapes only the properties that it knows."""
    return vText(" ".join(text.split()))


def _placeholder() -> Timezone:
    """Return what a calendar without events holds: RFC 5545, 3.6, wants one component at least."""
    zone, standard = Timezone(), TimezoneStandard()
    zone.add("tzid", "UTC")
    standard.add("dtstart", datetime(1970, 1, 1))  # noqa: DTZ001 - a zone's own start is local
    standard.add("tzoffsetfrom", timedelta(0))
    standard.add("tzoffsetto", timedelta(0))
    zone.add_component(standard)
    return zone
