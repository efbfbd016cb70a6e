"""A year of a service's answers as sorted instants; looking one up is a bisect.

A list of UTC instants has no gaps, cannot flip between two of its entries, and gives ``until`` for
nothing. Everything that a clock change, a special day or a bank holiday does is done while
compiling; looking up reads no zone, no holiday and no hours.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from routing.core import instant
from routing.core.answer import IN_HOURS, OUT_OF_HOURS, Answer, Code, Decision, Reason
from routing.core.directory import Directory, Line, Service
from routing.core.hours import BankHoliday, Span, dates, spans
from routing.errors import UnknownService

YEARS_KEPT = 2048
"""How many compiled years, one a service, stay in memory: the least recently asked go first."""

_LONGEST_TAIL = timedelta(days=3)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Timetable:
    """A calendar year, in UTC: ``answers[i]`` holds from ``starts[i]`` until the entry after it.

    The first entry starts at the year's first instant. ``decisions`` keeps those that hold for the
    whole of their entry, once somebody asked.
    """

    starts: list[datetime]
    answers: list[Answer]
    decisions: dict[int, Decision] = field(default_factory=dict)

    def index(self, at: datetime) -> int:
        """Return which entry holds at ``at``, an instant of this year in UTC."""
        return bisect_right(self.starts, at) - 1


class Timetables:
    """Every service's years, compiled when first asked for. Safe to share between threads."""

    def __init__(self, directory: Directory, holidays: Mapping[date, BankHoliday]) -> None:
        self.directory = directory
        self.holidays = holidays
        self.services = {service.id: service for service in directory.services}
        self.year = lru_cache(maxsize=YEARS_KEPT)(self._compile)
        self._lines = {line.id: line for line in directory.lines}
        self._edges = lru_cache(maxsize=YEARS_KEPT)(self._find_edges)

    def service(self, service_id: str) -> Service:
        """Return the service of that id. Raise UnknownService, listing those there are."""
        try:
            return self.services[service_id]
        except KeyError:
            raise UnknownService(service_id, tuple(self.services)) from None

    def after(self, service_id: str, at: datetime) -> Iterator[tuple[datetime, Answer]]:
        """Yield each later entry: when it starts and its answer, without end.

        The first entry of a year may repeat the answer before it. ``at`` is in UTC.
        """
        year = at.year
        timetable = self.year(service_id, year)
        index = timetable.index(at) + 1
        while True:
            yield from zip(timetable.starts[index:], timetable.answers[index:], strict=True)
            year, index = year + 1, 0
            timetable = self.year(service_id, year)

    def spans(self, line: Line, start: datetime, end: datetime) -> tuple[Span, ...]:
        """Return the stretches of UTC from ``start`` to ``end`` that the line's own hours cover.

        A stretch that begins before ``start`` or ends after ``end`` is cut there.
        """
        zone = self.directory.zone
        days = dates(
            (start - _LONGEST_TAIL).astimezone(zone).date(), (end + _DAY).astimezone(zone).date()
        )
        found = spans(((day, line.ranges_on(day, self.holidays)) for day in days), zone)
        cut = (Span(max(each.start, start), min(each.end, end)) for each in found)
        return tuple(span for span in cut if span.start < span.end)

    def is_open(self, line: Line, at: datetime) -> bool:
        """Say whether the line's own published hours cover ``at``."""
        at = instant.as_utc(at)
        return bool(bisect_right(self._edges(line.id, at.year), at) % 2)

    def _find_edges(self, line_id: str, year: int) -> list[datetime]:
        """Return when a line opens and shuts in a year: after an odd number of them it is open."""
        found = self.spans(self._lines[line_id], *_bounds(year))
        return [edge for span in found for edge in (span.start, span.end)]

    def _compile(self, service_id: str, year: int) -> Timetable:
        service, zone, (start, end) = self.service(service_id), self.directory.zone, _bounds(year)
        lines = {line.id for line in (*service.lines, service.out_of_hours)}
        edges = {line: self._edges(line, year) for line in lines}
        compiled = Timetable([], [])
        for day in dates(start.astimezone(zone).date(), end.astimezone(zone).date()):
            begins = max(start, instant.midnight(day, zone))
            finishes = min(end, instant.midnight(day + _DAY, zone))
            for cut in _cuts(begins, finishes, edges):
                answer = self._answer(service, day, cut, edges)
                if not compiled.answers or compiled.answers[-1] != answer:
                    compiled.starts.append(cut)
                    compiled.answers.append(answer)
        return compiled

    def _answer(
        self, service: Service, day: date, at: datetime, edges: Mapping[str, list[datetime]]
    ) -> Answer:
        """Take steps 2 and 3 of the decision (the contract, section 3) at the start of an entry."""
        for line in service.lines:
            if bisect_right(edges[line.id], at) % 2:
                return Answer(line, line.phone_on(day), IN_HOURS)
        line = service.out_of_hours
        return Answer(line, line.phone_on(day), self._why_shut(service.lines[0], day))

    def _why_shut(self, line: Line, day: date) -> Reason:
        special = line.special_day_on(day)
        if special is not None:
            return Reason(Code.SPECIAL_DAY, special_day=special)
        holiday = self.holidays.get(day)
        if holiday is not None and line.hours.bank_holiday is not None:
            return Reason(Code.BANK_HOLIDAY, bank_holiday=holiday)
        return OUT_OF_HOURS


def _bounds(year: int) -> tuple[datetime, datetime]:
    """Return the first instant of a year in UTC, and that of the year after it."""
    return datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)


def _cuts(
    begins: datetime, finishes: datetime, edges: Mapping[str, list[datetime]]
) -> list[datetime]:
    """Return where a day's answer may change: its midnight, and each edge before the next one."""
    if begins >= finishes:
        return []
    inside = {
        edge
        for found in edges.values()
        for edge in found[bisect_right(found, begins) : bisect_left(found, finishes)]
    }
    return sorted({begins, *inside})
