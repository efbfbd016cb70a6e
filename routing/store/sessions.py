"""Sessions of staff: kept here, so that signing out ends them in every worker and every browser."""

import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.store.accounts import Account, common, roles
from routing.store.tables import people, sessions
from routing.store.tokens import hash_token

SESSION_LIFETIME = timedelta(hours=12)
"""How long a session lasts, used or not."""


def start(connection: Connection, person: Account, at: datetime) -> str:
    """Start a session and return its token; only the token's hash is kept."""
    token = secrets.token_urlsafe(32)
    connection.execute(sessions.delete().where(sessions.c.ends_at <= at))
    connection.execute(people.update().where(people.c.id == person.id).values(signed_in_at=at))
    connection.execute(
        sessions.insert().values(
            token_sha256=hash_token(token),
            person=person.id,
            roles=" ".join(sorted(person.roles)),
            started_at=at,
            ends_at=at + SESSION_LIFETIME,
        )
    )
    return token


def find_account(connection: Connection, token: str, at: datetime, issuer: str) -> Account | None:
    """Return who signed in with this token; None when the session has ended.

    Their roles are those that both the session and the account allow: a role that was lost since
    is lost at once, one that was gained counts from the next sign-in. ``issuer`` is the one that
    people sign in with now: a session of another (a local one, once a provider is set) has ended.
    """
    row = connection.execute(
        sa.select(people, sessions.c.roles.label("granted"))
        .join(sessions, sessions.c.person == people.c.id)
        .where(
            (sessions.c.token_sha256 == hash_token(token))
            & (sessions.c.ends_at > at)
            & (people.c.issuer == issuer)
            & people.c.removed_at.is_(None)
        )
    ).first()
    if row is None:
        return None
    in_force = common(roles(row.granted.split()), roles(row.roles.split()))
    return Account(row.id, row.issuer, row.subject, row.name, in_force)


def end(connection: Connection, token: str) -> None:
    """End a session."""
    connection.execute(sessions.delete().where(sessions.c.token_sha256 == hash_token(token)))
