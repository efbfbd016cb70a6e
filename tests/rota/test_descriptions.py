"""The rota in words, to the people who work by it."""

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


def now(rota, role, moment=NOW):
    locale = get_locale("en", rota.tables.directory.zone)
    return descriptions.describe_now(rota.roster, rota.roster.roles[role], NAMES, moment, locale)


def test_who_is_on_until_when_and_who_then(rota):
    rota.shift("night", 1, "2026-11-23T17:00", "2026-11-24T02:00")
    rota.shift("night", 2, "2026-11-24T02:00", "2026-11-24T08:30")

    assert now(rota, "night") == ("Not needed", "until 5pm today, then Amara Owusu")
    assert now(rota, "night", at("2026-11-23T17:00")) == (
        "Amara Owusu",
        "until 2am tomorrow, then Ben O'Brien",
    )
    assert now(rota, "night", at("2026-11-24T02:00")) == (
        "Ben O'Brien",
        "until 8:30am today, then from 5pm today nobody",
    )


def test_nobody_is_said_where_somebody_must_be(rota):
    assert now(rota, "night", at("2026-11-23T17:00")) == (
        "Nobody",
        "until 8:30am tomorrow, then from 5pm tomorrow nobody",
    )


def test_one_of_two_is_said_so(rota):
    rota.shift("day", 1, "2026-11-23T08:30", "2026-11-23T17:00")

    assert now(rota, "day")[0] == "Amara Owusu (1 of 2 people)"


def test_two_are_named_and_what_is_far_away_is_not_guessed_at(rota):
    rota.shift("day", 1, "2026-11-23T08:30", "2026-11-23T17:00")
    rota.shift("day", 2, "2026-11-23T08:30", "2026-11-23T17:00")

    assert now(rota, "day")[0] == "Amara Owusu and Ben O'Brien"


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        (2, "Duty social worker: nobody from now until 5pm today"),
        (1, "Duty social worker: 1 of 2 people from now until 5pm today"),
    ],
)
def test_a_gap_says_its_role_how_many_and_when(rota, missing, said):
    locale = get_locale("en", rota.tables.directory.zone)
    role, gap = rota.roster.roles["day"], span("2026-11-23T08:30", "2026-11-23T17:00")

    assert descriptions.describe_gap(role, gap, missing, NOW, locale) == said


def test_a_cover_says_for_whom_and_why(rota):
    shift = rota.shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")
    rota.cover(shift, 2, "2026-11-23T20:00", "2026-11-23T22:00", "Swapped")
    rota.cover(shift, 1, "2026-11-23T21:00", "2026-11-23T22:00", "Back")
    found = rota.roster.duties("night", at("2026-11-23T17:00"), at("2026-11-24T08:30"))

    assert [descriptions.describe_cover(each, NAMES) for each in found] == [
        "",
        "for Amara Owusu: Swapped",
        "Back",
        "",
    ]


ALWAYS = """
lines: {one: {name: One, phone: 01632 960001, hours: always}}
services: {s: {name: S, lines: [one], out_of_hours: one}}
rota:
  always: {name: Always, needed_when: {line: one}}
"""


def test_what_does_not_change_for_four_weeks_is_said_so():
    tables = compiled(ALWAYS)
    roster, locale = Roster(tables, ()), get_locale("en", tables.directory.zone)
    role = roster.roles["always"]

    assert descriptions.describe_now(roster, role, {}, NOW, locale) == (
        "Nobody",
        "for the next 4 weeks",
    )
    assert filling.usual_handovers(roster, "always", NOW) == ()


def test_a_role_that_is_done_for_good_is_not_needed_then():
    tables = compiled(ALWAYS.replace("hours: always", "hours: {mon: 08:30-17:00}"))
    shut = replace(tables.directory.lines[0].hours, week=((),) * 7)
    line = replace(tables.directory.lines[0], hours=shut)
    shut_tables = Timetables(replace(tables.directory, lines=(line,)), {})
    roster = Roster(
        shut_tables, [Shift(1, "always", 1, span("2026-11-23T08:30", "2026-11-23T17:00"))]
    )
    locale = get_locale("en", tables.directory.zone)

    assert descriptions.describe_now(roster, roster.roles["always"], NAMES, NOW, locale) == (
        "Amara Owusu",
        "until 5pm today, then not needed",
    )


def test_clocks_are_said_without_their_days(rota):
    locale = get_locale("en", rota.tables.directory.zone)

    assert (
        descriptions.format_times(span("2026-11-23T17:00", "2026-11-24T08:30"), locale)
        == "5pm to 8:30am"
    )


def test_who_is_on_duty_though_nobody_is_needed_is_said(rota):
    rota.shift("day", 1, "2026-11-23T17:00", "2026-11-23T19:00")
    role, locale = rota.roster.roles["day"], get_locale("en", rota.tables.directory.zone)
    (found,) = rota.roster.surplus("day", at("2026-11-23T12:00"), at("2026-11-24T00:00"))

    assert descriptions.describe_surplus(rota.roster, role, found, NAMES, NOW, locale) == (
        "Duty social worker: Amara Owusu from 5pm today until 7pm today, though nobody is needed "
        "then"
    )
