"""The call log as it is read: calls of a period, each with the lines that it rang."""

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
"""After so long a call without an end is one whose end was never told: Twilio ends it by itself."""


@dataclass(frozen=True, slots=True)
class CallLeg:
    """A line that a call rang: how that ended (None: not told), and the seconds it took."""

    line: str
    at: datetime
    outcome: str | None
    rang: int | None
    talked: int | None


@dataclass(frozen=True, slots=True)
class Call:
    """A call. ``outcome`` is one of storage.calls, None while it goes on."""

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
        """Seconds from the call to somebody's answer, None where there was none."""
        for leg in self.legs:
            if leg.outcome == ANSWERED and leg.rang is not None:
                return int((leg.at - self.began_at).total_seconds()) + leg.rang
        return None


def calls_between(
    connection: Connection,
    start: datetime,
    end: datetime,
    at: datetime,
    outcomes: Collection[str] = (),
) -> list[Call]:
    """Return every call that began from ``start`` to before ``end``, in order, as known ``at``.

    Where ``outcomes`` are given, only those that ended so.
    """
    during = _during(start, end)
    if outcomes:
        during &= calls.c.outcome.in_(outcomes)
    found = calls.select().where(during).order_by(calls.c.began_at, calls.c.id)
    return _read(connection, found, at)


def missed(
    connection: Connection, start: datetime, end: datetime, at: datetime, most: int
) -> list[Call]:
    """Return the newest calls of a period that are over and that nobody answered, newest first."""
    ended = _outcome(at)
    found = calls.select().where(_during(start, end) & (ended != ANSWERED))
    found = found.order_by(calls.c.began_at.desc(), calls.c.id.desc())
    return _read(connection, found.limit(most), at)


def counts(
    connection: Connection, start: datetime, end: datetime, at: datetime
) -> dict[tuple[str, str, str | None], int]:
    """Return how many calls of a period there are by service, first line and outcome."""
    found = counts_by_period(connection, (start, end), at)
    return {key[1:]: count for key, count in found.items()}


def counts_by_period(
    connection: Connection, edges: Sequence[datetime], at: datetime
) -> dict[tuple[int, str, str, str | None], int]:
    """Return the same for each period from one of ``edges`` to the next, numbered from 0."""
    period = sa.case(*((calls.c.began_at < edge, n) for n, edge in enumerate(edges[1:])))
    columns = (period, calls.c.service, calls.c.line, _outcome(at))
    by: list[sa.ColumnElement[Any]] = [sa.literal_column(place) for place in "1234"]
    found = sa.select(*columns, sa.func.count()).where(_during(edges[0], edges[-1])).group_by(*by)
    return {
        (n, service, line, ended): count
        for n, service, line, ended, count in (connection.execute(found))
    }


def _during(start: datetime, end: datetime) -> sa.ColumnElement[bool]:
    return (calls.c.began_at >= start) & (calls.c.began_at < end)


def _outcome(at: datetime) -> sa.ColumnElement[str | None]:
    """Select how a call ended, as known ``at``."""
    untold = calls.c.outcome.is_(None) & (calls.c.began_at < at - UNREPORTED_AFTER)
    return sa.case((untold, UNKNOWN), else_=calls.c.outcome)


def _read(connection: Connection, found: sa.Select[Any], at: datetime) -> list[Call]:
    rung: dict[int, list[CallLeg]] = defaultdict(list)
    of = legs.c.call.in_(sa.select(found.subquery().c.id))
    for row in connection.execute(legs.select().where(of).order_by(legs.c.call, legs.c.number)):
        rung[row.call].append(CallLeg(row.line, row.rung_at, row.outcome, row.rang, row.talked))
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
            legs=tuple(rung[row.id]),
        )
        for row in connection.execute(found)
    ]
