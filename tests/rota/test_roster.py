"""Who is on duty, and when somebody must be: by examples, and by brute force minute by minute."""

import itertools
import random
from datetime import date, timedelta

import pytest
from oracle import Oracle
from rota.conftest import Rota, at, span
from rota_oracle import drawn, wrong_minutes

from routing.core import instants
from routing.core.directory import BankHoliday
from routing.core.instants import Span
from routing.core.timetable import Timetables
from routing.rota.roster import Roster

DAY = timedelta(days=1)
CHRISTMAS = span("2026-12-24T17:00", "2026-12-29T08:30")


def gaps(rota, role, start, end):
    return [(x.start, x.end, missing) for x, missing in rota.roster.gaps(role, at(start), at(end))]


def test_an_empty_rota_is_a_gap_whenever_somebody_must_be_on_duty(rota):
    assert gaps(rota, "night", "2026-11-23T00:00", "2026-11-25T00:00") == [
        (at("2026-11-23T00:00"), at("2026-11-23T08:30"), 1),
        (at("2026-11-23T17:00"), at("2026-11-24T08:30"), 1),
        (at("2026-11-24T17:00"), at("2026-11-25T00:00"), 1),
    ]


def test_christmas_2026_must_be_covered_for_111_hours_and_a_half_without_a_break(rota):
    found = [x for x in rota.roster.needed("night", at("2026-12-20T00:00"), at("2027-01-01T00:00"))]

    assert CHRISTMAS in found
    assert (CHRISTMAS.end - CHRISTMAS.start) / timedelta(hours=1) == 111.5


@pytest.mark.parametrize(
    "moment",
    ["2026-12-24T16:59:59", "2026-12-24T17:00:00", "2026-12-29T08:29:59", "2026-12-29T08:30:00"],
)
def test_christmas_is_needed_from_its_first_second_to_before_its_last(rota, moment):
    assert rota.roster.on("night", at(moment)).needed == (at(moment) in CHRISTMAS)


def test_taking_one_shift_away_is_just_that_gap(rota):
    edges = ["24T17:00", "25T08:30", "26T08:30", "27T08:30", "28T08:30", "29T08:30"]
    for worker, (start, end) in enumerate(itertools.pairwise(edges), 1):
        rota.shift("night", worker, f"2026-12-{start}", f"2026-12-{end}")
    period = "2026-12-24T17:00", "2026-12-29T08:30"
    assert gaps(rota, "night", *period) == []

    gone = rota.shifts.pop(2)

    assert gaps(rota, "night", *period) == [(gone.during.start, gone.during.end, 1)]


def test_a_proclaimed_holiday_makes_a_gap_by_night_and_a_surplus_by_day(tables, rota):
    rota.shift("day", 1, "2026-12-02T08:30", "2026-12-02T17:00")
    proclaimed = Timetables(
        tables.directory, {**tables.holidays, date(2026, 12, 2): BankHoliday("Proclaimed")}
    )
    period = at("2026-12-02T08:30"), at("2026-12-02T17:00")
    later = Roster(proclaimed, rota.shifts)

    assert list(rota.roster.surplus("day", *period)) == []
    assert list(rota.roster.gaps("night", *period)) == []
    assert list(later.surplus("day", *period)) == [Span(*period)]
    assert list(later.gaps("night", *period)) == [(Span(*period), 1)]


def test_two_must_be_on_duty_and_one_of_them_is_a_gap_of_one(rota):
    rota.shift("day", 1, "2026-11-23T08:30", "2026-11-23T17:00")
    rota.shift("day", 2, "2026-11-23T08:30", "2026-11-23T12:00")

    period = "2026-11-23T08:00", "2026-11-23T18:00"
    assert gaps(rota, "day", *period) == [(at("2026-11-23T12:00"), at("2026-11-23T17:00"), 1)]


def test_now_one_and_now_two_missing_is_one_gap_of_two(rota):
    rota.shift("day", 1, "2026-11-23T10:00", "2026-11-23T12:00")

    period = "2026-11-23T08:00", "2026-11-23T18:00"
    assert gaps(rota, "day", *period) == [(at("2026-11-23T08:30"), at("2026-11-23T17:00"), 2)]


def test_one_person_twice_is_one_person(rota):
    shift = rota.shift("day", 1, "2026-11-23T08:30", "2026-11-23T17:00")
    rota.shift("day", 2, "2026-11-23T08:30", "2026-11-23T17:00")
    rota.cover(shift, 2, "2026-11-23T10:00", "2026-11-23T11:00")

    assert rota.roster.on("day", at("2026-11-23T10:30")).missing == 1
    assert rota.roster.on("day", at("2026-11-23T11:00")).missing == 0


