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


DAYS = [("day", "23T08:30", "23T17:00"), ("day", "24T08:30", "24T17:00")]
NIGHTS = [("night", "23T17:00", "24T08:30"), ("night", "24T17:00", "25T08:30")]
CLASHES = {
    "in two roles at once": (
        [("day", "23T08:30", "23T18:00"), NIGHTS[0]],
        "Duty social worker and Out-of-hours social worker shifts at once, from 5pm today until "
        "6pm today",
    ),
    "an overlap of 16 minutes": (
        [("standby", "23T12:00", "23T17:16"), NIGHTS[0]],
        "Standby and Out-of-hours social worker shifts at once, from 5pm today until 5:16pm today",
    ),
    "15 minutes of handover": (
        [("day", "23T08:30", "23T17:15"), NIGHTS[0]],
        "no time to rest: a shift ends 5:15pm today, the next begins 5pm today",
    ),
    "a shift that begins as another ends": (
        [DAYS[0], NIGHTS[0]],
        "no time to rest: a shift ends 5pm today, the next begins 5pm today",
    ),
    "a minute less than eleven hours of rest": (
        [NIGHTS[0], ("night", "24T19:29", "25T08:30")],
        "10 hours 59 minutes to rest: a shift ends 8:30am tomorrow, the next begins 7:29pm "
        "tomorrow",
    ),
    "eleven hours of rest": ([NIGHTS[0], ("night", "24T19:30", "25T08:30")],),
    "several shifts in a row, then enough rest, then two more": (
        [*DAYS, *NIGHTS, ("day", "26T08:30", "26T17:00"), ("night", "26T17:00", "27T08:30")],
        "4 shifts in a row with less than 11 hours’ rest between them: the first ends 5pm today, "
        "the last begins 5pm tomorrow",
        "no time to rest: a shift ends 5pm on Thursday 26 November, the next begins 5pm on "
        "Thursday 26 November",
    ),
    "too little rest after the longest of several shifts": (
        [NIGHTS[0], ("day", "23T18:00", "23T18:30"), ("standby", "24T09:00", "24T10:00")],
        "Out-of-hours social worker and Duty social worker shifts at once, from 6pm today until "
        "6:30pm today",
        "30 minutes to rest: a shift ends 8:30am tomorrow, the next begins 9am tomorrow",
    ),
}


def clashes(rota):
    text = RotaText(rota.build(), NOW)
    period = at("2026-11-01T00:00"), at("2027-04-30T00:00")
    return [text.clash(clash) for clash in rota.build().clashes(*period)]


@pytest.mark.parametrize("name", CLASHES)
def test_overlaps_and_too_little_rest_of_one_person_are_described(rota, name):
    shifts, *expected = CLASHES[name]
    for role, start, end in shifts:
        rota.add_shift(role, 1, f"2026-11-{start}", f"2026-11-{end}")

    assert clashes(rota) == [f"Amara Owusu has {clash}" for clash in expected]


def test_from_3pm_to_2am_is_ten_hours_of_rest_when_the_clocks_go_forward(rota):
    rota.add_shift("day", 1, "2027-03-27T08:30", "2027-03-27T15:00")
    rota.add_shift("night", 1, "2027-03-28T01:00", "2027-03-28T08:30")

    assert clashes(rota)[0].startswith("Amara Owusu has 10 hours to rest: ")


def test_parts_of_one_shift_do_not_clash(rota):
    shift = rota.add_shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")
    rota.add_cover(shift, 2, "2026-11-23T19:00", "2026-11-23T20:00")
    rota.add_cover(shift, None, "2026-11-23T21:00", "2026-11-23T22:00")

    assert clashes(rota) == []


def test_one_person_twice_in_a_role_is_described_as_two_shifts(rota):
    rota.add_shift("day", 1, *DAY)
    other = rota.add_shift("day", 2, *DAY)
    rota.add_cover(other, 1, "2026-11-23T13:00", "2026-11-23T14:00")

    assert clashes(rota) == [
        "Amara Owusu has two Duty social worker shifts at once, from 1pm today until 2pm today"
    ]


def test_a_change_is_not_warned_of_for_a_clash_that_there_is_already(rota):
    rota.add_shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")
    rota.add_shift("standby", 1, "2026-11-23T17:00", "2026-11-24T01:30")
    new = Shift("night", 2, span("2026-11-24T17:00", "2026-11-25T08:30"))

    assert RotaText(rota.build(), NOW).warnings([new]) == []
