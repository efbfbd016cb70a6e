"""The audit log: who changed what, when, from what to what. The database refuses to alter it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.store.tables import audit_log, diverts, lock_writers, rota_changes

SERVICE_ACTOR = "service"
"""The actor of changes that no person made: the service itself."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry.

    ``actor`` is ``account:3``, ``terminal:1000`` (a user of the machine, by number) or
    SERVICE_ACTOR: never a name. ``before`` is None for what was created, ``after`` for what was
    deleted.
    """

    id: int
    at: datetime
    actor: str
    action: str
    entity: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


def record(
    connection: Connection,
    at: datetime,
    actor: str,
    action: str,
    entity: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add an entry, in the transaction of the change that it describes."""
    states = {"before": before or sa.null(), "after": after or sa.null()}
    insert = audit_log.insert().values(at=at, actor=actor, action=action, entity=entity, **states)
    connection.execute(insert)


def record_if_changed(
    connection: Connection, at: datetime, action: str, entity: str, after: Mapping[str, Any]
) -> None:
    """Add an entry by the service, unless the newest one of ``entity`` says the same.

    Every worker of every machine notices a changed file; one of them records it.
    """
    lock_writers(connection)  # otherwise two that notice it at the same time both record it
    newest_first = audit_log.select().order_by(audit_log.c.id.desc())
    last = connection.execute(newest_first.where(audit_log.c.entity == entity).limit(1)).first()
    before = None if last is None else last.after
    if before != after:
        record(connection, at, SERVICE_ACTOR, action, entity, before, after)


def newest(connection: Connection, limit: int, before: int | None = None) -> list[AuditEntry]:
    """Return the newest entries, newest first; only those older than entry ``before``, if given."""
    query = audit_log.select().order_by(audit_log.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(audit_log.c.id < before)
    return [AuditEntry(**row._mapping) for row in connection.execute(query)]


def notes(connection: Connection, entries: Iterable[AuditEntry]) -> dict[str, str]:
    """Return, by entity, why of diverts whose notes are kept, and what changes of the rota did.

    An entry itself holds no note: notes are emptied after NOTE_RETENTION_DAYS, entries are not.
    Notes of covers are left out: they are about somebody's absence.
    """
    parts, texts = [entry.entity.partition(":") for entry in entries], dict[str, str]()
    for kind, text in (("divert", diverts.c.note), ("rota", rota_changes.c.summary)):
        ids = {int(number) for name, _, number in parts if name == kind and number.isdecimal()}
        query = sa.select(text.table.c.id, text).where(text.table.c.id.in_(ids) & (text != ""))
        texts |= {f"{kind}:{row_id}": words for row_id, words in connection.execute(query)}
    return texts
