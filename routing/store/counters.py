"""Counts of text messages by the hour, shared by all workers. A sender is known by a hash.

The hash is keyed, the key changes with every hour, and the row is deleted within the next one, or
by the next purge.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.store import calls
from routing.store.tables import counters

SENDER_PREFIX = "text_sender:"


def increment(connection: Connection, name: str, at: datetime) -> int:
    """Add 1 to a count of the hour of ``at``, and return it."""
    calls.count(connection, name, at)
    return calls.count_since(connection, name, at)


def delete_old_senders(connection: Connection, at: datetime) -> None:
    """Delete what is known of the senders of the hours before that of ``at``."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    connection.execute(counters.delete().where(is_old_sender(hour)))


def is_old_sender(before: datetime) -> sa.ColumnElement[bool]:
    """Select the senders of the hours that began before an instant."""
    return counters.c.name.startswith(SENDER_PREFIX, autoescape=True) & (counters.c.hour < before)
