"""How long a cache before the service may give an answer, in nginx's own words."""

import math
import time
from datetime import UTC, datetime, timedelta

import pytest

DECISION = "/api/v1/services/children/decision"
HANDOVER = datetime(2026, 11, 23, 17, tzinfo=UTC)


def ends(client, path=DECISION):
    """Ask; return the last second in which the answer may be given, and between what it lies.

    The service's clock stands where the test put it; the machine's, by which nginx ends, runs.
    """
    before = time.time()
    said = client.get(path).headers["X-Accel-Expires"]
    return int(said.removeprefix("@")), before, time.time()


@pytest.mark.parametrize(("left", "given"), [(3600, 9), (10, 9), (9, 9), (8.9, 8), (3, 3), (2, 2)])
def test_the_last_second_is_over_before_the_handover_and_nine_after_the_answer(
    client, clock, left, given
):
    clock.at = HANDOVER - timedelta(seconds=left)
    last, before, after = ends(client)

    assert math.floor(before + given) - 1 <= last <= math.floor(after + given) - 1
    assert last + 1 <= after + left


@pytest.mark.parametrize("left", [0.999, 0.5, 0.000001])
def test_an_answer_that_ends_within_a_second_is_not_to_be_kept(client, clock, left):
    clock.at = HANDOVER - timedelta(seconds=left)

    assert client.get(DECISION).headers["X-Accel-Expires"] == "0"


def test_what_an_answer_took_to_make_is_no_time_to_give_it(make_app, clock):
    class Slow:
        """A clock that has gone on three seconds at every look."""

        def __call__(self):
            clock.at += timedelta(seconds=3)
            return clock.at

    last, _, after = ends(make_app(CLOCK=Slow()).test_client())

    assert last + 1 <= after + 9 - 3


@pytest.mark.parametrize("at", ["2000-01-01T00:00:00Z", "2099-12-31T00:00:00Z"])
def test_an_answer_about_another_time_is_given_no_longer_than_one_about_now(client, at):
    last, before, after = ends(client, f"{DECISION}?at={at}")

    assert before + 8 - 1 < last + 1 <= after + 9
