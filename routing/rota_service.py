"""Read the rota, and change it.

A change is worked out from a reading of the rota and then saved in one short transaction, which
refuses (RotaConflict) if anybody changed the rota in between. Nothing slow happens in that
transaction: with SQLite, no divert can be set while it runs.
"""

import time
from bisect import bisect_left
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing import lookup
from routing.core import instants
from routing.core.directory import RotaRole
from routing.core.instants import Span
from routing.errors import InvalidRotaChange, InvalidSpreadsheet, RotaConflict
from routing.rota import filling, spreadsheet, validation
from routing.rota.clashes import Clash, find_clashes
from routing.rota.filling import ProposedShift, ShiftPattern, TurnLength
from routing.rota.roster import (
    CONTEXT_MARGIN,
    MAX_SHIFT_LENGTH,
    Assignment,
    NewCover,
    NewShift,
    Roster,
    name_key,
)
from routing.rota.spreadsheet import MAX_PEOPLE, MAX_ROWS, ShiftRow
from routing.store import rota, rota_people
from routing.store.rota import RotaChange
from routing.store.rota_people import RotaPerson
from routing.text import time_parsing

GAP_LOOKAHEAD = timedelta(days=28)
"""How far ahead gaps are reported on pages, in `flask status` and in /metrics."""

OWN_SHIFTS_LOOKAHEAD = timedelta(days=184)
"""How far ahead My shifts and calendar feeds show shifts."""

FAR_FUTURE = timedelta(days=3650)
"""No shift is further ahead than this."""

FILL_TIME_LIMIT = timedelta(seconds=5)
"""How long working out a fill may take."""

CONFLICT_MESSAGE = (
    "Somebody else has just changed the rota: one of these people now has a shift in this role at "
    "that time. Check the rota and try again."
)


class RotaGap(NamedTuple):
    """A span in which too few people are on duty in a role, and how many are missing."""

    role: RotaRole
    during: Span
    missing: int


@dataclass(frozen=True, slots=True)
class Rota:
    """The rota of a period, with everybody who is or was on it, by their id.

    ``revision`` differs in a later reading if anybody has changed the rota in between.
    """

    roster: Roster
    people: Mapping[int, RotaPerson]
    revision: tuple[int, int] = (0, 0)

    @property
    def roles(self) -> tuple[RotaRole, ...]:
        """Return the roles, in the directory's order."""
        return tuple(self.roster.roles.values())

    @property
    def names(self) -> dict[int, str]:
        """Return each person's name, by id."""
        return {person_id: person.name for person_id, person in self.people.items()}

    def active_people(self) -> list[RotaPerson]:
        """Return the people who have not left, by name."""
        return [person for person in self.people.values() if person.left_at is None]

    def assignments(self, start: datetime, end: datetime) -> list[Assignment]:
        """Return the assignments that overlap a period, in all roles, role by role."""
        return [
            assignment
            for role_id in self.roster.roles
            for assignment in self.roster.assignments(role_id, start, end)
        ]

    def gaps(self, start: datetime, end: datetime) -> list[RotaGap]:
        """Return the gaps that begin in a period, in all roles, soonest first.

        A gap that goes on past ``end`` is whole if the rota was read to CONTEXT_MARGIN after it.
        """
        gaps = (
            RotaGap(role, during, missing)
            for role in self.roles
            for during, missing in self.roster.gaps(role.id, start, end + CONTEXT_MARGIN)
        )
        return sorted(
            (gap for gap in gaps if gap.during.start < end), key=lambda gap: gap.during.start
        )

    def surplus(self, start: datetime, end: datetime) -> list[tuple[RotaRole, Span]]:
        """Return the spans of a period with people on duty when nobody is needed, soonest first."""
        surplus = [
            (role, span) for role in self.roles for span in self.roster.surplus(role.id, start, end)
        ]
        return sorted(surplus, key=lambda role_and_span: role_and_span[1].start)

    def is_empty(self, role: RotaRole, start: datetime, end: datetime) -> bool:
        """Return whether a role has no shifts in a period."""
        return not self.roster.assignments(role.id, start, end)

    def clashes(self, start: datetime, end: datetime) -> list[Clash]:
        """Return the clashes in a period, across all roles."""
        return find_clashes(self.assignments(start, end))

    def new_clashes(self, changes: Sequence[NewShift | NewCover]) -> list[Clash]:
        """Return the clashes that some changes would add."""
        if not changes:
            return []
        start = min(change.during.start for change in changes) - CONTEXT_MARGIN
        end = max(change.during.end for change in changes) + CONTEXT_MARGIN
        changed = Rota(validation.apply_changes(self.roster, changes), self.people)
        known = {_clash_key(clash) for clash in self.clashes(start, end)}
        return [clash for clash in changed.clashes(start, end) if _clash_key(clash) not in known]


