"""nginx's part of bin/prove: across handovers, beside the application alone, over kills."""

import json
import math
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import machines
import nginx
import postgres
from bench import over_http
from serving import ROOT, ask, serving

HANDOVER = datetime.fromisoformat("2026-11-23T17:00:00+00:00")
DECISION = "/api/v1/services/children/decision"
QUESTION = f"GET {DECISION} HTTP/1.1\r\nHost: who.example\r\n\r\n".encode()
UNTIL = re.compile(rb'"until": ?"([^"]+)"')
LENGTH = re.compile(rb"content-length: (\d+)", re.I)
FRACTIONS = (0.0, 0.25, 0.5, 0.75)
"""Where within a second of nginx's clock a handover falls: 0 in life, anywhere in a rehearsal."""


class Counted:
    """How many answers there were, and which were asked for at their handover or later."""

    def __init__(self):
        self.answers, self.stale, self.lines = 0, [], set()


def across(port, handover, seconds=3.0, threads=4):
    """Ask over and over until so long after a handover (Unix seconds); return what was counted.

    An answer is stale when its question was sent at its own ``until`` or later.
    """
    counted, turn = Counted(), threading.Lock()

    def run():
        with socket.create_connection(("127.0.0.1", port), timeout=20) as to:
            told, answers, stale = set(), 0, []
            while (sent := time.time()) < handover + seconds:
                body, closed = _asked(to)
                answers += 1
                until = UNTIL.search(body)[1].decode()
                told.add(until)
                ends = handover + (datetime.fromisoformat(until) - HANDOVER).total_seconds()
                if sent >= ends:
                    stale.append((sent - ends, until))
                if closed:
                    to.close()
                    to = socket.create_connection(("127.0.0.1", port), timeout=20)
            to.close()
        with turn:
            counted.answers += answers
            counted.stale += stale
            counted.lines |= told

    running = [threading.Thread(target=run) for _ in range(threads)]
    for each in running:
        each.start()
    for each in running:
        each.join()
    return counted


def _asked(to):
    """Send the question; return the answer's body, and whether the connection is closed then."""
    to.sendall(QUESTION)
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += to.recv(65536) or _gone(answer)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), answer
    while len(body) < int(LENGTH.search(head)[1]):
        body += to.recv(65536) or _gone(body)
    return body, b"connection: close" in head.lower()


def _gone(answer):
    raise AssertionError(f"the connection is gone after {answer!r}")


def rehearsing(handover):
    """Return the settings by which the service's clock shows HANDOVER at an instant (Unix)."""
    began = time.time()
    starts = HANDOVER - timedelta(seconds=handover - began)
    return {"CLOCK_STARTS_AT": starts.isoformat(), "CLOCK_STARTED_AT": repr(began)}


@contextmanager
def shortly_before(folder, fraction):
    """Run the service and nginx shortly before a handover; yield nginx's port and when it is."""
    (folder / "directory.yaml").write_text((ROOT / "directory.yaml").read_text())
    for lead in (8, 30, 90):  # a slow machine takes long to start
        handover = math.ceil(time.time()) + lead + fraction
        with serving(folder, **rehearsing(handover)) as (_, url):
            ask(url)
            if time.time() < handover - 3:
                own = url.removeprefix("http://").partition("/")[0]
                with nginx.before([own], folder, workers=2) as port:
                    yield port, handover
                return
    raise AssertionError("the service does not start within 87 seconds")


def handovers(wanted=200_000):
    """Ask across handovers, so many questions; return (handovers, answers, stale)."""
    done = answers = stale = 0
    while answers < wanted and done < 200:
        with tempfile.TemporaryDirectory() as name:
            os.chmod(name, 0o755)
            with shortly_before(Path(name), FRACTIONS[done % len(FRACTIONS)]) as (port, handover):
                time.sleep(max(0, handover - 4 - time.time()))
                found = across(port, handover)
        assert len(found.lines) > 1, "no handover was met"
        done, answers, stale = done + 1, answers + found.answers, stale + len(found.stale)
    return done, answers, stale


