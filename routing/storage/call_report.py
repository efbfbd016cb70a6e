"""The call log as it is read: calls of a period, each with the lines that it rang."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from routing.storage.calls import ANSWERED, UNKNOWN
from routing.storage.tables import calls, legs

STALE = timedelta(hours=4)
"""After so long a call without an end is one whose end was never told: Twilio ends it by itself."""


@dataclass(frozen=True, slots=True)
class Rung:
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
    legs: tuple[Rung, ...]

    @property
    def waited(self) -> int | None:
        """Seconds from the call to somebody's answer, None where there was none."""
        for leg in self.legs:
            if leg.outcome == ANSWERED and leg.rang is not None:
                return int((leg.at - self.began_at).total_seconds()) + leg.rang
        return None


def between(
    connection: Connection,
    start: datetime,
    end: datetime,
    at: datetime,
    outcomes: Collection[str] = (),
) -> list[Call]:
    """Return every call that began from ``start`` to before ``end``, in order, as known ``at``.

    Where ``outcomes`` are given, only those that ended so.
    """
    during = (calls.c.began_at >= start) & (calls.c.began_at < end)
    if outcomes:
        during &= calls.c.outcome.in_(outcomes)
    rung: dict[int, list[Rung]] = defaultdict(list)
    for row in connection.execute(
        legs.select().join(calls).where(during).order_by(legs.c.call, legs.c.number)
    ):
        rung[row.call].append(Rung(row.line, row.rung_at, row.outcome, row.rang, row.talked))
    rows = connection.execute(calls.select().where(during).order_by(calls.c.began_at, calls.c.id))
    return [
        Call(
            id=row.id,
            service=row.service,
            line=row.line,
            reason=row.reason,
            began_at=row.began_at,
            ended_at=row.ended_at,
            outcome=row.outcome or (UNKNOWN if at - row.began_at > STALE else None),
            answered_by=row.answered_by,
            legs=tuple(rung[row.id]),
        )
        for row in rows
    ]


def counts(
    connection: Connection, start: datetime, end: datetime, at: datetime
) -> dict[tuple[str, str, str | None], int]:
    """Return how many calls of a period there are by service, first line and outcome."""
    found: dict[tuple[str, str, str | None], int] = defaultdict(int)
    for call in between(connection, start, end, at):
        found[call.service, call.line, call.outcome] += 1
    return dict(found)
