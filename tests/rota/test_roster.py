"""The roster: by examples, and against a brute-force oracle minute by minute."""

import random
from datetime import date, timedelta

import pytest
from oracle import Oracle
from rota.conftest import RotaBuilder, at, span
from rota_oracle import add_random_shifts, count_wrong_absent_minutes, count_wrong_minutes

from routing.core.decision import Timetables
from routing.core.directory import BankHoliday
from routing.core.instants import Span
from routing.rota.roster import Roster, cover_absence

CHRISTMAS = span("2026-12-24T17:00", "2026-12-29T08:30")


def gaps(rota, role, start, end):
    spans = rota.roster.gaps(role, at(start), at(end))
    return [(gap.start, gap.end, missing) for gap, missing in spans]


def test_an_empty_rota_is_a_gap_whenever_somebody_must_be_on_duty(rota):
    assert gaps(rota, "night", "2026-11-23T00:00", "2026-11-25T00:00") == [
        (at("2026-11-23T00:00"), at("2026-11-23T08:30"), 1),
        (at("2026-11-23T17:00"), at("2026-11-24T08:30"), 1),
        (at("2026-11-24T17:00"), at("2026-11-25T00:00"), 1),
    ]


def test_christmas_2026_needs_somebody_for_111_and_a_half_hours_without_a_break(rota):
    spans = rota.roster.needed_spans("night", at("2026-12-20T00:00"), at("2027-01-01T00:00"))

    assert CHRISTMAS in spans
    assert (CHRISTMAS.end - CHRISTMAS.start) / timedelta(hours=1) == 111.5


@pytest.mark.parametrize(
    "moment",
    ["2026-12-24T16:59:59", "2026-12-24T17:00:00", "2026-12-29T08:29:59", "2026-12-29T08:30:00"],
)
def test_christmas_is_needed_from_its_first_second_to_before_its_last(rota, moment):
    assert rota.roster.staffing_at("night", at(moment)).needed == (at(moment) in CHRISTMAS)


def test_a_proclaimed_holiday_makes_a_gap_by_night_and_a_surplus_by_day(council_timetables, rota):
    rota.add_shift("day", 1, "2026-12-02T08:30", "2026-12-02T17:00")
    proclaimed = Timetables(
        council_timetables.directory,
        {**council_timetables.holidays, date(2026, 12, 2): BankHoliday("Proclaimed")},
    )
    period = at("2026-12-02T08:30"), at("2026-12-02T17:00")
    later = Roster(proclaimed, rota.shifts)

    assert list(rota.roster.surplus("day", *period)) == []
    assert list(rota.roster.gaps("night", *period)) == []
    assert list(later.surplus("day", *period)) == [Span(*period)]
    assert list(later.gaps("night", *period)) == [(Span(*period), 1)]


def test_a_gap_in_which_first_two_and_then_one_are_missing_is_one_gap_of_two(rota):
    rota.add_shift("day", 1, "2026-11-23T10:00", "2026-11-23T12:00")

    period = "2026-11-23T08:00", "2026-11-23T18:00"
    assert gaps(rota, "day", *period) == [(at("2026-11-23T08:30"), at("2026-11-23T17:00"), 2)]


def test_a_person_with_two_shifts_at_once_counts_once(rota):
    shift = rota.add_shift("day", 1, "2026-11-23T08:30", "2026-11-23T17:00")
    rota.add_shift("day", 2, "2026-11-23T08:30", "2026-11-23T17:00")
    rota.add_cover(shift, 2, "2026-11-23T10:00", "2026-11-23T11:00")

    assert gaps(rota, "day", "2026-11-23T08:30", "2026-11-23T17:00") == [
        (at("2026-11-23T10:00"), at("2026-11-23T11:00"), 1)
    ]


