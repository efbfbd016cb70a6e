"""The call log: one row a call, and one for each line that it rang. Never who rang.

What is told twice, or in another order than it happened, leaves the same rows.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection

from routing.core.outcome import Outcome
from routing.store.audit_log import record
from routing.store.tables import calls, counters, hash_token, legs

ANSWERED, UNANSWERED = Outcome.ANSWERED.value, Outcome.UNANSWERED.value
ABANDONED, UNKNOWN = Outcome.ABANDONED.value, Outcome.UNKNOWN.value
"""How a call ended: somebody answered; it was given up; the caller hung up; nobody told us."""

PURGE_BATCH = 2000
"""Calls deleted in one transaction."""

_WEIGHT = {UNKNOWN: 1, ABANDONED: 2, UNANSWERED: 2, ANSWERED: 3}

SIGNATURE_REFUSED, FAULTS, ATTEMPT = "signature_refused", "faults", "attempt"
UNRECOGNISED, TEXTS_LIMITED = "request_unrecognised", "texts_limited"
"""Tallies: requests without a right signature; calls that a fault of ours sent to the last resort;
nothing, written to see that the database takes it; signed requests without the shape of Twilio's
own; text messages unanswered because a ceiling was reached.
"""

OVER_LIMIT = "over_limit"
"""A tally: requests refused because too many of their kind ran at the same time."""


@dataclass(frozen=True, slots=True)
class CallStart:
    """A call as it began: its service, the line first decided on and why, and when."""

    service: str
    line: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LegStart:
    """A line that a call rang: the how manyth, and when."""

    number: int
    line: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LegEnd:
    """How ringing a line ended, and for how many seconds the two talked; None if not told."""

    number: int
    line: str
    outcome: str
    at: datetime
    talked: int | None


def call_key(sid: str) -> str:
    """Return what the log knows a call by instead of Twilio's id: that would lead to the caller."""
    return hash_token(sid)


def begin(
    connection: Connection, known_by: str, call: CallStart, rings: LegStart | None = None
) -> CallStart:
    """Note that a call begins, and whom it rings, unless it is noted already.

    Return it as it was noted first.
    """
    key = _new(connection, known_by, call)
    if key is None:
        row = connection.execute(calls.select().where(calls.c.sid_sha256 == known_by)).one()
        return CallStart(row.service, row.line, row.reason, row.began_at)
    if rings is not None:
        _ring(connection, key, rings)
    return call


def step(
    connection: Connection,
    known_by: str,
    call: CallStart,
    ended: LegEnd | None = None,
    rings: LegStart | None = None,
    over: str | None = None,
) -> None:
    """Note a step of a call: how ringing a line ended, whom it rings now, or how it is over.

    ``call`` stands in where its beginning was never noted. What ended once stays so, except that
    who knows more counts: a call that somebody answered was answered.
    """
    key = _key(connection, known_by, call)
    if ended is not None:
        _end(connection, key, ended)
    if rings is not None:
        _ring(connection, key, rings)
    if over is not None:
        by = ended.line if ended is not None and over == ANSWERED else None
        at = ended.at if ended is not None else call.at
        _over(connection, key, over, by, at)


def finish(connection: Connection, known_by: str, at: datetime) -> None:
    """Note that a call is over without knowing how, unless that is known."""
    key = connection.scalar(sa.select(calls.c.id).where(calls.c.sid_sha256 == known_by))
    if key is not None:
        _over(connection, key, UNKNOWN, None, at)


def accept(connection: Connection, known_by: str, call: CallStart, leg: LegStart) -> None:
    """Note that whoever picked up a leg pressed the key."""
    key = _key(connection, known_by, call)
    _ring(connection, key, leg)
    mine = _leg(key, leg.number) & legs.c.accepted_at.is_(None)
    connection.execute(legs.update().where(mine).values(accepted_at=leg.at))


def was_accepted(connection: Connection, known_by: str, number: int) -> bool:
    """Say whether whoever picked up a leg pressed the key."""
    found = (
        sa.select(legs.c.number)
        .join(calls)
        .where(calls.c.sid_sha256 == known_by, legs.c.number == number)
        .where(legs.c.accepted_at.is_not(None))
    )
    return connection.execute(found).first() is not None


