"""The faults' part of bin/prove: everything broken under load, 200 kills, Christmas rehearsed."""

import os
import random
import signal
import sqlite3
import tempfile
import time
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from pathlib import Path

import postgres
from christmas import christmas
from doors import Load
from fault_list import FAULTS, name
from faulted import Row, endured, kept, rehearsing, served, stepped
from service_faults import all_killed
from two_groups import two_groups

HANDOVERS = ("2026-12-24T15:30:00Z", "2026-12-28T10:00:00Z", "2026-12-29T00:00:00Z")
"""Christmas Eve's early end, a bank holiday on which the day team is in, another number."""


def faults(times=200):
    """Prove that whatever breaks costs no caller an answer, and staff nothing that was confirmed.

    Return the text, and whether anything was not as promised.
    """
    rows, (killed, wrong_files), shared = list(broken()), kills(times), groups()
    bad = [(row.fault, row.bad()) for row in (*rows, killed) if row.bad()]
    print(*bad, *shared[1:], sep="\n")
    failed = bool(bad or wrong_files or shared[1] or shared[2])
    return told_of_faults(rows, killed, wrong_files, shared), failed


def rehearsed(count=200):
    """Prove that every door agrees with the oracle, wherever a rehearsal of Christmas starts.

    Return the text, and whether one did not.
    """
    (counts, wrong), flips = christmas(count), list(handovers())
    bad = [row.bad() for row in flips if row.bad()]
    print(*wrong[:5], *bad, sep="\n")
    return told_of_christmas(counts, wrong, flips), bool(wrong or bad)


def broken():
    """Break everything in turn, each for a while under load; yield a Row for each."""
    for kind, codes_by_fault in FAULTS.items():
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            service = stack.enter_context(running(kind, folder, stack))
            for fault, codes in codes_by_fault.items():
                yield endured(name(fault), service, fault, codes, during=3.0, patience=20)


def running(kind, folder, stack):
    """Return the service of a kind in FAULTS, to be started."""
    if kind == "stepped":
        return stepped(folder)
    return served(folder, stack.enter_context(postgres.running()) if kind == "postgresql" else None)


def kills(times=200, every=10):
    """Kill workers with -9 under load at any instant, every so manyth time the whole application.

    Return a Row, and what SQLite finds wrong with its file.
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
                    load.settled(diverts=False)  # whoever was in its hand is answered by now
            load.settled()
        row.tally = load.tally
        with closing(sqlite3.connect(service.database.file)) as connection:
            checks = ("integrity_check", "foreign_key_check")
            results = [
                result for check in checks for (result, *_) in connection.execute(f"PRAGMA {check}")
            ]
        return kept(row, service, 0, 20), [result for result in results if result != "ok"]


def handovers():
    """Let handovers of Christmas come under load, in real processes; yield a Row for each."""
    for text in HANDOVERS:
        at = datetime.fromisoformat(text)
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            service = stack.enter_context(rehearsing(folder, at - timedelta(seconds=12)))
            with Load(service, writes=False) as load:
                load.settled()
                assert service.truth.now() < at, "the machine is too slow for the rehearsal"
                while service.truth.now() < at + timedelta(seconds=2):
                    time.sleep(0.1)
            yield Row(f"{at:%-d %B, %H:%M}", load.tally)


def groups(rounds=20, questions=500):
    """Ask two groups of processes that share a PostgreSQL, as two_groups does."""
    with postgres.running() as server, tempfile.TemporaryDirectory() as folder:
        return two_groups(server, Path(folder), rounds, questions)


def told_of_faults(rows, killed, wrong_files, groups):
    """Return the faults' part of docs/proof.md."""
    numbers, old, late = groups
    return "\n".join(
        [
            "The real service, two workers of it, under a load of every door at once (the",
            "decision, pages, fragments, the exchange's numbers, calls signed as Twilio signs them",
            "and followed to their end) and of a colleague who diverts on the staff page all the",
            "time; broken in the middle, and mended. Each answer is held against an oracle and the",
            "diverts in force: one that was confirmed is in force at once on the telephone, within",
            "a second elsewhere. `silent` got no answer; `slow` took over a second; `lost` are",
            "diverts that a page had confirmed; `unwritten` calls were put through and are not in",
            "the log, as those since a copy that was put back.",
            "",
            *_table(rows),
            "",
            f"Workers, and every tenth time the whole application, {killed.fault} under the same",
            "load: what a killed worker had in hand was asked for again, as Twilio does.",
            f"{killed.acknowledged:,} diverts confirmed, {len(killed.lost)} lost, {killed.alone}",
            f"without their record or records without them; {len(killed.tally.calls):,} calls put",
            f"through, {killed.unwritten} not in the log; {len(wrong_files)} faults in the file.",
            "",
            *_table([killed]),
            "",
            "Two groups of processes that share a PostgreSQL, diverts to and fro on the staff page",
            f"of one: {numbers:,} numbers asked of both as soon as it was confirmed,",
            f"{len(old)} old; {len(late)} other answers old after a second.",
        ]
    )


def told_of_christmas(counts, wrong, flips):
    """Return Christmas's part of docs/proof.md."""
    return "\n".join(
        [
            f"Christmas rehearsed from {counts['rota']} instants between 20 December 2026 and 5",
            "January 2027, every other one a second before, at or after a handover; asked at each",
            f"door and held against the oracle: {counts.total():,} answers, {len(wrong)} wrong",
            f"({', '.join(f'{door} {count}' for door, count in counts.items())}).",
            "",
            "Handovers of that Christmas as they come, under load, in real processes:",
            "",
            *_table(flips),
        ]
    )


def _table(rows):
    heads = ("", "made", "answered", "nobody listens", "asked again", "wrong", "silent", "slow")
    heads += ("diverts", "lost", "unwritten", "staff page", "warnings")
    yield f"| {' | '.join(heads)} |"
    yield "|---|" + "---:|" * 10 + "---|---|"
    for row in rows:
        tally = row.tally
        cells = (row.fault, tally.made, tally.answered, tally.refused, tally.again)
        cells += (len(tally.wrong), len(tally.silent) + len(tally.failed), tally.slow)
        cells += (row.acknowledged, len(row.lost), row.unwritten)
        cells += (row.staff, ", ".join(sorted(row.told)))
        yield f"| {' | '.join(f'{cell:,}' if isinstance(cell, int) else cell for cell in cells)} |"
