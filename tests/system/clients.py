"""Clients of a running service that never try again by themselves, and their results."""

import http.client
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from urllib.parse import urlencode

from telephone import BASE, CALLED, CALLER, call_sid, sign

DECISION = "/api/v1/services/children/decision"
VOICE = "/twilio/voice/children"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
QUESTIONS = {
    "numbers": ("/api/v1/services/children/numbers", {"Authorization": "Bearer exchange"}, b"+44"),
    "decision": (DECISION, {}, b'"e164"'),
    "home": ("/", {}, b"01632 960100"),
    "not from a cache": (f"{DECISION}?x=1", {}, b'"e164"'),
}
"""Path, headers and what the answer has in it."""

SLOW_SECONDS = 1.0
PAUSE_SECONDS = 0.02


@dataclass
class Results:
    """Counts of answers, of those over a second and of signed calls; the slowest; each failure."""

    answers: int = 0
    slow: int = 0
    slowest: float = 0.0
    failures: list = field(default_factory=list)
    calls: int = 0


@contextmanager
def asking(port, threads=4):
    """Ask over kept connections until the block ends; yield the Results.

    Every other question is a signed call.
    """
    results, is_over, turn = Results(), threading.Event(), threading.Lock()

    def ask_and_note(to, kind):
        began = time.monotonic()
        failure, took = ask(to, kind, str(uuid.uuid4())), time.monotonic() - began
        with turn:
            results.answers += 1
            results.calls += kind == "call"
            results.slow += took > SLOW_SECONDS
            results.slowest = max(results.slowest, took)
            results.failures += [(time.time(), *failure)] if failure else []

    def run():
        kinds = cycle([kind for question in QUESTIONS for kind in (question, "call")])
        while not is_over.is_set():
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=120)) as to:
                try:
                    while not is_over.wait(PAUSE_SECONDS):
                        ask_and_note(to, next(kinds))
                except (http.client.HTTPException, OSError) as error:
                    with turn:
                        results.failures.append((time.time(), repr(error)))

    with ThreadPoolExecutor(threads) as pool:
        running = [pool.submit(run) for _ in range(threads)]
        try:
            yield results
        finally:
            is_over.set()
    for thread in running:
        thread.result()


def ask(to, kind, name):
    """Ask one of QUESTIONS over a connection, or send the signed ``call`` that is called ``name``.

    Return None, or the path, the status and the beginning of an answer that is wrong.
    """
    if kind == "call":
        form = {"CallSid": call_sid(name), "From": CALLER, "To": CALLED}
        path, expected = VOICE, b"<Dial"
        headers = FORM | {"X-Twilio-Signature": sign(BASE + VOICE, form)}
        to.request("POST", path, urlencode(form), headers)
    else:
        path, headers, expected = QUESTIONS[kind]
        to.request("GET", path, headers=headers)
    answer = to.getresponse()
    body = answer.read()
    right = answer.status == 200 and expected in body
    return None if right else (path, answer.status, body[:200])
