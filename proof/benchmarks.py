"""Speed's part of bin/prove: a decision, requests over HTTP, and the start, each with its limit."""

import random
import subprocess
import sys
import time
from bisect import bisect_right
from datetime import timedelta
from statistics import median

from oracle import Oracle
from sweep import ROOT, timetables, year

from proof import table
from proof.bench import over_http
from routing.core.decision import decide, timeline

IMPORT = "import time; began = time.perf_counter(); import app; print(time.perf_counter() - began)"

MIN_RATIOS = {"decision JSON": 0.6, "plain number": 0.5, "signed webhook": 0.4, "page": 0.25}
"""The least part of the one-file application's requests a second."""

MAX_P99_RATIO = 3.0
"""And how many times its 99th percentile, at most."""

MAX_BISECTS = 5.0
MAX_IMPORT_SECONDS = 0.8


def prove_speed():
    """Measure a decision, requests over HTTP, and the start; hold each against its limit."""
    bisects, wrong = compare_with_bisect()
    comparisons, mebibytes = over_http.measure()
    rows = [
        ("a decision, times a bare bisect", bisects, "at most", MAX_BISECTS),
        ("wrong decisions", wrong, "at most", 0),
        ("`import app`, seconds", import_seconds(), "at most", MAX_IMPORT_SECONDS),
        ("a worker, MiB", mebibytes["service"], "at most", 80),
    ]
    for row in comparisons:
        what = f"{row.name}, {row.connections} connections, of the one-file application"
        rows.append((what, median(row.ratios()), "at least", MIN_RATIOS[row.name]))
        rows.append((f"{what}'s p99", median(row.ratios("p99")), "at most", MAX_P99_RATIO))
    verdicts = [
        value <= limit if way == "at most" else value >= limit for _, value, way, limit in rows
    ]
    cells = (
        (what, f"{value:.2f}", f"{way} {limit:g}", "met" if is_met else "**missed**")
        for (what, value, way, limit), is_met in zip(rows, verdicts, strict=True)
    )
    limits = table(("what", "measured", "limit", ""), cells)
    return f"{limits}\n\n{http_table(comparisons, mebibytes)}", not all(verdicts)


def compare_with_bisect(rounds=9, count=2000):
    """Return how many bare bisects a decision costs, the median of rounds in turn over the same
    instants of a year, and how many decisions differ from the oracle's.
    """
    path, (first, last) = ROOT / "directory.yaml", (year(2027), year(2028))
    tables, oracle, draw = timetables(path), Oracle(path), random.Random(1)
    starts = [int(span.start.timestamp()) for span, _ in timeline(tables, "children", first, last)]
    instants = [first + timedelta(seconds=draw.randrange(365 * 86_400)) for _ in range(count)]
    seconds = [int(at.timestamp()) for at in instants]
    ratios = []
    for _ in range(rounds):
        began = time.process_time()
        for second in seconds:
            bisect_right(starts, second)
        between = time.process_time()
        decisions = [decide(tables, "children", at) for at in instants]
        ratios.append((time.process_time() - between) / (between - began))
    wrong = sum(
        decision.line.id != oracle.answer("children", at)[0]
        for at, decision in zip(instants, decisions, strict=True)
    )
    return median(ratios), wrong


def import_seconds(rounds=7):
    """Return the seconds of `import app` in a new process: the median."""
    seconds = []
    for _ in range(rounds + 1):  # the first one fills the disk's cache
        done = subprocess.run(
            [sys.executable, "-c", IMPORT], cwd=ROOT, capture_output=True, text=True, check=True
        )
        seconds.append(float(done.stdout))
    return median(seconds[1:])


def http_table(comparisons, mebibytes):
    """Return a table of requests over HTTP."""
    heads = ("connections", "what", "a second", "one file's", "ratio", "p50", "p99", "one file's")
    rows = [
        (
            *(row.connections, row.name, f"{_rate(row.own):,.0f}", f"{_rate(row.other):,.0f}"),
            f"{median(row.ratios()):.2f} ({min(row.ratios()):.2f} to {max(row.ratios()):.2f})",
            f"{median(run.median for run in row.own):.2f} ms",
            *(f"{median(run.p99 for run in runs):.1f} ms" for runs in (row.own, row.other)),
            f"{median(row.ratios('p99')):.1f}",
        )
        for row in comparisons
    ]
    memory = ", ".join(f"{app} {mib:.0f}" for app, mib in mebibytes.items())
    text = f"MiB a worker holds after that (PSS): {memory}."
    return f"{table((*heads, 'ratio'), rows)}\n\n{text}"


def _rate(runs):
    return median(run.rate for run in runs)
