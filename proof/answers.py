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


def made_at_random(seed, count=100):
    """Yield files of directories made at random, which use every key."""
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            path = Path(folder, f"{number}.yaml")
            path.write_text(generated.directory(draw))
            yield path


def add_up(counts):
    return tuple(map(sum, zip(*counts, strict=True)))


def sweep(first=2024, last=2031):
    """Compare every minute and every boundary; yield a table row for each directory.

    The last row is of directories made at random.
    """
    years = year(first), year(last)
    for path in [ROOT / "directory.yaml", *EXAMPLES]:
        counts = [
            wrong_minutes(path, *years, division)
            + wrong_instants(path, *years, division, random_instants=20_000)
            for division in DIVISIONS
        ]
        yield path.stem, *add_up(counts)
    counts = [
        wrong_minutes(path, *years) + wrong_instants(path, year(2026), year(2027))
        for path in made_at_random(20261125)
    ]
    yield f"{len(counts)} made at random", *add_up(counts)


def scan_gaps(first=2024, last=2031):
    """Compare gaps, overlaps and hours with nobody left with a scan; return (minutes, wrong)."""
    files = [ROOT / "directory.yaml", *EXAMPLES]
    counts = [wrong_gaps(file, year(first), year(last)) for file in files]
    counts += [wrong_gaps(file, year(2026), year(2028)) for file in made_at_random(20261123)]
    return add_up((sum(minutes.values()), wrong) for minutes, wrong in counts)


def compare_pairs(count=200):
    """Compare ``diff`` with every minute; return (minutes that differ, wrong)."""
    with tempfile.TemporaryDirectory() as folder:
        changed = islice(pairs(20261124, Path(folder)), count)
        return add_up(wrong_changes(old, new, year(2026), year(2028)) for old, new in changed)


def zone_sample():
    """Compare a year of three directories, whatever the machine's own zone. Return the wrong."""
    rows = [wrong_minutes(path, year(2026), year(2027)) for path in EXAMPLES[:3]]
    return sum(wrong for _, wrong in rows)


if __name__ == "__main__":
    sys.exit(1 if zone_sample() else 0)
