"""How much duty each person has in a period: shifts, hours, nights, weekends, bank holidays."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from routing.core import instants
from routing.core.instants import Span, split_by_day
from routing.rota.roster import Roster

MIN_DUTY = timedelta(hours=3)
"""From how much duty in it a night, weekend day or bank holiday counts: a night worker works at
least three hours at night (Working Time Regulations 1998, regulation 2).
"""

NIGHT_MINUTES = 23 * 60, 30 * 60
"""Night time of the same regulation, 11pm to 6am, in minutes after the midnight before it."""


@dataclass(frozen=True, slots=True)
class Workload:
    """What one person has in a period. Hours in two roles at once count once.

    ``weekends`` counts each Saturday with the Sunday after once.
    """

    person_id: int
    shifts: int
    duration: timedelta
    nights: int
    weekends: int
    bank_holidays: int

    def __str__(self) -> str:
        """Return "8 shifts, 132.5 hours, 6 nights, 2 weekends, 1 bank holiday"."""
        counts = {
            "shift": self.shifts,
            "hour": round(self.duration / timedelta(hours=1), 2),
            "night": self.nights,
            "weekend": self.weekends,
            "bank holiday": self.bank_holidays,
        }
        return ", ".join(f"{n:g} {noun}{'' if n == 1 else 's'}" for noun, n in counts.items())


def measure_workload(roster: Roster, person_id: int, period: Span) -> Workload:
    """Return what a person has, covers applied, that begins in a period."""
    zone, holidays = roster.timetables.directory.zone, roster.timetables.holidays
    duties = [
        duty
        for duty in roster.all_assignments(period.start, period.end)
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


def _merge(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order, those that overlap or touch as one."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged
