"""The faults' part of bin/prove: every fault under load, 200 kills, Christmas rehearsed."""

import os
import random
import signal
import sqlite3
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path

import postgres
from doors import Load
from faulted import Row, complete_row, endured, served, stepped
from faults.test_christmas import christmas
from faults.test_two_groups import two_groups
from service_faults import FAULTS, all_killed, name


def prove_faults(times=200):
    """Prove that no fault costs a caller an answer, or staff a confirmed change.

    Return the text, and whether anything failed.
    """
    rows, (killed, wrong_files), shared = (
        list(break_everything()),
        kill_workers(times),
        ask_groups(),
    )
    bad = [(row.fault, row.bad()) for row in (*rows, killed) if row.bad()]
    print(*bad, *shared[1:], sep="\n")
    failed = bool(bad or wrong_files or shared[1] or shared[2])
    return describe_faults(rows, killed, wrong_files, shared), failed


def prove_christmas(count=200):
    """Prove that every interface agrees with the oracle, whenever a rehearsal of Christmas starts.

    Return the text, and whether one disagrees.
    """
    counts, wrong = christmas(count)
    print(*wrong[:5], sep="\n")
    return describe_christmas(counts, wrong), bool(wrong)


def break_everything():
    """Cause each fault in turn, for a while under load; yield a Row for each."""
    for kind, codes_by_fault in FAULTS.items():
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            service = stack.enter_context(service_of(kind, folder, stack))
            for fault, codes in codes_by_fault.items():
                yield endured(name(fault), service, fault, codes, during=3.0, patience=20)


def service_of(kind, folder, stack):
    """Return the service of a kind in FAULTS, to be started."""
    if kind == "stepped":
        return stepped(folder)
    return served(folder, stack.enter_context(postgres.running()) if kind == "postgresql" else None)


def kill_workers(times=200, every=10):
    """Kill workers with -9 under load at any instant, every ``every`` times the whole application.

    Return a Row, and the faults that SQLite finds in its file.
    """
    draw, row = random.Random(20261128), Row(f"{times} times killed with -9", None)
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as service:
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


def ask_groups(rounds=20, questions=500):
    """Ask two groups of processes that share a PostgreSQL, as two_groups does."""
    with postgres.running() as server, tempfile.TemporaryDirectory() as folder:
        return two_groups(server, Path(folder), rounds, questions)


def describe_faults(rows, killed, wrong_files, groups):
    """Return the text of the part "faults"."""
    numbers, old, late = groups
    return "\n".join(
        [
            "The real service, with two workers, under requests to every interface at once (the",
            "decision, pages, fragments, the exchange's numbers, and calls signed as Twilio signs",
            "them and followed to their end) while a colleague sets diverts on the staff page.",
            "Each fault begins under that load and is repaired. Each answer is compared with an",
            "oracle and the diverts in force: a confirmed divert is in force at once on the",
            "telephone and within a second elsewhere. `silent` requests got no answer; `slow` ones",
            "took over a second; `lost` diverts had been confirmed; `unwritten` calls were put",
            "through and are not in the log, such as those since a backup that was restored.",
            "",
            *_table(rows),
            "",
            f"Workers, and every tenth time the whole application, {killed.fault} under the same",
            "load. Requests that a killed worker had begun were sent again, as Twilio does.",
            f"{killed.acknowledged:,} diverts confirmed, {len(killed.lost)} lost, {killed.alone}",
            "without an entry in the audit log or the reverse;",
            f"{len(killed.tally.calls):,} calls put through, {killed.unwritten} not in the log;",
            f"{len(wrong_files)} faults in the database's file.",
            "",
            *_table([killed]),
            "",
            "Two groups of processes share a PostgreSQL, and diverts are set on the staff page of",
            f"one: {numbers:,} numbers requested from both as soon as it was confirmed,",
            f"{len(old)} old; {len(late)} other answers were old after a second.",
        ]
    )


def describe_christmas(counts, wrong):
    """Return the text of the part "christmas"."""
    return "\n".join(
        [
            f"Christmas rehearsed from {counts['rota']} instants between 20 December 2026 and 5",
            "January 2027, every other one a second before, at or after a handover. Each interface",
            f"was compared with the oracle: {counts.total():,} answers, {len(wrong)} wrong",
            f"({', '.join(f'{interface} {count}' for interface, count in counts.items())}).",
        ]
    )


def _table(rows):
    heads = ("", "made", "answered", "refused", "sent again", "wrong", "silent", "slow")
    heads += ("diverts", "lost", "unwritten", "staff page", "warnings")
    yield f"| {' | '.join(heads)} |"
    yield "|---|" + "---:|" * 10 + "---|---|"
    for row in rows:
        tally = row.tally
        cells = (row.fault, tally.made, tally.answered, tally.refused, tally.again)
        cells += (len(tally.wrong), len(tally.silent) + len(tally.failed), tally.slow)
        cells += (row.acknowledged, len(row.lost), row.unwritten)
        cells += (row.staff, ", ".join(sorted(row.warnings)))
        yield f"| {' | '.join(f'{cell:,}' if isinstance(cell, int) else cell for cell in cells)} |"
