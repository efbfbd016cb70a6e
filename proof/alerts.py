"""The alerts' part of bin/prove: senders killed with -9 at any instant, two at a time.

``PYTHONPATH=.:tests python -m proof.alerts DATABASE_URL TIMES`` prints what was found as JSON.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import postgres
from alerts.conftest import Hook
from conftest import ANYSHIRE
from serving import TESTS_PATH

from routing import create_app, lookup
from routing.alerts import delivery
from routing.store import alerts, calls, db
from routing.store.calls import CallStart, LegEnd

SHORT = timedelta(seconds=0.5)


def prove_alerts(times=100):
    """Return the text, and whether an alert was lost when its sender was killed."""
    with postgres.running() as server, tempfile.TemporaryDirectory() as folder:
        urls = {"SQLite": f"sqlite:///{folder}/routing.sqlite", "PostgreSQL": server.database()}
        rows = [(name, _run_in_subprocess(url, times)) for name, url in urls.items()]
    return describe_alerts(rows), any(counts["never"] for _, counts in rows)


def describe_alerts(rows):
    """Return the text of this part; ``rows`` are (database, what ``run`` returned)."""
    lines = [
        "Two processes that each record a call that nobody answered and send what is due to a",
        "webhook, as fast as they can, killed with -9 at any instant. Each call must be reported;",
        "it is reported twice where a sender was killed before it could record that.",
        "",
        "| database | killed | calls | never reported | reported twice |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, counts in rows:
        figures = (counts[key] for key in ("killed", "noted", "never", "twice"))
        lines.append(f"| {name} | {' | '.join(f'{figure:,}' for figure in figures)} |")
    return "\n".join(lines)


def _run_in_subprocess(url, times):
    """Call ``run`` in a process of its own, which may fork."""
    process = subprocess.run(
        [sys.executable, "-m", "proof.alerts", url, str(times)],
        env=os.environ | {"PYTHONPATH": TESTS_PATH},
        capture_output=True,
        check=True,
    )
    return json.loads(process.stdout)


def run(url, times):
    """Kill ``times`` senders. Return that number, and those of the calls that were recorded, never
    reported and reported twice.
    """
    folder = Path(tempfile.mkdtemp(prefix="routing-alerts-"))
    hook, address = _hook(folder / "delivered")
    alerts.LEASE = SHORT
    app = create_app(
        {
            "DIRECTORY": str(ANYSHIRE),
            "INSTANCE_PATH": str(folder),
            "DATABASE_URL": url,
            "SECRET_KEY": "x" * 40,
            "ALERT_WEBHOOK_URL": address,
        }
    )
    with app.app_context():
        db.upgrade(lookup.database())
        lookup.database().engine.dispose()
        lookup.snapshot()
    running = [_start(app, 0), _start(app, 1)]
    for number in range(times):
        random.seed(number)
        child, begins = running[number % 2]
        os.read(begins, 1)  # it begins to send
        time.sleep(random.uniform(0, 0.3))
        _kill(child)
        os.close(begins)
        running[number % 2] = _start(app, number + 2)
    for child, begins in running:
        _kill(child)
        os.close(begins)
    counts = _count(app, folder / "delivered")
    _kill(hook)
    shutil.rmtree(folder)
    return {"killed": times, **counts}


def _hook(file):
    """Answer as a webhook, from a process of its own; each alert is a line of ``file``."""
    server = Hook()

    def save_titles():
        titles = [alert["title"] for alert in json.loads(server.taken.pop())["alerts"]]
        with file.open("a") as out:
            out.write("".join(f"{title}\n" for title in titles))

    server.on_post = save_titles
    child = os.fork()
    if not child:
        server.serve_forever()
    server.server_close()
    return child, server.url


def _start(app, number):
    """Start a sender; return its number, and where it writes a byte whenever it begins to send."""
    reads, writes = os.pipe()
    child = os.fork()
    if not child:
        try:
            with app.app_context():
                _work(number, writes)
        finally:
            os._exit(1)
    os.close(writes)
    return child, reads


def _work(number, begins):
    turn = 0
    while True:
        turn += 1
        with lookup.database().writing() as connection:
            begun = CallStart(f"call-{number}-{turn}", "mash", "in_hours", lookup.now())
            ended = LegEnd(1, "mash", "no_answer", lookup.now(), None)
            calls.step(connection, begun.service, begun, ended=ended, outcome="unanswered")
        os.write(begins, b".")
        delivery.send_alerts(impatient=True)


def _kill(child):
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _count(app, file):
    """Let one sender finish what waits, and compare the calls with the alerts."""
    time.sleep(2 * SHORT.total_seconds())
    with app.app_context():
        for _ in range(100):
            (result,) = delivery.send_alerts(impatient=True)
            if not result.waiting:
                break
            time.sleep(0.1)
        with lookup.database().reading() as connection:
            noted = {row.service for row in connection.execute(calls.calls.select()) if row.outcome}
    deliveries = Counter(line.rpartition(": ")[2].strip() for line in file.open())
    return {
        "noted": len(noted),
        "never": len(noted - deliveries.keys()),
        "twice": sum(deliveries[service] > 1 for service in noted),
    }


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], int(sys.argv[2]))))