def count(connection: Connection, name: str, at: datetime, more: int = 1) -> None:
    """Add to the tally of an hour."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    insert = _insert(connection.dialect.name, counters).values(hour=hour, name=name, count=more)
    added = {"count": counters.c.count + insert.excluded["count"]}
    connection.execute(insert.on_conflict_do_update(index_elements=["hour", "name"], set_=added))


def attempt(connection: Connection, at: datetime) -> None:
    """Write and take back: to find out whether anything can be written."""
    count(connection, ATTEMPT, at, more=0)
    hour = at.replace(minute=0, second=0, microsecond=0)
    mine = (counters.c.hour == hour) & (counters.c.name == ATTEMPT)
    connection.execute(counters.delete().where(mine))


def count_since(connection: Connection, name: str, since: datetime) -> int:
    """Return a tally since the hour of an instant."""
    hour = since.replace(minute=0, second=0, microsecond=0)
    mine = (counters.c.name == name) & (counters.c.hour >= hour)
    return connection.scalar(sa.select(sa.func.sum(counters.c.count)).where(mine)) or 0


def hours_counted(connection: Connection, name: str, since: datetime) -> list[datetime]:
    """Return the hours, from that of an instant on, in which a tally was added to."""
    first = since.replace(minute=0, second=0, microsecond=0)
    mine = (counters.c.name == name) & (counters.c.hour >= first)
    return list(connection.scalars(sa.select(counters.c.hour).where(mine).order_by("hour")))


def select_old(before: datetime) -> sa.Select[Any]:
    """Select the calls that began before an instant."""
    return sa.select(calls.c.id).where(calls.c.began_at < before)


def purge(
    connection: Connection, before: datetime, at: datetime, actor: str, most: int = PURGE_BATCH
) -> tuple[int]:
    """Delete calls that began before an instant, the oldest first; return how many there were.

    ``most`` at once, so that no call waits long to be written: do it again while there are any.
    """
    keys = connection.scalars(select_old(before).order_by(calls.c.began_at).limit(most)).all()
    connection.execute(legs.delete().where(legs.c.call.in_(keys)))
    connection.execute(counters.delete().where(counters.c.hour < before))
    count = connection.execute(calls.delete().where(calls.c.id.in_(keys))).rowcount
    if count:
        told = {"before": before.isoformat(timespec="seconds"), "calls": count}
        record(connection, at, actor, "calls.purged", "calls", after=told)
    return (count,)


def _key(connection: Connection, known_by: str, call: CallStart) -> int:
    """Return the id of a call's row, making it first where there is none."""
    known = sa.select(calls.c.id).where(calls.c.sid_sha256 == known_by)
    found: int | None = connection.scalar(known)
    if found is None:
        found = _new(connection, known_by, call)
    return connection.execute(known).scalar_one() if found is None else found


def _new(connection: Connection, known_by: str, call: CallStart) -> int | None:
    """Make a call's row, and return its id; None where there is one already."""
    row: dict[str, Any] = {"service": call.service, "line": call.line, "reason": call.reason}
    row |= {"sid_sha256": known_by, "began_at": call.at}
    key: int | None = connection.scalar(_insert_call(connection.dialect.name), row)
    return key


def _ring(connection: Connection, key: int, leg: LegStart) -> None:
    row = {"call": key, "number": leg.number, "line": leg.line, "rung_at": leg.at}
    connection.execute(_insert_leg(connection.dialect.name), row)


def _end(connection: Connection, key: int, ended: LegEnd) -> None:
    _ring(connection, key, LegStart(ended.number, ended.line, ended.at))
    row = connection.execute(legs.select().where(_leg(key, ended.number))).one()
    if row.outcome is not None:
        return
    took = int((ended.at - row.rung_at).total_seconds()) - (ended.talked or 0)
    values = {"outcome": ended.outcome, "rang": max(0, took), "talked": ended.talked}
    connection.execute(legs.update().where(_leg(key, ended.number)).values(values))


def _over(connection: Connection, key: int, outcome: str, by: str | None, at: datetime) -> None:
    row = connection.execute(calls.select().where(calls.c.id == key)).one()
    if _WEIGHT[outcome] > _WEIGHT.get(row.outcome, 0):
        values = {"outcome": outcome, "answered_by": by, "ended_at": at}
        connection.execute(calls.update().where(calls.c.id == key).values(values))


def _leg(key: int, number: int) -> sa.ColumnElement[bool]:
    return (legs.c.call == key) & (legs.c.number == number)


@cache  # building these takes three times as long as running them, and every call waits
def _insert_call(dialect: str) -> sa.Insert:
    insert = _insert(dialect, calls).on_conflict_do_nothing(index_elements=["sid_sha256"])
    return cast(sa.Insert, insert.returning(calls.c.id))


@cache
def _insert_leg(dialect: str) -> sa.Insert:
    insert = _insert(dialect, legs)
    line = {"line": insert.excluded.line}
    insert = insert.on_conflict_do_update(index_elements=["call", "number"], set_=line)
    return cast(sa.Insert, insert)


def _insert(dialect: str, table: sa.Table) -> Any:
    """Return an insert that can say what to do on a conflict; both databases have one."""
    if dialect == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # not loaded where it is not used

    return postgresql.insert(table)
