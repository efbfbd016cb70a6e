"""The call log: the same rows however often, and in whatever order, it is told; and counters."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
import sqlalchemy as sa

from routing.core.decision import Outcome
from routing.store import calls, tables
from routing.store.calls import FAULTS, SIGNATURE_REFUSED, Call, Leg

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
KEY = calls.call_key("CA1")


@pytest.fixture
def call(now):
    return Call("children", "eds", "out_of_hours", now)


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
    begun = replace(call, legs=(Leg(1, "eds", now),))
    leg = Leg(1, "mash", now + SECOND)
    later = Call("children", "mash", "in_hours", leg.rung_at, legs=(leg,))

    assert write(calls.begin, KEY, begun) == call
    assert write(calls.begin, KEY, later) == call
    assert rows() == (
        [("eds", "out_of_hours", None, None)],
        [(1, "eds", None, None, None)],
    )


def history(call, now):
    """A call that the second line answers, as its steps are told."""
    first, second = Leg(1, "eds", now), Leg(2, "mash", now + 2 * SECOND)
    busy = replace(first, outcome="busy", ring_seconds=2)
    answered = replace(second, outcome="answered", ring_seconds=10, talk_seconds=60)
    over = {"outcome": Outcome.ANSWERED, "answered_by": "mash"}
    return [
        replace(call, legs=(first,)),
        replace(call, legs=(busy, second)),
        replace(call, legs=(answered,), ended_at=now + 72 * SECOND, **over),
        replace(call, legs=(replace(answered, outcome="abandoned", talk_seconds=None),)),
        replace(call, ended_at=now + 80 * SECOND, outcome=Outcome.ABANDONED),
    ]


def test_what_is_told_in_any_order_and_twice_ends_the_same(database, call, now, rows):
    in_order = history(call, now)
    orders = permutations(in_order) if database.file else [in_order, in_order[::-1]]
    for order in orders:
        with database.writing() as connection:
            connection.execute(tables.legs.delete())
            connection.execute(tables.calls.delete())
            for told in (*order, *order[:2]):
                calls.write(connection, KEY, told)
        call_rows, legs = rows()
        is_told_first = order.index(in_order[2]) < order.index(in_order[3])
        second = ("answered", 10, 60) if is_told_first else ("abandoned", 10, None)

        assert call_rows == [("eds", "out_of_hours", "answered", "mash")]
        assert legs == [(1, "eds", "busy", 2, None), (2, "mash", *second)]


def test_a_pressed_key_belongs_to_one_leg_of_one_call(write, call, now):
    write(calls.begin, KEY, replace(call, legs=(Leg(1, "mash", now),)))
    for accepted_at in (now, None):
        write(calls.write, KEY, replace(call, legs=(Leg(2, "eds", now, accepted_at),)))

    assert write(calls.was_accepted, KEY, 2)
    assert not write(calls.was_accepted, KEY, 1)
    assert not write(calls.was_accepted, calls.call_key("CA2"), 2)


def test_those_that_begin_the_same_call_at_once_agree(database, call, now):
    barrier = threading.Barrier(4)

    def begin(line):
        barrier.wait()
        own = database.with_own_connection(timeout=10)
        with own.writing(exclusive=False) as connection:
            first = calls.begin(connection, KEY, Call("children", line, "", now))
        own.close()
        return first.line

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(begin, ["a", "b", "c", "d"]))) == 1


def test_a_purge_takes_what_is_older_and_nothing_else(write, now, rows, read):
    for name, at in (("old", now - SECOND), ("new", now)):
        begun = Call("children", name, "", at, legs=(Leg(1, name, at),))
        write(calls.write, calls.call_key(name), begun)
    write(calls.increment, SIGNATURE_REFUSED, now - 2 * HOUR)

    assert write(calls.purge, now, now, "terminal:0") == (1,)
    assert [row[0] for row in rows()[0]] == ["new"]
    assert [row[1] for row in rows()[1]] == ["new"]
    assert read(sa.Connection.scalar, sa.select(sa.func.count()).select_from(tables.counters)) == 0


def test_a_counter_starts_again_every_hour_adds_up_and_its_hours_are_listed(write, read, hour):
    ats = (hour - HOUR, hour, hour + HOUR - SECOND, hour + 2 * HOUR)

    assert [write(calls.increment, FAULTS, at) for at in ats] == [1, 1, 2, 1]
    assert write(calls.increment, FAULTS, hour, 4) == 6
    assert read(calls.counted, FAULTS, hour + 30 * SECOND) == {hour: 6, hour + 2 * HOUR: 1}
    assert read(calls.counted, SIGNATURE_REFUSED, hour) == {}


def test_only_senders_of_earlier_hours_are_deleted(write, read, hour):
    sender = f"{calls.SENDER_PREFIX}x"
    for name in (sender, "texts_home"):
        write(calls.increment, name, hour)
        write(calls.increment, name, hour + HOUR)
    write(calls.delete_old_senders, hour + HOUR)

    assert read(calls.counted, sender, hour) == {hour + HOUR: 1}
    assert read(calls.counted, "texts_home", hour) == {hour: 1, hour + HOUR: 1}


def test_checking_for_writes_leaves_nothing(write, read, hour):
    write(calls.check_write, hour)

    assert read(calls.counted, "attempt", hour) == {}
