"""People who may sign in, and with which roles: known by issuer and subject, never by email."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.errors import AccountError
from routing.store import passwords
from routing.store.audit_log import record
from routing.store.tables import accounts, calendars, hash_token, sessions

LOCAL = "local"
"""The issuer of accounts that are made here."""


class Role(StrEnum):
    """What a person may do. Each may look; ``admin`` may do all that the others may."""

    VIEW = "view"
    ROTA = "rota"
    DIVERT = "divert"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in."""

    id: int
    issuer: str
    subject: str
    name: str
    roles: frozenset[Role]

    def may(self, role: Role) -> bool:
        """Say whether this person may do what ``role`` may."""
        return allows(self.roles, role)

    @property
    def actor(self) -> str:
        """How the record names this person."""
        return f"person:{self.id}"


def allows(granted: frozenset[Role], role: Role) -> bool:
    """Say whether some roles allow what ``role`` may do: ``admin`` allows all, each allows view."""
    return bool(granted & {role, Role.ADMIN}) or (role is Role.VIEW and bool(granted))


def common_roles(one: frozenset[Role], other: frozenset[Role]) -> frozenset[Role]:
    """Return the roles that both sets allow: ``admin`` and ``rota`` have ``rota`` in common.

    Sets that have nothing else in common have ``view``, which each role allows.
    """
    both = frozenset(role for role in one | other if allows(one, role) and allows(other, role))
    if one and other and not both:
        return frozenset({Role.VIEW})
    return both


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
) -> Account:
    """Make a local account. Raise AccountError for a name that is taken or a poor password."""
    ensure_name_free(connection, name)
    name = name.strip()
    password_hash = passwords.hash_password(password, name)
    return _insert(connection, LOCAL, _subject(name), name, granted, at, actor, password_hash)


def ensure_name_free(connection: Connection, name: str) -> None:
    """Raise AccountError unless a name can be given to a new local account."""
    if not 1 <= len(name.strip()) <= 100 or not name.isprintable():
        raise AccountError("A name has 1 to 100 characters.")
    if _find(connection, LOCAL, _subject(name)) is not None:
        raise AccountError(
            f"There is an account '{name}' already. `flask staff remove` it first, or give it a "
            "new password with `flask staff password`."
        )


def upsert_sso_account(
    connection: Connection,
    issuer: str,
    subject: str,
    name: str,
    granted: frozenset[Role],
    at: datetime,
) -> Account:
    """Return the account of the person whom a provider vouches for, as it describes them now.

    If their roles differ from those of their last sign-in, their sessions end; if they lost one,
    their calendar feeds are revoked as well.
    """
    row = _find(connection, issuer, subject)
    if row is None:
        return _insert(connection, issuer, subject, name, granted, at, actor="provider")
    connection.execute(accounts.update().where(accounts.c.id == row.id).values(name=name))
    _change_roles(connection, row, granted, at)
    return Account(row.id, issuer, subject, name, granted)


def revoke_roles(connection: Connection, issuer: str, subject: str, at: datetime) -> None:
    """Take every role from the account of somebody whom a provider no longer gives any.

    Their sessions end and their calendar feeds are revoked. Somebody who never had a role here has
    no account, and gets none.
    """
    row = _find(connection, issuer, subject)
    if row is not None:
        _change_roles(connection, row, frozenset(), at)


def set_password(
    connection: Connection, name: str, password: str, at: datetime, actor: str
) -> None:
    """Give a local account another password, and end its sessions and calendars.

    Raise AccountError for an unknown account or a poor password.
    """
    row = _local(connection, name)
    change = accounts.update().where(accounts.c.id == row.id)
    connection.execute(change.values(password=passwords.hash_password(password, row.name)))
    passwords.clear_failures(connection, name)
    record(connection, at, actor, "person.password", f"person:{row.id}")
    end_access(connection, row.id, at, actor)


def end_access(connection: Connection, account_id: int, at: datetime, actor: str) -> None:
    """End every session of an account, in whatever browser, and revoke its calendar feeds."""
    connection.execute(sessions.delete().where(sessions.c.person == account_id))
    valid = (calendars.c.account == account_id) & calendars.c.revoked_at.is_(None)
    revoked = calendars.update().where(valid).values(revoked_at=at).returning(calendars.c.id)
    for feed_id in connection.scalars(revoked).all():
        record(connection, at, actor, "feed.revoked", f"feed:{feed_id}")


def remove(connection: Connection, name_or_number: str, at: datetime, actor: str) -> Account:
    """Remove an account, local or of a provider, with its sessions and calendars; return it.

    Digits alone are a number as `flask staff list` shows it, anything else a name. Raise
    AccountError if there is no such account, or several of that name.
    """
    row = _named_or_numbered(connection, name_or_number.strip())
    _end(connection, row, at, actor)
    return _person(row)


def select_unused(before: datetime) -> sa.Select[Any]:
    """Select the accounts for which no provider has vouched since an instant."""
    seen = sa.func.coalesce(accounts.c.signed_in_at, accounts.c.added_at)
    return accounts.select().where(
        (accounts.c.issuer != LOCAL) & accounts.c.removed_at.is_(None) & (seen < before)
    )


def purge_unused(connection: Connection, before: datetime, at: datetime, actor: str) -> tuple[int]:
    """Forget whom a provider vouched for last before an instant: it does not tell who has left.

    Local accounts stay until somebody removes them: one may be there for the day when nothing
    else works. Return how many it forgot.
    """
    rows = connection.execute(select_unused(before)).all()
    for row in rows:
        _end(connection, row, at, actor)
    return (len(rows),)


