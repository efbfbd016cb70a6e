"""Who takes the call at an instant: the rule that this project is about."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise, takewhile

from routing.core import instants
from routing.core.directory import Line, Phone
from routing.core.instants import Span
from routing.core.timetable import DIVERTED, HORIZON, Answer, Decision, Timetables, decision_until


@dataclass(frozen=True, slots=True)
class Divert:
    """A change by staff that sends a service's calls to another line, for a span that has an end.

    Of several in force the one with the latest ``set_at`` wins; of two set at once, the later one
    in the list.

    ``avoid`` is the line that took the service's calls when the divert began: it may be out of
    order, so it is not tried meanwhile. None if it may be.
    """

    service: str
    line: Line
    during: Span
    set_at: datetime
    avoid: Line | None = None


def decide(
    timetables: Timetables, service_id: str, at: datetime, diverts: Sequence[Divert] = ()
) -> Decision:
    """Return who takes a service's calls at an instant. There is always an answer.

    It is the line of the divert in force, of several the one set last; otherwise the first of the
    service's lines that is open; otherwise its out-of-hours line, whatever that line's own hours
    say. ``avoid`` holds the lines that the diverts in force replaced.

    ``at`` may be in any zone; hours are read in the directory's. Every span is half-open: at
    17:00:00 exactly the day line has closed. ``until`` and ``next`` are as in Decision, and take
    account of diverts that begin later.

    Raise UnknownService for a service that the directory lacks, NaiveTime if ``at`` has no zone.
    """
    at = instants.as_utc(at)
    if diverts:
        service_diverts = [
            divert for divert in diverts if divert.service == service_id and at < divert.during.end
        ]
        if service_diverts:
            service = timetables.service(service_id)
            answer = _answer_at(timetables, service_id, at, service_diverts)
            later = _later_answers(timetables, service_id, at, service_diverts)
            decision = decision_until(service, answer, later, at + HORIZON)
            return replace(decision, avoid=_lines_to_avoid(service_diverts, at))
    return timetables.decision(service_id, at)


def timeline(
    timetables: Timetables,
    service_id: str,
    start: datetime,
    end: datetime,
    diverts: Sequence[Divert] = (),
) -> Iterator[tuple[Span, Answer]]:
    """Yield consecutive spans from ``start`` to ``end``, each with its answer.

    A span ends where the line, its number or the reason changes. Raise as ``decide`` does.
    """
    start, end = instants.as_utc(start), instants.as_utc(end)
    timetables.service(service_id)
    service_diverts = [divert for divert in diverts if divert.service == service_id]
    later = _later_answers(timetables, service_id, start, service_diverts)
    entries = [(start, _answer_at(timetables, service_id, start, service_diverts))]
    for at, answer in takewhile(lambda entry: entry[0] < end, later):
        if answer != entries[-1][1]:
            entries.append((at, answer))
    if start < end:
        for (begins, answer), (ends, _) in pairwise([*entries, (end, entries[-1][1])]):
            yield Span(begins, ends), answer


def handovers(
    timetables: Timetables, service_id: str, at: datetime, diverts: Sequence[Divert] = ()
) -> Iterator[tuple[datetime, Answer]]:
    """Yield each handover after ``at``, with the answer from then on, for staff.

    The beginning and the end of a divert count too, also where callers notice no difference: staff
    need to know when it ends. Those within HORIZON. Raise as ``decide`` does.
    """
    at = instants.as_utc(at)
    timetables.service(service_id)
    service_diverts = [divert for divert in diverts if divert.service == service_id]
    previous = _answer_at(timetables, service_id, at, service_diverts)
    later = _later_answers(timetables, service_id, at, service_diverts)
    for start, answer in takewhile(lambda entry: entry[0] <= at + HORIZON, later):
        is_same_rule = (answer.reason == DIVERTED) is (previous.reason == DIVERTED)
        if not (is_same_rule and answer.is_same_call(previous)):
            yield start, answer
            previous = answer


def dial_order(
    timetables: Timetables,
    decision: Decision,
    at: datetime,
    excluded_numbers: Collection[str] = (),
) -> tuple[Answer, ...]:
    """Return the lines to ring, in order: the one that answers, then those to try if it does not.

    A later line is left out when its own published hours say that it is closed, when it or its
    number is there already, or when the decision avoids it, unless nobody else is left. Every line
    is left out whose number ``is_excluded``, or is 999 or 101. So there may be none.
    """
    answers = _dial_order(timetables, decision, at, excluded_numbers)
    if not answers and decision.avoid:
        return _dial_order(timetables, replace(decision, avoid=()), at, excluded_numbers)
    return answers


def is_avoided(line: Line, decision: Decision, day: date) -> bool:
    """Return whether a line, or one with its number on ``day``, is to be avoided."""
    number = line.phone_on(day).e164
    return any(
        line.id == avoided.id or number == avoided.phone_on(day).e164 for avoided in decision.avoid
    )


def is_excluded(phone: Phone, excluded_numbers: Collection[str]) -> bool:
    """Return whether a number has the last nine digits of one of some excluded numbers.

    Networks write a number with and without its country code; the last nine digits stay the same.
    999 and 101 are always excluded.
    """
    ending = phone.e164[-9:]
    return phone.is_emergency or any(number[-9:] == ending for number in excluded_numbers)


def _dial_order(
    timetables: Timetables, decision: Decision, at: datetime, excluded_numbers: Collection[str]
) -> tuple[Answer, ...]:
    day = instants.as_utc(at).astimezone(timetables.directory.zone).date()
    answers = [Answer(decision.line, decision.phone, decision.reason)]
    for line in decision.service.if_unanswered:
        phone = line.phone_on(day)
        known = any(
            answer.line.id == line.id or answer.phone.e164 == phone.e164 for answer in answers
        )
        if not known and not is_avoided(line, decision, day) and timetables.is_open(line, at):
            answers.append(Answer(line, phone, decision.reason))
    return tuple(answer for answer in answers if not is_excluded(answer.phone, excluded_numbers))


def _later_answers(
    timetables: Timetables, service_id: str, at: datetime, diverts: Sequence[Divert]
) -> Iterator[tuple[datetime, Answer]]:
    """Yield every later instant at which the answer may change, and the answer from then on."""
    edges = sorted(edge for edge in _edges(timetables, diverts) if edge > at)
    for start, answer in timetables.later_answers(service_id, at):
        while edges and edges[0] <= start:
            edge = edges.pop(0)
            yield edge, _answer_at(timetables, service_id, edge, diverts)
        yield start, _diverted(timetables, start, diverts) or answer


def _edges(timetables: Timetables, diverts: Sequence[Divert]) -> set[datetime]:
    """Return where diverts begin and end, and where a number changes on a line diverted to."""
    zone = timetables.directory.zone
    edges = {edge for divert in diverts for edge in (divert.during.start, divert.during.end)}
    for divert in diverts:
        first, last = (
            edge.astimezone(zone).date() for edge in (divert.during.start, divert.during.end)
        )
        for special_day in divert.line.special_days:
            if special_day.phone is not None:
                for day in special_day.dates(first, last):
                    edges.add(instants.midnight(day, zone))
                    edges.add(instants.midnight(day + timedelta(days=1), zone))
    return edges


def _answer_at(
    timetables: Timetables, service_id: str, at: datetime, diverts: Sequence[Divert]
) -> Answer:
    diverted = _diverted(timetables, at, diverts)
    if diverted is not None:
        return diverted
    decision = timetables.decision(service_id, at)
    return Answer(decision.line, decision.phone, decision.reason)


def _lines_to_avoid(diverts: Sequence[Divert], at: datetime) -> tuple[Line, ...]:
    in_force = (divert for divert in diverts if at in divert.during)
    return tuple(divert.avoid for divert in in_force if divert.avoid is not None)


def _diverted(timetables: Timetables, at: datetime, diverts: Sequence[Divert]) -> Answer | None:
    """Return the answer of the divert in force that was set last, or None if none is in force."""
    in_force = [divert for divert in diverts if at in divert.during]
    if not in_force:
        return None
    newest = max(reversed(in_force), key=lambda divert: divert.set_at)
    day = at.astimezone(timetables.directory.zone).date()
    return Answer(newest.line, newest.line.phone_on(day), DIVERTED)


class Outcome(StrEnum):
    """How a call or one of its legs (the ringing of one line) ended, as the call log stores it."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    """The caller hung up."""
    UNANSWERED = "unanswered"
    """Of a call: nobody was left to ring."""
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    DECLINED = "declined"
    """The person or machine that picked up did not accept the call."""
    UNKNOWN = "unknown"
    """The end was not reported."""
