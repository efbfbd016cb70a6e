"""Shifts as an iCalendar file (RFC 5545), in UTC, that marks nobody as busy.

Written here rather than by a library: one calendar can hold thousands of events, and for 4,000 the
library needs more than a second of the processor.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from urllib.parse import urlsplit

from routing.rota.roster import Assignment

MAX_LINE_BYTES = 75
"""The longest line: RFC 5545, 3.1. A longer one is folded: it goes on after a line end and a space.
"""

_HEAD = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//who-to-call//rota//EN
METHOD:PUBLISH
REFRESH-INTERVAL;VALUE=DURATION:PT1H
X-PUBLISHED-TTL:PT1H
X-WR-CALNAME:"""
_EVENT = """BEGIN:VEVENT
UID:shift-{id}{part}@{host}
SEQUENCE:{sequence}
DTSTAMP:{changed_at}
LAST-MODIFIED:{changed_at}
DTSTART:{start}
DTEND:{end}
SUMMARY:{summary}
DESCRIPTION:{description}
TRANSP:TRANSPARENT
X-MICROSOFT-CDO-BUSYSTATUS:FREE
CLASS:PRIVATE
END:VEVENT
"""
_NO_EVENTS = """BEGIN:VTIMEZONE
TZID:UTC
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0000
TZOFFSETTO:+0000
END:STANDARD
END:VTIMEZONE
"""
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
    events = [
        _EVENT.format(
            id=duty.shift.id,
            part=f"-{duty.part}" if duty.part else "",
            host=host,
            sequence=duty.shift.sequence,
            changed_at=_format_utc(duty.shift.changed_at or duty.during.start),
            start=_format_utc(duty.during.start),
            end=_format_utc(duty.during.end),
            summary=_escape(summary(duty)),
            description=_escape(description),
        )
        for duty in assignments
    ]
    text = f"{_HEAD}{_escape(title)}\n{''.join(events) or _NO_EVENTS}END:VCALENDAR\n"
    return b"".join(map(_fold, text.split("\n")[:-1]))


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
