"""The call log: the same rows however often, and in whatever order, it is told."""

import threading
from datetime import timedelta
from itertools import permutations

import pytest
import sqlalchemy as sa

from routing.core.answer import Outcome
from routing.store import calls, tables
from routing.store.calls import CallStart, LegEnd, LegStart

SECOND = timedelta(seconds=1)
KEY = calls.call_key("CA1")


@pytest.fixture
def call(now):
    return CallStart("children", "eds", "out_of_hours", now)


@pytest.fixture
def note(database):
    """Do a thing in a transaction of its own."""

    def note(job, *arguments, **more):
        with database.writing() as connection:
            return job(connection, *arguments, **more)

    return note


@pytest.fixture
def rows(database):
    def rows():
        with database.reading() as connection:
            call_rows = connection.execute(tables.calls.select()).all()
            legs = connection.execute(tables.legs.select().order_by("position")).all()
        return [(row.line, row.reason, row.outcome, row.answered_by) for row in call_rows], [
            (leg.position, leg.line, leg.outcome, leg.ring_seconds, leg.talk_seconds)
            for leg in legs
        ]

    return rows


def test_a_call_begins_once(note, call, rows, now):
    first = note(calls.begin, KEY, call)
    later = CallStart("children", "mash", "in_hours", now + SECOND)

    assert first == call
    assert note(calls.begin, KEY, later) == call
    assert rows()[0] == [("eds", "out_of_hours", None, None)]


def history(call, now):
    """A call that the second line answers, as its steps are told."""
    return [
        (calls.begin, {"call": call}),
        (calls.step, {"call": call, "leg": LegStart(1, "eds", now)}),
        (
            calls.step,
            {
                "call": call,
                "ended": LegEnd(1, "eds", "busy", now + 2 * SECOND, None),
                "leg": LegStart(2, "mash", now + 2 * SECOND),
            },
        ),
        (
            calls.step,
            {
                "call": call,
                "ended": LegEnd(2, "mash", "answered", now + 72 * SECOND, 60),
                "outcome": Outcome.ANSWERED,
            },
        ),
        (calls.finish, {"at": now + 72 * SECOND}),
    ]


def test_a_call_is_one_row_with_each_legs_outcome_and_seconds(note, call, now, rows):
    for job, facts in history(call, now):
        note(job, key=KEY, **facts)

    assert rows() == (
        [("eds", "out_of_hours", "answered", "mash")],
        [(1, "eds", "busy", 2, None), (2, "mash", "answered", 10, 60)],
    )


def test_what_is_told_twice_changes_nothing(note, call, now, rows):
    for job, facts in history(call, now):
        note(job, key=KEY, **facts)
        note(job, key=KEY, **facts)

    assert rows()[0] == [("eds", "out_of_hours", "answered", "mash")]
    assert rows()[1] == [(1, "eds", "busy", 2, None), (2, "mash", "answered", 10, 60)]


def test_what_is_told_in_any_order_ends_the_same(database, note, call, now, rows):
    if not database.is_sqlite:
        orders = [history(call, now)[::-1]]
    else:
        orders = permutations(history(call, now))
    for order in orders:
        with database.writing() as connection:
            connection.execute(tables.legs.delete())
            connection.execute(tables.calls.delete())
            for job, facts in order:
                job(connection, key=KEY, **facts)
        call_rows, legs = rows()

        assert [(row[0], row[2], row[3]) for row in call_rows] == [("eds", "answered", "mash")]
        assert [leg[:3] for leg in legs] == [(1, "eds", "busy"), (2, "mash", "answered")]


def test_a_call_whose_end_nobody_told_is_unknown_until_somebody_does(note, call, now, rows):
    note(calls.begin, KEY, call)
    note(calls.finish, KEY, now + SECOND)
    assert rows()[0][0][2] == "unknown"
    ended = LegEnd(1, "eds", "abandoned", now + SECOND, None)
    note(calls.step, KEY, call, ended=ended, outcome=Outcome.ABANDONED)

    assert rows()[0][0][2] == "abandoned"


def test_the_end_of_a_call_that_was_never_noted_makes_no_row(note, now, rows):
    note(calls.finish, KEY, now)

    assert rows() == ([], [])


def test_a_pressed_key_belongs_to_one_leg_of_one_call(note, call, now):
    note(calls.accept, KEY, call, LegStart(2, "eds", now))

    assert note(calls.was_accepted, KEY, 2)
    assert not note(calls.was_accepted, KEY, 1)
    assert not note(calls.was_accepted, calls.call_key("CA2"), 2)


def test_two_that_begin_the_same_call_at_once_agree(database, call, now):
    lines, barrier = [], threading.Barrier(4)

    def begin(line):
        barrier.wait()
        own = database.with_own_connection(timeout=10)
        with own.writing(exclusive=False) as connection:
            lines.append(calls.begin(connection, KEY, CallStart("children", line, "", now)).line)
        own.close()

    threads = [threading.Thread(target=begin, args=[f"line-{n}"]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(lines)) == 1


def test_a_purge_takes_what_is_older_and_nothing_else(note, call, now, rows, database):
    for name, at in (("old", now - SECOND), ("new", now)):
        key = calls.call_key(name)
        begun = CallStart("children", name, "", at)
        note(calls.step, key, begun, leg=LegStart(1, name, at))
    note(calls.increment, calls.SIGNATURE_REFUSED, now - timedelta(hours=2))

    assert note(calls.purge, now, now, "terminal:0") == (1,)
    assert [row[0] for row in rows()[0]] == ["new"]
    assert [row[1] for row in rows()[1]] == ["new"]
    with database.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.counters)) == 0
