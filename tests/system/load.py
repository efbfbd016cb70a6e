"""Questions over connections that are kept open, each answer with how long it took."""

import http.client
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPMessage
from itertools import cycle
from urllib.parse import urlencode, urlsplit

from telephone import BASE, CALLED, CALLER, call_sid, sign

TRIES = 3
TIMEOUT_SECONDS = 15.0
"""As long as Twilio waits at most."""

SLOW_SECONDS = 1.0
PAUSE_SECONDS = 0.02
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
EXCHANGE = {"Authorization": "Bearer exchange"}
DECISION = "/api/v1/services/children/decision"
VOICE = "/twilio/voice/children"
QUESTIONS = {
    "numbers": ("/api/v1/services/children/numbers", EXCHANGE, "+44"),
    "decision": (DECISION, {}, '"e164"'),
    "home": ("/", {}, "01632 960100"),
    "not from a cache": (f"{DECISION}?x=1", {}, '"e164"'),
}
"""Path, headers and what the answer has in it."""


@dataclass
class SentAnswer:
    """One answer, as a test client's: when it was asked for and came, in monotonic seconds.

    ``again``: the connection broke, and it was asked for over another.
    """

    sent_at: float
    received_at: float
    status_code: int
    headers: HTTPMessage
    text: str
    again: bool

    @property
    def took(self):
        return self.received_at - self.sent_at

    @property
    def mimetype(self):
        return self.headers.get_content_type()

    def get_data(self):
        return self.text.encode()


class Caller:
    """One connection that is kept open, and opened again when the server closes it.

    ``heard`` is given each answer; ``latest`` is the latest. Where a connection breaks, it asks
    over another, up to ``tries`` times in all, as Twilio does by the address in docs/telephony.md
    (``rc=2``). ``more`` is http.client's.
    """

    def __init__(self, base, heard=lambda answer: None, tries=TRIES, **more):
        more = {"timeout": TIMEOUT_SECONDS, **more}
        self.connection = http.client.HTTPConnection(urlsplit(base).netloc, **more)
        self.heard, self.tries, self.latest = heard, tries, None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.connection.close()

    def get(self, path, headers=None):
        return self._ask("GET", path, None, headers or {})

    def post(self, path, data, headers):
        """Send a form, as a test client of Flask's would."""
        return self._ask("POST", path, urlencode(data), FORM | headers)

    def _ask(self, *request):
        sent_at = time.monotonic()
        for tried in range(1, self.tries + 1):
            try:
                self.connection.request(*request)
                answer = self.connection.getresponse()
                text, received_at = answer.read().decode(), time.monotonic()
                break
            except (http.client.HTTPException, OSError) as error:
                self.connection.close()
                if tried == self.tries or isinstance(error, TimeoutError):
                    raise
        self.latest = SentAnswer(
            sent_at, received_at, answer.status, answer.headers, text, again=tried > 1
        )
        self.heard(self.latest)
        return self.latest

    def fault(self, kind):
        """Ask one of QUESTIONS, or send a signed ``call``.

        Return None, or the path, the status and the beginning of an answer that is wrong.
        """
        if kind == "call":
            form = {"CallSid": call_sid(str(uuid.uuid4())), "From": CALLER, "To": CALLED}
            path, expected, signature = VOICE, "<Dial", sign(BASE + VOICE, form)
            answer = self.post(path, form, {"X-Twilio-Signature": signature})
        else:
            path, headers, expected = QUESTIONS[kind]
            answer = self.get(path, headers)
        right = answer.status_code == 200 and expected in answer.text
        return None if right else (path, answer.status_code, answer.text[:200])


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
    """Ask without ever trying again until the block ends; yield the Results.

    Every other question is a signed call.
    """
    results, is_over, turn = Results(), threading.Event(), threading.Lock()

    def note(answer):
        with turn:
            results.answers += 1
            results.slow += answer.took > SLOW_SECONDS
            results.slowest = max(results.slowest, answer.took)

    def run():
        kinds = cycle([kind for question in QUESTIONS for kind in (question, "call")])
        with Caller(f"http://127.0.0.1:{port}", note, tries=1, timeout=120) as caller:
            while not is_over.wait(PAUSE_SECONDS):
                kind = next(kinds)
                try:
                    failure = caller.fault(kind)
                except (http.client.HTTPException, OSError) as error:
                    failure = (repr(error),)
                with turn:
                    results.calls += kind == "call" and failure is None
                    results.failures += [(time.time(), *failure)] if failure else []

    with ThreadPoolExecutor(threads) as pool:
        running = [pool.submit(run) for _ in range(threads)]
        try:
            yield results
        finally:
            is_over.set()
    for thread in running:
        thread.result()
