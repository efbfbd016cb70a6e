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
from routing.errors import InvalidRotaChange
from routing.rota.roster import (
    Cover,
    Rota,
    RotaPerson,
    Shift,
    swap_shifts,
    validate_absence,
    validate_cover,
    validate_shift,
)

CHRISTMAS = span("2026-12-24T17:00", "2026-12-29T08:30")


def test_christmas_2026_needs_somebody_for_111_and_a_half_hours_without_a_break(rota):
    spans = rota.build().needed_spans("night", at("2026-12-20T00:00"), at("2027-01-01T00:00"))

    assert CHRISTMAS in spans
    assert (CHRISTMAS.end - CHRISTMAS.start) / timedelta(hours=1) == 111.5
    for moment in ("24T16:59:59", "24T17:00:00", "29T08:29:59", "29T08:30:00"):
        moment = at(f"2026-12-{moment}")
        assert rota.build().staffing_at("night", moment).needed == (moment in CHRISTMAS)


def test_a_proclaimed_holiday_makes_a_gap_by_night_and_a_surplus_by_day(council_timetables, rota):
    rota.add_shift("day", 1, "2026-12-02T08:30", "2026-12-02T17:00")
    proclaimed = Timetables(
        council_timetables.directory,
        {**council_timetables.holidays, date(2026, 12, 2): BankHoliday("Proclaimed")},
    )
    period = at("2026-12-02T08:30"), at("2026-12-02T17:00")
    later = Rota(proclaimed, rota.shifts)

    assert list(rota.build().surplus("day", *period)) == []
    assert list(rota.build().role_gaps("night", *period)) == []
    assert list(later.surplus("day", *period)) == [Span(*period)]
    assert list(later.role_gaps("night", *period)) == [(Span(*period), 1)]


def test_the_newest_cover_applies_and_removing_it_restores_the_one_below(rota):
    shift = rota.add_shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")
    rota.add_cover(shift, 2, "2026-11-23T19:00", "2026-11-24T02:00")
    rota.add_cover(shift, 3, "2026-11-23T20:00", "2026-11-23T21:00")

    def parts():
        parts = rota.build().assignments("night", at("2026-11-23T00:00"), at("2026-11-25T00:00"))
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


def test_from_the_minute_in_which_somebody_left_nobody_has_what_was_theirs(rota):
    own = rota.add_shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")
    rota.add_cover(own, 2, "2026-11-23T21:00", "2026-11-23T22:00")
    other = rota.add_shift("standby", 2, "2026-11-23T17:00", "2026-11-24T01:30")
    rota.add_cover(other, 1, "2026-11-23T19:00", "2026-11-23T23:00")
    people = [RotaPerson(1, "Amara Owusu", left_at=at("2026-11-23T20:00:30"))]
    roster = Rota(rota.timetables, rota.shifts, rota.covers, people)

    assert [
        [(part.person_id, part.during.start.hour) for part in roster.parts_of(shift)]
        for shift in (own, other)
    ] == [
        [(1, 17), (None, 20), (2, 21), (None, 22)],
        [(2, 17), (1, 19), (None, 20), (2, 23)],
    ]
    for moment, person_ids in (("19:59:59", (1,)), ("20:00", ()), ("20:00:01", ())):
        assert roster.staffing_at("night", at(f"2026-11-23T{moment}")).person_ids == person_ids


def test_fifteen_minutes_of_handover_are_no_surplus_and_sixteen_are(rota):
    rota.add_shift("night", 1, "2026-11-23T16:45", "2026-11-24T08:30")
    rota.add_shift("night", 2, "2026-11-24T17:00", "2026-11-25T08:46")

    surplus = rota.build().surplus("night", at("2026-11-23T12:00"), at("2026-11-25T12:00"))

    assert list(surplus) == [span("2026-11-25T08:30", "2026-11-25T08:46")]


def test_shifts_in_an_unknown_role_and_covers_of_an_unknown_shift_are_ignored(rota):
    rota.add_shift("gone", 1, "2026-11-23T17:00", "2026-11-24T08:30")
    rota.add_cover(99, 1, "2026-11-23T17:00", "2026-11-24T08:30")

    assert rota.build().staffing_at("night", at("2026-11-23T20:00")).person_ids == ()
    assert "gone" not in rota.build().roles


