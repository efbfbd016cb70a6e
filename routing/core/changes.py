"""What differs between two directories: every period in which a caller would notice."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from routing.core import instant
from routing.core.answer import Answer
from routing.core.decision import timeline
from routing.core.hours import Span
from routing.core.stretches import Stretches, joined, overlay
from routing.core.timetable import Timetables
from routing.core.words import Phone


@dataclass(frozen=True, slots=True)
class Given:
    """What a caller is given: the answer, and the service's own number where it has one."""

    answer: Answer
    number: Phone | None

    @property
    def noticed(self) -> tuple[str, str, str | None]:
        """Return what a caller would notice: the line and its number, the number they ring."""
        number = None if self.number is None else self.number.e164
        return self.answer.line.id, self.answer.phone.e164, number


Change = tuple[Given | None, Given | None]
"""What a caller is given before and after; None where that directory lacks the service."""


def changes(
    old: Timetables, new: Timetables, service_id: str, start: datetime, end: datetime
) -> Iterator[tuple[Span, Change]]:
    """Yield each stretch from ``start`` to ``end`` in which the answer is not the same in both.

    It is the same when the line, its number and the number callers ring are, whatever the reason.
    A service that one of them lacks differs throughout. Diverts aside.

    Raise UnknownService for a service that both lack, NaiveTime for a time without zone.
    """
    period = Span(instant.as_utc(start), instant.as_utc(end))
    if service_id not in new.services:
        old.service(service_id)
    both = overlay(_given(old, service_id, period), _given(new, service_id, period))
    for span, (before, after) in joined(both, key=_noticed):
        if _noticed((before, after))[0] != _noticed((before, after))[1]:
            yield span, (before, after)


def _given(timetables: Timetables, service_id: str, period: Span) -> Stretches[Given | None]:
    if service_id not in timetables.services:
        return [(period, None)] if period.start < period.end else []
    number = timetables.service(service_id).number
    found = timeline(timetables, service_id, period.start, period.end)
    return ((span, Given(answer, number)) for span, answer in found)


def _noticed(change: Change) -> tuple[object, object]:
    before, after = change
    return before and before.noticed, after and after.noticed
