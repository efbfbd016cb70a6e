"""Calls made at random over directories made at random, played to the service as Twilio would.

What must be rung next is worked out here a second way, from the contract's section 5 and the
oracle: it shares no code with the service.
"""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import generated
import yaml
from oracle import Oracle, e164
from telephone import BASE, CALLED, TOKEN, Telephone

ROUNDS, LONGEST, ADDED, PROMPT, WAIT, LONGEST_RINGING = 3, 480, 5, 15, 20, 60
WORDS = 12  # how long an announcement takes
STATUSES = ("busy", "no-answer", "failed", "completed", "completed", "canceled", "", "ringing", "x")


class Council(Oracle):
    """A directory as its text says: hours, numbers and the order in which lines are tried."""

    def __init__(self, path):
        super().__init__(path)
        self.texts = yaml.load(path.read_text(), yaml.BaseLoader)["lines"]
        days = [generated.FIRST + timedelta(days=n) for n in range(140)]
        self.numbers = {self.number_of(line, day) for line in self.lines for day in days}

    def screened(self, name):
        return self.texts[name].get("press_1_to_accept") == "yes"

    def leads_back(self, called):
        return {called, "999", "101", *self.ringing.values()}

    def number_at(self, line, at):
        return self.number_of(line, at.astimezone(self.zone).date())

    def round(self, service, at, barred):
        """Return who may be rung in a round that begins at ``at``, in order."""
        first = self.answer(service, at)[0]
        lines, numbers = [], set(barred)
        for line in (first, *self.tried[service]):
            shut = line != first and not self.is_open(line, at)
            if self.number_at(line, at) not in numbers and line not in lines and not shut:
                numbers.add(self.number_at(line, at))
                lines.append(line)
            elif line == first:
                numbers.add(self.number_at(line, at))
        return lines

    def left(self, service, tried, at, barred):
        """Return the next to be rung in a round, None when nobody is left."""
        numbers = {*barred, *(self.number_at(name, at) for name in tried)}
        return next(
            (
                line
                for line in self.tried[service]
                if line not in tried
                and self.number_at(line, at) not in numbers
                and self.is_open(line, at)
            ),
            None,
        )


def directory(draw):
    """Return the text of a directory in which some lines are screened or ring for 7 seconds."""
    lines = generated.directory(draw).splitlines()
    more = (", press_1_to_accept: yes", ", ring_seconds: 7", "", "")
    return "\n".join(
        line.replace(", hours:", f"{draw.choice(more)}, hours:", 1)
        if line.startswith("  ") and "phone:" in line
        else line
        for line in lines
    )


