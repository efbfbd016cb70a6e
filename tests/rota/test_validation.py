"""A change of the rota before it is made: refused with the field to mend, or ready to be kept."""

from datetime import timedelta

import pytest
from rota.conftest import at, span

from routing.errors import InvalidRotaChange, UnknownShift
from routing.rota import validation
from routing.rota.validation import NewCover, NewShift

NOW = at("2026-11-23T12:00")
NIGHT = ("2026-11-23T17:00", "2026-11-24T08:30")


def refused(make, *given):
    with pytest.raises(InvalidRotaChange) as told:
        make(*given)
    return told.value.field


def test_a_shift_that_can_be_added_is_as_it_was_asked_for(rota):
    assert validation.shift(rota.roster, "night", 1, span(*NIGHT)) == NewShift(
        "night", 1, span(*NIGHT)
    )


@pytest.mark.parametrize(
    ("role", "edges", "field"),
    [
        ("nobody's", NIGHT, "role"),
        ("night", NIGHT[::-1], "ends"),
        ("night", (NIGHT[0], NIGHT[0]), "ends"),
        ("night", ("2026-11-23T17:00", "2026-11-30T17:01"), "ends"),
    ],
)
def test_a_shift_that_cannot_be_meant_is_refused(rota, role, edges, field):
    assert refused(validation.shift, rota.roster, role, 1, span(*edges)) == field


@pytest.mark.parametrize(
    ("start", "end", "meets"),
    [
        ("2026-11-23T16:00", "2026-11-23T17:00", False),
        ("2026-11-23T16:00", "2026-11-23T17:01", True),
        ("2026-11-24T08:29", "2026-11-24T10:00", True),
        ("2026-11-24T08:30", "2026-11-24T10:00", False),
    ],
)
def test_two_shifts_of_one_person_in_a_role_may_touch_and_never_overlap(rota, start, end, meets):
    rota.shift("night", 1, *NIGHT)
    assert validation.shift(rota.roster, "night", 2, span(start, end))
    assert validation.shift(rota.roster, "day", 1, span(start, end))
    if meets:
        assert refused(validation.shift, rota.roster, "night", 1, span(start, end)) == "person"
    else:
        assert validation.shift(rota.roster, "night", 1, span(start, end))


@pytest.mark.parametrize(
    ("worker", "edges", "note", "field"),
    [
        (2, ("2026-11-23T16:59", "2026-11-23T20:00"), "", "starts"),
        (2, ("2026-11-23T20:00", "2026-11-24T08:31"), "", "ends"),
        (2, ("2026-11-23T20:00", "2026-11-23T20:00"), "", "ends"),
        (1, ("2026-11-23T20:00", "2026-11-23T21:00"), "", "person"),
        (2, ("2026-11-23T20:00", "2026-11-23T21:00"), "x" * 301, "note"),
    ],
)
def test_a_cover_that_cannot_be_meant_is_refused(rota, worker, edges, note, field):
    shift = rota.shift("night", 1, *NIGHT)

    assert refused(validation.cover, rota.roster, shift, worker, span(*edges), note) == field


def test_a_cover_lies_within_its_shift_and_may_be_all_of_it(rota):
    shift = rota.shift("night", 1, *NIGHT)
    found = validation.cover(rota.roster, shift, None, span(*NIGHT), " Sick ")

    assert found == NewCover(shift, None, span(*NIGHT), "Sick")
    later = validation.apply_changes(rota.roster, [found])
    assert [x.worker for x in later.duties("night", *_edges(NIGHT))] == [None]


def test_a_cover_that_changes_nothing_is_refused(rota):
    shift = rota.shift("night", 1, *NIGHT)
    rota.cover(shift, None, *NIGHT)

    assert refused(validation.cover, rota.roster, shift, None, span(*NIGHT), "") == "person"


def test_a_cover_of_no_shift_is_refused(rota):
    with pytest.raises(UnknownShift):
        validation.cover(rota.roster, 9, 1, span(*NIGHT), "")