def diverted(times=5):
    """Set diverts while an answer is kept; return the seconds until the last old answer to each."""
    late = []
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        folder = Path(name)
        (folder / "directory.yaml").write_text((ROOT / "directory.yaml").read_text())
        settings = {"INSTANCE_PATH": f"{name}/instance", "DIRECTORY": f"{name}/directory.yaml"}
        settings |= {"CLOCK_STARTS_AT": "2026-11-23T12:00:00Z"}
        settings["CLOCK_STARTED_AT"] = repr(time.time())
        _flask(settings, "db", "upgrade")
        _, url = running.enter_context(serving(folder, **settings))
        ask(url)
        own = url.removeprefix("http://").partition("/")[0]
        port = running.enter_context(nginx.before([own], folder))
        for number in range(times):
            line = ("eds", "mash")[number % 2]
            words = ("children", line, "--until", "2026-11-23T16:00:00Z", "--note", "drill")
            with Watch(port) as watch:
                time.sleep(2 + 0.37 * number)
                _flask(settings, "divert", "set", *words, "--although-closed")
                began = time.monotonic()
                time.sleep(12)
            late.append(max(sent for sent, told in watch.told if told != line) - began)
    return late


class Watch:
    """Asks over and over in a thread which line answers, and when it was asked."""

    def __init__(self, port):
        self.told, self._port, self._stop = [], port, threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._stop.set()
        self._thread.join()

    def _run(self):
        with socket.create_connection(("127.0.0.1", self._port), timeout=20) as to:
            while not self._stop.is_set():
                sent = time.monotonic()
                body, closed = _asked(to)
                assert not closed, "ask less often"
                self.told.append((sent, json.loads(body)["line"]["id"]))
                time.sleep(0.02)


def _flask(settings, *words):
    command = [sys.executable, "-m", "flask", *words]
    subprocess.run(command, cwd=ROOT, env=os.environ | settings, check=True, capture_output=True)


def throughput(rounds=5, connections=(16, 64)):
    """Return for so many connections the rates of each round: (the application's, nginx's).

    One worker a side, on one processor; wrk asks from another.
    """
    asked = over_http.Asked("decision JSON", "ours", DECISION)
    found = {number: [] for number in connections}
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        os.chmod(name, 0o755)
        config = ROOT / "gunicorn.conf.py"
        alone, _ = running.enter_context(over_http.server("app:app", Path(name), config))
        own, workers = alone.removeprefix("http://"), "1; worker_cpu_affinity 1"
        port = running.enter_context(nginx.before([own], name, workers=workers))
        front = f"http://127.0.0.1:{port}"
        for address in (alone, front):
            over_http.run(asked, address, 16, Path(name), seconds=1)
        for _ in range(rounds):
            for number in connections:
                pair = [over_http.run(asked, at, number, Path(name)) for at in (alone, front)]
                found[number].append(pair)
    return found


def killed(workers=200, groups=10):
    """Kill workers and groups, and upgrade; yield (what, how often, what clients saw)."""
    with postgres.running() as server, tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        with machines.two(server, Path(name)) as two:
            yield "a worker killed with -9", workers, two.kill_workers(workers)
            yield "a group killed with -9, and started", 2 * groups, two.kill_groups(groups)
            asked, _, said = two.upgrade()
            assert not any("database_behind" in each for each in said), said
            yield "migrated, each group stopped and started with the new code", 1, asked


def told_of_nginx(crossed, late, rates, faults):
    """Return nginx's part of docs/proof.md."""
    ratios = {
        number: [front.rate / alone.rate for alone, front in pairs]
        for number, pairs in rates.items()
    }
    return "\n".join(
        [
            "",
            "Through nginx, by `deploy/nginx.conf`. Asked across handovers on whole seconds and",
            "within them; stale is an answer whose question was sent at its own `until` or later.",
            f"{crossed[0]} handovers, {crossed[1]:,} answers, {crossed[2]} stale.",
            f"After a divert, the last old answer came within {max(late):.1f} seconds, of 10.",
            "",
            "Decision JSON, requests a second in paired rounds, one worker each, on one processor:",
            "",
            "| connections | the application alone | through nginx | ratio | least, most |",
            "|---:|---:|---:|---:|---:|",
            *(
                f"| {number} | {statistics.median(alone.rate for alone, _ in pairs):,.0f} "
                f"| {statistics.median(front.rate for _, front in pairs):,.0f} "
                f"| {statistics.median(ratios[number]):.1f} "
                f"| {min(ratios[number]):.1f}, {max(ratios[number]):.1f} |"
                for number, pairs in rates.items()
            ),
            "",
            "Two groups on one PostgreSQL behind nginx, under calls, numbers, pages and JSON:",
            "",
            "| what | times | answers | failures seen | over 1 s | slowest |",
            "|---|---:|---:|---:|---:|---:|",
            *(
                f"| {what} | {times} | {seen.answers:,} | {len(seen.failures)} | {seen.slow} "
                f"| {seen.slowest:.2f} s |"
                for what, times, seen in faults
            ),
            "",
        ]
    )


if __name__ == "__main__":
    print(  # noqa: T201
        told_of_nginx(handovers(), diverted(), throughput(), list(killed()))
    )
