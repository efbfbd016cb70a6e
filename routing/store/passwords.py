"""Passwords of local accounts: strength, hashing, and longer and longer waits after failures."""

from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from werkzeug.security import check_password_hash, generate_password_hash

from routing.errors import AccountError, SignInError
from routing.store.tables import hash_token, sign_in_failures

MIN_LENGTH = 12
MAX_LENGTH = 256

MIN_GUESSES = 1_000_000
"""A password that zxcvbn guesses sooner is refused: blanks, repeats, the most common ones."""

FREE_FAILURES = 5
"""Wrong passwords without a wait. After these the wait doubles each time."""

MAX_LOCKOUT = timedelta(minutes=15)
FAILURE_LIFETIME = timedelta(hours=1)

_MAX_ESTIMATED_LENGTH = 72
"""How many characters zxcvbn looks at: its time grows faster than the length."""


def hash_password(password: str, name: str = "") -> str:
    """Return a salted scrypt hash. Raise AccountError for a weak password.

    A password that is little more than ``name``, the account's, is weak.
    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise AccountError(
            f"A password has at least {MIN_LENGTH} characters, {MAX_LENGTH} at most. Three words "
            "that have nothing to do with each other make a good one."
        )
    if _guesses(password, name) < MIN_GUESSES:
        raise AccountError(
            "That password is among the first that anybody would guess: a common one, a repeat, a "
            "sequence, blanks, or the account's name. Three words that have nothing to do with "
            "each other make a good one."
        )
    return generate_password_hash(password, method="scrypt")


def verify_password(password: str, password_hash: str | None) -> bool:
    """Return whether a password is right. A hash of None takes as long, and is never right."""
    is_right = check_password_hash(password_hash or _unused_hash(), password[:MAX_LENGTH])
    return is_right and password_hash is not None


def check_rate_limit(connection: Connection, name: str, at: datetime) -> None:
    """Record a failed sign-in for a name in advance, so that parallel attempts gain nothing.

    ``clear_failures`` removes it once the password was right. Raise SignInError, with the wait,
    after too many failures; names that no account has are treated the same, so that nobody
    learns which names exist.
    """
    name_sha256 = _hash_name(name)
    expired = sign_in_failures.c.at < at - FAILURE_LIFETIME
    connection.execute(sign_in_failures.delete().where(expired))
    count, last = connection.execute(
        sa.select(sa.func.count(), sa.func.max(sign_in_failures.c.at)).where(
            sign_in_failures.c.name_sha256 == name_sha256
        )
    ).one()
    if last is not None and at < last + _lockout(count):
        seconds = int((last + _lockout(count) - at).total_seconds()) + 1
        raise SignInError(
            f"There were many wrong passwords for this name. Wait {_duration(seconds)} and try "
            "again."
        )
    connection.execute(sign_in_failures.insert().values(name_sha256=name_sha256, at=at))


def clear_failures(connection: Connection, name: str) -> None:
    """Delete the failed sign-ins of a name."""
    is_match = sign_in_failures.c.name_sha256 == _hash_name(name)
    connection.execute(sign_in_failures.delete().where(is_match))


def _guesses(password: str, name: str) -> int:
    from zxcvbn import zxcvbn  # its lists of common passwords take 10 MB, and signing in needs none

    estimate = zxcvbn(password[:_MAX_ESTIMATED_LENGTH], user_inputs=[name, *name.split()])
    return int(estimate["guesses"])


@cache
def _unused_hash() -> str:
    return generate_password_hash("no account has this password", method="scrypt")


def _hash_name(name: str) -> str:
    return hash_token(name.strip().casefold())


def _lockout(failures: int) -> timedelta:
    if failures < FREE_FAILURES:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(failures - FREE_FAILURES + 1, 20)), MAX_LOCKOUT)


def _duration(seconds: int) -> str:
    count, unit = (seconds, "second") if seconds < 60 else (-(-seconds // 60), "minute")
    return f"{count} {unit}{'' if count == 1 else 's'}"
