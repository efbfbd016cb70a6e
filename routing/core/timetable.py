"""Decisions with their reasons, and a month of them as sorted instants that a bisect searches.

A sorted list of UTC instants has no gaps, has exactly one answer at any time, and gives ``until``
for free. Clock changes, special days and bank holidays are dealt with when a month is compiled:
finding a decision reads no zone, no bank holiday and no hours.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter, itemgetter
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
)
from routing.core.instants import Span, date_range
from routing.errors import UnknownService

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

    def is_same_call(self, other: "Answer") -> bool:
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


MAX_MONTHS = 4096
"""How many months stay compiled: four for each of 1,000 services.

A month takes about 1 ms to compile; all months from 2000 to 2100 would take over a second for each
service. So each is compiled when it is first needed; compiling it again gives the same.
"""

_MAX_OVERRUN = timedelta(days=2)
"""Hours that start on a date end by the midnight after the next date, whatever the clocks do."""


@dataclass(frozen=True, slots=True)
class Timetable:
    """A calendar month in UTC: ``decisions[i]`` holds from ``starts[i]`` until ``starts[i + 1]``.

    The first start is the month's first instant.
    """

    starts: tuple[datetime, ...]
    decisions: tuple[Decision, ...]


class Timetables:
    """A directory with its bank holidays, and every month of its services. Immutable.

    ``month(service_id, year, month)`` compiles a Timetable when it is first needed. Safe to share
    between threads.
    """

    def __init__(self, directory: Directory, holidays: Mapping[date, BankHoliday]) -> None:
        self.directory = directory
        self.holidays = holidays
        self.services = {service.id: service for service in directory.services}
        self.month = lru_cache(maxsize=MAX_MONTHS)(self._compile_month)
        self._answers = lru_cache(maxsize=MAX_MONTHS)(self._compile_answers)

    def decision(self, service_id: str, at: datetime) -> Decision:
        """Return the decision at ``at``, in UTC, without diverts. Raise UnknownService."""
        month = self.month(service_id, at.year, at.month)
        decision = month.decisions[bisect_right(month.starts, at) - 1]
        if decision.until is not None and decision.until - at > HORIZON:
            return replace(decision, until=None, next=None)
        return decision

    def service(self, service_id: str) -> Service:
        """Return the service with that id. Raise UnknownService, which lists the known ids."""
        try:
            return self.services[service_id]
        except KeyError:
            raise UnknownService(service_id, tuple(self.services)) from None

    def later_answers(self, service_id: str, at: datetime) -> Iterator[tuple[datetime, Answer]]:
        """Yield each later instant at which the answer may change, and the answer from then on.

        It does not end. The first instant of a month may repeat the answer before it. ``at`` is in
        UTC.
        """
        year, month = at.year, at.month
        while True:
            entries = self._answers(service_id, year, month)
            later = range(bisect_right(entries, at, key=itemgetter(0)), len(entries))
            yield from (entries[index] for index in later)
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)

    def open_spans(self, line: Line, start: datetime, end: datetime) -> tuple[Span, ...]:
        """Return the spans of UTC from ``start`` to ``end`` in which the line's own hours are open.

        A span that begins before ``start`` or ends after ``end`` is cut there.
        """
        zone = self.directory.zone
        first, last = (start - _MAX_OVERRUN).astimezone(zone).date(), end.astimezone(zone).date()
        hours = line.hours_between(first, last, self.holidays)
        cut = (
            Span(max(span.start, start), min(span.end, end)) for span in merge_hours(hours, zone)
        )
        return tuple(span for span in cut if span.start < span.end)

    def is_open(self, line: Line, at: datetime) -> bool:
        """Return whether the line's own published hours cover ``at``."""
        at = instants.as_utc(at)
        return bool(self.open_spans(line, at, at + timedelta.resolution))

    def _compile_month(self, service_id: str, year: int, month: int) -> Timetable:
        service, last = self.service(service_id), _month_span(year, month).end + HORIZON
        entries = self._answers(service_id, year, month)
        decisions = (
            decision_until(service, answer, self.later_answers(service_id, start), last)
            for start, answer in entries
        )
        return Timetable(tuple(start for start, _ in entries), tuple(decisions))

    def _compile_answers(
        self, service_id: str, year: int, month: int
    ) -> tuple[tuple[datetime, Answer], ...]:
        """Return each instant of a month at which the answer changes, its first one included."""
        service, zone = self.service(service_id), self.directory.zone
        period = _month_span(year, month)
        lines = {line.id: line for line in (*service.lines, service.out_of_hours)}
        spans = {
            line.id: self.open_spans(line, period.start, period.end) for line in lines.values()
        }
        days = date_range(period.start.astimezone(zone).date(), period.end.astimezone(zone).date())
        midnights = (instants.midnight(day, zone) for day in days)
        edges = {
            edge
            for line_spans in spans.values()
            for span in line_spans
            for edge in (span.start, span.end)
        }
        entries: list[tuple[datetime, Answer]] = []
        for start in sorted({period.start, *midnights, *edges}):
            if start in period:
                answer = self._answer(service, start, spans)
                if not entries or entries[-1][1] != answer:
                    entries.append((start, answer))
        return tuple(entries)

    def _answer(
        self, service: Service, at: datetime, spans: Mapping[str, tuple[Span, ...]]
    ) -> Answer:
        """Return the first open line's answer, or else the out-of-hours line's with its reason."""
        day = at.astimezone(self.directory.zone).date()
        for line in service.lines:
            before = bisect_right(spans[line.id], at, key=attrgetter("start"))
            if before and at in spans[line.id][before - 1]:
                return Answer(line, line.phone_on(day), IN_HOURS)
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


def decision_until(
    service: Service, answer: Answer, later: Iterable[tuple[datetime, Answer]], last: datetime
) -> Decision:
    """Return the decision up to the first later answer that a caller would notice.

    ``later`` are instants in order, each with the answer from then on; those after ``last`` do not
    count.
    """
    for start, following in later:
        if start > last:
            break
        if not following.is_same_call(answer):
            return Decision(service, answer.line, answer.phone, answer.reason, start, following)
    return Decision(service, answer.line, answer.phone, answer.reason, None, None)


def merge_hours(
    days: Iterable[tuple[date, tuple[TimeRange, ...]]], zone: ZoneInfo
) -> tuple[Span, ...]:
    """Return the spans of UTC of the hours that start on ``days``, in order.

    Spans that touch or overlap become one. A range that lies wholly within an hour that the clocks
    skip gives none.
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
