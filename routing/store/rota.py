"""Shifts and covers as staff make them, each change one batch that can be undone. Nothing goes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.core.instants import Span
from routing.errors import UnknownShift
from routing.rota.roster import MAX_SHIFT_LENGTH, Cover, NewCover, NewShift, Shift
from routing.store.audit_log import record
from routing.store.tables import covers, rota_changes, rota_people, shifts

UNDO_GRACE = timedelta(minutes=5)
"""What stood for less than this before it was undone counts as never done."""


@dataclass(frozen=True, slots=True)
class RotaChange:
    """One change of the rota: what was added or cancelled together, and is undone together."""

    id: int
    kind: str
    made_at: datetime
    made_by: str
    undone_in: int | None = None


def add(
    connection: Connection,
    kind: str,
    added: Sequence[NewShift | NewCover],
    at: datetime,
    actor: str,
    asked: str = "",
) -> RotaChange:
    """Add shifts and covers, all or none. ``asked`` names the form: sent twice, it adds them once.

    Raise sqlalchemy.exc.IntegrityError where the database forbids it: two shifts of one person in
    a role at once.
    """
    known = find_change_by_key(connection, asked)
    if known:
        return known
    batch = _begin(connection, kind, at, actor, asked)
    new_shifts: list[dict[str, Any]] = []
    new_covers: list[dict[str, Any]] = []
    for each in added:
        edges = {"starts_at": each.during.start, "ends_at": each.during.end, "added_in": batch.id}
        if isinstance(each, NewShift):
            row = {"role": each.role_id, "worker": each.person_id, "sequence": 0, "changed_at": at}
            new_shifts.append(row | edges)
        else:
            new_covers.append(
                {"shift": each.shift_id, "worker": each.person_id, "note": each.note, **edges}
            )
    for table, rows in ((shifts, new_shifts), (covers, new_covers)):
        if rows:
            connection.execute(table.insert(), rows)
    _touch(connection, {x.shift_id for x in added if isinstance(x, NewCover)}, at)
    _record(connection, batch, after=_told(added))
    return batch


def find_change_by_key(connection: Connection, form: str) -> RotaChange | None:
    """Return the change that a form made when it was sent before; None if it made none."""
    row = (
        form
        and connection.execute(rota_changes.select().where(rota_changes.c.asked == form)).first()
    )
    return _batch(row) if row else None


def revision(connection: Connection) -> tuple[int, int]:
    """Return what differs once anybody has changed the rota, or has left: the number of the newest
    change, and how many people have left.
    """
    newest_change = sa.select(sa.func.coalesce(sa.func.max(rota_changes.c.id), 0)).scalar_subquery()
    left = sa.select(sa.func.count()).where(rota_people.c.left_at.is_not(None)).scalar_subquery()
    row = connection.execute(sa.select(newest_change, left)).one()
    return row[0], row[1]


def cancel(
    connection: Connection,
    at: datetime,
    actor: str,
    shift: int | None = None,
    cover: int | None = None,
) -> RotaChange:
    """Cancel a shift or a cover from now on: what it did until now stays.

    A cover uncovers what lay below it. Raise UnknownShift for one that is not there any more.
    """
    table, key = (shifts, shift) if cover is None else (covers, cover)
    row = connection.execute(
        table.select().where((table.c.id == key) & table.c.cancelled_in.is_(None))
    ).first()
    if row is None:
        raise UnknownShift("shift" if cover is None else "cover", key)
    batch = _begin(connection, "removed" if cover is None else "uncovered", at, actor, "")
    connection.execute(table.update().where(table.c.id == key).values(cancelled_in=batch.id))
    _touch(connection, {row.id if cover is None else row.shift}, at)
    told = {"person": row.worker and f"worker:{row.worker}", **_edges(row.starts_at, row.ends_at)}
    told |= {"role": row.role} if cover is None else {"shift": row.shift}
    _record(connection, batch, before=told)
    return batch


def undo(connection: Connection, batch_id: int, at: datetime, actor: str) -> RotaChange:
    """Undo a change: cancel what it added, bring back what it cancelled; once.

    What it did while it stood stays, as ``read`` says. Raise UnknownShift for a change that there
    is not or that was undone, sqlalchemy.exc.IntegrityError where something new is in the way.
    """
    found = (rota_changes.c.id == batch_id) & rota_changes.c.undone_in.is_(None)
    row = connection.execute(rota_changes.select().where(found)).first()
    if row is None:
        raise UnknownShift("change to undo with the number", batch_id)
    batch = _begin(connection, "undone", at, actor, "")
    _touch(connection, shifts_of(connection, batch_id), at)
    for table in (shifts, covers):
        added = (table.c.added_in == batch_id) & table.c.cancelled_in.is_(None)
        gone = table.c.cancelled_in == batch_id
        back = connection.scalars(sa.select(table.c.id).where(gone)).all()
        connection.execute(table.update().where(added).values(cancelled_in=batch.id))
        connection.execute(table.update().where(table.c.id.in_(back)).values(cancelled_in=None))
    connection.execute(
        rota_changes.update().where(rota_changes.c.id == batch_id).values(undone_in=batch.id)
    )
    _record(connection, batch, before={"change": batch_id, "made": row.kind})
    return batch


def read(connection: Connection, start: datetime, end: datetime) -> tuple[list[Shift], list[Cover]]:
    """Return the shifts that meet a period, and the covers of them, as they count.

    What was cancelled counts for as long as it stood: from when it was added until it was
    cancelled, if that is UNDO_GRACE or more. So the past stays as it was.
    """
    # No shift is longer than MAX_SHIFT: so its end alone, which has an index, leads to it.
    during = shifts.c.ends_at.between(start, end + MAX_SHIFT_LENGTH) & (shifts.c.starts_at < end)
    own, above = _read(connection, during & (shifts.c.ends_at > start))
    own = [shift for shift in own if shift.during.start < end and start < shift.during.end]
    ids = {shift.id for shift in own}
    return own, [cover for cover in above if cover.shift_id in ids]


def read_shifts(
    connection: Connection, shift_ids: Collection[int]
) -> tuple[list[Shift], list[Cover]]:
    """Return some shifts, and all covers of them, as they count."""
    return _read(connection, shifts.c.id.in_(shift_ids))


def shifts_of(connection: Connection, change: int) -> list[int]:
    """Return the ids of the shifts that a change added or cancelled, or whose covers it did."""
    ids: set[int] = set()
    for table, shift_id in ((shifts, shifts.c.id), (covers, covers.c.shift)):
        for column in (table.c.added_in, table.c.cancelled_in):
            ids |= set(connection.scalars(sa.select(shift_id).where(column == change)))
    return sorted(ids)


def _read(
    connection: Connection, wanted: sa.ColumnElement[bool]
) -> tuple[list[Shift], list[Cover]]:
    """Return some shifts, and the covers of them, as they count, in the order of their ids."""
    own = [
        Shift(row.id, row.role, row.worker, span, row.sequence, row.changed_at)
        for row in connection.execute(_standing(shifts).where(wanted))
        if (span := _counts(row))
    ]
    over = _standing(covers).join(shifts, shifts.c.id == covers.c.shift).where(wanted)
    ids = {shift.id for shift in own}
    above = [
        Cover(row.id, row.shift, row.worker, span, row.note)
        for row in connection.execute(over)
        if row.shift in ids and (span := _counts(row))
    ]
    return sorted(own, key=_id), sorted(above, key=_id)


def get(connection: Connection, shift_id: int) -> tuple[Shift, list[Cover]]:
    """Return a shift and its covers as they count. Raise UnknownShift for one that never counts."""
    row = connection.execute(_standing(shifts).where(shifts.c.id == shift_id)).first()
    span = row and _counts(row)
    if row is None or not span:
        raise UnknownShift("shift", shift_id)
    own, over = read(connection, span.start, span.end)
    return next(x for x in own if x.id == shift_id), [x for x in over if x.shift_id == shift_id]


def count_ever_added(connection: Connection, role: str, during: Span) -> int:
    """Return how many shifts and covers were ever entered for a role in a period.

    What is cancelled stays, so that it only grows: it tells a gap from one that was filled since.
    """
    meet = (shifts.c.role == role) & (shifts.c.starts_at < during.end)
    own = sa.select(sa.func.count()).where(meet & (shifts.c.ends_at > during.start))
    over = sa.select(sa.func.count()).join_from(covers, shifts, covers.c.shift == shifts.c.id)
    over = over.where(shifts.c.role == role, covers.c.starts_at < during.end)
    over = over.where(covers.c.ends_at > during.start)
    return connection.execute(own).scalar_one() + connection.execute(over).scalar_one()


def newest_changes(connection: Connection, most: int) -> list[RotaChange]:
    """Return the latest changes of the rota, the last one first."""
    found = rota_changes.select().order_by(rota_changes.c.id.desc()).limit(most)
    return [_batch(row) for row in connection.execute(found)]


def get_change(connection: Connection, batch_id: int) -> RotaChange:
    """Return a change of the rota. Raise UnknownShift."""
    row = connection.execute(rota_changes.select().where(rota_changes.c.id == batch_id)).first()
    if row is None:
        raise UnknownShift("change", batch_id)
    return _batch(row)


def _id(found: Shift | Cover) -> int:
    return found.id


def _standing(table: sa.Table) -> sa.Select[Any]:
    """Select rows with when they were added and, if they were, cancelled."""
    added, gone = rota_changes.alias(), rota_changes.alias()
    return (
        sa.select(table, added.c.made_at.label("added_at"), gone.c.made_at.label("cancelled_at"))
        .join(added, added.c.id == table.c.added_in)
        .outerjoin(gone, gone.c.id == table.c.cancelled_in)
    )


def _counts(row: sa.Row[Any]) -> Span | None:
    """Return the stretch for which a row counts; None if it never does."""
    if row.cancelled_at is None:
        return Span(row.starts_at, row.ends_at)
    start, end = max(row.starts_at, row.added_at), min(row.ends_at, row.cancelled_at)
    start, end = (each.replace(second=0, microsecond=0) for each in (start, end))
    return Span(start, end) if end - start >= UNDO_GRACE else None


def _touch(connection: Connection, ids: Collection[int], at: datetime) -> None:
    """Count a change of some shifts, for calendars."""
    change = {"sequence": shifts.c.sequence + 1, "changed_at": at}
    connection.execute(shifts.update().where(shifts.c.id.in_(ids)).values(**change))


def _begin(connection: Connection, kind: str, at: datetime, actor: str, asked: str) -> RotaChange:
    row = {"kind": kind, "made_at": at, "made_by": actor, "asked": asked or None}
    key = connection.execute(
        rota_changes.insert().values(**row).returning(rota_changes.c.id)
    ).scalar_one()
    return RotaChange(key, kind, at, actor)


def _batch(row: sa.Row[Any]) -> RotaChange:
    return RotaChange(row.id, row.kind, row.made_at, row.made_by, row.undone_in)


def _record(connection: Connection, batch: RotaChange, **told: Any) -> None:
    action, entity = f"rota.{batch.kind}", f"rota:{batch.id}"
    record(connection, batch.made_at, batch.made_by, action, entity, **told)


def _told(added: Sequence[NewShift | NewCover]) -> dict[str, Any]:
    """Tell what was added: one by itself, several by their number and from when to when."""
    edges = _edges(min(x.during.start for x in added), max(x.during.end for x in added))
    if len(added) > 1:
        kinds = {type(each) for each in added}
        return {"covers" if NewCover in kinds else "shifts": len(added), **edges}
    (each,) = added
    person = f"worker:{each.person_id}" if each.person_id is not None else "nobody"
    what = {"role": each.role_id} if isinstance(each, NewShift) else {"shift": each.shift_id}
    return {**what, "person": person, **edges}


def _edges(start: datetime, end: datetime) -> dict[str, str]:
    return {"from": start.isoformat(), "to": end.isoformat()}
