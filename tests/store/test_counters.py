"""Counters by the hour, in either database."""

from datetime import timedelta

import pytest

from routing.store import calls

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@pytest.fixture
def hour(now):
    return now.replace(minute=0, second=0, microsecond=0)


@pytest.fixture
def transact(database):
    """Call a function in a transaction of its own."""

    def transact(function, *arguments):
        with database.writing() as connection:
            return function(connection, *arguments)

    return transact


def test_a_counter_adds_up_by_the_hour(transact, now):
    transact(calls.increment, calls.SIGNATURE_REFUSED, now)
    transact(calls.increment, calls.SIGNATURE_REFUSED, now + 30 * SECOND, 4)
    transact(calls.increment, calls.SIGNATURE_REFUSED, now - 2 * HOUR)

    assert transact(calls.count_since, calls.SIGNATURE_REFUSED, now) == 5
    assert transact(calls.count_since, calls.SIGNATURE_REFUSED, now - 24 * HOUR) == 6
    assert transact(calls.count_since, calls.FAULTS, now) == 0


def test_the_hours_in_which_something_was_counted_are_listed(transact, hour):
    for at in (hour - HOUR, hour + SECOND, hour + 2 * HOUR):
        transact(calls.increment, calls.FAULTS, at)

    hours = transact(calls.hours_counted, calls.FAULTS, hour + 30 * SECOND)
    assert hours == [hour, hour + 2 * HOUR]


def test_an_incremented_counter_starts_again_every_hour(transact, hour):
    def increment(name, at):
        return transact(calls.increment, name, at)

    assert [increment("texts_home", hour) for _ in range(3)] == [1, 2, 3]
    assert increment("texts_home", hour + HOUR - SECOND) == 4
    assert increment("texts_home", hour + HOUR) == 1
    assert increment("texts_foreign", hour + HOUR + SECOND) == 1


def test_only_senders_of_earlier_hours_are_deleted(transact, hour):
    sender = f"{calls.SENDER_PREFIX}x"
    for name in (sender, "texts_home"):
        transact(calls.increment, name, hour)
        transact(calls.increment, name, hour + HOUR)
    transact(calls.delete_old_senders, hour + HOUR)

    assert transact(calls.hours_counted, sender, hour) == [hour + HOUR]
    assert transact(calls.hours_counted, "texts_home", hour) == [hour, hour + HOUR]


def test_checking_for_writes_leaves_nothing(transact, hour):
    transact(calls.check_write, hour)

    assert transact(calls.hours_counted, "attempt", hour) == []