def _clash_key(clash: Clash) -> tuple[str, int, Span]:
    return clash.kind, clash.person_id, clash.during


# Reading


def read_rota(start: datetime, end: datetime) -> Rota:
    """Return the rota from ``start`` to ``end``. Raise DatabaseUnavailable."""
    with lookup.database().reading() as connection:
        return load_rota(connection, start, end)


def load_rota(connection: Connection, start: datetime, end: datetime) -> Rota:
    """Return the rota from ``start`` to ``end``, in the caller's transaction."""
    revision = rota.revision(connection)  # first, so that a change during the rest is noticed
    shifts, covers = rota.read(connection, start, end)
    people = {person.id: person for person in rota_people.all_people(connection)}
    return Rota(Roster(lookup.snapshot().timetables, shifts, covers), people, revision)


def load_upcoming(connection: Connection, at: datetime) -> Rota:
    """Return the rota for who is on duty at ``at`` and the gaps in GAP_LOOKAHEAD after it."""
    return load_rota(connection, at - CONTEXT_MARGIN, at + GAP_LOOKAHEAD + CONTEXT_MARGIN)


def export_csv(period: Span) -> str:
    """Return who is on duty in a period, with covers applied, as CSV. Raise DatabaseUnavailable."""
    current = read_rota(period.start, period.end)
    assignments = current.assignments(period.start, period.end)
    assignments.sort(key=lambda assignment: assignment.during.start)
    return spreadsheet.to_csv(assignments, current.names, lookup.snapshot().directory.zone)


# Saving, undoing and removing


def save_change(
    kind: str,
    changes: Sequence[NewShift | NewCover],
    based_on: Rota,
    actor: str,
    form_key: str = "",
) -> RotaChange:
    """Save changes that were worked out from a reading of the rota, as one that can be undone.

    ``form_key`` identifies the form: sent twice, it is saved once. Raise RotaConflict if the rota
    has changed since that reading, InvalidRotaChange if the change is too large or the database's
    own rules forbid it.
    """
    with lookup.database().writing() as connection:
        saved = rota.find_change_by_key(connection, form_key)
        if saved:
            return saved
        _require_unchanged(connection, based_on)
        return _save(connection, kind, changes, actor, form_key)


def undo_change(change_id: int, actor: str) -> RotaChange:
    """Undo a change of the rota. Raise UnknownShift, InvalidRotaChange.

    It is refused if somebody who has left would get a shift back that is not over.
    """
    at = lookup.now()
    with lookup.database().writing() as connection:
        shift_ids = rota.shifts_of(connection, change_id)
        try:
            change = rota.undo(connection, change_id, at, actor)
        except sa.exc.IntegrityError as error:
            raise InvalidRotaChange(
                "", "This cannot be undone: somebody has been given a shift at the same time since."
            ) from error
        _refuse_leavers(connection, shift_ids, at)
    return change


def remove_shift(shift_id: int, actor: str) -> RotaChange:
    """Remove a shift from now on. Raise UnknownShift."""
    with lookup.database().writing() as connection:
        return rota.cancel(connection, lookup.now(), actor, shift=shift_id)


def remove_cover(cover_id: int, shift_id: int, actor: str) -> RotaChange:
    """Remove a cover of a shift from now on. Raise UnknownShift, InvalidRotaChange."""
    at = lookup.now()
    with lookup.database().writing() as connection:
        change = rota.cancel(connection, at, actor, cover=cover_id)
        _refuse_leavers(connection, [shift_id], at)
    return change


def remove_person(person_id: int, actor: str) -> None:
    """Take somebody off the rota; what is left of their shifts goes to nobody.

    Raise UnknownShift, InvalidRotaChange.
    """
    at = lookup.now().replace(second=0, microsecond=0)
    current = read_rota(at, at + FAR_FUTURE)
    covers = validation.release_shifts(current.roster, person_id, at)
    with lookup.database().writing() as connection:
        _require_unchanged(connection, current)
        if covers:
            _save(connection, "left", covers, actor)
        rota_people.leave(connection, person_id, lookup.now(), actor)


