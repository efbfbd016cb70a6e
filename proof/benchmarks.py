"""Speed's part of bin/prove: a decision, requests over HTTP, and the start, each with its limit."""

from proof.bench import over_http, start
from proof.bench.decision import Contest, ratios

MIN_RATIOS = {"decision JSON": 0.6, "plain number": 0.5, "signed webhook": 0.4, "page": 0.25}
"""The least part of the one-file application's requests a second."""

MAX_P99_RATIO = 3.0
"""And how many times its 99th percentile, at most."""

MAX_BISECTS = 5.0
MAX_IMPORT_SECONDS = 0.8


def prove_speed():
    """Measure a decision, requests over HTTP, and the start; hold each against its limit."""
    contest = Contest()
    times, wrong = contest.measure()
    comparisons, mebibytes = over_http.measure()
    faster = {name: spread[0] for name, spread in ratios(times, "ours").items()}
    per_request = faster["holidays_per_request"]
    rows = [
        ("a decision, times a bare bisect", ratios(times)["ours"][0], "at most", MAX_BISECTS),
        ("`opening-hours-py`, times a decision", faster["opening_hours_py"], "at least", 5),
        (
            "`holidays` per request, times a decision",
            per_request,
            "at least",
            50,
        ),
        ("wrong decisions", wrong["ours"], "at most", 0),
    ]
    for name, limit in MIN_RATIOS.items():
        own = [comparison for comparison in comparisons if comparison.name == name]
        for comparison in own:
            what = f"{name}, {comparison.connections} connections, of the one-file application"
            rows.append((what, comparison.ratio, "at least", limit))
        slowest = max(own, key=lambda comparison: comparison.p99_ratio)
        what = f"{name}, p99 at {slowest.connections} connections, of the one-file application's"
        rows.append((what, slowest.p99_ratio, "at most", MAX_P99_RATIO))
    rows += [
        ("`import app`, seconds", start.imported(), "at most", MAX_IMPORT_SECONDS),
        ("a worker, MiB", mebibytes["service"], "at most", 80),
        ("`bin/serve` to the first answer, seconds", start.first_answer(), "at most", 4),
    ]
    text = "\n\n".join(
        [
            limits_table(rows),
            decisions_table(contest, times, wrong),
            http_table(comparisons, mebibytes),
        ]
    )
    return text, not all(within(*row[1:]) for row in rows)


def within(value, way, limit):
    """Return whether a figure is within its limit."""
    return value <= limit if way == "at most" else value >= limit


def limits_table(rows):
    """Return a table of every figure that has a limit."""
    lines = ["| what | measured | limit | |", "|---|---:|---:|---|"]
    for what, value, way, limit in rows:
        verdict = "met" if within(value, way, limit) else "**missed**"
        lines.append(f"| {what} | {value:.2f} | {way} {limit:g} | {verdict} |")
    return "\n".join(lines)


def decisions_table(contest, times, wrong):
    """Return a table of what a decision costs."""
    lines = [
        f"In process, the same {len(contest.instants):,} instants of 2027, {contest.rounds} rounds"
        " in turn: nanoseconds of processor time, and what that is of a bare bisect in the same"
        " round (median, least to most). Wrong answers are those that differ from the oracle's.",
        "",
        "| what | does | ns | times a bare bisect | wrong |",
        "|---|---|---:|---:|---:|",
    ]
    for name, (middle, least, most) in ratios(times).items():
        does = getattr(contest, name).__doc__.strip().rstrip(".")
        nanoseconds = sorted(times[name])[len(times[name]) // 2]
        spread = f"{middle:.1f} ({least:.1f} to {most:.1f})"
        title = name.replace("_", " ")
        lines.append(f"| {title} | {does} | {nanoseconds:,.0f} | {spread} | {wrong[name]} |")
    return "\n".join(lines)


def http_table(comparisons, mebibytes):
    """Return a table of requests over HTTP."""
    lines = [
        "Over HTTP, beside `proof/one_file_app.py`: Flask, `holidays`, twilio's validator and"
        " TwiML, sqlite3; no diverts, no reasons, no second number to try. gunicorn with the"
        " settings of `gunicorn.conf.py`, one worker each, on one processor; wrk on another;"
        f" {over_http.ROUNDS} rounds of {over_http.SECONDS} s, the two in turn. Each webhook is a"
        " new call, signed, its row written. Read the ratios: machines are shared.",
        "",
        "| connections | what | a second | one file's | ratio | p50 | p99 | one file's | ratio |",
        "|---:|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in comparisons:
        spread = f"{row.ratio:.2f} ({row.least:.2f} to {row.most:.2f})"
        lines.append(
            f"| {row.connections} | {row.name} | {row.rate:,.0f} | {row.other_rate:,.0f} |"
            f" {spread} | {row.median:.2f} ms | {row.p99:.1f} ms | {row.other_p99:.1f} ms |"
            f" {row.p99_ratio:.1f} |"
        )
    memory = ", ".join(f"{app} {mib:.0f}" for app, mib in mebibytes.items())
    return "\n".join([*lines, "", f"MiB a worker holds after that (PSS): {memory}."])
