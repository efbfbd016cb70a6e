"""People who may sign in, and with which roles: known by issuer and subject, never by email."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.errors import AccountRefused
from routing.storage import passwords
from routing.storage.changes import record
from routing.storage.tables import people, sessions

LOCAL = "local"
"""The issuer of accounts that are made here."""


class Role(StrEnum):
    """What a person may do. Each may look; ``admin`` may do all that the others may."""

    VIEW = "view"
    ROTA = "rota"
    DIVERT = "divert"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may sign in."""

    id: int
    issuer: str
    subject: str
    name: str
    roles: frozenset[Role]

    def may(self, role: Role) -> bool:
        """Say whether this person may do what ``role`` may."""
        return bool(self.roles & {role, Role.ADMIN}) or (role is Role.VIEW and bool(self.roles))

    @property
    def actor(self) -> str:
        """How the record names this person."""
        return f"person:{self.id}"


def roles(words: Iterable[object]) -> frozenset[Role]:
    """Return the roles among some words, whatever else is there."""
    known = {role.value: role for role in Role}
    return frozenset(known[w.lower()] for w in words if isinstance(w, str) and w.lower() in known)


def add(
    connection: Connection,
    name: str,
    granted: frozenset[Role],
    password: str,
    at: datetime,
    actor: str,
) -> Person:
    """Make a local account. Raise AccountRefused for a name that is taken or a poor password."""
    free(connection, name)
    kept, name = passwords.hashed(password), name.strip()
    return _insert(connection, LOCAL, _subject(name), name, granted, at, actor, kept)


def free(connection: Connection, name: str) -> None:
    """Raise AccountRefused unless a name can be given to a new local account."""
    if not 1 <= len(name.strip()) <= 100 or not name.isprintable():
        raise AccountRefused("A name has 1 to 100 characters.")
    if _find(connection, LOCAL, _subject(name)) is not None:
        raise AccountRefused(
            f"There is an account '{name}' already. `flask staff remove` it first, or give it a "
            "new password with `flask staff password`."
        )


def came_in(
    connection: Connection,
    issuer: str,
    subject: str,
    name: str,
    granted: frozenset[Role],
    at: datetime,
) -> Person:
    """Return the person whom a provider has vouched for, as it describes them now."""
    found = _find(connection, issuer, subject)
    if found is None:
        return _insert(connection, issuer, subject, name, granted, at, actor="provider")
    connection.execute(
        people.update().where(people.c.id == found.id).values(name=name, roles=_joined(granted))
    )
    if found.roles != _joined(granted):
        before, after = {"roles": found.roles}, {"roles": _joined(granted)}
        record(connection, at, "provider", "person.changed", f"person:{found.id}", before, after)
    return Person(found.id, issuer, subject, name, granted)


def give_password(
    connection: Connection, name: str, password: str, at: datetime, actor: str
) -> None:
    """Give a local account another password, and end its sessions. Raise AccountRefused."""
    found = _local(connection, name)
    change = people.update().where(people.c.id == found.id)
    connection.execute(change.values(password=passwords.hashed(password)))
    connection.execute(sessions.delete().where(sessions.c.person == found.id))
    passwords.forget(connection, name)
    record(connection, at, actor, "person.password", f"person:{found.id}")


def remove(connection: Connection, name: str, at: datetime, actor: str) -> None:
    """End a local account and its sessions. Raise AccountRefused."""
    _end(connection, _local(connection, name), at, actor)


def unused(before: datetime) -> sa.Select[Any]:
    """Select the accounts for which no provider has vouched since an instant."""
    seen = sa.func.coalesce(people.c.signed_in_at, people.c.added_at)
    return people.select().where(
        (people.c.issuer != LOCAL) & people.c.removed_at.is_(None) & (seen < before)
    )


def purge(connection: Connection, before: datetime, at: datetime, actor: str) -> tuple[int]:
    """Forget whom a provider vouched for last before an instant: it does not tell who has left.

    Local accounts stay until somebody removes them: one may be there for the day when nothing
    else works. Return how many it forgot.
    """
    gone = connection.execute(unused(before)).all()
    for found in gone:
        _end(connection, found, at, actor)
    return (len(gone),)


def named(connection: Connection, name: str) -> tuple[Person, str] | None:
    """Return a local account with its password as kept; None when there is none of that name."""
    found = _find(connection, LOCAL, _subject(name))
    return None if found is None else (_person(found), found.password)


def everyone(connection: Connection) -> list[Person]:
    """Return everybody who has an account, or had one, by name; those removed have no role."""
    found = connection.execute(people.select().order_by(people.c.name, people.c.id))
    return [_person(row) for row in found]


def present(connection: Connection) -> list[Person]:
    """Return everybody who has an account, by name."""
    here = people.select().where(people.c.removed_at.is_(None))
    return [_person(row) for row in connection.execute(here.order_by(people.c.name))]


def _insert(
    connection: Connection,
    issuer: str,
    subject: str,
    name: str,
    granted: frozenset[Role],
    at: datetime,
    actor: str,
    password: str | None = None,
) -> Person:
    row = {"issuer": issuer, "subject": subject, "name": name, "roles": _joined(granted)}
    insert = people.insert().values(**row, password=password, added_at=at)
    key = connection.execute(insert.returning(people.c.id)).scalar_one()
    after = {"roles": _joined(granted)}
    record(connection, at, actor, "person.added", f"person:{key}", after=after)
    return Person(key, issuer, subject, name, granted)


def _end(connection: Connection, found: sa.Row[Any], at: datetime, actor: str) -> None:
    gone = {"removed_at": at, "password": None, "name": f"Former account {found.id}"}
    gone["subject"] = f"former {found.id}"
    connection.execute(people.update().where(people.c.id == found.id).values(**gone))
    connection.execute(sessions.delete().where(sessions.c.person == found.id))
    before = {"roles": found.roles}
    record(connection, at, actor, "person.removed", f"person:{found.id}", before)


def _local(connection: Connection, name: str) -> sa.Row[Any]:
    found = _find(connection, LOCAL, _subject(name))
    if found is None:
        raise AccountRefused(
            f"There is no account '{name}'. `flask staff list` has those there are."
        )
    return found


def _find(connection: Connection, issuer: str, subject: str) -> sa.Row[Any] | None:
    here = people.c.removed_at.is_(None)
    mine = (people.c.issuer == issuer) & (people.c.subject == subject)
    return connection.execute(people.select().where(mine & here)).first()


def _person(row: sa.Row[Any]) -> Person:
    granted = roles(row.roles.split()) if row.removed_at is None else frozenset()
    return Person(row.id, row.issuer, row.subject, row.name, granted)


def _joined(granted: frozenset[Role]) -> str:
    return " ".join(role.value for role in Role if role in granted)


def _subject(name: str) -> str:
    return name.strip().casefold()
