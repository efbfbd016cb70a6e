"""Questions asked as fast as can be while an answer changes, and when each was sent."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from load import Caller

HANDOVER = datetime.fromisoformat("2026-11-23T17:00:00+00:00")
"""One of directory.yaml's, by the service's clock."""

DECISION = "/api/v1/services/children/decision"


@dataclass
class RequestCounts:
    """How many answers there were, which were asked for at their handover or later, and every
    handover that an answer named.
    """

    answers: int = 0
    stale: list = field(default_factory=list)
    lines: set = field(default_factory=set)


def across(port, handover, seconds=3.0, threads=4):
    """Ask over and over until so long after a handover (Unix seconds); return what was counted.

    An answer is stale when its question was sent at its own ``until`` or later.
    """
    counted, unix_epoch = RequestCounts(), time.time() - time.monotonic()

    def run(_):
        answers = []
        with Caller(f"http://127.0.0.1:{port}") as caller:
            while time.time() < handover + seconds:
                answer = caller.ask(DECISION)
                assert answer.status == 200, answer.text
                answers.append((answer.sent_at + unix_epoch, json.loads(answer.text)["until"]))
        return answers

    with ThreadPoolExecutor(threads) as pool:
        for answers in pool.map(run, range(threads)):
            counted.answers += len(answers)
            for sent, until in answers:
                ends = handover + (datetime.fromisoformat(until) - HANDOVER).total_seconds()
                counted.lines.add(until)
                counted.stale += [(sent - ends, until)] if sent >= ends else []
    return counted
