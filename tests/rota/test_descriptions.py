"""The rota in sentences, as staff read them."""

from dataclasses import replace

import pytest
from core.test_decision import compiled
from rota.conftest import at, span

from routing.core.decision import Timetables
from routing.rota import descriptions, filling
from routing.rota.descriptions import RotaText
from routing.rota.roster import Roster, Shift

NAMES = {1: "Amara Owusu", 2: "Ben O'Brien"}
NOW = at("2026-11-23T12:00")
DAY = ("2026-11-23T08:30", "2026-11-23T17:00")
ALWAYS = """
lines: {one: {name: One, phone: 01632 960001, hours: always}}
services: {s: {name: S, lines: [one], out_of_hours: one}}
rota:
  always: {name: Always, needed_when: {line: one}}
"""


def describe_now(roster, role_id, at=NOW):
    return RotaText(roster, NAMES, at).now(roster.roles[role_id])


def test_who_is_on_duty_until_when_and_who_is_next(rota):
    rota.add_shift("night", 1, "2026-11-23T17:00", "2026-11-24T02:00")
    rota.add_shift("night", 2, "2026-11-24T02:00", "2026-11-24T08:30")

    assert [
        describe_now(rota.roster, "night", moment)
        for moment in (NOW, at("2026-11-23T17:00"), at("2026-11-24T02:00"))
    ] == [
        ("Not needed", "until 5pm today, then Amara Owusu"),
        ("Amara Owusu", "until 2am tomorrow, then Ben O'Brien"),
        ("Ben O'Brien", "until 8:30am today, then from 5pm today nobody"),
    ]


def test_nobody_is_on_duty_in_a_gap(rota):
    assert describe_now(rota.roster, "night", at("2026-11-23T17:00")) == (
        "Nobody",
        "until 8:30am tomorrow, then from 5pm tomorrow nobody",
    )


def test_everybody_on_duty_is_named_and_how_many_are_missing_is_counted(rota):
    rota.add_shift("day", 1, *DAY)
    assert describe_now(rota.roster, "day")[0] == "Amara Owusu (1 of 2 people)"

    rota.add_shift("day", 2, *DAY)
    assert describe_now(rota.roster, "day")[0] == "Amara Owusu and Ben O'Brien"


@pytest.mark.parametrize(
    ("missing", "text"),
    [
        (2, "Duty social worker: nobody from now until 5pm today"),
        (1, "Duty social worker: 1 of 2 people from now until 5pm today"),
    ],
)
def test_a_gap_is_described_with_its_role_its_shortfall_and_its_time(rota, missing, text):
    rota_text = RotaText(rota.roster, NAMES, NOW)

    assert rota_text.gap(rota.roster.roles["day"], span(*DAY), missing) == text


def test_a_cover_is_described_with_whose_shift_it_is_and_its_note(rota):
    shift = rota.add_shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")
    rota.add_cover(shift, 2, "2026-11-23T20:00", "2026-11-23T22:00", "Swapped")
    rota.add_cover(shift, 1, "2026-11-23T21:00", "2026-11-23T22:00", "Back")
    parts = rota.roster.assignments("night", at("2026-11-23T17:00"), at("2026-11-24T08:30"))

    assert [RotaText(rota.roster, NAMES, NOW).cover(part) for part in parts] == [
        "",
        "for Amara Owusu: Swapped",
        "Back",
        "",
    ]


def test_staffing_that_does_not_change_is_described_for_four_weeks():
    roster = Roster(compiled(ALWAYS), ())

    assert describe_now(roster, "always") == ("Nobody", "for the next 4 weeks")
    assert filling.usual_handovers(roster, "always", NOW) == ()


def test_after_the_last_shift_of_a_role_that_is_never_needed_nobody_is_needed():
    directory = compiled(ALWAYS).directory
    (line,) = directory.lines
    closed = replace(line, hours=replace(line.hours, week=((),) * 7))
    timetables = Timetables(replace(directory, lines=(closed,)), {})
    roster = Roster(timetables, [Shift(1, "always", 1, span(*DAY))])

    assert describe_now(roster, "always") == ("Amara Owusu", "until 5pm today, then not needed")


def test_times_are_formatted_without_their_dates(rota):
    night = span("2026-11-23T17:00", "2026-11-24T08:30")
    locale = RotaText(rota.roster, NAMES, NOW).locale

    assert descriptions.format_times(night, locale) == "5pm to 8:30am"


def test_a_surplus_is_described_with_who_is_on_duty(rota):
    rota.add_shift("day", 1, "2026-11-23T17:00", "2026-11-23T19:00")
    surplus = span("2026-11-23T17:00", "2026-11-23T19:00")

    assert RotaText(rota.roster, NAMES, NOW).surplus(rota.roster.roles["day"], surplus) == (
        "Duty social worker: Amara Owusu from 5pm today until 7pm today, though nobody is needed "
        "then"
    )
