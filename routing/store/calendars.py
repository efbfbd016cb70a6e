"""Calendar feeds. Each has a secret address, shown once and stored as a hash."""

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


@dataclass(frozen=True, slots=True)
class CalendarFeed:
    """A feed of one person's shifts, of one role's, or (both None) of the whole rota.

    ``account_id``, ``owner`` and ``issuer`` are of the account that created it; ``signed_in_at``
    is its last sign-in, None if it never signed in.
    """

    id: int
    rota_person_id: int | None
    duty_role: str | None
    account_id: int
    created_at: datetime
    owner: str
    issuer: str
    signed_in_at: datetime | None

    def is_suspended(self, at: datetime, issuer: str) -> bool:
        """Return whether the feed must wait until its owner signs in again.

        ``issuer`` is the one in use now: an owner with another one cannot sign in. The feed is
        suspended from 184 days after the last sign-in, with a provider from 30 days.
        """
        longest = MAX_ABSENCE if issuer == LOCAL else MAX_ABSENCE_WITH_PROVIDER
        if self.issuer != issuer or self.signed_in_at is None:
            return True
        return at - self.signed_in_at >= longest


def create(
    connection: Connection,
    rota_person_id: int | None,
    duty_role: str | None,
    account_id: int,
    at: datetime,
    actor: str,
) -> str:
    """Create a feed and return its token, of which only the hash is stored."""
    token = secrets.token_urlsafe(32)
    feed = {"rota_person_id": rota_person_id, "duty_role": duty_role, "account_id": account_id}
    insert = calendars.insert().values(token_sha256=hash_token(token), created_at=at, **feed)
    feed_id = connection.execute(insert.returning(calendars.c.id)).scalar_one()
    person = f"rota_person:{rota_person_id}" if rota_person_id is not None else None
    after = {"of": person or duty_role or "the whole rota"}
    record(connection, at, actor, "calendar.created", f"calendar:{feed_id}", after=after)
    return token


def find_by_token(connection: Connection, token: str) -> CalendarFeed | None:
    """Return the feed of a token, suspended or not; None if it was revoked or its owner is gone."""
    query = _select_unrevoked().where(calendars.c.token_sha256 == hash_token(token))
    row = connection.execute(query).first()
    return None if row is None else CalendarFeed(*row)


def unrevoked(connection: Connection) -> list[CalendarFeed]:
    """Return every feed that was not revoked, suspended or not, newest first."""
    rows = connection.execute(_select_unrevoked().order_by(calendars.c.id.desc()))
    return [CalendarFeed(*row) for row in rows]


def revoke(connection: Connection, feed_id: int, at: datetime, actor: str) -> None:
    """Revoke a feed at once. Raise UnknownShift if there is none, or it was revoked before."""
    not_revoked = (calendars.c.id == feed_id) & calendars.c.revoked_at.is_(None)
    update = calendars.update().where(not_revoked).values(revoked_at=at)
    if not connection.execute(update).rowcount:
        raise UnknownShift("There is no such calendar, or it was revoked.")
    record(connection, at, actor, "calendar.revoked", f"calendar:{feed_id}")


def is_inactive(before: datetime) -> sa.ColumnElement[bool]:
    """Match feeds that were revoked, or whose account was removed, at or before an instant."""
    removed = sa.select(accounts.c.id).where(accounts.c.removed_at <= before)
    return (calendars.c.revoked_at <= before) | calendars.c.account_id.in_(removed)


def _select_unrevoked() -> sa.Select[Any]:
    """Select feeds whose account is not removed and whose person, if any, has not left the rota."""
    feed, account = calendars.c, accounts.c
    is_usable = feed.revoked_at.is_(None) & account.removed_at.is_(None)
    return (
        sa.select(
            *(feed.id, feed.rota_person_id, feed.duty_role, feed.account_id, feed.created_at),
            *(account.name, account.issuer, account.signed_in_at),
        )
        .join(accounts, account.id == feed.account_id)
        .outerjoin(rota_people, rota_people.c.id == feed.rota_person_id)
        .where(is_usable & rota_people.c.left_at.is_(None))
    )
