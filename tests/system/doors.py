"""A bounded load of every kind of caller at once, and of a colleague who diverts their calls.

Each answer is held against the truth as it comes.
"""

import html
import json
import random
import re
import threading
import time
from dataclasses import dataclass, field
from itertools import count

import requests
from colleague import Colleague, Refused
from load import Caller
from telephone import Telephone
from truth import AT_ONCE, DIVERTED, LATE, WEB, Write

from routing.store.diverts import TIMEOUT_SECONDS

PAUSE = 0.02
EXCHANGE = "exchange"
SLOW = 1.0
NO_CONNECTION = "nothing: no connection"
"""What a colleague is told whose worker is gone."""
ENDS = (["completed"], ["no-answer", "completed"], ["busy", "failed", "no-answer"], ["canceled"])
PAGE = re.compile(r'data-line="\S+ ([^"]+)"')
FRAGMENT = re.compile(r'<p part="phone">Call (?:the )?(.*?) on <a ')
SERVICES = (DIVERTED, "professionals")


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
    failed: list = field(default_factory=list)
    calls: list = field(default_factory=list)
    refusals: list = field(default_factory=list)


class Load:
    """Callers of a Served at its doors, and a colleague who diverts them, until the block ends."""

    def __init__(self, served):
        self.served, self.truth, self.tally = served, served.truth, Tally()
        self._stop, self._turn = threading.Event(), threading.Lock()
        self._reads, self._had = self._doors(), {}
        ways = [self._web, self._exchange, self._telephone, self._colleague]
        self._threads = [threading.Thread(target=way) for way in ways]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def settled(self, seconds=90, diverts=True):
        """Wait for a new answer of every kind and, unless told not to, for a new divert."""
        began, end = time.monotonic(), time.monotonic() + seconds
        while time.monotonic() < end and not self._stop.is_set():
            had = {kind: at for kind, at in self._had.items() if diverts or kind != "diverts"}
            if len(had) >= len(self._threads) - (not diverts) and min(had.values()) > began:
                return
            time.sleep(0.02)
        raise AssertionError(
            f"somebody had no answer within {seconds} s: {self._had}, {self.tally.silent[:1]}"
        )

    def _doors(self):
        """Return what can be asked: path, seconds it may be late with a divert, whom it names."""

        def by_name(pattern):
            return lambda text: self.truth.names[html.unescape(pattern.search(text)[1])]

        api = "/api/v1/services/{}/"
        return {
            "decision": (api + "decision", WEB, lambda text: json.loads(text)["line"]["id"]),
            "page": ("/services/{}", WEB, by_name(PAGE)),
            "fragment": ("/services/{}/fragment", WEB, by_name(FRAGMENT)),
            "number": (api + "number", AT_ONCE, lambda text: text.removesuffix("\n")),
            "numbers": (api + "numbers", AT_ONCE, lambda text: text.splitlines()[0]),
        }

    def _web(self):
        self._read("web", "decision", "page", "fragment")

    def _exchange(self):
        self._read("exchange", "number", "numbers")

    def _read(self, kind, *doors):
        headers = {"Authorization": f"Bearer {EXCHANGE}"}
        with Caller(self.served.base, headers) as caller:
            while not self._stop.wait(PAUSE):
                for door in doors:
                    for service in SERVICES:
                        self._ask(kind, caller, door, service)
                caller.connection.close()  # or it would be one worker that answers all of them

    def _ask(self, kind, caller, door, service):
        path, late, named = self._reads[door]
        answer = self._tried(door, lambda: caller.ask(path.format(service)))
        if answer is None:
            return
        self._had[kind] = answer.sent_at
        try:
            assert answer.status == 200, answer.status
            line_or_number = named(answer.text)
        except Exception as error:
            self.tally.wrong.append((door, repr(error), answer.text[:300]))
            return
        self._judge(door, service, answer, late, line_or_number)

    def _judge(self, door, service, answer, late, line_or_number):
        """Hold the id of a line, or its number, against the truth."""
        if answer.took > TIMEOUT_SECONDS:  # whoever asks waits no longer than that for the database
            late = LATE + answer.took
        allowed = self.truth.lines(service, answer.sent_at, answer.received_at, late)
        if not any(line_or_number in pair for pair in allowed):
            self.tally.wrong.append(
                (door, service, line_or_number, sorted(allowed), answer.sent_at)
            )

    def _telephone(self):
        draw = random.Random(20261128)
        with Caller(self.served.base, heard=self._heard) as caller:
            twilio = Telephone(caller, self.truth.numbers)
            while not self._stop.wait(PAUSE):
                sid = f"CA{time.monotonic_ns()}"
                self._call(twilio, sid, draw.choice(SERVICES), draw.choice(ENDS))
                caller.connection.close()

    def _call(self, twilio, sid, service, ends):
        document = self._tried("call", lambda: twilio.call(sid, service=service))
        if document is None:
            return
        self.tally.calls.append(sid)
        self._had["telephone"] = self._last.sent_at
        self._judge("call", service, self._last, AT_ONCE, document.number)
        for status in ends:
            if document.dial is None or document.dial.get("action") is None:
                return
            bridged = {"DialBridged": "true" if status == "completed" else "false"}
            ended, given = document, status
            document = self._tried(
                "call", lambda of=ended, how=given, so=bridged: twilio.ends(of, sid, how, **so)
            )
            if document is None:
                return

    def _heard(self, answer):
        self._last = answer
        self._count(answer)

    def _tried(self, door, ask):
        """Ask, and count. Return None where no answer came, or one that leaves a caller silent."""
        with self._turn:
            self.tally.made += 1
        try:
            answer = ask()
        except Exception as error:
            if self.served.down and isinstance(error, ConnectionError):
                with self._turn:
                    self.tally.refused += 1
                self._stop.wait(0.05)
            elif door == "call":
                self.tally.silent.append(repr(error))
            else:
                self.tally.failed.append((door, repr(error)))
            return None
        if door != "call":
            self._count(answer)
        return answer

    def _count(self, answer):
        with self._turn:
            self.tally.answered += 1
            self.tally.again += answer.again
            self.tally.slow += answer.took > SLOW

    def _colleague(self):
        colleague = None
        for number in count(len(self.truth.writes)):
            if self._stop.wait(0.2):
                return
            write = Write(f"write {time.monotonic_ns()}", ("advice", "eds")[number % 2], 0.0, None)
            try:
                colleague = colleague or Colleague(self.served.base)
                colleague.divert(write.line, write.note, lambda of=write: self._sent(of))
                write.confirmed = time.monotonic()
                self._had["diverts"] = write.began
            except requests.RequestException:
                self.tally.refusals.append(NO_CONNECTION)
            except Refused as error:
                self.tally.refusals.append(str(error))
                colleague = None if str(error) == "Sign in" else colleague

    def _sent(self, write):
        write.began, write.at = time.monotonic(), self.truth.now()
        self.truth.writes.append(write)
