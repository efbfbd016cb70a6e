"""Real gunicorn processes: killed, restarted, started on a broken file, rehearsing."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from datetime import datetime

import pytest
from conftest import ANYSHIRE, ROOT
from serving import ask, serving, start, workers

GOOD = ANYSHIRE.read_text()
BETTER = GOOD.replace("01632 960100", "01632 960177")


def number(url):
    return ask(url)["line"]["phone"]["display"]


def words(url, path):
    address = url.partition("/api")[0] + path
    request = urllib.request.Request(address, headers={"Authorization": "Bearer ops"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return answer.read().decode()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "directory.yaml"


def test_good_then_better_then_broken_the_better_one_answers_after_kill_and_restart(file):
    file.write_text(GOOD)
    with serving(file.parent, WEB_CONCURRENCY="1") as (process, url):
        assert number(url) == "01632 960100"
        file.write_text(BETTER)
        os.kill(workers(process)[0], signal.SIGKILL)
        assert number(url) == "01632 960177"
        file.write_text("services: [")
        os.kill(workers(process)[0], signal.SIGKILL)
        assert number(url) == "01632 960177"
    with serving(file.parent, WEB_CONCURRENCY="1", OPS_TOKEN="ops") as (_, url):
        assert number(url) == "01632 960177"
        assert "directory_problem: line" in words(url, "/readyz")
        assert 'routing_warning{code="directory_broken"} 1.0' in words(url, "/metrics")


def test_a_broken_file_with_none_kept_is_refused_with_every_problem_and_exit_1(file):
    file.write_text("zone: nowhere")
    process, _ = start(file.parent)
    _, output = process.communicate(timeout=30)

    assert process.returncode == 1
    assert "'services' is missing" in output
    assert "'lines' is missing" in output
    assert "Traceback" not in output


def test_the_rehearsal_clock_is_the_same_in_every_worker(file):
    file.write_text(GOOD)
    with serving(file.parent, WEB_CONCURRENCY="3", CLOCK_STARTS_AT="2026-12-24T12:00:00Z") as (
        process,
        url,
    ):
        began = time.monotonic()
        ask(url)
        os.kill(workers(process)[0], signal.SIGKILL)
        instants = [datetime.fromisoformat(ask(url)["at"]) for _ in range(30)]

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
            timeout=30,
            check=False,
        )
        assert done.returncode == 1
        assert "CLOCK_STARTS_AT: 'Christmas' is not a time" in done.stderr
        assert "Traceback" not in done.stderr
