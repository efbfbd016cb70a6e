"""How long anything about people is kept: one table of it, and what comes of it when time is up."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.storage import (
    accounts,
    calls,
    feeds,
    notes,
    passwords,
    tables,
    text_limits,
    workers,
)

Purge = Callable[[Connection, datetime, datetime, str], tuple[int, ...]]
Overdue = Callable[[Connection, datetime], bool]

GRACE = timedelta(days=2)
"""After so long anything that should be gone is warned of: a daily purge may be missed once."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that is kept: for the days of a setting, or for a time that is always the same.

    ``purge`` deletes or forgets what is from before an instant, and returns how much that was, as
    ``said`` tells it; ``overdue`` says whether it would find anything.
    """

    what: str
    kept: str | timedelta
    said: str
    purge: Purge
    overdue: Overdue

    def before(self, settings: Mapping[str, Any], at: datetime) -> datetime:
        """Return the instant before which nothing is kept."""
        return at - self._kept(settings)

    def tell(self, settings: Mapping[str, Any], counts: tuple[int, ...]) -> str:
        """Say what was purged."""
        return self.said.format(*counts, days=self._kept(settings).days)

    def _kept(self, settings: Mapping[str, Any]) -> timedelta:
        if isinstance(self.kept, timedelta):
            return self.kept
        return timedelta(days=int(settings[self.kept]))


def _rows(
    table: sa.Table, old: Callable[[datetime], sa.ColumnElement[bool]]
) -> tuple[Purge, Overdue]:
    """Return what deletes rows that ended by themselves, which the record need not tell."""

    def purge(connection: Connection, before: datetime, *_: Any) -> tuple[int]:
        return (connection.execute(table.delete().where(old(before))).rowcount,)

    def overdue(connection: Connection, before: datetime) -> bool:
        found = sa.select(sa.literal(1)).select_from(table).where(old(before)).limit(1)
        return connection.execute(found).first() is not None

    return purge, overdue


CALLS = Rule(
    "calls",
    "CALL_RETENTION_DAYS",
    "{} calls older than {days} days are deleted.",
    calls.purge,
    calls.overdue,
)
ROTA = Rule(
    "names on the rota",
    "ROTA_RETENTION_DAYS",
    "Forgotten past {days} days: {} people who had left, who had {} shifts.",
    workers.purge,
    workers.overdue,
)
RULES = (
    CALLS,
    Rule(
        "notes",
        "NOTE_RETENTION_DAYS",
        "{} notes of diverts and covers that ended more than {days} days ago are emptied.",
        notes.purge,
        notes.overdue,
    ),
    ROTA,
    Rule(
        "accounts that nobody uses",
        "ROTA_RETENTION_DAYS",
        "{} people are forgotten who have not signed in with the council's provider for {days} "
        "days.",
        accounts.purge,
        accounts.overdue,
    ),
    Rule(
        "calendars that are revoked",
        timedelta(0),
        "{} calendars that were revoked are deleted.",
        *_rows(tables.feeds, feeds.dead),
    ),
    Rule(
        "sessions that have ended",
        timedelta(0),
        "{} sessions that had ended are deleted.",
        *_rows(tables.sessions, tables.sessions.c.ends_at.__le__),
    ),
    Rule(
        "wrong passwords",
        passwords.FORGOTTEN_AFTER,
        "{} failed sign-ins are forgotten.",
        *_rows(tables.sign_in_failures, tables.sign_in_failures.c.at.__lt__),
    ),
    Rule(
        "senders of text messages",
        timedelta(hours=1),
        "{} counts of text messages by sender are deleted.",
        *_rows(tables.tallies, text_limits.is_old_sender),
    ),
)


def overdue(connection: Connection, settings: Mapping[str, Any], at: datetime) -> list[str]:
    """Return what is kept GRACE longer than it should be: purging does not happen."""
    late = at - GRACE
    return [x.what for x in RULES if x.overdue(connection, x.before(settings, late))]
