"""The telephone's part of bin/prove: calls and malformed requests by the thousand."""

import logging
import random
import tempfile
from itertools import count
from pathlib import Path

import histories
import malformed
from conftest import ANYSHIRE, Clock
from serving import OPEN, places, prepare

from routing import create_app, lookup


def services(folder, clock):
    """Return a function that makes a service that Twilio may ask, with a database of its own."""
    numbers = count()

    def make(directory):
        instance = Path(folder, str(next(numbers)))
        prepare(instance)
        settings = {"DIRECTORY": str(directory), "CLOCK": clock}
        app = create_app(OPEN | places(instance) | settings)
        with app.app_context():
            lookup.read_diverts(max_age=0, timeout=10)
            app.extensions["call_log"].write(lambda connection: None, timeout=10)
        return app

    return make


def prove_calls(directories=120, calls=40, requests=20_000):
    """Prove the telephone: play call histories, and send what Twilio never would."""
    documents = wrong = ringing = duration = 0
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        make = services(folder, clock)
        for seed in range(directories):
            draw = random.Random(f"proof {seed}")
            try:
                given, played, _ = histories.play(make, clock, folder, draw, calls)
                documents += given
                ringing = max(ringing, *(history.longest_ringing for history in played))
                duration = max(duration, *(history.duration for history in played))
            except AssertionError as error:
                print("history", seed, error)
                wrong += 1
        draw, client = random.Random("proof"), make(ANYSHIRE).test_client()
        numbers = {f"+44163296000{n}" for n in (1, 2, 3, 9)} | {"+447700900001"}
        faults = [
            fault for _ in range(requests) for fault in malformed.faults(client, draw, numbers)
        ]
        for fault in faults[:5]:
            print(fault)
    logging.disable(logging.NOTSET)
    text = (
        f"{directories * calls:,} calls, {documents:,} documents; "
        f"{wrong} directories with a wrong one. "
        f"Longest unanswered ringing {ringing} seconds, longest call {duration:.0f} seconds.\n\n"
        f"{requests:,} requests that Twilio would never send, {len(faults)} answered wrongly."
    )
    return text, bool(wrong or faults)
