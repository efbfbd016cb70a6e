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

from routing.store.tables import alert_recipients, alerts, insert_or_update

LEASE = timedelta(minutes=3)
"""How long a recipient is reserved for one sender. If that is killed before it has noted what it
sent, the alerts are sent again: twice rather than never.
"""

RETRY_PAUSE = timedelta(minutes=5)
"""How long after a failure the next attempt follows."""

DIGEST_WINDOW = timedelta(minutes=10)
"""The shortest time between two messages: what happens in it goes into one."""

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
    recipient_rows = [{"recipient": key, "last_polled_at": now} for key in recipients]
    alert_rows = [
        {
            "recipient": recipient,
            "dedupe_key": alert.key,
            "kind": alert.kind,
            "title": alert.title,
            "text": alert.text,
            "noticed_at": at,
        }
        for recipient in recipients
        for alert in due
    ]
    dialect = connection.dialect.name
    if recipient_rows:
        insert = insert_or_update(dialect, alert_recipients)
        new = {"last_polled_at": insert.excluded.last_polled_at}
        upsert = insert.on_conflict_do_update(index_elements=["recipient"], set_=new)
        connection.execute(upsert, recipient_rows)
    if alert_rows:
        connection.execute(insert_or_update(dialect, alerts).on_conflict_do_nothing(), alert_rows)


def lease(connection: Connection, recipient: str, now: datetime) -> list[QueuedAlert]:
    """Reserve a recipient for LEASE and return the alerts to send, at most MAX_BATCH.

    Return none while another sender has the lease, and none before the next message is due.
    """
    is_recipient = alert_recipients.c.recipient == recipient
    not_before = connection.scalar(sa.select(alert_recipients.c.not_before).where(is_recipient))
    if is_ahead(not_before, now, DIGEST_WINDOW):
        return []
    unsent = alerts.select().where(alerts.c.recipient == recipient, alerts.c.sent_at.is_(None))
    queued = _read(connection, unsent.order_by(alerts.c.id).limit(MAX_BATCH))
    if queued:
        reserve = alert_recipients.update().where(is_recipient)
        connection.execute(reserve.values(not_before=now + LEASE))
    return queued


def finish(
    connection: Connection,
    recipient: str,
    ids: Collection[int],
    now: datetime,
    fault: str | None = None,
) -> None:
    """Note that a recipient has received some alerts, or has not because of a ``fault``.

    The lease ends. The next message follows after DIGEST_WINDOW, or RETRY_PAUSE.
    """
    values: dict[str, object] = {"fault": fault}
    if fault is None:
        connection.execute(alerts.update().where(alerts.c.id.in_(ids)).values(sent_at=now))
        values |= {"not_before": now + DIGEST_WINDOW, "failing_since": None}
    else:
        since = alert_recipients.c.failing_since
        values |= {
            "not_before": now + RETRY_PAUSE,
            "failing_since": sa.func.coalesce(since, now, type_=since.type),
        }
    update = alert_recipients.update().where(alert_recipients.c.recipient == recipient)
    connection.execute(update.values(values))


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


def _read(connection: Connection, query: sa.Select[Any]) -> list[QueuedAlert]:
    return [
        QueuedAlert(number, recipient, Alert(key, kind, title, text), *times)
        for number, recipient, key, kind, title, text, *times in connection.execute(query)
    ]
