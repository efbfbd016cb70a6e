"""Counts by the hour, shared by all workers and machines. They identify nobody.

The sender of a text message is counted under a keyed hash whose key changes every hour; the row is
deleted within the next hour, or by the next purge.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection

from routing.store.tables import counters

SIGNATURE_REFUSED = "signature_refused"
"""Requests without a valid signature."""

FAULTS = "faults"
"""Calls that a fault of this service sent to the fallback."""

UNRECOGNISED = "request_unrecognised"
"""Signed requests that do not look like Twilio's own."""

TEXTS_LIMITED = "texts_limited"
"""Text messages that got no reply because a limit was reached."""

OVER_LIMIT = "over_limit"
"""Requests refused because too many of their kind ran at the same time."""

SENDER_PREFIX = "text_sender:"
"""Text messages of one sender: this and a keyed hash."""

_WRITE_CHECK = "attempt"


def count(connection: Connection, name: str, at: datetime, more: int = 1) -> None:
    """Add to a counter of the hour of ``at``."""
    insert = insert_or_update(connection.dialect.name, counters)
    insert = insert.values(hour=_hour(at), name=name, count=more)
    added = {"count": counters.c.count + insert.excluded["count"]}
    connection.execute(insert.on_conflict_do_update(index_elements=["hour", "name"], set_=added))


def increment(connection: Connection, name: str, at: datetime) -> int:
    """Add 1 to a counter of the hour of ``at``, and return its value."""
    count(connection, name, at)
    return count_since(connection, name, at)


def count_since(connection: Connection, name: str, since: datetime) -> int:
    """Return a counter's sum from the hour of an instant on."""
    is_counted = (counters.c.name == name) & (counters.c.hour >= _hour(since))
    return connection.scalar(sa.select(sa.func.sum(counters.c.count)).where(is_counted)) or 0


def hours_counted(connection: Connection, name: str, since: datetime) -> list[datetime]:
    """Return the hours, from that of an instant on, in which something was counted."""
    is_counted = (counters.c.name == name) & (counters.c.hour >= _hour(since))
    return list(connection.scalars(sa.select(counters.c.hour).where(is_counted).order_by("hour")))


def check_write(connection: Connection, at: datetime) -> None:
    """Write a row and delete it, to find out whether the database accepts writes."""
    count(connection, _WRITE_CHECK, at, more=0)
    is_own = (counters.c.hour == _hour(at)) & (counters.c.name == _WRITE_CHECK)
    connection.execute(counters.delete().where(is_own))


def delete_old(connection: Connection, before: datetime) -> None:
    """Delete the counters of hours that began before an instant."""
    connection.execute(counters.delete().where(counters.c.hour < before))


def delete_old_senders(connection: Connection, at: datetime) -> None:
    """Delete the counters of senders from the hours before that of ``at``."""
    connection.execute(counters.delete().where(is_old_sender(_hour(at))))


def is_old_sender(before: datetime) -> sa.ColumnElement[bool]:
    """Match counters of senders whose hour began before an instant."""
    is_sender = counters.c.name.startswith(SENDER_PREFIX, autoescape=True)
    return is_sender & (counters.c.hour < before)


def insert_or_update(dialect: str, table: sa.Table) -> Any:
    """Return the dialect's insert, which has ``on_conflict_do_update`` and ``_do_nothing``."""
    if dialect == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # not loaded where it is not used

    return postgresql.insert(table)


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
