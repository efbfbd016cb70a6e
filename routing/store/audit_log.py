"""The record: who changed what, when, from what to what. Only ever added to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.store.db import lock_writers
from routing.store.tables import audit_log

SERVICE_ACTOR = "service"
"""Who did what no person did: the service itself."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry of the record.

    ``actor`` is ``person:3``, ``terminal:1000`` (a user of the machine, by number) or SERVICE:
    never a name. ``before`` is None for what is new, ``after`` for what is gone.
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
    """Add an entry, in the transaction of the change that it tells."""
    row = {"at": at, "actor": actor, "action": action, "entity": entity}
    null = sa.null()
    connection.execute(audit_log.insert().values(**row, before=before or null, after=after or null))


def record_if_changed(
    connection: Connection, at: datetime, action: str, entity: str, after: Mapping[str, Any]
) -> None:
    """Add what the service noticed of ``entity``, unless that is what was last noticed of it.

    Every worker of every machine notices a changed file; the record tells it once.
    """
    lock_writers(connection)  # or two that notice at once would both record it
    newest = audit_log.select().where(audit_log.c.entity == entity).order_by(audit_log.c.id.desc())
    last = connection.execute(newest.limit(1)).first()
    before = None if last is None else last.after
    if before != after:
        record(connection, at, SERVICE_ACTOR, action, entity, before, after)


def newest(connection: Connection, most: int, before: int | None = None) -> list[AuditEntry]:
    """Return the newest entries, the newest first; those older than entry ``before``, if given."""
    found = audit_log.select().order_by(audit_log.c.id.desc()).limit(most)
    if before is not None:
        found = found.where(audit_log.c.id < before)
    return [AuditEntry(**row._mapping) for row in connection.execute(found)]
