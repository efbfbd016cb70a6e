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
from routing.errors import InvalidTime
from routing.rota.roster import Roster
from routing.text import time_parsing

MAX_DAYS = 400
"""The most days that can be filled at once."""

MAX_TURN_DAYS = 92
"""The longest turn."""

MIN_SLOT_LENGTH = timedelta(hours=3)
"""No cut is made closer than this to where needed time begins or ends. On a Christmas Eve that
closes at 3:30pm, the first slot then starts at 3:30pm and takes in the usual 5pm handover.
"""

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SAMPLE_PERIOD = timedelta(weeks=8)
_LAST_CUT_MARGIN = timedelta(weeks=1)


class DayKind(StrEnum):
    """The kind of a date. A bank holiday at a weekend is a bank holiday."""

    WORKING_DAY = "working-day"
    WEEKEND = "weekend"
    BANK_HOLIDAY = "bank-holiday"


@dataclass(frozen=True, slots=True)
class TurnRule:
    """How long a turn lasts, and when one begins.

    ``days`` None: each slot is a turn. ``weekday`` (Monday is 0) None: the first turn begins on the
    first day to be filled; else on the latest such day up to then, so that one may be in progress.
    Each next one begins ``days`` later, at ``minute`` by the clock, where needed time is cut; with
    None a slot belongs to the turn of the day on which it starts.
    """

    days: int | None = None
    weekday: int | None = None
    minute: int | None = None


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


def parse_turn(length: str, begins: str | None = None) -> TurnRule:
    """Read how long a turn lasts: ``slot``, ``week``, ``fortnight`` or a number of days.

    ``begins`` is a day of the week with or without a time, as in Friday 5pm; "" is the first day to
    be filled; None is Monday for whole weeks, and else that day. Raise InvalidTime.
    """
    word = length.strip().casefold()
    if word == "slot":
        return TurnRule()
    digits = {"week": "7", "fortnight": "14"}.get(word, word)
    if not (digits.isascii() and digits.isdecimal() and 1 <= int(digits[:9]) <= MAX_TURN_DAYS):
        raise InvalidTime(
            f"'{length[:40]}' is no length of a turn. Write a number of days from 1 to "
            f"{MAX_TURN_DAYS}: 7 is a week, 14 a fortnight."
        )
    days = int(digits)
    begins = ("" if days % 7 else _WEEKDAYS[0]) if begins is None else begins.strip()
    if not begins:
        return TurnRule(days)
    day, _, clock = begins.partition(" ")
    weekdays = [name for name in _WEEKDAYS if len(day) >= 3 and name.startswith(day.casefold())]
    if not weekdays:
        raise InvalidTime(f"'{begins[:40]}' is no day of the week. Write it as Friday 5pm.")
    minute = time_parsing.parse_clock(clock) if clock.strip() else None
    return TurnRule(days, _WEEKDAYS.index(weekdays[0]), minute)


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
    roster: Roster,
    role_id: str,
    pattern: ShiftPattern,
    first: date,
    last: date,
    turns: TurnRule = TurnRule(),
) -> list[Span]:
    """Cut the needed time of a role into slots; return those that start from ``first`` to ``last``.

    Both dates are included. Needed time is cut at each time of the pattern for that kind of day,
    and where a turn begins at a time of day, except closer than MIN_SLOT_LENGTH to where it begins
    or ends. A cut is one instant, the end of one slot and the start of the next, also on nights
    when the clocks change. The slot in progress when ``first`` begins belongs to the day before; a
    slot in progress when ``last`` ends is whole.
    """
    timetables = roster.timetables
    zone = timetables.directory.zone
    start = instants.midnight(first, zone)
    end = instants.midnight(last + timedelta(days=1), zone)
    cuts = _cuts(pattern, first, last + _LAST_CUT_MARGIN, timetables)
    if turns.minute is not None:
        cuts = sorted({*cuts, *_turn_starts(turns, first, last + _LAST_CUT_MARGIN, zone)})
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
    first: date,
    turns: TurnRule,
    check_time: Callable[[], None] = lambda: None,
) -> list[ProposedShift]:
    """Assign the gaps in some slots to ``people`` in turn, from the day ``first`` on.

    As many people share a turn as the role needs. Before the first turn the last of them has the
    turn. Somebody who has a shift in any role at that time is skipped. Where a slot is covered in
    part, only the rest is assigned. ``check_time`` is called for each slot, to stop by raising.
    """
    if not slots or not people:
        return [ProposedShift(slot, None) for slot in slots]
    busy, zone = _busy(roster, slots), roster.timetables.directory.zone
    starts = _turn_starts(turns, first, slots[-1].end.astimezone(zone).date(), zone)
    people_needed = roster.roles[role_id].people
    proposed: list[ProposedShift] = []
    for slot in slots:
        check_time()
        for during, missing in roster.gaps(role_id, slot.start, slot.end):
            for _ in range(missing):
                turn = len(proposed)
                if turns.days is not None:
                    turn = (bisect_right(starts, _turn_instant(slot, turns)) - 1) * people_needed
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
    for assignment in roster.all_assignments(slots[0].start, slots[-1].end):
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


def _turn_starts(turns: TurnRule, first: date, last: date, zone: ZoneInfo) -> list[datetime]:
    """Return each instant up to the end of ``last`` at which a turn begins; none without days."""
    if turns.days is None:
        return []
    if turns.weekday is not None:
        first -= timedelta(days=(first.weekday() - turns.weekday) % 7)
    numbers = range((last - first).days // turns.days + 1)
    days = (first + timedelta(days=number * turns.days) for number in numbers)
    return [instants.start_at(day, turns.minute or 0, zone) for day in days]


def _turn_instant(slot: Span, turns: TurnRule) -> datetime:
    """Return the instant that says to which turn a slot belongs.

    Where turns begin at a time of day it is the middle: no cut is made close to where needed time
    begins, so the first slot of a turn may begin before the turn does.
    """
    return slot.start if turns.minute is None else slot.start + (slot.end - slot.start) / 2


def _minute(at: datetime, zone: ZoneInfo) -> int:
    local = at.astimezone(zone)
    return local.hour * 60 + local.minute
