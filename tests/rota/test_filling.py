"""Filling a rota: needed time is cut into slots, and slots are assigned in turn."""

import itertools
import random
from collections import Counter
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from rota.conftest import RotaBuilder, at, span
from rota_oracle import MINUTE, add_random_shifts, people_on_duty

from routing.errors import InvalidTime
from routing.rota import filling
from routing.rota.filling import DayKind, TurnRule, measure_workload

HOUR = timedelta(hours=1)
A_SLOT_EACH = TurnRule()
EVENINGS = dict.fromkeys(DayKind, (510, 1020))


def make_slots(rota, first, last, role_id="night", pattern=EVENINGS, turns=A_SLOT_EACH):
    days = date.fromisoformat(first), date.fromisoformat(last)
    return filling.make_slots(rota.build(), role_id, pattern, *days, turns)


def assign(rota, slots, people, turns=A_SLOT_EACH, role_id="night"):
    first = slots[0].start.date() if slots else date(2026, 11, 23)
    proposed = filling.assign_slots(rota.build(), role_id, slots, people, first, turns)
    return [shift.person_id for shift in proposed]


def starts(slots):
    return [f"{slot.start:%a %d %H:%M}" for slot in slots]


def all_touch(slots):
    return all(slot.end == following.start for slot, following in itertools.pairwise(slots))


def test_the_usual_handovers_follow_from_the_directory(rota):
    now = at("2026-11-23T00:00")

    assert filling.usual_handovers(rota.build(), "night", now) == (510, 1020)
    assert filling.usual_handovers(rota.build(), "standby", now) == (90, 510)
    assert filling.usual_handovers(rota.build(), "day", now) == (510, 1020)


def test_slots_are_cut_by_the_pattern_of_each_kind_of_day(rota):
    pattern = {DayKind.WORKING_DAY: (), DayKind.WEEKEND: (540, 1260), DayKind.BANK_HOLIDAY: (600,)}
    slots = make_slots(rota, "2026-12-25", "2026-12-27", pattern=pattern)

    assert starts(slots) == [
        "Fri 25 10:00",
        "Sat 26 09:00",
        "Sat 26 21:00",
        "Sun 27 09:00",
        "Sun 27 21:00",
    ]
    assert slots[-1].end == at("2026-12-28T10:00")


def test_a_slot_that_began_the_day_before_belongs_to_the_day_before(rota):
    assert make_slots(rota, "2026-11-24", "2026-11-24") == [
        span("2026-11-24T17:00", "2026-11-25T08:30")
    ]


def test_no_slot_of_under_three_hours_is_cut_off_at_an_end(rota):
    pattern = dict.fromkeys(DayKind, (450, 1080))
    slots = make_slots(rota, "2026-11-23", "2026-11-23", pattern=pattern)

    assert slots == [span("2026-11-23T17:00", "2026-11-24T08:30")]


@pytest.mark.parametrize(
    ("days", "cut"),
    [
        (("2026-10-24", "2026-10-25"), "2026-10-25T00:30"),
        (("2027-03-27", "2027-03-28"), "2027-03-28T01:00"),
    ],
)
def test_a_cut_in_the_hour_when_the_clocks_change_is_one_instant(rota, days, cut):
    slots = make_slots(rota, *days, pattern=dict.fromkeys(DayKind, (90,)))

    assert at(cut) in {slot.start for slot in slots} & {slot.end for slot in slots}
    assert all_touch(slots)


def fill(rota, first, last, people, turn, begins="", role_id="night", **more):
    """Return who has each slot that begins on some days, as pairs of its start and the person."""
    turns = filling.parse_turn(turn, begins)
    slots = make_slots(rota, first, last, role_id, turns=turns, **more)
    days = date.fromisoformat(first)
    proposed = filling.assign_slots(rota.build(), role_id, slots, people, days, turns)
    return [(f"{shift.during.start:%a %d %H:%M}", shift.person_id) for shift in proposed]


