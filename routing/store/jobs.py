"""The jobs of `who-to-call timers`: when each last succeeded, and which process runs it now.

A job's ``due_at`` comes from the service's clock. Locks and ``ran_at`` come from
``database_time``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.store.tables import insert_or_update, jobs

MAX_JOB_LOCK = timedelta(minutes=15)
"""The longest time for which a job is locked, or not tried again."""

_CLOCK_TOLERANCE = timedelta(hours=1)  # a later run was noted by a clock that was wrong
_FORGET_JOB_AFTER = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class JobState:
    """The state of a job. ``due_at`` is when its last success was due, ``ran_at`` when it ended.

    It is not started before ``locked_until``: ``owner`` runs it, or it has just failed.
    ``failing_since`` and ``fault`` are None unless its last run failed.
    """

    name: str
    owner: str | None
    locked_until: datetime
    due_at: datetime | None
    ran_at: datetime | None
    failing_since: datetime | None
    fault: str | None


def states(connection: Connection) -> Mapping[str, JobState]:
    """Return the state of each job that was ever started, by name."""
    rows = connection.execute(jobs.select().order_by(jobs.c.name))
    return {row.name: JobState(**row._mapping) for row in rows}


def claim(
    connection: Connection,
    name: str,
    owner: str,
    due_at: datetime,
    now: datetime,
    timeout: timedelta,
) -> bool:
    """Lock a job for ``timeout``; return False if it has run, or another process runs it.

    A job whose owner is killed can be claimed again after ``timeout``. Jobs that nobody has tried
    to run for a month are forgotten.
    """
    connection.execute(jobs.delete().where(jobs.c.locked_until < now - _FORGET_JOB_AFTER))
    lock = {"owner": owner, "locked_until": now + timeout}
    # What lies further ahead was noted by a clock that has been put back since.
    is_done = jobs.c.due_at.between(due_at, due_at + _CLOCK_TOLERANCE)
    is_locked = (jobs.c.locked_until > now) & (jobs.c.locked_until <= now + MAX_JOB_LOCK)
    can_start = ~sa.func.coalesce(is_done, sa.false()) & ~is_locked
    insert = insert_or_update(connection.dialect.name, jobs).values(name=name, **lock)
    upsert = insert.on_conflict_do_update(index_elements=["name"], set_=lock, where=can_start)
    return connection.execute(upsert.returning(jobs.c.name)).first() is not None


def finish(
    connection: Connection,
    name: str,
    owner: str,
    due_at: datetime,
    now: datetime,
    fault: str | None = None,
    retry_after: timedelta = timedelta(0),
) -> None:
    """Note how a job ended, and unlock it, unless another process has claimed it since.

    With a ``fault``, whoever comes first ``retry_after`` from now tries again.
    """
    values: dict[str, object] = {"owner": None, "fault": fault}
    if fault is None:
        values |= {"locked_until": now, "due_at": due_at, "ran_at": now, "failing_since": None}
    else:
        since = sa.func.coalesce(jobs.c.failing_since, now, type_=jobs.c.failing_since.type)
        values |= {"locked_until": now + retry_after, "failing_since": since}
    update = jobs.update().where((jobs.c.name == name) & (jobs.c.owner == owner))
    connection.execute(update.values(values))
