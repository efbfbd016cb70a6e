"""Changes of the rota: worked out while reading, then saved in one short transaction, or undone.

Only one program at a time can write to the database, so whatever takes time is done before: a
divert must never wait for a rota. A change is saved only if nobody has changed the rota since it
was read (RotaChanged).
"""

import time
from bisect import bisect_left
from collections.abc import Callable, Collection, Container, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing import enquiry, typed
from routing.core import instant
from routing.core.hours import Span
from routing.errors import RotaChanged, RotaRefused, SheetRefused
from routing.rostering import EVER, Rota, within
from routing.rota import fill as filling
from routing.rota import planning, sheet
from routing.rota.fill import Pattern, Planned, Turn
from routing.rota.planning import AROUND, LONGEST, NewCover, NewShift
from routing.rota.roster import Roster
from routing.rota.sheet import MAX_PEOPLE, MAX_ROWS, Row
from routing.storage import rota, workers
from routing.storage.rota import Batch

FILL_TIME_LIMIT = timedelta(seconds=5)
"""How long it may take to work out who takes which shift."""

CONFLICT_MESSAGE = (
    "Somebody else has just changed the rota: one of these people has a shift in this role at that "
    "time now. Look at the rota, and try again."
)


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What importing a spreadsheet did: ``change`` None if every shift was there already."""

    change: Batch | None
    added: int
    known: int


def save(
    kind: str,
    added: Sequence[NewShift | NewCover],
    based_on: Rota,
    actor: str,
    form: str = "",
) -> Batch:
    """Save a change that was worked out from the rota as it was read.

    ``form`` names the form that was sent: sent twice, it is saved once. Raise RotaChanged when the
    rota has changed since, RotaRefused where the database's own rules forbid it or it is too large.
    """
    with enquiry.database().writing() as connection:
        known = rota.saved_by(connection, form)
        if known:
            return known
        _check_unchanged(connection, based_on)
        return _save(connection, kind, added, actor, form)


def undo(change: int, actor: str) -> Batch:
    """Undo a change of the rota. Raise UnknownShift, RotaRefused.

    Nobody who has left is given anything back that is to come.
    """
    at = enquiry.now()
    with enquiry.database().writing() as connection:
        shift_ids = rota.shifts_of(connection, change)
        try:
            undone = rota.undo(connection, change, at, actor)
        except sa.exc.IntegrityError as error:
            raise RotaRefused(
                "", "This cannot be undone: since then somebody was given a shift at the same time."
            ) from error
        _refuse_leavers(connection, shift_ids, at)
    return undone


def remove(shift_id: int, actor: str) -> Batch:
    """Take a shift away from now on. Raise UnknownShift."""
    with enquiry.database().writing() as connection:
        return rota.cancel(connection, enquiry.now(), actor, shift=shift_id)


def uncover(cover_id: int, shift_id: int, actor: str) -> Batch:
    """Take a cover of a shift away from now on. Raise UnknownShift, RotaRefused."""
    at = enquiry.now()
    with enquiry.database().writing() as connection:
        change = rota.cancel(connection, at, actor, cover=cover_id)
        _refuse_leavers(connection, [shift_id], at)
    return change


def leave(worker_id: int, actor: str) -> None:
    """Take somebody off the rota: nobody has what they still had to do.

    Raise UnknownShift, RotaRefused.
    """
    at = enquiry.now().replace(second=0, microsecond=0)
    with enquiry.database().reading() as connection:
        current = within(connection, at, at + EVER)
    covers = planning.leaving(current.roster, worker_id, at)
    with enquiry.database().writing() as connection:
        _check_unchanged(connection, current)
        if covers:
            _save(connection, "left", covers, actor)
        workers.leave(connection, worker_id, enquiry.now(), actor)


def fill(
    role: str,
    first: date,
    last: date,
    names: Sequence[str],
    turn: Turn,
    times: Pattern | None = None,
    time_limit: timedelta = FILL_TIME_LIMIT,
) -> tuple[Rota, list[Planned]]:
    """Return what filling the gaps of a role would add, and the rota that it was worked out from.

    From ``first`` to ``last``, both included; what is over already is left. ``times`` says for some
    kinds of day when shifts begin; on others they do when they usually do. Raise RotaRefused.
    """
    timetables, at = enquiry.facts().timetables, enquiry.now()
    for field, day in (("first", first), ("last", last)):
        if not typed.FIRST_YEAR <= day.year < typed.LAST_YEAR:
            raise RotaRefused(field, f"Write the year in full: {day.year} is no year of a rota.")
    if last < first:
        raise RotaRefused("last", "The last day is before the first.")
    if last - first > timedelta(days=filling.LONGEST):
        raise RotaRefused("last", f"Fill {filling.LONGEST} days at most at once.")
    names = [name for name in names if name.strip()]
    if len(names) > MAX_PEOPLE:
        words = f"These are {len(names)} names. Name {MAX_PEOPLE} people at most."
        raise RotaRefused("people", words)
    start = instant.midnight(first, timetables.directory.zone)
    around = timedelta(days=(last - first).days) + AROUND
    if not names:
        raise RotaRefused("people", "Name the people who take turns, in their order.")
    with enquiry.database().reading() as connection:
        current = within(connection, start - AROUND, start + around + AROUND)
        people = workers.named(connection, names)
    if role not in current.roster.roles:
        known = ", ".join(current.roster.roles) or "none"
        raise RotaRefused("role", f"There is no role '{role}'. The directory's roles are: {known}.")
    pattern = {**filling.usual(current.roster, role, start), **(times or {})}
    slots = filling.slots(current.roster, role, pattern, first, last)
    now = at.replace(second=0, microsecond=0)
    slots = [Span(max(slot.start, now), slot.end) for slot in slots if slot.end > at]
    if any(slot.end - slot.start > LONGEST for slot in slots):
        raise RotaRefused("working-day", "Write when shifts begin: one would be over a week long.")
    _check_size(len(slots))
    check_time = _time_check(time_limit)
    planned = filling.fill(current.roster, role, slots, people, turn, check_time)
    if not planned:
        raise RotaRefused("last", "There is no gap in that time: everything is covered.")
    _check_size(len(planned))
    return current, planned


def import_spreadsheet(
    data: bytes, actor: str, add_people: bool = False, form: str = ""
) -> ImportResult:
    """Import a spreadsheet of shifts, all or none.

    With ``add_people`` whoever is not on the rota yet is put there. Raise SheetRefused,
    RotaChanged.
    """
    timetables = enquiry.facts().timetables
    with enquiry.database().reading() as connection:
        revision = rota.revision(connection)
        people = [person for person in workers.everyone(connection) if person.left_at is None]
    ids = {sheet.key(person.name): person.id for person in people}
    roles = {role.id for role in timetables.directory.rota}
    known: Container[str] = _Anybody() if add_people else ids
    rows = sheet.read(data, timetables.directory.zone, roles, known)
    if not rows:
        raise SheetRefused(["The file has no shifts."])
    new_names = _new_names(rows, ids)
    start, end = min(row.during.start for row in rows), max(row.during.end for row in rows)
    with enquiry.database().reading() as connection:
        current = within(connection, start, end)
    if current.revision != revision:
        raise RotaChanged
    added = _not_on_the_rota(rows, ids, current.roster)
    if not added:
        return ImportResult(None, 0, len(rows))
    with enquiry.database().writing() as connection:
        _check_unchanged(connection, current)
        new_people = [(name, None) for name in new_names.values()]
        for person in workers.add_all(connection, new_people, enquiry.now(), actor):
            ids[sheet.key(person.name)] = person.id
        shifts = [NewShift(row.role, ids[sheet.key(row.person)], row.during) for row in added]
        change = _save(connection, "imported", shifts, actor, form)
    return ImportResult(change, len(added), len(rows) - len(added))


def _save(
    connection: Connection,
    kind: str,
    added: Sequence[NewShift | NewCover],
    actor: str,
    form: str = "",
) -> Batch:
    if not added:
        raise RotaRefused("", "There is nothing to add.")
    _check_size(len(added))
    ordered = sorted(added, key=lambda each: each.during.start)  # the overlap check is then quick
    try:
        return rota.add(connection, kind, ordered, enquiry.now(), actor, form)
    except sa.exc.IntegrityError as error:
        raise RotaRefused("person", CONFLICT_MESSAGE) from error


def _check_unchanged(connection: Connection, based_on: Rota) -> None:
    """Raise RotaChanged when somebody has changed the rota since it was read."""
    if rota.revision(connection) != based_on.revision:
        raise RotaChanged


def _check_size(count: int) -> None:
    if count > MAX_ROWS:
        raise RotaRefused(
            "last",
            f"That is {count:,} shifts. Change {MAX_ROWS:,} at most at once: choose fewer days.",
        )


def _time_check(limit: timedelta) -> Callable[[], None]:
    """Return what raises RotaRefused once ``limit`` is over."""
    deadline = time.monotonic() + limit.total_seconds()

    def check_time() -> None:
        if time.monotonic() > deadline:
            raise RotaRefused(
                "last",
                "This takes too long to work out. Fill fewer days at once, or name fewer people.",
            )

    return check_time


def _refuse_leavers(connection: Connection, shift_ids: Collection[int], at: datetime) -> None:
    """Raise RotaRefused if somebody who has left has a duty to come in some shifts."""
    left = {each.id for each in workers.everyone(connection) if each.left_at is not None}
    if not left:
        return
    roster = Roster(enquiry.facts().timetables, *rota.read_shifts(connection, shift_ids))
    duties = [duty for role in roster.roles for duty in roster.duties(role, at, at + EVER)]
    if any(duty.worker in left for duty in duties):
        raise RotaRefused("", "This cannot be: somebody who has left would be on duty again.")


def _new_names(rows: Sequence[Row], known: Container[str]) -> dict[str, str]:
    """Return the names to put on the rota, by their key. Raise SheetRefused."""
    names: dict[str, str] = {}
    problems = []
    for row in rows:
        if sheet.key(row.person) not in known:
            try:
                names.setdefault(sheet.key(row.person), workers.good_name(row.person))
            except RotaRefused as error:
                problems.append(f"Row {row.number}: {error}")
    if problems:
        raise SheetRefused(problems)
    return names


def _not_on_the_rota(rows: Sequence[Row], ids: dict[str, int], roster: Roster) -> list[Row]:
    """Return the shifts of a spreadsheet that are not on the rota yet.

    Raise SheetRefused where one overlaps another of its person and role.
    """
    own: dict[tuple[str, int], list[Span]] = {}
    for shift in roster.shifts:
        own.setdefault((shift.role, shift.worker), []).append(shift.during)
    for spans in own.values():
        spans.sort(key=_start)
    added, problems = [], []
    for row in rows:
        spans = own.get((row.role, ids.get(sheet.key(row.person), 0)), [])
        near = spans[
            bisect_left(spans, row.during.start - LONGEST, key=_start) : bisect_left(
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
        raise SheetRefused(problems)
    return added


def _start(span: Span) -> datetime:
    return span.start


class _Anybody:
    def __contains__(self, name: object) -> bool:
        return bool(name)
