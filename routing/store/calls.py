"""Write the call log: one row a call, one for each line that it rang. No caller is identified.

Events that are reported twice, or out of order, leave the same rows.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.core.outcome import Outcome
from routing.store.audit_log import record
from routing.store.counters import insert_or_update
from routing.store.tables import calls, counters, hash_token, legs

ANSWERED = Outcome.ANSWERED.value
UNANSWERED = Outcome.UNANSWERED.value
ABANDONED = Outcome.ABANDONED.value
UNKNOWN = Outcome.UNKNOWN.value
"""How a call ended: somebody answered; nobody did; the caller hung up; no end was reported."""

PURGE_BATCH = 2000
"""How many calls are deleted in one transaction."""

_CERTAINTY = {UNKNOWN: 1, ABANDONED: 2, UNANSWERED: 2, ANSWERED: 3}


@dataclass(frozen=True, slots=True)
class CallStart:
    """A call as it began: its service, the line first decided on, the reason, and when."""

    service: str
    line: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LegStart:
    """A line that a call rings. ``position`` counts the legs of a call from 1."""

    position: int
    line: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LegEnd:
    """How a leg ended, and how long the two talked; None if that was not reported."""

    position: int
    line: str
    outcome: str
    at: datetime
    talk_seconds: int | None


def call_key(sid: str) -> str:
    """Return the hash of a CallSid that calls are stored by: the id itself leads to the caller."""
    return hash_token(sid)


def begin(
    connection: Connection, key: str, call: CallStart, leg: LegStart | None = None
) -> CallStart:
    """Write a call that begins, and the leg it rings. Return it as it was first written."""
    call_id = _insert(connection, key, call)
    if call_id is None:
        row = connection.execute(calls.select().where(calls.c.sid_sha256 == key)).one()
        return CallStart(row.service, row.line, row.reason, row.began_at)
    if leg is not None:
        _start_leg(connection, call_id, leg)
    return call


def step(
    connection: Connection,
    key: str,
    call: CallStart,
    ended: LegEnd | None = None,
    leg: LegStart | None = None,
    outcome: str | None = None,
) -> None:
    """Write a step of a call: the leg that ended, the leg it rings next, or how the call ended.

    ``call`` is written if its beginning never was. A more certain outcome replaces a less certain
    one: a call that somebody answered stays answered.
    """
    call_id = _find_or_insert(connection, key, call)
    if ended is not None:
        _end_leg(connection, call_id, ended)
    if leg is not None:
        _start_leg(connection, call_id, leg)
    if outcome is not None:
        answered_by = ended.line if ended is not None and outcome == ANSWERED else None
        at = ended.at if ended is not None else call.at
        _end_call(connection, call_id, outcome, answered_by, at)


def finish(connection: Connection, key: str, at: datetime) -> None:
    """Write that a call is over, with an unknown outcome unless there is one already."""
    call_id = connection.scalar(sa.select(calls.c.id).where(calls.c.sid_sha256 == key))
    if call_id is not None:
        _end_call(connection, call_id, UNKNOWN, None, at)


def accept(connection: Connection, key: str, call: CallStart, leg: LegStart) -> None:
    """Write that the person who picked up a leg pressed the key to accept the call."""
    call_id = _find_or_insert(connection, key, call)
    _start_leg(connection, call_id, leg)
    is_first = _is_leg(call_id, leg.position) & legs.c.accepted_at.is_(None)
    connection.execute(legs.update().where(is_first).values(accepted_at=leg.at))


def was_accepted(connection: Connection, key: str, position: int) -> bool:
    """Return whether the person who picked up a leg pressed the key to accept the call."""
    query = (
        sa.select(legs.c.position)
        .join(calls)
        .where(calls.c.sid_sha256 == key, legs.c.position == position)
        .where(legs.c.accepted_at.is_not(None))
    )
    return connection.execute(query).first() is not None


def select_old(before: datetime) -> sa.Select[Any]:
    """Select the calls that began before an instant."""
    return sa.select(calls.c.id).where(calls.c.began_at < before)


def purge(
    connection: Connection, before: datetime, at: datetime, actor: str, limit: int = PURGE_BATCH
) -> tuple[int]:
    """Delete calls that began before an instant, oldest first; return how many.

    At most ``limit`` are deleted at once, so that no new call waits long to be written: repeat
    until none are left.
    """
    query = select_old(before).order_by(calls.c.began_at).limit(limit)
    call_ids = connection.scalars(query).all()
    connection.execute(legs.delete().where(legs.c.call_id.in_(call_ids)))
    connection.execute(counters.delete().where(counters.c.hour < before))
    deleted = connection.execute(calls.delete().where(calls.c.id.in_(call_ids))).rowcount
    if deleted:
        after = {"before": before.isoformat(timespec="seconds"), "calls": deleted}
        record(connection, at, actor, "calls.purged", "calls", after=after)
    return (deleted,)


def _find_or_insert(connection: Connection, key: str, call: CallStart) -> int:
    query = sa.select(calls.c.id).where(calls.c.sid_sha256 == key)
    call_id: int | None = connection.scalar(query)
    if call_id is None:
        call_id = _insert(connection, key, call)
    return connection.execute(query).scalar_one() if call_id is None else call_id


def _insert(connection: Connection, key: str, call: CallStart) -> int | None:
    """Insert a call and return its id; None where there is one already."""
    row = {
        "sid_sha256": key,
        "service": call.service,
        "line": call.line,
        "reason": call.reason,
        "began_at": call.at,
    }
    call_id: int | None = connection.scalar(_call_insert(connection.dialect.name), row)
    return call_id


def _start_leg(connection: Connection, call_id: int, leg: LegStart) -> None:
    row = {"call_id": call_id, "position": leg.position, "line": leg.line, "rung_at": leg.at}
    connection.execute(_leg_insert(connection.dialect.name), row)


def _end_leg(connection: Connection, call_id: int, ended: LegEnd) -> None:
    _start_leg(connection, call_id, LegStart(ended.position, ended.line, ended.at))
    row = connection.execute(legs.select().where(_is_leg(call_id, ended.position))).one()
    if row.outcome is not None:
        return
    ring_seconds = int((ended.at - row.rung_at).total_seconds()) - (ended.talk_seconds or 0)
    values = {
        "outcome": ended.outcome,
        "ring_seconds": max(0, ring_seconds),
        "talk_seconds": ended.talk_seconds,
    }
    connection.execute(legs.update().where(_is_leg(call_id, ended.position)).values(values))


def _end_call(
    connection: Connection, call_id: int, outcome: str, answered_by: str | None, at: datetime
) -> None:
    row = connection.execute(calls.select().where(calls.c.id == call_id)).one()
    if _CERTAINTY[outcome] > _CERTAINTY.get(row.outcome, 0):
        values = {"outcome": outcome, "answered_by": answered_by, "ended_at": at}
        connection.execute(calls.update().where(calls.c.id == call_id).values(values))


def _is_leg(call_id: int, position: int) -> sa.ColumnElement[bool]:
    return (legs.c.call_id == call_id) & (legs.c.position == position)


@cache  # building these takes three times as long as running them, and every call waits for it
def _call_insert(dialect: str) -> sa.Insert:
    insert = insert_or_update(dialect, calls).on_conflict_do_nothing(index_elements=["sid_sha256"])
    return cast(sa.Insert, insert.returning(calls.c.id))


@cache
def _leg_insert(dialect: str) -> sa.Insert:
    insert = insert_or_update(dialect, legs)
    line = {"line": insert.excluded.line}
    insert = insert.on_conflict_do_update(index_elements=["call_id", "position"], set_=line)
    return cast(sa.Insert, insert)
