"""Accounts of staff: roles, passwords, sessions. Issuer and subject identify one, never email."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from werkzeug.security import check_password_hash, generate_password_hash

from routing.errors import AccountError, SignInError
from routing.store.audit_log import record
from routing.store.tables import (
    accounts,
    calendars,
    hash_token,
    password_links,
    sessions,
    sign_in_failures,
)

LOCAL = "local"
"""The issuer of accounts that are created here, with a password."""

PROVIDER_ACTOR = "provider"
"""The actor of changes that follow from what the identity provider says at sign-in."""

SESSION_LIFETIME = timedelta(hours=12)
"""How long a session lasts, whether it is used or not."""

PASSWORD_LINK_LIFETIME = timedelta(days=2)
"""How long somebody has to set a password by a link."""

MIN_PASSWORD_CHARS = 12
MAX_PASSWORD_CHARS = 256

MIN_GUESSES = 1_000_000_000
"""A password that zxcvbn guesses sooner is refused: blanks, a common one, a name with a year."""

FREE_FAILURES = 5
"""Wrong passwords without a wait. After these the wait doubles each time."""

MAX_LOCKOUT = timedelta(minutes=15)
FAILURE_LIFETIME = timedelta(hours=1)

_MAX_ESTIMATED_CHARS = 72
"""How many characters zxcvbn looks at: its time grows faster than the length."""


class Role(StrEnum):
    """What an account may do. Every role may view; ``admin`` includes all others."""

    VIEW = "view"
    ROTA = "rota"
    DIVERT = "divert"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can sign in, or could: a removed account has no roles.

    ``signed_in_at`` is when they last signed in, None if they never have.
    """

    id: int
    issuer: str
    subject: str
    name: str
    roles: frozenset[Role]
    signed_in_at: datetime | None = field(default=None, compare=False)

    def may(self, role: Role) -> bool:
        """Return whether this account may do what ``role`` allows."""
        return _allows(self.roles, role)

    @property
    def actor(self) -> str:
        """How the audit log names this account."""
        return f"account:{self.id}"

    @property
    def is_local(self) -> bool:
        """Return whether it has a password here; else the identity provider signs it in."""
        return self.issuer == LOCAL


def parse_roles(values: Iterable[object]) -> frozenset[Role]:
    """Return the roles among some values, in any case; ignore everything else."""
    names = {value.lower() for value in values if isinstance(value, str)}
    return frozenset(role for role in Role if role.value in names)


def add(
    connection: Connection,
    name: str,
    granted: frozenset[Role],
    password: str | None,
    at: datetime,
    actor: str,
) -> Account:
    """Create a local account. Raise AccountError for a name that is taken or a weak password.

    With a password of None, nobody can sign in until they have set one by a link.
    """
    ensure_name_free(connection, name)
    name = name.strip()
    password_hash = None if password is None else hash_password(password, name)
    return _insert(connection, LOCAL, _subject(name), name, granted, at, actor, password_hash)


def ensure_name_free(connection: Connection, name: str) -> None:
    """Raise AccountError unless a new local account can have this name."""
    if not 1 <= len(name.strip()) <= 100 or not name.isprintable():
        raise AccountError("A name has 1 to 100 characters.")
    if _find(connection, LOCAL, _subject(name)) is not None:
        raise AccountError(
            f"There is an account '{name}' already. Remove it first, or give it a new password."
        )


def upsert_sso_account(
    connection: Connection,
    issuer: str,
    subject: str,
    name: str,
    granted: frozenset[Role],
    at: datetime,
) -> Account:
    """Create or update the account of somebody whom the identity provider has authenticated.

    If the roles differ from those of the last sign-in, the account's sessions end and its
    calendars are revoked.
    """
    row = _find(connection, issuer, subject)
    if row is None:
        return _insert(connection, issuer, subject, name, granted, at, PROVIDER_ACTOR)
    _update(connection, row.id, name=name)
    _change_roles(connection, row, granted, at, PROVIDER_ACTOR)
    return Account(row.id, issuer, subject, name, granted)


