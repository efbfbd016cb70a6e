"""A second opinion on the rota: who is on duty, minute by minute, without looking at spans."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
from sweep import minutes_of

from routing.rota.roster import Rota

MINUTE = timedelta(minutes=1)


def people_on_duty(shifts, covers, role_id, at):
    """Return who is on duty at an instant: of each shift, the person of its newest cover."""
    person_ids = set()
    for shift in shifts:
        if shift.role_id != role_id or not shift.during.start <= at < shift.during.end:
            continue
        person_id, newest = shift.person_id, 0
        for cover in covers:
            applies = cover.shift_id == shift.id and cover.during.start <= at < cover.during.end
            if applies and cover.id > newest:
                person_id, newest = cover.person_id, cover.id
        person_ids.add(person_id)
    return person_ids - {None}


def count_wrong_absent_minutes(rota, covers, role_id, period, person_id, away, substitute_id):
    """Count the minutes in which the covers of an absence put others on duty than brute force has:
    everybody who was, with the substitute in place of the person who is away.
    """
    numbered = [replace(cover, id=number) for number, cover in enumerate(covers, 1000)]
    roster = Rota(rota.timetables, rota.shifts, [*rota.covers, *numbered])
    wrong = 0
    for number in range((period.end - period.start) // MINUTE):
        at = period.start + number * MINUTE
        expected = people_on_duty(rota.shifts, rota.covers, role_id, at)
        if at in away and person_id in expected:
            expected = expected - {person_id} | {substitute_id} - {None}
        wrong += set(roster.staffing_at(role_id, at).person_ids) != expected
    return wrong


def needed_minutes(oracle, role, start, end):
    """Return for each minute whether a role needs somebody on duty."""
    if role.line is not None:
        return oracle.open_in(role.line, start, end)
    answers, legend = oracle.minutes(role.out_of_hours_of, start, end)
    line_out_of_hours = oracle.order[role.out_of_hours_of][1]
    codes = [code for code, answer in enumerate(legend) if answer[0] == line_out_of_hours]
    return np.isin(answers, codes)


def add_random_shifts(draw, rota, period):
    """Add shifts in all roles, with overlapping covers, that begin and end on whole minutes."""
    length = (period.end - period.start) // MINUTE

    def random_edges(low, high, max_length):
        start = draw.randrange(low, high)
        end = min(high, start + draw.randrange(1, max_length))
        return [f"{period.start + n * MINUTE:%Y-%m-%dT%H:%M}" for n in (start, end)]

    for _ in range(draw.randrange(12)):
        role_id = draw.choice(list(rota.build().roles))
        edges = random_edges(0, length - 1, 1500)
        shift_id = rota.add_shift(role_id, draw.randrange(1, 5), *edges)
        during = rota.shifts[-1].during
        low, high = ((edge - period.start) // MINUTE for edge in (during.start, during.end))
        for _ in range(draw.randrange(4) if high - low > 2 else 0):
            person_id = draw.choice((None, 1, 2, 3, 4))
            rota.add_cover(shift_id, person_id, *random_edges(low, high, high - low + 1))
    return rota


def count_wrong_minutes(roster, rota, oracle, role, period):
    """Count the minutes in which a roster differs from brute force: in who is on duty, in whether
    anybody is needed, or in gaps.
    """
    edges = period.start, period.end
    needed = needed_minutes(oracle, role, *edges)
    wrong = int((needed != minutes_of(roster.needed_spans(role.id, *edges), *edges)).sum())
    intervals = roster.staffing(role.id, *edges)
    span, staffing = next(intervals)
    is_gap = np.zeros(len(needed), bool)
    for number in range(len(needed)):
        at = period.start + number * MINUTE
        while at >= span.end:
            span, staffing = next(intervals)
        person_ids = people_on_duty(rota.shifts, rota.covers, role.id, at)
        wrong += set(staffing.person_ids) != person_ids
        is_gap[number] = needed[number] and len(person_ids) < role.people
    gaps = [gap for gap, _ in roster.role_gaps(role.id, *edges)]
    return wrong + int((is_gap != minutes_of(gaps, *edges)).sum())
