"""The call log: a row for each call, one for each line that it rang, and counters by the hour.

No caller is identified. Events that are reported twice, or out of order, leave the same rows. The
sender of a text message is counted under a keyed hash whose key changes every hour; that row is
deleted within the next hour, or by the next purge.
"""

import hashlib
import logging
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.core.decision import Outcome
from routing.errors import DatabaseUnavailable
from routing.store.audit_log import record, record_if_changed
from routing.store.db import RETRY_SECONDS, Background, Database
from routing.store.tables import calls, counters, insert_or_update, legs

PURGE_BATCH = 2000
"""How many calls are deleted in one transaction."""

UNREPORTED_AFTER = timedelta(hours=4)
"""After this long a call is over even if no end was reported: it is Twilio's own limit."""

TIMEOUT_SECONDS = 0.28
"""How long a call waits for a write."""

COUNT_INTERVAL_SECONDS = 1.0
"""How often counts are written and logged, however often something is counted."""

# Counters, by the hour. Conditions have the same codes.
SIGNATURE_REFUSED = "signatures_refused"  # requests without a valid signature
FAULTS = "telephone_faults"  # calls that a fault of this service sent to the fallback
UNRECOGNISED = "requests_unrecognised"  # signed requests that do not look like Twilio's own
TEXTS_LIMITED = "texts_limited"  # text messages unanswered because a limit was reached
OVER_LIMIT = "requests_refused"  # requests refused because too many of their kind ran at once

SENDER_PREFIX = "text_sender:"
"""Begins the counter of one sender's text messages: a keyed hash follows."""

_WRITE_CHECK = "attempt"

CountKey = tuple[str, str, str | None]
"""A service, the line first decided on, and the outcome: None while the call goes on."""

log = logging.getLogger(__name__)
T = TypeVar("T")


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
    outcome: Outcome
    at: datetime
    talk_seconds: int | None


@dataclass(frozen=True, slots=True)
class CallLeg:
    """A line that a call rang. What was not reported is None."""

    line: str
    at: datetime
    outcome: str | None
    ring_seconds: int | None
    talk_seconds: int | None


@dataclass(frozen=True, slots=True)
class Call:
    """A call. ``outcome`` is None while the call goes on."""

    id: int
    service: str
    line: str
    reason: str
    began_at: datetime
    ended_at: datetime | None
    outcome: str | None
    answered_by: str | None
    legs: tuple[CallLeg, ...]

    @property
    def waited(self) -> int | None:
        """Seconds from the beginning of the call until somebody answered; None if nobody did."""
        for leg in self.legs:
            if leg.outcome == Outcome.ANSWERED and leg.ring_seconds is not None:
                return int((leg.at - self.began_at).total_seconds()) + leg.ring_seconds
        return None


