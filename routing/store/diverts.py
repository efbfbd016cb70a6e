"""Diverts as staff set them: set, extended, ended; never altered otherwise, never deleted."""

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
    """A divert as it was set: of a service to a line, by their ids in the directory.

    ``note`` is for colleagues, never for callers. ``set_by`` is an actor of the record. One that
    was ended before it began has an empty span.
    """

    id: int
    service: str
    line: str
    during: Span
    note: str
    set_at: datetime
    set_by: str


@dataclass(frozen=True, slots=True)
class NewDivert:
    """A divert to be set."""

    service: str
    line: str
    during: Span
    note: str


def create(
    connection: Connection, wanted: Sequence[NewDivert], at: datetime, actor: str, asked: str = ""
) -> list[DivertRow]:
    """Set diverts, all or none. Times are cut to whole seconds.

    They are set one after another, whatever the clocks of several machines say: each is newer than
    every one before it. ``asked`` names the form: sent twice, it sets them once.
    """
    forms = [f"{asked}/{number}" if asked else None for number in range(len(wanted))]
    if asked and (kept := _found(connection, diverts.select().where(diverts.c.asked.in_(forms)))):
        return list(kept)
    latest = sa.select(diverts.c.set_at).order_by(diverts.c.id.desc()).limit(1)
    newest = connection.scalar(latest)
    found = []
    for form, each in zip(forms, wanted, strict=True):
        during = Span(_whole(each.during.start), _whole(each.during.end))
        at = newest = max(at, newest + timedelta(microseconds=1)) if newest else at
        insert = diverts.insert().values(
            service=each.service,
            line=each.line,
            starts_at=during.start,
            ends_at=during.end,
            note=each.note,
            set_at=at,
            set_by=actor,
            asked=form,
        )
        key = connection.execute(insert.returning(diverts.c.id)).scalar_one()
        stored = DivertRow(key, each.service, each.line, during, each.note, at, actor)
        record(connection, at, actor, "divert.set", _entity(key), after=_told(stored))
        found.append(stored)
    return found


def move_end(
    connection: Connection, divert_id: int, end: datetime, at: datetime, actor: str
) -> DivertRow:
    """Give a divert another end, and return it. An end at or before ``at`` ends it now.

    One that has not begun is then never in force. One that has ended stays as it was. Raise
    UnknownDivert.
    """
    before = get(connection, divert_id)
    if before.during.end <= at:
        return before
    ended = end <= at
    end = max(_whole(at) if ended else _whole(end), before.during.start)
    connection.execute(diverts.update().where(diverts.c.id == divert_id).values(ends_at=end))
    after = replace(before, during=Span(before.during.start, end))
    action = "divert.ended" if ended else "divert.changed"
    record(connection, at, actor, action, _entity(divert_id), _told(before), _told(after))
    return after


def get(connection: Connection, divert_id: int) -> DivertRow:
    """Return a divert by its id. Raise UnknownDivert."""
    row = connection.execute(diverts.select().where(diverts.c.id == divert_id)).first()
    if row is None:
        raise UnknownDivert(divert_id)
    return _stored(row)


def current_and_future(connection: Connection, at: datetime) -> tuple[DivertRow, ...]:
    """Return every divert that ends after ``at``, those set last coming last."""
    return _found(connection, UNENDED, {"at": at})


def recently_ended(connection: Connection, at: datetime, most: int) -> tuple[DivertRow, ...]:
    """Return the diverts that had ended by ``at``, the last set coming last."""
    past = diverts.select().where(diverts.c.ends_at <= at).order_by(diverts.c.id.desc())
    return _found(connection, past.limit(most))


def overlapping(connection: Connection, start: datetime, end: datetime) -> tuple[DivertRow, ...]:
    """Return every divert in force at some instant from ``start`` to before ``end``."""
    during = (diverts.c.starts_at < end) & (diverts.c.ends_at > start)
    return _found(connection, diverts.select().where(during))


UNENDED = diverts.select().where(diverts.c.ends_at > sa.bindparam("at"))


def _found(
    connection: Connection, statement: sa.Select[Any], values: dict[str, Any] | None = None
) -> tuple[DivertRow, ...]:
    """Return what a statement finds, in the order in which it was set.

    Sorted here: SQLite would rather read every row in the order asked for than sort the few found.
    """
    found = (_stored(row) for row in connection.execute(statement, values or {}))
    return tuple(sorted(found, key=lambda each: each.id))


def _stored(row: sa.Row[Any]) -> DivertRow:
    during = Span(row.starts_at, row.ends_at)
    return DivertRow(row.id, row.service, row.line, during, row.note, row.set_at, row.set_by)


def _entity(key: int) -> str:
    return f"divert:{key}"


def _told(found: DivertRow) -> dict[str, str]:
    return {
        "service": found.service,
        "line": found.line,
        "from": found.during.start.isoformat(),
        "to": found.during.end.isoformat(),
    }


def _whole(at: datetime) -> datetime:
    """Cut to the second, as timetables are: so a divert set now is in force now."""
    return at.astimezone(UTC).replace(microsecond=0)
