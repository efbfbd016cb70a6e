"""The rota's part of bin/prove: rotas by the thousand, minute by minute, and years filled."""

import random
import tempfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from oracle import Oracle
from rota.conftest import COUNCIL, RotaBuilder, span
from rota_oracle import MINUTE, add_random_shifts, count_wrong_minutes
from sweep import minutes_of, timetables, year

from proof import table
from routing.core.directory import date_range
from routing.rota import filling
from routing.rota.filling import DayKind, TurnRule
from routing.rota.roster import Rota

PERIODS = [
    span("2026-10-23T00:00", "2026-10-27T00:00"),
    span("2027-03-26T00:00", "2027-03-30T00:00"),
    span("2026-12-23T00:00", "2026-12-30T00:00"),
    span("2028-02-27T00:00", "2028-03-02T00:00"),
]
CUTS = [(90,), (60, 540), (510, 1020), (0, 480, 960)]


def compare_rotas(count=1000):
    """Compare random rotas with brute force; return (minutes compared, wrong)."""
    compared = wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "directory.yaml")
        path.write_text(COUNCIL)
        tables, oracle = timetables(path), Oracle(path)
        for seed in range(count):
            draw = random.Random(f"rota {seed}")
            period = PERIODS[seed % len(PERIODS)]
            rota = add_random_shifts(draw, RotaBuilder(tables), period)
            for role in tables.directory.rota:
                compared += (period.end - period.start) // MINUTE
                wrong += count_wrong_minutes(rota.build(), rota, oracle, role, period)
    return compared, wrong


def fill_years(first=2026, last=2032):
    """Fill years of a rota, cut at several times; return (slots, minutes left open or doubled).

    Four people take turns; nobody else is on the rota. A slot cut in the hour that is missing, or
    that comes twice, may leave no gap and no overlap.
    """
    made = wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "directory.yaml")
        path.write_text(COUNCIL)
        tables = timetables(path)
        for role in ("night", "standby"):
            for cuts in CUTS:
                for number in range(first, last):
                    days = list(date_range(date(number, 1, 1), date(number, 12, 31)))
                    pattern = dict.fromkeys(DayKind, cuts)
                    empty = Rota(tables, ())
                    slots = filling.make_slots(empty, role, pattern, days[0], days[-1])
                    planned = filling.assign_slots(
                        empty, role, slots, [1, 2, 3, 4], days[0], TurnRule()
                    )
                    made += len(planned)
                    wrong += _count_unfilled_minutes(tables, role, planned, number)
    return made, wrong


def _count_unfilled_minutes(tables, role, planned, number):
    """Count the minutes of a year, but for its ends, in which not just one person is on duty."""
    start, end = year(number) + timedelta(days=3), year(number + 1) - timedelta(days=3)
    shifts = [replace(slot, id=n) for n, slot in enumerate(planned)]
    roster = Rota(tables, shifts)
    gaps = sum((gap.end - gap.start) // MINUTE for gap, _ in roster.role_gaps(role, start, end))
    inside = [
        slot.during for slot in planned if start <= slot.during.start and slot.during.end <= end
    ]
    minutes_of(inside, start, end)  # refuses spans that overlap
    return gaps + sum(slot.person_id is None for slot in planned)


def prove_rota():
    """Prove the rota."""
    rows = (("minutes compared", *compare_rotas(500)), ("shifts filled in", *fill_years()))
    return table(("", "how many", "wrong minutes"), rows), any(row[2] for row in rows)
