"""Filling a rota: needed time is cut into slots, people take turns, and their work is counted."""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, rrule

from routing.core import instants
from routing.core.decision import Timetables
from routing.core.directory import date_range
from routing.core.instants import Span, merge_equal, split_by_day
from routing.errors import InvalidTime
from routing.rota.roster import Rota, Shift
from routing.text import time_parsing

MAX_DAYS = 400
"""The most days that can be filled at once."""

MAX_TURN_DAYS = 92
"""The longest turn."""

MIN_SLOT_LENGTH = timedelta(hours=3)
"""No cut is made closer than this to where needed time begins or ends. On a Christmas Eve that
closes at 3:30pm, the first slot then starts at 3:30pm and takes in the usual 5pm handover.
"""

MIN_DUTY = timedelta(hours=3)
"""The duty in a night, weekend day or bank holiday from which it counts: that of a night worker in
regulation 2 of the Working Time Regulations 1998.
"""

NIGHT_MINUTES = 23 * 60, 30 * 60
"""Night time of that regulation, 11pm to 6am, in minutes after the midnight before it."""

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
class Workload:
    """What one person has. Hours in two roles at once count once, and so does a whole weekend."""

    person_id: int | None
    shifts: int
    duration: timedelta
    nights: int
    weekends: int
    bank_holidays: int


def parse_times(text: str) -> tuple[int, ...]:
    """Read when shifts begin, as in 8:30am, 5pm or 08:30,17:00. Raise InvalidTime."""
    parts = [part for part in text.split(",") if part.strip()]
    return tuple(sorted({time_parsing.parse_clock(part) for part in parts}))


def parse_turn(length: str, begins: str = "") -> TurnRule:
    """Read how long a turn lasts, ``slot`` or a number of days. Raise InvalidTime.

    ``begins`` is a day of the week with or without a time, as in Friday 5pm; "" is the first day to
    be filled.
    """
    digits = length.strip()
    if digits.casefold() == "slot":
        return TurnRule()
    if not (digits.isascii() and digits.isdecimal() and 1 <= int(digits[:9]) <= MAX_TURN_DAYS):
        raise InvalidTime(
            f"'{length[:40]}' is no length of a turn. Write a number of days from 1 to "
            f"{MAX_TURN_DAYS}: 7 is a week, 14 a fortnight."
        )
    day, _, clock = begins.strip().partition(" ")
    if not day:
        return TurnRule(int(digits))
    weekdays = [name for name in _WEEKDAYS if len(day) >= 3 and name.startswith(day.casefold())]
    if not weekdays:
        raise InvalidTime(f"'{begins[:40]}' is no day of the week. Write it as Friday 5pm.")
    minute = time_parsing.parse_clock(clock) if clock.strip() else None
    return TurnRule(int(digits), _WEEKDAYS.index(weekdays[0]), minute)


def day_kind(day: date, timetables: Timetables) -> DayKind:
    """Return the kind of a date."""
    if day in timetables.holidays:
        return DayKind.BANK_HOLIDAY
    return DayKind.WEEKEND if day.weekday() >= 5 else DayKind.WORKING_DAY


def usual_handovers(rota: Rota, role_id: str, at: datetime) -> tuple[int, ...]:
    """Return when a role is usually handed over, in minutes after midnight by the clock.

    These are the times at which needed time most often begins and ends in the eight weeks from
    ``at``; none where it does not begin or end then.
    """
    zone, minutes = rota.timetables.directory.zone, set[int]()
    spans = rota.needed_spans(role_id, at, at + _SAMPLE_PERIOD)[1:-1]
    for edge in ("start", "end"):
        local_times = (getattr(span, edge).astimezone(zone) for span in spans)
        counts = Counter(local.hour * 60 + local.minute for local in local_times)
        minutes.update(minute for minute, _ in counts.most_common(1))
    return tuple(sorted(minutes))


