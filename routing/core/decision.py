"""Who takes the call at an instant: the rule that this project is about.

``Timetables`` has each month of a service as sorted instants that a bisect searches: no gaps,
exactly one answer at any time, and ``until`` for free. Clock changes, special days and bank
holidays are dealt with when a month is compiled; finding a decision reads none of them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import compress, islice, pairwise, takewhile
from zoneinfo import ZoneInfo

from routing.core import instants
from routing.core.directory import (
    BankHoliday,
    Directory,
    Line,
    Phone,
    Service,
    SpecialDay,
    TimeRange,
    date_range,
)
from routing.core.instants import Span, merge_equal, overlay, split_by_day
from routing.errors import UnknownService

Lines = tuple[Line, ...]

HORIZON = timedelta(days=400)
"""How far ahead of an instant the next handover is looked for."""


class ReasonCode(StrEnum):
    """Why this line answers."""

    DIVERT = "divert"
    IN_HOURS = "in_hours"
    SPECIAL_DAY = "special_day"
    BANK_HOLIDAY = "bank_holiday"
    OUT_OF_HOURS = "out_of_hours"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why this line answers, with the special day or bank holiday that closes the first line."""

    code: ReasonCode
    special_day: SpecialDay | None = None
    bank_holiday: BankHoliday | None = None


IN_HOURS = Reason(ReasonCode.IN_HOURS)
OUT_OF_HOURS = Reason(ReasonCode.OUT_OF_HOURS)
DIVERTED = Reason(ReasonCode.DIVERT)


@dataclass(frozen=True, slots=True)
class Answer:
    """The line that answers, its number, and why."""

    line: Line
    phone: Phone
    reason: Reason

    def is_same_call(self, other: Answer) -> bool:
        """Return whether a caller would notice no difference: the same line by the same number."""
        return self.line.id == other.line.id and self.phone.e164 == other.phone.e164


@dataclass(frozen=True, slots=True)
class Decision:
    """Who takes a service's calls at an instant.

    ``until`` is the next handover in UTC: the first later instant at which the line or its number
    differs, whatever the reason. ``next`` is what takes over then. Both are None when nothing
    changes within 400 days. ``avoid`` holds lines that a caller is not to try: diverts in
    force took their calls away.
    """

    service: Service
    line: Line
    phone: Phone
    reason: Reason
    until: datetime | None
    next: Answer | None
    avoid: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Divert:
    """A change by staff that sends a service's calls to another line, for a span that has an end.

    Diverts are listed in the order in which they were set: of several in force the last one wins.

    ``avoid`` is the line that took the service's calls when the divert began: it may be out of
    order, so it is not tried meanwhile. None if it may be.
    """

    service: str
    line: Line
    during: Span
    avoid: Line | None = None


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


def decide(
    timetables: Timetables, service_id: str, at: datetime, diverts: Sequence[Divert] = ()
) -> Decision:
    """Return who takes a service's calls at an instant. There is always an answer.

    It is the line of the divert in force, of several the one set last; otherwise the first of the
    service's lines that is open; otherwise its out-of-hours line, whatever that line's own hours
    say.

    ``at`` may be in any zone; hours are read in the directory's. Every span is half-open: at
    17:00:00 exactly the day line has closed. ``until`` and ``next`` are as in Decision, and take
    account of diverts that begin later.

    Raise UnknownService for a service that the directory lacks, NaiveTime if ``at`` has no zone.
    """
    at = instants.as_utc(at)
    service_diverts = [
        divert for divert in diverts if divert.service == service_id and at < divert.during.end
    ]
    if not service_diverts:
        return timetables.decision(service_id, at)
    answers = _answers(timetables, service_id, at, service_diverts)
    decision = _decision_until(timetables.service(service_id), answers, at + HORIZON)
    in_force = (divert for divert in service_diverts if at in divert.during)
    return replace(decision, avoid=tuple(divert.avoid for divert in in_force if divert.avoid))


def timeline(
    timetables: Timetables,
    service_id: str,
    start: datetime,
    end: datetime,
    diverts: Sequence[Divert] = (),
) -> Iterator[tuple[Span, Answer]]:
    """Return consecutive spans from ``start`` to ``end``, each with its answer, also its reason.

    Raise as ``decide`` does, the first time that a span is asked for at the latest.
    """
    start, end = instants.as_utc(start), instants.as_utc(end)
    service_diverts = [divert for divert in diverts if divert.service == service_id]
    answers = _answers(timetables, service_id, start, service_diverts)
    within = takewhile(lambda interval: interval[0].start < end, answers)
    cut = ((Span(span.start, min(span.end, end)), answer) for span, answer in within)
    return merge_equal(cut, key=_shown)


def handovers(
    timetables: Timetables, service_id: str, at: datetime, diverts: Sequence[Divert] = ()
) -> Iterator[tuple[datetime, Answer]]:
    """Yield each handover within HORIZON after ``at``, with the answer from then on, for staff.

    The edges of a divert count too where callers notice no difference. Raise as ``decide`` does.
    """
    end = instants.as_utc(at) + HORIZON + timedelta.resolution
    spans = timeline(timetables, service_id, at, end, diverts)
    for (_, previous), (span, answer) in pairwise(spans):
        is_same_rule = (answer.reason == DIVERTED) is (previous.reason == DIVERTED)
        if not (is_same_rule and answer.is_same_call(previous)):
            yield span.start, answer


def dial_order(
    timetables: Timetables,
    decision: Decision,
    at: datetime,
    excluded_numbers: Collection[str] = (),
    tried: Collection[str] = (),
) -> tuple[Answer, ...]:
    """Return the lines to ring, in order: the one that answers, then those to try if it does not.

    ``tried`` holds the ids of lines that did not answer: with any, only what is left of those to
    try is returned. A later line is left out when its own published hours say that it is closed,
    when it or its number is there already or was tried, or when the decision avoids it. Every line
    is left out whose number ``is_excluded``, or is 999 or 101. So there may be none. The lines that
    the decision avoids come where nobody else is left and nobody was tried.
    """
    day = instants.as_utc(at).astimezone(timetables.directory.zone).date()
    answers = [
        Answer(line, line.phone_on(day), decision.reason)
        for line in timetables.directory.lines
        if line.id in tried
    ]
    tried_count = len(answers)
    if not tried:
        answers.append(Answer(decision.line, decision.phone, decision.reason))
    avoided = [(line.id, line.phone_on(day).e164) for line in decision.avoid]
    for line in decision.service.if_unanswered:
        phone = line.phone_on(day)
        passed_over = [*avoided, *((answer.line.id, answer.phone.e164) for answer in answers)]
        is_known = any(line.id == name or phone.e164 == e164 for name, e164 in passed_over)
        if not is_known and timetables.is_open(line, at):
            answers.append(Answer(line, phone, decision.reason))
    left = answers[tried_count:]
    order = tuple(
        answer
        for answer in left
        if not (answer.phone.is_emergency or is_excluded(answer.phone, excluded_numbers))
    )
    if order or tried or not decision.avoid:
        return order
    return dial_order(timetables, replace(decision, avoid=()), at, excluded_numbers)


def is_excluded(phone: Phone, excluded_numbers: Collection[str]) -> bool:
    """Return whether a number has the last nine digits of one of some excluded numbers.

    Networks write a number with and without its country code; the last nine digits stay the same.
    """
    return any(number[-9:] == phone.e164[-9:] for number in excluded_numbers)


def _answers(
    timetables: Timetables, service_id: str, at: datetime, diverts: Sequence[Divert]
) -> Iterator[tuple[Span, Answer]]:
    """Yield without end consecutive spans from ``at`` on, each with its answer under diverts."""
    zone = timetables.directory.zone
    days = (part for divert in diverts for part, _ in split_by_day(divert.during, zone))
    edges = {edge for part in days for edge in (part.start, part.end) if edge > at}
    diverted = (
        (Span(start, end), _diverted(timetables, start, diverts))
        for start, end in pairwise((at, *sorted(edges), _END_OF_TIME))
    )
    for span, (answer, diverted_answer) in overlay(timetables.answers(service_id, at), diverted):
        yield span, diverted_answer or answer


