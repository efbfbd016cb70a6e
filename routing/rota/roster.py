"""Who is on duty, and when somebody must be. Every page, feed, file and command asks this."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from routing.core import instants
from routing.core.decision import timeline
from routing.core.instants import Span
from routing.core.intervals import merge_equal
from routing.core.timetable import Timetables

HANDOVER_ALLOWANCE = timedelta(minutes=15)
"""For so long two shifts may overlap to hand over: ordinary, and told of nowhere."""


@dataclass(frozen=True, slots=True)
class Shift:
    """Somebody's stretch of duty in a role, by their id. ``sequence`` counts its changes."""

    id: int
    role: str
    worker: int
    during: Span
    sequence: int = 0
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cover:
    """Somebody takes over part of a shift; ``worker`` None is nobody yet. The highest id wins.

    ``note`` is for colleagues.
    """

    id: int
    shift: int
    worker: int | None
    during: Span
    note: str = ""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A stretch of a shift as it really is: who has it, by the newest cover, or None for nobody.

    ``part`` numbers the stretches of a shift from 0.
    """

    during: Span
    worker: int | None
    shift: Shift
    cover: Cover | None = None
    part: int = 0


@dataclass(frozen=True, slots=True)
class Staffing:
    """What holds throughout a stretch of a role: whether it is needed, and the duties in it."""

    needed: int
    duties: tuple[Assignment, ...]

    @property
    def workers(self) -> tuple[int, ...]:
        """Return who is on duty, each once, in the order in which they came on."""
        return tuple(dict.fromkeys(x.worker for x in self.duties if x.worker is not None))

    @property
    def missing(self) -> int:
        """Return how many people are missing."""
        return max(0, self.needed - len(self.workers))


class Roster:
    """The shifts and covers of a period, held against the timetables. All spans are in UTC.

    Whatever lies outside the period that was read is unknown: ask within it. Covers whose shift is
    not given, and shifts of a role that the directory lacks, count for nothing.
    """

    def __init__(
        self, timetables: Timetables, shifts: Iterable[Shift], covers: Iterable[Cover] = ()
    ) -> None:
        self.timetables = timetables
        self.roles = {role.id: role for role in timetables.directory.rota}
        self.shifts, self.covers = tuple(shifts), tuple(covers)
        by_shift: dict[int, list[Cover]] = {}
        for cover in sorted(self.covers, key=lambda each: each.id):
            by_shift.setdefault(cover.shift, []).append(cover)
        self._duties: dict[str, list[Assignment]] = {role: [] for role in self.roles}
        for shift in sorted(self.shifts, key=lambda each: (each.during.start, each.id)):
            if shift.role in self._duties:
                self._duties[shift.role] += _held(shift, by_shift.get(shift.id, ()))
        for found in self._duties.values():
            found.sort(key=lambda each: each.during.start)

    def needed(self, role_id: str, start: datetime, end: datetime) -> tuple[Span, ...]:
        """Return when somebody must be on duty, from ``start`` to ``end``: by the directory alone.

        Whenever the role's line is open; or whenever its service's calls go to the service's
        out-of-hours line, diverts aside.
        """
        start, end = instants.as_utc(start), instants.as_utc(end)
        role, timetables = self.roles[role_id], self.timetables
        if role.line is not None:
            line = next(x for x in timetables.directory.lines if x.id == role.line)
            return timetables.open_spans(line, start, end)
        service = timetables.service(role.out_of_hours_of or "")
        found = (
            (span, answer.line.id == service.out_of_hours.id)
            for span, answer in timeline(timetables, service.id, start, end)
        )
        return tuple(span for span, out_of_hours in merge_equal(found) if out_of_hours)

    def duties(self, role_id: str, start: datetime, end: datetime) -> list[Assignment]:
        """Return the duties that meet a period, whole, in the order in which they begin."""
        start, end = instants.as_utc(start), instants.as_utc(end)
        return [
            each
            for each in self._duties[role_id]
            if each.during.start < end and start < each.during.end
        ]

    def stretches(
        self, role_id: str, start: datetime, end: datetime
    ) -> Iterator[tuple[Span, Staffing]]:
        """Yield a period in stretches that touch and fill it, cut where anything changes."""
        start, end = instants.as_utc(start), instants.as_utc(end)
        needed, duties = self.needed(role_id, start, end), self.duties(role_id, start, end)
        spans = [*needed, *(each.during for each in duties)]
        edges = {start, end} | {edge for x in spans for edge in (x.start, x.end)}
        people, coming, wanted = self.roles[role_id].people, deque(duties), deque(needed)
        on: list[Assignment] = []
        for begins, ends in pairwise(sorted(edge for edge in edges if start <= edge <= end)):
            on = [each for each in on if begins < each.during.end]
            while coming and coming[0].during.start <= begins:
                on.append(coming.popleft())
            while wanted and wanted[0].end <= begins:
                wanted.popleft()
            is_needed = bool(wanted) and begins in wanted[0]
            yield Span(begins, ends), Staffing(people if is_needed else 0, tuple(on))

    def gaps(self, role_id: str, start: datetime, end: datetime) -> Iterator[tuple[Span, int]]:
        """Yield each stretch in which too few people are on duty, and how many are missing.

        Where it is now one, now two that are missing, it is one gap of the most that are.
        """
        held: tuple[Span, int] | None = None
        for span, standing in self.stretches(role_id, start, end):
            if held is not None and standing.missing and held[0].end == span.start:
                held = Span(held[0].start, span.end), max(held[1], standing.missing)
                continue
            if held is not None:
                yield held
            held = (span, standing.missing) if standing.missing else None
        if held is not None:
            yield held

    def surplus(self, role_id: str, start: datetime, end: datetime) -> Iterator[Span]:
        """Yield each stretch in which people are on duty though nobody is needed.

        What is no longer than HANDOVER is no surplus: people come a little early, and stay a
        little, to hand over.
        """
        found = (
            (span, not standing.needed and bool(standing.workers))
            for span, standing in self.stretches(role_id, start, end)
        )
        return (
            x for x, idle in merge_equal(found) if idle and x.end - x.start > HANDOVER_ALLOWANCE
        )

    def on(self, role_id: str, at: datetime) -> Staffing:
        """Return who is on duty at an instant, and whether anybody must be."""
        at = instants.as_utc(at)
        return next(self.stretches(role_id, at, at + timedelta(microseconds=1)))[1]

    def turns(
        self, role_id: str, start: datetime, end: datetime
    ) -> Iterator[tuple[Span, Staffing]]:
        """Yield a period in stretches, cut only where other people are on duty, or are needed."""
        return merge_equal(self.stretches(role_id, start, end), key=_who)


def _who(found: Staffing) -> tuple[int, frozenset[int]]:
    return found.needed, frozenset(found.workers)


def _held(shift: Shift, covers: Sequence[Cover]) -> Iterator[Assignment]:
    """Yield a shift in its duties: each stretch with the newest of the covers in force in it."""
    edges = {edge for x in covers for edge in (x.during.start, x.during.end)}
    inside = {edge for edge in edges if edge in shift.during}
    cut = pairwise(sorted({shift.during.start, *inside, shift.during.end}))
    pieces = ((Span(begins, ends), _newest(covers, begins)) for begins, ends in cut)
    for part, (span, cover) in enumerate(merge_equal(pieces)):
        yield Assignment(span, shift.worker if cover is None else cover.worker, shift, cover, part)


def _newest(covers: Sequence[Cover], at: datetime) -> Cover | None:
    return next((each for each in reversed(covers) if at in each.during), None)
