"""nginx's part of bin/prove: across handovers, beside the application alone, over kills."""

import math
import os
import statistics
import tempfile
import time
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import machines
import nginx
import postgres
from faults.test_in_front import DECISION, HANDOVER, across
from serving import ROOT, Server

from proof import table
from proof.bench import over_http

FASTER = 10
"""Times the application's rate, at least."""

FRACTIONS = (0.0, 0.25, 0.5, 0.75)
"""Where within a second of nginx's clock a handover falls: 0 in life, anywhere in a rehearsal."""


def clock_settings(handover):
    """Return the settings by which the service's clock shows HANDOVER at an instant (Unix)."""
    began = time.time()
    starts = HANDOVER - timedelta(seconds=handover - began)
    return {"CLOCK_STARTS_AT": starts.isoformat(), "CLOCK_STARTED_AT": repr(began)}


@contextmanager
def shortly_before(folder, fraction):
    """Run the service and nginx shortly before a handover; yield nginx's port and when it is."""
    (folder / "directory.yaml").write_text((ROOT / "directory.yaml").read_text())
    for lead in (8, 30, 90):  # a slow machine takes long to start
        handover = math.ceil(time.time()) + lead + fraction
        with Server(folder, **clock_settings(handover)) as server:
            if time.time() < handover - 3:
                with nginx.before(
                    [server.address], folder, workers=2, change=nginx.unlimited
                ) as port:
                    yield port, handover
                return
    raise AssertionError("the service does not start within 87 seconds")


def count_stale(wanted=200_000):
    """Ask ``wanted`` times across handovers; return (handovers, answers, stale)."""
    done = answers = stale = 0
    while (answers < wanted or done < len(FRACTIONS)) and done < 200:
        with tempfile.TemporaryDirectory() as name:
            os.chmod(name, 0o755)
            with shortly_before(Path(name), FRACTIONS[done % len(FRACTIONS)]) as (port, handover):
                time.sleep(max(0, handover - 4 - time.time()))
                counted = across(port, handover)
        assert len(counted.lines) > 1, "no handover was met"
        done, answers, stale = done + 1, answers + counted.answers, stale + len(counted.stale)
    return done, answers, stale


def throughput(rounds=5, connections=(16, 64)):
    """Return the requests a second in each round, by the number of connections: the application's
    and nginx's. One worker a side, on one processor; wrk asks from another.
    """
    rates = {number: [] for number in connections}
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        os.chmod(name, 0o755)
        folder, config = Path(name), ROOT / "gunicorn.conf.py"
        alone, _ = running.enter_context(over_http.server("app:app", folder, config))
        own, workers = alone.removeprefix("http://"), "1; worker_cpu_affinity 1"
        port = running.enter_context(
            nginx.before([own], name, workers=workers, change=nginx.unlimited)
        )
        sides = (alone, f"http://127.0.0.1:{port}")
        for side in sides:
            over_http.run(DECISION, side, 16, folder, seconds=1)
        for _ in range(rounds):
            for number in connections:
                runs = [over_http.run(DECISION, side, number, folder) for side in sides]
                rates[number].append([run.rate for run in runs])
    return rates


def kill_and_upgrade(workers=200, groups=10):
    """Kill workers and groups, and upgrade; yield (what, how often, what clients saw)."""
    with postgres.running() as server, tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        with machines.two(server, Path(name)) as two:
            yield "a worker killed with -9", workers, two.kill_workers(workers)
            yield "a group killed with -9, and started", 2 * groups, two.kill_groups(groups)
            seen, _, reports = two.upgrade()
            assert not any("database_behind" in report for report in reports), reports
            yield "migrated, each group stopped and started with the new code", 1, seen


def describe_nginx(crossed, rates, faults):
    """Return the tables of this part."""
    rate_rows = []
    for number, pairs in rates.items():
        alone, front = (statistics.median(side) for side in zip(*pairs, strict=True))
        ratios = _ratios(pairs)
        spread = f"{min(ratios):.1f}, {max(ratios):.1f}"
        row = (f"{alone:,.0f}", f"{front:,.0f}", f"{statistics.median(ratios):.1f}", spread)
        rate_rows.append((str(number), *row))
    fault_rows = [
        (what, times, seen.answers, len(seen.failures), seen.slow, f"{seen.slowest:.2f} s")
        for what, times, seen in faults
    ]
    heads = ("connections", "alone, requests a second", "through nginx", "ratio", "least, most")
    fault_heads = ("what", "times", "answers", "failures seen", "over 1 s", "slowest")
    tables = [
        table(("handovers", "answers", "stale"), [crossed]),
        table(heads, rate_rows),
        table(fault_heads, fault_rows),
        *(f"Seen: {seen.failures[:3]}" for _, _, seen in faults if seen.failures),
    ]
    return "\n\n".join(tables)


def prove_nginx():
    """Prove that nginx answers correctly, faster, and through restarts."""
    crossed, rates = count_stale(), throughput()
    faults = list(kill_and_upgrade())
    wrong = crossed[2] or any(seen.failures for _, _, seen in faults)
    wrong = wrong or any(statistics.median(_ratios(pairs)) < FASTER for pairs in rates.values())
    return describe_nginx(crossed, rates, faults), bool(wrong)


def _ratios(pairs):
    return [front / alone for alone, front in pairs]
