"""How much duty each person has in a period: shifts, hours, nights, weekends, bank holidays."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from routing.core import instants
from routing.core.instants import Span
from routing.rota.roster import Roster

MIN_DUTY = timedelta(hours=3)
"""From how much duty in it a night, weekend day or bank holiday counts: a night worker works at
least three hours at night (Working Time Regulations 1998, regulation 2).
"""

NIGHT_BEGINS, NIGHT_ENDS = 23 * 60, 30 * 60
"""Night time of the same regulation, 11pm to 6am, in minutes after the midnight before it."""


@dataclass(frozen=True, slots=True)
class Workload:
    """What one person has in a period. Hours in two roles at once count once.

    ``nights`` and ``bank_holidays`` are dates, ``weekends`` Saturdays with the Sunday after, each
    with MIN_DUTY or more.
    """

    person_id: int
    shifts: int
    duration: timedelta
    nights: int
    weekends: int
    bank_holidays: int


def measure_workload(roster: Roster, person_ids: Iterable[int], period: Span) -> list[Workload]:
    """Return what each person has, covers applied, that begins in a period; in the given order."""
    duties = [
        duty
        for role_id in roster.roles
        for duty in roster.assignments(role_id, period.start, period.end)
        if duty.during.start in period
    ]
    holidays, zone = roster.timetables.holidays, roster.timetables.directory.zone
    workloads = []
    for person_id in person_ids:
        own = [duty for duty in duties if duty.person_id == person_id]
        by_day: Counter[date] = Counter()
        by_night: Counter[date] = Counter()
        spans = list(_merge(duty.during for duty in own))
        for span in spans:
            first = span.start.astimezone(zone).date() - timedelta(days=1)
            for day in instants.date_range(first, span.end.astimezone(zone).date()):
                for seconds, edges in (
                    (by_day, (0, 24 * 60)),
                    (by_night, (NIGHT_BEGINS, NIGHT_ENDS)),
                ):
                    start, end = (instants.start_at(day, minute, zone) for minute in edges)
                    overlap = min(span.end, end) - max(span.start, start)
                    seconds[day] += max(0, int(overlap.total_seconds()))
        days, nights = (
            [day for day, seconds in counter.items() if seconds >= MIN_DUTY.total_seconds()]
            for counter in (by_day, by_night)
        )
        saturdays = {day - timedelta(days=day.weekday() - 5) for day in days if day.weekday() >= 5}
        workloads.append(
            Workload(
                person_id,
                len({duty.shift.id for duty in own}),
                sum((span.end - span.start for span in spans), timedelta()),
                len(nights),
                len(saturdays),
                sum(day in holidays for day in days),
            )
        )
    return workloads


def _merge(spans: Iterable[Span]) -> Iterator[Span]:
    """Yield spans in order, those that overlap or touch as one."""
    merged: Span | None = None
    for span in sorted(spans, key=lambda span: span.start):
        if merged is not None and span.start <= merged.end:
            merged = Span(merged.start, max(merged.end, span.end))
            continue
        if merged is not None:
            yield merged
        merged = span
    if merged is not None:
        yield merged
