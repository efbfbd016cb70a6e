"""Passwords of local accounts: how they are kept, checked, and not to be guessed."""

from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from werkzeug.security import check_password_hash, generate_password_hash

from routing.errors import AccountError, SignInError
from routing.store.tables import hash_token, sign_in_failures

MIN_LENGTH = 12
MAX_LENGTH = 256

FREE_FAILURES = 5
"""Wrong passwords after which a name has to wait, twice as long each time."""

MAX_LOCKOUT = timedelta(minutes=15)
FAILURE_LIFETIME = timedelta(hours=1)


MIN_GUESSES = 1_000_000
"""A password that zxcvbn finds in fewer guesses is refused: blanks, repeats, the commonest."""

_LONGEST_ESTIMATE = 72
"""How many characters zxcvbn looks at: it takes time that grows faster than the length."""


def hash_password(password: str, name: str = "") -> str:
    """Return a password's scrypt hash, with a salt. Raise AccountError for a poor one.

    ``name`` is the account's: a password that is little more than that is poor.
    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise AccountError(
            f"A password has at least {MIN_LENGTH} characters, {MAX_LENGTH} at most. Three words that "
            "have nothing to do with each other make a good one."
        )
    if _guesses(password, name) < MIN_GUESSES:
        raise AccountError(
            "That password is among the first that anybody would guess: a common one, a repeat, a "
            "sequence, blanks, or the account's name. Three words that have nothing to do with "
            "each other make a good one."
        )
    return generate_password_hash(password, method="scrypt")


def verify_password(password: str, password_hash: str | None) -> bool:
    """Check a password. It takes as long where there is no such account."""
    right = check_password_hash(password_hash or _nobodys(), password[:MAX_LENGTH])
    return right and password_hash is not None


def check_rate_limit(connection: Connection, name: str, at: datetime) -> None:
    """Note that somebody tries to sign in: a failure until ``forget``, so that trying many at
    once gains nothing.

    Raise SignInError, with how long to wait, after many failures: for any name, so that nobody
    learns which ones there are.
    """
    failures, mine = sign_in_failures, sign_in_failures.c.name_sha256 == _key(name)
    connection.execute(failures.delete().where(failures.c.at < at - FAILURE_LIFETIME))
    tell = sa.select(sa.func.count(), sa.func.max(failures.c.at)).where(mine)
    count, last = connection.execute(tell).one()
    if last is not None and at < last + _wait(count):
        seconds = int((last + _wait(count) - at).total_seconds()) + 1
        raise SignInError(
            f"There were many wrong passwords for this name. Wait {_spoken(seconds)} and try again."
        )
    connection.execute(failures.insert().values(name_sha256=_key(name), at=at))


def clear_failures(connection: Connection, name: str) -> None:
    """Forget the failures of a name."""
    mine = sign_in_failures.c.name_sha256 == _key(name)
    connection.execute(sign_in_failures.delete().where(mine))


def _guesses(password: str, name: str) -> int:
    from zxcvbn import zxcvbn  # its lists of common passwords take 10 MB, and signing in needs none

    estimate = zxcvbn(password[:_LONGEST_ESTIMATE], user_inputs=[name, *name.split()])
    return int(estimate["guesses"])


@cache
def _nobodys() -> str:
    return generate_password_hash("no account has this password", method="scrypt")


def _key(name: str) -> str:
    return hash_token(name.strip().casefold())


def _wait(failures: int) -> timedelta:
    if failures < FREE_FAILURES:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(failures - FREE_FAILURES + 1, 20)), MAX_LOCKOUT)


def _spoken(seconds: int) -> str:
    count, unit = (seconds, "second") if seconds < 60 else (-(-seconds // 60), "minute")
    return f"{count} {unit}{'' if count == 1 else 's'}"