def _diverted(timetables: Timetables, at: datetime, diverts: Sequence[Divert]) -> Answer | None:
    in_force = [divert for divert in diverts if at in divert.during]
    if not in_force:
        return None
    newest = in_force[-1]
    day = at.astimezone(timetables.directory.zone).date()
    return Answer(newest.line, newest.line.phone_on(day), DIVERTED)


MAX_MONTHS = 4096
"""How many months stay compiled: four for each of 1,000 services. One takes about 1 ms to compile,
when it is first needed."""

_END_OF_TIME = datetime.max.replace(tzinfo=UTC)

_MAX_OVERRUN = timedelta(days=2)
"""Hours that start on a date end by the midnight after the next date, whatever the clocks do."""


class Timetables:
    """A directory with its bank holidays, and every month of its services in UTC. Immutable.

    ``month(service_id, year, month)`` gives a month's starts and decisions: each holds from its
    start until the next, and the first start is the month's. Safe to share between threads.
    """

    def __init__(self, directory: Directory, holidays: Mapping[date, BankHoliday]) -> None:
        self.directory = directory
        self.holidays = holidays
        self.services = {service.id: service for service in directory.services}
        self.month = lru_cache(maxsize=MAX_MONTHS)(self._compile_month)
        self._answers = lru_cache(maxsize=MAX_MONTHS)(self._compile_answers)

    def decision(self, service_id: str, at: datetime) -> Decision:
        """Return the decision at ``at``, in UTC, without diverts. Raise UnknownService."""
        starts, decisions = self.month(service_id, at.year, at.month)
        decision = decisions[bisect_right(starts, at) - 1]
        if decision.until is not None and decision.until - at > HORIZON:
            return replace(decision, until=None, next=None)
        return decision

    def service(self, service_id: str) -> Service:
        """Return the service with that id. Raise UnknownService, which lists the known ids."""
        try:
            return self.services[service_id]
        except KeyError:
            raise UnknownService(service_id, tuple(self.services)) from None

    def answers(self, service_id: str, at: datetime) -> Iterator[tuple[Span, Answer]]:
        """Yield without end consecutive spans from ``at``, in UTC, each with its answer.

        A new month begins a new span, also where the answer stays the same.
        """
        year, month = at.year, at.month
        while True:
            intervals = self._answers(service_id, year, month)
            later = bisect_right(intervals, at, key=lambda interval: interval[0].end)
            for span, answer in islice(intervals, later, None):
                yield Span(max(at, span.start), span.end), answer
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)

    def open_lines(self, lines: Sequence[Line], period: Span) -> list[tuple[Span, Lines]]:
        """Return ``period`` as spans, each with the lines open throughout it, in their order."""
        edges: dict[datetime, list[tuple[int, bool]]] = {period.start: [], period.end: []}
        for n, line in enumerate(lines):
            for span in self.open_spans(line, period.start, period.end):
                edges.setdefault(span.start, []).append((n, True))
                edges.setdefault(span.end, []).append((n, False))
        is_open = [False] * len(lines)
        intervals: list[tuple[Span, Lines]] = []
        for start, end in pairwise(sorted(edges)):
            for n, opens in edges[start]:
                is_open[n] = opens
            intervals.append((Span(start, end), tuple(compress(lines, is_open))))
        return intervals

    def open_spans(self, line: Line, start: datetime, end: datetime) -> tuple[Span, ...]:
        """Return the spans of UTC from ``start`` to ``end`` in which the line's own hours are open.

        A span that begins before ``start`` or ends after ``end`` is cut there.
        """
        zone = self.directory.zone
        first, last = (start - _MAX_OVERRUN).astimezone(zone).date(), end.astimezone(zone).date()
        hours = ((day, line.ranges_on(day, self.holidays)) for day in date_range(first, last))
        cut = (
            Span(max(span.start, start), min(span.end, end)) for span in merge_hours(hours, zone)
        )
        return tuple(span for span in cut if span.start < span.end)

    def is_open(self, line: Line, at: datetime) -> bool:
        """Return whether the line's own published hours cover ``at``."""
        at = instants.as_utc(at)
        return bool(self.open_spans(line, at, at + timedelta.resolution))

    def _compile_month(
        self, service_id: str, year: int, month: int
    ) -> tuple[tuple[datetime, ...], tuple[Decision, ...]]:
        service, last = self.service(service_id), _month_span(year, month).end + HORIZON
        starts = tuple(span.start for span, _ in self._answers(service_id, year, month))
        answers = (self.answers(service_id, start) for start in starts)
        return starts, tuple(_decision_until(service, later, last) for later in answers)

    def _compile_answers(
        self, service_id: str, year: int, month: int
    ) -> tuple[tuple[Span, Answer], ...]:
        """Return a month in UTC as spans, each with its answer."""
        service, period = self.service(service_id), _month_span(year, month)
        open_lines = self.open_lines(service.lines, period)
        days = split_by_day(period, self.directory.zone)
        answers = (
            (span, self._answer(service, lines, day))
            for span, (lines, day) in overlay(open_lines, days)
        )
        return tuple(merge_equal(answers, key=_shown))

    def _answer(self, service: Service, open_lines: Lines, day: date) -> Answer:
        if open_lines:
            return Answer(open_lines[0], open_lines[0].phone_on(day), IN_HOURS)
        line = service.out_of_hours
        return Answer(line, line.phone_on(day), self._why_shut(service.lines[0], day))

    def _why_shut(self, line: Line, day: date) -> Reason:
        special_day = line.hours_on(day, self.holidays).special_day
        if special_day is not None and not special_day.is_until_further_notice:
            return Reason(ReasonCode.SPECIAL_DAY, special_day=special_day)
        week = special_day.week if special_day is not None else None
        has_bank_holiday_hours = any(
            hours.bank_holiday is not None for hours in (line.hours, week) if hours is not None
        )
        holiday = self.holidays.get(day)
        if holiday is not None and has_bank_holiday_hours:
            return Reason(ReasonCode.BANK_HOLIDAY, bank_holiday=holiday)
        return OUT_OF_HOURS


