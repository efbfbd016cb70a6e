"""The rota as it stands, held against the directory; and changes of it, saved or undone.

Only one program at a time can write to the database, so whatever takes time is done before: a
divert must never wait for a rota. A change is worked out while reading, then saved in one short
transaction, and only if nobody has changed the rota since it was read (RotaChanged).
"""

import time
from bisect import bisect_left
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing import lookup
from routing.core import instants
from routing.core.directory import RotaRole
from routing.core.instants import Span
from routing.errors import InvalidRotaChange, InvalidSpreadsheet, RotaConflict
from routing.rota import clashes, spreadsheet, validation
from routing.rota import filling as filling
from routing.rota.clashes import Clash
from routing.rota.filling import ProposedShift, ShiftPattern, TurnLength
from routing.rota.roster import Roster
from routing.rota.spreadsheet import MAX_PEOPLE, MAX_ROWS, ShiftRow
from routing.rota.validation import CONTEXT_MARGIN, MAX_SHIFT_LENGTH, NewCover, NewShift
from routing.store import rota, rota_people
from routing.store.rota import RotaChange
from routing.store.rota_people import RotaPerson
from routing.text import time_parsing

FILL_TIME_LIMIT = timedelta(seconds=5)
"""How long it may take to work out who takes which shift."""

CONFLICT_MESSAGE = (
    "Somebody else has just changed the rota: one of these people has a shift in this role at that "
    "time now. Look at the rota, and try again."
)


GAP_LOOKAHEAD = timedelta(days=28)
"""How far ahead gaps are warned of, on every page, in `flask rota gaps` and in /metrics."""


OWN_SHIFTS_LOOKAHEAD = timedelta(days=184)
"""How far ahead somebody's own shifts are shown, here and in calendars."""

FAR_FUTURE = timedelta(days=3650)
"""Beyond this nobody has shifts."""


@dataclass(frozen=True, slots=True)
class Rota:
    """The rota of a period, and everybody who is or was on it, by their number.

    ``revision`` differs from that of a later reading if anybody has changed the rota meanwhile.
    """

    roster: Roster
    workers: Mapping[int, RotaPerson]
    revision: tuple[int, int] = (0, 0)

    @property
    def roles(self) -> tuple[RotaRole, ...]:
        """Return every role, in the directory's order."""
        return tuple(self.roster.roles.values())

    @property
    def names(self) -> dict[int, str]:
        """Return everybody's name, by number."""
        return {key: each.name for key, each in self.workers.items()}

    def here(self) -> list[RotaPerson]:
        """Return those who can be given a shift, by name."""
        return [each for each in self.workers.values() if each.left_at is None]

    def gaps(self, start: datetime, end: datetime) -> list[tuple[RotaRole, Span, int]]:
        """Return every gap that begins in a period, over all roles, the soonest first.

        With each, its role and how many people are missing. One that runs on is told whole, for as
        long as the rota was read: CONTEXT_MARGIN longer than the period is enough.
        """
        of = self.roster.gaps
        found = [
            (role, *gap) for role in self.roles for gap in of(role.id, start, end + CONTEXT_MARGIN)
        ]
        return sorted((x for x in found if x[1].start < end), key=lambda each: each[1].start)

    def surplus(self, start: datetime, end: datetime) -> list[tuple[RotaRole, Span]]:
        """Return every stretch of a period in which people are on duty though nobody is needed."""
        of = self.roster.surplus
        found = [(role, span) for role in self.roles for span in of(role.id, start, end)]
        return sorted(found, key=lambda each: each[1].start)

    def empty(self, role: RotaRole, start: datetime, end: datetime) -> bool:
        """Say whether a role has nobody at all in a period."""
        return not self.roster.duties(role.id, start, end)

    def clashes(self, start: datetime, end: datetime) -> list[Clash]:
        """Return what clashes in a period, over all roles."""
        duties = [x for role in self.roles for x in self.roster.duties(role.id, start, end)]
        return clashes.find_clashes(duties)

    def new_clashes(self, wanted: Sequence[NewShift | NewCover]) -> list[Clash]:
        """Return what would clash if some changes were made, and does not without them."""
        if not wanted:
            return []
        start = min(each.during.start for each in wanted) - CONTEXT_MARGIN
        end = max(each.during.end for each in wanted) + CONTEXT_MARGIN
        later = Rota(validation.apply_changes(self.roster, wanted), self.workers)
        known = {(x.kind, x.worker, x.during) for x in self.clashes(start, end)}
        found = later.clashes(start, end)
        return [x for x in found if (x.kind, x.worker, x.during) not in known]