def revoke_roles(connection: Connection, issuer: str, subject: str, at: datetime) -> None:
    """Take every role from the account of somebody to whom the provider no longer gives any.

    Its sessions end and its calendars are revoked. No account is created where there is none.
    """
    row = _find(connection, issuer, subject)
    if row is not None:
        _change_roles(connection, row, frozenset(), at, PROVIDER_ACTOR)


def set_roles(
    connection: Connection, account_id: int, granted: frozenset[Role], at: datetime, actor: str
) -> None:
    """Change a local account's roles; its sessions end and its calendars are revoked.

    Raise AccountError for an account of the provider, for no role, and for the last administrator.
    """
    row = _get(connection, str(account_id))
    if row.issuer != LOCAL:
        raise AccountError("The council’s sign-in gives this account its roles: change them there.")
    if not granted:
        raise AccountError("Choose at least one role, or remove the account.")
    if Role.ADMIN not in granted:
        ensure_admin_remains(connection, account_id)
    _change_roles(connection, row, granted, at, actor)


def ensure_admin_remains(connection: Connection, account_id: int) -> None:
    """Raise AccountError if no local account could manage accounts without this one.

    Accounts without a password do not count: nobody can sign in with them yet.
    """
    is_usable = accounts.c.removed_at.is_(None) & accounts.c.password_hash.is_not(None)
    usable = map(_account, connection.execute(accounts.select().where(is_usable)))
    if {account.id for account in usable if account.may(Role.ADMIN)} == {account_id}:
        raise AccountError(
            "This is the last administrator. Give somebody else who can sign in the role admin "
            "first."
        )


def set_password(
    connection: Connection, name: str, password: str, at: datetime, actor: str
) -> None:
    """Change a local account's password; end its sessions and revoke its calendars.

    Raise AccountError for an unknown account or a weak password.
    """
    row = _find(connection, LOCAL, _subject(name))
    if row is None:
        raise _unknown(name)
    _update(connection, row.id, password_hash=hash_password(password, row.name))
    clear_failures(connection, name)
    record(connection, at, actor, "account.password_changed", f"account:{row.id}")
    _end_access(connection, row.id, at, actor)


def create_password_link(
    connection: Connection, account_id: int, at: datetime, actor: str, token: str = ""
) -> tuple[str, str]:
    """Return a local account's name, and the token of a link by which a password is set, once.

    It is ``token``, or a new one without that.

    It replaces an earlier one, and ends with the sessions of whoever makes it, who has seen it.
    Only its hash is stored. Raise AccountError for an unknown account and for one of the provider.
    """
    row = _get(connection, str(account_id))
    if row.issuer != LOCAL:
        raise AccountError(
            "This person signs in with the council: their password is changed there."
        )
    token = token or secrets.token_urlsafe(32)
    connection.execute(password_links.delete().where(password_links.c.account_id == account_id))
    link = {"account_id": account_id, "created_by": actor, "ends_at": at + PASSWORD_LINK_LIFETIME}
    connection.execute(password_links.insert().values(token_sha256=hash_token(token), **link))
    record(connection, at, actor, "account.link_created", f"account:{account_id}")
    return row.name, token


def find_by_password_link(connection: Connection, token: str, at: datetime) -> Account | None:
    """Return whose password a link sets; None if it was used or replaced, or has expired."""
    is_link = (password_links.c.token_sha256 == hash_token(token)) & (password_links.c.ends_at > at)
    row = connection.execute(accounts.select().join(password_links).where(is_link)).first()
    return None if row is None else _account(row)


