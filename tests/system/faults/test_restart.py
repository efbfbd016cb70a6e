"""Real gunicorn processes: killed, restarted, kept from starting, rehearsing."""

import os
import signal
import time
from datetime import datetime

import pytest
from conftest import ANYSHIRE
from serving import Server

GOOD = ANYSHIRE.read_text()
BETTER = GOOD.replace("01632 960100", "01632 960177")


def number(server):
    return server.decision()["line"]["phone"]["display"]


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "directory.yaml"
    file.write_text(GOOD)
    return file


def test_good_then_better_then_broken_the_better_one_answers_after_kill_and_restart(file):
    with Server(file.parent, WEB_CONCURRENCY="1") as server:
        assert number(server) == "01632 960100"
        file.write_text(BETTER)
        os.kill(server.workers[0], signal.SIGKILL)
        assert number(server) == "01632 960177"
        file.write_text("services: [")
        os.kill(server.workers[0], signal.SIGKILL)
        assert number(server) == "01632 960177"
    with Server(file.parent, WEB_CONCURRENCY="1", OPS_TOKEN="ops") as server:
        assert number(server) == "01632 960177"
        assert "directory_problem: line" in server.get("/readyz", Authorization="Bearer ops")
        assert 'routing_warning{code="directory_broken"} 1.0' in server.get(
            "/metrics", Authorization="Bearer ops"
        )


@pytest.mark.parametrize(
    ("text", "environ", "words"),
    [
        ("zone: nowhere", {}, ["'services' is missing", "'lines' is missing"]),
        (GOOD, {"CLOCK_STARTS_AT": "Christmas"}, ["CLOCK_STARTS_AT: 'Christmas' is not a time"]),
    ],
    ids=["a broken directory", "a bad setting"],
)
def test_what_keeps_it_from_starting_is_told_and_it_exits_with_1(file, text, environ, words):
    file.write_text(text)
    server = Server(file.parent, **environ).start()

    assert server.process.wait(90) == 1
    assert [sentence for sentence in words if sentence not in server.log()] == []
    assert "Traceback" not in server.log()


def test_the_rehearsal_clock_is_the_same_in_every_worker(file):
    starts = "2026-12-24T12:00:00Z"
    with Server(file.parent, WEB_CONCURRENCY="3", CLOCK_STARTS_AT=starts) as server:
        began = time.monotonic()
        os.kill(server.workers[0], signal.SIGKILL)
        instants = [datetime.fromisoformat(server.decision()["at"]) for _ in range(30)]

    assert instants == sorted(instants)
    assert (instants[-1] - instants[0]).total_seconds() <= time.monotonic() - began + 1
    assert instants[0].hour == 12
