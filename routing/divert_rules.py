"""What may be diverted where, and for how long: the same on the staff page and in a terminal."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from routing.core.decision import Divert, Timetables, decide
from routing.core.directory import Line, Service, date_range
from routing.core.instants import Span, whole_second
from routing.directory.schema import forbidden_reason
from routing.errors import InvalidDivert, UnknownService
from routing.text.dates import format_datetime
from routing.text.locale import Locale, get_locale

MAX_DIVERT_DURATION = timedelta(hours=72)
"""The longest divert: none is open-ended."""

MAX_LEAD_TIME = timedelta(days=400)
"""How far ahead a divert may start: as far as handovers are looked for."""

END_WARNING_PERIOD = timedelta(minutes=30)
"""How long before the end of a divert staff are warned of it."""

HANDOVER = "handover"
DIVERT_ENDS = {HANDOVER: None, "1h": timedelta(hours=1), "4h": timedelta(hours=4)}
"""When a divert ends, by choice: None is the next handover, else so long after its start."""

MAX_NOTE_CHARS = 200
ALL_SERVICES = "all"
"""In place of a service's id: every service at once."""


def propose(
    timetables: Timetables,
    diverts: Sequence[Divert],
    service_id: str,
    line_id: str,
    start: datetime | None,
    until: datetime | timedelta | None,
    may_ring: bool,
    at: datetime,
) -> list[Divert]:
    """Return the diverts that would be set, of a service or of ALL_SERVICES to a line.

    ``diverts`` are those that are set already. ``start`` None means ``at``. ``until`` is an
    instant, or a duration from the start, or None for the next handover of each service. The line
    that would take a service's calls at the start is avoided unless it ``may_ring``. Raise
    InvalidDivert, which names the field to change.
    """
    directory = timetables.directory
    if not line_id:
        raise InvalidDivert("line", "Choose a line.")
    if not service_id:
        raise InvalidDivert("service", "Choose whose calls to divert.")
    line = directory.line(line_id)
    if line is None:
        known = ", ".join(line.id for line in directory.lines)
        raise InvalidDivert("line", f"There is no line '{line_id}'. The lines are: {known}.")
    is_one = service_id != ALL_SERVICES
    try:
        services = (timetables.service(service_id),) if is_one else directory.services
    except UnknownService as error:
        raise InvalidDivert("service", str(error)) from error
    start = _check_start(start, at, get_locale("en", directory.zone))
    proposed = []
    for service in services:
        during = check_period(timetables, service, line, start, until, at)
        replaced = decide(timetables, service.id, start, diverts).line
        avoid = None if may_ring or replaced.id == line.id else replaced
        proposed.append(Divert(service.id, line, during, avoid))
    return proposed


def check_note(note: str) -> str:
    """Return why calls are diverted, on one line. Raise InvalidDivert for none, or a long one."""
    note = " ".join("".join(c if c.isprintable() else " " for c in note).split())
    if not note:
        raise InvalidDivert("note", "Say why, for colleagues: for example, the phones are down.")
    if len(note) > MAX_NOTE_CHARS:
        raise InvalidDivert("note", f"Say why in {MAX_NOTE_CHARS} characters at most.")
    return note


def check_period(
    timetables: Timetables,
    service: Service,
    line: Line,
    start: datetime,
    until: datetime | timedelta | None,
    at: datetime,
) -> Span:
    """Return when a divert of a service to a line lasts; ``until`` is as in ``propose``.

    Raise InvalidDivert, which names the field to change: also the line, if it must not be used.
    """
    locale = get_locale("en", timetables.directory.zone)
    end = start + until if isinstance(until, timedelta) else until
    if end is None:
        end = decide(timetables, service.id, start).until
    if end is None or end - start > MAX_DIVERT_DURATION:
        latest = format_datetime(start + MAX_DIVERT_DURATION, locale)
        raise InvalidDivert(
            "until",
            f"A divert lasts 72 hours at most: here until {latest}. Choose an earlier end; before "
            "it comes, anybody may extend it.",
        )
    end = whole_second(end)
    if end <= max(start, at):
        ends, latest = (format_datetime(edge, locale) for edge in (end, max(start, at)))
        raise InvalidDivert(
            "until", f"That end, {ends}, is not after {latest}. Choose a later one."
        )
    during = Span(start, end)
    if refusal := target_error(service, line, during, locale.zone):
        raise InvalidDivert("line", refusal)
    return during


def target_error(service: Service, line: Line, during: Span, zone: ZoneInfo) -> str | None:
    """Return why a service must not be diverted to a line, as a sentence; None if it may be."""
    days = date_range(during.start.astimezone(zone).date(), during.end.astimezone(zone).date())
    service_name, line_name = service.name.get("en"), line.name.get("en")
    phones = {line.phone, *(line.phone_on(day) for day in days)}
    if service.number is not None and service.number.e164 in {phone.e164 for phone in phones}:
        return (
            f"{service.number.display} is the number that callers of ‘{service_name}’ ring: calls "
            "would go round in a circle. Choose another line."
        )
    if line.internal and service.number is None:
        return (
            f"{line_name} is internal, and ‘{service_name}’ has no number of its own: the number "
            "of that line would be shown to everyone. Choose another line."
        )
    for phone in phones:
        if reason := forbidden_reason(phone.e164):
            return f"{line_name} may not be rung for callers: {reason}. Choose another line."
    return None


def _check_start(start: datetime | None, at: datetime, locale: Locale) -> datetime:
    now = whole_second(at)
    if start is None:
        return now
    if start < now - timedelta(minutes=1):
        raise InvalidDivert(
            "from",
            f"That start, {format_datetime(start, locale)}, is past: it is "
            f"{format_datetime(at, locale)} now. Choose now or a later one.",
        )
    if start > at + MAX_LEAD_TIME:
        raise InvalidDivert("from", "That start is more than 400 days away. Choose an earlier one.")
    return max(whole_second(start), now)
