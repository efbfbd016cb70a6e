"""Filling a rota: cut the time that a role must be covered into slots, and assign them in turn."""

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
"""The most days that can be filled at once."""

MIN_SLOT_LENGTH = timedelta(hours=3)
"""No cut is made closer than this to where needed time begins or ends. On a Christmas Eve that
closes at 3:30pm, the first slot then starts at 3:30pm and takes in the usual 5pm handover.
"""

_SAMPLE_PERIOD = timedelta(weeks=8)
_LAST_CUT_MARGIN = timedelta(weeks=1)


class DayKind(StrEnum):
    """The kind of a date. A bank holiday at a weekend is a bank holiday."""

    WORKING_DAY = "working-day"
    WEEKEND = "weekend"
    BANK_HOLIDAY = "bank-holiday"


class TurnLength(StrEnum):
    """How long a turn lasts: a week or a slot."""

    WEEK = "week"
    SLOT = "slot"


ShiftPattern = Mapping[DayKind, tuple[int, ...]]
"""When shifts begin on each kind of day, in minutes after midnight by the clock."""


@dataclass(frozen=True, slots=True)
class ProposedShift:
    """A shift that filling would add; ``person_id`` None where nobody on the list is free."""

    during: Span
    person_id: int | None


def parse_times(text: str) -> tuple[int, ...]:
    """Read when shifts begin, as in 8:30am, 5pm or 08:30,17:00. Raise InvalidTime."""
    parts = [part for part in text.split(",") if part.strip()]
    return tuple(sorted({time_parsing.parse_clock(part) for part in parts}))


def day_kind(day: date, timetables: Timetables) -> DayKind:
    """Return the kind of a date."""
    if day in timetables.holidays:
        return DayKind.BANK_HOLIDAY
    return DayKind.WEEKEND if day.weekday() >= 5 else DayKind.WORKING_DAY


def usual_handovers(roster: Roster, role_id: str, at: datetime) -> tuple[int, ...]:
    """Return when a role is usually handed over, in minutes after midnight by the clock.

    These are the times at which needed time most often begins and ends in the eight weeks from
    ``at``; none where it does not begin or end then.
    """
    zone = roster.timetables.directory.zone
    spans = roster.needed_spans(role_id, at, at + _SAMPLE_PERIOD)[1:-1]
    starts = [_minute(span.start, zone) for span in spans]
    ends = [_minute(span.end, zone) for span in spans]
    return tuple(sorted({Counter(edges).most_common(1)[0][0] for edges in (starts, ends) if edges}))


def usual_pattern(roster: Roster, role_id: str, at: datetime) -> ShiftPattern:
    """Return the pattern in which shifts begin at the usual handovers on every kind of day."""
    return dict.fromkeys(DayKind, usual_handovers(roster, role_id, at))


def make_slots(
    roster: Roster, role_id: str, pattern: ShiftPattern, first: date, last: date
) -> list[Span]:
    """Cut the needed time of a role into slots; return those that start from ``first`` to ``last``.

    Both dates are included. Needed time is cut at each time of the pattern for that kind of day,
    except closer than MIN_SLOT_LENGTH to where it begins or ends. A cut is one instant, the end of
    one slot and the start of the next, also on nights when the clocks change. The slot in progress
    when ``first`` begins belongs to the day before; a slot in progress when ``last`` ends is whole.
    """
    timetables = roster.timetables
    zone = timetables.directory.zone
    start = instants.midnight(first, zone)
    end = instants.midnight(last + timedelta(days=1), zone)
    cuts = _cuts(pattern, first, last + _LAST_CUT_MARGIN, timetables)
    slots = []
    for span in roster.needed_spans(role_id, start - _SAMPLE_PERIOD, end + _SAMPLE_PERIOD):
        first_cut = bisect_left(cuts, span.start + MIN_SLOT_LENGTH)
        last_cut = bisect_right(cuts, span.end - MIN_SLOT_LENGTH)
        edges = [span.start, *cuts[first_cut:last_cut], span.end]
        if span.start < start:  # the first slot is in progress: only a cut starts one of these days
            edges = edges[1:]
        slots += [Span(begins, ends) for begins, ends in pairwise(edges) if start <= begins < end]
    return slots


def assign_slots(
    roster: Roster,
    role_id: str,
    slots: Sequence[Span],
    people: Sequence[int],
    turn_length: TurnLength,
    check_time: Callable[[], None] = lambda: None,
) -> list[ProposedShift]:
    """Assign the gaps in some slots to ``people`` in turn.

    By WEEK a turn is every slot that starts in a week, Monday to Sunday; by SLOT it is one slot.
    Somebody who has a shift in any role at that time is skipped. Where a slot is covered in part,
    only the rest is assigned. ``check_time`` is called for each slot, to stop by raising.
    """
    if not slots or not people:
        return [ProposedShift(slot, None) for slot in slots]
    busy, weeks = _busy(roster, slots), _weeks(slots, roster.timetables.directory.zone)
    proposed: list[ProposedShift] = []
    for slot, week in zip(slots, weeks, strict=True):
        check_time()
        for during, missing in roster.gaps(role_id, slot.start, slot.end):
            for _ in range(missing):
                turn = week if turn_length is TurnLength.WEEK else len(proposed)
                order = (people[(turn + n) % len(people)] for n in range(len(people)))
                person_id = next((one for one in order if busy.is_free(one, during)), None)
                proposed.append(ProposedShift(during, person_id))
                if person_id is not None:
                    busy.add(person_id, during)
    return proposed


@dataclass(slots=True)
class _Busy:
    """When each person has a shift, as slots are assigned."""

    spans: dict[int, list[Span]] = field(default_factory=dict)

    def is_free(self, person_id: int, during: Span) -> bool:
        return not any(span.overlaps(during) for span in self.spans.get(person_id, ()))

    def add(self, person_id: int, during: Span) -> None:
        self.spans.setdefault(person_id, []).append(during)


def _busy(roster: Roster, slots: Sequence[Span]) -> _Busy:
    """Return who is busy: whoever has a shift is for all of it, whether or not it is covered."""
    busy = _Busy()
    for role_id in roster.roles:
        for assignment in roster.assignments(role_id, slots[0].start, slots[-1].end):
            busy.add(assignment.shift.person_id, assignment.shift.during)
            if assignment.person_id is not None:
                busy.add(assignment.person_id, assignment.during)
    return busy


def _cuts(pattern: ShiftPattern, first: date, last: date, timetables: Timetables) -> list[datetime]:
    """Return each instant at which a shift begins by the pattern, from ``first`` to ``last``."""
    zone, begins = timetables.directory.zone, datetime.combine(first, time())
    return sorted(
        {
            instants.start_at(day.date(), minute, zone)
            for day in rrule(DAILY, dtstart=begins, until=datetime.combine(last, time()))
            for minute in pattern[day_kind(day.date(), timetables)]
        }
    )


def _weeks(slots: Sequence[Span], zone: ZoneInfo) -> list[int]:
    """Return in which week each slot starts; the first slot's week is 0."""
    days = [slot.start.astimezone(zone).date() for slot in slots]
    monday = days[0] - timedelta(days=days[0].weekday())
    return [(day - monday).days // 7 for day in days]


def _minute(at: datetime, zone: ZoneInfo) -> int:
    local = at.astimezone(zone)
    return local.hour * 60 + local.minute
