"""Totals per person: by examples, and against a count of minutes."""

import random
from collections import Counter
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from rota.conftest import RotaBuilder, span
from rota_oracle import MINUTE, add_random_shifts, people_on_duty

from routing.rota.filling import measure_workload

LONDON = ZoneInfo("Europe/London")
ROLES = ("day", "night", "standby")
WEEK = span("2026-12-21T00:00", "2026-12-28T00:00")


def totals(rota, person_id=1, period=WEEK):
    load = measure_workload(rota.roster, person_id, period)
    hours = load.duration / timedelta(hours=1)
    return load.shifts, hours, load.nights, load.weekends, load.bank_holidays


def test_a_night_into_christmas_is_a_night_and_a_bank_holiday(rota):
    rota.add_shift("night", 1, "2026-12-24T17:00", "2026-12-25T08:30")

    assert totals(rota) == (1, 15.5, 1, 0, 1)


def test_a_saturday_and_the_sunday_after_are_one_weekend(rota):
    rota.add_shift("night", 1, "2026-12-26T08:30", "2026-12-26T17:00")
    rota.add_shift("night", 1, "2026-12-27T08:30", "2026-12-27T17:00")

    assert totals(rota) == (2, 17.0, 0, 1, 0)


@pytest.mark.parametrize(("end", "nights"), [("01:59", 0), ("02:00", 1), ("02:01", 1)])
def test_a_night_counts_from_three_hours_of_duty_in_it(rota, end, nights):
    rota.add_shift("night", 1, "2026-12-22T17:00", f"2026-12-23T{end}")

    assert totals(rota)[2] == nights


def test_a_cover_counts_for_the_person_who_has_it(rota):
    shift = rota.add_shift("night", 1, "2026-12-22T17:00", "2026-12-23T08:30")
    rota.add_cover(shift, 2, "2026-12-22T17:00", "2026-12-22T22:00")

    assert totals(rota, 1) == (1, 10.5, 1, 0, 0)
    assert totals(rota, 2) == (1, 5.0, 0, 0, 0)


def test_hours_in_two_roles_at_once_count_once(rota):
    rota.add_shift("night", 1, "2026-12-22T17:00", "2026-12-23T08:30")
    rota.add_shift("standby", 1, "2026-12-22T18:00", "2026-12-22T20:00")

    assert totals(rota)[:2] == (2, 15.5)


@pytest.mark.parametrize(
    "period",
    [
        span("2026-10-23T00:00", "2026-10-27T00:00"),
        span("2027-03-26T00:00", "2027-03-30T00:00"),
    ],
)
def test_totals_agree_with_a_count_of_minutes_when_the_clocks_change(council_timetables, period):
    draw = random.Random(f"totals {period.start}")
    rota = RotaBuilder(council_timetables)
    for _ in range(3):
        add_random_shifts(draw, rota, period)
    on_duty = [
        (at, set().union(*(people_on_duty(rota.shifts, rota.covers, role, at) for role in ROLES)))
        for at in (period.start + n * MINUTE for n in range((period.end - period.start) // MINUTE))
    ]
    for person_id in (1, 2, 3):
        minutes = [at.astimezone(LONDON) for at, people in on_duty if person_id in people]
        assert totals(rota, person_id, period)[1:4] == count_minutes(minutes)


def count_minutes(minutes):
    """Return hours, nights and weekends by looking at each minute."""
    days = Counter(local.date() for local in minutes)
    nights = Counter(
        (local.replace(tzinfo=None) - timedelta(hours=6)).date()
        for local in minutes
        if local.hour >= 23 or local.hour < 6
    )
    weekends = {day.isocalendar()[:2] for day in days if days[day] >= 180 and day.weekday() >= 5}
    return len(minutes) / 60, sum(count >= 180 for count in nights.values()), len(weekends)
