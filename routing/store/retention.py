"""How long anything about people is kept: one table of it, and what comes of it when time is up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.store import (
    accounts,
    calendars,
    calls,
    notes,
    passwords,
    rota_people,
    tables,
    text_limits,
)

GRACE = timedelta(days=2)
"""After so long anything that should be gone is warned of: a daily purge may be missed once."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that is kept: for the days of a setting, or for a time that is always the same.

    ``old`` selects what is from before an instant, in one query or several; ``purge`` deletes it or
    takes the names out of it, and returns how much that was, as ``said`` puts it.
    """

    what: str
    kept: str | timedelta
    said: str
    old: Callable[[datetime], Sequence[sa.Select[Any]]]
    purge: Callable[[Connection, datetime, datetime, str], tuple[int, ...]]

    def overdue(self, connection: Connection, before: datetime) -> bool:
        """Return whether ``purge`` would take anything."""
        return any(connection.execute(query.limit(1)).first() for query in self.old(before))

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


def _ended_rows(
    what: str,
    kept: timedelta,
    said: str,
    table: sa.Table,
    condition: Callable[[datetime], sa.ColumnElement[bool]],
) -> Rule:
    """Return the rule of rows that end by themselves: the audit log does not mention them."""

    def purge(connection: Connection, before: datetime, *_: Any) -> tuple[int]:
        return (connection.execute(table.delete().where(condition(before))).rowcount,)

    return Rule(
        what,
        kept,
        said,
        lambda before: [sa.select(sa.literal(1)).select_from(table).where(condition(before))],
        purge,
    )


CALLS = Rule(
    "calls",
    "CALL_RETENTION_DAYS",
    "{} calls older than {days} days are deleted.",
    lambda before: [calls.old(before)],
    calls.purge,
)
ROTA = Rule(
    "names on the rota",
    "ROTA_RETENTION_DAYS",
    "Forgotten past {days} days: {} people who had left, who had {} shifts.",
    rota_people.old,
    rota_people.purge,
)
RULES = (
    CALLS,
    Rule(
        "notes",
        "NOTE_RETENTION_DAYS",
        "{} notes of diverts and covers that ended more than {days} days ago are emptied.",
        notes.old,
        notes.purge,
    ),
    ROTA,
    Rule(
        "accounts that nobody uses",
        "ROTA_RETENTION_DAYS",
        "{} people are forgotten who have not signed in with the council's provider for {days} "
        "days.",
        lambda before: [accounts.unused(before)],
        accounts.purge,
    ),
    _ended_rows(
        "calendars that are revoked",
        timedelta(0),
        "{} calendars that were revoked are deleted.",
        tables.feeds,
        calendars.inactive_calendars,
    ),
    _ended_rows(
        "sessions that have ended",
        timedelta(0),
        "{} sessions that had ended are deleted.",
        tables.sessions,
        lambda before: tables.sessions.c.ends_at <= before,
    ),
    _ended_rows(
        "wrong passwords",
        passwords.FAILURES_KEPT_FOR,
        "{} failed sign-ins are forgotten.",
        tables.sign_in_failures,
        lambda before: tables.sign_in_failures.c.at < before,
    ),
    _ended_rows(
        "senders of text messages",
        timedelta(hours=1),
        "{} counts of text messages by sender are deleted.",
        tables.tallies,
        text_limits.is_old_sender,
    ),
)


def overdue(connection: Connection, settings: Mapping[str, Any], at: datetime) -> list[str]:
    """Return what is kept GRACE longer than it should be: purging does not happen."""
    late = at - GRACE
    return [x.what for x in RULES if x.overdue(connection, x.before(settings, late))]
