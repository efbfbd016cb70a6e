"""The difference between the rota and a spreadsheet, and what is left once it is stored."""

from hypothesis import given, settings
from hypothesis import strategies as st
from rota.conftest import RotaBuilder, at, span

from routing.core.instants import Span
from routing.rota.roster import NewShift, RotaDifference
from routing.rota.spreadsheet import add_rows
from routing.rota.spreadsheet import replace_period as replace_in

NOW = at("2026-11-23T12:00")
FIRST, SECOND = ("2026-11-24T17:00", "2026-11-25T08:30"), ("2026-11-25T17:00", "2026-11-26T08:30")
THIRD = ("2026-11-26T17:00", "2026-11-27T08:30")


def replace_period(roster, rows, now):
    """Return the difference that replaces the period of some rows in their roles."""
    return replace_in(roster, rows, now, period_of(rows), {row.role_id for row in rows})


def period_of(rows):
    return Span(min(row.during.start for row in rows), max(row.during.end for row in rows))


def apply_difference(roster, difference):
    return roster.with_changes(difference.new_shifts, difference.cancelled_shift_ids)


def row(person_id, edges, role_id="night"):
    return NewShift(role_id, person_id, span(*edges))


def duties(roster, role_id, start, end):
    """Return who is on duty when in a period."""
    return [
        (part.person_id, max(part.during.start, start), min(part.during.end, end))
        for part in roster.assignments(role_id, start, end)
        if part.person_id is not None
    ]


def test_another_person_at_the_same_time_is_a_change_and_what_is_missing_is_removed(rota):
    first = rota.add_shift("night", 1, *FIRST)
    second = rota.add_shift("night", 2, *SECOND)
    rota.add_shift("night", 3, *THIRD)
    difference = replace_period(rota.roster, [row(4, FIRST), row(3, THIRD)], NOW)

    assert difference.changed == ((row(1, FIRST), row(4, FIRST)),)
    assert difference.removed == (row(2, SECOND),)
    assert (difference.added, difference.unchanged) == ((), 1)
    assert difference.cancelled_shift_ids == (first, second)


def test_other_times_of_the_same_person_are_a_change(rota):
    rota.add_shift("night", 1, *FIRST)
    later = (FIRST[0], "2026-11-25T09:00")
    difference = replace_period(rota.roster, [row(1, later), row(2, SECOND)], NOW)

    assert difference.changed == ((row(1, FIRST), row(1, later)),)
    assert difference.added == (row(2, SECOND),)


def test_the_same_file_again_is_no_difference(rota):
    rota.add_shift("night", 1, *FIRST)
    rota.add_shift("night", 2, *SECOND)
    difference = replace_period(rota.roster, [row(1, FIRST), row(2, SECOND)], NOW)

    assert difference.is_empty
    assert difference.unchanged == 2


def test_a_row_is_added_unless_it_is_a_shift_already_or_what_somebody_has_with_covers(rota):
    shift = rota.add_shift("night", 1, *FIRST)
    rota.add_cover(shift, 2, "2026-11-24T20:00", FIRST[1])
    rows = [row(1, FIRST), row(2, ("2026-11-24T20:00", FIRST[1])), row(1, SECOND)]

    assert add_rows(rota.roster, rows) == RotaDifference(
        added=(row(1, SECOND),), unchanged=2, new_shifts=(row(1, SECOND),)
    )


def test_other_roles_and_other_periods_stay(rota):
    rota.add_shift("day", 1, *FIRST)
    rota.add_shift("night", 1, *FIRST)
    rota.add_shift("night", 2, *THIRD)
    difference = replace_period(rota.roster, [row(3, SECOND)], NOW)

    assert difference.cancelled_shift_ids == ()


def test_a_cover_that_the_file_has_stays_a_cover_and_another_gives_way_to_the_file(rota):
    shift = rota.add_shift("night", 1, *FIRST)
    rota.add_cover(shift, 2, "2026-11-24T20:00", FIRST[1])
    as_exported = [row(1, (FIRST[0], "2026-11-24T20:00")), row(2, ("2026-11-24T20:00", FIRST[1]))]

    assert replace_period(rota.roster, as_exported, NOW).is_empty
    rota.add_cover(shift, None, "2026-11-25T08:00", FIRST[1])
    as_exported[1] = row(2, ("2026-11-24T20:00", "2026-11-25T08:00"))
    assert replace_period(rota.roster, as_exported, NOW).is_empty
    in_place = [as_exported[0], row(3, ("2026-11-24T20:00", "2026-11-25T08:00"))]
    one_change = replace_period(rota.roster, in_place, NOW)
    assert (one_change.changed, one_change.unchanged) == (((as_exported[1], in_place[1]),), 1)
    difference = replace_period(rota.roster, [row(1, FIRST)], NOW)
    assert duties(
        apply_difference(rota.roster, difference), "night", at(FIRST[0]), at(FIRST[1])
    ) == [(1, at(FIRST[0]), at(FIRST[1]))]


