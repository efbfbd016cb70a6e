"""Growth's part of bin/prove: what a directory of a thousand services costs beside one of one.

Times are the processor's own, children's too, so that others on the machine count for less; the
best of several. Each size is measured in a process of its own: ``python -m proof.growth 1000``
prints it.
"""

import gc
import json
import logging
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import large_directory
from serving import ROOT, TESTS_PATH

from proof import table
from routing import create_app, lookup
from routing.core.decision import decide
from routing.directory.load import parse
from routing.lint import check
from routing.snapshot import build_snapshot
from routing.store import accounts, db, rota_people
from routing.store.accounts import Role

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
SIZES = (1, 100, 1000)
INSTANTS = 20_000
LIMITS = {"load, s": 3.0, "check, s": 3.0, "memory, MiB": 60.0, "a decision, times one's": 1.3}
"""The most for 1,000 services; the last is a ratio to a decision of one service's directory."""


def prove_growth():
    """Return the text of this part, and whether a limit for 1,000 services is missed."""
    rows = {size: _measure_apart(size) for size in SIZES}
    figures = (
        (name, *(f"{row[name]:.2f}" for row in rows.values()), limit)
        for name, limit in LIMITS.items()
    )
    is_missed = any(rows[max(rows)][name] > limit for name, limit in LIMITS.items())
    return table(("services", *rows, "at most"), figures), is_missed


def memory(pid="self"):
    """Return the MiB that a process holds, its share of what it shares counted."""
    gc.collect()
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1]) / 1024


def processor_seconds():
    """Return how long the processor worked for this process and for its children that ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def cost(ask, times=3):
    """Return the seconds that the processor worked on something: the least of several times."""
    taken = []
    for _ in range(times):
        began = processor_seconds()
        ask()
        taken.append(processor_seconds() - began)
    return min(taken)


class Grown:
    """An app in a temporary folder, and somebody who has signed in to it."""

    def __init__(self, folder, text):
        logging.disable(logging.CRITICAL)
        self.folder, self.file = Path(folder), Path(folder, "directory.yaml")
        self.file.write_text(text)
        settings = {"DIRECTORY": str(self.file), "INSTANCE_PATH": folder, "OPS_TOKEN": "ops"}
        self.app = create_app({**settings, "CLOCK": lambda: AT})
        self.database = self.app.extensions["database"]
        db.upgrade(self.database)
        self.client = self.app.test_client()

    def sign_in(self):
        roles = frozenset([Role.ADMIN])
        with self.database.writing() as connection:
            person = accounts.upsert_sso_account(connection, accounts.LOCAL, "me", "Me", roles, AT)
            token = accounts.start_session(connection, person, AT)
            self.feed = rota_people.create_calendar(connection, None, person.id, AT, person.actor)
        with self.client.session_transaction("/staff") as session:
            session["token"] = token

    def get(self, path):
        answer = self.client.get(path, headers={"Authorization": "Bearer ops"})
        assert answer.status_code == 200, (path, answer.status_code)
        return answer


def services(count):
    """Measure a directory of so many services; return the figures of LIMITS."""
    with tempfile.TemporaryDirectory() as folder:
        grown_app = Grown(folder, large_directory.directory(1))
        with grown_app.app.app_context():
            lookup.snapshot()
        before = memory()
        grown_app.file.write_text(large_directory.directory(count))
        app = Grown(folder, large_directory.directory(count))
        with app.app.app_context():
            began = processor_seconds()
            facts = lookup.snapshot()
            load = processor_seconds() - began
            for service in facts.timetables.services:
                lookup.who_to_call(service)
        grown = memory() - before
        ratio = _decision_ratio(facts)
        checked = cost(lambda: check(app.file, app.folder, AT), 1)
        return dict(zip(LIMITS, (load, checked, grown, ratio), strict=True))


def _decision_ratio(facts, rounds=9):
    """Return how many times what one service alone takes a decision about any service costs, at
    any instant of an hour, compiled: the median of rounds in turns.
    """
    alone = build_snapshot(parse(large_directory.directory(1), "one.yaml")[0], Path("/nowhere"), AT)
    asks = [_asking(alone), _asking(facts)]
    for ask in asks:
        ask()
    seconds = [[cost(ask) for ask in asks] for _ in range(rounds)]
    return median(many / one for one, many in seconds)


def _asking(facts):
    draw = random.Random(1)
    ids = list(facts.timetables.services)
    wanted = [
        (draw.choice(ids), AT - timedelta(seconds=draw.randrange(3600))) for _ in range(INSTANTS)
    ]

    def ask():
        for service, at in wanted:
            decide(facts.timetables, service, at)

    return ask


def _measure_apart(size):
    """Measure in a process of its own, so that nothing else counts."""
    done = subprocess.run(
        [sys.executable, "-m", "proof.growth", str(size)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": TESTS_PATH},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


if __name__ == "__main__":
    print(json.dumps(services(int(sys.argv[1]))))
