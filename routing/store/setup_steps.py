"""The steps of setting the service up that a council has said it does not need."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.store.audit_log import record
from routing.store.tables import unneeded_steps


def unneeded(connection: Connection) -> frozenset[str]:
    """Return the steps of setting up that the council does not need."""
    return frozenset(connection.scalars(sa.select(unneeded_steps.c.step)))


def set_needed(
    connection: Connection, step: str, is_needed: bool, at: datetime, actor: str
) -> None:
    """Record whether a step of setting up is needed, unless that is recorded already."""
    if is_needed is (step not in unneeded(connection)):
        return
    if is_needed:
        connection.execute(unneeded_steps.delete().where(unneeded_steps.c.step == step))
        record(connection, at, actor, "setup.needed", "setup", before={"step": step})
    else:
        connection.execute(unneeded_steps.insert().values(step=step))
        record(connection, at, actor, "setup.not_needed", "setup", after={"step": step})