class CallLog:
    """Write calls and counters, and audit log entries that no person causes.

    Entries are written in order. One that the database does not accept in time is written once it
    does, as long as the process lives. Safe to share between threads. No method raises.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self.database, self.clock = database, clock
        self._background = Background("call log", database, writes=True)
        self._counts: Counter[str] = Counter()
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()

    def write(self, job: Callable[[Connection], T], timeout: float = TIMEOUT_SECONDS) -> T | None:
        """Run ``job`` in a transaction and return its result.

        None if there is no result within ``timeout`` seconds: the job still runs later. While the
        database is known to be down, do not wait.
        """
        try:
            never_used = self._background.last_success < 0
            if never_used and not self.database.exists:  # not created yet, rather than gone
                return None
            future = self._background.submit(job)
            if timeout > 0:
                return self._background.wait(future, timeout)
        except DatabaseUnavailable as error:
            log.warning("a call is written later: %s", error)
        except Exception:
            log.exception("an entry of the call log is not written: the call goes on without it")
        return None

    def record(self, action: str, entity: str, after: Mapping[str, Any]) -> None:
        """Add the state of ``entity`` to the audit log, unless its newest entry says the same.

        Return at once; it is written later.
        """
        job = partial(record_if_changed, at=self.clock(), action=action, entity=entity, after=after)
        self.write(job, timeout=0)

    def fault(self, timeout: float = TIMEOUT_SECONDS) -> str | None:
        """Return why nothing can be written at present, as a sentence; None if it can.

        If nothing has been written lately, try a write, for at most ``timeout`` seconds.
        """
        if time.monotonic() - self._background.last_success > RETRY_SECONDS:
            self.write(partial(check_write, at=self.clock()), timeout)
        return self._background.fault

    def count(self, name: str) -> None:
        """Add one to a counter. It is written and logged within COUNT_INTERVAL_SECONDS."""
        try:
            with self._lock:
                self._counts[name] += 1
                if self._timer is None:
                    timer = threading.Timer(COUNT_INTERVAL_SECONDS, self._write_counts)
                    timer.daemon = True
                    timer.start()
                    self._timer = timer
        except Exception:
            log.exception("fault while counting %s", name)

    def close(self) -> None:
        """Write what is queued, and stop. This is called by itself when the process exits."""
        self._write_counts()
        self._background.close()

    def _write_counts(self) -> None:
        with self._lock:
            counts, self._counts, self._timer = self._counts, Counter(), None
        if counts:
            log.warning("counted within a second: %s", dict(counts))
        for name, more in counts.items():
            self.write(partial(increment, name=name, at=self.clock(), more=more), timeout=0)


def call_key(sid: str) -> str:
    """Return the hash of a CallSid that calls are stored by: the id itself leads to the caller."""
    return hashlib.sha256(sid.encode()).hexdigest()


def begin(
    connection: Connection, key: str, call: CallStart, leg: LegStart | None = None
) -> CallStart:
    """Write a call that begins, and the leg it rings. Return it as it was first written."""
    call_id, first = _insert(connection, key, call)
    if first == call and leg is not None:
        _start_leg(connection, call_id, leg)
    return first


def step(
    connection: Connection,
    key: str,
    call: CallStart,
    ended: LegEnd | None = None,
    leg: LegStart | None = None,
    outcome: Outcome | None = None,
) -> None:
    """Write a step of a call: the leg that ended, the leg it rings next, or how the call ended.

    ``call`` is written if its beginning never was. How it ended first is how it ended, except that
    a call that somebody answered was answered.
    """
    call_id, _ = _insert(connection, key, call)
    if ended is not None:
        _end_leg(connection, call_id, ended)
    if leg is not None:
        _start_leg(connection, call_id, leg)
    if outcome is not None:
        is_answered = outcome == Outcome.ANSWERED
        is_replaced = calls.c.outcome != Outcome.ANSWERED if is_answered else sa.false()
        is_open = calls.c.outcome.is_(None) | is_replaced
        update = (
            calls.update()
            .where((calls.c.id == call_id) & is_open)
            .values(
                outcome=outcome,
                answered_by=ended.line if ended is not None and is_answered else None,
                ended_at=ended.at if ended is not None else call.at,
            )
        )
        connection.execute(update)


def accept(connection: Connection, key: str, call: CallStart, leg: LegStart) -> None:
    """Write that the person who picked up a leg pressed the key to accept the call."""
    call_id, _ = _insert(connection, key, call)
    _start_leg(connection, call_id, leg)
    is_first = _is_leg(call_id, leg.position) & legs.c.accepted_at.is_(None)
    connection.execute(legs.update().where(is_first).values(accepted_at=leg.at))


def was_accepted(connection: Connection, key: str, position: int) -> bool:
    """Return whether the person who picked up a leg pressed the key to accept the call."""
    is_leg = (calls.c.sid_sha256 == key) & (legs.c.position == position)
    query = sa.select(legs.c.accepted_at).join(calls).where(is_leg)
    return connection.scalar(query) is not None


def select_old(before: datetime) -> list[sa.Select[Any]]:
    """Select the calls that began before an instant."""
    return [sa.select(calls.c.id).where(calls.c.began_at < before)]


def purge(connection: Connection, before: datetime, at: datetime, actor: str) -> tuple[int]:
    """Delete calls, oldest first, and counters from before an instant; return how many calls.

    At most PURGE_BATCH are deleted at once, so that no new call waits long to be written: repeat
    until none are left.
    """
    (old,) = select_old(before)
    call_ids = connection.scalars(old.order_by(calls.c.began_at).limit(PURGE_BATCH)).all()
    connection.execute(legs.delete().where(legs.c.call_id.in_(call_ids)))
    connection.execute(counters.delete().where(counters.c.hour < before))
    deleted = connection.execute(calls.delete().where(calls.c.id.in_(call_ids))).rowcount
    if deleted:
        after = {"before": before.isoformat(timespec="seconds"), "calls": deleted}
        record(connection, at, actor, "calls.purged", "calls", after=after)
    return (deleted,)


def calls_between(
    connection: Connection,
    start: datetime,
    end: datetime,
    at: datetime,
    outcomes: Collection[str] = (),
) -> list[Call]:
    """Return the calls that began from ``start`` to before ``end``, oldest first, as known ``at``.

    With ``outcomes``, only those that ended in one of these.
    """
    is_wanted = _began_between(start, end)
    if outcomes:
        is_wanted &= calls.c.outcome.in_(outcomes)
    return _read(connection, _select_calls(at, is_wanted).order_by(calls.c.began_at, calls.c.id))


def missed(
    connection: Connection, start: datetime, end: datetime, at: datetime, limit: int
) -> list[Call]:
    """Return the newest calls of a period that are over and that nobody answered, newest first."""
    is_wanted = _began_between(start, end) & (_outcome(at) != Outcome.ANSWERED)
    query = _select_calls(at, is_wanted).order_by(calls.c.began_at.desc(), calls.c.id.desc())
    return _read(connection, query.limit(limit))


def is_missed(outcome: str | None) -> bool:
    """Return whether a call is over and nobody answered it."""
    return outcome not in (Outcome.ANSWERED, None)


def counts(
    connection: Connection, start: datetime, end: datetime, at: datetime
) -> dict[CountKey, int]:
    """Return how many calls of a period there are by service, first line and outcome."""
    return _count(connection, at, _began_between(start, end))


def counts_of_ended(connection: Connection, since: datetime, at: datetime) -> dict[CountKey, int]:
    """Return how many calls ended from ``since`` on, by service, first line and outcome.

    One whose end was not reported ends UNREPORTED_AFTER its beginning.
    """
    is_unreported = calls.c.ended_at.is_(None) & _began_between(
        since - UNREPORTED_AFTER, at - UNREPORTED_AFTER
    )
    began_lately = calls.c.began_at >= since - 2 * UNREPORTED_AFTER
    return _count(connection, at, began_lately & ((calls.c.ended_at >= since) | is_unreported))


def increment(connection: Connection, name: str, at: datetime, more: int = 1) -> int:
    """Add to a counter of the hour of ``at``, and return its value."""
    insert = insert_or_update(connection.dialect.name, counters)
    insert = insert.values(hour=_hour(at), name=name, count=more)
    added = {"count": counters.c.count + insert.excluded["count"]}
    update = insert.on_conflict_do_update(index_elements=["hour", "name"], set_=added)
    return int(connection.execute(update.returning(counters.c.count)).scalar_one())


def count_since(connection: Connection, name: str, since: datetime) -> int:
    """Return a counter's sum from the hour of an instant on."""
    query = sa.select(sa.func.sum(counters.c.count)).where(_is_counted(name, since))
    return connection.scalar(query) or 0


