"""Shifts and covers. Each change can be undone as a whole; no row is ever deleted."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.core.instants import Span
from routing.errors import InvalidRotaChange, UnknownShift
from routing.rota.roster import MAX_SHIFT_HOURS, Cover, Shift, span_of
from routing.store.audit_log import record
from routing.store.tables import audit_log, covers, rota_changes, rota_people, shifts

_CREATED, _CANCELLED = rota_changes.alias(), rota_changes.alias()
_NOT_UNDONE = rota_changes.c.undone_by_change_id.is_(None)
_UNDONE_BY_RESTORING = ("removed", "uncovered", "replaced", "undone")

UNDO_GRACE = timedelta(minutes=5)
"""A shift or cover that was cancelled sooner than this counts as if it had never been added."""


@dataclass(frozen=True, slots=True)
class RotaChange:
    """One change of the rota: what is added or cancelled together, and undone together.

    ``summary`` is what it did in words, "" where its kind says it all.
    """

    id: int
    kind: str
    made_at: datetime
    made_by: str
    summary: str
    undone_by_change_id: int | None

    @property
    def can_be_undone(self) -> bool:
        """Return whether ``undo`` may undo it: once, and no undo but of what only added something.

        That puts it back.
        """
        return self.undone_by_change_id is None and self.kind != "restored"


@dataclass(frozen=True, slots=True)
class ImportedSheet:
    """An imported spreadsheet: its file's name, "" if unknown, and what it is the rota of."""

    name: str
    role_ids: tuple[str, ...]
    period: Span


_CHANGE_COLUMNS = [rota_changes.c[field.name] for field in fields(RotaChange)]


def add(
    connection: Connection,
    kind: str,
    added: Sequence[Shift | Cover],
    at: datetime,
    actor: str,
    idempotency_key: str = "",
    cancelled: Sequence[Shift | Cover] = (),
    summary: str = "",
    sheet: ImportedSheet | None = None,
) -> RotaChange:
    """Cancel some shifts and covers, and add others, all or none.

    What is cancelled stays as it was before ``at``; where a cover is, what it covered counts again.
    Raise sqlalchemy.exc.IntegrityError if a shift overlaps another of the same person in the same
    role, or if there is a change with the same ``idempotency_key``.
    """
    more: dict[str, object] = {"idempotency_key": idempotency_key or None, "summary": summary}
    if sheet is not None:
        more |= {"sheet_name": sheet.name, "sheet_role_ids": ",".join(sheet.role_ids)}
        more |= {"sheet_starts_at": sheet.period.start, "sheet_ends_at": sheet.period.end}
    change = _insert_change(connection, kind, at, actor, **more)
    old_shifts = [old.id for old in cancelled if isinstance(old, Shift)]
    old_covers = {old.id: old.shift_id for old in cancelled if isinstance(old, Cover)}
    for table, old_ids in ((shifts, old_shifts), (covers, old_covers)):
        stands = table.c.id.in_(old_ids) & table.c.cancelled_by_change_id.is_(None)
        connection.execute(table.update().where(stands).values(cancelled_by_change_id=change.id))
    new_shifts: list[dict[str, Any]] = []
    new_covers: list[dict[str, Any]] = []
    # In this order the database's check for overlaps is quick.
    for new in sorted(added, key=lambda new: new.during.start):
        row = {
            "rota_person_id": new.person_id,
            "starts_at": new.during.start,
            "ends_at": new.during.end,
            "created_by_change_id": change.id,
        }
        if isinstance(new, Shift):
            new_shifts.append(row | {"duty_role": new.role_id, "sequence": 0, "changed_at": at})
        else:
            new_covers.append(row | {"shift_id": new.shift_id, "note": new.note})
    for table, rows in ((shifts, new_shifts), (covers, new_covers)):
        if rows:
            connection.execute(table.insert(), rows)
    covered = {row["shift_id"] for row in new_covers}
    _mark_changed(connection, {*old_shifts, *old_covers.values(), *covered}, at)
    before, after = _summary(connection, cancelled), _summary(connection, added)
    record(connection, at, actor, f"rota.{kind}", f"rota:{change.id}", before, after)
    return change


def find_change_by_key(connection: Connection, idempotency_key: str) -> RotaChange | None:
    """Return the change that was made with an idempotency key; None if there is none."""
    return _find_change(connection, rota_changes.c.idempotency_key == idempotency_key)


def revision(connection: Connection) -> tuple[int, int]:
    """Return the id of the newest change and how many people have left.

    It differs once the rota has been changed, or somebody has left.
    """
    newest = sa.select(sa.func.coalesce(sa.func.max(rota_changes.c.id), 0)).scalar_subquery()
    has_left = rota_people.c.left_at.is_not(None)
    leavers = sa.select(sa.func.count()).where(has_left).scalar_subquery()
    newest_id, leaver_count = connection.execute(sa.select(newest, leavers)).one()
    return newest_id, leaver_count


