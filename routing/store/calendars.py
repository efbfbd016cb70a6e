"""Calendar feeds: a secret address each, kept as a hash, shown once, dead when revoked."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.errors import UnknownShift
from routing.store.accounts import LOCAL
from routing.store.audit_log import record
from routing.store.tables import accounts, calendars, hash_token, rota_people

MAX_ABSENCE = timedelta(days=184)
"""A feed is suspended once its owner has not signed in for this long."""

MAX_ABSENCE_WITH_PROVIDER = timedelta(days=30)
"""The same with an identity provider, which does not tell this service who has left."""

_NOTED = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class CalendarFeed:
    """A feed of one person's shifts (``worker``), of one role's, or of the whole rota's.

    ``account`` is the number of the account that made it, ``owner`` that account's name, ``issuer``
    the one that it signs in with, ``signed_in_at`` its last sign-in; None if it never signed in.
    """

    id: int
    worker: int | None
    role: str | None
    account: int
    made_at: datetime
    used_at: datetime | None
    owner: str
    issuer: str
    signed_in_at: datetime | None

    def is_suspended(self, at: datetime, issuer: str) -> bool:
        """Say whether the feed must wait until its owner signs in again.

        ``issuer`` is the one that people sign in with now. The owner may be away for less than 184
        days, with a provider less than 30, and must be able to sign in at all: not with another
        issuer.
        """
        longest = MAX_ABSENCE if issuer == LOCAL else MAX_ABSENCE_WITH_PROVIDER
        if self.issuer != issuer or self.signed_in_at is None:
            return True
        return at - self.signed_in_at >= longest


def create(
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
    insert = (
        calendars.insert().values(**row, token_sha256=hash_token(token)).returning(calendars.c.id)
    )
    feed_id = connection.execute(insert).scalar_one()
    content = {"of": f"worker:{worker}" if worker is not None else role or "the whole rota"}
    record(connection, at, actor, "feed.made", f"feed:{feed_id}", after=content)
    return token


def find_by_token(connection: Connection, token: str) -> CalendarFeed | None:
    """Return the feed of a token, suspended or not; None if it was revoked or its owner is gone."""
    row = connection.execute(_valid().where(calendars.c.token_sha256 == hash_token(token))).first()
    return None if row is None else _feed(row)


def mark_polled(connection: Connection, feed: CalendarFeed, at: datetime) -> None:
    """Note that a feed was fetched."""
    connection.execute(calendars.update().where(calendars.c.id == feed.id).values(used_at=at))


def should_mark_polled(feed: CalendarFeed, at: datetime) -> bool:
    """Say whether it is time to note again that a feed is fetched: once an hour is enough."""
    return feed.used_at is None or at - feed.used_at >= _NOTED


def unrevoked(connection: Connection) -> list[CalendarFeed]:
    """Return every feed that was not revoked, suspended or not, the newest first."""
    return [_feed(row) for row in connection.execute(_valid().order_by(calendars.c.id.desc()))]


def revoke(connection: Connection, feed_id: int, at: datetime, actor: str) -> None:
    """Revoke a feed at once. Raise UnknownShift for an unknown one, or one revoked before."""
    valid = (calendars.c.id == feed_id) & calendars.c.revoked_at.is_(None)
    if not connection.execute(calendars.update().where(valid).values(revoked_at=at)).rowcount:
        raise UnknownShift("calendar feed", feed_id)
    record(connection, at, actor, "feed.revoked", f"feed:{feed_id}")


def is_inactive(before: datetime) -> sa.ColumnElement[bool]:
    """Say which feeds were dead by then: revoked, or of an account that is no more."""
    gone = sa.select(accounts.c.id).where(accounts.c.removed_at <= before)
    return (calendars.c.revoked_at <= before) | calendars.c.account.in_(gone)


def _valid() -> sa.Select[Any]:
    """Select the feeds of people who have an account, about workers who are still on the rota."""
    owner = accounts.c.removed_at.is_(None)
    worker = rota_people.c.left_at.is_(None)
    return (
        sa.select(calendars, accounts.c.name, accounts.c.issuer, accounts.c.signed_in_at)
        .join(accounts, accounts.c.id == calendars.c.account)
        .outerjoin(rota_people, rota_people.c.id == calendars.c.worker)
        .where(calendars.c.revoked_at.is_(None) & owner & worker)
    )


def _feed(row: sa.Row[Any]) -> CalendarFeed:
    return CalendarFeed(
        id=row.id,
        worker=row.worker,
        role=row.role,
        account=row.account,
        made_at=row.made_at,
        used_at=row.used_at,
        owner=row.name,
        issuer=row.issuer,
        signed_in_at=row.signed_in_at,
    )