def hash_password(password: str, name: str = "") -> str:
    """Return a salted scrypt hash. Raise AccountError for a weak password.

    A password that is little more than ``name``, the account's, is weak.
    """
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        raise AccountError(
            f"A password has at least {MIN_PASSWORD_CHARS} characters, {MAX_PASSWORD_CHARS} at "
            "most. Three words that have nothing to do with each other make a good one."
        )
    from zxcvbn import zxcvbn  # its lists of common passwords take 10 MB, and signing in needs none

    estimate = zxcvbn(password[:_MAX_ESTIMATED_CHARS], user_inputs=[name, *name.split()])
    if estimate["guesses"] < MIN_GUESSES:
        raise AccountError(
            "That password is among the first that anybody would guess: a common one, a repeat, a "
            "sequence, blanks, or the account's name. Three words that have nothing to do with "
            "each other make a good one."
        )
    return generate_password_hash(password, method="scrypt")


def verify_password(password: str, password_hash: str | None) -> bool:
    """Return whether a password is right. A hash of None takes as long, and is never right."""
    is_right = check_password_hash(password_hash or _unused_hash(), password[:MAX_PASSWORD_CHARS])
    return is_right and password_hash is not None


def check_rate_limit(connection: Connection, name: str, at: datetime) -> None:
    """Record a failed sign-in for a name in advance, so that parallel attempts gain nothing.

    ``clear_failures`` removes it once the password was right. Raise SignInError, with the wait,
    after too many failures; names that no account has are treated the same, so that nobody
    learns which names exist.
    """
    expired = sign_in_failures.c.at < at - FAILURE_LIFETIME
    connection.execute(sign_in_failures.delete().where(expired))
    failures = sa.select(sa.func.count(), sa.func.max(sign_in_failures.c.at))
    count, last = connection.execute(failures.where(_has_failed(name))).one()
    if last is not None and count >= FREE_FAILURES:
        lockout = timedelta(seconds=2 ** min(count - FREE_FAILURES + 1, 20))
        wait = last + min(lockout, MAX_LOCKOUT) - at
        if wait > timedelta(0):
            raise SignInError(
                "There were many wrong passwords for this name. Wait "
                f"{_duration(int(wait.total_seconds()) + 1)} and try again."
            )
    failure = {"name_sha256": hash_token(_subject(name)), "at": at}
    connection.execute(sign_in_failures.insert().values(failure))


def clear_failures(connection: Connection, name: str) -> None:
    """Delete the failed sign-ins of a name."""
    connection.execute(sign_in_failures.delete().where(_has_failed(name)))


def remove(connection: Connection, name_or_id: str, at: datetime, actor: str) -> Account:
    """Remove an account, local or SSO, with its sessions and calendars; return it as it was.

    Digits only are an id, as `who-to-call staff list` shows it; anything else is a name. Raise
    AccountError for an unknown account, and for a name that several have.
    """
    row = _get(connection, name_or_id.strip())
    _anonymise(connection, row, at, actor)
    return _account(row)


def sign_out(connection: Connection, account_id: int, at: datetime, actor: str) -> None:
    """End every session of an account, in every browser; revoke its calendars and its link.

    Raise AccountError for an unknown account.
    """
    row = _get(connection, str(account_id))
    record(connection, at, actor, "account.signed_out", f"account:{row.id}")
    _end_access(connection, row.id, at, actor)


def find(connection: Connection, account_id: int) -> Account | None:
    """Return an account that was not removed; None for an unknown id."""
    is_match = (accounts.c.id == account_id) & accounts.c.removed_at.is_(None)
    row = connection.execute(accounts.select().where(is_match)).first()
    return None if row is None else _account(row)


def find_local(connection: Connection, name: str) -> tuple[Account, str | None] | None:
    """Return a local account and its password's hash, if it has one; None for an unknown name."""
    row = _find(connection, LOCAL, _subject(name))
    return None if row is None else (_account(row), row.password_hash)


def all_accounts(connection: Connection) -> list[Account]:
    """Return every account by name, including removed ones (which have no roles)."""
    query = accounts.select().order_by(accounts.c.name, accounts.c.id)
    return [_account(row) for row in connection.execute(query)]


def active_accounts(connection: Connection) -> list[Account]:
    """Return every account that was not removed, by name."""
    active = accounts.select().where(accounts.c.removed_at.is_(None))
    return [_account(row) for row in connection.execute(active.order_by(accounts.c.name))]


