"""500 requests that Twilio would never send: no fault of ours shows, and nobody is left alone.

bin/prove sends 20,000.
"""

import random

import malformed
from telephony.conftest import NUMBERS


def test_whatever_is_sent_has_a_way_on_or_is_refused(app):
    draw, client = random.Random("malformed"), app.test_client()
    problems = [fault for _ in range(500) for fault in malformed.faults(client, draw, NUMBERS)]

    assert problems == []