@pytest.mark.parametrize("first", ["2026-10-19", "2027-03-22", "2026-12-21"])
@pytest.mark.parametrize(("days", "minute"), [(7, 1020), (14, 510), (3, 90), (1, 720)])
def test_in_every_minute_the_person_is_on_duty_whose_turn_it_is_by_the_clock(
    rota, first, days, minute
):
    begins, zone = date.fromisoformat(first), rota.timetables.directory.zone
    turns = filling.TurnRule(days, begins.weekday(), minute)
    pattern = {**EVENINGS, DayKind.WEEKEND: (90, 540)}
    slots = make_slots(rota, first, str(begins + timedelta(days=16)), "night", pattern, turns)
    proposed = filling.assign_slots(rota.build(), "night", slots, [0, 1, 2], begins, turns)
    first_turn = datetime.combine(begins, time()) + timedelta(minutes=minute)
    edges = [
        edge for span in rota.build().needed_spans("night", *ends(slots)) for edge in ends([span])
    ]
    wrong = 0
    for shift in proposed:
        for number in range(0, (shift.during.end - shift.during.start) // MINUTE, 7):
            at = shift.during.start + number * MINUTE
            local = at.astimezone(zone)  # the second of two equal times comes after the first
            wall_time = local.replace(tzinfo=None) + local.fold * HOUR
            is_near_edge = any(abs(at - edge) < filling.MIN_SLOT_LENGTH for edge in edges)
            whose = (wall_time - first_turn) // timedelta(days=days) % 3
            wrong += shift.person_id != whose and not is_near_edge

    assert wrong == 0


def ends(spans):
    return spans[0].start, spans[-1].end


def test_before_the_first_turn_the_last_person_is_on_duty(rota):
    duties = fill(rota, "2026-11-28", "2026-11-29", [1, 2, 3], "7", "Saturday 5pm")

    assert duties == [
        ("Sat 28 08:30", 3),
        ("Sat 28 17:00", 1),
        ("Sun 29 08:30", 1),
        ("Sun 29 17:00", 1),
    ]


def test_a_night_that_begins_early_belongs_to_the_turn_that_begins_just_after(rota):
    duties = fill(rota, "2026-11-23", "2026-11-24", [1, 2], "1", "Monday 6pm")

    assert duties == [("Mon 23 17:00", 1), ("Tue 24 17:00", 2)]


def test_as_many_people_share_a_turn_as_the_role_needs(rota):
    duties = fill(rota, "2026-11-23", "2026-11-30", [1, 2, 3, 4], "7", "Monday", role_id="day")

    assert [person for _, person in duties] == [1, 2] * 5 + [3, 4]


@pytest.mark.parametrize(
    ("length", "begins", "words"),
    [
        ("0", "", "from 1 to 92"),
        ("93", "", "from 1 to 92"),
        ("month", "", "7 is a week"),
        ("7", "someday", "Write it as Friday 5pm."),
        ("7", "t", "Write it as Friday 5pm."),
        ("7", "Friday evening", "is not a time"),
    ],
)
def test_a_turn_that_cannot_be_meant_is_refused_with_what_to_write(length, begins, words):
    with pytest.raises(InvalidTime, match=words):
        filling.parse_turn(length, begins)


def test_a_person_who_has_a_shift_in_any_role_then_even_if_it_is_covered_is_skipped(rota):
    rota.add_shift("standby", 2, "2026-11-24T18:00", "2026-11-24T20:00")
    shift = rota.add_shift("night", 3, "2026-11-25T17:00", "2026-11-26T08:30")
    rota.add_cover(shift, None, "2026-11-25T17:00", "2026-11-26T08:30")

    assert assign(rota, make_slots(rota, "2026-11-23", "2026-11-25"), [1, 2, 3]) == [1, 3, 1]


def test_only_what_nobody_has_of_a_slot_is_assigned(rota):
    rota.add_shift("night", 9, "2026-11-23T17:00", "2026-11-24T00:00")
    rota.add_shift("night", 9, "2026-11-24T17:00", "2026-11-25T08:30")
    slots = make_slots(rota, "2026-11-23", "2026-11-24")
    first = date(2026, 11, 23)
    proposed = filling.assign_slots(rota.build(), "night", slots, [1], first, A_SLOT_EACH)

    assert [shift.during for shift in proposed] == [span("2026-11-24T00:00", "2026-11-24T08:30")]


def test_as_many_people_are_assigned_as_are_needed_and_there_are(rota):
    slots = make_slots(rota, "2026-11-23", "2026-11-23", role_id="day")

    assert assign(rota, slots, [1, 2, 3], role_id="day") == [1, 2]
    assert assign(rota, slots, [1], role_id="day") == [1, None]
    assert assign(rota, slots, [], role_id="day") == [None]
    assert assign(rota, [], [1]) == []
    rota.add_shift("day", 9, "2026-11-23T08:30", "2026-11-23T12:00")
    whole, part = filling.assign_slots(
        rota.build(), "day", slots, [1, 2], date(2026, 11, 23), A_SLOT_EACH
    )
    assert (whole.during, part.during) == (slots[0], span("2026-11-23T12:00", "2026-11-23T17:00"))


def test_times_are_read_as_people_write_them():
    assert filling.parse_times("5pm, 8:30am,17:00,") == (510, 1020)
    with pytest.raises(InvalidTime):
        filling.parse_times("evening")


LONDON = ZoneInfo("Europe/London")
ROLES = ("day", "night", "standby")
WEEK = span("2026-12-21T00:00", "2026-12-28T00:00")


def totals(rota, person_id=1, period=WEEK):
    load = measure_workload(rota.build(), person_id, period)
    hours = load.duration / timedelta(hours=1)
    return load.shifts, hours, load.nights, load.weekends, load.bank_holidays


def test_a_night_into_christmas_is_a_night_and_a_bank_holiday(rota):
    rota.add_shift("night", 1, "2026-12-24T17:00", "2026-12-25T08:30")

    assert totals(rota) == (1, 15.5, 1, 0, 1)


@pytest.mark.parametrize(("end", "nights"), [("01:59", 0), ("02:00", 1), ("02:01", 1)])
def test_a_night_counts_from_three_hours_of_duty_in_it(rota, end, nights):
    rota.add_shift("night", 1, "2026-12-22T17:00", f"2026-12-23T{end}")

    assert totals(rota)[2] == nights


@pytest.mark.parametrize(
    "period",
    [
        span("2026-10-23T00:00", "2026-10-27T00:00"),
        span("2027-03-26T00:00", "2027-03-30T00:00"),
        span("2026-12-24T00:00", "2026-12-29T00:00"),
    ],
    ids=["the clocks go back", "the clocks go forward", "Christmas"],
)
def test_what_a_person_has_agrees_with_a_count_of_minutes(council_timetables, period):
    draw = random.Random(f"totals {period.start}")
    rota = RotaBuilder(council_timetables)
    for _ in range(3):
        add_random_shifts(draw, rota, period)
    on_duty = [
        (at, set().union(*(people_on_duty(rota.shifts, rota.covers, role, at) for role in ROLES)))
        for at in (period.start + n * MINUTE for n in range((period.end - period.start) // MINUTE))
    ]
    for person_id in (1, 2, 3):
        minutes = [at.astimezone(LONDON) for at, people in on_duty if person_id in people]
        counts = count_minutes(minutes, council_timetables.holidays)
        assert totals(rota, person_id, period)[1:] == counts


def count_minutes(minutes, holidays):
    """Return hours, nights, weekends and bank holidays by looking at each minute."""
    minutes_by_day = Counter(local.date() for local in minutes)
    nights = Counter(
        (local.replace(tzinfo=None) - timedelta(hours=6)).date()
        for local in minutes
        if local.hour >= 23 or local.hour < 6
    )
    days = [day for day, count in minutes_by_day.items() if count >= 180]
    weekends = {day.isocalendar()[:2] for day in days if day.weekday() >= 5}
    many_nights = sum(count >= 180 for count in nights.values())
    return len(minutes) / 60, many_nights, len(weekends), len(holidays.keys() & days)
