"""The queue of alerts: each once for each recipient, and none again that still stands."""

from datetime import timedelta

import pytest

from routing.conditions import Condition
from routing.store import alerts
from routing.store.retention import RULES

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


def test_a_kind_that_only_a_newer_version_knows_waits_for_that_version(write, send, now):
    write(alerts.enqueue, ["a"], [Condition("of_tomorrow", "x", alert_key="1")], now)

    assert send() == []


def test_what_is_due_for_long_is_queued_once_for_each(look, send):
    look("x", "y", "x", to=("a", "b"))
    look("x", "y", to=("a", "b"))
    assert send() == ["Nobody: x.", "Nobody: y."]
    look("x", "y", to=("a", "b"))

    assert send() == []
    assert send("b") == ["Nobody: x.", "Nobody: y."]


def test_what_still_stands_is_kept_and_not_sent_again(look, send, write, read, now):
    look("over", "stands")
    send()
    write(alerts.enqueue, ["a"], gaps("stands"), now + SECOND)
    (rule,) = (rule for rule in RULES if rule.what == "alerts")
    write(rule.purge, now + SECOND, now, "terminal:0")

    assert [row.text for row in read(alerts.newest, 9)] == ["Nobody: stands."]
    assert send() == []
