"""The part of bin/prove that kills processes while they divert calls, on both databases."""

import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack

import postgres
from serving import TESTS_PATH


def prove_kills():
    """Prove that no change is lost, and none lacks its entry in the audit log."""
    rows = list(kill())
    return describe_kills(rows), any(row[3] or row[4] for row in rows)


def kill(times=200):
    """Kill processes that divert calls, on both databases; yield a table row for each."""
    with ExitStack() as running, tempfile.TemporaryDirectory() as folder:
        server = running.enter_context(postgres.running())
        for name, url in (
            ("SQLite", f"sqlite:///{folder}/routing.sqlite"),
            ("PostgreSQL", server.database()),
        ):
            process = subprocess.run(
                [sys.executable, "-m", "killed", url, str(times)],
                cwd=folder,
                env=os.environ | {"PYTHONPATH": TESTS_PATH},
                capture_output=True,
                check=True,
            )
            counts = json.loads(process.stdout)
            lost = max(0, counts["set"] - counts["diverts"])
            lost += max(0, counts["moved"] - counts["recorded_moves"])
            unpaired = abs(counts["diverts"] - counts["recorded"]) + counts["differ"]
            changes = counts["diverts"] + counts["recorded_moves"]
            yield name, counts["killed"], changes, unpaired, lost


def describe_kills(kills):
    """Return the text of this part."""
    lines = [
        "Processes that set diverts and move their ends as fast as they can, killed with -9 at any",
        "instant. Counted are changes without their entry in the audit log, or the reverse, and",
        "changes that were confirmed and lost.",
        "",
        "| database | killed | changes | without entry | lost |",
        "|---|---:|---:|---:|---:|",
        *(
            f"| {name} | {count} | {changes:,} | {unpaired} | {lost} |"
            for name, count, changes, unpaired, lost in kills
        ),
    ]
    return "\n".join(lines)
