"""2,000 requests that Twilio would never send: no fault of ours shows, and nobody is left alone."""

import random

import malformed
import pytest
from telephony.conftest import NUMBERS


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_sent_has_a_way_on_or_is_refused(app, seed):
    draw, client = random.Random(f"malformed {seed}"), app.test_client()
    problems = [fault for _ in range(500) for fault in malformed.faults(client, draw, NUMBERS)]

    assert problems == []
