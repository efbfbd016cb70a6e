"""Who takes the call at an instant. Everything else in this project serves this function."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, pairwise, takewhile

from routing.core import instants
from routing.core.answer import DIVERTED, HORIZON, Answer, Decision
from routing.core.directory import Line
from routing.core.instants import Span
from routing.core.timetable import Timetables, decision_until


@dataclass(frozen=True, slots=True)
class Divert:
    """Staff send a service's calls to another line, for a span of time that has an end.

    Of several in force the latest ``set_at`` wins; of two set at once, the later given.
    """

    service: str
    line: Line
    during: Span
    set_at: datetime


def decide(
    timetables: Timetables, service_id: str, at: datetime, diverts: Sequence[Divert] = ()
) -> Decision:
    """Return who takes a service's calls at an instant. It always answers.

    A divert in force, the one set last; otherwise the first of the service's lines that is open;
    otherwise its out-of-hours line, whatever that line's own hours say.

    ``at`` may be in any zone; hours are read in the directory's. Every span is half-open: at
    17:00:00 exactly the day line has closed. ``until`` and ``next`` are as in Decision, and count
    the diverts that begin later.

    Raise UnknownService for a service that the directory lacks, NaiveTime if ``at`` has no zone.
    """
    at = instants.as_utc(at)
    if diverts:
        own = [
            divert for divert in diverts if divert.service == service_id and at < divert.during.end
        ]
        if own:
            service = timetables.service(service_id)
            answer = _answer_at(timetables, service_id, at, own)
            return decision_until(
                service, answer, _after(timetables, service_id, at, own), at + HORIZON
            )
    return timetables.decision(service_id, at)


def timeline(
    timetables: Timetables,
    service_id: str,
    start: datetime,
    end: datetime,
    diverts: Sequence[Divert] = (),
) -> Iterator[tuple[Span, Answer]]:
    """Yield every span from ``start`` to ``end`` with its answer; they touch, never overlap.

    A span ends where the line, its number or the reason changes. Raise as ``decide`` does.
    """
    start, end = instants.as_utc(start), instants.as_utc(end)
    timetables.service(service_id)
    own = [divert for divert in diverts if divert.service == service_id]
    later = _after(timetables, service_id, start, own)
    entries = [(start, _answer_at(timetables, service_id, start, own))]
    for at, answer in takewhile(lambda entry: entry[0] < end, later):
        if answer != entries[-1][1]:
            entries.append((at, answer))
    if start < end:
        edges = pairwise(chain((at for at, _ in entries), [end]))
        for (begins, ends), (_, answer) in zip(edges, entries, strict=True):
            yield Span(begins, ends), answer


def dial_order(timetables: Timetables, decision: Decision, at: datetime) -> tuple[Answer, ...]:
    """Return the lines to ring, in order: the one that answers, then those to try if it does not.

    A line that its own published hours say is shut is passed over, except the first; no line and
    no number comes twice.
    """
    day = instants.as_utc(at).astimezone(timetables.directory.zone).date()
    answers = [Answer(decision.line, decision.phone, decision.reason)]
    for line in decision.service.if_unanswered:
        phone = line.phone_on(day)
        known = any(
            answer.line.id == line.id or answer.phone.e164 == phone.e164 for answer in answers
        )
        if not known and timetables.is_open(line, at):
            answers.append(Answer(line, phone, decision.reason))
    return tuple(answers)


def _after(
    timetables: Timetables, service_id: str, at: datetime, diverts: Sequence[Divert]
) -> Iterator[tuple[datetime, Answer]]:
    """Yield every later instant at which the answer may change, and the answer from then on."""
    edges = sorted(edge for edge in _edges(timetables, diverts) if edge > at)
    for planned, answer in timetables.after(service_id, at):
        while edges and edges[0] <= planned:
            edge = edges.pop(0)
            yield edge, _answer_at(timetables, service_id, edge, diverts)
        yield planned, _diverted(timetables, planned, diverts) or answer


def _edges(timetables: Timetables, diverts: Sequence[Divert]) -> set[datetime]:
    """Return where diverts begin and end, and where a number changes on a line diverted to."""
    zone = timetables.directory.zone
    edges = {edge for divert in diverts for edge in (divert.during.start, divert.during.end)}
    for divert in diverts:
        for special in divert.line.special_days:
            if special.phone is not None:
                edges.add(instants.midnight(special.first, zone))
                edges.add(instants.midnight(special.last + timedelta(days=1), zone))
    return edges


def _answer_at(
    timetables: Timetables, service_id: str, at: datetime, diverts: Sequence[Divert]
) -> Answer:
    diverted = _diverted(timetables, at, diverts)
    if diverted is not None:
        return diverted
    decision = timetables.decision(service_id, at)
    return Answer(decision.line, decision.phone, decision.reason)


def _diverted(timetables: Timetables, at: datetime, diverts: Sequence[Divert]) -> Answer | None:
    """Return the answer of the divert in force that was set last, or None if none is in force."""
    in_force = [divert for divert in diverts if at in divert.during]
    if not in_force:
        return None
    newest = max(reversed(in_force), key=lambda divert: divert.set_at)
    day = at.astimezone(timetables.directory.zone).date()
    return Answer(newest.line, newest.line.phone_on(day), DIVERTED)
