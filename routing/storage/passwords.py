"""Passwords of local accounts: how they are kept, checked, and not to be guessed."""

from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from werkzeug.security import check_password_hash, generate_password_hash

from routing.errors import AccountRefused, SignInRefused
from routing.storage.tables import sign_in_failures
from routing.storage.tokens import hash_token

SHORTEST = 12
LONGEST = 256

FREE_FAILURES = 5
"""Wrong passwords after which a name has to wait, twice as long each time."""

LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=1)


def hashed(password: str) -> str:
    """Return a password as it is kept: scrypt, with a salt. Raise AccountRefused for a poor one."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise AccountRefused(
            f"A password has at least {SHORTEST} characters, {LONGEST} at most. Three words that "
            "have nothing to do with each other make a good one."
        )
    return generate_password_hash(password, method="scrypt")


def is_right(password: str, kept: str | None) -> bool:
    """Check a password. It takes as long where there is no such account."""
    right = check_password_hash(kept or _nobodys(), password[:LONGEST])
    return right and kept is not None


def attempt(connection: Connection, name: str, at: datetime) -> None:
    """Note that somebody tries to sign in: a failure until ``forget``, so that trying many at
    once gains nothing.

    Raise SignInRefused, with how long to wait, after many failures: for any name, so that nobody
    learns which ones there are.
    """
    failures, mine = sign_in_failures, sign_in_failures.c.name_sha256 == _key(name)
    connection.execute(failures.delete().where(failures.c.at < at - FORGOTTEN_AFTER))
    tell = sa.select(sa.func.count(), sa.func.max(failures.c.at)).where(mine)
    count, last = connection.execute(tell).one()
    if last is not None and at < last + _wait(count):
        seconds = int((last + _wait(count) - at).total_seconds()) + 1
        raise SignInRefused(
            f"There were many wrong passwords for this name. Wait {_spoken(seconds)} and try again."
        )
    connection.execute(failures.insert().values(name_sha256=_key(name), at=at))


def forget(connection: Connection, name: str) -> None:
    """Forget the failures of a name."""
    mine = sign_in_failures.c.name_sha256 == _key(name)
    connection.execute(sign_in_failures.delete().where(mine))


@cache
def _nobodys() -> str:
    return generate_password_hash("no account has this password", method="scrypt")


def _key(name: str) -> str:
    return hash_token(name.strip().casefold())


def _wait(failures: int) -> timedelta:
    if failures < FREE_FAILURES:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(failures - FREE_FAILURES + 1, 20)), LONGEST_WAIT)


def _spoken(seconds: int) -> str:
    count, unit = (seconds, "second") if seconds < 60 else (-(-seconds // 60), "minute")
    return f"{count} {unit}{'' if count == 1 else 's'}"