def test_merged_staffing_is_cut_only_where_other_people_are_on_duty(rota):
    shift = rota.add_shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")
    rota.add_cover(shift, 1, "2026-11-23T20:00", "2026-11-23T21:00")
    merged = rota.build().merged_staffing("night", at("2026-11-23T16:00"), at("2026-11-24T09:00"))

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
            assert count_wrong_minutes(rota.build(), rota, oracle, role, whole) == 0


@pytest.mark.parametrize("substitute_id", [None, 2])
def test_random_absences_agree_with_brute_force_minute_by_minute(council_timetables, substitute_id):
    draw, whole = random.Random(20261126), span("2026-10-24T12:00", "2026-10-26T00:00")
    away = span("2026-10-24T20:10", "2026-10-25T09:20")
    for _ in range(3):
        rota = add_random_shifts(draw, RotaBuilder(council_timetables), whole)
        rota.add_shift("night", 1, "2026-10-25T03:00", "2026-10-25T04:00")
        covers = validate_absence(rota.build(), 1, away, substitute_id)
        for role_id in rota.build().roles:
            assert not count_wrong_absent_minutes(
                rota, covers, role_id, whole, 1, away, substitute_id
            )


def test_brute_force_notices_a_shift_that_is_a_minute_longer(council, council_timetables):
    whole, oracle = span(*PERIODS[2]), Oracle(council)
    rota, longer = RotaBuilder(council_timetables), RotaBuilder(council_timetables)
    rota.add_shift("night", 1, "2026-12-24T17:00", "2026-12-25T08:30")
    longer.add_shift("night", 1, "2026-12-24T17:00", "2026-12-25T08:31")
    role = rota.build().roles["night"]

    assert count_wrong_minutes(rota.build(), rota, oracle, role, whole) == 0
    assert count_wrong_minutes(longer.build(), rota, oracle, role, whole) == 2


NOW = at("2026-11-23T12:00")
NIGHT = ("2026-11-23T17:00", "2026-11-24T08:30")


def refused_field(validate, *arguments):
    """Return the field that a refusal names."""
    with pytest.raises(InvalidRotaChange) as refusal:
        validate(*arguments)
    return refusal.value.field


WEEK_OF_169_HOURS = ("2026-10-19T16:00", "2026-10-26T17:00")
WEEK_OF_167_HOURS = ("2027-03-22T17:00", "2027-03-29T16:00")
SHIFTS = {
    "an unknown role": ("nobody's", 2, NIGHT, "role"),
    "an end before the start": ("night", 2, NIGHT[::-1], "ends"),
    "no time": ("night", 2, (NIGHT[0], NIGHT[0]), "ends"),
    "a week as the clocks go back": ("night", 2, WEEK_OF_169_HOURS, None),
    "a minute more": ("night", 2, (WEEK_OF_169_HOURS[0], "2026-10-26T17:01"), "ends"),
    "a week as the clocks go forward": ("night", 2, WEEK_OF_167_HOURS, None),
    "a minute more than that": ("night", 2, (WEEK_OF_167_HOURS[0], "2027-03-29T16:01"), "ends"),
    "in ten years": ("night", 2, ("2036-11-20T12:00", "2036-11-20T20:00"), None),
    "a minute later": ("night", 2, ("2036-11-20T12:01", "2036-11-20T20:00"), "starts"),
    "until their other shift": ("night", 1, ("2026-11-23T16:00", NIGHT[0]), None),
    "into their other shift": ("night", 1, ("2026-11-23T16:00", "2026-11-23T17:01"), "person"),
    "from the end of it": ("night", 1, (NIGHT[1], "2026-11-24T10:00"), None),
    "from before its end": ("night", 1, ("2026-11-24T08:29", "2026-11-24T10:00"), "person"),
    "another role at the same time": ("day", 1, NIGHT, None),
    "somebody else at the same time": ("night", 2, NIGHT, None),
}


@pytest.mark.parametrize("name", SHIFTS)
def test_a_shift_is_a_week_at_most_and_overlaps_none_of_its_person_in_its_role(rota, name):
    role, person_id, edges, field = SHIFTS[name]
    rota.add_shift("night", 1, *NIGHT)
    new = role, person_id, span(*edges)
    if field is None:
        assert validate_shift(rota.build(), *new, NOW) == Shift(*new)
    else:
        assert refused_field(validate_shift, rota.build(), *new, NOW) == field


