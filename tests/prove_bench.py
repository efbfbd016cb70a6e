"""The part of bin/prove that measures: medians of paired rounds, beside what people would use."""

from statistics import median

from bench import over_http, start
from bench.decision import Contest, ratios

LIMITS = {"decision JSON": 0.8, "plain number": 0.6, "signed voice webhook": 0.35, "page": 0.3}
"""What is asked: the least part of hello-world's requests a second."""

SLOWEST = 3.0
"""And its 99th percentile may be so many times hello-world's."""


def bench():
    """Measure a decision, requests over HTTP, and the start; hold each against its limit."""
    contest, rows = Contest(), []
    taken, wrong = contest.measure()
    found, memory = over_http.measure()
    http = list(over_http.beside(found))
    own = ratios(taken)["ours"][0]
    faster = {name: each[0] for name, each in ratios(taken, "ours").items()}
    rows += [
        ("a decision, times a bare bisect", own, "at most", 5),
        ("`opening-hours-py`, times a decision", faster["opening_hours_py"], "at least", 5),
        (
            "`holidays` per request, times a decision",
            faster["holidays_per_request"],
            "at least",
            50,
        ),
        ("wrong decisions", wrong["ours"], "at most", 0),
    ]
    for name, limit in LIMITS.items():
        of = [each for each in http if each.name == name]
        for each in of:
            what = f"{name}, {each.connections} connections, of hello-world"
            rows.append((what, each.ratio, "at least", limit))
        slowest = max(of, key=lambda each: each.slower)
        what = f"{name}, p99 at {slowest.connections} connections, times hello-world's"
        rows.append((what, slowest.slower, "at most", SLOWEST))
    rows += [
        ("`import app`, seconds", start.imported(), "at most", 0.8),
        ("a worker, MiB", memory["ours"], "at most", 80),
        ("`bin/serve` to the first answer, seconds", start.first_answer(), "at most", 4),
    ]
    told = "\n\n".join(
        [of_limits(rows), of_decisions(contest, taken, wrong), of_http(http, memory)]
    )
    return told, not all(kept(*row[1:]) for row in rows)


def kept(value, way, limit):
    """Say whether a figure is within its limit."""
    return value <= limit if way == "at most" else value >= limit


def of_limits(rows):
    """Return a table of every figure that has a limit."""
    lines = ["| what | measured | asked | |", "|---|---:|---:|---|"]
    for what, value, way, limit in rows:
        verdict = "kept" if kept(value, way, limit) else "**not kept**"
        lines.append(f"| {what} | {value:.2f} | {way} {limit} | {verdict} |")
    return "\n".join(lines)


def of_decisions(contest, taken, wrong):
    """Return a table of what a decision costs."""
    lines = [
        f"In process, the same {len(contest.instants):,} instants of 2027, {contest.rounds} rounds"
        " in turn: nanoseconds of processor time, and what that is of a bare bisect in the same"
        " round (median, least to most). Wrong answers are those that differ from the oracle's.",
        "",
        "| what | does | ns | times a bare bisect | wrong |",
        "|---|---|---:|---:|---:|",
    ]
    for name, (middle, least, most) in ratios(taken).items():
        does = getattr(contest, name).__doc__.strip().rstrip(".")
        spent = sorted(taken[name])[len(taken[name]) // 2]
        spread = f"{middle:.1f} ({least:.1f} to {most:.1f})"
        told = name.replace("_", " ")
        lines.append(f"| {told} | {does} | {spent:,.0f} | {spread} | {wrong[name]} |")
    return "\n".join(lines)


def of_http(http, memory):
    """Return a table of requests over HTTP."""
    lines = [
        f"Over HTTP: gunicorn with the settings of `gunicorn.conf.py`, one worker each, on one"
        f" processor; wrk on another; {over_http.ROUNDS} rounds of {over_http.SECONDS} s in turn."
        " Each webhook is a call that nobody made before, signed, its row written.",
        "",
        "| connections | what | a second | of hello-world | p50 | p99 | times hello's |",
        "|---:|---|---:|---:|---:|---:|---:|",
    ]
    for each in http:
        spread = f"{each.ratio:.2f} ({each.least:.2f} to {each.most:.2f})"
        lines.append(
            f"| {each.connections} | {each.name} | {each.rate:,.0f} | {spread} |"
            f" {each.median:.2f} ms | {each.p99:.1f} ms | {each.slower:.1f} |"
        )
    held = ", ".join(f"{name} {mib:.0f}" for name, mib in memory.items())
    return "\n".join([*lines, "", f"MiB a worker holds after that (PSS): {held}."])


def of_threads(found):
    """Return a table of how many threads a worker has, which gunicorn.conf.py rests on."""
    lines = [
        "One worker with so many threads, 64 connections: requests a second, and the 99th"
        " percentile (medians of rounds in turn).",
        "",
        "| threads | what | a second | p99 |",
        "|---:|---|---:|---:|",
    ]
    for (threads, name), rounds in found.items():
        rate, p99 = (median(getattr(x, key) for x in rounds) for key in ("rate", "p99"))
        lines.append(f"| {threads} | {name} | {rate:,.0f} | {p99:.0f} ms |")
    return "\n".join(lines)
