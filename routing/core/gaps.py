"""What nobody publishes that they answer, what several lines do, and when nobody is left to try."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from enum import StrEnum

from routing.core import instant
from routing.core.directory import Line, Service
from routing.core.hours import Span
from routing.core.stretches import covered, days, joined, overlay
from routing.core.timetable import Timetables

Lines = tuple[Line, ...]


class Kind(StrEnum):
    """Nobody publishes these hours, or several lines do."""

    GAP = "gap"
    OVERLAP = "overlap"


def gaps(
    timetables: Timetables, service_id: str, start: datetime, end: datetime
) -> Iterator[tuple[Span, Kind, Lines]]:
    """Yield each stretch from ``start`` to ``end`` at which none or several lines are open.

    The lines are those that take the service's calls: ``lines`` and ``out_of_hours``. Open is what
    a line's own hours publish, special days and bank holidays included: in a gap the out-of-hours
    line takes the calls all the same. With each stretch come the lines open throughout it.

    Raise UnknownService for a service that the directory lacks, NaiveTime for a time without zone.
    """
    service, period = _asked(timetables, service_id, start, end)
    lines = tuple({line.id: line for line in (*service.lines, service.out_of_hours)}.values())
    for span, found in joined(_open(timetables, lines, period)):
        if len(found) != 1:
            yield span, Kind.OVERLAP if found else Kind.GAP, found


def alone(
    timetables: Timetables, service_id: str, start: datetime, end: datetime
) -> Iterator[Span]:
    """Yield each stretch in which nobody is left to try if the line that is rung does not answer.

    Left to try is a line of ``if_unanswered`` that its own hours say is open, with another number:
    as ``to_try`` has it. Diverts aside. Raise as ``gaps``.
    """
    service, period = _asked(timetables, service_id, start, end)
    takers = _open(timetables, service.lines, period)
    others = _open(timetables, service.if_unanswered, period)
    answers = overlay(overlay(takers, others), days(period, timetables.directory.zone))
    left = (
        (span, _left(found, next(iter(lines), service.out_of_hours), day))
        for span, ((lines, found), day) in answers
    )
    return (span for span, anybody in joined(left) if not anybody)


def _left(found: Lines, rung: Line, day: date) -> bool:
    """Say whether any line found open on ``day`` has another number than the one that is rung."""
    return any(line.phone_on(day).e164 != rung.phone_on(day).e164 for line in found)


def _asked(
    timetables: Timetables, service_id: str, start: datetime, end: datetime
) -> tuple[Service, Span]:
    return timetables.service(service_id), Span(instant.as_utc(start), instant.as_utc(end))


def _open(timetables: Timetables, lines: Sequence[Line], period: Span) -> list[tuple[Span, Lines]]:
    """Return ``period`` in stretches, each with the lines open throughout it, in their order."""
    found: list[tuple[Span, Lines]] = [(period, ())]
    for line in lines:
        spans = timetables.spans(line, period.start, period.end)
        found = [
            (span, (*others, line) if is_open else others)
            for span, (others, is_open) in overlay(found, covered(spans, period))
        ]
    return found
