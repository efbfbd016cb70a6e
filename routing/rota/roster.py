"""The rota: who is on duty in each role, when somebody must be, who clashes; what may change."""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain, pairwise
from operator import attrgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from routing.core import instants
from routing.core.decision import Timetables, timeline
from routing.core.directory import RotaRole
from routing.core.instants import Span, merge_equal
from routing.errors import InvalidRotaChange

HANDOVER_ALLOWANCE = timedelta(minutes=15)
"""Shifts may overlap by this much for a handover: neither a clash nor a surplus."""

MAX_SHIFT_LENGTH = timedelta(days=7)
"""A shift that is longer by the local clock is taken for a slip in a date."""

MAX_SHIFT_HOURS = MAX_SHIFT_LENGTH + timedelta(hours=3)
"""No shift takes more hours than this: a week in which the clocks go back has 171 at most."""

FAR_FUTURE = timedelta(days=3650)
"""A shift that begins further ahead than this is taken for a slip in a year."""

CONTEXT_MARGIN = MAX_SHIFT_LENGTH + timedelta(days=1)
"""How much of the rota before and after a change must be read to check it."""

MIN_REST = timedelta(hours=11)
"""The rest between shifts that regulation 10 of the Working Time Regulations 1998 entitles to."""

NOBODY = "Nobody"
MAX_NOTE_CHARS = 300
_STAND_FOR_NOBODY = ("nobody", "neb", "none", "vacant", "unfilled", "gap", "tbc", "tba", "n/a")
_APOSTROPHES = dict.fromkeys(map(ord, "‘’ʼ`´"), "'")


@dataclass(frozen=True, slots=True)
class RotaPerson:
    """Somebody who is or was on the rota. ``account_id`` is their account, if they have one.

    Nobody has what is theirs from the minute of ``left_at`` on.
    """

    id: int
    name: str
    phone: str | None = None
    account_id: int | None = None
    left_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """A span of duty in a role; ``id`` 0 is not stored yet.

    ``person_id`` None is a proposal for which nobody is free. ``sequence`` counts the changes of
    the shift and its covers; ``changed_at`` is the latest one.
    """

    role_id: str
    person_id: int | None
    during: Span
    id: int = 0
    sequence: int = 0
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cover:
    """A part of a shift that another person takes; ``person_id`` None leaves it to nobody.

    Where covers of a shift overlap, the one with the highest id applies; 0 is not stored yet.
    ``note`` is for staff.
    """

    shift_id: int
    person_id: int | None
    during: Span
    note: str = ""
    id: int = 0


@dataclass(frozen=True, slots=True)
class Assignment:
    """A part of a shift, numbered from 0, and the person who has it; None: nobody has it.

    ``cover`` is the cover that says so, None for the shift itself.
    """

    during: Span
    person_id: int | None
    shift: Shift
    cover: Cover | None = None
    part: int = 0


@dataclass(frozen=True, slots=True)
class Clash:
    """Assignments of one person, in order, that overlap, or have less than MIN_REST between them.

    ``during`` is the time of an overlap; else it runs from the end of the first assignment to the
    start of the last one.
    """

    is_overlap: bool
    person_id: int
    during: Span
    assignments: tuple[Assignment, ...]


@dataclass(frozen=True, slots=True)
class Staffing:
    """How a role is staffed throughout a span: how many people it needs, and who is assigned."""

    needed: int
    assignments: tuple[Assignment, ...]

    @property
    def person_ids(self) -> tuple[int, ...]:
        """Return the people on duty, each once, in the order in which they started."""
        ids = (assignment.person_id for assignment in self.assignments)
        return tuple(dict.fromkeys(person_id for person_id in ids if person_id is not None))

    @property
    def missing(self) -> int:
        """Return how many people are missing."""
        return max(0, self.needed - len(self.person_ids))


