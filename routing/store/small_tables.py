"""Small tables: jobs of `who-to-call timers`, GOV.UK's list, steps of setting up not needed.

A job's ``due_at`` comes from the service's clock. Locks, and when a job ran, come from
``database_time``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.bank_holidays import govuk
from routing.bank_holidays.govuk import HolidayList
from routing.errors import InvalidBankHolidays
from routing.store.alerts import is_ahead
from routing.store.audit_log import record
from routing.store.db import Database
from routing.store.tables import bank_holiday_lists, insert_or_update, jobs, unneeded_steps

MAX_JOB_LOCK = timedelta(minutes=15)
"""The longest time for which a job is locked, or not tried again."""

_CLOCK_TOLERANCE = timedelta(hours=1)  # a later run was noted by a clock that was wrong
_FORGET_JOB_AFTER = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class JobState:
    """The state of a job. ``due_at`` is the time for which it last ran, ``ran_at`` when it ended.

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

    def can_start(self, due_at: datetime, now: datetime) -> bool:
        """Return whether the run that was due at ``due_at`` is neither done nor under way."""
        is_done = self.due_at is not None and due_at <= self.due_at <= due_at + _CLOCK_TOLERANCE
        return not is_done and not is_ahead(self.locked_until, now, MAX_JOB_LOCK)


def job_states(connection: Connection) -> Mapping[str, JobState]:
    """Return the state of each job that was ever started, by name."""
    rows = connection.execute(jobs.select().order_by(jobs.c.name))
    return {row.name: JobState(**row._mapping) for row in rows}


def claim_job(
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
    state = job_states(connection).get(name)
    if state is None:
        connection.execute(jobs.insert().values(name=name, locked_until=now))
    elif not state.can_start(due_at, now):
        return False
    lock = jobs.update().where(jobs.c.name == name)
    connection.execute(lock.values(owner=owner, locked_until=now + timeout))
    return True


def finish_job(
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


def save_holiday_list(connection: Connection, published: HolidayList) -> None:
    """Save GOV.UK's list under its URL, in place of the one saved before."""
    insert = insert_or_update(connection.dialect.name, bank_holiday_lists).values(
        url=published.url,
        checked_at=published.checked_at,
        content=published.model_dump_json(by_alias=True),
    )
    new = {name: insert.excluded[name] for name in ("checked_at", "content")}
    connection.execute(insert.on_conflict_do_update(index_elements=["url"], set_=new))


def copy_newer_holiday_list(database: Database, folder: Path) -> bool:
    """Copy the newest list into ``folder`` if the copy there is older, and return whether it was.

    Raise DatabaseUnavailable, and InvalidBankHolidays if the copy cannot be written.
    """
    query = sa.select(bank_holiday_lists.c.content)
    try:
        own = govuk.load_copy(folder)
    except InvalidBankHolidays:  # broken: any list is better
        own = None
    if own is not None:
        query = query.where(bank_holiday_lists.c.checked_at > own.checked_at)
    with database.reading() as connection:
        newest = query.order_by(bank_holiday_lists.c.checked_at.desc()).limit(1)
        content = connection.scalar(newest)
    if content is not None:
        govuk.save_copy(folder, HolidayList.model_validate_json(content))
    return content is not None


def unneeded_setup_steps(connection: Connection) -> frozenset[str]:
    """Return the steps of setting up that the council does not need."""
    return frozenset(connection.scalars(sa.select(unneeded_steps.c.step)))


def set_setup_step_needed(
    connection: Connection, step: str, is_needed: bool, at: datetime, actor: str
) -> None:
    """Record whether a step of setting up is needed, unless that is recorded already."""
    if is_needed is (step not in unneeded_setup_steps(connection)):
        return
    if is_needed:
        connection.execute(unneeded_steps.delete().where(unneeded_steps.c.step == step))
        record(connection, at, actor, "setup.needed", "setup", before={"step": step})
    else:
        connection.execute(unneeded_steps.insert().values(step=step))
        record(connection, at, actor, "setup.not_needed", "setup", after={"step": step})
