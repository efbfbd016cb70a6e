"""The queue of alerts: each told once to each recipient, tried again until that recipient has it.

Times of what happened are by the service's clock. Those of sending (``now``) are by ``clock``: it
is the same for all machines, and a rehearsal does not move it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.store.tables import alert_recipients, alerts

LEASE = timedelta(minutes=3)
"""For so long a sender has a recipient for itself. One that is killed before it could note what it
sent leaves that to be sent again: twice rather than never.
"""

DIGEST_WINDOW = timedelta(minutes=10)
"""After a message the next goes no sooner: what happens meanwhile is told in one."""

MAX_BACKOFF = timedelta(minutes=15)
"""Between two tries, the pause doubles from a minute to this."""

MAX_BATCH = 1000
"""Alerts in one message, most of them counted only."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that a person should be told of.

    ``key`` names what happened, so that it is told once; ``title`` says it in a few words, ``text``
    what, since when. Both are one line each.
    """

    key: str
    kind: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class QueuedAlert:
    """An alert for a recipient: when it was noticed, and when it was sent (None: not yet)."""

    id: int
    recipient: str
    alert: Alert
    noticed_at: datetime
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """How sending to a recipient stands: when a sender last looked, how much waits, what is wrong.

    ``fault`` and ``failing_since`` are None while all is well, ``not_before`` while it may be sent
    at once.
    """

    looked_at: datetime
    waiting: int
    not_before: datetime | None
    failing_since: datetime | None
    fault: str | None


def database_time(connection: Connection) -> datetime:
    """Return the instant it is by the database: PostgreSQL's own clock, or this machine's."""
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
) -> int:
    """Queue what is due ``at`` for each recipient that was not told of it yet; return how many."""
    due, count = list(due), 0
    for each in recipients:
        mine = alert_recipients.c.recipient == each
        if not connection.execute(
            alert_recipients.update().where(mine).values(looked_at=now)
        ).rowcount:
            row = {"recipient": each, "looked_at": now, "tries": 0}
            connection.execute(alert_recipients.insert().values(row))
        told = set(connection.scalars(sa.select(alerts.c.key).where(alerts.c.recipient == each)))
        new = {alert.key: alert for alert in due if alert.key not in told}
        rows = [_row(alert) | {"recipient": each, "noticed_at": at} for alert in new.values()]
        if rows:
            connection.execute(alerts.insert(), rows)
        count += len(rows)
    return count


def lease(
    connection: Connection, recipient: str, now: datetime, impatient: bool = False
) -> list[QueuedAlert]:
    """Return what waits for a recipient, MOST of it, and have that recipient alone for LEASE.

    Return nothing where another sender has it, or where it is too soon: ``impatient`` is given it
    then all the same.
    """
    state = _state(connection, recipient)
    longest = max(DIGEST_WINDOW, MAX_BACKOFF)
    if _lies_ahead(state.claimed_until, now, LEASE):
        return []
    if _lies_ahead(state.not_before, now, longest) and not impatient:
        return []
    unsent = (alerts.c.recipient == recipient) & alerts.c.sent_at.is_(None)
    found = _queued(
        connection, alerts.select().where(unsent).order_by(alerts.c.id).limit(MAX_BATCH)
    )
    if found:
        _set(connection, recipient, claimed_until=now + LEASE)
    return found


def mark_sent(connection: Connection, recipient: str, ids: Collection[int], now: datetime) -> None:
    """Note that a recipient has some alerts."""
    connection.execute(alerts.update().where(alerts.c.id.in_(ids)).values(sent_at=now))
    clear = {"claimed_until": None, "failing_since": None, "fault": None}
    _set(connection, recipient, not_before=now + DIGEST_WINDOW, tries=0, **clear)


def mark_failed(connection: Connection, recipient: str, fault: str, now: datetime) -> None:
    """Note that a recipient could not be sent anything: it is tried again, ever less often."""
    state = _state(connection, recipient)
    since, tries = state.failing_since or now, state.tries + 1
    values = {"claimed_until": None, "failing_since": since, "fault": fault, "tries": tries}
    _set(connection, recipient, not_before=now + backoff(tries), **values)


def backoff(tries: int) -> timedelta:
    """Return how long to wait after so many tries: 1, 2, 4, 8 minutes, then LONGEST_PAUSE."""
    return min(timedelta(minutes=2 ** min(tries - 1, 10)), MAX_BACKOFF)


def delivery_states(
    connection: Connection, recipients: Collection[str]
) -> dict[str, DeliveryState]:
    """Return how sending to some recipients stands; those who were never looked at are missing."""
    unsent = sa.select(sa.func.count()).where(
        alerts.c.recipient == alert_recipients.c.recipient, alerts.c.sent_at.is_(None)
    )
    found = sa.select(alert_recipients, unsent.scalar_subquery().label("waiting"))
    rows = connection.execute(found.where(alert_recipients.c.recipient.in_(recipients)))
    return {
        row.recipient: DeliveryState(
            row.looked_at, row.waiting, row.not_before, row.failing_since, row.fault
        )
        for row in rows
    }


def newest(connection: Connection, most: int) -> list[QueuedAlert]:
    """Return the newest alerts, sent or not, the newest first."""
    return _queued(connection, alerts.select().order_by(alerts.c.id.desc()).limit(most))


def purge(
    connection: Connection,
    recipients: Collection[str],
    due: Collection[str],
    before: datetime,
) -> None:
    """Forget what was noticed before an instant, except what still waits, and what is still due:
    it would be told again. What waits for none of ``recipients`` nobody would ever send.
    """
    gone = alerts.c.sent_at.is_not(None) | alerts.c.recipient.not_in(recipients)
    old = (alerts.c.noticed_at < before) & alerts.c.key.not_in(due)
    connection.execute(alerts.delete().where(old & gone))


def _state(connection: Connection, recipient: str) -> sa.Row[Any]:
    mine = alert_recipients.c.recipient == recipient
    return connection.execute(alert_recipients.select().where(mine)).one()


def _set(connection: Connection, recipient: str, **values: object) -> None:
    mine = alert_recipients.c.recipient == recipient
    connection.execute(alert_recipients.update().where(mine).values(values))


def _lies_ahead(until: datetime | None, now: datetime, longest: timedelta) -> bool:
    """Say whether ``until`` is to be waited for: not what a clock wrote that has been put back."""
    return until is not None and now < until <= now + longest


def _queued(connection: Connection, found: sa.Select[Any]) -> list[QueuedAlert]:
    return [
        QueuedAlert(
            row.id,
            row.recipient,
            Alert(row.key, row.kind, row.title, row.text),
            row.noticed_at,
            row.sent_at,
        )
        for row in connection.execute(found)
    ]


def _row(alert: Alert) -> dict[str, str]:
    return {"key": alert.key, "kind": alert.kind, "title": alert.title, "text": alert.text}
