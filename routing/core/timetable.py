"""A year of a service's answers as sorted instants; looking one up is a bisect.

A list of UTC instants has no gaps, cannot flip between two of its entries, and gives ``until`` for
nothing. Everything that a clock change, a special day or a bank holiday does is done while
compiling; looking up reads no zone, no holiday and no hours.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from routing.core import instant
from routing.core.answer import IN_HOURS, OUT_OF_HOURS, Answer, Code, Decision, Reason
from routing.core.directory import Directory, Line, Service
from routing.core.hours import BankHoliday, Span, dates, spans
from routing.errors import UnknownService

KEPT = 4096
"""How many years, each of a service or of a line, stay in memory."""

_LONGEST_TAIL = timedelta(days=3)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Timetable:
    """A calendar year, in UTC: ``answers[i]`` holds from ``seconds[i]`` until the entry after it.

    ``seconds`` counts from the Unix epoch; the first entry is the year's first instant. ``days`` is
    the entry that holds as each day begins, from the ordinal ``first`` on: a look-up reads a few
    numbers side by side, where a bisect through all of a thousand services would wait for memory.
    ``decisions`` keeps those that hold for the whole of their entry, once somebody asked.
    """

    first: int
    seconds: "array[int]"
    answers: list[Answer]
    days: "array[int]"
    decisions: list[Decision | None]

    def index(self, at: datetime) -> int:
        """Return which entry holds at ``at``, an instant of this year in UTC."""
        day = at.toordinal() - self.first
        low, high = self.days[day], self.days[day + 1]
        return low if low == high else bisect_right(self.seconds, at.timestamp(), low, high + 1) - 1


class Timetables:
    """Every service's years, compiled when first asked for. Safe to share between threads."""

    def __init__(self, directory: Directory, holidays: Mapping[date, BankHoliday]) -> None:
        self.directory = directory
        self.holidays = holidays
        self.services = {service.id: service for service in directory.services}
        self._years: dict[tuple[str, int], Timetable] = {}
        self._edges = lru_cache(maxsize=KEPT)(self._find_edges)

    def year(self, service_id: str, year: int) -> Timetable:
        """Return a service's timetable of a year. Raise UnknownService."""
        found = self._years.get((service_id, year))
        if found is None:
            if len(self._years) >= KEPT:  # the oldest goes, to be compiled anew if it is asked for
                self._years.pop(next(iter(self._years)), None)
            found = self._years[service_id, year] = self._compile(service_id, year)
        return found

    def service(self, service_id: str) -> Service:
        """Return the service of that id. Raise UnknownService, listing those there are."""
        try:
            return self.services[service_id]
        except KeyError:
            raise UnknownService(service_id, tuple(self.services)) from None

    def after(self, service_id: str, at: datetime) -> Iterator[tuple[int, Answer]]:
        """Yield each later entry: its first second and its answer, without end.

        The first entry of a year may repeat the answer before it. ``at`` is in UTC.
        """
        year = at.year
        timetable = self.year(service_id, year)
        index = timetable.index(at) + 1
        while True:
            yield from zip(timetable.seconds[index:], timetable.answers[index:], strict=True)
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
        return bool(bisect_right(self._edges(line, at.year), at.timestamp()) % 2)

    def _find_edges(self, line: Line, year: int) -> "array[int]":
        """Return when a line opens and shuts in a year: after an odd number of them it is open."""
        found = self.spans(line, *_bounds(year))
        return array("q", (int(x.timestamp()) for span in found for x in (span.start, span.end)))

    def _compile(self, service_id: str, year: int) -> Timetable:
        service, zone, (start, end) = self.service(service_id), self.directory.zone, _bounds(year)
        edges = {x.id: self._edges(x, year) for x in (*service.lines, service.out_of_hours)}
        seconds, answers = array("q"), list[Answer]()
        for day in dates(start.astimezone(zone).date(), end.astimezone(zone).date()):
            begins = max(start, instant.midnight(day, zone))
            finishes = min(end, instant.midnight(day + _DAY, zone))
            for second in _cuts(int(begins.timestamp()), int(finishes.timestamp()), edges):
                answer = self._answer(service, day, second, edges)
                before = answers[-2:]  # the same two take turns: one of each will do
                if not before or before[-1] != answer:
                    seconds.append(second)
                    answers.append(before[0] if before[:1] == [answer] else answer)
        midnights = range(seconds[0], int(end.timestamp()) + 1, 86_400)
        days = array("H", (bisect_right(seconds, each) - 1 for each in midnights))
        return Timetable(start.toordinal(), seconds, answers, days, [None] * len(answers))

    def _answer(
        self, service: Service, day: date, second: int, edges: Mapping[str, "array[int]"]
    ) -> Answer:
        """Take steps 2 and 3 of the decision (the contract, section 3) at the start of an entry."""
        for line in service.lines:
            if bisect_right(edges[line.id], second) % 2:
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


def _cuts(begins: int, finishes: int, edges: Mapping[str, "array[int]"]) -> list[int]:
    """Return where a day's answer may change: its midnight, and each edge before the next one."""
    if begins >= finishes:
        return []
    inside = {
        second
        for seconds in edges.values()
        for second in seconds[bisect_right(seconds, begins) : bisect_right(seconds, finishes - 1)]
    }
    return sorted({begins, *inside})
