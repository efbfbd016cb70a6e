"""Clashes: a person on two shifts at once, or with too little rest; and how staff read of them."""

import pytest
from rota.conftest import at, span

from routing.rota.descriptions import RotaText
from routing.rota.roster import ClashKind

NAMES = {1: "Amara Owusu", 2: "Ben O'Brien"}


def clashes(rota):
    return rota.roster.clashes(at("2026-11-01T00:00"), at("2027-04-30T00:00"))


def kinds(rota):
    return [clash.kind for clash in clashes(rota)]


def texts(rota):
    text = RotaText(rota.roster, NAMES, at("2026-11-23T12:00"))
    return [text.clash(clash) for clash in clashes(rota)]


def test_one_person_in_two_roles_at_once_clashes(rota):
    rota.add_shift("day", 1, "2026-11-23T08:30", "2026-11-23T18:00")
    rota.add_shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")

    (clash,) = clashes(rota)
    assert clash.kind is ClashKind.OVERLAP
    assert clash.during == span("2026-11-23T17:00", "2026-11-23T18:00")
    assert texts(rota) == [
        "Amara Owusu has Duty social worker and Out-of-hours social worker shifts at once, from "
        "5pm today until 6pm today"
    ]


@pytest.mark.parametrize(
    ("until", "expected"), [("17:15", [ClashKind.REST]), ("17:16", [ClashKind.OVERLAP])]
)
def test_an_overlap_of_up_to_fifteen_minutes_is_a_handover(rota, until, expected):
    rota.add_shift("day", 1, "2026-11-23T08:30", f"2026-11-23T{until}")
    rota.add_shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")

    assert kinds(rota) == expected


@pytest.mark.parametrize(
    ("start", "expected"), [("19:29", [ClashKind.REST]), ("19:30", []), ("19:31", [])]
)
def test_less_than_eleven_hours_of_rest_clashes_and_eleven_do_not(rota, start, expected):
    rota.add_shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")
    rota.add_shift("night", 1, f"2026-11-24T{start}", "2026-11-25T08:30")

    assert kinds(rota) == expected


def test_from_3pm_to_2am_is_ten_hours_of_rest_when_the_clocks_go_forward(rota):
    rota.add_shift("day", 1, "2027-03-27T08:30", "2027-03-27T15:00")
    rota.add_shift("night", 1, "2027-03-28T01:00", "2027-03-28T08:30")
    (clash,) = clashes(rota)

    assert clash.during == span("2027-03-27T15:00", "2027-03-28T01:00")


def test_several_shifts_in_a_row_are_one_clash(rota):
    for day in (23, 24, 25):
        rota.add_shift("day", 1, f"2026-11-{day}T08:30", f"2026-11-{day}T17:00")
        rota.add_shift("night", 1, f"2026-11-{day}T17:00", f"2026-11-{day + 1}T08:30")

    assert texts(rota) == [
        "Amara Owusu has 6 shifts in a row with less than 11 hours’ rest between them: the first "
        "ends 5pm today, the last begins 5pm on Wednesday 25 November"
    ]


def test_enough_rest_ends_a_row_of_shifts_and_the_next_one_is_another_clash(rota):
    for start, end in (("23T08:30", "23T17:00"), ("23T18:00", "23T20:00")):
        rota.add_shift("day", 1, f"2026-11-{start}", f"2026-11-{end}")
    for start, end in (("25T08:30", "25T17:00"), ("25T18:00", "25T20:00")):
        rota.add_shift("day", 1, f"2026-11-{start}", f"2026-11-{end}")
    rota.add_shift("day", 1, "2026-11-27T08:30", "2026-11-27T17:00")

    assert [clash.during.start for clash in clashes(rota)] == [
        at("2026-11-23T17:00"),
        at("2026-11-25T17:00"),
    ]


def test_parts_of_one_shift_do_not_clash(rota):
    shift = rota.add_shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")
    rota.add_cover(shift, 2, "2026-11-23T19:00", "2026-11-23T20:00")
    rota.add_cover(shift, None, "2026-11-23T21:00", "2026-11-23T22:00")

    assert clashes(rota) == []


def test_rest_is_measured_from_the_longest_of_several_overlapping_shifts(rota):
    rota.add_shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")
    rota.add_shift("day", 1, "2026-11-23T18:00", "2026-11-23T18:30")
    rota.add_shift("standby", 1, "2026-11-24T09:00", "2026-11-24T10:00")

    assert kinds(rota) == [ClashKind.OVERLAP, ClashKind.REST]


def test_one_person_twice_in_a_role_is_described_as_two_shifts(rota):
    rota.add_shift("day", 1, "2026-11-23T08:30", "2026-11-23T17:00")
    other = rota.add_shift("day", 2, "2026-11-23T08:30", "2026-11-23T17:00")
    rota.add_cover(other, 1, "2026-11-23T13:00", "2026-11-23T14:00")

    assert texts(rota) == [
        "Amara Owusu has two Duty social worker shifts at once, from 1pm today until 2pm today"
    ]


@pytest.mark.parametrize(
    ("start", "rest"),
    [
        ("20:00", "3 hours to rest: a shift ends 5pm today, the next begins 8pm today"),
        ("17:00", "no time to rest: a shift ends 5pm today, the next begins 5pm today"),
    ],
)
def test_too_little_rest_is_described_with_its_length(rota, start, rest):
    rota.add_shift("day", 1, "2026-11-23T08:30", "2026-11-23T17:00")
    rota.add_shift("night", 1, f"2026-11-23T{start}", "2026-11-24T08:30")

    assert texts(rota) == [f"Amara Owusu has {rest}"]