@pytest.mark.parametrize(
    ("person_id", "edges", "note", "field"),
    [
        (2, ("2026-11-23T16:59", "2026-11-23T20:00"), "", "starts"),
        (2, ("2026-11-23T20:00", "2026-11-24T08:31"), "", "ends"),
        (2, ("2026-11-23T20:00", "2026-11-23T20:00"), "", "ends"),
        (1, ("2026-11-23T20:00", "2026-11-23T21:00"), "", "person"),
        (None, ("2026-11-24T02:00", "2026-11-24T08:30"), "", "person"),
        (2, ("2026-11-23T20:00", "2026-11-23T21:00"), "x" * 301, "note"),
    ],
)
def test_an_invalid_cover_is_refused_with_its_field(rota, person_id, edges, note, field):
    shift = rota.add_shift("night", 1, *NIGHT)
    rota.add_cover(shift, None, "2026-11-24T02:00", NIGHT[1])

    invalid = rota.shifts[shift - 1], person_id, span(*edges), note
    assert refused_field(validate_cover, rota.build(), *invalid) == field


TOMORROW = ("2026-11-24T17:00", "2026-11-25T08:30")


@pytest.fixture
def swapped(rota):
    """Add a shift of person 1 and one of person 2, and swap them at an instant."""
    rota.add_shift("night", 1, *NIGHT)
    rota.add_shift("night", 2, *TOMORROW)
    return lambda now=NOW: swap_shifts(rota.build(), *rota.shifts, now)


def test_only_the_rest_of_a_shift_that_has_begun_is_swapped(rota, swapped):
    now = at("2026-11-23T20:00")
    later = rota.build().with_changes(swapped(now))

    assert later.staffing_at("night", now - timedelta(seconds=1)).person_ids == (1,)
    assert later.staffing_at("night", now).person_ids == (2,)


def test_a_covered_shift_is_swapped_by_the_person_who_covers_it(rota, swapped):
    rota.add_cover(1, 3, *NIGHT)

    assert [cover.person_id for cover in swapped()] == [2, 3]


@pytest.mark.parametrize("why", ["roles", "over", "shared", "same"])
def test_an_impossible_swap_is_refused(rota, why):
    rota.add_shift("night", 1, *NIGHT)
    role = "day" if why == "roles" else "night"
    person_id = 1 if why == "same" else 2
    other = rota.add_shift(role, person_id, "2026-11-24T17:00", "2026-11-25T08:30")
    if why == "shared":
        rota.add_cover(other, 3, "2026-11-24T20:00", "2026-11-24T21:00")
    now = at("2026-11-24T08:30") if why == "over" else NOW

    assert refused_field(swap_shifts, rota.build(), *rota.shifts, now) == "other"


AWAY = span("2026-11-23T18:00", "2026-11-24T20:00")


def test_in_an_absence_all_of_a_persons_duty_in_every_role_goes_to_the_substitute(rota):
    night = rota.add_shift("night", 1, *NIGHT)
    day = rota.add_shift("day", 1, "2026-11-24T08:30", "2026-11-24T17:00")
    later_night = rota.add_shift("night", 1, "2026-11-24T17:00", "2026-11-25T08:30")

    assert validate_absence(rota.build(), 1, AWAY, 2) == [
        Cover(night, 2, span("2026-11-23T18:00", "2026-11-24T08:30")),
        Cover(day, 2, span("2026-11-24T08:30", "2026-11-24T17:00")),
        Cover(later_night, 2, span("2026-11-24T17:00", "2026-11-24T20:00")),
    ]


@pytest.mark.parametrize(
    ("person_id", "away", "substitute_id", "field"),
    [
        (3, AWAY, 2, "person"),
        (1, AWAY, 1, "substitute"),
        (1, span("2026-11-23T18:00", "2026-11-23T18:00"), 2, "ends"),
    ],
    ids=["no duty", "the same person", "no time"],
)
def test_an_absence_that_cannot_be_meant_is_refused_with_its_field(
    rota, person_id, away, substitute_id, field
):
    rota.add_shift("night", 1, *NIGHT)

    assert refused_field(validate_absence, rota.build(), person_id, away, substitute_id) == field
