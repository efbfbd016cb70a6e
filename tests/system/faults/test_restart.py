"""Real gunicorn processes: killed, restarted, started on a broken file, rehearsing."""

import os
import signal
import subprocess
import sys
import time
from datetime import datetime

import pytest
from conftest import ANYSHIRE, ROOT
from serving import serving, start

GOOD = ANYSHIRE.read_text()
BETTER = GOOD.replace("01632 960100", "01632 960177")


def number(server):
    return server.decision()["line"]["phone"]["display"]


@pytest.fixture
def file(tmp_path):
    return tmp_path / "directory.yaml"


def test_good_then_better_then_broken_the_better_one_answers_after_kill_and_restart(file):
    file.write_text(GOOD)
    with serving(file.parent, WEB_CONCURRENCY="1") as server:
        assert number(server) == "01632 960100"
        file.write_text(BETTER)
        os.kill(server.workers[0], signal.SIGKILL)
        assert number(server) == "01632 960177"
        file.write_text("services: [")
        os.kill(server.workers[0], signal.SIGKILL)
        assert number(server) == "01632 960177"
    with serving(file.parent, WEB_CONCURRENCY="1", OPS_TOKEN="ops") as server:
        assert number(server) == "01632 960177"
        assert "directory_problem: line" in server.get("/readyz", Authorization="Bearer ops")
        assert 'routing_warning{code="directory_broken"} 1.0' in server.get(
            "/metrics", Authorization="Bearer ops"
        )


def test_a_broken_file_with_none_kept_is_refused_with_every_problem_and_exit_1(file):
    file.write_text("zone: nowhere")
    server = start(file.parent)
    assert server.process.wait(90) == 1
    output = server.log()

    assert "'services' is missing" in output
    assert "'lines' is missing" in output
    assert "Traceback" not in output


def test_the_rehearsal_clock_is_the_same_in_every_worker(file):
    file.write_text(GOOD)
    starts = "2026-12-24T12:00:00Z"
    with serving(file.parent, WEB_CONCURRENCY="3", CLOCK_STARTS_AT=starts) as server:
        began = time.monotonic()
        os.kill(server.workers[0], signal.SIGKILL)
        instants = [datetime.fromisoformat(server.decision()["at"]) for _ in range(30)]

    assert instants == sorted(instants)
    assert (instants[-1] - instants[0]).total_seconds() <= time.monotonic() - began + 1
    assert instants[0].hour == 12


def test_a_bad_setting_is_told_in_one_line(file):
    file.write_text(GOOD)
    for words in (["gunicorn", "--bind", "127.0.0.1:0", "app:app"], ["flask", "who"]):
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=ROOT,
            env=os.environ | {"DIRECTORY": str(file), "CLOCK_STARTS_AT": "Christmas"},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == 1
        assert "CLOCK_STARTS_AT: 'Christmas' is not a time" in done.stderr
        assert "Traceback" not in done.stderr
