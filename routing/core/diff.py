"""The difference between two directories: each span in which a caller would notice it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from routing.core import instants
from routing.core.answer import Answer
from routing.core.decision import timeline
from routing.core.directory import Phone
from routing.core.instants import Intervals, Span, merge_equal, overlay
from routing.core.timetable import Timetables


@dataclass(frozen=True, slots=True)
class Callee:
    """Whom a caller reaches: the answer, and the service's own number where callers ring it."""

    answer: Answer
    number: Phone | None

    @property
    def caller_view(self) -> tuple[object, ...]:
        """All that a caller would notice: the line and how it is shown, and both numbers."""
        line = self.answer.line
        return line.id, line.name, line.options, self.answer.phone, self.number


Change = tuple[Callee | None, Callee | None]
"""Whom a caller reaches before and after; None where that directory lacks the service."""


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
    for span, change in merge_equal(both, key=_caller_view):
        before, after = _caller_view(change)
        if before != after:
            yield span, change


def _callees(timetables: Timetables, service_id: str, period: Span) -> Intervals[Callee | None]:
    if service_id not in timetables.services:
        return [(period, None)] if period.start < period.end else []
    service = timetables.service(service_id)
    answers = timeline(timetables, service_id, period.start, period.end)
    return (
        (span, Callee(answer, None if answer.phone.is_emergency else service.number))
        for span, answer in answers
    )


def _caller_view(change: Change) -> tuple[object, object]:
    before, after = change
    return before and before.caller_view, after and after.caller_view
