"""Spans in which no line is open by its published hours, several are, or there is no backup."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from enum import StrEnum

from routing.core import instants
from routing.core.directory import Line
from routing.core.instants import Span
from routing.core.intervals import mark_covered, merge_equal, overlay, split_by_day
from routing.core.timetable import Timetables

Lines = tuple[Line, ...]


class CoverageKind(StrEnum):
    """How many lines are open by their published hours: none, or several."""

    GAP = "gap"
    OVERLAP = "overlap"


def find_gaps(
    timetables: Timetables, service_id: str, start: datetime, end: datetime
) -> Iterator[tuple[Span, CoverageKind, Lines]]:
    """Yield each span from ``start`` to ``end`` in which no line or several lines are open.

    The lines are those that take the service's calls: ``lines`` and ``out_of_hours``. A line is
    open when its own published hours say so, with its special days and bank holidays. In a gap the
    out-of-hours line takes the calls all the same. Each span comes with the lines open throughout.

    Raise UnknownService for a service that the directory lacks, NaiveTime for a time without a
    zone.
    """
    service = timetables.service(service_id)
    period = Span(instants.as_utc(start), instants.as_utc(end))
    lines = tuple({line.id: line for line in (*service.lines, service.out_of_hours)}.values())
    for span, open_lines in merge_equal(_open_lines(timetables, lines, period)):
        if len(open_lines) != 1:
            yield span, CoverageKind.OVERLAP if open_lines else CoverageKind.GAP, open_lines


def spans_without_backup(
    timetables: Timetables, service_id: str, start: datetime, end: datetime
) -> Iterator[Span]:
    """Yield each span in which there is no backup to ring if the first line does not answer.

    A backup is a line of ``if_unanswered`` that has another number and is open by its own hours, as
    in ``dial_order``. Diverts are left out. Raise as ``find_gaps`` does.
    """
    service = timetables.service(service_id)
    period = Span(instants.as_utc(start), instants.as_utc(end))
    open_lines = _open_lines(timetables, service.lines, period)
    backup_lines = _open_lines(timetables, service.if_unanswered, period)
    by_day = overlay(
        overlay(open_lines, backup_lines), split_by_day(period, timetables.directory.zone)
    )
    backed = (
        (span, _has_backup(next(iter(lines), service.out_of_hours), backups, day))
        for span, ((lines, backups), day) in by_day
    )
    return (span for span, has_backup in merge_equal(backed) if not has_backup)


def _has_backup(line: Line, backups: Lines, day: date) -> bool:
    return any(backup.phone_on(day).e164 != line.phone_on(day).e164 for backup in backups)


def _open_lines(
    timetables: Timetables, lines: Sequence[Line], period: Span
) -> list[tuple[Span, Lines]]:
    """Return ``period`` as spans, each with the lines open throughout it, in their order."""
    intervals: list[tuple[Span, Lines]] = [(period, ())]
    for line in lines:
        spans = timetables.open_spans(line, period.start, period.end)
        intervals = [
            (span, (*others, line) if is_open else others)
            for span, (others, is_open) in overlay(intervals, mark_covered(spans, period))
        ]
    return intervals