def make_slots(
    rota: Rota,
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
    timetables, zone = rota.timetables, rota.timetables.directory.zone
    start, end = (instants.midnight(day, zone) for day in (first, last + timedelta(days=1)))
    last_cut_day = last + _LAST_CUT_MARGIN
    starts = {
        instants.start_at(day, minute, zone)
        for day in date_range(first, last_cut_day)
        for minute in pattern[day_kind(day, timetables)]
    }
    if turns.minute is not None:
        starts.update(_turn_starts(turns, first, last_cut_day, zone))
    cuts, slots = sorted(starts), []
    for span in rota.needed_spans(role_id, start - _SAMPLE_PERIOD, end + _SAMPLE_PERIOD):
        first_cut = bisect_left(cuts, span.start + MIN_SLOT_LENGTH)
        last_cut = bisect_right(cuts, span.end - MIN_SLOT_LENGTH)
        edges = [span.start, *cuts[first_cut:last_cut], span.end]
        if span.start < start:  # the first slot is in progress: only a cut starts one of these days
            edges = edges[1:]
        slots += [Span(begins, ends) for begins, ends in pairwise(edges) if start <= begins < end]
    return slots


def assign_slots(
    rota: Rota,
    role_id: str,
    slots: Sequence[Span],
    people: Sequence[int],
    first: date,
    turns: TurnRule,
    check_time: Callable[[], None] = lambda: None,
) -> list[Shift]:
    """Assign the gaps in some slots to ``people`` in turn, from the day ``first`` on.

    As many people share a turn as the role needs. Before the first turn the last of them has the
    turn. Somebody who has a shift in any role at that time is skipped; where nobody is free,
    ``person_id`` is None. Where a slot is covered in part, or by some of the people, only the rest
    is assigned. ``check_time`` is called for each slot, to stop by raising.
    """
    if not slots or not people:
        return [Shift(role_id, None, slot) for slot in slots]
    busy: dict[int | None, list[Span]] = defaultdict(list)
    for assignment in rota.all_assignments(slots[0].start, slots[-1].end):
        # Whoever has a shift is busy for all of it, whether or not it is covered.
        busy[assignment.shift.person_id].append(assignment.shift.during)
        busy[assignment.person_id].append(assignment.during)
    zone = rota.timetables.directory.zone
    starts = _turn_starts(turns, first, slots[-1].end.astimezone(zone).date(), zone)
    people_needed = rota.roles[role_id].people
    proposed: list[Shift] = []
    for slot in slots:
        check_time()
        # Where turns begin at a time of day, a slot belongs to the turn of its middle: no cut is
        # made close to where needed time begins, so the first slot may begin before its turn does.
        half = (slot.end - slot.start) / 2 if turns.minute is not None else timedelta()
        turn = (bisect_right(starts, slot.start + half) - 1) * people_needed
        staffing = list(rota.staffing(role_id, slot.start, slot.end))
        for present in range(people_needed):
            is_short = ((span, interval.missing > present) for span, interval in staffing)
            for during in (span for span, is_gap in merge_equal(is_short) if is_gap):
                if turns.days is None:
                    turn = len(proposed)
                order = (people[(turn + n) % len(people)] for n in range(len(people)))
                free = (one for one in order if not any(map(during.overlaps, busy[one])))
                person_id = next(free, None)
                proposed.append(Shift(role_id, person_id, during))
                busy[person_id].append(during)
    return proposed


def measure_workload(rota: Rota, person_id: int | None, period: Span) -> Workload:
    """Return what a person has, covers applied, that begins in a period."""
    zone, holidays = rota.timetables.directory.zone, rota.timetables.holidays
    duties = [
        duty
        for duty in rota.all_assignments(period.start, period.end)
        if duty.person_id == person_id and duty.during.start in period
    ]
    by_day: Counter[date] = Counter()
    by_night: Counter[date] = Counter()
    for span in _merge(duty.during for duty in duties):
        for part, day in split_by_day(span, zone):
            by_day[day] += int((part.end - part.start).total_seconds())
            for evening in (day - timedelta(days=1), day):
                begins, ends = (instants.start_at(evening, at, zone) for at in NIGHT_MINUTES)
                at_night = min(part.end, ends) - max(part.start, begins)
                by_night[evening] += max(0, int(at_night.total_seconds()))
    enough = MIN_DUTY.total_seconds()
    days = [day for day, seconds in by_day.items() if seconds >= enough]
    return Workload(
        person_id,
        len({duty.shift.id for duty in duties}),
        timedelta(seconds=by_day.total()),
        sum(seconds >= enough for seconds in by_night.values()),
        len({day - timedelta(days=day.weekday() - 5) for day in days if day.weekday() >= 5}),
        sum(day in holidays for day in days),
    )


def _turn_starts(turns: TurnRule, first: date, last: date, zone: ZoneInfo) -> list[datetime]:
    """Return each instant up to the end of ``last`` at which a turn begins; none without days."""
    if turns.days is None:
        return []
    if turns.weekday is not None:
        first -= timedelta(days=(first.weekday() - turns.weekday) % 7)
    begins, until = (datetime.combine(day, time()) for day in (first, last))
    days = rrule(DAILY, interval=turns.days, dtstart=begins, until=until)
    return [instants.start_at(day.date(), turns.minute or 0, zone) for day in days]


def _merge(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged
