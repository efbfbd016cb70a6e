"""Christmas rehearsed: the service started at an instant of it, and asked at every door."""

import html
import json
import random
import re
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from conftest import ANYSHIRE, TEMPLATE_CACHE
from load import EXCHANGE
from mixed_load import FRAGMENT, PAGE
from oracle import Oracle, e164
from serving import OPEN
from telephone import Telephone

from routing import config, create_app, lookup
from routing.store import db
from routing.store.db import Database

FIRST, LAST = datetime(2026, 12, 20, tzinfo=UTC), datetime(2027, 1, 5, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ROLES = {"Duty social worker": "mash-social-worker", "Out-of-hours social worker": "eds"}
NUMBER = re.compile(r"^  Call ([\d ]+?)(?: \(|,)", re.MULTILINE)
NAME = re.compile(r"^  Call [\d ]+?(?: \(.*?\))?, (.*?)(?:, until .*)?\.$", re.MULTILINE)
TEXT = re.compile(r"Call [\d ]+?(?: \(.*?\))?, (.*?)(?:, until|\. You can)")


def starts(count, oracle):
    """Return instants of Christmas: every other one a second before, at or after a handover."""
    draw = random.Random(20261220)
    seconds = int((LAST - FIRST) / SECOND)
    edges = [
        FIRST + timedelta(minutes=n)
        for n in range(1, seconds // 60)
        if any(
            oracle.answer(service, FIRST + timedelta(minutes=n))[:2]
            != oracle.answer(service, FIRST + timedelta(minutes=n - 1))[:2]
            for service in oracle.services
        )
    ]
    for n in range(count):
        if n % 2:
            yield FIRST + draw.randrange(seconds) * SECOND
        else:
            yield draw.choice(edges) + draw.choice((-1, 0, 1)) * SECOND


class Rehearsal:
    """The service over Anyshire's directory, its clock started at ``at`` and running on."""

    def __init__(self, folder, at):
        given = {"CLOCK_STARTS_AT": at.isoformat(), "REHEARSAL_NUMBER": "directory"}
        given |= OPEN | {"DIRECTORY": str(ANYSHIRE), "INSTANCE_PATH": str(folder)}
        self.app = create_app(config.read(given))
        self.app.jinja_env.bytecode_cache = TEMPLATE_CACHE
        self.client = self.app.test_client()
        with self.app.app_context():
            lines = lookup.snapshot().directory.lines
        self.ids = {line.name.get("en"): line.id for line in lines}

    def now(self):
        return self.app.config["CLOCK"]()

    def doors(self, service, number):
        """Yield each door's name and what it says of a service: the id of a line, or its number.

        ``number`` makes callers differ: the same one is not sent the same text for ever.
        """
        with self.app.app_context():
            yield "decide", lookup.who_to_call(service).line.id
        api = f"/api/v1/services/{service}"
        yield "decision", json.loads(self._read(f"{api}/decision"))["line"]["id"]
        yield "number", self._read(f"{api}/number").removesuffix("\n")
        yield "numbers", self._read(f"{api}/numbers").splitlines()[0]
        yield "page", self._named(PAGE, self._read(f"/services/{service}"))
        yield "fragment", self._named(FRAGMENT, self._read(f"/services/{service}/fragment"))
        twilio = Telephone(self.client)
        yield "call", twilio.call(f"CA{number}", service=service).number
        caller = f"+447700900{number % 1000:03}"
        yield "text", self._named(TEXT, twilio.texts(caller=caller, service=service).text)
        output = self.run("who", service)
        yield "who", e164(NUMBER.search(output)[1])
        yield "who by name", self._named(NAME, output)

    def needed(self):
        """Return who must be on duty, by `who-to-call rota who`."""
        duties = dict(line.split(": ", 1) for line in self.run("rota", "who").splitlines())
        return {
            ROLES[name] for name, on_duty in duties.items() if not on_duty.startswith("Not needed")
        }

    def run(self, *words):
        done = self.app.test_cli_runner().invoke(args=words)
        assert done.exit_code == 0, done.output
        return done.output

    def _read(self, path):
        answer = self.client.get(path, headers=EXCHANGE)
        assert answer.status_code == 200, (path, answer.status)
        return answer.text

    def _named(self, pattern, text):
        return self.ids[html.unescape(pattern.search(text)[1]).removeprefix("the ")]


def christmas(count=200):
    """Start so many rehearsals and ask at every door; return how often each was asked, and what
    was wrong: the instant, the door, what it said and what the oracle says.
    """
    counts, wrong, oracle = Counter(), [], Oracle(ANYSHIRE)
    with tempfile.TemporaryDirectory() as folder:
        for n, at in enumerate(starts(count, oracle)):
            instance = Path(folder, str(n))
            db.upgrade(Database("", instance, "rehearsal.sqlite"))
            rehearsal = Rehearsal(instance, at)
            for service in oracle.services:
                began = rehearsal.now()
                for door, answer in rehearsal.doors(service, 2 * n):
                    ends = (began, began := rehearsal.now())
                    right = [oracle.answer(service, instant)[:2] for instant in ends]
                    counts[door] += 1
                    if not any(answer in pair for pair in right):
                        wrong.append((at.isoformat(), service, door, answer, right))
            began, roles = rehearsal.now(), rehearsal.needed()
            right = [_needed(oracle, instant) for instant in (began, rehearsal.now())]
            counts["rota"] += 1
            if roles not in right:
                wrong.append((at.isoformat(), "rota", roles, right))
    return counts, wrong


def _needed(oracle, at):
    roles = {"mash-social-worker"} if oracle.is_open("mash", at) else set()
    return roles | ({"eds"} if oracle.answer("children", at)[0] == "eds" else set())


def test_every_door_agrees_with_the_oracle_wherever_a_rehearsal_of_christmas_starts():
    counts, wrong = christmas(6)

    assert wrong == []
    assert len(counts) == 11
    assert counts.pop("rota") == 6
    assert set(counts.values()) == {12}
