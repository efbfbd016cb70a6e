"""Filling a rota: slots made of required time, given to people in turn."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, rrule

from routing.core import instants
from routing.core.instants import Span
from routing.core.timetable import Timetables
from routing.rota.roster import Roster
from routing.text import time_parsing

MAX_DAYS = 400
"""How many days are filled at once, at most."""

MIN_SLOT_LENGTH = timedelta(hours=3)
"""No slot is made shorter than this at an end of required time: on a Christmas Eve that closes at
3:30pm, whoever comes on at 5pm on other days comes on then.
"""

_LOOKED_AT = timedelta(weeks=8)
_FOLLOWING = timedelta(weeks=1)


class DayKind(StrEnum):
    """What a date is: a bank holiday before it is a day of the weekend."""

    WORKING_DAY = "working-day"
    WEEKEND = "weekend"
    BANK_HOLIDAY = "bank-holiday"


class TurnLength(StrEnum):
    """How people take turns: a week each, or a slot each."""

    WEEK = "week"
    SLOT = "slot"


ShiftPattern = Mapping[DayKind, tuple[int, ...]]
"""By kind of day, when the next slot begins, in minutes after midnight by the clock."""


@dataclass(frozen=True, slots=True)
class ProposedShift:
    """A shift that is to be: ``worker`` None where nobody of the list is free."""

    during: Span
    worker: int | None


@dataclass(slots=True)
class _Busy:
    """Who has what already, as slots are given out."""

    spans: dict[int, list[Span]] = field(default_factory=dict)

    def free(self, worker: int, during: Span) -> bool:
        spans = self.spans.get(worker, ())
        return all(span.end <= during.start or during.end <= span.start for span in spans)

    def take(self, worker: int, during: Span) -> None:
        self.spans.setdefault(worker, []).append(during)


def parse_times(text: str) -> tuple[int, ...]:
    """Read when shifts begin: 8:30am, 5pm or 08:30,17:00. Raise InvalidTime."""
    parts = [each for each in text.split(",") if each.strip()]
    return tuple(sorted({time_parsing.parse_clock(each) for each in parts}))


def day_kind(day: date, timetables: Timetables) -> DayKind:
    """Return what kind of day a date is."""
    if day in timetables.holidays:
        return DayKind.BANK_HOLIDAY
    return DayKind.WEEKEND if day.weekday() >= 5 else DayKind.WORKING_DAY


def usual_handovers(roster: Roster, role_id: str, at: datetime) -> tuple[int, ...]:
    """Return when a role is usually handed over: by the clock, in minutes after midnight.

    The times at which required time most often begins and ends in the eight weeks from ``at``;
    none where it never does either.
    """
    zone = roster.timetables.directory.zone
    found = roster.needed(role_id, at, at + _LOOKED_AT)[1:-1]
    edges = [[_minute(x.start, zone) for x in found], [_minute(x.end, zone) for x in found]]
    usual = {Counter(each).most_common(1)[0][0] for each in edges if each}
    return tuple(sorted(usual))


def usual_pattern(roster: Roster, role_id: str, at: datetime) -> ShiftPattern:
    """Return the pattern to begin with: every kind of day is cut at the usual handovers."""
    return dict.fromkeys(DayKind, usual_handovers(roster, role_id, at))


def make_slots(
    roster: Roster, role_id: str, pattern: ShiftPattern, first: date, last: date
) -> list[Span]:
    """Return required time that begins on the dates from ``first`` to ``last``, in slots.

    It is cut at each time of the pattern for the kind of day it is, unless that is nearer than
    MIN_SLOT to where required time begins or ends. Each cut is one instant, the
    end of one slot and the start of the next: also on nights when the clocks change. What was
    required since the day before belongs to the day before; what runs on past ``last`` runs on to
    its next cut or its end.
    """
    timetables = roster.timetables
    zone = timetables.directory.zone
    start = instants.midnight(first, zone)
    end = instants.midnight(last + timedelta(days=1), zone)
    cuts = _cuts(pattern, first, last + _FOLLOWING, timetables)
    found = []
    for span in roster.needed(role_id, start - _LOOKED_AT, end + _LOOKED_AT):
        inside = cuts[
            bisect_left(cuts, span.start + MIN_SLOT_LENGTH) : bisect_right(
                cuts, span.end - MIN_SLOT_LENGTH
            )
        ]
        edges = [span.start, *inside, span.end]
        if span.start < start:  # it runs since before: only what is cut off in time is ours
            edges = edges[1:]
        found += [Span(begins, ends) for begins, ends in pairwise(edges) if start <= begins < end]
    return found


def assign_slots(
    roster: Roster,
    role_id: str,
    wanted: Sequence[Span],
    people: Sequence[int],
    turn: TurnLength,
    check_time: Callable[[], None] = lambda: None,
) -> list[ProposedShift]:
    """Give what nobody has yet of ``wanted`` slots to ``people`` in turn.

    By week, each has all slots that begin in a week, Monday to Sunday; by slot, each has the next
    one. Who has a duty then already, in any role, is passed over, and the next in turn has it. A
    slot that somebody has in part is filled for the rest. ``check_time`` is called for every slot,
    and raises when this has taken too long.
    """
    if not wanted or not people:
        return [ProposedShift(each, None) for each in wanted]
    busy, weeks = _Busy(), _weeks(wanted, roster.timetables.directory.zone)
    for role in roster.roles:
        for duty in roster.duties(role, wanted[0].start, wanted[-1].end):
            busy.take(duty.shift.worker, duty.shift.during)
            if duty.worker is not None:
                busy.take(duty.worker, duty.during)
    found, turns = [], 0
    for number, slot in enumerate(wanted):
        check_time()
        for during, missing in roster.gaps(role_id, slot.start, slot.end):
            for _ in range(missing):
                first = weeks[number] if turn is TurnLength.WEEK else turns
                order = (people[(first + n) % len(people)] for n in range(len(people)))
                worker = next((each for each in order if busy.free(each, during)), None)
                turns += 1
                found.append(ProposedShift(during, worker))
                if worker is not None:
                    busy.take(worker, during)
    return found


def _cuts(pattern: ShiftPattern, first: date, last: date, timetables: Timetables) -> list[datetime]:
    """Return each instant at which a slot begins, by the pattern, from ``first`` to ``last``."""
    zone, begins = timetables.directory.zone, datetime.combine(first, time())
    return sorted(
        {
            instants.start_at(day.date(), minute, zone)
            for day in rrule(DAILY, dtstart=begins, until=datetime.combine(last, time()))
            for minute in pattern[day_kind(day.date(), timetables)]
        }
    )


def _weeks(wanted: Sequence[Span], zone: ZoneInfo) -> list[int]:
    """Return for each slot which week it begins in, that of the first one being 0."""
    days = [each.start.astimezone(zone).date() for each in wanted]
    monday = days[0] - timedelta(days=days[0].weekday())
    return [(day - monday).days // 7 for day in days]


def _minute(at: datetime, zone: ZoneInfo) -> int:
    local = at.astimezone(zone)
    return local.hour * 60 + local.minute
