"""What a larger directory, a longer call log and an older rota cost: time, memory, work.

Run: PYTHONPATH=.:tests .venv/bin/python -m proof.bench.growth services 1000 (or calls 100000,
rota 10, reload 1000), each in a process of its own. `bin/prove growth` runs them all.
Times are the processor's own, so that others on the machine count for less; the best of several.
"""

import json
import logging
import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import big
import grown
from serving import ROOT, TESTS_PATH

from proof.bench.memory import memory
from proof.bench.reload import reload
from routing import create_app, lookup, rota_service
from routing.core.decision import decide
from routing.directory.load import parse
from routing.lint.check import check
from routing.snapshot import build_snapshot
from routing.store import accounts, calendars, calls, db, rota_people
from routing.store.accounts import Role

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ROLES, ROTA_PEOPLE = 50, 200
ASKED = 20_000


def cost(ask, times=3):
    """Return the seconds that the processor worked on something: the least of several times."""
    taken = []
    for _ in range(times):
        began = time.process_time()
        ask()
        taken.append(time.process_time() - began)
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
            self.feed = calendars.create(connection, None, None, person.id, AT, person.actor)
        with self.client.session_transaction("/staff") as session:
            session["token"] = token

    def get(self, path):
        answer = self.client.get(path, headers={"Authorization": "Bearer ops"})
        assert answer.status_code == 200, (path, answer.status_code)
        return answer

    def pages(self, *paths, times=3):
        """Return the seconds that each page costs, the first time it is asked for aside."""
        for path in paths:
            self.get(path)
        return {path: cost(lambda path=path: self.get(path), times) for path in paths}


def services(count):
    """Measure a directory of so many services."""
    with tempfile.TemporaryDirectory() as folder:
        grown_app = Grown(folder, big.directory(1))
        with grown_app.app.app_context():
            lookup.snapshot()
        before = memory()
        grown_app.file.write_text(big.directory(count))
        app = Grown(folder, big.directory(count))
        with app.app.app_context():
            began = time.process_time()
            facts = lookup.snapshot()
            figures = {"load": time.process_time() - began, "loaded": memory() - before}
            for service in facts.timetables.services:
                lookup.who_to_call(service)
            figures["decided"] = memory() - before
        figures["decision"], figures["of one's"] = _decision(facts)
        figures["first decision"] = _first_decision(facts)
        paths = ("/contacts", "/api/v1/services", "/api/v1/lines", "/metrics", "/openapi.json")
        one = ("/", "/api/v1/services/s0/decision", "/api/v1/services/s0/number", "/nothing")
        for path in (*paths, *one):
            app.client.get(path, headers={"Authorization": "Bearer ops"})
            figures[path] = cost(lambda path=path: app.client.get(path, headers=_OPS))
        figures["check"] = cost(lambda: check(app.file, app.folder, AT), 1)
        return figures


_OPS = {"Authorization": "Bearer ops"}


def _decision(facts, rounds=9):
    """Return the seconds of a decision about any service at any instant of an hour, compiled; and
    how many times that is what one service alone takes: the median of rounds in turns.
    """
    alone = build_snapshot(parse(big.directory(1), "one.yaml")[0], Path("/nowhere"), AT)
    asks = [_asking(alone), _asking(facts)]
    for ask in asks:
        ask()
    seconds = [[cost(ask) for ask in asks] for _ in range(rounds)]
    return min(many for _, many in seconds) / ASKED, median(many / one for one, many in seconds)


def _asking(facts):
    draw = random.Random(1)
    ids = list(facts.timetables.services)
    wanted = [
        (draw.choice(ids), AT - timedelta(seconds=draw.randrange(3600))) for _ in range(ASKED)
    ]

    def ask():
        for service, at in wanted:
            decide(facts.timetables, service, at)

    return ask


def _first_decision(facts):
    """Return the seconds of the first decision about a service, which compiles its year."""
    fresh = build_snapshot(facts.directory, Path("/nowhere"), AT).timetables
    ids = list(fresh.services)[:20]
    return cost(lambda: [decide(fresh, service, AT) for service in ids], 1) / len(ids)


def log(rows):
    """Measure a call log of so many rows in ninety days."""
    with tempfile.TemporaryDirectory() as folder:
        app = Grown(folder, big.directory(3))
        app.sign_in()
        grown.fill(app.database, AT, calls=rows, people=1, roles=0, days=0, others=1)
        figures = app.pages("/staff/calls", "/staff/calls?month=2026-10", "/metrics", "/staff")
        runner = app.app.test_cli_runner()
        figures["summary"] = cost(lambda: runner.invoke(args=["calls", "summary"]), 2)
        began, longest = time.process_time(), 0.0
        while True:
            with app.database.writing() as connection:
                turn = time.process_time()
                (gone,) = calls.purge(connection, AT, AT, "t")
                longest = max(longest, time.process_time() - turn)
            if not gone:
                break
        figures |= {"purge of all": time.process_time() - began, "one turn of it": longest}
        return figures


def rota(years):
    """Measure a rota of fifty roles over so many years, most of them past."""
    with tempfile.TemporaryDirectory() as folder:
        app = Grown(folder, big.directory(25, ROLES))
        app.sign_in()
        days = max(365 * years, 185)
        grown.fill(app.database, AT, 0, ROTA_PEOPLE, ROLES, days if years else 0, others=1000)
        feed = f"/calendars/{app.feed}.ics"
        pages = ("/staff", "/staff/rota", "/staff/rota/gaps", "/staff/rota/print", "/metrics")
        more = ("/staff/rota/people", "/staff/rota/mine", "/staff/rota?from=2024-01-01", feed)
        figures = app.pages(*pages, *more)
        figures["feed"] = figures.pop(feed)
        with app.app.app_context():
            month = AT + 31 * DAY
            figures["a month as CSV"] = cost(
                lambda: rota_service.export_csv(rota_service.Span(AT, month))
            )
            with app.database.writing() as connection:
                due = AT - 730 * DAY
                figures["purge"] = cost(lambda: rota_people.purge(connection, due, AT, "t"), 1)
                figures["purge again"] = cost(
                    lambda: rota_people.purge(connection, due, AT, "t"), 1
                )
        figures["/staff, purged"] = app.pages("/staff")["/staff"]
        return figures


MEASURES = {"services": services, "calls": log, "rota": rota, "reload": reload}


def measured(what, size):
    """Measure in a process of its own, so that nothing else counts."""
    words = [sys.executable, "-m", "proof.bench.growth", what, str(size)]
    done = subprocess.run(
        words, cwd=ROOT, env=os.environ | {"PYTHONPATH": TESTS_PATH}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


if __name__ == "__main__":
    print(json.dumps(MEASURES[sys.argv[1]](int(sys.argv[2])), indent=1))
