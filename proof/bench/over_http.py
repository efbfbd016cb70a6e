"""Requests a second over HTTP, beside a one-file application that answers the same requests.

Both run under the same gunicorn settings, one worker each, pinned to one processor; wrk sends
requests from another. They take turns within each round: what counts is the ratio within a round.
"""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import ExitStack, closing, contextmanager
from itertools import count, product
from pathlib import Path
from typing import NamedTuple

from serving import ROOT, TESTS_PATH, children, free_port, listens, poll
from telephone import BASE, TOKEN, sign

from proof.growth import memory
from routing.store import db
from routing.store.db import Database

CONNECTIONS = (1, 16, 64)
ROUNDS, SECONDS = 5, 2
SIGNED_REQUESTS = 40_000
VOICE = "/twilio/voice/children"
FORM = {"From": "+447700900123", "To": "+441632960100", "Direction": "inbound"}
SETTINGS = {"TWILIO_AUTH_TOKEN": TOKEN, "PUBLIC_BASE_URL": BASE}
CALL_LOG_SECONDS = 10.0
"""How long after the last answer the call log may still be written."""

APPS = {
    "service": ("app:app", ROOT / "gunicorn.conf.py", "routing.sqlite"),
    "one file": (
        "proof.one_file_app:app",
        ROOT / "proof/bench/plain.conf.py",
        "one_file_app.sqlite",
    ),
}
"""Server: its application, its gunicorn settings, and the database with its table of calls."""

PATHS = {
    "decision JSON": "/api/v1/services/children/decision",
    "plain number": "/api/v1/services/children/number",
    "signed webhook": VOICE,
    "page": "/",
}
"""What wrk requests: VOICE by POST of signed calls, all else by GET."""

_call_numbers = count()


class Run(NamedTuple):
    """One run: requests a second; milliseconds at the median and at the 99th percentile."""

    rate: float
    median: float
    p99: float


class Comparison(NamedTuple):
    """One of PATHS at a number of connections: runs of the service, and of the one-file application
    in the same rounds.
    """

    connections: int
    name: str
    own: list[Run]
    other: list[Run]

    def ratios(self, figure="rate"):
        """Return the service's figure, in the other's, in each round."""
        pairs = zip(self.own, self.other, strict=True)
        return [getattr(own, figure) / getattr(other, figure) for own, other in pairs]


@contextmanager
def server(app, folder, config, **environ):
    """Serve an application by gunicorn with one worker; yield its address and its worker's id."""
    port = free_port()
    command = ["gunicorn", "--config", str(config), "--bind", f"127.0.0.1:{port}", app]
    process = subprocess.Popen(
        [*_pinned(0), sys.executable, "-m", *command],
        cwd=ROOT,
        env=os.environ
        | {"WEB_CONCURRENCY": "1", "PYTHONPATH": TESTS_PATH}
        | {"DIRECTORY": str(ROOT / "directory.yaml"), "INSTANCE_PATH": str(folder)}
        | environ,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        poll(lambda: listens(port))
        urllib.request.urlopen(address + "/", timeout=60).close()
        yield address, children(process.pid)[0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def run(path, address, connections, folder, seconds=SECONDS):
    """Request a path for some seconds; return a Run. Raise AssertionError for a failure."""
    command = [*_pinned(1), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    if path == VOICE:
        command += ["-s", str(_script(folder))]
    output = subprocess.run(
        [*command, address + path], capture_output=True, text=True, check=True
    ).stdout
    assert "Non-2xx" not in output, output
    assert "Socket errors" not in output, output
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])
    latency = {p: _milliseconds(v) for p, v in re.findall(r"(50|99)%\s+([\d.]+\w+)", output)}
    return Run(rate, latency["50"], latency["99"])


def measure(rounds=ROUNDS, connections=CONNECTIONS):
    """Return a Comparison of each path, and the MiB that a worker of each server holds.

    Raise AssertionError if a signed call that was answered has no row in the end.
    """
    if not shutil.which("wrk"):
        raise SystemExit("bin/prove bench needs wrk. On Debian or Ubuntu: sudo apt install wrk")
    comparisons = [Comparison(n, name, [], []) for n in connections for name in PATHS]
    with ExitStack() as stack, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        db.upgrade(Database("", folder))
        servers = {
            app: stack.enter_context(server(target, folder, config, **SETTINGS))
            for app, (target, config, _) in APPS.items()
        }
        for path, (address, _) in product(PATHS.values(), servers.values()):
            run(path, address, 16, folder, seconds=1)
        for _, row in product(range(rounds), comparisons):
            path = PATHS[row.name]
            for (app, (address, _)), runs in zip(
                servers.items(), (row.own, row.other), strict=True
            ):
                before = _calls(folder, app)
                runs.append(run(path, address, row.connections, folder))
                if path == VOICE:
                    _expect_calls(folder, app, before + int(runs[-1].rate * SECONDS * 0.95))
        mebibytes = {app: memory(pid) for app, (_, pid) in servers.items()}
    return comparisons, mebibytes


def _calls(folder, app):
    with closing(sqlite3.connect(f"file:{folder / APPS[app][2]}?mode=ro", uri=True)) as connection:
        return connection.execute("SELECT count(*) FROM calls").fetchone()[0]


def _expect_calls(folder, app, expected):
    """Wait until every answered call has its row."""
    poll(lambda: _calls(folder, app) >= expected, CALL_LOG_SECONDS, lambda: (app, expected))


def _script(folder):
    """Write what wrk sends: signed calls, each with an id of its own."""
    rows = []
    for number in (next(_call_numbers) for _ in range(SIGNED_REQUESTS)):
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
    several = (os.cpu_count() or 1) > 1 and shutil.which("taskset")
    return ["taskset", "-c", str(processor)] if several else []


def _milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(\w+)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}[unit]
