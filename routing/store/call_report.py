"""Read the call log: calls of a period, each with the lines that it rang."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.store.calls import ANSWERED, UNKNOWN
from routing.store.tables import calls, legs

UNREPORTED_AFTER = timedelta(hours=4)
"""After this long a call is over even if no end was reported: it is Twilio's own limit."""


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
    """A call. ``outcome`` is one of ``store.calls``, and None while the call goes on."""

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
            if leg.outcome == ANSWERED and leg.ring_seconds is not None:
                return int((leg.at - self.began_at).total_seconds()) + leg.ring_seconds
        return None


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
    query = calls.select().where(is_wanted).order_by(calls.c.began_at, calls.c.id)
    return _read(connection, query, at)


def missed(
    connection: Connection, start: datetime, end: datetime, at: datetime, limit: int
) -> list[Call]:
    """Return the newest calls of a period that are over and that nobody answered, newest first."""
    is_missed = _began_between(start, end) & (_outcome(at) != ANSWERED)
    query = calls.select().where(is_missed)
    query = query.order_by(calls.c.began_at.desc(), calls.c.id.desc()).limit(limit)
    return _read(connection, query, at)


def counts(
    connection: Connection, start: datetime, end: datetime, at: datetime
) -> dict[tuple[str, str, str | None], int]:
    """Return how many calls of a period there are by service, first line and outcome."""
    by_period = counts_by_period(connection, (start, end), at)
    return {key[1:]: count for key, count in by_period.items()}


def counts_by_period(
    connection: Connection, edges: Sequence[datetime], at: datetime
) -> dict[tuple[int, str, str, str | None], int]:
    """Return the same for each period from one of ``edges`` to the next, numbered from 0."""
    period = sa.case(*((calls.c.began_at < edge, n) for n, edge in enumerate(edges[1:])))
    columns = (period, calls.c.service, calls.c.line, _outcome(at))
    by_position: list[sa.ColumnElement[Any]] = [sa.literal_column(number) for number in "1234"]
    query = (
        sa.select(*columns, sa.func.count())
        .where(_began_between(edges[0], edges[-1]))
        .group_by(*by_position)
    )
    return {
        (number, service, line, outcome): count
        for number, service, line, outcome, count in connection.execute(query)
    }


def counts_of_ended(
    connection: Connection, since: datetime, at: datetime
) -> dict[tuple[str, str, str], int]:
    """Return how many calls ended from ``since`` on, by service, first line and outcome.

    One whose end was not reported ends UNREPORTED_AFTER its beginning.
    """
    is_unreported = calls.c.ended_at.is_(None) & _began_between(
        since - UNREPORTED_AFTER, at - UNREPORTED_AFTER
    )
    began_lately = calls.c.began_at >= since - 2 * UNREPORTED_AFTER
    query = (
        sa.select(calls.c.service, calls.c.line, _outcome(at), sa.func.count())
        .where(began_lately & ((calls.c.ended_at >= since) | is_unreported))
        .group_by(sa.literal_column("1"), sa.literal_column("2"), sa.literal_column("3"))
    )
    rows = connection.execute(query)
    return {(service, line, outcome or UNKNOWN): count for service, line, outcome, count in rows}


def _began_between(start: datetime, end: datetime) -> sa.ColumnElement[bool]:
    return (calls.c.began_at >= start) & (calls.c.began_at < end)


def _outcome(at: datetime) -> sa.ColumnElement[str | None]:
    """Select how a call ended, as known ``at``."""
    is_unreported = calls.c.outcome.is_(None) & (calls.c.began_at < at - UNREPORTED_AFTER)
    return sa.case((is_unreported, UNKNOWN), else_=calls.c.outcome)


def _read(connection: Connection, query: sa.Select[Any], at: datetime) -> list[Call]:
    legs_by_call: dict[int, list[CallLeg]] = defaultdict(list)
    is_wanted = legs.c.call_id.in_(sa.select(query.subquery().c.id))
    leg_query = legs.select().where(is_wanted).order_by(legs.c.call_id, legs.c.position)
    for row in connection.execute(leg_query):
        leg = CallLeg(row.line, row.rung_at, row.outcome, row.ring_seconds, row.talk_seconds)
        legs_by_call[row.call_id].append(leg)
    return [
        Call(
            id=row.id,
            service=row.service,
            line=row.line,
            reason=row.reason,
            began_at=row.began_at,
            ended_at=row.ended_at,
            outcome=row.outcome or (UNKNOWN if at - row.began_at > UNREPORTED_AFTER else None),
            answered_by=row.answered_by,
            legs=tuple(legs_by_call[row.id]),
        )
        for row in connection.execute(query)
    ]
