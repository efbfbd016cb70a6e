"""Shifts as a calendar that others subscribe to: RFC 5545, in UTC, marking nobody as busy."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from icalendar import Calendar, Event, Timezone, TimezoneStandard, vText

from routing.rota.roster import Assignment

REFRESH_INTERVAL = timedelta(hours=1)
"""How often a calendar program is asked to look again; each decides for itself."""


def calendar(
    duties: Iterable[Assignment],
    title: str,
    summary: Callable[[Assignment], str],
    website: str,
    description: str,
) -> bytes:
    """Write duties as events: the same bytes as long as nothing of them has changed.

    An event keeps its UID whoever takes the shift over; its SEQUENCE counts the changes. Every
    event is transparent and free, for Outlook too: being on the rota is no meeting.
    """
    made = Calendar()
    made.add("prodid", "-//who-to-call//rota//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", _line(title))
    # RFC 7986, 5.7, wants the VALUE; the library's own property leaves it out.
    made.add("refresh-interval", REFRESH_INTERVAL, parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", "PT1H")
    host = urlsplit(website).hostname or "localhost"
    events = [_event(each, summary(each), host, description) for each in duties]
    for each in events:
        made.add_component(each)
    if not events:
        made.add_component(_nothing())
    written: bytes = made.to_ical()
    return written


def _event(duty: Assignment, summary: str, host: str, description: str) -> Event:
    shift, part = duty.shift, f"-{duty.part}" if duty.part else ""
    event = Event()
    event.add("uid", f"shift-{shift.id}{part}@{host}")
    event.add("sequence", shift.sequence)
    changed = shift.changed_at or duty.during.start
    event.add("dtstamp", _whole(changed))
    event.add("last-modified", _whole(changed))
    event.add("dtstart", duty.during.start)
    event.add("dtend", duty.during.end)
    event.add("summary", _line(summary))
    event.add("description", _line(description))
    event.add("transp", "TRANSPARENT")
    event.add("x-microsoft-cdo-busystatus", "FREE")
    event.add("class", "PRIVATE")
    return event


def _line(words: str) -> vText:
    """Return words on one line, escaped: what the library does not know it would write as it is."""
    return vText(" ".join(words.split()))


def _nothing() -> Timezone:
    """Return what a calendar without events holds: RFC 5545, 3.6, wants one component at least."""
    zone, standard = Timezone(), TimezoneStandard()
    zone.add("tzid", "UTC")
    standard.add("dtstart", datetime(1970, 1, 1))  # noqa: DTZ001
    standard.add("tzoffsetfrom", timedelta(0))
    standard.add("tzoffsetto", timedelta(0))
    zone.add_component(standard)
    return zone


def _whole(at: datetime) -> datetime:
    return at.replace(microsecond=0)
