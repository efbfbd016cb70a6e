"""Changes of the rota: kept, undone, filled, brought in from a sheet. All of each, or none."""

from collections.abc import Container, Sequence
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing import enquiry, typed
from routing.core import instants
from routing.core.hours import Span
from routing.errors import RotaRefused, SheetRefused
from routing.rostering import EVER, Rota, within
from routing.rota import fill as filling
from routing.rota import sheet
from routing.rota.fill import Pattern, Planned, Turn
from routing.rota.planning import AROUND, LONGEST, NewCover, NewShift
from routing.storage import rota, workers
from routing.storage.rota import Batch

CROSSED = (
    "Somebody else has just changed the rota: one of these people has a shift in this role at that "
    "time now. Look at the rota, and try again."
)


def keep(
    connection: Connection,
    kind: str,
    added: Sequence[NewShift | NewCover],
    actor: str,
    asked: str = "",
) -> Batch:
    """Keep a change of the rota. Raise RotaRefused where the database's own rules forbid it."""
    if not added:
        raise RotaRefused("", "There is nothing to add.")
    try:
        return rota.add(connection, kind, added, enquiry.now(), actor, asked)
    except sa.exc.IntegrityError as error:
        raise RotaRefused("person", CROSSED) from error


def undo(connection: Connection, batch_id: int, actor: str) -> Batch:
    """Undo a change of the rota. Raise UnknownShift, RotaRefused.

    Nobody who has left is given anything back that is to come.
    """
    at = enquiry.now()
    try:
        done = rota.undo(connection, batch_id, at, actor)
    except sa.exc.IntegrityError as error:
        raise RotaRefused(
            "", "This cannot be undone: since then somebody was given a shift at the same time."
        ) from error
    _refuse_leavers(connection, at)
    return done


def uncover(connection: Connection, cover_id: int, actor: str) -> Batch:
    """Take a cover away from now on, as ``undo`` does. Raise UnknownShift, RotaRefused."""
    at = enquiry.now()
    done = rota.cancel(connection, at, actor, cover=cover_id)
    _refuse_leavers(connection, at)
    return done


def _refuse_leavers(connection: Connection, at: datetime) -> None:
    found = within(connection, at, at + EVER)
    duties = [x for role in found.roles for x in found.roster.duties(role.id, at, at + EVER)]
    if any(x.worker and found.workers[x.worker].left_at for x in duties):
        raise RotaRefused("", "This cannot be: somebody who has left would be on duty again.")


def fill(
    connection: Connection,
    role: str,
    first: date,
    last: date,
    people: Sequence[int],
    turn: Turn,
    times: Pattern | None = None,
) -> tuple[Rota, list[Planned]]:
    """Return what filling the gaps of a role would add, and the rota without it.

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
    if not people:
        raise RotaRefused("people", "Name the people who take turns, in their order.")
    start = instants.midnight(first, timetables.directory.zone)
    around = timedelta(days=(last - first).days) + AROUND
    found = within(connection, start - AROUND, start + around + AROUND)
    if role not in found.roster.roles:
        known = ", ".join(found.roster.roles) or "none"
        raise RotaRefused("role", f"There is no role '{role}'. The directory's roles are: {known}.")
    pattern = {**filling.usual(found.roster, role, start), **(times or {})}
    slots = filling.slots(found.roster, role, pattern, first, last)
    now = at.replace(second=0, microsecond=0)
    slots = [Span(max(x.start, now), x.end) for x in slots if x.end > at]
    if any(each.end - each.start > LONGEST for each in slots):
        raise RotaRefused("working-day", "Write when shifts begin: one would be over a week long.")
    planned = filling.fill(found.roster, role, slots, people, turn)
    if not planned:
        raise RotaRefused("last", "There is no gap in that time: everything is covered.")
    return found, planned


def bring_in(
    connection: Connection, data: bytes, actor: str, add_people: bool = False, asked: str = ""
) -> tuple[Batch | None, int, int]:
    """Import a spreadsheet of shifts, all or none. Return the change, how many shifts it added, and
    how many were there already.

    With ``add_people`` whoever is not on the rota yet is put there. Raise SheetRefused.
    """
    timetables = enquiry.facts().timetables
    roles = {role.id for role in timetables.directory.rota}
    here = {sheet.key(x.name): x.id for x in workers.everyone(connection) if x.left_at is None}
    known: Container[str] = _Anybody() if add_people else here
    rows = sheet.read(data, timetables.directory.zone, roles, known)
    if not rows:
        raise SheetRefused(["The file has no shifts."])
    problems = []
    for row in rows:
        if sheet.key(row.person) not in here:
            try:
                new = workers.add(connection, row.person, None, enquiry.now(), actor)
                here[sheet.key(row.person)] = new.id
            except RotaRefused as error:
                problems.append(f"Row {row.number}: {error}")
    edges = min(x.during.start for x in rows), max(x.during.end for x in rows)
    own: dict[tuple[str, int], list[Span]] = {}
    for shift in within(connection, *edges).roster.shifts:
        own.setdefault((shift.role, shift.worker), []).append(shift.during)
    added = []
    for row in rows if not problems else ():
        new_shift = NewShift(row.role, here[sheet.key(row.person)], row.during)
        others = own.get((new_shift.role, new_shift.worker), [])
        if row.during in others:
            continue
        if any(x.start < row.during.end and row.during.start < x.end for x in others):
            problems.append(
                f"Row {row.number}: {row.person} has another shift in this role at that time."
            )
        added.append(new_shift)
    if problems:
        raise SheetRefused(problems)
    batch = keep(connection, "imported", added, actor, asked) if added else None
    return batch, len(added), len(rows) - len(added)


class _Anybody:
    def __contains__(self, name: object) -> bool:
        return bool(name)
