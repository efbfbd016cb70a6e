"""Accounts of staff: roles, passwords, sessions. Issuer and subject identify one, never email."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from werkzeug.security import check_password_hash, generate_password_hash

from routing.errors import AccountError, SignInError
from routing.store.audit_log import record
from routing.store.tables import accounts, calendars, hash_token, sign_in_failures, tokens

LOCAL = "local"
"""The issuer of accounts that are created here, with a password."""

PROVIDER_ACTOR = "provider"
"""The actor of changes that follow from what the identity provider says at sign-in."""

SESSION, RESET_LINK = "session", "reset link"
TOKEN_LIFETIMES = {SESSION: timedelta(hours=12), RESET_LINK: timedelta(days=2)}
"""How long a token of each kind is good, whether it is used or not."""

MIN_PASSWORD_CHARS = 12
MAX_PASSWORD_CHARS = 256

MIN_GUESSES = 1_000_000_000
"""A password that zxcvbn guesses sooner is refused: blanks, a common one, a name with a year."""

FREE_FAILURES = 5
"""Wrong passwords without a wait. After these the wait doubles each time."""

MAX_LOCKOUT = timedelta(minutes=15)
FAILURE_LIFETIME = timedelta(hours=1)

_ADVICE = "Three words that have nothing to do with each other make a good one."
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
    """Somebody who can sign in.

    ``password_hash`` is None without a password here, ``signed_in_at`` before the first sign-in.
    """

    id: int
    issuer: str
    subject: str
    name: str
    roles: frozenset[Role]
    password_hash: str | None = field(default=None, repr=False)
    signed_in_at: datetime | None = field(default=None, compare=False)

    def may(self, role: Role) -> bool:
        """Return whether this account may do what ``role`` allows."""
        return bool(self.roles & {role, Role.ADMIN}) or (role is Role.VIEW and bool(self.roles))

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
    issuer: str = LOCAL,
    subject: str = "",
) -> Account:
    """Create an account. Raise AccountError for a name that is taken, a weak password or no role.

    With a password of None, nobody can sign in with a local one until they have set one by a link.
    """
    name = name.strip()
    subject = subject or _subject(name)
    if not granted:
        raise AccountError("Choose at least one role.")
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise AccountError("A name has 1 to 100 characters.")
    if _find(connection, issuer, subject) is not None:
        raise AccountError(
            f"There is an account '{name}' already. Remove it first, or give it a new password."
        )
    password_hash = None if password is None else hash_password(password, name)
    roles = {"roles": _joined(granted)}
    values = {"issuer": issuer, "subject": subject, "name": name, "password_hash": password_hash}
    insert = accounts.insert().values(values | roles | {"added_at": at})
    account = _account(connection.execute(insert.returning(accounts)).one())
    record(connection, at, actor, "account.added", account.actor, after=roles)
    return account


def upsert_sso_account(
    connection: Connection,
    issuer: str,
    subject: str,
    name: str,
    granted: frozenset[Role],
    at: datetime,
) -> Account | None:
    """Create or update the account of somebody whom the identity provider knows; return it.

    If the roles differ from those of the last sign-in, the account's sessions end and its
    calendars are revoked. Whoever gets no role has no account created: None.
    """
    account = _find(connection, issuer, subject)
    if account is None:
        if not granted:
            return None
        return add(connection, name, granted, None, at, PROVIDER_ACTOR, issuer, subject)
    _update(connection, account, name=name)
    _change_roles(connection, account, granted, at, PROVIDER_ACTOR)
    return replace(account, name=name, roles=granted)


def set_roles(
    connection: Connection, account: Account, granted: frozenset[Role], at: datetime, actor: str
) -> None:
    """Change a local account's roles; its sessions end and its calendars are revoked.

    Raise AccountError for an account of the provider, for no role, and for the last administrator.
    """
    _ensure_local(account)
    if not granted:
        raise AccountError("Choose at least one role, or remove the account.")
    if Role.ADMIN not in granted:
        ensure_admin_remains(connection, account)
    _change_roles(connection, account, granted, at, actor)


def ensure_admin_remains(connection: Connection, account: Account) -> None:
    """Raise AccountError if no local account could manage accounts without this one.

    Accounts without a password do not count: nobody can sign in with them yet.
    """
    usable = [other for other in active_accounts(connection) if other.password_hash]
    if [other.id for other in usable if other.may(Role.ADMIN)] == [account.id]:
        raise AccountError(
            "This is the last administrator. Give somebody else who can sign in the role admin "
            "first."
        )


def set_password(
    connection: Connection, account: Account, password: str, at: datetime, actor: str
) -> None:
    """Change a local account's password; end its sessions and revoke its calendars.

    Raise AccountError for an account of the provider and for a weak password.
    """
    _ensure_local(account)
    _update(connection, account, password_hash=hash_password(password, account.name))
    clear_failures(connection, account.name)
    record(connection, at, actor, "account.password_changed", account.actor)
    _end_access(connection, account, at, actor)


def create_password_link(
    connection: Connection, account: Account, at: datetime, actor: str, token: str = ""
) -> str:
    """Return the token of a link by which a local account's password is set, once.

    It is ``token``, or a new one without that; only its hash is stored. It replaces an earlier
    one, and ends with the sessions of whoever makes it, who has seen it. Raise AccountError for an
    account of the provider.
    """
    _ensure_local(account)
    is_earlier = (tokens.c.account_id == account.id) & (tokens.c.kind == RESET_LINK)
    connection.execute(tokens.delete().where(is_earlier))
    record(connection, at, actor, "account.link_created", account.actor)
    return _create_token(connection, RESET_LINK, account, at, actor, token)


def hash_password(password: str, name: str = "") -> str:
    """Return a salted scrypt hash. Raise AccountError for a weak password.

    A password that is little more than ``name``, the account's, is weak.
    """
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        raise AccountError(
            f"A password has at least {MIN_PASSWORD_CHARS} characters, {MAX_PASSWORD_CHARS} at "
            f"most. {_ADVICE}"
        )
    from zxcvbn import zxcvbn  # its lists of common passwords take 10 MB, and signing in needs none

    estimate = zxcvbn(password[:_MAX_ESTIMATED_CHARS], user_inputs=[name, *name.split()])
    if estimate["guesses"] < MIN_GUESSES:
        raise AccountError(
            "That password is among the first that anybody would guess: a common one, a repeat, a "
            f"sequence, blanks, or the account's name. {_ADVICE}"
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


def remove(connection: Connection, account: Account, at: datetime, actor: str) -> None:
    """Remove an account, with its sessions and calendars; only its number and entries remain."""
    names = {"name": f"Former account {account.id}", "subject": f"former {account.id}"}
    _update(connection, account, removed_at=at, password_hash=None, **names)
    before = {"roles": _joined(account.roles)}
    record(connection, at, actor, "account.removed", account.actor, before)
    _end_access(connection, account, at, actor)


def sign_out(connection: Connection, account: Account, at: datetime, actor: str) -> None:
    """End every session of an account, in every browser; revoke its calendars and its link."""
    record(connection, at, actor, "account.signed_out", account.actor)
    _end_access(connection, account, at, actor)


def find(connection: Connection, account_id: int) -> Account | None:
    """Return an account that was not removed; None for an unknown id."""
    return _first(connection, _SELECT_ACTIVE.where(accounts.c.id == account_id))


def find_local(connection: Connection, name: str) -> Account | None:
    """Return a local account that was not removed; None for an unknown name."""
    return _find(connection, LOCAL, _subject(name))


def get(connection: Connection, name_or_id: str) -> Account:
    """Return an account by its name, or by its number as `who-to-call staff list` shows it.

    Raise AccountError for an unknown account, and for a name that several have.
    """
    wanted, active = _subject(name_or_id), active_accounts(connection)
    matches = [account for account in active if str(account.id) == wanted]
    matches = matches or [account for account in active if _subject(account.name) == wanted]
    if len(matches) != 1:
        count = f"are {len(matches)} accounts" if matches else "is no account"
        raise AccountError(
            f"There {count} '{name_or_id}'. Give the number of one, which `who-to-call staff list` "
            "shows."
        )
    return matches[0]


def active_accounts(connection: Connection) -> list[Account]:
    """Return every account that was not removed, by name."""
    return [_account(row) for row in connection.execute(_SELECT_ACTIVE.order_by(accounts.c.name))]


def select_unused(before: datetime) -> list[sa.Select[Any]]:
    """Select the SSO accounts whose last sign-in was before an instant."""
    last_seen = sa.func.coalesce(accounts.c.signed_in_at, accounts.c.added_at)
    return [_SELECT_ACTIVE.where((accounts.c.issuer != LOCAL) & (last_seen < before))]


def purge_unused(connection: Connection, before: datetime, at: datetime, actor: str) -> tuple[int]:
    """Remove SSO accounts that were last used before an instant; return how many.

    The provider does not say who has left. Local accounts stay until somebody removes them: one
    may be there for the day when nothing else works.
    """
    (unused,) = select_unused(before)
    rows = connection.execute(unused).all()
    for row in rows:
        remove(connection, _account(row), at, actor)
    return (len(rows),)


def start_session(connection: Connection, account: Account, at: datetime) -> str:
    """Start a session and return its token, of which only the hash is stored."""
    _update(connection, account, signed_in_at=at)
    return _create_token(connection, SESSION, account, at, account.actor)


def find_by_token(
    connection: Connection, kind: str, token: str, at: datetime, issuer: str = LOCAL
) -> Account | None:
    """Return the account of a session or a password link; None if it has ended, or was replaced.

    ``issuer`` is the one in use now: sessions of another (local ones, once a provider is
    configured) have ended.
    """
    is_token = (tokens.c.token_sha256 == hash_token(token)) & (tokens.c.kind == kind)
    is_usable = (tokens.c.ends_at > at) & (accounts.c.issuer == issuer)
    return _first(connection, _SELECT_ACTIVE.join(tokens).where(is_token & is_usable))


def end_session(connection: Connection, token: str) -> None:
    """End one session. Nothing happens for an unknown token."""
    connection.execute(tokens.delete().where(tokens.c.token_sha256 == hash_token(token)))


def _create_token(
    connection: Connection, kind: str, account: Account, at: datetime, actor: str, token: str = ""
) -> str:
    connection.execute(tokens.delete().where(tokens.c.ends_at <= at))
    token = token or secrets.token_urlsafe(32)
    values = {"kind": kind, "account_id": account.id, "created_by": actor}
    values |= {"token_sha256": hash_token(token), "ends_at": at + TOKEN_LIFETIMES[kind]}
    connection.execute(tokens.insert().values(values))
    return token


def _update(connection: Connection, account: Account, **values: object) -> None:
    connection.execute(accounts.update().where(accounts.c.id == account.id).values(values))


def _ensure_local(account: Account) -> None:
    if not account.is_local:
        raise AccountError(
            "This is a council account: its roles and its password are changed at the council’s "
            "sign-in."
        )


def _change_roles(
    connection: Connection, account: Account, granted: frozenset[Role], at: datetime, actor: str
) -> None:
    if account.roles == granted:
        return
    before, after = {"roles": _joined(account.roles)}, {"roles": _joined(granted)}
    _update(connection, account, **after)
    record(connection, at, actor, "account.changed", account.actor, before, after)
    _end_access(connection, account, at, actor, ends_link=False)


def _end_access(
    connection: Connection, account: Account, at: datetime, actor: str, ends_link: bool = True
) -> None:
    """End what somebody can go on using: sessions, calendars, and links made for others.

    With ``ends_link`` also the link by which they may set a password of their own.
    """
    is_ended = tokens.c.created_by == account.actor
    if ends_link:
        is_ended |= tokens.c.account_id == account.id
    connection.execute(tokens.delete().where(is_ended))
    not_revoked = (calendars.c.account_id == account.id) & calendars.c.revoked_at.is_(None)
    update = calendars.update().where(not_revoked).values(revoked_at=at)
    for calendar_id in connection.scalars(update.returning(calendars.c.id)).all():
        record(connection, at, actor, "calendar.revoked", f"calendar:{calendar_id}")


_SELECT_ACTIVE = accounts.select().where(accounts.c.removed_at.is_(None))


def _find(connection: Connection, issuer: str, subject: str) -> Account | None:
    is_match = (accounts.c.issuer == issuer) & (accounts.c.subject == subject)
    return _first(connection, _SELECT_ACTIVE.where(is_match))


def _first(connection: Connection, query: sa.Select[Any]) -> Account | None:
    row = connection.execute(query).first()
    return None if row is None else _account(row)


def _account(row: sa.Row[Any]) -> Account:
    granted, hashed = parse_roles(row.roles.split()), row.password_hash
    return Account(row.id, row.issuer, row.subject, row.name, granted, hashed, row.signed_in_at)


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
