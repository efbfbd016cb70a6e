"""How long nginx may use an answer: never past a handover, nine seconds at most."""

import math
import time
from datetime import UTC, datetime, timedelta

import pytest

DECISION = "/api/v1/services/children/decision"
HANDOVER = datetime(2026, 11, 23, 17, tzinfo=UTC)


def request_expiry(client, path=DECISION):
    """Return the last second in which nginx may use an answer, and the time before and after.

    The service's clock stands where the test put it; the machine's, which nginx reads, runs.
    """
    before = time.time()
    expiry = client.get(path).headers["X-Accel-Expires"]
    return int(expiry.removeprefix("@")), before, time.time()


def test_nginx_uses_an_answer_for_nine_seconds_and_never_past_the_handover(client, clock):
    for seconds_left, lifetime in ((3600, 9), (10, 9), (9, 9), (8.9, 8), (3, 3), (2, 2)):
        clock.at = HANDOVER - timedelta(seconds=seconds_left)
        last, before, after = request_expiry(client)
        assert math.floor(before + lifetime) - 1 <= last <= math.floor(after + lifetime) - 1
        assert last + 1 <= after + seconds_left
    for seconds_left in (0.999, 0.5, 0.000001):
        clock.at = HANDOVER - timedelta(seconds=seconds_left)
        assert client.get(DECISION).headers["X-Accel-Expires"] == "0"


def test_the_time_that_an_answer_took_to_make_counts_against_its_lifetime(make_app, clock):
    class Slow:
        """A clock that moves on by three seconds whenever it is read."""

        def __call__(self):
            clock.at += timedelta(seconds=3)
            return clock.at

    last, _, after = request_expiry(make_app(CLOCK=Slow()).test_client())

    assert last + 1 <= after + 9 - 3


@pytest.mark.parametrize(
    ("at", "seconds"), [("2099-12-31T00:00:00Z", 9), ("2000-01-01T00:00:00Z", 0)]
)
def test_an_answer_about_another_time_is_used_no_longer_than_one_about_now(client, at, seconds):
    last, _, after = request_expiry(client, f"{DECISION}?at={at}")

    assert last + 1 <= after + seconds
