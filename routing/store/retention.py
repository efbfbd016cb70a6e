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
    counters,
    passwords,
    retention,
    rota_people,
    tables,
)
from routing.store.audit_log import record
from routing.store.tables import covers, diverts


def select_old_notes(before: datetime) -> tuple[sa.Select[Any], ...]:
    """Select the diverts and the covers with a note that ended before an instant."""
    return tuple(sa.select(table.c.id).where(_old(table, before)) for table in (diverts, covers))


def purge_notes(connection: Connection, before: datetime, at: datetime, actor: str) -> tuple[int]:
    """Empty the notes of what ended before an instant, and return how many there were."""
    count = sum(
        connection.execute(table.update().where(_old(table, before)).values(note="")).rowcount
        for table in (diverts, covers)
    )
    if count:
        record(connection, at, actor, "notes.purged", "notes", after={"notes": count})
    return (count,)


def _old(table: sa.Table, before: datetime) -> sa.ColumnElement[bool]:
    return (table.c.ends_at < before) & (table.c.note != "")


PURGE_GRACE = timedelta(days=2)
"""After so long anything that should be gone is warned of: a daily purge may be missed once."""


@dataclass(frozen=True, slots=True)
class RetentionRule:
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
) -> RetentionRule:
    """Return the rule of rows that end by themselves: the audit log does not mention them."""

    def purge(connection: Connection, before: datetime, *_: Any) -> tuple[int]:
        return (connection.execute(table.delete().where(condition(before))).rowcount,)

    return RetentionRule(
        what,
        kept,
        said,
        lambda before: [sa.select(sa.literal(1)).select_from(table).where(condition(before))],
        purge,
    )


CALL_RULE = RetentionRule(
    "calls",
    "CALL_RETENTION_DAYS",
    "{} calls older than {days} days are deleted.",
    lambda before: [calls.select_old(before)],
    calls.purge,
)
ROTA_RULE = RetentionRule(
    "names on the rota",
    "ROTA_RETENTION_DAYS",
    "Forgotten past {days} days: {} people who had left, who had {} shifts.",
    rota_people.select_old,
    rota_people.purge,
)
RULES = (
    CALL_RULE,
    RetentionRule(
        "notes",
        "NOTE_RETENTION_DAYS",
        "{} notes of diverts and covers that ended more than {days} days ago are emptied.",
        retention.select_old_notes,
        retention.purge_notes,
    ),
    ROTA_RULE,
    RetentionRule(
        "accounts that nobody uses",
        "ROTA_RETENTION_DAYS",
        "{} people are forgotten who have not signed in with the council's provider for {days} "
        "days.",
        lambda before: [accounts.select_unused(before)],
        accounts.purge_unused,
    ),
    _ended_rows(
        "calendars that are revoked",
        timedelta(0),
        "{} calendars that were revoked are deleted.",
        tables.calendars,
        calendars.is_inactive,
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
        passwords.FAILURE_LIFETIME,
        "{} failed sign-ins are forgotten.",
        tables.sign_in_failures,
        lambda before: tables.sign_in_failures.c.at < before,
    ),
    _ended_rows(
        "senders of text messages",
        timedelta(hours=1),
        "{} counts of text messages by sender are deleted.",
        tables.counters,
        counters.is_old_sender,
    ),
)


def overdue(connection: Connection, settings: Mapping[str, Any], at: datetime) -> list[str]:
    """Return what is kept GRACE longer than it should be: purging does not happen."""
    late = at - PURGE_GRACE
    return [x.what for x in RULES if x.overdue(connection, x.before(settings, late))]
