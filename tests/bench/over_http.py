"""Requests a second over HTTP, beside a hello-world of Flask and a bare WSGI application.

All run under the same gunicorn settings, one worker each, pinned to one processor; wrk asks from
another. They take turns, round by round: what counts is the ratio within a round.
"""

import os
import re
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from bench.memory import memory
from serving import ROOT, free_port
from telephone import BASE, TOKEN, sign

from routing.storage import upgrade
from routing.storage.db import Database

CONNECTIONS = (1, 16, 64)
ROUNDS, SECONDS = 5, 2
SIGNED = 40_000
VOICE = "/twilio/voice/children"
FORM = {"From": "+447700900123", "To": "+441632960100", "Direction": "inbound"}
OURS = {"TWILIO_AUTH_TOKEN": TOKEN, "PUBLIC_BASE_URL": BASE}
_SIDS = count()
_WRITTEN = {}


@dataclass(frozen=True)
class Asked:
    """What is asked: of which server, at which path, by POST of signed calls or by GET."""

    name: str
    server: str
    path: str
    signed: bool = False


ASKED = (
    Asked("bare WSGI", "bare", "/"),
    Asked("hello-world", "hello", "/"),
    Asked("decision JSON", "ours", "/api/v1/services/children/decision"),
    Asked("plain number", "ours", "/api/v1/services/children/number"),
    Asked("page", "ours", "/"),
    Asked("signed voice webhook", "ours", VOICE, signed=True),
)


@dataclass(frozen=True)
class Measured:
    """One run: requests a second, milliseconds at the median and the 99th percentile."""

    rate: float
    median: float
    p99: float


