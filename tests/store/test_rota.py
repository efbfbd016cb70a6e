"""Shifts, covers, undo: the database's own rules, on both databases; the past stays as it was."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from routing.core.instants import Span
from routing.errors import ConstraintViolation, UnknownShift
from routing.rota.roster import NewCover, NewShift
from routing.store import audit_log, rota, rota_people

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def people(write, now):
    for name in ("Amara Owusu", "Siân O'Brien"):
        write(rota_people.add, name, None, now, "account:1")


@pytest.fixture
def add(write, now, people):
    def add(*added, at=now, kind="added"):
        return write(rota.add, kind, added, at, "account:1")

    return add


@pytest.fixture
def held(read, now):
    """Return what counts: (id, hours from now) of every shift, or of every cover."""

    def held(what=0):
        rows = read(rota.read, now - 99 * HOUR, now + 99 * HOUR)[what]
        return [
            (row.id, (row.during.start - now) / HOUR, (row.during.end - now) / HOUR) for row in rows
        ]

    return held


@pytest.fixture
def undo(write, now):
    return lambda change, at=now: write(rota.undo, change.id, at, "account:1")


def test_a_shift_of_169_hours_is_read_in_its_first_minute(add, read, now):
    add(shift(now, 0, 169))

    assert len(read(rota.read, now, now + MINUTE)[0]) == 1


def shift(now, start=1.0, end=9.0, worker=1, role="eds-social-worker"):
    return NewShift(role, worker, Span(now + start * HOUR, now + end * HOUR))


def cover(now, start, end, worker=2, of=1):
    return NewCover(of, worker, Span(now + start * HOUR, now + end * HOUR), "Sick")


def test_a_shift_comes_back_as_it_was_added_with_a_record(read, add, now, held):
    change = add(shift(now))

    assert held() == [(1, 1, 9)]
    assert read(rota.get_change, change.id).kind == "added"
    (entry,) = read(audit_log.newest, 1)
    assert (entry.action, entry.entity) == ("rota.added", "rota:1")
    assert entry.after == {
        "role": "eds-social-worker",
        "person": "rota_person:1",
        "from": (now + HOUR).isoformat(),
        "to": (now + 9 * HOUR).isoformat(),
    }


@pytest.mark.parametrize(
    ("start", "end", "forbidden"),
    [(0, 1, False), (0, 1.01, True), (3, 4, True), (0, 10, True), (8.99, 10, True), (9, 10, False)],
)
def test_the_database_refuses_two_shifts_of_one_person_in_a_role_at_once(
    add, now, held, start, end, forbidden
):
    add(shift(now))
    add(shift(now, worker=2))
    add(shift(now, role="mash-social-worker"))
    if forbidden:
        with pytest.raises(ConstraintViolation, match="shifts_no_overlap"):
            add(shift(now, start, end))
        assert len(held()) == 3
    else:
        add(shift(now, start, end))
        assert len(held()) == 4


def test_two_who_add_the_same_at_once_add_it_once(add, now, held):
    def is_refused(_):
        try:
            return not add(shift(now))
        except ConstraintViolation:
            return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(is_refused, range(2))) == [False, True]
    assert len(held()) == 1


def test_of_several_shifts_all_are_added_or_none(add, now, held):
    with pytest.raises(ConstraintViolation):
        add(shift(now, 20, 21), shift(now, 30, 31), shift(now, 30.5, 32))

    assert held() == []


def test_no_shift_or_cover_may_end_before_it_starts(add, now):
    for wrong in (shift(now, 2, 2), shift(now, 2, 1)):
        with pytest.raises(ConstraintViolation, match="ends_after_it_starts"):
            add(wrong)
    add(shift(now))
    with pytest.raises(ConstraintViolation, match="ends_after_it_starts"):
        add(cover(now, 3, 2))


@pytest.mark.parametrize("table", ["rota_people", "rota_changes", "shifts", "covers"])
def test_nothing_of_the_rota_is_ever_deleted(write, add, now, table):
    add(shift(now))
    add(cover(now, 2, 3))
    with pytest.raises(ConstraintViolation, match="never deleted"):
        write(sa.Connection.execute, sa.text(f"DELETE FROM {table}"))


def test_what_is_undone_is_gone_and_can_be_done_again(add, undo, now, held):
    batch = add(shift(now), shift(now, 20, 30), kind="filled")
    gone = undo(batch)
    assert held() == []

    undo(gone)
    assert held() == [(1, 1, 9), (2, 20, 30)]


def test_what_an_undone_change_had_added_does_not_come_back_with_a_later_undo(
    write, add, undo, now, held
):
    batch = add(shift(now), shift(now, 20, 30), kind="imported")
    removal = write(rota.cancel, now, "account:1", shift=1)
    gone = undo(batch)
    undo(removal)
    assert held() == []

    undo(gone)
    assert held() == [(1, 1, 9), (2, 20, 30)]


def test_an_undo_and_its_own_undo_say_what_they_leave(write, undo, now, people):
    change = write(rota.add, "filled", [shift(now)], now, "account:1", summary="Filled May")
    summaries = [(change := undo(change)).summary for _ in range(3)]

    assert summaries == ["Undone: Filled May", "Filled May", "Undone: Filled May"]


def test_undoing_twice_is_refused(add, undo, now):
    batch = add(shift(now))
    undo(batch)

    with pytest.raises(UnknownShift):
        undo(batch)


def test_undoing_is_refused_where_something_new_is_in_the_way(add, undo, now, held):
    gone = undo(add(shift(now)))
    add(shift(now, 3, 4))

    with pytest.raises(ConstraintViolation):
        undo(gone)
    assert held() == [(2, 3, 4)]


@pytest.mark.parametrize(
    ("after", "left"),
    [(-HOUR, []), (4 * MINUTE, []), (5 * MINUTE, [(1, 60, 65)]), (20 * HOUR, [(1, 60, 540)])],
)
def test_what_somebody_did_until_their_shift_was_taken_away_stays(
    write, add, now, held, after, left
):
    add(shift(now), at=now - HOUR)
    write(rota.cancel, now + HOUR + after, "account:1", shift=1)

    assert [(n, round(start * 60), round(end * 60)) for n, start, end in held()] == left


def test_a_shift_entered_after_it_was_over_can_be_taken_back_whole(add, undo, now, held):
    batch = add(shift(now, -9, -1))
    assert held() == [(1, -9, -1)]

    undo(batch, at=now + HOUR)
    assert held() == []


def test_taking_a_cover_away_uncovers_what_lay_below(write, add, now, held):
    add(shift(now))
    add(cover(now, 2, 6))
    add(cover(now, 3, 4, worker=None))
    write(rota.cancel, now, "account:1", cover=2)

    assert held(1) == [(1, 2, 6)]


def test_what_there_is_not_cannot_be_taken_away_or_read(write, read, now):
    for unknown in ({"shift": 9}, {"cover": 9}):
        with pytest.raises(UnknownShift):
            write(rota.cancel, now, "account:1", **unknown)
    for get in (rota.get, rota.get_change):
        with pytest.raises(UnknownShift):
            read(get, 9)


def test_every_change_of_a_shift_or_its_covers_counts_for_calendars(read, add, undo, now):
    def sequence():
        row = read(rota.get, 1)
        return row.sequence, row.changed_at

    add(shift(now))
    assert sequence() == (0, now)
    change = add(cover(now, 2, 3), at=now + MINUTE)
    assert sequence() == (1, now + MINUTE)
    undo(change, at=now + 2 * MINUTE)
    assert sequence() == (2, now + 2 * MINUTE)


def test_the_latest_changes_come_first_and_say_whether_they_were_undone(read, add, undo, now):
    undo(add(shift(now)))

    assert [
        (change.id, change.kind, change.undone_by_change_id)
        for change in read(rota.newest_changes, 5)
    ] == [(2, "undone", None), (1, "added", 2)]