def select_unused(before: datetime) -> list[sa.Select[Any]]:
    """Select the SSO accounts whose last sign-in was before an instant."""
    last_seen = sa.func.coalesce(accounts.c.signed_in_at, accounts.c.added_at)
    is_active_sso = (accounts.c.issuer != LOCAL) & accounts.c.removed_at.is_(None)
    return [accounts.select().where(is_active_sso & (last_seen < before))]


def purge_unused(connection: Connection, before: datetime, at: datetime, actor: str) -> tuple[int]:
    """Remove SSO accounts that were last used before an instant; return how many.

    The provider does not say who has left. Local accounts stay until somebody removes them: one
    may be there for the day when nothing else works.
    """
    (unused,) = select_unused(before)
    rows = connection.execute(unused).all()
    for row in rows:
        _anonymise(connection, row, at, actor)
    return (len(rows),)


def start_session(connection: Connection, account: Account, at: datetime) -> str:
    """Start a session and return its token, of which only the hash is stored."""
    token = secrets.token_urlsafe(32)
    connection.execute(sessions.delete().where(sessions.c.ends_at <= at))
    _update(connection, account.id, signed_in_at=at)
    session = {"roles": _joined(account.roles), "started_at": at, "ends_at": at + SESSION_LIFETIME}
    key = {"token_sha256": hash_token(token), "account_id": account.id}
    connection.execute(sessions.insert().values(key | session))
    return token


def find_by_session(
    connection: Connection, token: str, at: datetime, issuer: str
) -> Account | None:
    """Return the account that a session belongs to; None when the session has ended.

    Its roles are those that session and account both allow: a role lost since sign-in is lost at
    once, one gained counts from the next sign-in. ``issuer`` is the one in use now: sessions of
    another (local ones, once a provider is configured) have ended.
    """
    is_session = (sessions.c.token_sha256 == hash_token(token)) & (sessions.c.ends_at > at)
    is_usable = (accounts.c.issuer == issuer) & accounts.c.removed_at.is_(None)
    query = sa.select(accounts, sessions.c.roles.label("session_roles")).join(sessions)
    row = connection.execute(query.where(is_session & is_usable)).first()
    if row is None:
        return None
    granted = _common_roles(parse_roles(row.session_roles.split()), parse_roles(row.roles.split()))
    return Account(row.id, row.issuer, row.subject, row.name, granted)


def end_session(connection: Connection, token: str) -> None:
    """End one session. Nothing happens for an unknown token."""
    connection.execute(sessions.delete().where(sessions.c.token_sha256 == hash_token(token)))


def _allows(granted: frozenset[Role], role: Role) -> bool:
    return bool(granted & {role, Role.ADMIN}) or (role is Role.VIEW and bool(granted))


def _common_roles(first: frozenset[Role], second: frozenset[Role]) -> frozenset[Role]:
    """Return the roles that both sets allow: ``admin`` and ``rota`` have ``rota`` in common.

    Two sets that are not empty have at least ``view`` in common.
    """
    both = {role for role in first | second if _allows(first, role) and _allows(second, role)}
    return frozenset(both or ({Role.VIEW} if first and second else ()))


def _insert(
    connection: Connection,
    issuer: str,
    subject: str,
    name: str,
    granted: frozenset[Role],
    at: datetime,
    actor: str,
    password_hash: str | None = None,
) -> Account:
    roles = {"roles": _joined(granted)}
    values = {"issuer": issuer, "subject": subject, "name": name, "password_hash": password_hash}
    insert = accounts.insert().values(values | roles | {"added_at": at})
    account_id = connection.execute(insert.returning(accounts.c.id)).scalar_one()
    record(connection, at, actor, "account.added", f"account:{account_id}", after=roles)
    return Account(account_id, issuer, subject, name, granted)


