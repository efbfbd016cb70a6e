"""Diverts as staff set, extend and end them. Nothing else of them changes; none is deleted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.core.instants import Span
from routing.errors import UnknownDivert
from routing.store.audit_log import record
from routing.store.tables import diverts


@dataclass(frozen=True, slots=True)
class DivertRow:
    """A stored divert of a service to a line, by their ids in the directory.

    ``note`` is for colleagues, never for callers. ``set_by`` is an actor of the audit log. A
    divert that was ended before it began has an empty span. ``replaced_line`` took the service's
    calls when the divert began, None if that is not known; ``may_ring`` says that it may be tried.
    """

    id: int
    service: str
    line: str
    during: Span
    note: str
    set_at: datetime
    set_by: str
    replaced_line: str | None = None
    may_ring: bool = False


@dataclass(frozen=True, slots=True)
class NewDivert:
    """A divert to be set. Its fields are those of DivertRow."""

    service: str
    line: str
    during: Span
    note: str
    replaced_line: str | None = None
    may_ring: bool = False


def create(
    connection: Connection,
    new_diverts: Sequence[NewDivert],
    at: datetime,
    actor: str,
    idempotency_key: str = "",
) -> list[DivertRow]:
    """Set diverts, all or none, with times cut to whole seconds; return them in the given order.

    Each gets a later ``set_at`` than every one before it, even if the clocks of several machines
    differ. Called again with the same ``idempotency_key``, it returns the diverts of the first
    call.
    """
    keys = [f"{idempotency_key}/{number}" for number in range(len(new_diverts))]
    if idempotency_key:
        earlier = _read(connection, diverts.select().where(diverts.c.idempotency_key.in_(keys)))
        if earlier:
            return list(earlier)
    newest = sa.select(diverts.c.set_at).order_by(diverts.c.id.desc()).limit(1)
    newest_set_at = connection.scalar(newest)
    created = []
    for key, new in zip(keys, new_diverts, strict=True):
        if newest_set_at:
            at = max(at, newest_set_at + timedelta(microseconds=1))
        newest_set_at = at
        during = Span(_whole_second(new.during.start), _whole_second(new.during.end))
        insert = diverts.insert().values(
            service=new.service,
            line=new.line,
            starts_at=during.start,
            ends_at=during.end,
            note=new.note,
            set_at=at,
            set_by=actor,
            idempotency_key=key if idempotency_key else None,
            replaced_line=new.replaced_line,
            may_ring=new.may_ring,
        )
        divert_id = connection.execute(insert.returning(diverts.c.id)).scalar_one()
        divert = DivertRow(
            divert_id,
            new.service,
            new.line,
            during,
            new.note,
            at,
            actor,
            new.replaced_line,
            new.may_ring,
        )
        record(connection, at, actor, "divert.set", f"divert:{divert_id}", after=_summary(divert))
        created.append(divert)
    return created


def move_end(
    connection: Connection, divert_id: int, end: datetime, at: datetime, actor: str
) -> DivertRow:
    """Change a divert's end, and return it. An end at or before ``at`` ends it now.

    If it has not begun, it is then never in force. If it has ended, nothing changes. Raise
    UnknownDivert.
    """
    before = get(connection, divert_id)
    if before.during.end <= at:
        return before
    ends_now = end <= at
    end = max(_whole_second(at if ends_now else end), before.during.start)
    connection.execute(diverts.update().where(diverts.c.id == divert_id).values(ends_at=end))
    after = replace(before, during=Span(before.during.start, end))
    action = "divert.ended" if ends_now else "divert.changed"
    record(connection, at, actor, action, f"divert:{divert_id}", _summary(before), _summary(after))
    return after


def get(connection: Connection, divert_id: int) -> DivertRow:
    """Return a divert by its id. Raise UnknownDivert."""
    row = connection.execute(diverts.select().where(diverts.c.id == divert_id)).first()
    if row is None:
        raise UnknownDivert(divert_id)
    return _divert(row)


def current_and_future(connection: Connection, at: datetime) -> tuple[DivertRow, ...]:
    """Return every divert that ends after ``at``, newest last."""
    return _read(connection, diverts.select().where(diverts.c.ends_at > at))


def recently_ended(connection: Connection, at: datetime, limit: int) -> tuple[DivertRow, ...]:
    """Return the newest diverts that had ended by ``at``, newest last."""
    ended = diverts.select().where(diverts.c.ends_at <= at).order_by(diverts.c.id.desc())
    return _read(connection, ended.limit(limit))


def overlapping(connection: Connection, start: datetime, end: datetime) -> tuple[DivertRow, ...]:
    """Return every divert in force at some instant from ``start`` to before ``end``."""
    is_overlapping = (diverts.c.starts_at < end) & (diverts.c.ends_at > start)
    return _read(connection, diverts.select().where(is_overlapping))


def _read(connection: Connection, query: sa.Select[Any]) -> tuple[DivertRow, ...]:
    """Return the diverts of a query, newest last.

    Sorted here: for an ORDER BY, SQLite would read every row rather than sort the few matches.
    """
    rows = connection.execute(query)
    return tuple(sorted(map(_divert, rows), key=lambda divert: divert.id))


def _divert(row: sa.Row[Any]) -> DivertRow:
    during = Span(row.starts_at, row.ends_at)
    return DivertRow(
        row.id,
        row.service,
        row.line,
        during,
        row.note,
        row.set_at,
        row.set_by,
        row.replaced_line,
        row.may_ring,
    )


def _summary(divert: DivertRow) -> dict[str, str]:
    """Return what the audit log holds of a divert: no note."""
    return {
        "service": divert.service,
        "line": divert.line,
        "from": divert.during.start.isoformat(),
        "to": divert.during.end.isoformat(),
    }


def _whole_second(at: datetime) -> datetime:
    """Cut to the second, as timetables are, so that a divert set now is in force now."""
    return at.astimezone(UTC).replace(microsecond=0)
