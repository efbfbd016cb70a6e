"""The answers' part of bin/prove: every minute of years, against an oracle and brute force."""

import os
import random
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path

import generated
from serving import TESTS_PATH
from sweep import (
    DIVISIONS,
    EXAMPLES,
    ROOT,
    pairs,
    wrong_changes,
    wrong_gaps,
    wrong_instants,
    wrong_minutes,
    year,
)

from proof import table

ZONES = ("Pacific/Auckland", "America/New_York", "UTC")


def prove_minutes():
    """Prove the answer itself, minute by minute and around every boundary."""
    rows = list(sweep())
    zones = {
        zone: subprocess.run(
            [sys.executable, "-m", "proof.answers"],
            cwd=ROOT,
            env=os.environ | {"TZ": zone, "PYTHONPATH": TESTS_PATH},
            check=False,
        ).returncode
        for zone in ZONES
    }
    heads = ("directory", "minutes", "wrong", "instants asked", "wrong")
    zone_rows = ((zone, "differs" if code else "no difference") for zone, code in zones.items())
    text = f"{table(heads, rows)}\n\n{table(('the zone of the machine', 'answers'), zone_rows)}"
    return text, any(row[2] or row[4] for row in rows) or any(zones.values())


def prove_directories():
    """Prove what `who-to-call directory gaps` and `diff` find."""
    rows = (("gaps", *scan_gaps()), ("diff", *compare_pairs()))
    return table(("command", "minutes", "wrong"), rows), any(row[2] for row in rows)


def sweep(first=2024, last=2031, made=100):
    """Compare every minute and every boundary; yield a table row for each directory.

    The last row is of directories made at random, which use every key.
    """
    draw, row = random.Random(20261125), [0, 0, 0, 0]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "generated.yaml")
        for _ in range(made):
            path.write_text(generated.directory(draw))
            minutes = wrong_minutes(path, year(first), year(last))
            instants = wrong_instants(path, year(2026), year(2027))
            row = [total + n for total, n in zip(row, (*minutes, *instants), strict=True)]
    for path in [ROOT / "directory.yaml", *EXAMPLES]:
        minutes = wrong = instants = instants_wrong = 0
        for division in DIVISIONS:
            done, bad = wrong_minutes(path, year(first), year(last), division)
            minutes, wrong = minutes + done, wrong + bad
            done, bad = wrong_instants(
                path, year(first), year(last), division, random_instants=20_000
            )
            instants, instants_wrong = instants + done, instants_wrong + bad
        yield path.stem, minutes, wrong, instants, instants_wrong
    yield f"{made} made at random", *row


def scan_gaps(first=2024, last=2031, made=100):
    """Compare gaps, overlaps and hours with nobody left with a scan; return (minutes, wrong)."""
    total = wrong = 0
    draw = random.Random(20261123)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "generated.yaml")
        for file in [ROOT / "directory.yaml", *EXAMPLES]:
            minutes, bad = wrong_gaps(file, year(first), year(last))
            total, wrong = total + sum(minutes.values()), wrong + bad
        for _ in range(made):
            path.write_text(generated.directory(draw))
            minutes, bad = wrong_gaps(path, year(2026), year(2028))
            total, wrong = total + sum(minutes.values()), wrong + bad
    return total, wrong


def compare_pairs(count=200):
    """Compare ``diff`` with every minute; return (minutes that differ, wrong)."""
    differing = wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for old, new in islice(pairs(20261124, Path(folder)), count):
            minutes, bad = wrong_changes(old, new, year(2026), year(2028))
            differing, wrong = differing + minutes, wrong + bad
    return differing, wrong


def zone_sample():
    """Compare a year of three directories, whatever the machine's own zone. Return the wrong."""
    rows = [wrong_minutes(path, year(2026), year(2027)) for path in EXAMPLES[:3]]
    return sum(wrong for _, wrong in rows)


if __name__ == "__main__":
    sys.exit(1 if zone_sample() else 0)