def find_local(connection: Connection, name: str) -> tuple[Account, str] | None:
    """Return a local account with its password's hash; None if none has that name."""
    row = _find(connection, LOCAL, _subject(name))
    return None if row is None else (_person(row), row.password)


def all_accounts(connection: Connection) -> list[Account]:
    """Return everybody who has an account, or had one, by name; those removed have no role."""
    rows = connection.execute(accounts.select().order_by(accounts.c.name, accounts.c.id))
    return [_person(row) for row in rows]


def active_accounts(connection: Connection) -> list[Account]:
    """Return everybody who has an account, by name."""
    here = accounts.select().where(accounts.c.removed_at.is_(None))
    return [_person(row) for row in connection.execute(here.order_by(accounts.c.name))]


def _insert(
    connection: Connection,
    issuer: str,
    subject: str,
    name: str,
    granted: frozenset[Role],
    at: datetime,
    actor: str,
    password: str | None = None,
) -> Account:
    row = {"issuer": issuer, "subject": subject, "name": name, "roles": _joined(granted)}
    insert = accounts.insert().values(**row, password=password, added_at=at)
    key = connection.execute(insert.returning(accounts.c.id)).scalar_one()
    after = {"roles": _joined(granted)}
    record(connection, at, actor, "person.added", f"person:{key}", after=after)
    return Account(key, issuer, subject, name, granted)


def _change_roles(
    connection: Connection, row: sa.Row[Any], granted: frozenset[Role], at: datetime
) -> None:
    before, after = roles(row.roles.split()), _joined(granted)
    if before == granted:
        return
    connection.execute(accounts.update().where(accounts.c.id == row.id).values(roles=after))
    change = {"roles": row.roles}, {"roles": after}
    record(connection, at, "provider", "person.changed", f"person:{row.id}", *change)
    if all(allows(granted, role) for role in before):
        connection.execute(sessions.delete().where(sessions.c.person == row.id))
    else:
        end_access(connection, row.id, at, "provider")


def _end(connection: Connection, row: sa.Row[Any], at: datetime, actor: str) -> None:
    former = {"removed_at": at, "password": None, "name": f"Former account {row.id}"}
    former["subject"] = f"former {row.id}"
    connection.execute(accounts.update().where(accounts.c.id == row.id).values(**former))
    record(connection, at, actor, "person.removed", f"person:{row.id}", {"roles": row.roles})
    end_access(connection, row.id, at, actor)


def _local(connection: Connection, name: str) -> sa.Row[Any]:
    row = _find(connection, LOCAL, _subject(name))
    if row is None:
        raise _unknown(name)
    return row


def _named_or_numbered(connection: Connection, wanted: str) -> sa.Row[Any]:
    rows = connection.execute(accounts.select().where(accounts.c.removed_at.is_(None))).all()
    if wanted.isdecimal():
        rows = [row for row in rows if str(row.id) == wanted]
    else:
        rows = [row for row in rows if _subject(row.name) == _subject(wanted)]
    if not rows:
        raise _unknown(wanted)
    if len(rows) > 1:
        numbers = ", ".join(str(row.id) for row in rows)
        raise AccountError(
            f"There are {len(rows)} accounts '{wanted}': {numbers}. `flask staff list` says whose "
            "each is. Give the number in place of the name."
        )
    return rows[0]


def _unknown(name: str) -> AccountError:
    return AccountError(f"There is no account '{name}'. `flask staff list` shows all accounts.")


def _find(connection: Connection, issuer: str, subject: str) -> sa.Row[Any] | None:
    here = accounts.c.removed_at.is_(None)
    mine = (accounts.c.issuer == issuer) & (accounts.c.subject == subject)
    return connection.execute(accounts.select().where(mine & here)).first()


def _person(row: sa.Row[Any]) -> Account:
    granted = roles(row.roles.split()) if row.removed_at is None else frozenset()
    return Account(row.id, row.issuer, row.subject, row.name, granted)


def _joined(granted: frozenset[Role]) -> str:
    return " ".join(role.value for role in Role if role in granted)


def _subject(name: str) -> str:
    return name.strip().casefold()


SESSION_LIFETIME = timedelta(hours=12)
"""How long a session lasts, used or not."""


def start_session(connection: Connection, person: Account, at: datetime) -> str:
    """Start a session and return its token; only the token's hash is kept."""
    token = secrets.token_urlsafe(32)
    connection.execute(sessions.delete().where(sessions.c.ends_at <= at))
    connection.execute(accounts.update().where(accounts.c.id == person.id).values(signed_in_at=at))
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


def find_by_session(
    connection: Connection, token: str, at: datetime, issuer: str
) -> Account | None:
    """Return who signed in with this token; None when the session has ended.

    Their roles are those that both the session and the account allow: a role that was lost since
    is lost at once, one that was gained counts from the next sign-in. ``issuer`` is the one that
    people sign in with now: a session of another (a local one, once a provider is set) has ended.
    """
    row = connection.execute(
        sa.select(accounts, sessions.c.roles.label("granted"))
        .join(sessions, sessions.c.person == accounts.c.id)
        .where(
            (sessions.c.token_sha256 == hash_token(token))
            & (sessions.c.ends_at > at)
            & (accounts.c.issuer == issuer)
            & accounts.c.removed_at.is_(None)
        )
    ).first()
    if row is None:
        return None
    in_force = common_roles(roles(row.granted.split()), roles(row.roles.split()))
    return Account(row.id, row.issuer, row.subject, row.name, in_force)


def end_session(connection: Connection, token: str) -> None:
    """End a session."""
    connection.execute(sessions.delete().where(sessions.c.token_sha256 == hash_token(token)))
