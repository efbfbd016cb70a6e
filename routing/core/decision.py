"""Who takes the call at an instant. Everything else in this project serves this function."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile

from routing.core import instant
from routing.core.answer import DIVERTED, Answer, Decision
from routing.core.directory import Line, Service
from routing.core.hours import Span
from routing.core.timetable import Timetables

HORIZON = timedelta(days=400)
"""How far ahead a handover is looked for (the contract, section 3)."""


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
    """Say who takes a service's calls at an instant. It always answers.

    A divert in force, the one set last; otherwise the first of the service's lines that is open;
    otherwise its out-of-hours line, whatever that line's own hours say.

    ``at`` may be in any zone; hours are read in the directory's. Every span is half-open: at
    17:00:00 exactly the day line has closed. ``until`` and ``next`` are as in Decision, and count
    the diverts that begin later.

    Raise UnknownService for a service that the directory lacks, NaiveTime if ``at`` has no zone.
    """
    at = instant.as_utc(at)
    if diverts:
        ahead = [each for each in diverts if each.service == service_id and at < each.during.end]
        if ahead:
            return _follow(timetables, service_id, at, ahead)

    timetable = timetables.year(service_id, at.year)
    index = timetable.index(at)
    kept = timetable.decisions[index]
    if kept is not None:
        return kept

    service, later = timetables.service(service_id), timetables.after(service_id, at)
    decision = _until_handover(service, timetable.answers[index], at, later)
    until = decision.until
    if until is not None and until - _utc(timetable.seconds[index]) <= HORIZON:
        timetable.decisions[index] = decision
    return decision


def timeline(
    timetables: Timetables,
    service_id: str,
    start: datetime,
    end: datetime,
    diverts: Sequence[Divert] = (),
) -> Iterator[tuple[Span, Answer]]:
    """Yield every stretch from ``start`` to ``end`` with its answer; they touch, never overlap.

    A stretch ends where the line, its number or the reason changes. Raise as ``decide`` does.
    """
    start, end = instant.as_utc(start), instant.as_utc(end)
    timetables.service(service_id)
    ahead = [each for each in diverts if each.service == service_id]
    first = int(start.timestamp()), _answer_at(timetables, service_id, start, ahead)
    entries = [first]
    last = end.timestamp()
    later = _after(timetables, service_id, start, ahead)
    for second, answer in takewhile(lambda entry: entry[0] < last, later):
        if answer != entries[-1][1]:
            entries.append((second, answer))
    edges = [start, *(_utc(second) for second, _ in entries[1:]), end]
    if start < end:
        for (begins, ends), (_, answer) in zip(pairwise(edges), entries, strict=True):
            yield Span(begins, ends), answer


def to_try(timetables: Timetables, decision: Decision, at: datetime) -> tuple[Answer, ...]:
    """Return the lines to ring, in order: the one that answers, then those to try if it does not.

    A line that its own published hours say is shut is passed over, except the first; no line and
    no number comes twice.
    """
    day = instant.as_utc(at).astimezone(timetables.directory.zone).date()
    answers = [Answer(decision.line, decision.phone, decision.reason)]
    for line in decision.service.if_unanswered:
        answer = Answer(line, line.phone_on(day), decision.reason)
        known = any(
            each.line.id == line.id or each.phone.e164 == answer.phone.e164 for each in answers
        )
        if not known and timetables.is_open(line, at):
            answers.append(answer)
    return tuple(answers)


def _follow(
    timetables: Timetables, service_id: str, at: datetime, diverts: Sequence[Divert]
) -> Decision:
    answer = _answer_at(timetables, service_id, at, diverts)
    later = _after(timetables, service_id, at, diverts)
    return _until_handover(timetables.service(service_id), answer, at, later)


def _until_handover(
    service: Service, answer: Answer, at: datetime, later: Iterator[tuple[int, Answer]]
) -> Decision:
    """Return the decision, until the first later change that a caller would notice, if any."""
    told, last = (service, answer.line, answer.phone, answer.reason), (at + HORIZON).timestamp()
    for second, following in takewhile(lambda entry: entry[0] <= last, later):
        if not following.same_call(answer):
            return Decision(*told, _utc(second), following)
    return Decision(*told, None, None)


def _after(
    timetables: Timetables, service_id: str, at: datetime, diverts: Sequence[Divert]
) -> Iterator[tuple[int, Answer]]:
    """Yield every later instant at which the answer may change, and the answer from then on."""
    second = at.timestamp()
    edges = sorted(edge for edge in _edges(timetables, diverts) if edge > second)
    plan = timetables.after(service_id, at)
    while True:
        planned, answer = next(plan)
        while edges and edges[0] <= planned:
            edge = edges.pop(0)
            yield edge, _answer_at(timetables, service_id, _utc(edge), diverts)
        yield planned, _diverted(timetables, _utc(planned), diverts) or answer


def _edges(timetables: Timetables, diverts: Sequence[Divert]) -> set[int]:
    """Return where diverts begin and end, and where a number changes on a line diverted to."""
    zone = timetables.directory.zone
    edges = {edge for each in diverts for edge in (each.during.start, each.during.end)}
    for each in diverts:
        for special in each.line.special_days:
            if special.phone is not None:
                edges.add(instant.midnight(special.first, zone))
                edges.add(instant.midnight(special.last + timedelta(days=1), zone))
    return {int(edge.timestamp()) for edge in edges}


def _answer_at(
    timetables: Timetables, service_id: str, at: datetime, diverts: Sequence[Divert]
) -> Answer:
    diverted = _diverted(timetables, at, diverts)
    if diverted is not None:
        return diverted
    timetable = timetables.year(service_id, at.year)
    return timetable.answers[timetable.index(at)]


def _diverted(timetables: Timetables, at: datetime, diverts: Sequence[Divert]) -> Answer | None:
    """Return the answer of the divert in force that was set last, or None if none is in force."""
    in_force = [each for each in diverts if at in each.during]
    if not in_force:
        return None
    newest = max(reversed(in_force), key=lambda each: each.set_at)
    day = at.astimezone(timetables.directory.zone).date()
    return Answer(newest.line, newest.line.phone_on(day), DIVERTED)


def _utc(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
