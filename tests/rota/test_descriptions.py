"""The rota in sentences, as staff read them."""

from dataclasses import replace

import pytest
from core.test_decision import compiled
from rota.conftest import at, span

from routing.core.timetable import Timetables
from routing.rota import descriptions, filling
from routing.rota.roster import Roster, Shift
from routing.text.locale import get_locale

NAMES = {1: "Amara Owusu", 2: "Ben O'Brien"}
NOW = at("2026-11-23T12:00")
ALWAYS = """
lines: {one: {name: One, phone: 01632 960001, hours: always}}
services: {s: {name: S, lines: [one], out_of_hours: one}}
rota:
  always: {name: Always, needed_when: {line: one}}
"""


@pytest.fixture
def locale(council_timetables):
    return get_locale("en", council_timetables.directory.zone)


@pytest.fixture
def describe_now(rota, locale):
    def describe_now(role_id, at=NOW):
        roster = rota.roster
        return descriptions.describe_now(roster, roster.roles[role_id], NAMES, at, locale)

    return describe_now


def test_who_is_on_duty_until_when_and_who_is_next(rota, describe_now):
    rota.add_shift("night", 1, "2026-11-23T17:00", "2026-11-24T02:00")
    rota.add_shift("night", 2, "2026-11-24T02:00", "2026-11-24T08:30")

    assert describe_now("night") == ("Not needed", "until 5pm today, then Amara Owusu")
    assert describe_now("night", at("2026-11-23T17:00")) == (
        "Amara Owusu",
        "until 2am tomorrow, then Ben O'Brien",
    )
    assert describe_now("night", at("2026-11-24T02:00")) == (
        "Ben O'Brien",
        "until 8:30am today, then from 5pm today nobody",
    )


def test_nobody_is_on_duty_in_a_gap(describe_now):
    assert describe_now("night", at("2026-11-23T17:00")) == (
        "Nobody",
        "until 8:30am tomorrow, then from 5pm tomorrow nobody",
    )


def test_one_person_where_two_are_needed_is_described_as_1_of_2(rota, describe_now):
    rota.add_shift("day", 1, "2026-11-23T08:30", "2026-11-23T17:00")

    who, _ = describe_now("day")
    assert who == "Amara Owusu (1 of 2 people)"


def test_two_people_on_duty_are_both_named(rota, describe_now):
    rota.add_shift("day", 1, "2026-11-23T08:30", "2026-11-23T17:00")
    rota.add_shift("day", 2, "2026-11-23T08:30", "2026-11-23T17:00")

    who, _ = describe_now("day")
    assert who == "Amara Owusu and Ben O'Brien"


@pytest.mark.parametrize(
    ("missing", "text"),
    [
        (2, "Duty social worker: nobody from now until 5pm today"),
        (1, "Duty social worker: 1 of 2 people from now until 5pm today"),
    ],
)
def test_a_gap_is_described_with_its_role_its_shortfall_and_its_time(rota, locale, missing, text):
    role, gap = rota.roster.roles["day"], span("2026-11-23T08:30", "2026-11-23T17:00")

    assert descriptions.describe_gap(role, gap, missing, NOW, locale) == text


def test_a_cover_is_described_with_whose_shift_it_is_and_its_note(rota):
    shift = rota.add_shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")
    rota.add_cover(shift, 2, "2026-11-23T20:00", "2026-11-23T22:00", "Swapped")
    rota.add_cover(shift, 1, "2026-11-23T21:00", "2026-11-23T22:00", "Back")
    parts = rota.roster.assignments("night", at("2026-11-23T17:00"), at("2026-11-24T08:30"))

    assert [descriptions.describe_cover(part, NAMES) for part in parts] == [
        "",
        "for Amara Owusu: Swapped",
        "Back",
        "",
    ]


def test_staffing_that_does_not_change_is_described_for_four_weeks(locale):
    roster = Roster(compiled(ALWAYS), ())
    role = roster.roles["always"]

    assert descriptions.describe_now(roster, role, {}, NOW, locale) == (
        "Nobody",
        "for the next 4 weeks",
    )
    assert filling.usual_handovers(roster, "always", NOW) == ()


def test_a_role_that_is_never_needed_again_is_described_as_not_needed(locale):
    directory = compiled(ALWAYS).directory
    (line,) = directory.lines
    closed = replace(line, hours=replace(line.hours, week=((),) * 7))
    timetables = Timetables(replace(directory, lines=(closed,)), {})
    shift = Shift(1, "always", 1, span("2026-11-23T08:30", "2026-11-23T17:00"))
    roster = Roster(timetables, [shift])

    assert descriptions.describe_now(roster, roster.roles["always"], NAMES, NOW, locale) == (
        "Amara Owusu",
        "until 5pm today, then not needed",
    )


def test_times_are_formatted_without_their_dates(locale):
    night = span("2026-11-23T17:00", "2026-11-24T08:30")

    assert descriptions.format_times(night, locale) == "5pm to 8:30am"


def test_a_surplus_is_described_with_who_is_on_duty(rota, locale):
    rota.add_shift("day", 1, "2026-11-23T17:00", "2026-11-23T19:00")
    roster, role = rota.roster, rota.roster.roles["day"]
    (surplus,) = roster.surplus("day", at("2026-11-23T12:00"), at("2026-11-24T00:00"))

    assert descriptions.describe_surplus(roster, role, surplus, NAMES, NOW, locale) == (
        "Duty social worker: Amara Owusu from 5pm today until 7pm today, though nobody is needed "
        "then"
    )
