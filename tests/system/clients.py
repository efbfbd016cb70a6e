"""Clients of a running service that never try again by themselves, and their results."""

import http.client
import threading
import time
import uuid
from contextlib import closing
from dataclasses import dataclass, field
from urllib.parse import urlencode

from telephone import BASE, CALLED, CALLER, call_sid, sign

NUMBER = "/api/v1/services/children/numbers"
DECISION = "/api/v1/services/children/decision"
VOICE = "/twilio/voice/children"
EXCHANGE = {"Authorization": "Bearer exchange"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
QUESTIONS = {
    "numbers": (NUMBER, EXCHANGE, b"+44"),
    "decision": (DECISION, {}, b'"e164"'),
    "home": ("/", {}, b"01632 960100"),
    "not from a cache": (f"{DECISION}?x=1", {}, b'"e164"'),
}
"""Path, headers and what the answer has in it."""

KINDS = tuple(QUESTIONS)
SLOW = 1.0
"""Seconds."""

PAUSE = 0.02
"""Seconds that a client waits before it asks again."""


@dataclass
class Results:
    """Counts of answers, of those over a second and of signed calls; the slowest; each failure."""

    answers: int = 0
    slow: int = 0
    slowest: float = 0.0
    failures: list = field(default_factory=list)
    calls: int = 0


class Clients:
    """Threads that ask over kept connections, without ever trying again by themselves."""

    def __init__(self, port, threads=4):
        self.results, self._stop, self._turn = Results(), threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=[port]) for _ in range(threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self.results

    def __exit__(self, *error):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, port):
        count = 0
        while not self._stop.is_set():
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=120)) as to:
                try:
                    while not self._stop.is_set():
                        count += 1
                        self._ask(to, count)
                        time.sleep(PAUSE)
                except (http.client.HTTPException, OSError) as error:
                    with self._turn:
                        self.results.failures.append((time.time(), repr(error)))

    def _ask(self, to, count):
        """Ask one of several questions, and note how it was answered."""
        kind = "call" if count % 2 == 0 else KINDS[count // 2 % len(KINDS)]
        began = time.monotonic()
        failure, took = ask(to, kind, str(uuid.uuid4())), time.monotonic() - began
        with self._turn:
            self.results.answers += 1
            self.results.calls += kind == "call"
            self.results.slow += took > SLOW
            self.results.slowest = max(self.results.slowest, took)
            if failure:
                self.results.failures.append((time.time(), *failure))


def ask(to, kind, name):
    """Ask one of KINDS over a connection, or send the signed ``call`` that is called ``name``.

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
