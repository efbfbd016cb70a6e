"""The call log: one row a call, and one for each line that it rang. Never who rang.

What is told twice, or in another order than it happened, leaves the same rows.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.core.outcome import Outcome
from routing.storage.changes import record
from routing.storage.insert import Insert, into
from routing.storage.tables import calls, legs, tallies

ANSWERED, UNANSWERED = Outcome.ANSWERED.value, Outcome.UNANSWERED.value
ABANDONED, UNKNOWN = Outcome.ABANDONED.value, Outcome.UNKNOWN.value
"""How a call ended: somebody answered; it was given up; the caller hung up; nobody told us."""

PURGED_AT_ONCE = 2000
"""Calls deleted in one transaction."""

_WEIGHT = {UNKNOWN: 1, ABANDONED: 2, UNANSWERED: 2, ANSWERED: 3}

REFUSED, FAULTS, ATTEMPT = "signature_refused", "faults", "attempt"
UNRECOGNISED, TEXTS_LIMITED = "request_unrecognised", "texts_limited"
"""Tallies: requests without a right signature; calls that a fault of ours sent to the last resort;
nothing, written to see that the database takes it; signed requests without the shape of Twilio's
own; text messages unanswered because a ceiling was reached.
"""

_CALL = Insert(
    calls,
    "sid_sha256 service line reason began_at",
    lambda insert: insert.on_conflict_do_nothing(index_elements=["sid_sha256"]).returning(
        calls.c.id
    ),
)
_LEG = Insert(
    legs,
    "call number line rung_at",
    lambda insert: insert.on_conflict_do_update(
        index_elements=["call", "number"], set_={"line": insert.excluded.line}
    ),
)


@dataclass(frozen=True, slots=True)
class Begun:
    """A call as it began: its service, the line first decided on and why, and when."""

    service: str
    line: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Leg:
    """A line that a call rang: the how manyth, and when."""

    number: int
    line: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """How ringing a line ended, and for how many seconds the two talked; None if not told."""

    number: int
    line: str
    outcome: str
    at: datetime
    talked: int | None


def known_by(sid: str) -> str:
    """Return what the log knows a call by instead of Twilio's id: that would lead to the caller."""
    return hashlib.sha256(sid.encode()).hexdigest()


def begin(connection: Connection, known_by: str, call: Begun, rings: Leg | None = None) -> Begun:
    """Note that a call begins, and whom it rings, unless it is noted already.

    Return it as it was noted first.
    """
    key = _new(connection, known_by, call)
    if key is None:
        row = connection.execute(calls.select().where(calls.c.sid_sha256 == known_by)).one()
        return Begun(row.service, row.line, row.reason, row.began_at)
    if rings is not None:
        _ring(connection, key, rings)
    return call


def step(
    connection: Connection,
    known_by: str,
    call: Begun,
    ended: Ended | None = None,
    rings: Leg | None = None,
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


def accept(connection: Connection, known_by: str, call: Begun, leg: Leg) -> None:
    """Note that whoever picked up a leg pressed the key."""
    key = _key(connection, known_by, call)
    _ring(connection, key, leg)
    mine = _leg(key, leg.number) & legs.c.accepted_at.is_(None)
    connection.execute(legs.update().where(mine).values(accepted_at=leg.at))


def accepted(connection: Connection, known_by: str, number: int) -> bool:
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
    insert = into(tallies, connection).values(hour=hour, name=name, count=more)
    added = {"count": tallies.c.count + insert.excluded["count"]}
    connection.execute(insert.on_conflict_do_update(index_elements=["hour", "name"], set_=added))


def attempt(connection: Connection, at: datetime) -> None:
    """Write and take back: to find out whether anything can be written."""
    count(connection, ATTEMPT, at, more=0)
    hour = at.replace(minute=0, second=0, microsecond=0)
    mine = (tallies.c.hour == hour) & (tallies.c.name == ATTEMPT)
    connection.execute(tallies.delete().where(mine))


def counted(connection: Connection, name: str, since: datetime) -> int:
    """Return a tally since the hour of an instant."""
    hour = since.replace(minute=0, second=0, microsecond=0)
    mine = (tallies.c.name == name) & (tallies.c.hour >= hour)
    return connection.scalar(sa.select(sa.func.sum(tallies.c.count)).where(mine)) or 0


def hours(connection: Connection, name: str, since: datetime) -> list[datetime]:
    """Return the hours, from that of an instant on, in which a tally was added to."""
    first = since.replace(minute=0, second=0, microsecond=0)
    mine = (tallies.c.name == name) & (tallies.c.hour >= first)
    return list(connection.scalars(sa.select(tallies.c.hour).where(mine).order_by("hour")))


def purge(
    connection: Connection, before: datetime, at: datetime, actor: str, most: int = PURGED_AT_ONCE
) -> tuple[int]:
    """Delete calls that began before an instant, the oldest first; return how many there were.

    ``most`` at once, so that no call waits long to be written: do it again while ``overdue``.
    """
    old = sa.select(calls.c.id).where(calls.c.began_at < before).order_by(calls.c.began_at)
    keys = connection.scalars(old.limit(most)).all()
    connection.execute(legs.delete().where(legs.c.call.in_(keys)))
    connection.execute(tallies.delete().where(tallies.c.hour < before))
    count = connection.execute(calls.delete().where(calls.c.id.in_(keys))).rowcount
    if count:
        told = {"before": before.isoformat(timespec="seconds"), "calls": count}
        record(connection, at, actor, "calls.purged", "calls", after=told)
    return (count,)


def overdue(connection: Connection, before: datetime) -> bool:
    """Say whether ``purge`` would delete a call."""
    old = sa.select(calls.c.id).where(calls.c.began_at < before).limit(1)
    return connection.execute(old).first() is not None


def _key(connection: Connection, known_by: str, call: Begun) -> int:
    """Return the id of a call's row, making it first where there is none."""
    known = sa.select(calls.c.id).where(calls.c.sid_sha256 == known_by)
    found: int | None = connection.scalar(known)
    if found is None:
        found = _new(connection, known_by, call)
    return connection.execute(known).scalar_one() if found is None else found


def _new(connection: Connection, known_by: str, call: Begun) -> int | None:
    """Make a call's row, and return its id; None where there is one already."""
    row = {"service": call.service, "line": call.line, "reason": call.reason}
    found: int | None = _CALL.run(connection, row | {"sid_sha256": known_by, "began_at": call.at})
    return found


def _ring(connection: Connection, key: int, leg: Leg) -> None:
    row = {"call": key, "number": leg.number, "line": leg.line, "rung_at": leg.at}
    _LEG.run(connection, row)


def _end(connection: Connection, key: int, ended: Ended) -> None:
    _ring(connection, key, Leg(ended.number, ended.line, ended.at))
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