def undo(connection: Connection, change_id: int, at: datetime, actor: str) -> RotaChange:
    """Undo a change, once: cancel what it added and restore what it cancelled, from ``at`` on.

    What an undone change had added stays cancelled, unless it is that undo which is undone: then
    the change counts again. Raise UnknownShift for a change that is unknown or undone already,
    InvalidRotaChange for one of another kind that cannot be undone,
    sqlalchemy.exc.IntegrityError where a restored shift overlaps a newer one.
    """
    original = _find_change(connection, (rota_changes.c.id == change_id) & _NOT_UNDONE)
    if original is None:
        raise UnknownShift(
            f"The rota has no change {change_id}, or it was undone already. The rota page lists "
            "the latest changes."
        )
    if not original.can_be_undone:
        raise InvalidRotaChange("", "This undo cannot be undone. Make the change again.")
    kind = "restored" if original.kind in _UNDONE_BY_RESTORING else "undone"
    done = "Put back" if original.kind == "undone" else "Undone"
    summary = original.summary and f"{done}: {original.summary.removeprefix('Undone: ')}"
    change = _insert_change(connection, kind, at, actor, summary=summary)
    mark_undone = rota_changes.update().where(rota_changes.c.id == change_id)
    connection.execute(mark_undone.values(undone_by_change_id=change.id))
    count_again = rota_changes.update().where(rota_changes.c.undone_by_change_id == change_id)
    connection.execute(count_again.values(undone_by_change_id=None))
    for table, shift_id in ((shifts, shifts.c.id), (covers, covers.c.shift_id)):
        cancelled_by, created_by = table.c.cancelled_by_change_id, table.c.created_by_change_id
        is_concerned = (created_by == change_id) | (cancelled_by == change_id)
        _mark_changed(connection, sa.select(shift_id).where(is_concerned), at)
        cancel_added = table.update().where((created_by == change_id) & cancelled_by.is_(None))
        connection.execute(cancel_added.values(cancelled_by_change_id=change.id))
        undone_by = sa.select(rota_changes.c.undone_by_change_id)
        undone_by = undone_by.where(rota_changes.c.id == created_by)
        restore = table.update().where(cancelled_by == change_id)
        connection.execute(restore.values(cancelled_by_change_id=undone_by.scalar_subquery()))
    entry = sa.select(audit_log.c.after, audit_log.c.before)
    entry = entry.where(audit_log.c.entity == f"rota:{change_id}")
    before, after = connection.execute(entry).first() or (None, None)
    before = {"made": original.kind, **(before or {})}
    record(connection, at, actor, f"rota.{kind}", f"rota:{change.id}", before, after)
    return change


def read(connection: Connection, start: datetime, end: datetime) -> tuple[list[Shift], list[Cover]]:
    """Return the shifts that overlap a period, and their covers.

    A cancelled one counts from when it was added until it was cancelled, if that is UNDO_GRACE or
    more, so that the past stays as it was.
    """
    # No shift is longer than MAX_SHIFT_HOURS, so its end alone, which has an index, finds it.
    is_wanted = (shifts.c.ends_at > start) & (shifts.c.ends_at <= end + MAX_SHIFT_HOURS)
    return _read(connection, is_wanted & (shifts.c.starts_at < end))


def get(connection: Connection, shift_id: int) -> Shift:
    """Return a shift, as ``read`` does. Raise UnknownShift."""
    current_shifts, _ = _read(connection, shifts.c.id == shift_id)
    if not current_shifts:
        raise UnknownShift(f"There is no shift {shift_id} on the rota, or it was removed.")
    return current_shifts[0]


def count_ever_added(connection: Connection, role: str, during: Span) -> int:
    """Return how many shifts and covers were ever added for a role in a period.

    Cancelled ones count, so the number only grows: a gap that was filled in between has another.
    """
    total = 0
    for table, rows in ((shifts, shifts), (covers, covers.join(shifts))):
        is_near = (table.c.starts_at < during.end) & (table.c.ends_at > during.start)
        query = sa.select(sa.func.count()).select_from(rows)
        query = query.where(is_near & (shifts.c.duty_role == role))
        total += connection.execute(query).scalar_one()
    return total


def imports_of(connection: Connection, name: str) -> list[ImportedSheet]:
    """Return each import of a file of this name that was not undone, oldest first."""
    is_import = (rota_changes.c.sheet_name == name) & _NOT_UNDONE
    query = rota_changes.select().where(is_import).order_by(rota_changes.c.id)
    return [
        ImportedSheet(
            name, tuple(row.sheet_role_ids.split(",")), Span(row.sheet_starts_at, row.sheet_ends_at)
        )
        for row in connection.execute(query)
    ]


