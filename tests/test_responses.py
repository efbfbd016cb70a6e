"""How long nginx may use an answer: never past a handover, nine seconds at most."""

import math
import time
from datetime import UTC, datetime, timedelta

import pytest

DECISION = "/api/v1/services/children/decision"
HANDOVER = datetime(2026, 11, 23, 17, tzinfo=UTC)


def last_second(client, query=""):
    """Return the last second in which nginx may use an answer, by the machine's clock."""
    return int(client.get(f"{DECISION}{query}").headers["X-Accel-Expires"].removeprefix("@"))


@pytest.mark.parametrize(
    ("seconds_left", "lifetime"), [(3600, 9), (10, 9), (9, 9), (8.9, 8), (3, 3), (2, 2)]
)
def test_nginx_uses_an_answer_for_nine_seconds_and_never_past_the_handover(
    client, clock, seconds_left, lifetime
):
    clock.at = HANDOVER - timedelta(seconds=seconds_left)
    before = time.time()
    last = last_second(client)
    after = time.time()

    assert math.floor(before + lifetime) - 1 <= last <= math.floor(after + lifetime) - 1
    assert last + 1 <= after + seconds_left


@pytest.mark.parametrize("seconds_left", [0.999, 0.5, 0.000001])
def test_nginx_uses_no_answer_in_the_second_of_the_handover(client, clock, seconds_left):
    clock.at = HANDOVER - timedelta(seconds=seconds_left)

    assert last_second(client) == 0


def test_the_time_that_an_answer_took_to_make_counts_against_its_lifetime(make_app, clock):
    def slow_clock():
        clock.at += timedelta(seconds=3)
        return clock.at

    assert last_second(make_app(CLOCK=slow_clock).test_client()) + 1 <= time.time() + 9 - 3


@pytest.mark.parametrize(
    ("at", "seconds"), [("2099-12-31T00:00:00Z", 9), ("2000-01-01T00:00:00Z", 0)]
)
def test_an_answer_about_another_time_is_used_no_longer_than_one_about_now(client, at, seconds):
    assert last_second(client, f"?at={at}") + 1 <= time.time() + seconds