def test_the_newest_cover_applies_and_removing_it_restores_the_one_below(rota):
    shift = rota.add_shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")
    rota.add_cover(shift, 2, "2026-11-23T19:00", "2026-11-24T02:00")
    rota.add_cover(shift, 3, "2026-11-23T20:00", "2026-11-23T21:00")

    def parts():
        parts = rota.roster.assignments("night", at("2026-11-23T00:00"), at("2026-11-25T00:00"))
        return [(part.person_id, f"{part.during.start:%H:%M}", part.part) for part in parts]

    assert parts() == [
        (1, "17:00", 0),
        (2, "19:00", 1),
        (3, "20:00", 2),
        (2, "21:00", 3),
        (1, "02:00", 4),
    ]
    rota.covers.pop()
    assert parts() == [(1, "17:00", 0), (2, "19:00", 1), (1, "02:00", 2)]


def test_fifteen_minutes_of_handover_are_no_surplus_and_sixteen_are(rota):
    rota.add_shift("night", 1, "2026-11-23T16:45", "2026-11-24T08:30")
    rota.add_shift("night", 2, "2026-11-24T17:00", "2026-11-25T08:46")

    surplus = rota.roster.surplus("night", at("2026-11-23T12:00"), at("2026-11-25T12:00"))

    assert list(surplus) == [span("2026-11-25T08:30", "2026-11-25T08:46")]


def test_shifts_in_an_unknown_role_and_covers_of_an_unknown_shift_are_ignored(rota):
    rota.add_shift("gone", 1, "2026-11-23T17:00", "2026-11-24T08:30")
    rota.add_cover(99, 1, "2026-11-23T17:00", "2026-11-24T08:30")

    assert rota.roster.staffing_at("night", at("2026-11-23T20:00")).person_ids == ()
    assert "gone" not in rota.roster.roles


def test_merged_staffing_is_cut_only_where_other_people_are_on_duty(rota):
    shift = rota.add_shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")
    rota.add_cover(shift, 1, "2026-11-23T20:00", "2026-11-23T21:00")
    merged = rota.roster.merged_staffing("night", at("2026-11-23T16:00"), at("2026-11-24T09:00"))

    assert [(staffing.person_ids, staffing.needed) for _, staffing in merged] == [
        ((), 0),
        ((1,), 1),
        ((), 0),
    ]


PERIODS = [
    ("2026-10-23T00:00", "2026-10-27T00:00"),
    ("2027-03-26T00:00", "2027-03-30T00:00"),
    ("2026-12-23T00:00", "2026-12-30T00:00"),
]


@pytest.mark.parametrize("period", PERIODS)
def test_random_rotas_agree_with_brute_force_minute_by_minute(council, council_timetables, period):
    whole, oracle, draw = span(*period), Oracle(council), random.Random(20261124)
    for _ in range(8):
        rota = add_random_shifts(draw, RotaBuilder(council_timetables), whole)
        for role in council_timetables.directory.rota:
            assert count_wrong_minutes(rota.roster, rota, oracle, role, whole) == 0


@pytest.mark.parametrize("substitute_id", [None, 2])
def test_random_absences_agree_with_brute_force_minute_by_minute(council_timetables, substitute_id):
    draw, whole = random.Random(20261126), span("2026-10-24T12:00", "2026-10-26T00:00")
    away = span("2026-10-24T20:10", "2026-10-25T09:20")
    for _ in range(3):
        rota = add_random_shifts(draw, RotaBuilder(council_timetables), whole)
        covers = cover_absence(rota.roster, 1, away, substitute_id)
        for role_id in rota.roster.roles:
            assert not count_wrong_absent_minutes(
                rota, covers, role_id, whole, 1, away, substitute_id
            )


def test_brute_force_notices_a_shift_that_is_a_minute_longer(council, council_timetables):
    whole, oracle = span(*PERIODS[2]), Oracle(council)
    rota, longer = RotaBuilder(council_timetables), RotaBuilder(council_timetables)
    rota.add_shift("night", 1, "2026-12-24T17:00", "2026-12-25T08:30")
    longer.add_shift("night", 1, "2026-12-24T17:00", "2026-12-25T08:31")
    role = rota.roster.roles["night"]

    assert count_wrong_minutes(rota.roster, rota, oracle, role, whole) == 0
    assert count_wrong_minutes(longer.roster, rota, oracle, role, whole) == 2
