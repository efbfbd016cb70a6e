"""The parts of bin/prove that break the service: faults, kills, floods; and Christmas rehearsed."""

import os
import random
import signal
import sqlite3
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path

import flood
import kill_loop
import nginx
import postgres
from fault_runs import Row, complete_row, run_fault, running_service, stepped_service
from fault_types import FAULTS, all_killed, name
from faults.test_christmas import christmas
from faults.test_silence import change_and_wait
from mixed_load import Load

from proof import table

MAX_WAIT_SECONDS = 1.0
"""The longest that a caller may wait for an answer during a flood."""


def prove_faults(times=200):
    """Prove that no fault costs a caller an answer, or staff a confirmed change.

    Return the text, and whether anything failed.
    """
    rows, (kills, wrong_files) = list(break_everything()), kill_workers(times)
    bad = [(row.fault, row.bad()) for row in (*rows, kills) if row.bad()]
    print(*bad, sep="\n")
    lines = [
        _table([*rows, kills]),
        "",
        f"{kills.alone} of {kills.acknowledged:,} diverts without an entry in the audit log,",
        f"or the reverse; {kills.unwritten} of {len(kills.tally.calls):,} calls not in the log;",
        f"{len(wrong_files)} faults in SQLite's file.",
    ]
    return "\n".join(lines), bool(bad or wrong_files)


def prove_christmas(count=200):
    """Prove that every interface agrees with the oracle, whenever a rehearsal of Christmas starts.

    Return the text, and whether one disagrees.
    """
    counts, wrong = christmas(count)
    print(*wrong[:5], sep="\n")
    return f"{table(('interface', 'answers'), counts.items())}\n\n{len(wrong)} wrong.", bool(wrong)


def break_everything():
    """Cause each fault in turn, for a while under load; yield a Row for each."""
    for kind, codes_by_fault in FAULTS.items():
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            if kind == "stepped":
                running = stepped_service(folder)
            else:
                is_postgresql = kind == "postgresql"
                server = stack.enter_context(postgres.running()) if is_postgresql else None
                running = running_service(folder, server)
            service = stack.enter_context(running)
            for fault, codes in codes_by_fault.items():
                yield run_fault(name(fault), service, fault, codes, during=3.0, patience=20)


def kill_workers(times=200, every=10):
    """Kill workers with -9 under load at any instant, every ``every`` times the whole application.

    Return a Row, and the faults that SQLite finds in its file.
    """
    draw, row = random.Random(20261128), Row(f"{times} times killed with -9", None)
    with tempfile.TemporaryDirectory() as folder, running_service(Path(folder)) as service:
        with Load(service) as load:
            load.settled()
            for number in range(1, times + 1):
                time.sleep(draw.uniform(0, 0.3))
                if number % every == 0:
                    with all_killed(service):
                        load.settled()
                else:
                    os.kill(draw.choice(service.workers()), signal.SIGKILL)
                    load.settled(diverts=False)  # its callers have been answered by now
            load.settled()
        row.tally = load.tally
        with closing(sqlite3.connect(service.database.file)) as connection:
            checks = ("integrity_check", "foreign_key_check")
            results = [
                result for check in checks for (result, *_) in connection.execute(f"PRAGMA {check}")
            ]
        return complete_row(row, service, 0, 20), [result for result in results if result != "ok"]


def _table(rows):
    heads = ("", "made", "answered", "refused", "sent again", "wrong", "silent", "slow", "diverts")
    heads += ("lost", "unwritten", "staff page", "warnings")
    return table(heads, map(_cells, rows))


def _cells(row):
    tally = row.tally
    counts = (tally.made, tally.answered, tally.refused, tally.again, len(tally.wrong))
    diverts = (len(tally.silent), tally.slow, row.acknowledged, len(row.lost), row.unwritten)
    return row.fault, *counts, *diverts, row.staff, ", ".join(sorted(row.warnings))


def prove_kills(times=200):
    """Kill processes that divert calls, on both databases: no change is lost or lacks its entry."""
    rows = []
    with ExitStack() as running, tempfile.TemporaryDirectory() as folder:
        server = running.enter_context(postgres.running())
        for name, url in (
            ("SQLite", f"sqlite:///{folder}/routing.sqlite"),
            ("PostgreSQL", server.database()),
        ):
            counts = kill_loop.kill(url, times, folder)
            lost = max(0, counts["set"] - counts["diverts"])
            lost += max(0, counts["moved"] - counts["recorded_moves"])
            unpaired = abs(counts["diverts"] - counts["recorded"]) + counts["differ"]
            changes = counts["diverts"] + counts["recorded_moves"]
            rows.append((name, counts["killed"], changes, unpaired, lost))
    heads = ("database", "killed", "changes", "without entry", "lost")
    return table(heads, rows), any(row[3] or row[4] for row in rows)


def prove_silence(seconds=60):
    """Make each change, wait without a request, then ask: no first answer is an old one."""
    with tempfile.TemporaryDirectory() as name:
        changes = list(change_and_wait(Path(name), seconds))
    rows = [(name, ", ".join(first - {number}) or "none") for name, number, first in changes]
    is_wrong = any(old != "none" for _, old in rows)
    return table(("change", "old numbers among the first answers"), rows), is_wrong


def prove_floods():
    """Prove that a flood of any address delays and refuses no caller."""
    rows, is_wrong = [], False
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        folder = Path(name)
        with flood.served(folder) as own, nginx.before([f"127.0.0.1:{own}"], folder) as front:
            for way, port in (("alone", own), ("behind nginx", front)):
                for address in (flood.SIGN_IN, *flood.addresses()):
                    answers, counts = flood.endure(port, address)
                    is_wrong |= bool(answers.wrong) or answers.slowest >= MAX_WAIT_SECONDS
                    slowest = f"{answers.slowest:.2f} s"
                    statuses = ", ".join(f"{n} of {status}" for status, n in sorted(counts.items()))
                    row = (address, way, answers.count, len(answers.wrong), slowest, statuses)
                    rows.append(row)
    heads = ("flooded", "", "callers' answers", "wrong", "slowest", "the flood's answers")
    return table(heads, rows), is_wrong
