"""The queue of alerts: each told once to each, none lost, whoever fails and whenever."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from routing.store import alerts
from routing.store.alerts import DIGEST_WINDOW, LEASE, RETRY_PAUSE, Alert

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def alert(key):
    return Alert(key, "rota_gap", f"A gap: {key}", f"Nobody: {key}.")


@pytest.fixture
def look(write, now):
    def look(*keys, to=("a",), at=now):
        return write(alerts.enqueue, to, [alert(key) for key in keys], at, at)

    return look


@pytest.fixture
def claimed(write):
    def claimed(at, to="a"):
        return [claim.alert.key for claim in write(alerts.lease, to, at)]

    return claimed


@pytest.fixture
def send(write):
    """Claim what waits, and note that it was sent, or the fault."""

    def send(at, to="a", fault=None):
        claims = write(alerts.lease, to, at)
        if claims:
            write(alerts.finish, to, [claim.id for claim in claims], at, fault)
        return [claim.alert.key for claim in claims]

    return send


def test_what_is_due_for_long_is_queued_once_for_each(look, send, now):
    look("x", "y", "x", to=("a", "b"))
    look("x", "y", to=("a", "b"), at=now + MINUTE)
    assert send(now) == ["x", "y"]
    look("x", "y", to=("a", "b"), at=now + MINUTE)
    assert send(now + DIGEST_WINDOW) == []
    assert send(now, to="b") == ["x", "y"]


def test_what_happens_within_ten_minutes_of_a_message_goes_together_in_the_next(look, send, now):
    look("first")
    send(now)
    look(*(f"call {number}" for number in range(100)), at=now + MINUTE)

    assert send(now + DIGEST_WINDOW - SECOND) == []
    assert len(send(now + DIGEST_WINDOW)) == 100


def test_what_fails_is_tried_again_every_five_minutes_and_keeps_it_from_nobody_else(
    look, send, read, now
):
    look("x", to=("a", "b"))
    assert send(now, fault="down") == ["x"]
    assert send(now, to="b") == ["x"]
    assert send(now + RETRY_PAUSE - SECOND) == []
    assert send(now + RETRY_PAUSE, fault="still down") == ["x"]
    failing = read(alerts.delivery_states, ["a", "nobody"])["a"]
    assert send(now + 2 * RETRY_PAUSE) == ["x"]
    well = read(alerts.delivery_states, ["a"])["a"]

    assert (failing.waiting, failing.failing_since, failing.fault) == (1, now, "still down")
    assert (well.waiting, well.failing_since, well.fault) == (0, None, None)


def test_what_a_killed_sender_had_in_hand_is_sent_by_the_next_after_the_lease(look, claimed, now):
    look("x")

    assert claimed(now) == ["x"]
    assert claimed(now + LEASE - SECOND) == []
    assert claimed(now + LEASE) == ["x"]


def test_a_clock_that_was_far_ahead_and_is_put_back_silences_nobody(look, send, claimed, now):
    look("x")
    send(now + timedelta(days=365), fault="down")

    assert claimed(now) == ["x"]


def test_of_many_senders_at_once_one_has_it(database, look):
    look("x")
    barrier = threading.Barrier(4)

    def take(_):
        own = database.with_own_connection(timeout=10)
        barrier.wait(20)
        with own.writing() as connection:
            leased = alerts.lease(connection, "a", alerts.database_time(connection))
        own.close()
        return len(leased)

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(take, range(4))) == [0, 0, 0, 1]


def test_old_ones_are_forgotten_but_for_what_waits_or_still_stands(look, send, write, read, now):
    look("sent", "stands")
    send(now)
    look("waits")
    look("nobody's", to=("gone",))
    write(alerts.purge, ["a"], [], now)
    assert len(read(alerts.newest, 9)) == 4  # noticed at that instant, not before it
    write(alerts.purge, ["a"], ["stands"], now + SECOND)

    assert [row.alert.key for row in read(alerts.newest, 9)] == ["waits", "stands"]


def test_the_queues_own_clock_is_no_rehearsals(read):
    one, other = read(alerts.database_time), read(alerts.database_time)

    assert timedelta(0) <= other - one < MINUTE
    assert one.utcoffset() == timedelta(0)