def _save(
    connection: Connection,
    kind: str,
    changes: Sequence[NewShift | NewCover],
    actor: str,
    form_key: str = "",
) -> RotaChange:
    if not changes:
        raise InvalidRotaChange("", "There is nothing to add.")
    _check_size(len(changes))
    # In this order the database's check for overlaps is quick.
    ordered = sorted(changes, key=lambda change: change.during.start)
    try:
        return rota.add(connection, kind, ordered, lookup.now(), actor, form_key)
    except sa.exc.IntegrityError as error:
        raise InvalidRotaChange("person", CONFLICT_MESSAGE) from error


def _require_unchanged(connection: Connection, based_on: Rota) -> None:
    """Raise RotaConflict if anybody has changed the rota since it was read."""
    if rota.revision(connection) != based_on.revision:
        raise RotaConflict


def _check_size(count: int) -> None:
    if count > MAX_ROWS:
        raise InvalidRotaChange(
            "last", f"That is {count:,} shifts. The most at once is {MAX_ROWS:,}: use fewer days."
        )


def _refuse_leavers(connection: Connection, shift_ids: Collection[int], at: datetime) -> None:
    """Raise InvalidRotaChange if somebody who has left has one of some shifts that is not over."""
    people = rota_people.all_people(connection)
    leavers = {person.id for person in people if person.left_at is not None}
    if not leavers:
        return
    roster = Roster(lookup.snapshot().timetables, *rota.read_shifts(connection, shift_ids))
    upcoming = Rota(roster, {}).assignments(at, at + FAR_FUTURE)
    if any(assignment.person_id in leavers for assignment in upcoming):
        raise InvalidRotaChange("", "This would put somebody who has left back on duty.")


# Filling gaps


def propose_fill(
    role_id: str,
    first: date,
    last: date,
    names: Sequence[str],
    turn_length: TurnLength,
    times: ShiftPattern | None = None,
    time_limit: timedelta = FILL_TIME_LIMIT,
) -> tuple[Rota, list[ProposedShift]]:
    """Return the rota, and the shifts that would fill the gaps of a role, without saving anything.

    ``first`` and ``last`` are both included; time that is over is not filled. ``times`` says when
    shifts begin on some kinds of day; on others they begin at the usual handovers. Raise
    InvalidRotaChange, DatabaseUnavailable.
    """
    timetables, at = lookup.snapshot().timetables, lookup.now()
    names = [name for name in names if name.strip()]
    _check_fill(first, last, len(names))
    start = instants.midnight(first, timetables.directory.zone)
    end = start + timedelta(days=(last - first).days) + 2 * CONTEXT_MARGIN
    with lookup.database().reading() as connection:
        current = load_rota(connection, start - CONTEXT_MARGIN, end)
        person_ids = rota_people.find_ids_by_name(connection, names)
    if role_id not in current.roster.roles:
        known = ", ".join(current.roster.roles) or "none"
        raise InvalidRotaChange(
            "role", f"There is no role '{role_id}'. The directory's roles are: {known}."
        )
    pattern = {**filling.usual_pattern(current.roster, role_id, start), **(times or {})}
    slots = filling.make_slots(current.roster, role_id, pattern, first, last)
    now = at.replace(second=0, microsecond=0)
    slots = [Span(max(slot.start, now), slot.end) for slot in slots if slot.end > at]
    if any(slot.end - slot.start > MAX_SHIFT_LENGTH for slot in slots):
        raise InvalidRotaChange(
            "working-day", "One shift would be over a week long. Enter when shifts begin."
        )
    _check_size(len(slots))
    check_time = _time_check(time_limit)
    proposed = filling.assign_slots(
        current.roster, role_id, slots, person_ids, turn_length, check_time
    )
    if not proposed:
        raise InvalidRotaChange("last", "There are no gaps to fill on these days.")
    _check_size(len(proposed))
    return current, proposed


def _check_fill(first: date, last: date, people_count: int) -> None:
    """Raise InvalidRotaChange for days or a number of people that cannot be filled."""
    for field, day in (("first", first), ("last", last)):
        if not time_parsing.FIRST_YEAR <= day.year < time_parsing.LAST_YEAR:
            raise InvalidRotaChange(
                field, f"{day.year} is not a year of the rota. Write it in full, as in 2026."
            )
    if last < first:
        raise InvalidRotaChange("last", "The last day is before the first.")
    if last - first > timedelta(days=filling.MAX_DAYS):
        raise InvalidRotaChange("last", f"The most at once is {filling.MAX_DAYS} days.")
    if people_count > MAX_PEOPLE:
        raise InvalidRotaChange(
            "people", f"These are {people_count} names. Name {MAX_PEOPLE} people or fewer."
        )
    if not people_count:
        raise InvalidRotaChange("people", "Name the people who take turns, in order.")


