"""The part of bin/prove that kills processes while they divert calls, on both databases."""

import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack

import postgres
from serving import TESTS_PATH


def kills():
    """Prove that no change is lost, and none without its record."""
    rows = list(kill())
    return told_of_kills(rows), any(row[3] or row[4] for row in rows)


def kill(times=200):
    """Kill processes that divert calls, on both databases; yield a table row for each."""
    with ExitStack() as running, tempfile.TemporaryDirectory() as folder:
        server = running.enter_context(postgres.running())
        for name, url in (
            ("SQLite", f"sqlite:///{folder}/routing.sqlite"),
            ("PostgreSQL", server.database()),
        ):
            done = subprocess.run(
                [sys.executable, "-m", "killed", url, str(times)],
                cwd=folder,
                env=os.environ | {"PYTHONPATH": TESTS_PATH},
                capture_output=True,
                check=True,
            )
            counts = json.loads(done.stdout)
            lost = max(0, counts["set"] - counts["diverts"])
            lost += max(0, counts["moved"] - counts["recorded_moves"])
            alone = abs(counts["diverts"] - counts["recorded"]) + counts["differ"]
            changes = counts["diverts"] + counts["recorded_moves"]
            yield name, counts["killed"], changes, alone, lost


def told_of_kills(kills):
    """Return what is proved of changes and their record."""
    lines = [
        "Processes that set diverts and move their ends as fast as they can, killed with -9 at any",
        "instant: changes without their record or records without their change, and changes lost",
        "that had been acknowledged.",
        "",
        "| database | killed | changes | without the other | lost |",
        "|---|---:|---:|---:|---:|",
        *(f"| {name} | {n} | {c:,} | {alone} | {lost} |" for name, n, c, alone, lost in kills),
    ]
    return "\n".join(lines)
