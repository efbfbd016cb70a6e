"""The rota in sentences, as staff read them."""

from dataclasses import replace

import pytest
from core.test_decision import compiled
from rota.conftest import PEOPLE, at, span

from routing.core.decision import Timetables
from routing.rota import filling
from routing.rota.descriptions import RotaText
from routing.rota.roster import Rota, Shift

NOW = at("2026-11-23T12:00")
DAY = ("2026-11-23T08:30", "2026-11-23T17:00")
ALWAYS = """
lines: {one: {name: One, phone: 01632 960001, hours: always}}
services: {s: {name: S, lines: [one], out_of_hours: one}}
rota:
  always: {name: Always, needed_when: {line: one}}
"""


def describe_now(roster, role_id, at=NOW):
    return RotaText(roster, at).now(roster.roles[role_id])


def test_who_is_on_duty_until_when_and_who_is_next(rota):
    rota.add_shift("night", 1, "2026-11-23T17:00", "2026-11-24T02:00")
    rota.add_shift("night", 2, "2026-11-24T02:00", "2026-11-24T08:30")

    assert [
        describe_now(rota.build(), "night", moment)
        for moment in (NOW, at("2026-11-23T17:00"), at("2026-11-24T02:00"))
    ] == [
        ("Not needed", "until 5pm today, then Amara Owusu"),
        ("Amara Owusu", "until 2am tomorrow, then Ben O'Brien"),
        ("Ben O'Brien", "until 8:30am today, then from 5pm today nobody"),
    ]
    assert describe_now(rota.build(), "night", at("2026-11-25T17:00")) == (
        *("Nobody", "until 8:30am tomorrow, then from 5pm tomorrow nobody"),
    )


def test_everybody_on_duty_is_named_and_how_many_are_missing_is_counted(rota):
    rota.add_shift("day", 1, *DAY)
    assert describe_now(rota.build(), "day")[0] == "Amara Owusu (1 of 2 people)"

    rota.add_shift("day", 2, *DAY)
    assert describe_now(rota.build(), "day")[0] == "Amara Owusu and Ben O'Brien"


def test_a_gap_ends_where_the_number_of_people_missing_changes(rota):
    rota.add_shift("day", 1, "2026-11-23T13:00", "2026-11-23T17:00")
    text = RotaText(rota.build(), NOW)
    gaps = rota.build().gaps(NOW, at("2026-11-23T17:00"))

    assert [text.gap(*gap) for gap in gaps if gap.role.id == "day"] == [
        "Duty social worker: nobody from now until 1pm today",
        "Duty social worker: 1 of 2 people from 1pm today until 5pm today",
    ]


def test_a_cover_is_described_with_whose_shift_it_is_and_its_note(rota):
    shift = rota.add_shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")
    rota.add_cover(shift, 2, "2026-11-23T20:00", "2026-11-23T22:00", "Swapped")
    rota.add_cover(shift, 1, "2026-11-23T21:00", "2026-11-23T22:00", "Back")
    parts = rota.build().assignments("night", at("2026-11-23T17:00"), at("2026-11-24T08:30"))

    assert [RotaText(rota.build(), NOW).cover(part) for part in parts] == [
        "",
        "for Amara Owusu: Swapped",
        "Back",
        "",
    ]


def test_staffing_that_does_not_change_is_described_for_four_weeks():
    roster = Rota(compiled(ALWAYS), ())

    assert describe_now(roster, "always") == ("Nobody", "for the next 4 weeks")
    assert filling.usual_handovers(roster, "always", NOW) == ()


def test_after_the_last_shift_of_a_role_that_is_never_needed_nobody_is_needed():
    directory = compiled(ALWAYS).directory
    (line,) = directory.lines
    closed = replace(line, hours=replace(line.hours, week=((),) * 7))
    timetables = Timetables(replace(directory, lines=(closed,)), {})
    roster = Rota(timetables, [Shift("always", 1, span(*DAY))], (), PEOPLE)

    assert describe_now(roster, "always") == ("Amara Owusu", "until 5pm today, then not needed")


def clashes(rota):
    return rota.build().clashes(at("2026-11-01T00:00"), at("2027-04-30T00:00"))


def kinds(rota):
    return [clash.is_overlap for clash in clashes(rota)]


def texts(rota):
    text = RotaText(rota.build(), at("2026-11-23T12:00"))
    return [text.clash(clash) for clash in clashes(rota)]


def test_one_person_in_two_roles_at_once_clashes(rota):
    rota.add_shift("day", 1, "2026-11-23T08:30", "2026-11-23T18:00")
    rota.add_shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")

    (clash,) = clashes(rota)
    assert clash.is_overlap
    assert clash.during == span("2026-11-23T17:00", "2026-11-23T18:00")
    assert texts(rota) == [
        "Amara Owusu has Duty social worker and Out-of-hours social worker shifts at once, from "
        "5pm today until 6pm today"
    ]


@pytest.mark.parametrize(("until", "expected"), [("17:15", [False]), ("17:16", [True])])
def test_an_overlap_of_up_to_fifteen_minutes_is_a_handover(rota, until, expected):
    rota.add_shift("day", 1, "2026-11-23T08:30", f"2026-11-23T{until}")
    rota.add_shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")

    assert kinds(rota) == expected


@pytest.mark.parametrize(("start", "expected"), [("19:29", [False]), ("19:30", []), ("19:31", [])])
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
    for start, end in (
        *(("23T08:30", "23T17:00"), ("23T18:00", "23T20:00"), ("25T08:30", "25T17:00")),
        *(("25T18:00", "25T20:00"), ("27T08:30", "27T17:00")),
    ):
        rota.add_shift("day", 1, f"2026-11-{start}", f"2026-11-{end}")

    starts = [clash.during.start for clash in clashes(rota)]
    assert starts == [at("2026-11-23T17:00"), at("2026-11-25T17:00")]


def test_parts_of_one_shift_do_not_clash(rota):
    shift = rota.add_shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")
    rota.add_cover(shift, 2, "2026-11-23T19:00", "2026-11-23T20:00")
    rota.add_cover(shift, None, "2026-11-23T21:00", "2026-11-23T22:00")

    assert clashes(rota) == []


def test_rest_is_measured_from_the_longest_of_several_overlapping_shifts(rota):
    rota.add_shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")
    rota.add_shift("day", 1, "2026-11-23T18:00", "2026-11-23T18:30")
    rota.add_shift("standby", 1, "2026-11-24T09:00", "2026-11-24T10:00")

    assert kinds(rota) == [True, False]


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


def test_a_change_is_not_warned_of_for_a_clash_that_there_is_already(rota):
    rota.add_shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")
    rota.add_shift("standby", 1, "2026-11-23T17:00", "2026-11-24T01:30")
    new = Shift("night", 2, span("2026-11-24T17:00", "2026-11-25T08:30"))

    assert RotaText(rota.build(), NOW).warnings([new]) == []