def hours_counted(connection: Connection, name: str, since: datetime) -> list[datetime]:
    """Return the hours, from that of an instant on, in which something was counted."""
    query = sa.select(counters.c.hour).where(_is_counted(name, since)).order_by("hour")
    return list(connection.scalars(query))


def check_write(connection: Connection, at: datetime) -> None:
    """Write a row and delete it, to find out whether the database accepts writes."""
    increment(connection, _WRITE_CHECK, at, more=0)
    connection.execute(counters.delete().where(_is_counted(_WRITE_CHECK, at)))


def delete_old_senders(connection: Connection, at: datetime) -> None:
    """Delete the counters of senders from the hours before that of ``at``."""
    connection.execute(counters.delete().where(is_old_sender(_hour(at))))


def is_old_sender(before: datetime) -> sa.ColumnElement[bool]:
    """Match counters of senders whose hour began before an instant."""
    is_sender = counters.c.name.startswith(SENDER_PREFIX, autoescape=True)
    return is_sender & (counters.c.hour < before)


def _insert(connection: Connection, key: str, call: CallStart) -> tuple[int, CallStart]:
    """Write a call unless it is there. Return its id, and the call as it was first written."""
    row = {"sid_sha256": key, "service": call.service, "line": call.line, "reason": call.reason}
    insert, _ = _inserts(connection.dialect.name)
    call_id, *first = connection.execute(insert, row | {"began_at": call.at}).one()
    return call_id, CallStart(*first)


