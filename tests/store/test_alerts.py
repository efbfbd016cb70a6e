"""The queue of alerts: each once for each recipient, and none lost that waits or still stands."""

from datetime import timedelta

import pytest

from routing.conditions import Condition
from routing.store import alerts

SECOND = timedelta(seconds=1)


def gaps(*keys):
    return [Condition("rota_gap", f"Nobody: {key}.", alert_key=key) for key in keys]


@pytest.fixture
def look(write, now):
    def look(*keys, to=("a",)):
        write(alerts.enqueue, to, gaps(*keys), now)

    return look


@pytest.fixture
def send(write, now):
    """Note what waits for somebody as sent; return its keys."""

    def send(to="a"):
        queued = write(alerts.unsent, to)
        write(alerts.mark_sent, [item.id for item in queued], now)
        return [item.text for item in queued]

    return send


def test_what_is_due_for_long_is_queued_once_for_each(look, send):
    look("x", "y", "x", to=("a", "b"))
    look("x", "y", to=("a", "b"))
    assert send() == ["Nobody: x.", "Nobody: y."]
    look("x", "y", to=("a", "b"))

    assert send() == []
    assert send("b") == ["Nobody: x.", "Nobody: y."]


def test_old_ones_are_forgotten_but_for_what_waits_or_still_stands(look, send, write, read, now):
    look("sent", "stands")
    send()
    look("waits")
    look("nobody's", to=("gone",))
    write(alerts.purge, ["a"], [], now)
    assert len(read(alerts.newest, 9)) == 4  # noticed at that instant, not before it
    write(alerts.purge, ["a"], gaps("stands"), now + SECOND)

    assert [row.text for row in read(alerts.newest, 9)] == ["Nobody: waits.", "Nobody: stands."]


def test_the_queues_own_clock_is_no_rehearsals(read):
    one, other = read(alerts.database_time), read(alerts.database_time)

    assert timedelta(0) <= other - one < timedelta(minutes=1)
    assert one.utcoffset() == timedelta(0)
