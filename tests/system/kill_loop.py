"""Kill processes that divert calls, with -9 at any instant: each change has its audit entry."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from divert_to import divert_to
from serving import TESTS_PATH

from routing.core.instants import Span
from routing.store import audit_log, db, diverts, tables
from routing.store.db import Database

SET, MOVED = b"s", b"m"


def kill(url, times, folder):
    """Kill so many processes, started by one of its own; return what the database holds and what
    was acknowledged.
    """
    command = [sys.executable, "-m", "kill_loop", url, str(times)]
    environ = os.environ | {"PYTHONPATH": TESTS_PATH}
    done = subprocess.run(command, cwd=folder, env=environ, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def _kill_and_count(url, times):
    db.upgrade(Database(url, Path(".")))
    acknowledged = b""
    for seed in range(times):
        random.seed(seed)
        acknowledged += _kill_one(url)
    return {
        "killed": times,
        "set": acknowledged.count(SET),
        "moved": acknowledged.count(MOVED),
        **_stored(url),
    }


def _kill_one(url):
    """Start a process, kill it, and return what it acknowledged until then."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if not child:
        os.close(read_end)
        divert_for_ever(url, write_end)
    os.close(write_end)
    acknowledged = os.read(read_end, 1)  # it has begun
    time.sleep(random.uniform(0, 0.03))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while more := os.read(read_end, 65536):
        acknowledged += more
    os.close(read_end)
    return acknowledged


def divert_for_ever(url, pipe):
    """Set diverts and move their ends as fast as possible; write a byte after each commit."""
    database = Database(url, Path("."))
    while True:
        at = datetime.now(UTC)
        with database.writing() as connection:
            new = divert_to("eds", Span(at, at + timedelta(hours=1)))
            (divert,) = diverts.create(connection, [new], "x", at, "account:1")
        os.write(pipe, SET)
        with database.writing() as connection:
            diverts.move_end(connection, divert.id, at + timedelta(hours=2), at, "account:1")
        os.write(pipe, MOVED)


def _stored(url):
    with Database(url, Path(".")).reading() as connection:
        rows = connection.execute(tables.diverts.select()).all()
        entries = audit_log.newest(connection, 10**6)
    audited = {entry.entity: entry.after for entry in reversed(entries)}
    return {
        "diverts": len(rows),
        "recorded": sum(entry.action == "divert.set" for entry in entries),
        "recorded_moves": sum(entry.action == "divert.changed" for entry in entries),
        "differ": sum(
            audited.get(f"divert:{row.id}", {}).get("to") != row.ends_at.isoformat() for row in rows
        ),
    }


if __name__ == "__main__":
    print(json.dumps(_kill_and_count(sys.argv[1], int(sys.argv[2]))))