def _decision_until(
    service: Service, answers: Iterator[tuple[Span, Answer]], last: datetime
) -> Decision:
    """Return the first answer, up to the first later one by ``last`` that a caller notices."""
    _, answer = next(answers)
    for span, following in takewhile(lambda interval: interval[0].start <= last, answers):
        if not following.is_same_call(answer):
            return Decision(
                service, answer.line, answer.phone, answer.reason, span.start, following
            )
    return Decision(service, answer.line, answer.phone, answer.reason, None, None)


def _shown(answer: Answer) -> tuple[Answer, str]:
    """Return what is equal for two answers that are, and whose numbers are spelt alike."""
    return answer, answer.phone.display


def merge_hours(
    days: Iterable[tuple[date, tuple[TimeRange, ...]]], zone: ZoneInfo
) -> tuple[Span, ...]:
    """Return the spans of UTC of the hours that start on ``days``, in order, as few as possible.

    A range that lies wholly within an hour that the clocks skip gives none.
    """
    edges = sorted(
        (instants.start_at(day, hours.opens, zone), instants.end_at(day, hours.closes, zone))
        for day, ranges in days
        for hours in ranges
    )
    merged: list[Span] = []
    for start, end in edges:
        if merged and start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(end, merged[-1].end))
        elif start < end:
            merged.append(Span(start, end))
    return tuple(merged)


def _month_span(year: int, month: int) -> Span:
    first = datetime(year, month, 1, tzinfo=UTC)
    return Span(first, (first + timedelta(days=31)).replace(day=1))