@contextmanager
def server(app, folder, config, **environ):
    """Serve an application by gunicorn with one worker; yield its address and its worker's id."""
    port = free_port()
    words = ["gunicorn", "--config", str(config), "--bind", f"127.0.0.1:{port}", app]
    process = subprocess.Popen(
        [*_pinned(0), sys.executable, "-m", *words],
        cwd=ROOT,
        env=os.environ
        | {"WEB_CONCURRENCY": "1", "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
        | {"DIRECTORY": str(ROOT / "directory.yaml"), "INSTANCE_PATH": str(folder)}
        | environ,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(address + "/", timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        found = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True)
        yield address, int(found.stdout.split()[0])
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def run(asked, address, connections, folder, seconds=SECONDS):
    """Ask for some seconds; return what wrk measured. Raise AssertionError for any other answer."""
    words = [*_pinned(1), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    if asked.signed:
        words += ["-s", str(_script(folder))]
    done = subprocess.run(
        [*words, address + asked.path], capture_output=True, text=True, check=True
    )
    assert "Non-2xx" not in done.stdout, done.stdout
    assert "Socket errors" not in done.stdout, done.stdout
    if asked.signed:
        _all_written(folder, int(re.search(r"(\d+) requests in", done.stdout)[1]))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1])
    at = {p: _milliseconds(v) for p, v in re.findall(r"(50|99)%\s+([\d.]+\w+)", done.stdout)}
    return Measured(rate, at["50"], at["99"])


def measure(rounds=ROUNDS):
    """Return what was measured: by connections and what was asked, each round; MiB by server."""
    if not shutil.which("wrk"):
        raise SystemExit("bin/prove bench needs wrk. On Debian or Ubuntu: sudo apt install wrk")
    found = {(n, each.name): [] for n in CONNECTIONS for each in ASKED}
    with ExitStack() as running, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        upgrade.upgrade(Database("", folder))
        plain = ROOT / "tests/bench/plain.conf.py"
        servers = {
            "bare": server("bench.hello:bare", folder, plain),
            "hello": server("bench.hello:app", folder, plain),
            "ours": server("app:app", folder, ROOT / "gunicorn.conf.py", **OURS),
        }
        at = {key: running.enter_context(each) for key, each in servers.items()}
        for each in ASKED:
            run(each, at[each.server][0], 16, folder, seconds=1)
        for _ in range(rounds):
            for connections in CONNECTIONS:
                for each in ASKED:
                    measured = run(each, at[each.server][0], connections, folder)
                    found[connections, each.name].append(measured)
        kept = {key: memory(pid) for key, (_, pid) in at.items()}
    return found, kept


@dataclass(frozen=True)
class Beside:
    """What was measured of one thing at so many connections, beside hello-world each round.

    ``rate``, ``median`` and ``p99`` are medians of the rounds; ``ratio`` and ``slower`` are the
    medians of the rounds' ratios, of requests a second and of the 99th percentile; ``least`` and
    ``most`` say how far the first of them spread.
    """

    connections: int
    name: str
    rate: float
    ratio: float
    least: float
    most: float
    median: float
    p99: float
    slower: float


THREADS = (1, 2, 4, 8)


def threads(rounds=3):
    """Return what was measured with each number of threads a worker, of what waits and what does
    not, at 64 connections: by threads and name, each round.
    """
    asked = [each for each in ASKED if each.name in ("decision JSON", "signed voice webhook")]
    found = {(n, each.name): [] for n in THREADS for each in asked}
    with ExitStack() as running, tempfile.TemporaryDirectory() as name:
        at, folders = {}, {}
        for n in THREADS:
            folders[n] = Path(name, str(n))
            folders[n].mkdir()
            upgrade.upgrade(Database("", folders[n]))
            more = OURS | {"GUNICORN_CMD_ARGS": f"--threads {n}"}
            config = ROOT / "gunicorn.conf.py"
            at[n], _ = running.enter_context(server("app:app", folders[n], config, **more))
        for _ in range(rounds):
            for each in asked:
                for n in THREADS:
                    found[n, each.name].append(run(each, at[n], CONNECTIONS[-1], folders[n]))
    return found


def beside(found):
    """Yield each thing that was measured beside hello-world in the same round."""
    for (connections, name), mine in found.items():
        hello = found[connections, "hello-world"]
        ratios = [x.rate / y.rate for x, y in zip(mine, hello, strict=True)]
        slower = [x.p99 / y.p99 for x, y in zip(mine, hello, strict=True)]
        yield Beside(
            connections,
            name,
            statistics.median(x.rate for x in mine),
            statistics.median(ratios),
            min(ratios),
            max(ratios),
            statistics.median(x.median for x in mine),
            statistics.median(x.p99 for x in mine),
            statistics.median(slower),
        )


def _all_written(folder, answered):
    """Make sure that each call that was answered has its row: a log that fell behind is no log."""
    with sqlite3.connect(f"file:{folder}/routing.sqlite?mode=ro", uri=True) as connection:
        rows = connection.execute("SELECT count(*) FROM calls").fetchone()[0]
    known = _WRITTEN.get(folder, 0)
    assert rows - known >= answered, f"{answered} calls were answered, {rows - known} written"
    _WRITTEN[folder] = rows


def _script(folder):
    """Write what wrk sends: calls that nobody made before, each signed."""
    rows = []
    for number in (next(_SIDS) for _ in range(SIGNED)):
        form = FORM | {"CallSid": f"CA{number:032x}"}
        rows.append(f"{form['CallSid']} {sign(BASE + VOICE, form)}")
    (folder / "signed").write_text("\n".join(rows))
    fields = "&".join(f"{key}={value.replace('+', '%2B')}" for key, value in FORM.items())
    script = folder / "voice.lua"
    script.write_text(
        f"""
local rows, n = {{}}, 0
for line in io.lines("{folder / "signed"}") do rows[#rows + 1] = line end
request = function()
  n = n % #rows + 1
  local sid, signature = rows[n]:match("(%S+) (%S+)")
  local headers = {{["Content-Type"] = "application/x-www-form-urlencoded",
                    ["X-Twilio-Signature"] = signature}}
  return wrk.format("POST", nil, headers, "{fields}&CallSid=" .. sid)
end
"""
    )
    return script


def _pinned(processor):
    """Return what pins a command to a processor, where there are two."""
    many = (os.cpu_count() or 1) > 1 and shutil.which("taskset")
    return ["taskset", "-c", str(processor)] if many else []


def _milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(\w+)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}[unit]
