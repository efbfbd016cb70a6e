"""Sessions of staff: kept here, so that signing out ends them in every worker and every browser."""

import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.storage.accounts import Person, roles
from routing.storage.tables import people, sessions
from routing.storage.tokens import hash_token

LASTS = timedelta(hours=12)
"""How long a session lasts, used or not."""


def start(connection: Connection, person: Person, at: datetime) -> str:
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
            ends_at=at + LASTS,
        )
    )
    return token


def whose(connection: Connection, token: str, at: datetime) -> Person | None:
    """Return who signed in with this token, with the roles of then; None when it has ended."""
    found = connection.execute(
        sa.select(people, sessions.c.roles.label("granted"))
        .join(sessions, sessions.c.person == people.c.id)
        .where(
            (sessions.c.token_sha256 == hash_token(token))
            & (sessions.c.ends_at > at)
            & people.c.removed_at.is_(None)
        )
    ).first()
    if found is None:
        return None
    granted = roles(found.granted.split())
    return Person(found.id, found.issuer, found.subject, found.name, granted)


def end(connection: Connection, token: str) -> None:
    """End a session."""
    connection.execute(sessions.delete().where(sessions.c.token_sha256 == hash_token(token)))


def end_all(connection: Connection, person: Person) -> None:
    """End every session of a person, in whatever browser."""
    connection.execute(sessions.delete().where(sessions.c.person == person.id))