def test_two_people_swap_and_each_has_the_others_shift(rota):
    one = rota.shift("night", 1, *NIGHT)
    other = rota.shift("night", 2, "2026-11-24T17:00", "2026-11-25T08:30")
    found = validation.swap_shifts(rota.roster, one, other, NOW)
    later = validation.apply_changes(rota.roster, found)

    assert [each.worker for each in found] == [2, 1]
    assert later.on("night", at("2026-11-23T20:00")).workers == (2,)
    assert later.on("night", at("2026-11-24T20:00")).workers == (1,)


def test_of_a_shift_that_has_begun_what_is_left_is_swapped(rota):
    one = rota.shift("night", 1, *NIGHT)
    other = rota.shift("night", 2, "2026-11-24T17:00", "2026-11-25T08:30")
    now = at("2026-11-23T20:00")
    later = validation.apply_changes(
        rota.roster, validation.swap_shifts(rota.roster, one, other, now)
    )

    assert later.on("night", now - timedelta(seconds=1)).workers == (1,)
    assert later.on("night", now).workers == (2,)


def test_what_somebody_covers_is_swapped_as_theirs(rota):
    one = rota.shift("night", 1, *NIGHT)
    rota.cover(one, 3, *NIGHT)
    other = rota.shift("night", 2, "2026-11-24T17:00", "2026-11-25T08:30")

    assert [x.worker for x in validation.swap_shifts(rota.roster, one, other, NOW)] == [2, 3]


@pytest.mark.parametrize("why", ["roles", "over", "shared", "same"])
def test_a_swap_that_cannot_be_is_refused(rota, why):
    one = rota.shift("night", 1, *NIGHT)
    role = "day" if why == "roles" else "night"
    worker = 1 if why == "same" else 2
    other = rota.shift(role, worker, "2026-11-24T17:00", "2026-11-25T08:30")
    if why == "shared":
        rota.cover(other, 3, "2026-11-24T20:00", "2026-11-24T21:00")
    now = at("2026-11-24T08:30") if why == "over" else NOW

    assert refused(validation.swap_shifts, rota.roster, one, other, now) == "other"


def test_whoever_leaves_leaves_gaps_in_what_is_theirs_and_in_nothing_else(rota):
    mine = rota.shift("night", 1, *NIGHT)
    rota.cover(mine, 2, "2026-11-23T20:00", "2026-11-23T21:00")
    other = rota.shift("night", 2, "2026-11-24T17:00", "2026-11-25T08:30")
    rota.cover(other, 1, "2026-11-24T20:00", "2026-11-24T21:00")
    now = at("2026-11-23T18:00")
    found = validation.release_shifts(rota.roster, 1, now)
    later = validation.apply_changes(rota.roster, found)

    assert [(x.worker, f"{x.during.start:%d %H}") for x in later.duties("night", *_edges(NIGHT))][
        :1
    ] == [(1, "23 17")]
    assert later.on("night", now).workers == ()
    assert later.on("night", at("2026-11-23T20:30")).workers == (2,)
    assert later.on("night", at("2026-11-24T20:30")).workers == ()
    assert later.on("night", at("2026-11-24T18:00")).workers == (2,)


def test_a_shift_at_a_time_when_nobody_is_needed_is_pointed_out(rota):
    needless = NewShift("night", 1, span("2026-11-23T09:00", "2026-11-23T16:00"))
    needed = NewShift("night", 1, span(*NIGHT))

    assert validation.unneeded_shifts(rota.roster, [needless, needed]) == [needless]


def test_a_rota_as_it_would_be_has_what_was_added(rota):
    later = validation.apply_changes(rota.roster, [NewShift("night", 1, span(*NIGHT))])

    assert later.on("night", at("2026-11-23T20:00")).workers == (1,)
    assert rota.roster.on("night", at("2026-11-23T20:00")).workers == ()


def _edges(texts):
    return tuple(map(at, texts))