def read_rota(start: datetime, end: datetime) -> Rota:
    """Return the rota from ``start`` to ``end``. Raise DatabaseUnavailable."""
    with lookup.database().reading() as connection:
        return load_rota(connection, start, end)


def load_rota(connection: Connection, start: datetime, end: datetime) -> Rota:
    """Return the rota from ``start`` to ``end``, as a transaction sees it."""
    revision = rota.revision(connection)  # first: what changes while the rest is read, counts
    shifts, covers = rota.read(connection, start, end)
    known = {each.id: each for each in rota_people.all_people(connection)}
    return Rota(Roster(lookup.snapshot().timetables, shifts, covers), known, revision)


def load_upcoming(connection: Connection, at: datetime) -> Rota:
    """Return what says who is on duty at ``at``, and every gap of the next LOOKAHEAD."""
    return load_rota(connection, at - CONTEXT_MARGIN, at + GAP_LOOKAHEAD + CONTEXT_MARGIN)


def export_csv(period: Span) -> str:
    """Return who is really on duty in a period, as a spreadsheet. Raise DatabaseUnavailable."""
    found = read_rota(period.start, period.end)
    duties = [x for r in found.roles for x in found.roster.duties(r.id, period.start, period.end)]
    duties.sort(key=lambda each: each.during.start)
    return spreadsheet.to_csv(duties, found.names, lookup.snapshot().directory.zone)


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What importing a spreadsheet did: ``change`` None if every shift was there already."""

    change: RotaChange | None
    added: int
    known: int


def save_change(
    kind: str,
    added: Sequence[NewShift | NewCover],
    based_on: Rota,
    actor: str,
    form: str = "",
) -> RotaChange:
    """Save a change that was worked out from the rota as it was read.

    ``form`` names the form that was sent: sent twice, it is saved once. Raise RotaChanged when the
    rota has changed since, InvalidRotaChange where the database's own rules forbid it or it is too large.
    """
    with lookup.database().writing() as connection:
        known = rota.find_change_by_key(connection, form)
        if known:
            return known
        _check_unchanged(connection, based_on)
        return _save(connection, kind, added, actor, form)


def undo_change(change: int, actor: str) -> RotaChange:
    """Undo a change of the rota. Raise UnknownShift, InvalidRotaChange.

    Nobody who has left is given anything back that is to come.
    """
    at = lookup.now()
    with lookup.database().writing() as connection:
        shift_ids = rota.shifts_of(connection, change)
        try:
            undone = rota.undo(connection, change, at, actor)
        except sa.exc.IntegrityError as error:
            raise InvalidRotaChange(
                "", "This cannot be undone: since then somebody was given a shift at the same time."
            ) from error
        _refuse_leavers(connection, shift_ids, at)
    return undone


def remove_shift(shift_id: int, actor: str) -> RotaChange:
    """Take a shift away from now on. Raise UnknownShift."""
    with lookup.database().writing() as connection:
        return rota.cancel(connection, lookup.now(), actor, shift=shift_id)


def remove_cover(cover_id: int, shift_id: int, actor: str) -> RotaChange:
    """Take a cover of a shift away from now on. Raise UnknownShift, InvalidRotaChange."""
    at = lookup.now()
    with lookup.database().writing() as connection:
        change = rota.cancel(connection, at, actor, cover=cover_id)
        _refuse_leavers(connection, [shift_id], at)
    return change


def remove_person(worker_id: int, actor: str) -> None:
    """Take somebody off the rota: nobody has what they still had to do.

    Raise UnknownShift, InvalidRotaChange.
    """
    at = lookup.now().replace(second=0, microsecond=0)
    with lookup.database().reading() as connection:
        current = load_rota(connection, at, at + FAR_FUTURE)
    covers = validation.release_shifts(current.roster, worker_id, at)
    with lookup.database().writing() as connection:
        _check_unchanged(connection, current)
        if covers:
            _save(connection, "left", covers, actor)
        rota_people.leave(connection, worker_id, lookup.now(), actor)


def propose_fill(
    role: str,
    first: date,
    last: date,
    names: Sequence[str],
    turn: TurnLength,
    times: ShiftPattern | None = None,
    time_limit: timedelta = FILL_TIME_LIMIT,
) -> tuple[Rota, list[ProposedShift]]:
    """Return what filling the gaps of a role would add, and the rota that it was worked out from.

    From ``first`` to ``last``, both included; what is over already is left. ``times`` says for some
    kinds of day when shifts begin; on others they do when they usually do. Raise InvalidRotaChange.
    """
    timetables, at = lookup.snapshot().timetables, lookup.now()
    names = [name for name in names if name.strip()]
    _check_fill(first, last, len(names))
    start = instants.midnight(first, timetables.directory.zone)
    around = timedelta(days=(last - first).days) + CONTEXT_MARGIN
    if not names:
        raise InvalidRotaChange("people", "Name the people who take turns, in their order.")
    with lookup.database().reading() as connection:
        current = load_rota(connection, start - CONTEXT_MARGIN, start + around + CONTEXT_MARGIN)
        people = rota_people.find_ids_by_name(connection, names)
    if role not in current.roster.roles:
        known = ", ".join(current.roster.roles) or "none"
        raise InvalidRotaChange(
            "role", f"There is no role '{role}'. The directory's roles are: {known}."
        )
    pattern = {**filling.usual_pattern(current.roster, role, start), **(times or {})}
    slots = filling.make_slots(current.roster, role, pattern, first, last)
    now = at.replace(second=0, microsecond=0)
    slots = [Span(max(slot.start, now), slot.end) for slot in slots if slot.end > at]
    if any(slot.end - slot.start > MAX_SHIFT_LENGTH for slot in slots):
        raise InvalidRotaChange(
            "working-day", "Write when shifts begin: one would be over a week long."
        )
    _check_size(len(slots))
    check_time = _time_check(time_limit)
    planned = filling.assign_slots(current.roster, role, slots, people, turn, check_time)
    if not planned:
        raise InvalidRotaChange("last", "There is no gap in that time: everything is covered.")
    _check_size(len(planned))
    return current, planned


def import_spreadsheet(
    data: bytes, actor: str, add_people: bool = False, form: str = ""
) -> ImportResult:
    """Import a spreadsheet of shifts, all or none.

    With ``add_people`` whoever is not on the rota yet is put there. Raise InvalidSpreadsheet,
    RotaChanged.
    """
    timetables = lookup.snapshot().timetables
    with lookup.database().reading() as connection:
        revision = rota.revision(connection)
        people = [person for person in rota_people.all_people(connection) if person.left_at is None]
    ids = {spreadsheet.name_key(person.name): person.id for person in people}
    roles = {role.id for role in timetables.directory.rota}
    known: Container[str] = _Anybody() if add_people else ids
    rows = spreadsheet.parse_csv(data, timetables.directory.zone, roles, known)
    if not rows:
        raise InvalidSpreadsheet(["The file has no shifts."])
    new_names = _new_names(rows, ids)
    start, end = min(row.during.start for row in rows), max(row.during.end for row in rows)
    with lookup.database().reading() as connection:
        current = load_rota(connection, start, end)
    if current.revision != revision:
        raise RotaConflict
    added = _not_on_the_rota(rows, ids, current.roster)
    if not added:
        return ImportResult(None, 0, len(rows))
    with lookup.database().writing() as connection:
        _check_unchanged(connection, current)
        new_people = [(name, None) for name in new_names.values()]
        for person in rota_people.add_all(connection, new_people, lookup.now(), actor):
            ids[spreadsheet.name_key(person.name)] = person.id
        shifts = [
            NewShift(row.role, ids[spreadsheet.name_key(row.person)], row.during) for row in added
        ]
        change = _save(connection, "imported", shifts, actor, form)
    return ImportResult(change, len(added), len(rows) - len(added))


def _save(
    connection: Connection,
    kind: str,
    added: Sequence[NewShift | NewCover],
    actor: str,
    form: str = "",
) -> RotaChange:
    if not added:
        raise InvalidRotaChange("", "There is nothing to add.")
    _check_size(len(added))
    ordered = sorted(added, key=lambda each: each.during.start)  # the overlap check is then quick
    try:
        return rota.add(connection, kind, ordered, lookup.now(), actor, form)
    except sa.exc.IntegrityError as error:
        raise InvalidRotaChange("person", CONFLICT_MESSAGE) from error


def _check_fill(first: date, last: date, count: int) -> None:
    """Raise InvalidRotaChange for days or a number of people that cannot be filled."""
    for field, day in (("first", first), ("last", last)):
        if not time_parsing.FIRST_YEAR <= day.year < time_parsing.LAST_YEAR:
            raise InvalidRotaChange(
                field, f"Write the year in full: {day.year} is no year of a rota."
            )
    if last < first:
        raise InvalidRotaChange("last", "The last day is before the first.")
    if last - first > timedelta(days=filling.MAX_DAYS):
        raise InvalidRotaChange("last", f"Fill {filling.MAX_DAYS} days at most at once.")
    if count > MAX_PEOPLE:
        words = f"These are {count} names. Name {MAX_PEOPLE} people at most."
        raise InvalidRotaChange("people", words)


def _check_unchanged(connection: Connection, based_on: Rota) -> None:
    """Raise RotaChanged when somebody has changed the rota since it was read."""
    if rota.revision(connection) != based_on.revision:
        raise RotaConflict


def _check_size(count: int) -> None:
    if count > MAX_ROWS:
        raise InvalidRotaChange(
            "last",
            f"That is {count:,} shifts. Change {MAX_ROWS:,} at most at once: choose fewer days.",
        )


def _time_check(limit: timedelta) -> Callable[[], None]:
    """Return what raises InvalidRotaChange once ``limit`` is over."""
    deadline = time.monotonic() + limit.total_seconds()

    def check_time() -> None:
        if time.monotonic() > deadline:
            raise InvalidRotaChange(
                "last",
                "This takes too long to work out. Fill fewer days at once, or name fewer people.",
            )

    return check_time


def _refuse_leavers(connection: Connection, shift_ids: Collection[int], at: datetime) -> None:
    """Raise InvalidRotaChange if somebody who has left has a duty to come in some shifts."""
    left = {each.id for each in rota_people.all_people(connection) if each.left_at is not None}
    if not left:
        return
    roster = Roster(lookup.snapshot().timetables, *rota.read_shifts(connection, shift_ids))
    duties = [duty for role in roster.roles for duty in roster.duties(role, at, at + FAR_FUTURE)]
    if any(duty.worker in left for duty in duties):
        raise InvalidRotaChange("", "This cannot be: somebody who has left would be on duty again.")


def _new_names(rows: Sequence[ShiftRow], known: Container[str]) -> dict[str, str]:
    """Return the names to put on the rota, by their key. Raise InvalidSpreadsheet."""
    names: dict[str, str] = {}
    problems = []
    for row in rows:
        if spreadsheet.name_key(row.person) not in known:
            try:
                names.setdefault(
                    spreadsheet.name_key(row.person), rota_people.clean_name(row.person)
                )
            except InvalidRotaChange as error:
                problems.append(f"Row {row.number}: {error}")
    if problems:
        raise InvalidSpreadsheet(problems)
    return names


def _not_on_the_rota(
    rows: Sequence[ShiftRow], ids: dict[str, int], roster: Roster
) -> list[ShiftRow]:
    """Return the shifts of a spreadsheet that are not on the rota yet.

    Raise InvalidSpreadsheet where one overlaps another of its person and role.
    """
    own: dict[tuple[str, int], list[Span]] = {}
    for shift in roster.shifts:
        own.setdefault((shift.role, shift.worker), []).append(shift.during)
    for spans in own.values():
        spans.sort(key=_start)
    added, problems = [], []
    for row in rows:
        spans = own.get((row.role, ids.get(spreadsheet.name_key(row.person), 0)), [])
        near = spans[
            bisect_left(spans, row.during.start - MAX_SHIFT_LENGTH, key=_start) : bisect_left(
                spans, row.during.end, key=_start
            )
        ]
        if row.during in near:
            continue
        if any(row.during.start < span.end for span in near):
            problems.append(
                f"Row {row.number}: {row.person} has another shift in this role at that time."
            )
        added.append(row)
    if problems:
        raise InvalidSpreadsheet(problems)
    return added


def _start(span: Span) -> datetime:
    return span.start


class _Anybody:
    def __contains__(self, name: object) -> bool:
        return bool(name)