def newest_changes(connection: Connection, limit: int) -> list[RotaChange]:
    """Return the newest changes of the rota, newest first."""
    query = sa.select(*_CHANGE_COLUMNS).order_by(rota_changes.c.id.desc()).limit(limit)
    return [RotaChange(*row) for row in connection.execute(query)]


def get_change(connection: Connection, change_id: int) -> RotaChange:
    """Return a change of the rota by its id. Raise UnknownShift."""
    change = _find_change(connection, rota_changes.c.id == change_id)
    if change is None:
        raise UnknownShift(f"The rota has no change {change_id}.")
    return change


def _find_change(connection: Connection, is_wanted: sa.ColumnElement[bool]) -> RotaChange | None:
    row = connection.execute(sa.select(*_CHANGE_COLUMNS).where(is_wanted)).first()
    return RotaChange(*row) if row else None


def _read(
    connection: Connection, is_wanted: sa.ColumnElement[bool]
) -> tuple[list[Shift], list[Cover]]:
    columns = shifts.c["id", "duty_role", "rota_person_id", "sequence", "changed_at"]
    current_shifts = {
        row_id: Shift(role_id, person_id, span, row_id, sequence, changed_at)
        for span, row_id, role_id, person_id, sequence, changed_at in _effective_rows(
            connection, shifts, sa.select(*columns).where(is_wanted)
        )
    }
    columns = covers.c["id", "shift_id", "rota_person_id", "note"]
    query = sa.select(*columns).join(shifts, shifts.c.id == covers.c.shift_id).where(is_wanted)
    current_covers = [
        Cover(shift_id, person_id, span, note, row_id)
        for span, row_id, shift_id, person_id, note in _effective_rows(connection, covers, query)
        if shift_id in current_shifts
    ]
    return list(current_shifts.values()), current_covers


def _effective_rows(
    connection: Connection, table: sa.Table, query: sa.Select[Any]
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows that count, each after the period for which it does."""
    is_cancelled = table.c.cancelled_by_change_id.is_not(None)
    is_creation = (_CREATED.c.id == table.c.created_by_change_id) & is_cancelled
    is_cancellation = _CANCELLED.c.id == table.c.cancelled_by_change_id
    times = (table.c.starts_at, table.c.ends_at, _CREATED.c.made_at, _CANCELLED.c.made_at)
    query = query.add_columns(*times)
    query = query.outerjoin(_CREATED, is_creation).outerjoin(_CANCELLED, is_cancellation)
    # By position: a page of the rota has thousands of rows, and names would take a fifth longer.
    for *values, start, end, added_at, cancelled_at in connection.execute(query):
        if span := _effective_span(start, end, added_at, cancelled_at):
            yield span, *values


def _effective_span(
    start: datetime, end: datetime, added_at: datetime, cancelled_at: datetime | None
) -> Span | None:
    """Return the period for which a row counts, in whole minutes if it was cancelled, or None."""
    if cancelled_at is None:
        return Span(start, end)
    start, end = max(start, added_at), min(end, cancelled_at)
    start, end = start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0)
    return Span(start, end) if end - start >= UNDO_GRACE else None


def _mark_changed(
    connection: Connection, ids: Collection[int] | sa.Select[Any], at: datetime
) -> None:
    """Count a change of some shifts, so that calendars take the new version."""
    change = {"sequence": shifts.c.sequence + 1, "changed_at": at}
    connection.execute(shifts.update().where(shifts.c.id.in_(ids)).values(**change))


def _insert_change(
    connection: Connection, kind: str, at: datetime, actor: str, **more: object
) -> RotaChange:
    insert = rota_changes.insert().values(kind=kind, made_at=at, made_by=actor, **more)
    return RotaChange(*connection.execute(insert.returning(*_CHANGE_COLUMNS)).one())


def _summary(connection: Connection, changed: Sequence[Shift | Cover]) -> dict[str, Any] | None:
    """Return what the audit log holds: of one, its content; of several, their number and period."""
    if not changed:
        return None
    span = span_of(changed)
    edges = {"from": span.start.isoformat(), "to": span.end.isoformat()}
    if len(changed) > 1:
        has_covers = any(isinstance(new, Cover) for new in changed)
        return {"covers" if has_covers else "shifts": len(changed), **edges}
    (one,) = changed
    person = f"rota_person:{one.person_id}" if one.person_id is not None else "nobody"
    if isinstance(one, Shift):
        return {"role": one.role_id, "person": person, **edges}
    shift = connection.execute(shifts.select().where(shifts.c.id == one.shift_id)).one()
    in_place_of = f"rota_person:{shift.rota_person_id}"
    covered = {"role": shift.duty_role, "in_place_of": in_place_of, "shift": shift.id}
    return {**covered, "person": person, **edges}