def _time_check(limit: timedelta) -> Callable[[], None]:
    """Return a function that raises InvalidRotaChange once ``limit`` is over."""
    deadline = time.monotonic() + limit.total_seconds()

    def check_time() -> None:
        if time.monotonic() > deadline:
            raise InvalidRotaChange(
                "last", "This takes too long to work out. Use fewer days or fewer people."
            )

    return check_time


# Importing a spreadsheet


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did: how many shifts it added, and how many were on the rota already.

    ``change`` is None if they all were.
    """

    change: RotaChange | None
    added: int
    known: int


def import_spreadsheet(
    data: bytes, actor: str, add_people: bool = False, form_key: str = ""
) -> ImportResult:
    """Import a spreadsheet of shifts, all or none.

    ``add_people`` puts people who are not on the rota yet on it. Raise InvalidSpreadsheet,
    RotaConflict, InvalidRotaChange, DatabaseUnavailable.
    """
    timetables = lookup.snapshot().timetables
    with lookup.database().reading() as connection:
        revision = rota.revision(connection)
        people = [p for p in rota_people.all_people(connection) if p.left_at is None]
    ids = {name_key(person.name): person.id for person in people}
    role_ids = {role.id for role in timetables.directory.rota}
    known: Container[str] = _Anybody() if add_people else ids
    rows = spreadsheet.parse_csv(data, timetables.directory.zone, role_ids, known)
    if not rows:
        raise InvalidSpreadsheet(["The file has no shifts."])
    new_names = _new_names(rows, ids)
    start, end = min(row.during.start for row in rows), max(row.during.end for row in rows)
    current = read_rota(start, end)
    if current.revision != revision:
        raise RotaConflict
    new_rows = _new_rows(rows, ids, current.roster)
    if not new_rows:
        return ImportResult(None, 0, len(rows))
    with lookup.database().writing() as connection:
        _require_unchanged(connection, current)
        new_people = [(name, None) for name in new_names.values()]
        for person in rota_people.add_all(connection, new_people, lookup.now(), actor):
            ids[name_key(person.name)] = person.id
        shifts = [NewShift(row.role_id, ids[name_key(row.person)], row.during) for row in new_rows]
        change = _save(connection, "imported", shifts, actor, form_key)
    return ImportResult(change, len(new_rows), len(rows) - len(new_rows))


def _new_names(rows: Iterable[ShiftRow], known: Container[str]) -> dict[str, str]:
    """Return the names to put on the rota, by ``name_key``. Raise InvalidSpreadsheet."""
    names: dict[str, str] = {}
    problems = []
    for row in rows:
        key = name_key(row.person)
        if key not in known:
            try:
                names.setdefault(key, rota_people.clean_name(row.person))
            except InvalidRotaChange as error:
                problems.append(f"Row {row.number}: {error}")
    if problems:
        raise InvalidSpreadsheet(problems)
    return names


def _new_rows(rows: Iterable[ShiftRow], ids: Mapping[str, int], roster: Roster) -> list[ShiftRow]:
    """Return the rows whose shifts are not on the rota yet.

    Raise InvalidSpreadsheet where one overlaps another shift of its person in its role.
    """
    spans_by_holder: dict[tuple[str, int | None], list[Span]] = {}
    for shift in sorted(roster.shifts, key=lambda shift: shift.during.start):
        spans_by_holder.setdefault((shift.role_id, shift.person_id), []).append(shift.during)
    new_rows, problems = [], []
    for row in rows:
        spans = spans_by_holder.get((row.role_id, ids.get(name_key(row.person))), [])
        earliest = row.during.start - MAX_SHIFT_LENGTH  # one that starts before this is over
        first = bisect_left(spans, earliest, key=_start)
        nearby = spans[first : bisect_left(spans, row.during.end, key=_start)]
        if row.during in nearby:
            continue
        if any(span.overlaps(row.during) for span in nearby):
            problems.append(
                f"Row {row.number}: {row.person} has another shift in this role at that time."
            )
        new_rows.append(row)
    if problems:
        raise InvalidSpreadsheet(problems)
    return new_rows


def _start(span: Span) -> datetime:
    return span.start


class _Anybody:
    """Contains every name that is not empty."""

    def __contains__(self, name: object) -> bool:
        return bool(name)
