"""Slots made of required time, given to people in turn: each cut once, whatever the clocks do."""

import itertools
from datetime import date, timedelta

import pytest
from rota.conftest import at, span

from routing.core import instants
from routing.errors import InvalidTime
from routing.rota import filling
from routing.rota.filling import DayKind, TurnLength

HOUR = timedelta(hours=1)
EVENINGS = dict.fromkeys(DayKind, (510, 1020))


def slots(rota, first, last, role="night", pattern=EVENINGS):
    days = date.fromisoformat(first), date.fromisoformat(last)
    return filling.make_slots(rota.roster, role, pattern, *days)


def given(rota, wanted, people, turn=TurnLength.SLOT, role="night"):
    return [x.worker for x in filling.assign_slots(rota.roster, role, wanted, people, turn)]


def test_christmas_is_nine_slots_that_touch_and_make_111_hours_and_a_half(rota):
    found = slots(rota, "2026-12-24", "2026-12-28")

    assert len(found) == 9
    assert (found[0].start, found[-1].end) == (at("2026-12-24T17:00"), at("2026-12-29T08:30"))
    assert all(one.end == other.start for one, other in itertools.pairwise(found))
    assert sum((x.end - x.start for x in found), timedelta()) / HOUR == 111.5


def test_the_usual_handovers_follow_from_the_directory(rota):
    assert filling.usual_handovers(rota.roster, "night", at("2026-11-23T00:00")) == (510, 1020)
    assert filling.usual_handovers(rota.roster, "standby", at("2026-11-23T00:00")) == (90, 510)
    assert filling.usual_pattern(rota.roster, "day", at("2026-11-23T00:00")) == EVENINGS


def test_a_pattern_hangs_on_the_kind_of_day(rota):
    pattern = {DayKind.WORKING_DAY: (), DayKind.WEEKEND: (540, 1260), DayKind.BANK_HOLIDAY: (600,)}
    found = slots(rota, "2026-12-25", "2026-12-27", pattern=pattern)

    assert [f"{x.start:%a %H:%M}" for x in found] == [
        "Fri 10:00",
        "Sat 09:00",
        "Sat 21:00",
        "Sun 09:00",
        "Sun 21:00",
    ]
    assert found[-1].end == at("2026-12-28T10:00")


def test_what_began_the_day_before_belongs_to_the_day_before(rota):
    assert slots(rota, "2026-11-24", "2026-11-24") == [span("2026-11-24T17:00", "2026-11-25T08:30")]


def test_no_sliver_is_cut_off_at_an_end(rota):
    pattern = dict.fromkeys(DayKind, (450, 1080))
    found = slots(rota, "2026-11-23", "2026-11-23", pattern=pattern)

    assert found == [span("2026-11-23T17:00", "2026-11-24T08:30")]


@pytest.mark.parametrize(
    ("day", "cut", "hours"),
    [("2026-10-24", "2026-10-25T00:30", 25.0), ("2027-03-27", "2027-03-28T01:00", 23.0)],
)
def test_a_cut_in_the_hour_that_the_clocks_change_is_one_instant(rota, day, cut, hours):
    pattern = dict.fromkeys(DayKind, (90,))
    after = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    found = slots(rota, day, after, pattern=pattern)

    assert at(cut) in {x.start for x in found} & {x.end for x in found}
    assert all(one.end == other.start for one, other in itertools.pairwise(found))
    zone = rota.tables.directory.zone
    first, last = (date.fromisoformat(x) for x in (day, after))
    noon = instants.start_at(first, 720, zone), instants.start_at(last, 720, zone)
    assert (noon[1] - noon[0]) / HOUR == hours


def test_people_take_turns_by_slot(rota):
    wanted = slots(rota, "2026-12-24", "2026-12-28")

    assert given(rota, wanted, [1, 2, 3, 4]) == [1, 2, 3, 4, 1, 2, 3, 4, 1]


def test_people_take_turns_by_week_from_monday_to_sunday(rota):
    wanted = slots(rota, "2026-11-27", "2026-12-08", pattern=dict.fromkeys(DayKind, ()))

    assert [f"{x.start:%a %d}" for x in wanted] == [
        "Fri 27",
        "Mon 30",
        "Tue 01",
        "Wed 02",
        "Thu 03",
        "Fri 04",
        "Mon 07",
        "Tue 08",
    ]
    assert given(rota, wanted, [1, 2], TurnLength.WEEK) == [1, 2, 2, 2, 2, 2, 1, 1]


def test_whoever_has_a_duty_already_is_passed_over_in_any_role(rota):
    rota.shift("standby", 2, "2026-11-24T18:00", "2026-11-24T20:00")
    wanted = slots(rota, "2026-11-23", "2026-11-25")

    assert given(rota, wanted, [1, 2, 3]) == [1, 3, 3]


def test_whose_shift_is_covered_is_not_given_another_at_that_time(rota):
    shift = rota.shift("night", 1, "2026-11-23T17:00", "2026-11-24T08:30")
    rota.cover(shift, None, "2026-11-23T17:00", "2026-11-24T08:30")

    assert given(rota, slots(rota, "2026-11-23", "2026-11-23"), [1, 2]) == [2]


def test_only_gaps_are_filled_and_a_part_for_what_is_left_of_it(rota):
    rota.shift("night", 9, "2026-11-23T17:00", "2026-11-24T00:00")
    rota.shift("night", 9, "2026-11-24T17:00", "2026-11-25T08:30")
    found = filling.assign_slots(
        rota.roster, "night", slots(rota, "2026-11-23", "2026-11-24"), [1], TurnLength.SLOT
    )

    assert [x.during for x in found] == [span("2026-11-24T00:00", "2026-11-24T08:30")]


def test_two_people_at_once_are_two_people(rota):
    wanted = slots(rota, "2026-11-23", "2026-11-23", role="day")

    assert given(rota, wanted, [1, 2, 3], role="day") == [1, 2]
    assert given(rota, wanted, [1], role="day") == [1, None]


def test_without_people_or_slots_nobody_is_given_anything(rota):
    wanted = slots(rota, "2026-11-23", "2026-11-23")

    assert given(rota, wanted, []) == [None]
    assert given(rota, [], [1]) == []


def test_times_are_read_as_people_write_them():
    assert filling.parse_times("5pm, 8:30am,17:00,") == (510, 1020)
    with pytest.raises(InvalidTime):
        filling.parse_times("evening")