@dataclass(frozen=True, slots=True)
class RotaDifference:
    """The change from the rota to a spreadsheet, and what to store for it.

    ``changed`` has pairs of before and after: another person at the same time, or other times of
    the same person. ``unchanged`` counts the rows that are on the rota already. To store it, cancel
    ``cancelled`` and add ``new_shifts``: those added, those after a change, and what is
    left, outside the period, of a shift that is cut.
    """

    added: tuple[Shift, ...] = ()
    changed: tuple[tuple[Shift, Shift], ...] = ()
    removed: tuple[Shift, ...] = ()
    unchanged: int = 0
    new_shifts: tuple[Shift, ...] = ()
    cancelled: tuple[Shift, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Return whether the rota is already as the spreadsheet has it."""
        return not (self.new_shifts or self.cancelled)


class RotaGap(NamedTuple):
    """A span in which too few people are on duty in a role, and how many are missing."""

    role: RotaRole
    during: Span
    missing: int


class Rota:
    """The shifts and covers of a period, against the timetables, and everybody on the rota by id.

    Query only the period whose shifts were given: outside it nobody seems to be on duty. Covers of
    a shift that was not given are ignored, and so are shifts in a role that the directory lacks.
    ``revision`` differs in a later reading if anybody has changed the rota in between.
    """

    def __init__(
        self,
        timetables: Timetables,
        shifts: Iterable[Shift],
        covers: Iterable[Cover] = (),
        people: Iterable[RotaPerson] = (),
        revision: tuple[int, int] = (0, 0),
    ) -> None:
        self.timetables, self.revision = timetables, revision
        self.roles = {role.id: role for role in timetables.directory.rota}
        self.role_names = {role.id: role.name.get("en") for role in self.roles.values()}
        self.shifts = sorted(shifts, key=lambda shift: (shift.during.start, shift.id))
        self.covers = sorted(covers, key=attrgetter("id"))
        self.people = {person.id: person for person in people}
        self.names = {None: NOBODY} | {person.id: person.name for person in self.people.values()}
        left_at: dict[int | None, datetime] = {
            person.id: person.left_at.replace(second=0, microsecond=0)
            for person in self.people.values()
            if person.left_at is not None
        }
        covers_by_shift: dict[int, list[Cover]] = defaultdict(list)
        for cover in self.covers:
            covers_by_shift[cover.shift_id].append(cover)
        self._parts: dict[int, list[Assignment]] = {}
        self._assignments: dict[str, list[Assignment]] = {role_id: [] for role_id in self.roles}
        for shift in self.shifts:
            if shift.role_id in self.roles:
                parts = list(_split(shift, covers_by_shift[shift.id], left_at))
                self._parts[shift.id] = parts
                self._assignments[shift.role_id] += parts
        for assignments in self._assignments.values():
            assignments.sort(key=_start)

    def active_people(self) -> list[RotaPerson]:
        """Return the people who have not left, by name."""
        return [person for person in self.people.values() if person.left_at is None]

    @property
    def ids_by_name(self) -> dict[str, int]:
        """Return the ids of people who have not left, by ``name_key``."""
        return {name_key(person.name): person.id for person in self.active_people()}

    def with_changes(
        self, changes: Iterable[Shift | Cover], cancelled: Collection[Shift | Cover] = ()
    ) -> "Rota":
        """Return the rota with some shifts cancelled and changes made. New shifts have ids below 0.

        The changes count in their order.
        """
        gone = set(cancelled)
        shifts = [shift for shift in self.shifts if shift not in gone]
        covers = [cover for cover in self.covers if cover not in gone]
        highest_id = max((cover.id for cover in covers), default=0)
        for number, new in enumerate(changes, 1):
            if isinstance(new, Shift):
                shifts.append(replace(new, id=-number))
            else:
                covers.append(replace(new, id=highest_id + number))
        return Rota(self.timetables, shifts, covers, self.people.values())

    def needed_spans(self, role_id: str, start: datetime, end: datetime) -> tuple[Span, ...]:
        """Return when somebody must be on duty, from ``start`` to ``end``.

        The directory alone decides: whenever the role's line is open, or whenever calls to the
        role's service go to its out-of-hours line. Diverts do not count.
        """
        start, end = instants.as_utc(start), instants.as_utc(end)
        role, timetables = self.roles[role_id], self.timetables
        if (line := timetables.directory.line(role.line or "")) is not None:
            return timetables.open_spans(line, start, end)
        service = timetables.service(role.out_of_hours_of or "")
        out_of_hours = (
            (span, answer.line.id == service.out_of_hours.id and not answer.phone.is_emergency)
            for span, answer in timeline(timetables, service.id, start, end)
        )
        return tuple(span for span, is_needed in merge_equal(out_of_hours) if is_needed)

    def parts_of(self, shift_id: int) -> list[Assignment]:
        """Return the assignments of a shift, in order; none for one that the rota lacks."""
        return self._parts.get(shift_id, [])

    def holders(self, shift_id: int, during: Span) -> list[int | None]:
        """Return who has a shift in some part of a period, each once; None: nobody has some."""
        parts = (part for part in self.parts_of(shift_id) if part.during.overlaps(during))
        return list(dict.fromkeys(part.person_id for part in parts))

    def assignments(self, role_id: str, start: datetime, end: datetime) -> list[Assignment]:
        """Return the assignments that overlap a period, uncut, in the order in which they start."""
        period = Span(instants.as_utc(start), instants.as_utc(end))
        parts = self._assignments[role_id]
        first = bisect_left(parts, period.start - MAX_SHIFT_HOURS, key=_start)
        last = bisect_left(parts, period.end, first, key=_start)
        return [part for part in parts[first:last] if part.during.overlaps(period)]

    def all_assignments(self, start: datetime, end: datetime) -> list[Assignment]:
        """Return the assignments that overlap a period, in all roles, as they start."""
        assignments = chain(*(self.assignments(role_id, start, end) for role_id in self.roles))
        return sorted(assignments, key=lambda part: (part.during.start, part.during.end))

    def clashes(self, start: datetime, end: datetime) -> list[Clash]:
        """Return the clashes among the assignments of a period, in the order in which they begin.

        An overlap of up to HANDOVER_ALLOWANCE is not a clash. Too little rest after each of several
        assignments in a row is one clash. Parts of one shift do not clash.
        """
        by_person: dict[int, list[Assignment]] = defaultdict(list)
        for assignment in self.all_assignments(start, end):
            if assignment.person_id is not None:
                by_person[assignment.person_id].append(assignment)
        clashes = chain(*(_clashes_of(person_id, own) for person_id, own in by_person.items()))
        return sorted(clashes, key=lambda clash: (clash.during.start, clash.person_id))

    def staffing(
        self, role_id: str, start: datetime, end: datetime
    ) -> Iterator[tuple[Span, Staffing]]:
        """Yield the staffing of all of a period, cut wherever an assignment or the need changes."""
        start, end = instants.as_utc(start), instants.as_utc(end)
        needed = self.needed_spans(role_id, start, end)
        assignments = self.assignments(role_id, start, end)
        spans = [*needed, *(assignment.during for assignment in assignments)]
        edges = {start, end} | {edge for span in spans for edge in (span.start, span.end)}
        people = self.roles[role_id].people
        upcoming = deque(assignments)
        current: list[Assignment] = []
        for begins, ends in pairwise(sorted(edge for edge in edges if start <= edge <= end)):
            current = [assignment for assignment in current if begins < assignment.during.end]
            while upcoming and upcoming[0].during.start <= begins:
                current.append(upcoming.popleft())
            latest = bisect_right(needed, begins, key=attrgetter("start")) - 1
            is_needed = latest >= 0 and begins in needed[latest]
            yield Span(begins, ends), Staffing(people if is_needed else 0, tuple(current))

    def merged_staffing(
        self, role_id: str, start: datetime, end: datetime
    ) -> Iterator[tuple[Span, Staffing]]:
        """Yield the staffing of a period, cut only where the people on duty or the need change."""
        return merge_equal(
            self.staffing(role_id, start, end),
            key=lambda staffing: (staffing.needed, frozenset(staffing.person_ids)),
        )

    def staffing_at(self, role_id: str, at: datetime) -> Staffing:
        """Return the staffing at an instant."""
        at = instants.as_utc(at)
        return next(self.staffing(role_id, at, at + timedelta(microseconds=1)))[1]

    def gaps(self, start: datetime, end: datetime) -> list[RotaGap]:
        """Return the gaps that begin in a period, in all roles, soonest first.

        A gap that goes on past ``end`` is whole if the rota was read to CONTEXT_MARGIN after it.
        """
        gaps = [
            RotaGap(role, during, missing)
            for role in self.roles.values()
            for during, missing in self.role_gaps(role.id, start, end + CONTEXT_MARGIN)
            if during.start < end
        ]
        return sorted(gaps, key=lambda gap: gap.during.start)

    def role_gaps(self, role_id: str, start: datetime, end: datetime) -> Iterator[tuple[Span, int]]:
        """Yield each gap, a span with too few people on duty, and how many people are missing.

        Where that number changes, another gap begins.
        """
        staffing = self.staffing(role_id, start, end)
        missing = merge_equal((span, interval.missing) for span, interval in staffing)
        return ((span, count) for span, count in missing if count)

    def surplus(self, role_id: str, start: datetime, end: datetime) -> Iterator[Span]:
        """Yield each span longer than HANDOVER_ALLOWANCE with people on duty but nobody needed."""
        surplus = (
            (span, not staffing.needed and bool(staffing.person_ids))
            for span, staffing in self.staffing(role_id, start, end)
        )
        return (
            span
            for span, is_surplus in merge_equal(surplus)
            if is_surplus and span.end - span.start > HANDOVER_ALLOWANCE
        )

    def excess(self, role_id: str, period: Span) -> Iterator[tuple[Span, Staffing]]:
        """Yield each span in which a new shift brings more people on duty than a role needs.

        It is longer than HANDOVER_ALLOWANCE, and somebody is needed.
        """
        for span, staffing in self.merged_staffing(role_id, period.start, period.end):
            has_new = any(assignment.shift.id < 0 for assignment in staffing.assignments)
            is_long = span.end - span.start > HANDOVER_ALLOWANCE
            if has_new and is_long and len(staffing.person_ids) > staffing.needed > 0:
                yield span, staffing


def span_of(changes: Iterable[Shift | Cover]) -> Span:
    """Return from when the first of some shifts or covers starts until when the last one ends."""
    spans = [change.during for change in changes]
    return Span(min(span.start for span in spans), max(span.end for span in spans))


def is_too_long(during: Span, zone: ZoneInfo) -> bool:
    """Return whether a shift is longer than MAX_SHIFT_LENGTH, measured by clocks in ``zone``."""
    start, end = (at.astimezone(zone).replace(tzinfo=None) for at in (during.start, during.end))
    return end - start > MAX_SHIFT_LENGTH


def name_key(name: str) -> str:
    """Return a key that is equal for two spellings of the same name.

    It ignores case, spaces, the kind of apostrophe, and how accents are encoded.
    """
    plain = unicodedata.normalize("NFKC", name).translate(_APOSTROPHES)
    return " ".join(plain.split()).casefold()


def clean_name(name: str) -> str:
    """Return a name as it is stored. Raise InvalidRotaChange for one that nobody can have."""
    name = unicodedata.normalize("NFC", " ".join(name.split()))
    is_text = 1 <= len(name) <= 100 and name.isprintable() and name[0].isalpha()
    if not is_text or re.search(r",|\d[\d ]{5}", name):
        raise InvalidRotaChange(
            "name",
            "Write the name alone, as Amara Owusu: it begins with a letter, has no comma and no "
            "telephone number, and at most 100 characters.",
        )
    if name_key(name) in _STAND_FOR_NOBODY or name_key(name).startswith("former worker"):
        raise InvalidRotaChange("name", f"‘{name}’ stands for nobody. Write a person’s name.")
    return name


def _start(assignment: Assignment) -> datetime:
    return assignment.during.start


def _split(
    shift: Shift, covers: Sequence[Cover], left_at: Mapping[int | None, datetime]
) -> Iterator[Assignment]:
    """Yield a shift's assignments: in each part the newest cover applies, if any does."""
    person_ids = {shift.person_id, *(cover.person_id for cover in covers)}
    leavers = person_ids & left_at.keys()
    if not covers and not leavers:
        yield Assignment(shift.during, shift.person_id, shift)
        return

    def holder(at: datetime) -> tuple[Cover | None, int | None]:
        cover = next((cover for cover in reversed(covers) if at in cover.during), None)
        person_id = shift.person_id if cover is None else cover.person_id
        has_left = person_id in leavers and left_at[person_id] <= at
        return cover, None if has_left else person_id

    edges = {edge for cover in covers for edge in (cover.during.start, cover.during.end)}
    edges |= {left_at[person_id] for person_id in leavers}
    inside = {edge for edge in edges if edge in shift.during}
    cuts = pairwise(sorted({shift.during.start, *inside, shift.during.end}))
    parts = ((Span(begins, ends), holder(begins)) for begins, ends in cuts)
    for part, (span, (cover, person_id)) in enumerate(merge_equal(parts)):
        yield Assignment(span, person_id, shift, cover, part)


def _clashes_of(person_id: int, assignments: list[Assignment]) -> Iterator[Clash]:
    in_a_row: list[Assignment] = []
    latest = assignments[0]
    for assignment in assignments[1:]:
        rest = assignment.during.start - latest.during.end
        is_other_shift = assignment.shift.id != latest.shift.id
        if is_other_shift and -rest > HANDOVER_ALLOWANCE:
            end = min(assignment.during.end, latest.during.end)
            both = Span(assignment.during.start, end)
            yield Clash(True, person_id, both, (latest, assignment))
        elif is_other_shift and rest < MIN_REST:
            in_a_row = [*(in_a_row or [latest]), assignment]
        elif rest >= MIN_REST and in_a_row:
            yield _rest_clash(person_id, in_a_row)
            in_a_row = []
        if assignment.during.end >= latest.during.end:
            latest = assignment
    if in_a_row:
        yield _rest_clash(person_id, in_a_row)


def _rest_clash(person_id: int, assignments: list[Assignment]) -> Clash:
    edges = assignments[0].during.end, assignments[-1].during.start
    return Clash(False, person_id, Span(min(edges), max(edges)), tuple(assignments))


def require_shift_period(during: Span, zone: ZoneInfo, at: datetime) -> None:
    """Raise InvalidRotaChange for a period that no shift can have which is added at ``at``."""
    _require_end_after_start(during)
    if is_too_long(during, zone):
        raise InvalidRotaChange(
            "ends", f"This is longer than {MAX_SHIFT_LENGTH.days} days. Check the dates."
        )
    if during.start > at + FAR_FUTURE:
        years = FAR_FUTURE.days // 365
        raise InvalidRotaChange("starts", f"This is more than {years} years ahead. Check the year.")


def validate_shift(rota: Rota, role_id: str, person_id: int, during: Span, at: datetime) -> Shift:
    """Return a shift that can be added at ``at``. Raise InvalidRotaChange."""
    if role_id not in rota.roles:
        raise InvalidRotaChange("role", "Choose a role.")
    require_shift_period(during, rota.timetables.directory.zone, at)
    if any(
        shift.role_id == role_id and shift.person_id == person_id and shift.during.overlaps(during)
        for shift in rota.shifts
    ):
        raise InvalidRotaChange("person", "This person already has a shift in this role then.")
    return Shift(role_id, person_id, during)


def validate_cover(
    rota: Rota, shift: Shift, person_id: int | None, during: Span, note: str
) -> Cover:
    """Return a cover that can be added. Raise InvalidRotaChange.

    It must lie within the shift, and give at least part of it to another person than has it now.
    """
    _require_end_after_start(during)
    outside = "The shift {} than that. A cover must be within it."
    if during.start < shift.during.start:
        raise InvalidRotaChange("starts", outside.format("starts later"))
    if during.end > shift.during.end:
        raise InvalidRotaChange("ends", outside.format("ends earlier"))
    if rota.holders(shift.id, during) == [person_id]:
        who = "Nobody" if person_id is None else "This person"
        raise InvalidRotaChange("person", f"{who} already has it then.")
    if len(note) > MAX_NOTE_CHARS:
        raise InvalidRotaChange("note", f"Use {MAX_NOTE_CHARS} characters or fewer.")
    return Cover(shift.id, person_id, during, note.strip())


def swap_shifts(rota: Rota, first: Shift, second: Shift, at: datetime) -> tuple[Cover, Cover]:
    """Return the two covers that swap two shifts of a role. Raise InvalidRotaChange.

    Of a shift that has begun, what is left from ``at`` is swapped.
    """
    if first.role_id != second.role_id:
        raise InvalidRotaChange("other", "These shifts are in two roles. Swap within one role.")
    if first.during.end <= at or second.during.end <= at:
        raise InvalidRotaChange("other", "One of these shifts is over.")
    parts = [Span(max(shift.during.start, at), shift.during.end) for shift in (first, second)]
    (one, *others), (other, *more) = map(rota.holders, (first.id, second.id), parts)
    if others or more or None in (one, other):
        problem = "One of these shifts is shared or has nobody. Set a cover instead."
        raise InvalidRotaChange("other", problem)
    if one == other:
        raise InvalidRotaChange("other", "The same person has both shifts.")
    return (
        Cover(first.id, other, parts[0], "Swapped"),
        Cover(second.id, one, parts[1], "Swapped"),
    )


def validate_absence(
    rota: Rota, person_id: int, away: Span, substitute_id: int | None
) -> list[Cover]:
    """Return the covers that give all that a person has in a period to a substitute, in order.

    ``substitute_id`` None leaves it to nobody. Raise InvalidRotaChange.
    """
    _require_end_after_start(away)
    if substitute_id == person_id:
        raise InvalidRotaChange("substitute", "Choose another person than the one who is away.")
    covers = []
    for duty in rota.all_assignments(away.start, away.end):
        if duty.person_id == person_id:
            during = Span(max(duty.during.start, away.start), min(duty.during.end, away.end))
            covers.append(Cover(duty.shift.id, substitute_id, during))
    if not covers:
        raise InvalidRotaChange("person", "This person has no duty in that time.")
    return covers


def _require_end_after_start(during: Span) -> None:
    if during.end <= during.start:
        raise InvalidRotaChange("ends", "The end must be after the start. Check the dates.")
