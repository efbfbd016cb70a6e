"""Who is on duty, minute by minute, by brute force: nothing here looks at spans or edges."""

from datetime import timedelta

import numpy as np
from sweep import minutes_of

MINUTE = timedelta(minutes=1)


def on_duty(shifts, covers, role, at):
    """Return who is on duty at an instant: of each shift, whoever the newest cover says."""
    found = set()
    for shift in shifts:
        if shift.role != role or not shift.during.start <= at < shift.during.end:
            continue
        worker, newest = shift.worker, 0
        for cover in covers:
            here = cover.shift == shift.id and cover.during.start <= at < cover.during.end
            if here and cover.id > newest:
                worker, newest = cover.worker, cover.id
        found.add(worker)
    return found - {None}


def needed(oracle, role, start, end):
    """Return for each minute whether somebody must be on duty in a role."""
    if role.line is not None:
        return oracle.open_in(role.line, start, end)
    answers, legend = oracle.minutes(role.out_of_hours_of, start, end)
    out_of_hours = oracle.order[role.out_of_hours_of][1]
    out = [number for number, answer in enumerate(legend) if answer[0] == out_of_hours]
    return np.isin(answers, out)


def minutes(start, end):
    """Yield every minute from ``start`` to before ``end``."""
    return (start + n * MINUTE for n in range((end - start) // MINUTE))


def drawn(draw, rota, period):
    """Add shifts of all roles and workers at random, and covers over covers, on minutes."""
    whole = (period.end - period.start) // MINUTE

    def during(low, high, longest):
        start = draw.randrange(low, high)
        end = min(high, start + draw.randrange(1, longest))
        return [f"{period.start + x * MINUTE:%Y-%m-%dT%H:%M}" for x in (start, end)]

    for _ in range(draw.randrange(12)):
        role = draw.choice(list(rota.roster.roles))
        shift = rota.shift(role, draw.randrange(1, 5), *during(0, whole - 1, 1500))
        of = rota.shifts[-1].during
        low, high = ((x - period.start) // MINUTE for x in (of.start, of.end))
        for _ in range(draw.randrange(4) if high - low > 2 else 0):
            worker = draw.choice((None, 1, 2, 3, 4))
            rota.cover(shift, worker, *during(low, high, high - low + 1))
    return rota


def wrong_minutes(roster, rota, oracle, role, whole):
    """Count the minutes in which a roster is not as brute force finds the rota: in who is on duty,
    in when somebody must be, in gaps.
    """
    edges = whole.start, whole.end
    must = needed(oracle, role, *edges)
    wrong = int((must != minutes_of(roster.needed(role.id, *edges), *edges)).sum())
    stretches = roster.stretches(role.id, *edges)
    span, standing = next(stretches)
    short = np.zeros(len(must), bool)
    for number, minute in enumerate(minutes(*edges)):
        while minute >= span.end:
            span, standing = next(stretches)
        on = on_duty(rota.shifts, rota.covers, role.id, minute)
        wrong += set(standing.workers) != on
        short[number] = must[number] and len(on) < role.people
    gaps = [x for x, _ in roster.gaps(role.id, *edges)]
    return wrong + int((short != minutes_of(gaps, *edges)).sum())
