"""Processes that divert calls, killed with -9 at any instant: no change without its record.

``python -m killed DATABASE_URL TIMES`` in the tests' folder; prints what was found as JSON.
"""

import json
import os
import random
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from routing.core.instants import Span
from routing.store import audit_log, diverts, migrate
from routing.store.db import Database
from routing.store.diverts import NewDivert


def divert_for_ever(url, acknowledged):
    """Set, move and end diverts as fast as can be, telling of each once it is acknowledged."""
    database = Database(url, Path("."))
    while True:
        at = datetime.now(UTC)
        with database.writing() as connection:
            wanted = NewDivert("children", "eds", Span(at, at + timedelta(hours=1)), "x")
            (found,) = diverts.create(connection, [wanted], at, "person:1")
        os.write(acknowledged, b"s")
        with database.writing() as connection:
            diverts.move_end(connection, found.id, at + timedelta(hours=2), at, "person:1")
        os.write(acknowledged, b"m")


def run(url, times):
    """Kill so many processes, and return what the database holds beside what was acknowledged."""
    migrate.upgrade(Database(url, Path(".")))
    told = {b"s": 0, b"m": 0}
    for number in range(times):
        random.seed(number)
        reads, writes = os.pipe()
        child = os.fork()
        if not child:
            os.close(reads)
            divert_for_ever(url, writes)
        os.close(writes)
        first = os.read(reads, 1)  # it has begun
        time.sleep(random.uniform(0, 0.03))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        heard = first
        while more := os.read(reads, 65536):
            heard += more
        os.close(reads)
        for each in told:
            told[each] += heard.count(each)
    return {"killed": times, "set": told[b"s"], "moved": told[b"m"], **_held(url)}


def _held(url):
    with Database(url, Path(".")).reading() as connection:
        rows = connection.execute(diverts.diverts.select()).all()
        record = audit_log.newest(connection, 10**6)
    state = {}
    for each in reversed(record):
        state[each.entity] = each.after
    return {
        "diverts": len(rows),
        "recorded": sum(each.action == "divert.set" for each in record),
        "recorded_moves": sum(each.action == "divert.changed" for each in record),
        "differ": sum(
            state.get(f"divert:{row.id}", {}).get("to") != row.ends_at.isoformat() for row in rows
        ),
    }


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], int(sys.argv[2]))))