def _start_leg(connection: Connection, call_id: int, leg: LegStart) -> None:
    row = {"call_id": call_id, "position": leg.position, "line": leg.line, "rung_at": leg.at}
    _, insert = _inserts(connection.dialect.name)
    connection.execute(insert, row)


@cache  # building these takes three times as long as running them, and every call waits for it
def _inserts(dialect: str) -> tuple[sa.Insert, sa.Insert]:
    call, leg = insert_or_update(dialect, calls), insert_or_update(dialect, legs)
    unchanged = {"sid_sha256": calls.c.sid_sha256}  # an update at all returns the row
    call = call.on_conflict_do_update(index_elements=["sid_sha256"], set_=unchanged)
    columns = (calls.c.id, calls.c.service, calls.c.line, calls.c.reason, calls.c.began_at)
    key, line = ["call_id", "position"], {"line": leg.excluded.line}
    leg = leg.on_conflict_do_update(index_elements=key, set_=line)
    return call.returning(*columns), leg


def _end_leg(connection: Connection, call_id: int, ended: LegEnd) -> None:
    _start_leg(connection, call_id, LegStart(ended.position, ended.line, ended.at))
    is_leg = _is_leg(call_id, ended.position)
    row = connection.execute(legs.select().where(is_leg)).one()
    if row.outcome is None:
        rang = int((ended.at - row.rung_at).total_seconds()) - (ended.talk_seconds or 0)
        update = legs.update().where(is_leg).values(outcome=ended.outcome)
        update = update.values(ring_seconds=max(0, rang), talk_seconds=ended.talk_seconds)
        connection.execute(update)


def _is_leg(call_id: int, position: int) -> sa.ColumnElement[bool]:
    return (legs.c.call_id == call_id) & (legs.c.position == position)


def _began_between(start: datetime, end: datetime) -> sa.ColumnElement[bool]:
    return (calls.c.began_at >= start) & (calls.c.began_at < end)


def _outcome(at: datetime) -> sa.ColumnElement[str | None]:
    is_unreported = calls.c.outcome.is_(None) & (calls.c.began_at < at - UNREPORTED_AFTER)
    return sa.case((is_unreported, Outcome.UNKNOWN.value), else_=calls.c.outcome)


def _count(
    connection: Connection, at: datetime, is_wanted: sa.ColumnElement[bool]
) -> dict[CountKey, int]:
    query = sa.select(calls.c.service, calls.c.line, _outcome(at), sa.func.count())
    rows = connection.execute(query.where(is_wanted).group_by(*map(sa.literal_column, "123")))
    return {(service, line, outcome): n for service, line, outcome, n in rows}


def _select_calls(at: datetime, is_wanted: sa.ColumnElement[bool]) -> sa.Select[Any]:
    columns = (column for column in calls.c if column.name not in ("sid_sha256", "outcome"))
    return sa.select(*columns, _outcome(at).label("outcome")).where(is_wanted)


def _read(connection: Connection, query: sa.Select[Any]) -> list[Call]:
    legs_by_call: dict[int, list[CallLeg]] = defaultdict(list)
    is_wanted = legs.c.call_id.in_(sa.select(query.subquery().c.id))
    leg_query = legs.select().where(is_wanted).order_by(legs.c.call_id, legs.c.position)
    for row in connection.execute(leg_query):
        leg = CallLeg(row.line, row.rung_at, row.outcome, row.ring_seconds, row.talk_seconds)
        legs_by_call[row.call_id].append(leg)
    rows = connection.execute(query)
    return [Call(**row._mapping, legs=tuple(legs_by_call[row.id])) for row in rows]


def _is_counted(name: str, since: datetime) -> sa.ColumnElement[bool]:
    return (counters.c.name == name) & (counters.c.hour >= _hour(since))


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