def _update(connection: Connection, account_id: int, **values: object) -> None:
    connection.execute(accounts.update().where(accounts.c.id == account_id).values(values))


def _change_roles(
    connection: Connection, row: sa.Row[Any], granted: frozenset[Role], at: datetime, actor: str
) -> None:
    after = _joined(granted)
    if parse_roles(row.roles.split()) == granted:
        return
    _update(connection, row.id, roles=after)
    change = {"roles": row.roles}, {"roles": after}
    record(connection, at, actor, "account.changed", f"account:{row.id}", *change)
    _end_sessions_and_calendars(connection, row.id, at, actor)


def _anonymise(connection: Connection, row: sa.Row[Any], at: datetime, actor: str) -> None:
    names = {"name": f"Former account {row.id}", "subject": f"former {row.id}"}
    _update(connection, row.id, removed_at=at, password_hash=None, **names)
    record(connection, at, actor, "account.removed", f"account:{row.id}", {"roles": row.roles})
    _end_access(connection, row.id, at, actor)


def _end_access(connection: Connection, account_id: int, at: datetime, actor: str) -> None:
    connection.execute(password_links.delete().where(password_links.c.account_id == account_id))
    _end_sessions_and_calendars(connection, account_id, at, actor)


def _end_sessions_and_calendars(
    connection: Connection, account_id: int, at: datetime, actor: str
) -> None:
    """End what somebody can go on using: sessions, calendars, and links made for others."""
    connection.execute(sessions.delete().where(sessions.c.account_id == account_id))
    is_own_link = password_links.c.created_by == f"account:{account_id}"
    connection.execute(password_links.delete().where(is_own_link))
    not_revoked = (calendars.c.account_id == account_id) & calendars.c.revoked_at.is_(None)
    update = calendars.update().where(not_revoked).values(revoked_at=at)
    for calendar_id in connection.scalars(update.returning(calendars.c.id)).all():
        record(connection, at, actor, "calendar.revoked", f"calendar:{calendar_id}")


def _get(connection: Connection, name_or_id: str) -> sa.Row[Any]:
    rows = connection.execute(accounts.select().where(accounts.c.removed_at.is_(None))).all()
    if name_or_id.isdecimal():
        rows = [row for row in rows if str(row.id) == name_or_id]
    else:
        rows = [row for row in rows if _subject(row.name) == _subject(name_or_id)]
    if not rows:
        raise _unknown(name_or_id)
    if len(rows) > 1:
        numbers = ", ".join(str(row.id) for row in rows)
        raise AccountError(
            f"There are {len(rows)} accounts '{name_or_id}': {numbers}. Give the "
            "number that `who-to-call staff list` shows, in place of the name."
        )
    return rows[0]


def _unknown(name: str) -> AccountError:
    return AccountError(
        f"There is no account '{name}'. `who-to-call staff list` shows all accounts."
    )


def _find(connection: Connection, issuer: str, subject: str) -> sa.Row[Any] | None:
    is_match = (accounts.c.issuer == issuer) & (accounts.c.subject == subject)
    is_active = accounts.c.removed_at.is_(None)
    return connection.execute(accounts.select().where(is_match & is_active)).first()


def _account(row: sa.Row[Any]) -> Account:
    granted = parse_roles(row.roles.split()) if row.removed_at is None else frozenset()
    return Account(row.id, row.issuer, row.subject, row.name, granted, row.signed_in_at)


def _joined(granted: frozenset[Role]) -> str:
    return " ".join(role.value for role in Role if role in granted)


def _subject(name: str) -> str:
    return name.strip().casefold()


@cache
def _unused_hash() -> str:
    return generate_password_hash("no account has this password", method="scrypt")


def _has_failed(name: str) -> sa.ColumnElement[bool]:
    return sign_in_failures.c.name_sha256 == hash_token(_subject(name))


def _duration(seconds: int) -> str:
    count, unit = (seconds, "second") if seconds < 60 else (-(-seconds // 60), "minute")
    return f"{count} {unit}{'' if count == 1 else 's'}"