def test_of_a_shift_that_begins_before_the_file_what_lies_outside_stays(rota):
    rota.add_shift("night", 1, "2026-11-24T12:00", "2026-11-27T12:00")
    difference = replace_period(rota.roster, [row(2, SECOND)], NOW)

    after = apply_difference(rota.roster, difference)
    assert duties(after, "night", at("2026-11-24T00:00"), at("2026-11-28T00:00")) == [
        (1, at("2026-11-24T12:00"), at(SECOND[0])),
        (2, at(SECOND[0]), at(SECOND[1])),
        (1, at(SECOND[1]), at("2026-11-27T12:00")),
    ]


def test_a_longer_period_takes_the_shifts_that_start_in_it_and_no_part_of_one_before_it(rota):
    before = rota.add_shift("night", 1, *FIRST)
    second = rota.add_shift("night", 1, *SECOND)
    third = rota.add_shift("night", 2, *THIRD)
    period = span("2026-11-25T00:00", "2026-11-27T00:00")
    difference = replace_in(rota.roster, [row(1, SECOND)], NOW, period, {"night"})

    assert difference.removed == (row(2, THIRD),)
    assert difference.cancelled_shift_ids == (third,)
    after = apply_difference(rota.roster, difference)
    assert [shift.id for shift in after.shifts] == [before, second]


def test_a_shift_that_a_corrected_last_row_makes_shorter_is_replaced_as_a_whole(rota):
    rota.add_shift("night", 1, *FIRST)
    difference = replace_period(rota.roster, [row(1, (FIRST[0], "2026-11-24T22:00"))], NOW)

    after = apply_difference(rota.roster, difference)
    assert duties(after, "night", at(FIRST[0]), at(FIRST[1])) == [
        (1, at(FIRST[0]), at("2026-11-24T22:00"))
    ]


def test_what_is_over_stays_and_of_a_shift_that_has_begun_the_rest_is_replaced(rota):
    rota.add_shift("night", 1, "2026-11-22T17:00", "2026-11-23T08:30")
    running = ("2026-11-23T08:30", "2026-11-23T17:00")
    shift = rota.add_shift("night", 1, *running)
    rows = [row(2, ("2026-11-22T17:00", "2026-11-23T08:30")), row(2, running)]
    difference = replace_period(rota.roster, rows, NOW)

    assert difference.cancelled_shift_ids == (shift,)
    assert difference.new_shifts == (NewShift("night", 2, Span(NOW, at(running[1]))),)


def test_more_people_than_a_role_needs_are_noticed_where_a_new_shift_is_among_them(rota):
    rota.add_shift("night", 1, *FIRST)
    rota.add_shift("night", 2, *FIRST)
    rota.add_shift("night", 1, *SECOND)
    handover = ("2026-11-26T08:15", "2026-11-26T09:00")
    period = span(FIRST[0], THIRD[1])
    assert not list(rota.roster.excess("night", period))
    for edges, excess in ((THIRD, []), (SECOND, [span(*SECOND)]), (handover, [])):
        changed = rota.roster.with_changes([row(3, edges)])
        assert [during for during, _ in changed.excess("night", period)] == excess


HOURS = st.integers(-20, 60)
SHIFTS = st.lists(st.tuples(st.integers(1, 3), HOURS, st.integers(1, 30)), max_size=6)


@settings(deadline=None)
@given(SHIFTS, SHIFTS.filter(bool))
def test_from_now_on_exactly_the_file_is_left_in_its_period(
    council_timetables, existing, file_rows
):
    builder = RotaBuilder(council_timetables)

    def hour(number):
        return NOW.replace(hour=0, day=24 + number // 24).replace(hour=number % 24)

    def apart(shifts):
        """Return those that overlap no earlier one of their person."""
        spans = {}
        for person_id, start, length in shifts:
            during = Span(hour(start), hour(start + length))
            if not any(during.overlaps(other) for other in spans.get(person_id, ())):
                spans.setdefault(person_id, []).append(during)
        return [(person_id, during) for person_id, own in spans.items() for during in own]

    for person_id, during in apart(existing):
        builder.add_shift(
            "night", person_id, *(f"{edge:%Y-%m-%dT%H:%M}" for edge in (during.start, during.end))
        )
    rows = [NewShift("night", person_id, during) for person_id, during in apart(file_rows)]
    difference = replace_period(builder.roster, rows, NOW)
    after = apply_difference(builder.roster, difference)

    start = max(NOW, min(entry.during.start for entry in rows))
    end = max(entry.during.end for entry in rows)
    wanted = {(one.person_id, max(one.during.start, start), one.during.end) for one in rows}
    if start < end:
        assert set(duties(after, "night", start, end)) == {one for one in wanted if one[2] > start}
    again = replace_period(after, rows, NOW)
    assert not again.new_shifts or again.cancelled_shift_ids == ()