def test_the_newest_cover_wins_and_taking_it_away_uncovers_what_lay_below(rota):
    shift = rota.shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")
    rota.cover(shift, 2, "2026-11-23T19:00", "2026-11-24T02:00")
    rota.cover(shift, 3, "2026-11-23T20:00", "2026-11-23T21:00")

    def held():
        found = rota.roster.duties("night", at("2026-11-23T00:00"), at("2026-11-25T00:00"))
        return [(x.worker, f"{x.during.start:%H:%M}", x.part) for x in found]

    assert held() == [
        (1, "17:00", 0),
        (2, "19:00", 1),
        (3, "20:00", 2),
        (2, "21:00", 3),
        (1, "02:00", 4),
    ]
    rota.covers.pop()
    assert held() == [(1, "17:00", 0), (2, "19:00", 1), (1, "02:00", 2)]


def test_a_cover_by_nobody_is_a_gap(rota):
    shift = rota.shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")
    rota.cover(shift, None, "2026-11-23T20:00", "2026-11-23T21:00", "Sick")

    assert gaps(rota, "night", "2026-11-23T17:00", "2026-11-24T08:30") == [
        (at("2026-11-23T20:00"), at("2026-11-23T21:00"), 1)
    ]


def test_a_quarter_of_an_hour_to_hand_over_is_no_surplus_and_more_is(rota):
    rota.shift("night", 1, "2026-11-23T16:45", "2026-11-24T08:30")
    rota.shift("night", 2, "2026-11-24T17:00", "2026-11-25T08:46")

    found = rota.roster.surplus("night", at("2026-11-23T12:00"), at("2026-11-25T12:00"))

    assert list(found) == [span("2026-11-25T08:30", "2026-11-25T08:46")]


def test_shifts_of_a_role_that_the_directory_lacks_and_covers_without_a_shift_count_for_nothing(
    rota,
):
    rota.shift("gone", 1, "2026-11-23T17:00", "2026-11-24T08:30")
    rota.cover(99, 1, "2026-11-23T17:00", "2026-11-24T08:30")

    assert rota.roster.on("night", at("2026-11-23T20:00")).workers == ()
    assert "gone" not in rota.roster.roles


def test_turns_change_only_where_other_people_are_on_duty(rota):
    shift = rota.shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")
    rota.cover(shift, 1, "2026-11-23T20:00", "2026-11-23T21:00")
    found = rota.roster.turns("night", at("2026-11-23T16:00"), at("2026-11-24T09:00"))

    assert [(x.workers, x.needed) for _, x in found] == [((), 0), ((1,), 1), ((), 0)]


@pytest.mark.parametrize(
    ("night", "hours"), [("2026-10-24", 16.5), ("2027-03-27", 14.5), ("2026-11-24", 15.5)]
)
def test_a_handover_at_half_past_one_leaves_no_gap_and_no_overlap_whatever_the_clocks_do(
    rota, night, hours
):
    zone, day = rota.tables.directory.zone, date.fromisoformat(night)
    edges = [
        instants.start_at(day, minute, zone) for minute in (17 * 60, 25 * 60 + 30, 32 * 60 + 30)
    ]
    for worker in (1, 2):
        edge = edges[worker - 1], edges[worker]
        rota.shift("standby", worker, *(f"{x:%Y-%m-%dT%H:%M:%S}" for x in edge))
    found = list(rota.roster.stretches("standby", edges[0], edges[2]))

    assert (edges[2] - edges[0]) / timedelta(hours=1) == hours
    assert all(len(each.workers) == 1 for _, each in found)
    assert sum(((x.end - x.start) for x, _ in found), timedelta()) == edges[2] - edges[0]


PERIODS = [
    ("2026-10-23T00:00", "2026-10-27T00:00"),
    ("2027-03-26T00:00", "2027-03-30T00:00"),
    ("2026-12-23T00:00", "2026-12-30T00:00"),
]


@pytest.mark.parametrize("period", PERIODS)
def test_rotas_made_at_random_are_as_brute_force_finds_them_minute_by_minute(
    council, tables, period
):
    whole, oracle, draw = span(*period), Oracle(council), random.Random(20261124)
    for _ in range(8):
        rota = drawn(draw, Rota(tables), whole)
        for role in tables.directory.rota:
            assert wrong_minutes(rota.roster, rota, oracle, role, whole) == 0


def test_brute_force_sees_a_shift_that_is_a_minute_longer(council, tables):
    whole, oracle, rota, longer = span(*PERIODS[2]), Oracle(council), Rota(tables), Rota(tables)
    rota.shift("night", 1, "2026-12-24T17:00", "2026-12-25T08:30")
    longer.shift("night", 1, "2026-12-24T17:00", "2026-12-25T08:31")
    role = rota.roster.roles["night"]

    assert wrong_minutes(rota.roster, rota, oracle, role, whole) == 0
    assert wrong_minutes(longer.roster, rota, oracle, role, whole) == 2
