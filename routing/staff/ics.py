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
"""
_EVENT = """BEGIN:VEVENT
{uid}
SEQUENCE:{sequence}
DTSTAMP:{changed_at}
LAST-MODIFIED:{changed_at}
DTSTART:{start}
DTEND:{end}
{summary}
{description}
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
    folded_description = _fold(f"DESCRIPTION:{_escape(description)}")
    events = [
        _EVENT.format(
            uid=_fold(f"UID:shift-{duty.shift.id}{f'-{duty.part}' if duty.part else ''}@{host}"),
            sequence=duty.shift.sequence,
            changed_at=_format_utc(duty.shift.changed_at or duty.during.start),
            start=_format_utc(duty.during.start),
            end=_format_utc(duty.during.end),
            summary=_fold(f"SUMMARY:{_escape(summary(duty))}"),
            description=folded_description,
        )
        for duty in assignments
    ]
    head, body = _HEAD + _fold(f"X-WR-CALNAME:{_escape(title)}"), "".join(events) or _NO_EVENTS
    return f"{head}\n{body}END:VCALENDAR\n".replace("\n", "\r\n").encode()


def _format_utc(at: datetime) -> str:
    return f"{at.isoformat(timespec='seconds')[:19].replace('-', '').replace(':', '')}Z"


def _escape(text: str) -> str:
    """Return text on one line, escaped: RFC 5545, 3.3.11."""
    line = " ".join(text.split()).replace("\\", "\\\\")
    return line.replace(";", "\\;").replace(",", "\\,")


def _fold(line: str) -> str:
    """Return a line folded between characters so that no part is too long."""
    data = line.encode()
    parts, start, length = [], 0, MAX_LINE_BYTES
    while len(data) - start > length:
        end = start + length
        while data[end] & 0xC0 == 0x80:  # it would begin inside a character
            end -= 1
        parts.append(data[start:end])
        start, length = end, MAX_LINE_BYTES - 1  # after the space
    return b"\n ".join([*parts, data[start:]]).decode()
