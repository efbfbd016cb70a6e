"""Nobody in two places at once, nobody without rest: in words that say who, what and when."""

import pytest
from rota.conftest import at, span

from routing.rota import descriptions
from routing.rota.clashes import ClashKind, find_clashes
from routing.text.locale import get_locale

NAMES = {1: "Amara Owusu", 2: "Ben O'Brien"}


def found(rota):
    roster = rota.roster
    edges = at("2026-11-01T00:00"), at("2026-12-31T00:00")
    return find_clashes(x for role in roster.roles for x in roster.duties(role, *edges))


def said(rota):
    roster, locale = rota.roster, get_locale("en", rota.tables.directory.zone)
    now = at("2026-11-23T12:00")
    return [
        descriptions.describe_clash(each, roster.roles, NAMES, now, locale) for each in found(rota)
    ]


def test_one_person_in_two_roles_at_once_clashes(rota):
    rota.shift("day", 1, "2026-11-23T08:30", "2026-11-23T18:00")
    rota.shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")

    (clash,) = found(rota)
    assert (clash.kind, clash.during) == (
        ClashKind.TWICE,
        span("2026-11-23T17:00", "2026-11-23T18:00"),
    )
    assert said(rota) == [
        "Amara Owusu is Duty social worker and Out-of-hours social worker from 5pm today until "
        "6pm today"
    ]


@pytest.mark.parametrize(
    ("until", "kinds"), [("17:15", [ClashKind.REST]), ("17:16", [ClashKind.TWICE])]
)
def test_a_quarter_of_an_hour_to_hand_over_is_not_two_places_at_once(rota, until, kinds):
    rota.shift("day", 1, "2026-11-23T08:30", f"2026-11-23T{until}")
    rota.shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")

    assert [each.kind for each in found(rota)] == kinds


@pytest.mark.parametrize(("start", "clash"), [("19:29", True), ("19:30", False), ("19:31", False)])
def test_less_than_eleven_hours_of_rest_clashes_and_eleven_do_not(rota, start, clash):
    rota.shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")
    rota.shift("night", 1, f"2026-11-24T{start}", "2026-11-25T08:30")

    assert bool(found(rota)) is clash


def test_rest_is_counted_in_hours_that_pass_not_by_the_clock(rota):
    """From 3pm to 2am on the night the clocks go forward is ten hours, not eleven."""
    rota.shift("day", 1, "2027-03-27T08:30", "2027-03-27T15:00")
    rota.shift("night", 1, "2027-03-28T01:00", "2027-03-28T08:30")
    roster = rota.roster
    edges = at("2027-03-01T00:00"), at("2027-04-30T00:00")
    (clash,) = find_clashes(x for role in roster.roles for x in roster.duties(role, *edges))

    assert clash.during == span("2027-03-27T15:00", "2027-03-28T01:00")


def test_the_rest_is_said(rota):
    rota.shift("day", 1, "2026-11-23T08:30", "2026-11-23T17:00")
    rota.shift("night", 1, "2026-11-23T20:00", "2026-11-24T08:30")

    assert said(rota) == [
        "Amara Owusu has 3 hours to rest: a shift ends 5pm today, the next begins 8pm today"
    ]


def test_several_shifts_on_end_are_one_clash(rota):
    for day in (23, 24, 25):
        rota.shift("day", 1, f"2026-11-{day}T08:30", f"2026-11-{day}T17:00")
        rota.shift("night", 1, f"2026-11-{day}T17:00", f"2026-11-{day + 1}T08:30")

    assert said(rota) == [
        "Amara Owusu has 6 shifts on end with less than 11 hours’ rest between them: the first "
        "ends 5pm today, the last begins 5pm on Wednesday 25 November"
    ]


def test_after_enough_rest_another_clash_begins(rota):
    for start, end in (("23T08:30", "23T17:00"), ("23T18:00", "23T20:00")):
        rota.shift("day", 1, f"2026-11-{start}", f"2026-11-{end}")
    for start, end in (("25T08:30", "25T17:00"), ("25T18:00", "25T20:00")):
        rota.shift("day", 1, f"2026-11-{start}", f"2026-11-{end}")
    rota.shift("day", 1, "2026-11-27T08:30", "2026-11-27T17:00")

    assert [each.during.start for each in found(rota)] == [
        at("2026-11-23T17:00"),
        at("2026-11-25T17:00"),
    ]


def test_somebody_with_no_time_at_all_between_two_shifts_is_said_so(rota):
    rota.shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")
    rota.shift("day", 1, "2026-11-24T08:30", "2026-11-24T17:00")

    assert "has no time to rest" in said(rota)[0]


def test_parts_of_one_shift_do_not_clash_and_a_long_one_is_measured_by_its_end(rota):
    shift = rota.shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")
    rota.cover(shift, 2, "2026-11-23T19:00", "2026-11-23T20:00")
    rota.cover(shift, None, "2026-11-23T21:00", "2026-11-23T22:00")
    assert found(rota) == []

    rota.shift("day", 1, "2026-11-23T18:00", "2026-11-23T18:30")
    rota.shift("standby", 1, "2026-11-24T09:00", "2026-11-24T10:00")
    assert [each.kind for each in found(rota)] == [ClashKind.TWICE, ClashKind.REST]


def test_somebody_twice_in_one_role_is_said_so(rota):
    rota.shift("day", 1, "2026-11-23T08:30", "2026-11-23T17:00")
    other = rota.shift("day", 2, "2026-11-23T08:30", "2026-11-23T17:00")
    rota.cover(other, 1, "2026-11-23T13:00", "2026-11-23T14:00")

    assert said(rota) == [
        "Amara Owusu is twice as Duty social worker from 1pm today until 2pm today"
    ]
