"""The rota as it stands: read it from the database, hold it against the directory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from routing import enquiry
from routing.core.directory import RotaRole
from routing.core.hours import Span
from routing.rota import clashes, planning, sheet, words
from routing.rota.clashes import Clash
from routing.rota.planning import AROUND, NewCover, NewShift
from routing.rota.roster import Roster
from routing.storage import rota, workers
from routing.storage.workers import Worker

AHEAD = timedelta(days=28)
"""How far ahead gaps are warned of, on every page, in `flask rota gaps` and in /metrics."""


HALF_A_YEAR = timedelta(days=184)
"""How far ahead somebody's own shifts are shown, here and in calendars."""

EVER = timedelta(days=3650)
"""Beyond this nobody has shifts."""


@dataclass(frozen=True, slots=True)
class Rota:
    """The rota of a period, and everybody who is or was on it, by their number.

    ``revision`` differs from that of a later reading if anybody has changed the rota meanwhile.
    """

    roster: Roster
    workers: Mapping[int, Worker]
    revision: tuple[int, int] = (0, 0)

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
        """Return every gap that begins in a period, over all roles, the soonest first.

        With each, its role and how many people are missing. One that runs on is told whole, for as
        long as the rota was read: AROUND longer than the period is enough.
        """
        of = self.roster.gaps
        found = [(role, *gap) for role in self.roles for gap in of(role.id, start, end + AROUND)]
        return sorted((x for x in found if x[1].start < end), key=lambda each: each[1].start)

    def surplus(self, start: datetime, end: datetime) -> list[tuple[RotaRole, Span]]:
        """Return every stretch of a period in which people are on duty though nobody is needed."""
        of = self.roster.surplus
        found = [(role, span) for role in self.roles for span in of(role.id, start, end)]
        return sorted(found, key=lambda each: each[1].start)

    def empty(self, role: RotaRole, start: datetime, end: datetime) -> bool:
        """Say whether a role has nobody at all in a period."""
        return not self.roster.duties(role.id, start, end)

    def clashes(self, start: datetime, end: datetime) -> list[Clash]:
        """Return what clashes in a period, over all roles."""
        duties = [x for role in self.roles for x in self.roster.duties(role.id, start, end)]
        return clashes.clashes(duties)

    def new_clashes(self, wanted: Sequence[NewShift | NewCover]) -> list[Clash]:
        """Return what would clash if some changes were made, and does not without them."""
        if not wanted:
            return []
        start = min(each.during.start for each in wanted) - AROUND
        end = max(each.during.end for each in wanted) + AROUND
        later = Rota(planning.after(self.roster, wanted), self.workers)
        known = {(x.kind, x.worker, x.during) for x in self.clashes(start, end)}
        found = later.clashes(start, end)
        return [x for x in found if (x.kind, x.worker, x.during) not in known]


def read(start: datetime, end: datetime) -> Rota:
    """Return the rota from ``start`` to ``end``. Raise StorageDown."""
    with enquiry.database().reading() as connection:
        return within(connection, start, end)


def within(connection: Connection, start: datetime, end: datetime) -> Rota:
    """Return the rota from ``start`` to ``end``, as a transaction sees it."""
    revision = rota.revision(connection)  # first: what changes while the rest is read, counts
    shifts, covers = rota.read(connection, start, end)
    known = {each.id: each for each in workers.everyone(connection)}
    return Rota(Roster(enquiry.facts().timetables, shifts, covers), known, revision)


def ahead(connection: Connection, at: datetime) -> Rota:
    """Return what is needed to know who is on duty at ``at``, and every gap of the next AHEAD."""
    return within(connection, at - AROUND, at + AHEAD + AROUND)


def as_sheet(period: Span) -> str:
    """Return who is really on duty in a period, as a spreadsheet. Raise StorageDown."""
    found = read(period.start, period.end)
    duties = [x for r in found.roles for x in found.roster.duties(r.id, period.start, period.end)]
    duties.sort(key=lambda each: each.during.start)
    return sheet.write(duties, found.names, enquiry.facts().directory.zone)


def warnings(connection: Connection, at: datetime) -> list[tuple[str, str]]:
    """Return what staff should know of the rota, each with its code: each role with a gap, once."""
    found, voice, told = ahead(connection, at), enquiry.staff_voice(), []
    every = found.gaps(at, at + AHEAD)
    for role in found.roles:
        gaps = [(span, missing) for of, span, missing in every if of is role]
        if gaps and found.empty(role, at, at + AHEAD):
            text = f"{words.role(role)}: nobody is on the rota in the next {AHEAD.days} days."
            told.append(("rota_empty", text))
        elif gaps:
            more = f", and {len(gaps) - 1} more in {AHEAD.days} days" if len(gaps) > 1 else ""
            said = words.gap(role, *gaps[0], at, voice)
            where = "See Gaps and clashes under Rota, or `flask rota gaps`."
            told.append(("rota_gap", f"{said}{more}. {where}"))
    ahead_of_now = [each for each in found.roster.shifts if each.during.end > at]
    for gone in sorted({each.role for each in ahead_of_now} - set(found.roster.roles)):
        text = (
            f"There are shifts to come in the role '{gone}', which the directory has not. Give the "
            "role its key back in directory.yaml, or enter them anew."
        )
        told.append(("rota_role_unknown", text))
    return told
