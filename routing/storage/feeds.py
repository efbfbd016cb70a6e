"""Calendar feeds: a secret address each, kept as a hash, shown once, dead when revoked."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.errors import UnknownShift
from routing.storage.changes import record
from routing.storage.tables import feeds, people, workers
from routing.storage.tokens import hash_token

LAPSES = timedelta(days=184)
"""A feed rests once its maker has not signed in for so long: a council's identity provider does not
tell this service who has left.
"""

_NOTED = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed of one person's shifts (``worker``), of one role's, or of the whole rota's.

    ``account`` is the number of the account that made it.
    """

    id: int
    worker: int | None
    role: str | None
    account: int
    made_at: datetime
    used_at: datetime | None = None


def make(
    connection: Connection,
    worker: int | None,
    role: str | None,
    account: int,
    at: datetime,
    actor: str,
) -> str:
    """Make a feed and return its token, which can never be had again."""
    token = secrets.token_urlsafe(32)
    row = {"worker": worker, "role": role, "account": account, "made_at": at}
    made = feeds.insert().values(**row, token_sha256=hash_token(token)).returning(feeds.c.id)
    key = connection.execute(made).scalar_one()
    told = {"of": f"worker:{worker}" if worker is not None else role or "the whole rota"}
    record(connection, at, actor, "feed.made", f"feed:{key}", after=told)
    return token


def by(connection: Connection, token: str, at: datetime) -> Feed | None:
    """Return the feed of a token; None if it was revoked or rests, or its owner is gone."""
    found = _live(at).where(feeds.c.token_sha256 == hash_token(token))
    row = connection.execute(found).first()
    return None if row is None else _feed(row)


def used(connection: Connection, feed: Feed, at: datetime) -> None:
    """Note that a feed was fetched."""
    connection.execute(feeds.update().where(feeds.c.id == feed.id).values(used_at=at))


def should_note(feed: Feed, at: datetime) -> bool:
    """Say whether it is time to note again that a feed is fetched: once an hour is enough."""
    return feed.used_at is None or at - feed.used_at >= _NOTED


def every(connection: Connection, at: datetime) -> list[Feed]:
    """Return every feed that works, the newest first."""
    return [_feed(row) for row in connection.execute(_live(at).order_by(feeds.c.id.desc()))]


def revoke(connection: Connection, feed_id: int, at: datetime, actor: str) -> None:
    """Kill a feed at once. Raise UnknownShift for one that does not work already."""
    live = (feeds.c.id == feed_id) & feeds.c.revoked_at.is_(None)
    if not connection.execute(feeds.update().where(live).values(revoked_at=at)).rowcount:
        raise UnknownShift("calendar feed", feed_id)
    record(connection, at, actor, "feed.revoked", f"feed:{feed_id}")


def dead(before: datetime) -> sa.ColumnElement[bool]:
    """Say which feeds were dead by then: revoked, or of an account that is no more."""
    gone = sa.select(people.c.id).where(people.c.removed_at <= before)
    return (feeds.c.revoked_at <= before) | feeds.c.account.in_(gone)


def _live(at: datetime) -> sa.Select[Any]:
    """Select the feeds that work: of people who have an account, and are on the rota still."""
    account = people.c.removed_at.is_(None) & (people.c.signed_in_at > at - LAPSES)
    worker = workers.c.left_at.is_(None)
    return (
        sa.select(feeds)
        .join(people, people.c.id == feeds.c.account)
        .outerjoin(workers, workers.c.id == feeds.c.worker)
        .where(feeds.c.revoked_at.is_(None) & account & worker)
    )


def _feed(row: sa.Row[Any]) -> Feed:
    return Feed(row.id, row.worker, row.role, row.account, row.made_at, row.used_at)
