"""Counts of text messages by the hour, in either database."""

from datetime import timedelta

from routing.store import counters

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def increment(database, name, at):
    with database.writing() as connection:
        return counters.increment(connection, name, at)


def test_a_count_begins_again_with_every_hour(database, now):
    hour = now.replace(minute=0, second=0, microsecond=0)

    assert [increment(database, "texts_home", hour) for _ in range(3)] == [1, 2, 3]
    assert increment(database, "texts_home", hour + HOUR - SECOND) == 4
    assert increment(database, "texts_home", hour + HOUR) == 1
    assert increment(database, "texts_foreign", hour + HOUR + SECOND) == 1


def test_senders_of_earlier_hours_are_deleted_and_nothing_else(database, now):
    hour = now.replace(minute=0, second=0, microsecond=0)
    sender = f"{counters.SENDER_PREFIX}x"
    for name in (sender, "texts_home"):
        increment(database, name, hour)
        increment(database, name, hour + HOUR)
    with database.writing() as connection:
        counters.delete_old_senders(connection, hour + HOUR)

    assert increment(database, sender, hour) == 2  # counts from the hour on: that of the next one
    assert increment(database, sender, hour + HOUR) == 2
    assert increment(database, "texts_home", hour) == 3