@dataclass
class History:
    """One call, played step by step; ``rung`` is whom it rang, in order."""

    draw: random.Random
    twilio: Telephone
    council: Council
    clock: object
    service: str
    sid: str
    statuses: tuple
    rung: list = field(default_factory=list)
    tried: list = field(default_factory=list)
    steps: list = field(default_factory=list)
    round: int = 1
    answered: bool = False
    waits: int = 0
    engaged: bool = False
    rang: bool = False
    ringing: int = 0
    longest_ringing: int = 0

    def play(self):
        """Call, and go on until the call is over. Return how many documents were given."""
        self.barred = self.council.leads_back(CALLED)
        self.began = self.clock.at
        first = self.council.round(self.service, self.clock.at, self.barred)
        document = self.twilio.call(self.sid, service=self.service)
        self.expect(document, first[0] if first else None)
        documents = 1
        while document.dial is not None:
            document = self.step(document)
            documents += 1
            rounds = ROUNDS + LONGEST // WAIT
            assert documents <= 1 + rounds * (1 + len(self.council.tried[self.service]))
        self.duration = (self.clock.at - self.began).total_seconds()
        assert self.longest_ringing <= LONGEST_RINGING
        assert self.duration <= LONGEST + WORDS + WAIT + LONGEST_RINGING
        return documents

    def expect(self, document, line):
        number = None if line is None else self.council.number_at(line, self.clock.at)
        assert document.number == number, (self.service, self.clock.at, self.rung, document.text)
        if line is None:
            assert document.verbs == ["Say", "Pause", "Say", "Hangup"]
            return
        has_menu = "send_digits" in self.council.texts[line]
        is_usual = number == e164(self.council.texts[line]["phone"])
        digits = document.dial.find("Number").get("sendDigits")
        assert digits == ("ww1" if has_menu and is_usual else None)
        assert number not in {
            self.council.number_at(earlier, self.clock.at) for earlier in self.tried
        }
        self.tried.append(line)
        self.rung.append(line)

    def step(self, document):
        line, status = self.tried[-1], self.draw.choice(self.statuses)
        pressed = self.whisper(document, line, status)
        self.ring(document, line, status)
        more = {}
        if self.draw.random() < 0.5:
            more["DialBridged"] = self.draw.choice(("true", "false"))
        answered = status == "completed" and more.get("DialBridged") != "false"
        if self.council.screened(line) and not pressed:
            answered = False
        if self.draw.random() < 0.2 and self.steps:  # a callback of before, which changes nothing
            earlier, earlier_status, form = self.draw.choice(self.steps)
            self.twilio.ends(earlier, self.sid, earlier_status, **form)
        following = self.twilio.ends(document, self.sid, status, **more)
        self.steps.append((document, status, more))
        if self.draw.random() < 0.3:
            assert self.twilio.ends(document, self.sid, status, **more).text == following.text
        if answered or status == "canceled":
            self.answered = answered
            assert following.verbs == ["Hangup"], (line, status, more, following.text)
        else:
            self.expect(following, self.next())
        return following

    def ring(self, document, line, status):
        """Let the words, the pause and the ringing of a document pass, and count the ringing."""
        if "Say" in document.verbs:
            self.ringing = 0
            self.clock.at += timedelta(seconds=WORDS)
        if "Pause" in document.verbs:
            self.clock.at += timedelta(seconds=int(document.root.find("Pause").get("length")))
        most = int(document.dial.get("timeout")) + ADDED + PROMPT * self.council.screened(line)
        short = status in ("busy", "failed") or self.draw.random() < 0.3
        seconds = self.draw.choice((0, 1, 12, most)) if short else most
        self.clock.at += timedelta(seconds=seconds)
        self.ringing += seconds
        self.longest_ringing = max(self.longest_ringing, self.ringing)
        self.engaged = self.engaged or status == "busy"
        self.rang = self.rang or status not in ("busy", "failed")

    def whisper(self, document, line, status):
        if not self.council.screened(line) or status != "completed":
            return False
        digits = self.draw.choice((None, "1", "1", "2", "", "1#"))
        self.twilio.picked_up(document, self.sid, digits)
        return digits == "1"

    def next(self):
        at = self.clock.at
        elapsed = (at.replace(microsecond=0) - self.began).total_seconds()
        if max(elapsed, WAIT * self.waits) >= LONGEST:
            return None
        line = self.council.left(self.service, self.tried, at, self.barred)
        waits = self.engaged and not self.rang
        if line is None and (waits or self.round < ROUNDS):
            self.waits += waits
            self.round, self.tried = self.round + (not waits), []
            self.engaged = self.rang = False
            lines = self.council.round(self.service, at, self.barred)
            line = lines[0] if lines else None
        return line


def instant(draw):
    """Return an instant of the months in which generated directories have their special days."""
    first = datetime(2026, 10, 1, tzinfo=UTC)
    return first + timedelta(minutes=draw.randrange(130 * 24 * 60), seconds=draw.randrange(60))


def play(make_app, clock, folder, draw, calls):
    """Play some calls over one directory. Return (documents, the histories, the app)."""
    path = Path(folder, "generated.yaml")
    path.write_text(directory(draw))
    council, documents, played = Council(path), 0, []
    app = make_app(path)
    twilio = Telephone(app.test_client(), council.numbers, TOKEN, BASE)
    for number in range(calls):
        clock.at = instant(draw)
        service = draw.choice(council.services)
        statuses = ("busy", "busy", "failed") if draw.random() < 0.2 else STATUSES
        history = History(draw, twilio, council, clock, service, f"CA{number}", statuses)
        documents += history.play()
        played.append(history)
    return documents, played, app
