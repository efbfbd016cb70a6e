"""bin/prove: the long counts, written to docs/proof.md with date, command and figures."""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import generated
import postgres
import prove_rota
from mutants import ROTA_MUTANTS, ROTA_TESTS, survivors
from prove_calls import telephone, told_of_calls
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

ZONES = ("Pacific/Auckland", "America/New_York", "UTC")


def sweep(first=2024, last=2031):
    """Compare every minute and every boundary; yield a table row for each directory."""
    for path in [ROOT / "directory.yaml", *EXAMPLES]:
        minutes = wrong = asked = wrong_asked = 0
        for division in DIVISIONS:
            done, bad = wrong_minutes(path, year(first), year(last), division)
            minutes, wrong = minutes + done, wrong + bad
            done, bad = wrong_instants(
                path, year(first), year(last), division, random_instants=20_000
            )
            asked, wrong_asked = asked + done, wrong_asked + bad
        yield path.stem, minutes, wrong, asked, wrong_asked


def scan_gaps(first=2024, last=2031, made=100):
    """Hold gaps, overlaps and nobody-left against a scan; return (minutes found, wrong)."""
    found = wrong = 0
    draw = random.Random(20261123)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "generated.yaml")
        for each in [ROOT / "directory.yaml", *EXAMPLES]:
            minutes, bad = wrong_gaps(each, year(first), year(last))
            found, wrong = found + sum(minutes.values()), wrong + bad
        for _ in range(made):
            path.write_text(generated.directory(draw))
            minutes, bad = wrong_gaps(path, year(2026), year(2028))
            found, wrong = found + sum(minutes.values()), wrong + bad
    return found, wrong


def compare_pairs(count=200):
    """Hold ``diff`` against a comparison minute by minute; return (minutes that differ, wrong)."""
    found = wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for old, new in islice(pairs(20261124, Path(folder)), count):
            minutes, bad = wrong_changes(old, new, year(2026), year(2028))
            found, wrong = found + minutes, wrong + bad
    return found, wrong


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
                env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
                capture_output=True,
                check=True,
            )
            found = json.loads(done.stdout)
            lost = max(0, found["set"] - found["diverts"])
            lost += max(0, found["moved"] - found["recorded_moves"])
            alone = abs(found["diverts"] - found["recorded"]) + found["differ"]
            changes = found["diverts"] + found["recorded_moves"]
            yield name, found["killed"], changes, alone, lost


def main():
    began = time.monotonic()
    if "--zone-sample" in sys.argv:
        rows = [wrong_minutes(path, year(2026), year(2027)) for path in EXAMPLES[:3]]
        sys.exit(1 if any(wrong for _, wrong in rows) else 0)
    rows = list(sweep())
    for row in rows:
        print(*row)  # noqa: T201
    gaps, differences = scan_gaps(), compare_pairs()
    print("gaps", *gaps, "differences", *differences)  # noqa: T201
    kills = list(kill())
    print("kills", *kills)  # noqa: T201
    calls, requests = telephone()
    print("calls", *calls, "requests", *requests)  # noqa: T201
    compared, made = prove_rota.rotas(500), prove_rota.filled()
    print("rotas", *compared, "filled", *made)  # noqa: T201
    mutants, of_rota = list(survivors()), list(survivors(ROTA_MUTANTS, ROTA_TESTS))
    print("mutants", *mutants, *of_rota)  # noqa: T201
    zones = {
        zone: subprocess.run(
            [sys.executable, "-m", "tests.prove", "--zone-sample"],
            cwd=ROOT,
            env=os.environ | {"TZ": zone},
            check=False,
        ).returncode
        for zone in ZONES
    }
    (ROOT / "docs").mkdir(exist_ok=True)
    ROOT.joinpath("docs/proof.md").write_text(
        report(rows, zones, gaps, differences, kills, time.monotonic() - began)
        + told_of_calls(calls, requests, mutants)
        + prove_rota.told_of_rotas(compared, made, of_rota)
    )
    failed = any(row[2] or row[4] for row in rows) or any(zones.values())
    failed = failed or gaps[1] or differences[1] or any(row[3] or row[4] for row in kills)
    failed = failed or compared[1] or made[1]
    failed = (
        failed or calls[2] or requests[1] or any(survives for _, survives in (*mutants, *of_rota))
    )
    print("differences found" if failed else "no difference")  # noqa: T201
    sys.exit(1 if failed else 0)


def report(rows, zones, gaps, differences, kills, seconds):
    """Return docs/proof.md."""
    lines = [
        "# Proof",
        "",
        f"Made by `bin/prove` on {datetime.now(UTC):%d %B %Y}, in {seconds:.0f} seconds.",
        "",
        "Every UTC minute of 2024 to 2030, for each directory under the bank holidays of England",
        "and Wales, Scotland and Northern Ireland, compared with an oracle that shares no code",
        "with the service (`tests/oracle.py`); and `decide` itself a second before, at and after",
        "every boundary and at 20,000 random instants a service and division.",
        "",
        "| directory | minutes | wrong | instants asked | wrong |",
        "|---|---:|---:|---:|---:|",
        *(f"| {n} | {m:,} | {w} | {a:,} | {b} |" for n, m, w, a, b in rows),
        "",
        "The same for 2026 and three directories with the machine's own zone set to "
        + ", ".join(
            f"{zone} ({'differs' if code else 'no difference'})" for zone, code in zones.items()
        )
        + ".",
        "",
        "What `flask directory gaps` finds, and the hours at which nobody is left to try, for each",
        "directory from 2024 to 2030 and for 100 made at random over two years, against a scan of",
        f"every minute: {gaps[0]:,} minutes found, {gaps[1]} wrong.",
        "",
        "What `flask directory diff` finds between 200 pairs of directories made at random, over",
        f"two years, against a comparison of every minute: {differences[0]:,} minutes differ,",
        f"{differences[1]} wrong.",
        "",
        "Processes that set diverts and move their ends as fast as they can, killed with -9 at any",
        "instant: changes without their record or records without their change, and changes lost",
        "that had been acknowledged.",
        "",
        "| database | killed | changes | without the other | lost |",
        "|---|---:|---:|---:|---:|",
        *(f"| {name} | {n} | {c:,} | {alone} | {lost} |" for name, n, c, alone, lost in kills),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
