"""A month of a service's decisions as sorted instants; looking one up is a bisect.

A list of UTC instants has no gaps, cannot flip between two of its entries, and gives ``until`` for
nothing. Everything that a clock change, a special day or a bank holiday does is done while
compiling; looking up reads no zone, no holiday and no hours.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from routing.core import instants
from routing.core.answer import (
    HORIZON,
    IN_HOURS,
    OUT_OF_HOURS,
    Answer,
    Decision,
    Reason,
    ReasonCode,
)
from routing.core.directory import Directory, Line, Service
from routing.core.instants import BankHoliday, Span, date_range, spans
from routing.errors import UnknownService

MAX_MONTHS = 4096
"""How many months of a service stay compiled: four for each of 1,000 services.

A month takes about 1 ms to compile; all months from 2000 to 2100 would take over a second for each
service. So each is compiled when it is first needed; compiling it again gives the same.
"""

_MAX_TAIL = timedelta(days=2)
"""What starts on a date ends by the midnight after the next date, whatever the clocks do."""


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
        """Return the decision at ``at``, in UTC, diverts aside. Raise UnknownService."""
        month = self.month(service_id, at.year, at.month)
        decision = month.decisions[bisect_right(month.starts, at) - 1]
        if decision.until is not None and decision.until - at > HORIZON:
            return replace(decision, until=None, next=None)
        return decision

    def service(self, service_id: str) -> Service:
        """Return the service of that id. Raise UnknownService, which lists the known ids."""
        try:
            return self.services[service_id]
        except KeyError:
            raise UnknownService(service_id, tuple(self.services)) from None

    def after(self, service_id: str, at: datetime) -> Iterator[tuple[datetime, Answer]]:
        """Yield each later instant at which the answer may change, and the answer from then on.

        It does not end. The first instant of a month may repeat the answer before it. ``at`` is in
        UTC.
        """
        year, month = at.year, at.month
        while True:
            for start, answer in self._answers(service_id, year, month):
                if start > at:
                    yield start, answer
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)

    def spans(self, line: Line, start: datetime, end: datetime) -> tuple[Span, ...]:
        """Return the spans of UTC from ``start`` to ``end`` that the line's own hours cover.

        A span that begins before ``start`` or ends after ``end`` is cut there.
        """
        zone = self.directory.zone
        first, last = (start - _MAX_TAIL).astimezone(zone).date(), end.astimezone(zone).date()
        covered = spans(
            ((day, line.ranges_on(day, self.holidays)) for day in date_range(first, last)), zone
        )
        cut = (Span(max(span.start, start), min(span.end, end)) for span in covered)
        return tuple(span for span in cut if span.start < span.end)

    def is_open(self, line: Line, at: datetime) -> bool:
        """Return whether the line's own published hours cover ``at``."""
        at = instants.as_utc(at)
        return bool(self.spans(line, at, at + timedelta.resolution))

    def _compile_month(self, service_id: str, year: int, month: int) -> Timetable:
        service, last = self.service(service_id), _bounds(year, month).end + HORIZON
        entries = self._answers(service_id, year, month)
        decisions = (
            decision_until(service, answer, self.after(service_id, start), last)
            for start, answer in entries
        )
        return Timetable(tuple(start for start, _ in entries), tuple(decisions))

    def _compile_answers(
        self, service_id: str, year: int, month: int
    ) -> tuple[tuple[datetime, Answer], ...]:
        """Return each instant of a month at which the answer changes, its first one included."""
        service, zone, period = self.service(service_id), self.directory.zone, _bounds(year, month)
        lines = {line.id: line for line in (*service.lines, service.out_of_hours)}
        hours = {line.id: self.spans(line, period.start, period.end) for line in lines.values()}
        days = date_range(period.start.astimezone(zone).date(), period.end.astimezone(zone).date())
        midnights = (instants.midnight(day, zone) for day in days)
        edges = {
            edge for line in hours.values() for span in line for edge in (span.start, span.end)
        }
        changes: list[tuple[datetime, Answer]] = []
        for start in sorted({period.start, *midnights, *edges}):
            if start in period:
                answer = self._answer(service, start, hours)
                if not changes or changes[-1][1] != answer:
                    changes.append((start, answer))
        return tuple(changes)

    def _answer(
        self, service: Service, at: datetime, hours: Mapping[str, Iterable[Span]]
    ) -> Answer:
        """Take steps 2 and 3 of the decision (the contract, section 3) at the start of an entry."""
        day = at.astimezone(self.directory.zone).date()
        for line in service.lines:
            if any(at in span for span in hours[line.id]):
                return Answer(line, line.phone_on(day), IN_HOURS)
        line = service.out_of_hours
        return Answer(line, line.phone_on(day), self._why_shut(service.lines[0], day))

    def _why_shut(self, line: Line, day: date) -> Reason:
        special = line.special_day_on(day)
        if special is not None:
            return Reason(ReasonCode.SPECIAL_DAY, special_day=special)
        holiday = self.holidays.get(day)
        if holiday is not None and line.hours.bank_holiday is not None:
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
        if not following.same_call(answer):
            return Decision(service, answer.line, answer.phone, answer.reason, start, following)
    return Decision(service, answer.line, answer.phone, answer.reason, None, None)


def _bounds(year: int, month: int) -> Span:
    following = (year, month + 1) if month < 12 else (year + 1, 1)
    return Span(datetime(year, month, 1, tzinfo=UTC), datetime(*following, 1, tzinfo=UTC))
