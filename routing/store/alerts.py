"""The queue of alerts: each waits until its recipient has it. Delivery is a job (store/jobs.py).

Times of events come from the service's clock. Times of delivery (``now``) come from
``database_time``, which is the same for all machines and which a rehearsal does not move.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.conditions import KINDS, Condition
from routing.config import Recipient
from routing.store import jobs
from routing.store.jobs import JobState
from routing.store.tables import alerts, insert_or_update

MAX_BATCH = 1000
"""The most alerts in one message, which lists a few and counts the rest."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A condition that one recipient is told of.

    ``kind`` is its code and ``text`` its sentence. ``dedupe_key`` identifies the occurrence, so
    that it is sent once. ``last_due_at`` is when the condition last held; ``sent_at`` is None until
    it is sent.
    """

    id: int
    recipient: str
    dedupe_key: str
    kind: str
    text: str
    noticed_at: datetime
    last_due_at: datetime
    sent_at: datetime | None


def database_time(connection: Connection) -> datetime:
    """Return the time by PostgreSQL's clock; with SQLite, by this machine's."""
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC)
    now: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    return now.astimezone(UTC)


def enqueue(
    connection: Connection, recipients: Iterable[str], due: Collection[Condition], at: datetime
) -> None:
    """Queue conditions for each recipient whose queue never had them; of others, note the time."""
    rows = [
        {
            "recipient": recipient,
            "dedupe_key": f"{condition.code} {condition.alert_key}",
            "kind": condition.code,
            "text": condition.sentence,
            "noticed_at": at,
            "last_due_at": at,
        }
        for recipient in recipients
        for condition in due
    ]
    if rows:
        insert, key = insert_or_update(connection.dialect.name, alerts), ["recipient", "dedupe_key"]
        update = insert.on_conflict_do_update(index_elements=key, set_={"last_due_at": at})
        connection.execute(update, rows)


def unsent(connection: Connection, recipient: str) -> list[Alert]:
    """Return the alerts that a recipient has not received, oldest first, at most MAX_BATCH.

    A newer version of the service may have queued kinds that this one does not know.
    """
    is_unsent = (alerts.c.recipient == recipient) & alerts.c.sent_at.is_(None)
    query = alerts.select().where(is_unsent & alerts.c.kind.in_(KINDS)).order_by(alerts.c.id)
    return _read(connection, query.limit(MAX_BATCH))


def failing(connection: Connection, recipients: Iterable[Recipient]) -> list[JobState]:
    """Return the job of each recipient for whom alerts wait since delivery failed."""
    unsent = sa.select(alerts.c.recipient).where(alerts.c.sent_at.is_(None))
    waiting, states = set(connection.scalars(unsent)), jobs.states(connection)
    names = [recipient.job for recipient in recipients if recipient.key in waiting]
    return [states[name] for name in names if name in states and states[name].failing_since]


def mark_sent(connection: Connection, ids: Collection[int], now: datetime) -> None:
    """Note that a recipient has received some alerts."""
    connection.execute(alerts.update().where(alerts.c.id.in_(ids)).values(sent_at=now))


def newest(connection: Connection, limit: int) -> list[Alert]:
    """Return the newest alerts, sent or not, newest first."""
    return _read(connection, alerts.select().order_by(alerts.c.id.desc()).limit(limit))


def _read(connection: Connection, query: sa.Select[Any]) -> list[Alert]:
    return [Alert(**row._mapping) for row in connection.execute(query)]
