"""Spans in which no line is open, several are, there is no backup, or two directories differ."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from routing.core import instants
from routing.core.decision import Lines, Timetables, timeline
from routing.core.directory import Line, Phone, Service
from routing.core.instants import Intervals, Span, merge_equal, overlay, split_by_day

_MARGIN = timedelta(days=8)
"""How far beyond a period its gaps are followed."""


@dataclass(frozen=True, slots=True)
class Callee:
    """Whom a caller reaches: a line on a number, and the service's own number if they ring that."""

    line: Line = field(compare=False)
    phone: Phone
    number: Phone | None
    shown: tuple[object, ...]
    """What else a caller notices: which line it is by name, and how the numbers are written."""


Change = tuple[Callee | None, Callee | None]
"""Whom a caller reaches before and after; None where that directory lacks the service."""


def find_gaps(
    timetables: Timetables, service_id: str, start: datetime, end: datetime
) -> Iterator[tuple[Span, Lines]]:
    """Yield each gap and overlap from ``start`` to ``end``, with the open lines: none, or several.

    The lines are those of ``lines`` and ``out_of_hours``; each is open when its own published hours
    say so. In a gap the out-of-hours line takes the calls all the same. Where it is always open it
    overlaps nothing: it takes calls only when the others are shut. The hour that clocks show twice
    is neither a gap nor an overlap: hours that meet at 1am meet at both. A span that goes on past
    an edge of the period is not cut there, unless for more than a week.

    Raise UnknownService for a service that the directory lacks, NaiveTime for a time without a
    zone.
    """
    zone, period = timetables.directory.zone, Span(instants.as_utc(start), instants.as_utc(end))
    service = timetables.service(service_id)
    night_line = service.out_of_hours
    lines = tuple({line.id: line for line in (*service.lines, night_line)}.values())
    wider = Span(period.start - _MARGIN, period.end + _MARGIN)
    for span, open_lines in merge_equal(timetables.open_lines(lines, wider)):
        if span.start == wider.start or span.end == wider.end:
            span = Span(max(span.start, period.start), min(span.end, period.end))
        opens, closes = (
            edge.astimezone(zone).replace(tzinfo=None) for edge in (span.start, span.end)
        )
        others = [line for line in open_lines if line is not night_line]
        is_covered = len(open_lines) == 1 or (len(others) == 1 and night_line.hours.is_always)
        if opens < closes and span.overlaps(period) and not is_covered:
            yield span, open_lines


def missing_backups(
    timetables: Timetables, service_id: str, start: datetime, end: datetime, spare: Lines = ()
) -> Iterator[tuple[Span, Line]]:
    """Yield each span without a backup, with the first line that could be one by its own hours.

    It has another number, and is a line of this service or one of ``spare``. While 999 or 101
    answers, none is missing. Raise as ``find_gaps`` does.
    """
    service = timetables.service(service_id)
    period = Span(instants.as_utc(start), instants.as_utc(end))
    lines = tuple({line.id: line for line in (*service.reachable, *spare)}.values())
    if {line.id for line in lines} == {line.id for line in service.if_unanswered}:
        return  # nobody is left to add: a check of 1,000 such services takes 2.4 seconds, not 12
    open_lines = timetables.open_lines(lines, period)
    intervals = overlay(open_lines, split_by_day(period, timetables.directory.zone))
    missing = (
        (span, _missing_backup(service, *lines_and_day)) for span, lines_and_day in intervals
    )
    for span, line in merge_equal(missing):
        if line is not None:
            yield span, line


def compare(
    old: Timetables, new: Timetables, service_id: str, start: datetime, end: datetime
) -> Iterator[tuple[Span, Change]]:
    """Yield each span from ``start`` to ``end`` in which callers of the two reach somebody else.

    A change of the line, its name or options, its number or the number that callers ring counts,
    and so does one of how a number is shown; one of the reason alone does not. A service that only
    one of them has differs throughout. Diverts are left out.

    Raise UnknownService for a service that both lack, NaiveTime for a time without a zone.
    """
    period = Span(instants.as_utc(start), instants.as_utc(end))
    if service_id not in new.services:
        old.service(service_id)
    both = overlay(_callees(old, service_id, period), _callees(new, service_id, period))
    for span, (before, after) in merge_equal(both):
        if before != after:
            yield span, (before, after)


def _missing_backup(service: Service, open_lines: Lines, day: date) -> Line | None:
    """Return the first line that could be the backup a service lacks; None if it lacks none."""
    open_ids = {line.id for line in open_lines}
    line = next((line for line in service.lines if line.id in open_ids), service.out_of_hours)
    own = line.phone_on(day)
    if own.is_emergency:
        return None
    phones = ((other, other.phone_on(day)) for other in open_lines)
    others = [other for other, phone in phones if phone.e164 != own.e164 and not phone.is_emergency]
    tried = {line.id for line in service.if_unanswered}
    has_backup = any(other.id in tried for other in others)
    return None if has_backup else next(iter(others), None)


def _callees(timetables: Timetables, service_id: str, period: Span) -> Intervals[Callee | None]:
    if service_id not in timetables.services:
        yield period, None
        return
    own_number = timetables.service(service_id).number
    for span, answer in timeline(timetables, service_id, period.start, period.end):
        line, phone = answer.line, answer.phone
        number = None if phone.is_emergency else own_number
        shown = line.id, line.name, line.options, phone.display, number and number.display
        yield span, Callee(line, phone, number, shown)
