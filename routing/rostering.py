"""The rota as it stands: read it from the database, hold it against the directory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing import enquiry
from routing.core.directory import RotaRole
from routing.core.hours import Span
from routing.errors import RotaRefused
from routing.rota import clashes
from routing.rota.clashes import Clash
from routing.rota.planning import NewCover, NewShift
from routing.rota.roster import Roster
from routing.storage import rota, workers
from routing.storage.rota import Batch
from routing.storage.workers import Worker

AHEAD = timedelta(days=28)
"""How far ahead gaps are warned of, on every page, in `flask rota gaps` and in /metrics."""


CROSSED = (
    "Somebody else has just changed the rota: one of these people has a shift in this role at that "
    "time now. Look at the rota, and try again."
)


@dataclass(frozen=True, slots=True)
class Rota:
    """The rota of a period, and everybody who is or was on it, by their number."""

    roster: Roster
    workers: Mapping[int, Worker]

    @property
    def roles(self) -> tuple[RotaRole, ...]:
        """Return every role, in the directory's order."""
        return tuple(self.roster.roles.values())

    @property
    def names(self) -> dict[int, str]:
        """Return everybody's name, by number."""
        return {key: each.name for key, each in self.workers.items()}

    def here(self) -> list[Worker]:
        """Return those who can be given a shift, by name."""
        return [each for each in self.workers.values() if each.left_at is None]

    def gaps(self, start: datetime, end: datetime) -> list[tuple[RotaRole, Span, int]]:
        """Return every gap of a period, over all roles, the soonest first; how many are missing."""
        found = [
            (role, *gap) for role in self.roles for gap in self.roster.gaps(role.id, start, end)
        ]
        return sorted(found, key=lambda each: each[1].start)

    def clashes(self, start: datetime, end: datetime) -> list[Clash]:
        """Return what clashes in a period, over all roles."""
        duties = [x for role in self.roles for x in self.roster.duties(role.id, start, end)]
        return clashes.clashes(duties)


def read(start: datetime, end: datetime) -> Rota:
    """Return the rota from ``start`` to ``end``. Raise StorageDown."""
    with enquiry.database().reading() as connection:
        return within(connection, start, end)


def within(connection: Connection, start: datetime, end: datetime) -> Rota:
    """Return the rota from ``start`` to ``end``, as a transaction sees it."""
    shifts, covers = rota.read(connection, start, end)
    known = {each.id: each for each in workers.everyone(connection)}
    return Rota(Roster(enquiry.facts().timetables, shifts, covers), known)


def keep(
    connection: Connection,
    kind: str,
    added: Sequence[NewShift | NewCover],
    actor: str,
    asked: str = "",
) -> Batch:
    """Keep a change of the rota. Raise RotaRefused where the database's own rules forbid it."""
    if not added:
        raise RotaRefused("", "There is nothing to add.")
    try:
        return rota.add(connection, kind, added, enquiry.now(), actor, asked)
    except sa.exc.IntegrityError as error:
        raise RotaRefused("person", CROSSED) from error


def undo(connection: Connection, batch_id: int, actor: str) -> Batch:
    """Undo a change of the rota. Raise UnknownShift, RotaRefused."""
    try:
        return rota.undo(connection, batch_id, enquiry.now(), actor)
    except sa.exc.IntegrityError as error:
        raise RotaRefused(
            "", "This cannot be undone: since then somebody was given a shift at the same time."
        ) from error
