"""A bounded load of every kind of caller at once, and of a colleague who diverts their calls.

Each answer is held against the truth as it comes.
"""

import html
import json
import random
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count

import requests
from allowed_answers import AT_ONCE, DIVERTED, LATE, WEB, Write
from colleague import Colleague, Refused
from load import EXCHANGE, PAUSE_SECONDS, SLOW_SECONDS, Caller
from serving import poll
from telephone import Telephone

from routing.store.diverts import TIMEOUT_SECONDS

NO_CONNECTION = "nothing: no connection"
"""What a colleague is told whose worker is gone."""
ENDS = (["completed"], ["no-answer", "completed"], ["busy", "failed", "no-answer"], ["canceled"])
PAGE = re.compile(r'data-line="\S+ ([^"]+)"')
FRAGMENT = re.compile(r'<p part="phone">Call (?:the )?(.*?) on <a ')
SERVICES = (DIVERTED, "professionals")
API = "/api/v1/services/{}/"
KINDS = {"web", "exchange", "telephone", "diverts"}


@dataclass
class Tally:
    """What became of the questions of a load.

    ``refused``: nothing listened. ``again``: the connection broke, and another had the answer.
    ``calls`` has the id of each call that was put through, ``refusals`` what a colleague was told.
    """

    made: int = 0
    answered: int = 0
    refused: int = 0
    again: int = 0
    slow: int = 0
    wrong: list = field(default_factory=list)
    silent: list = field(default_factory=list)
    calls: list = field(default_factory=list)
    refusals: list = field(default_factory=list)


class Load:
    """Callers by every interface, and a colleague who diverts their calls, until the block ends."""

    def __init__(self, service):
        self.service, self.truth, self.tally = service, service.truth, Tally()
        self._is_over, self._turn, self._latest = threading.Event(), threading.Lock(), {}
        names = self.truth.names

        def by_name(pattern):
            return lambda text: names[html.unescape(pattern.search(text)[1])]

        # Path, seconds it may be late with a divert, and whom an answer names.
        self._interfaces = {
            "web": (
                (API + "decision", WEB, lambda text: json.loads(text)["line"]["id"]),
                ("/services/{}", WEB, by_name(PAGE)),
                ("/services/{}/fragment", WEB, by_name(FRAGMENT)),
            ),
            "exchange": (
                (API + "number", AT_ONCE, lambda text: text.removesuffix("\n")),
                (API + "numbers", AT_ONCE, lambda text: text.splitlines()[0]),
            ),
        }

    def __enter__(self):
        self._pool = ThreadPoolExecutor(len(KINDS))
        self._running = [self._pool.submit(self._read, kind) for kind in self._interfaces]
        self._running += [self._pool.submit(way) for way in (self._telephone, self._divert)]
        return self

    def __exit__(self, *error):
        self._is_over.set()
        self._pool.shutdown()
        for thread in self._running:
            thread.result()

    def settled(self, diverts=True):
        """Wait for a new answer of every kind and, unless told not to, for a new divert."""
        began, kinds = time.monotonic(), KINDS if diverts else KINDS - {"diverts"}
        poll(
            lambda: all(self._latest.get(kind, began) > began for kind in kinds),
            otherwise=lambda: f"no answer: {self._latest}, {self.tally.silent[:1]}",
        )

    def _read(self, kind):
        with Caller(self.service.base, self._count) as caller:
            while not self._is_over.wait(PAUSE_SECONDS):
                for path, late, named in self._interfaces[kind]:
                    for service in SERVICES:
                        self._ask(kind, caller, path.format(service), service, late, named)
                caller.connection.close()  # or it would be one worker that answers all of them

    def _ask(self, kind, caller, path, service, late, named):
        answer = self._try(path, lambda: caller.get(path, EXCHANGE))
        if answer is None:
            return
        self._latest[kind] = answer.sent_at
        try:
            assert answer.status_code == 200, answer.status_code
            line_or_number = named(answer.text)
        except Exception as error:
            self.tally.wrong.append((path, repr(error), answer.text[:300]))
        else:
            self._judge(path, service, answer, late, line_or_number)

    def _judge(self, door, service, answer, late, line_or_number):
        """Hold the id of a line, or its number, against the truth."""
        if answer.took > TIMEOUT_SECONDS:  # whoever asks waits no longer than that for the database
            late = LATE + answer.took
        allowed = self.truth.lines(service, answer.sent_at, answer.received_at, late)
        if not any(line_or_number in pair for pair in allowed):
            wrong = (door, service, line_or_number, sorted(allowed), answer.sent_at)
            self.tally.wrong.append(wrong)

    def _telephone(self):
        draw = random.Random(20261128)
        with Caller(self.service.base, self._count) as caller:
            twilio = Telephone(caller, self.truth.numbers)
            while not self._is_over.wait(PAUSE_SECONDS):
                self._call(twilio, draw.choice(SERVICES), draw.choice(ENDS))
                caller.connection.close()

    def _call(self, twilio, service, ends):
        sid = f"CA{time.monotonic_ns()}"
        document = self._try("call", lambda: twilio.call(sid, service=service))
        if document is None:
            return
        self.tally.calls.append(sid)
        answer = twilio.client.latest
        self._latest["telephone"] = answer.sent_at
        self._judge("call", service, answer, AT_ONCE, document.number)
        for status in ends:
            if document is None or document.dial is None or document.dial.get("action") is None:
                return
            bridged = {"DialBridged": "true" if status == "completed" else "false"}
            document = self._try(
                "call", lambda of=document, how=status, so=bridged: twilio.ends(of, sid, how, **so)
            )

    def _try(self, door, ask):
        """Ask, and count. Return None where no answer came, or one that leaves a caller silent."""
        with self._turn:
            self.tally.made += 1
        try:
            return ask()
        except Exception as error:
            is_refused = self.service.down and isinstance(error, ConnectionError)
            with self._turn:
                self.tally.refused += is_refused
                self.tally.silent += [] if is_refused else [(door, repr(error))]
            self._is_over.wait(0.05)
            return None

    def _count(self, answer):
        with self._turn:
            self.tally.answered += 1
            self.tally.again += answer.again
            self.tally.slow += answer.took > SLOW_SECONDS

    def _divert(self):
        colleague = None
        for number in count(len(self.truth.writes)):
            if self._is_over.wait(0.2):
                return
            write = Write(f"write {time.monotonic_ns()}", ("advice", "eds")[number % 2], 0.0, None)
            try:
                colleague = colleague or Colleague(self.service.base)
                colleague.divert(write.line, write.note, lambda of=write: self._sent(of))
                write.confirmed = time.monotonic()
                self._latest["diverts"] = write.began
            except requests.RequestException:
                self.tally.refusals.append(NO_CONNECTION)
            except Refused as error:
                self.tally.refusals.append(str(error))
                colleague = None if str(error) == "Sign in" else colleague

    def _sent(self, write):
        write.began, write.at = time.monotonic(), self.truth.now()
        self.truth.writes.append(write)
