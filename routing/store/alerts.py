"""The queue of alerts: sent once to each recipient, and retried until that recipient has it.

Times of events come from the service's clock. Times of delivery (``now``) come from
``database_time``, which is the same for all machines and which a rehearsal does not move.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.store.tables import alert_recipients, alerts

LEASE = timedelta(minutes=3)
"""How long a recipient is reserved for one sender. If that is killed before it has noted what it
sent, the alerts are sent again: twice rather than never.
"""

DIGEST_WINDOW = timedelta(minutes=10)
"""The shortest time between two messages: what happens in it goes into one."""

MAX_BACKOFF = timedelta(minutes=15)
"""The longest pause between two attempts. The first is a minute; each next one is twice that."""

MAX_BATCH = 1000
"""The most alerts in one message, which lists a few and counts the rest."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Something to tell a person. ``title`` and ``text`` are one line each.

    ``key`` identifies the event, so that it is sent once.
    """

    key: str
    kind: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class QueuedAlert:
    """An alert for one recipient. ``sent_at`` is None until it is sent."""

    id: int
    recipient: str
    alert: Alert
    noticed_at: datetime
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """The state of delivery to one recipient.

    ``last_polled_at`` is when a sender last looked for alerts, ``waiting`` how many are not sent;
    ``failing_since`` and ``fault`` are None while delivery works.
    """

    last_polled_at: datetime
    waiting: int
    failing_since: datetime | None
    fault: str | None


def database_time(connection: Connection) -> datetime:
    """Return the time by PostgreSQL's clock; with SQLite, by this machine's."""
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC)
    now: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    return now.astimezone(UTC)


def enqueue(
    connection: Connection,
    recipients: Sequence[str],
    due: Iterable[Alert],
    at: datetime,
    now: datetime,
) -> None:
    """Queue alerts for each recipient whose queue never had them."""
    by_key = {alert.key: alert for alert in due}
    for recipient in recipients:
        if not _update(connection, recipient, last_polled_at=now):
            row = {"recipient": recipient, "last_polled_at": now, "attempts": 0}
            connection.execute(alert_recipients.insert().values(row))
        queued = sa.select(alerts.c.dedupe_key).where(alerts.c.recipient == recipient)
        known = set(connection.scalars(queued))
        rows = [
            {
                "recipient": recipient,
                "dedupe_key": alert.key,
                "kind": alert.kind,
                "title": alert.title,
                "text": alert.text,
                "noticed_at": at,
            }
            for alert in by_key.values()
            if alert.key not in known
        ]
        if rows:
            connection.execute(alerts.insert(), rows)


def lease(
    connection: Connection, recipient: str, now: datetime, impatient: bool = False
) -> list[QueuedAlert]:
    """Reserve a recipient for LEASE and return the alerts to send, at most MAX_BATCH.

    Return none while another sender has the lease, and none before the next attempt is due, which
    ``impatient`` ignores.
    """
    state = _recipient(connection, recipient)
    if is_ahead(state.lease_expires_at, now, LEASE):
        return []
    if is_ahead(state.next_attempt_at, now, max(DIGEST_WINDOW, MAX_BACKOFF)) and not impatient:
        return []
    unsent = alerts.select().where(alerts.c.recipient == recipient, alerts.c.sent_at.is_(None))
    queued = _read(connection, unsent.order_by(alerts.c.id).limit(MAX_BATCH))
    if queued:
        _update(connection, recipient, lease_expires_at=now + LEASE)
    return queued


def mark_sent(connection: Connection, recipient: str, ids: Collection[int], now: datetime) -> None:
    """Note that a recipient has received some alerts, and end the lease."""
    connection.execute(alerts.update().where(alerts.c.id.in_(ids)).values(sent_at=now))
    _update(
        connection,
        recipient,
        lease_expires_at=None,
        next_attempt_at=now + DIGEST_WINDOW,
        attempts=0,
        failing_since=None,
        fault=None,
    )


def mark_failed(connection: Connection, recipient: str, fault: str, now: datetime) -> None:
    """Note that delivery failed, and end the lease: the next attempt follows after a pause."""
    state = _recipient(connection, recipient)
    attempts = state.attempts + 1
    _update(
        connection,
        recipient,
        lease_expires_at=None,
        next_attempt_at=now + backoff(attempts),
        attempts=attempts,
        failing_since=state.failing_since or now,
        fault=fault,
    )


def backoff(attempts: int) -> timedelta:
    """Return the pause after this many failed attempts: 1, 2, 4, 8 minutes, then MAX_BACKOFF."""
    return min(timedelta(minutes=2 ** min(attempts - 1, 10)), MAX_BACKOFF)


def delivery_states(
    connection: Connection, recipients: Collection[str]
) -> dict[str, DeliveryState]:
    """Return the state of each recipient, without those for whom ``enqueue`` never ran."""
    unsent = sa.select(sa.func.count()).where(
        alerts.c.recipient == alert_recipients.c.recipient, alerts.c.sent_at.is_(None)
    )
    query = sa.select(alert_recipients, unsent.scalar_subquery().label("waiting"))
    rows = connection.execute(query.where(alert_recipients.c.recipient.in_(recipients)))
    return {
        row.recipient: DeliveryState(row.last_polled_at, row.waiting, row.failing_since, row.fault)
        for row in rows
    }


def newest(connection: Connection, limit: int) -> list[QueuedAlert]:
    """Return the newest alerts, sent or not, newest first."""
    return _read(connection, alerts.select().order_by(alerts.c.id.desc()).limit(limit))


def purge(
    connection: Connection, recipients: Collection[str], due: Collection[str], before: datetime
) -> None:
    """Delete alerts noticed before an instant, except unsent ones and those still ``due`` by key.

    A due one would be queued again. Unsent ones for nobody among ``recipients`` are deleted too:
    nobody would ever send them.
    """
    is_done = alerts.c.sent_at.is_not(None) | alerts.c.recipient.not_in(recipients)
    is_old = (alerts.c.noticed_at < before) & alerts.c.dedupe_key.not_in(due)
    connection.execute(alerts.delete().where(is_old & is_done))


def is_ahead(until: datetime | None, now: datetime, longest: timedelta) -> bool:
    """Return whether to wait until an instant.

    One further ahead than ``longest`` was written by a clock that has been put back since.
    """
    return until is not None and now < until <= now + longest


def _recipient(connection: Connection, recipient: str) -> sa.Row[Any]:
    query = alert_recipients.select().where(alert_recipients.c.recipient == recipient)
    return connection.execute(query).one()


def _update(connection: Connection, recipient: str, **values: object) -> bool:
    update = alert_recipients.update().where(alert_recipients.c.recipient == recipient)
    return connection.execute(update.values(values)).rowcount > 0


def _read(connection: Connection, query: sa.Select[Any]) -> list[QueuedAlert]:
    return [
        QueuedAlert(number, recipient, Alert(key, kind, title, text), *times)
        for number, recipient, key, kind, title, text, *times in connection.execute(query)
    ]
