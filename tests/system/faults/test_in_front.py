"""Behind nginx: no answer past a handover, no client that sees a kill or an upgrade."""

import json
import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import machines
import nginx
from load import DECISION, Caller
from serving import Server
from stub_server import running
from werkzeug.serving import make_server

from routing.store import db

pytestmark = nginx.NEEDED

HANDOVER = datetime.fromisoformat("2026-11-23T17:00:00+00:00")
"""One of directory.yaml's, by the service's clock."""


@dataclass
class RequestCounts:
    """How many answers there were, which were asked for at their handover or later, and every
    handover that an answer named.
    """

    answers: int = 0
    stale: list = field(default_factory=list)
    lines: set = field(default_factory=set)


def across(port, handover, seconds=3.0, threads=4):
    """Ask over and over until so long after a handover (Unix seconds); return what was counted.

    An answer is stale when its question was sent at its own ``until`` or later.
    """
    counted, unix_epoch = RequestCounts(), time.time() - time.monotonic()

    def run(_):
        answers = []
        with Caller(f"http://127.0.0.1:{port}") as caller:
            while time.time() < handover + seconds:
                answer = caller.get(DECISION)
                assert answer.status_code == 200, answer.text
                answers.append((answer.sent_at + unix_epoch, json.loads(answer.text)["until"]))
        return answers

    with ThreadPoolExecutor(threads) as pool:
        for answers in pool.map(run, range(threads)):
            counted.answers += len(answers)
            for sent, until in answers:
                ends = handover + (datetime.fromisoformat(until) - HANDOVER).total_seconds()
                counted.lines.add(until)
                counted.stale += [(sent - ends, until)] if sent >= ends else []
    return counted


def test_no_answer_is_given_past_its_handover(make_app, tmp_path):
    tmp_path.chmod(0o755)
    comes = [time.time() + 3600]
    app = make_app(CLOCK=lambda: HANDOVER + timedelta(seconds=time.time() - comes[0]))
    app.test_client().get("/api/v1/services/children/decision")
    with (
        running(make_server("127.0.0.1", 0, app, threaded=True)) as own,
        nginx.before([f"127.0.0.1:{own.server_port}"], tmp_path, change=nginx.unlimited) as port,
    ):
        comes[0] = math.ceil(time.time()) + 2.5
        counted = across(port, comes[0], seconds=1)

    assert len(counted.lines) == 2
    assert counted.answers > 20
    assert counted.stale == []


def except_cut_short(failures):
    """Return the failures but those of a worker killed between an answer's head and its body."""
    return [failure for failure in failures if "IncompleteRead" not in failure[1]]


def test_no_client_sees_that_workers_are_killed_nor_that_groups_are_upgraded(postgresql, tmp_path):
    with machines.two(postgresql, tmp_path, 1, machines.patient) as two:
        of_workers = two.kill_workers(2)
        # One group dies whole while the database is newer than its code, the other is stopped.
        of_groups, stands_at, reports = two.upgrade((Server.kill, Server.stop), pause=0.2)
        rows = two.rows()

    assert except_cut_short(of_workers.failures) == []
    assert except_cut_short(of_groups.failures) == []
    assert stands_at > db.latest_revision()
    assert len(reports) == 2
    assert not any("database" in report for report in reports), reports
    # nginx retries the requests of a killed worker: each call is written once.
    assert rows >= of_workers.calls + of_groups.calls > 0
