"""Shifts as an iCalendar file (RFC 5545), in UTC, that marks nobody as busy.

Written here rather than by a library: one calendar can hold thousands of events, and for 4,000 the
library needs more than a second of the processor.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from urllib.parse import urlsplit

from routing.rota.roster import Assignment

MAX_LINE_BYTES = 75
"""The longest line: RFC 5545, 3.1. A longer one is folded: it goes on after a line end and a space.
"""

_HEAD = (
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//who-to-call//rota//EN",
    "METHOD:PUBLISH",
    "REFRESH-INTERVAL;VALUE=DURATION:PT1H",  # each program decides for itself how often to look
    "X-PUBLISHED-TTL:PT1H",
)
_SAME_IN_EVERY_EVENT = ("TRANSP:TRANSPARENT", "X-MICROSOFT-CDO-BUSYSTATUS:FREE", "CLASS:PRIVATE")
_NO_EVENTS = (
    "BEGIN:VTIMEZONE",
    "TZID:UTC",
    "BEGIN:STANDARD",
    "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0000",
    "TZOFFSETTO:+0000",
    "END:STANDARD",
    "END:VTIMEZONE",
)
"""What a calendar without events holds: RFC 5545, 3.6, wants one component at least."""


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
    same_lines = (f"DESCRIPTION:{_escape(description)}", *_SAME_IN_EVERY_EVENT)
    same = b"".join(map(_fold, same_lines))
    events = [
        b"".join(map(_fold, _event_lines(duty, summary(duty), host))) + same + b"END:VEVENT\r\n"
        for duty in assignments
    ]
    head = b"".join(map(_fold, (*_HEAD, f"X-WR-CALNAME:{_escape(title)}")))
    body = b"".join(events or map(_fold, _NO_EVENTS))
    return head + body + b"END:VCALENDAR\r\n"


def _event_lines(duty: Assignment, summary: str, host: str) -> Iterator[str]:
    part = f"-{duty.part}" if duty.part else ""
    changed_at = _format_utc(duty.shift.changed_at or duty.during.start)
    yield "BEGIN:VEVENT"
    yield f"UID:shift-{duty.shift.id}{part}@{host}"
    yield f"SEQUENCE:{duty.shift.sequence}"
    yield f"DTSTAMP:{changed_at}"
    yield f"LAST-MODIFIED:{changed_at}"
    yield f"DTSTART:{_format_utc(duty.during.start)}"
    yield f"DTEND:{_format_utc(duty.during.end)}"
    yield f"SUMMARY:{_escape(summary)}"


def _format_utc(at: datetime) -> str:
    return f"{at.isoformat(timespec='seconds')[:19].replace('-', '').replace(':', '')}Z"


def _escape(text: str) -> str:
    """Return text on one line, escaped: RFC 5545, 3.3.11."""
    line = " ".join(text.split()).replace("\\", "\\\\")
    return line.replace(";", "\\;").replace(",", "\\,")


def _fold(line: str) -> bytes:
    """Return a line with its end, folded between characters so that no part is too long."""
    if len(data := line.encode()) <= MAX_LINE_BYTES:
        return data + b"\r\n"
    parts, part = [], b""
    for character in line:
        encoded = character.encode()
        if len(part) + len(encoded) > MAX_LINE_BYTES:
            parts.append(part)
            part = b" "
        part += encoded
    return b"\r\n".join([*parts, part]) + b"\r\n"
