"""What callers may be told while things break, by the contract alone: an oracle and the diverts.

A divert reaches the telephone and ``number`` at once, other answers within a second; where the
database was waited for in vain, as on a machine that stands still, what was read before. A changed
directory is in use within five seconds. Until then what held before is right as well, and so is
what is just being changed while somebody asks.
"""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import yaml
from oracle import Oracle, e164

AT_ONCE, WEB, LATE = 0.0, 1.0, 3.0
PICKED_UP = 5.0
DIVERTED = "children"
SETTLES = 2.0
"""Seconds that an older state of the database takes at most to be in answers."""

STEPPING = 0.5
"""Seconds that a test takes at most to step the clock, once it has said so."""

LASTS = timedelta(hours=1)
NEAR = timedelta(seconds=2)


@dataclass
class Write:
    """A divert that somebody sets: when it was sent and confirmed, in monotonic seconds.

    ``confirmed`` is None where no page said so: it may be in force or not. ``at`` is the service's
    time of sending. ``forgotten`` is when a state of before was put back: it is in force no more.
    ``sure``: once confirmed, it is in force.
    """

    note: str
    line: str
    began: float
    at: datetime
    confirmed: float | None = None
    forgotten: float = float("inf")
    sure: bool = True

    def surely(self, at, known):
        """Say whether it is in force at an instant, for whoever knew what was confirmed by then."""
        confirmed = self.sure and self.confirmed is not None and self.confirmed <= known
        return confirmed and self.at <= at < self.at + LASTS - NEAR

    def perhaps(self, at):
        return self.at - NEAR <= at < self.at + LASTS + NEAR


@dataclass
class Truth:
    """What is in force since when: directories, steps of the clock, diverts; each the last last."""

    directories: list = field(default_factory=list)
    steps: list = field(default_factory=lambda: [(float("-inf"), timedelta())])
    writes: list = field(default_factory=list)
    names: dict = field(default_factory=dict)
    numbers: set = field(default_factory=set)

    def directory(self, file):
        """Say that the directory is now what is in ``file``; before it is put in place."""
        oracle = Oracle(file)
        self.directories.append((time.monotonic(), oracle))
        lines = yaml.load(file.read_text("utf-8"), yaml.BaseLoader)["lines"]
        for line_id, line in lines.items():
            name = line["name"]
            phrases = name, f"the {name}", line.get("called", name)
            self.names |= dict.fromkeys(phrases, line_id)
        for line in oracle.lines.values():
            written = [line.number, *(special.number for special in line.special)]
            self.numbers |= {e164(number) for number in filter(None, written)}

    def step(self, by):
        """Say that the service's clock is wrong by so much from now on."""
        self.steps.append((time.monotonic(), by))

    def forget(self, copying, copied, restored):
        """Say that a copy of the database, made from ``copying`` to ``copied``, took its place at
        ``restored``. Of what was sent or confirmed meanwhile nobody knows whether it is in it.
        """
        for write in self.writes:
            if write.began < restored and not (write.confirmed and write.confirmed <= copying):
                write.sure = False
                if write.confirmed and write.began >= copied:
                    write.forgotten = restored

    def now(self):
        """Return the service's time."""
        return datetime.now(UTC) + self.steps[-1][1]

    def lines(self, service, asked_at, had, slack):
        """Return the lines, each with its number, that an answer may name.

        It was asked for and had at these monotonic seconds, and may be ``slack`` seconds late with
        a divert.
        """
        answers = set()
        for oracle in self._held(self.directories, asked_at - PICKED_UP, had):
            for at in self.instants(asked_at, had):
                answers |= set(self._answers(oracle, service, at, asked_at - slack, had))
        return answers

    def instants(self, asked_at, had):
        """Return what the service's clock says at the ends of a while ago, by any of its steps."""
        ago = datetime.now(UTC) - timedelta(seconds=time.monotonic())
        return [
            ago + timedelta(seconds=edge) + step
            for step in self._held(self.steps, asked_at - STEPPING, had)
            for edge in (asked_at, had)
        ]

    def _answers(self, oracle, service, at, known, had):
        day = at.astimezone(oracle.zone).date()
        for write in reversed(self.writes) if service == DIVERTED else ():
            if write.began <= had and write.forgotten > known - SETTLES and write.perhaps(at):
                yield write.line, oracle.number_of(write.line, day)
                if write.surely(at, known):
                    return
        yield oracle.answer(service, at)[:2]

    @staticmethod
    def _held(steps, asked_at, had):
        """Yield what was in force at some instant from ``asked_at`` to ``had``."""
        ends = [start for start, _ in steps[1:]] + [float("inf")]
        for (start, value), end in zip(steps, ends, strict=True):
            if start <= had and end >= asked_at:
                yield value
