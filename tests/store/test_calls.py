"""The call log: the same rows however often, and in whatever order, it is told; and counters."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import permutations

import pytest
import sqlalchemy as sa

from routing.core.decision import Outcome
from routing.store import calls, tables
from routing.store.calls import FAULTS, SIGNATURE_REFUSED, CallStart, LegEnd, LegStart

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
KEY = calls.call_key("CA1")


@pytest.fixture
def call(now):
    return CallStart("children", "eds", "out_of_hours", now)


@pytest.fixture
def hour(now):
    return now.replace(minute=0, second=0, microsecond=0)


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


def test_a_call_begins_once(write, call, rows, now):
    later = CallStart("children", "mash", "in_hours", now + SECOND)

    assert write(calls.begin, KEY, call, LegStart(1, "eds", now)) == call
    assert write(calls.begin, KEY, later, LegStart(1, "mash", later.at)) == call
    assert rows() == (
        [("eds", "out_of_hours", None, None)],
        [(1, "eds", None, None, None)],
    )


def history(call, now):
    """A call that the second line answers, as its steps are told."""
    busy = LegEnd(1, "eds", "busy", now + 2 * SECOND, None)
    answered = LegEnd(2, "mash", "answered", now + 72 * SECOND, 60)
    return [
        (calls.begin, {"call": call}),
        (calls.step, {"call": call, "leg": LegStart(1, "eds", now)}),
        (calls.step, {"call": call, "ended": busy, "leg": LegStart(2, "mash", busy.at)}),
        (calls.step, {"call": call, "ended": answered, "outcome": Outcome.ANSWERED}),
        (calls.step, {"call": call, "outcome": Outcome.ABANDONED}),
    ]


def test_what_is_told_in_any_order_and_twice_ends_the_same(database, call, now, rows):
    in_order = history(call, now)
    orders = permutations(in_order) if database.file else [in_order, in_order[::-1]]
    for order in orders:
        with database.writing() as connection:
            connection.execute(tables.legs.delete())
            connection.execute(tables.calls.delete())
            for job, facts in (*order, *order[:2]):
                job(connection, key=KEY, **facts)
        call_rows, legs = rows()

        assert [(row[0], row[2], row[3]) for row in call_rows] == [("eds", "answered", "mash")]
        assert [leg[:3] for leg in legs] == [(1, "eds", "busy"), (2, "mash", "answered")]
        if list(order) == in_order:
            assert [leg[3:] for leg in legs] == [(2, None), (10, 60)]


def test_a_pressed_key_belongs_to_one_leg_of_one_call(write, call, now):
    write(calls.begin, KEY, call, LegStart(1, "mash", now))
    write(calls.accept, KEY, call, LegStart(2, "eds", now))

    assert write(calls.was_accepted, KEY, 2)
    assert not write(calls.was_accepted, KEY, 1)
    assert not write(calls.was_accepted, calls.call_key("CA2"), 2)


def test_those_that_begin_the_same_call_at_once_agree(database, call, now):
    barrier = threading.Barrier(4)

    def begin(line):
        barrier.wait()
        own = database.with_own_connection(timeout=10)
        with own.writing(exclusive=False) as connection:
            first = calls.begin(connection, KEY, CallStart("children", line, "", now))
        own.close()
        return first.line

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(begin, ["a", "b", "c", "d"]))) == 1


def test_a_purge_takes_what_is_older_and_nothing_else(write, now, rows, read):
    for name, at in (("old", now - SECOND), ("new", now)):
        begun = CallStart("children", name, "", at)
        write(calls.step, calls.call_key(name), begun, leg=LegStart(1, name, at))
    write(calls.increment, SIGNATURE_REFUSED, now - 2 * HOUR)

    assert write(calls.purge, now, now, "terminal:0") == (1,)
    assert [row[0] for row in rows()[0]] == ["new"]
    assert [row[1] for row in rows()[1]] == ["new"]
    assert read(sa.Connection.scalar, sa.select(sa.func.count()).select_from(tables.counters)) == 0


def test_a_counter_starts_again_every_hour_adds_up_and_its_hours_are_listed(write, read, hour):
    ats = (hour - HOUR, hour, hour + HOUR - SECOND, hour + 2 * HOUR)

    assert [write(calls.increment, FAULTS, at) for at in ats] == [1, 1, 2, 1]
    assert write(calls.increment, FAULTS, hour, 4) == 6
    assert read(calls.hours_counted, FAULTS, hour + 30 * SECOND) == [hour, hour + 2 * HOUR]
    assert read(calls.count_since, FAULTS, hour + 30 * SECOND) == 7
    assert read(calls.count_since, SIGNATURE_REFUSED, hour) == 0


def test_only_senders_of_earlier_hours_are_deleted(write, read, hour):
    sender = f"{calls.SENDER_PREFIX}x"
    for name in (sender, "texts_home"):
        write(calls.increment, name, hour)
        write(calls.increment, name, hour + HOUR)
    write(calls.delete_old_senders, hour + HOUR)

    assert read(calls.hours_counted, sender, hour) == [hour + HOUR]
    assert read(calls.hours_counted, "texts_home", hour) == [hour, hour + HOUR]


def test_checking_for_writes_leaves_nothing(write, read, hour):
    write(calls.check_write, hour)

    assert read(calls.hours_counted, "attempt", hour) == []
