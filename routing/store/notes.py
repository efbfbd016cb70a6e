"""Notes that staff write beside a divert or a cover: the only free text, for nobody's file."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.store.audit_log import record
from routing.store.tables import covers, diverts


def old(before: datetime) -> tuple[sa.Select[Any], ...]:
    """Select the diverts and the covers with a note that ended before an instant."""
    return tuple(sa.select(table.c.id).where(_old(table, before)) for table in (diverts, covers))


def purge(connection: Connection, before: datetime, at: datetime, actor: str) -> tuple[int]:
    """Empty the notes of what ended before an instant, and return how many there were."""
    count = sum(
        connection.execute(table.update().where(_old(table, before)).values(note="")).rowcount
        for table in (diverts, covers)
    )
    if count:
        record(connection, at, actor, "notes.purged", "notes", after={"notes": count})
    return (count,)


def _old(table: sa.Table, before: datetime) -> sa.ColumnElement[bool]:
    return (table.c.ends_at < before) & (table.c.note != "")
