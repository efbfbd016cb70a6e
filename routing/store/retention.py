"""How long personal data is stored: a table of rules, and the purge that enforces each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.store import accounts, calls, rota_people, tables
from routing.store.audit_log import record
from routing.store.tables import covers, diverts

PURGE_GRACE = timedelta(days=2)
"""How far past its limit data may be before staff are warned: a daily purge may fail once."""


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """How long one kind of data is stored, and what is done after that.

    ``period`` is fixed, or the name of a setting in days. ``select`` returns queries for data from
    before an instant; ``purge`` deletes or anonymises it, or a part of it, and returns how much.
    """

    what: str
    period: str | timedelta
    select: Callable[[datetime], Sequence[sa.Select[Any]]]
    purge: Callable[[Connection, datetime, datetime, str], tuple[int, ...]]

    def is_overdue(self, connection: Connection, before: datetime) -> bool:
        """Return whether ``purge`` would find anything."""
        return any(connection.execute(query.limit(1)).first() for query in self.select(before))

    def duration(self, settings: Mapping[str, Any]) -> timedelta:
        """Return how long the data is stored."""
        if isinstance(self.period, timedelta):
            return self.period
        return timedelta(days=int(settings[self.period]))


def overdue(connection: Connection, settings: Mapping[str, Any], at: datetime) -> list[str]:
    """Return the kinds of data that are PURGE_GRACE past their limit: the purge has not run."""
    late = at - PURGE_GRACE
    return [r.what for r in RULES if r.is_overdue(connection, late - r.duration(settings))]


def purge_notes(connection: Connection, before: datetime, at: datetime, actor: str) -> tuple[int]:
    """Empty the notes of diverts and covers that ended before an instant; return how many."""
    count = 0
    for table in (diverts, covers):
        update = table.update().where(_has_old_note(table, before)).values(note="")
        count += connection.execute(update).rowcount
    if count:
        record(connection, at, actor, "notes.purged", "notes", after={"notes": count})
    return (count,)


def _select_old_notes(before: datetime) -> list[sa.Select[Any]]:
    return [
        sa.select(table.c.id).where(_has_old_note(table, before)) for table in (diverts, covers)
    ]


def _has_old_note(table: sa.Table, before: datetime) -> sa.ColumnElement[bool]:
    return (table.c.ends_at < before) & (table.c.note != "")


def _expired_rows(
    what: str,
    table: sa.Table,
    is_expired: Callable[[datetime], sa.ColumnElement[bool]],
    period: str | timedelta = timedelta(0),
) -> RetentionRule:
    """Return the rule for rows that expire by themselves: their purge is not audited."""

    def select(before: datetime) -> list[sa.Select[Any]]:
        return [sa.select(sa.literal(1)).select_from(table).where(is_expired(before))]

    def purge(connection: Connection, before: datetime, *_: Any) -> tuple[int]:
        return (connection.execute(table.delete().where(is_expired(before))).rowcount,)

    return RetentionRule(what, period, select, purge)


CALL_RULE = RetentionRule("calls", "CALL_RETENTION_DAYS", calls.select_old, calls.purge)
ROTA_RULE = RetentionRule(
    "names on the rota", "ROTA_RETENTION_DAYS", rota_people.select_old, rota_people.purge
)
RULES = (
    CALL_RULE,
    RetentionRule("notes", "NOTE_RETENTION_DAYS", _select_old_notes, purge_notes),
    ROTA_RULE,
    RetentionRule(
        "accounts that nobody uses",
        "ROTA_RETENTION_DAYS",
        accounts.select_unused,
        accounts.purge_unused,
    ),
    _expired_rows("calendars that are revoked", tables.calendars, rota_people.is_inactive_calendar),
    _expired_rows(
        "sessions and links for a new password",
        tables.tokens,
        lambda before: tables.tokens.c.ends_at <= before,
    ),
    _expired_rows(
        "wrong passwords",
        tables.sign_in_failures,
        lambda before: tables.sign_in_failures.c.at < before,
        accounts.FAILURE_LIFETIME,
    ),
    _expired_rows(
        "senders of text messages", tables.counters, calls.is_old_sender, timedelta(hours=1)
    ),
    _expired_rows(
        "alerts",
        tables.alerts,
        lambda before: tables.alerts.c.last_due_at < before,
        "CALL_RETENTION_DAYS",
    ),
)
