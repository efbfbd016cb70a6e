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
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
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

MISSED = frozenset(Outcome) - {Outcome.ANSWERED}
"""How a call ended that nobody answered."""

_WRITE_CHECK = "attempt"

CountKey = tuple[str, str, str | None]
"""A service, the line first decided on, and the outcome: None while the call goes on."""

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Leg:
    """A line that a call rings. ``position`` counts the legs of a call from 1.

    ``ring_seconds`` is the time until somebody picked up, or the leg ended. What has not happened,
    or was not reported, is None.
    """

    position: int
    line: str
    rung_at: datetime
    accepted_at: datetime | None = None
    outcome: str | None = None
    ring_seconds: int | None = None
    talk_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A call: ``line`` and ``reason`` are those first decided on.

    ``outcome`` and ``ended_at`` are None while it goes on. ``id`` is 0 until it is written.
    """

    service: str
    line: str
    reason: str
    began_at: datetime
    ended_at: datetime | None = None
    outcome: str | None = None
    answered_by: str | None = None
    legs: tuple[Leg, ...] = ()
    id: int = 0

    @property
    def waited(self) -> int | None:
        """Seconds from the beginning of the call until somebody answered; None if nobody did."""
        for leg in self.legs:
            if leg.outcome == Outcome.ANSWERED and leg.ring_seconds is not None:
                return int((leg.rung_at - self.began_at).total_seconds()) + leg.ring_seconds
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


def begin(connection: Connection, key: str, call: Call) -> Call:
    """Write a call that begins, with its legs unless it began before. Return it as it began."""
    call_id, first = _write(connection, key, call)
    if first == replace(call, legs=()):
        _write_legs(connection, call_id, call.legs)
    return first


def write(connection: Connection, key: str, call: Call) -> None:
    """Write what is known of a call and of some of its legs, also if its beginning never was.

    How it ended first is how it ended, except that a call that somebody answered was answered.
    """
    call_id, _ = _write(connection, key, call)
    _write_legs(connection, call_id, call.legs)


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
    limit: int | None = None,
) -> list[Call]:
    """Return the calls that began from ``start`` to before ``end``, newest first, as known ``at``.

    With ``outcomes``, only those that ended in one of these; at most ``limit``.
    """
    is_wanted = _began_between(start, end)
    if outcomes:
        is_wanted &= _outcome(at).in_(outcomes)
    columns = [column for column in calls.c if column.name not in ("sid_sha256", "outcome")]
    query = sa.select(*columns, _outcome(at).label("outcome")).where(is_wanted)
    query = query.order_by(calls.c.began_at.desc(), calls.c.id.desc()).limit(limit)
    legs_by_call: dict[int, list[Leg]] = defaultdict(list)
    is_of_one = legs.c.call_id.in_(sa.select(query.subquery().c.id))
    for row in connection.execute(legs.select().where(is_of_one).order_by(legs.c.position)):
        leg = dict(row._mapping)
        legs_by_call[leg.pop("call_id")].append(Leg(**leg))
    rows = connection.execute(query)
    return [Call(**row._mapping, legs=tuple(legs_by_call[row.id])) for row in rows]


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


def counted(connection: Connection, name: str, since: datetime) -> dict[datetime, int]:
    """Return a counter by the hour, from that of an instant on, earliest first."""
    query = sa.select(counters.c.hour, counters.c.count).where(_is_counted(name, since))
    return {hour: count for hour, count in connection.execute(query.order_by("hour"))}


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


def _write(connection: Connection, key: str, call: Call) -> tuple[int, Call]:
    """Write a call. Return its id, and how it began as first written."""
    names = (column.name for column in calls.c if column.name not in ("id", "sid_sha256"))
    row = {"sid_sha256": key, **{name: getattr(call, name) for name in names}}
    upsert, _ = _upserts(connection.dialect.name)
    call_id, *first = connection.execute(upsert, row).one()
    return call_id, Call(*first)


def _write_legs(connection: Connection, call_id: int, call_legs: Iterable[Leg]) -> None:
    _, upsert = _upserts(connection.dialect.name)
    for leg in call_legs:
        connection.execute(upsert, {"call_id": call_id, **asdict(leg)})


@cache  # building these takes three times as long as running them, and every call waits for it
def _upserts(dialect: str) -> tuple[sa.Insert, sa.Insert]:
    """Return the statements that write a call and a leg. How each ended first remains."""
    call, leg = insert_or_update(dialect, calls), insert_or_update(dialect, legs)
    is_answered = call.excluded.outcome == Outcome.ANSWERED
    is_open = calls.c.outcome.is_(None) | (is_answered & (calls.c.outcome != Outcome.ANSWERED))
    end = {
        name: sa.case((is_open, call.excluded[name]), else_=calls.c[name])
        for name in ("outcome", "answered_by", "ended_at")
    }
    leg_end = {
        name: sa.case((legs.c.outcome.is_(None), leg.excluded[name]), else_=legs.c[name])
        for name in ("outcome", "ring_seconds", "talk_seconds")
    }
    first_accepted = sa.func.coalesce(legs.c.accepted_at, leg.excluded.accepted_at)
    changes = {"line": leg.excluded.line, "accepted_at": first_accepted, **leg_end}
    columns = (calls.c.id, calls.c.service, calls.c.line, calls.c.reason, calls.c.began_at)
    call = call.on_conflict_do_update(index_elements=["sid_sha256"], set_=end)
    leg = leg.on_conflict_do_update(index_elements=["call_id", "position"], set_=changes)
    return call.returning(*columns), leg


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


def _is_counted(name: str, since: datetime) -> sa.ColumnElement[bool]:
    return (counters.c.name == name) & (counters.c.hour >= _hour(since))


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
