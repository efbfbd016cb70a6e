"""The parsers' part of bin/prove: malformed inputs by the hundred thousand."""

import tempfile

import fuzz
from conftest import ANYSHIRE
from schema_check import check_schema

from proof import table
from routing import create_app


def prove_parsers(count=200_000, examples=100):
    """Prove that malformed input is refused in words, without a token and with one."""
    results = {name: fuzz.tried(name, count, seed=1) for name in fuzz.PARSERS}
    with tempfile.TemporaryDirectory() as folder:
        settings = {"DIRECTORY": str(ANYSHIRE), "INSTANCE_PATH": folder, "EXCHANGE_TOKEN": "x"}
        app = create_app(settings)
        runs = [check_schema(app, examples, token) for token in (None, "x")]
    rows = [
        (name, result.inputs, result.taken, len(result.faults), f"{result.slowest * 1000:.0f} ms")
        for name, result in results.items()
    ]
    requests, checks, failures = (
        sum(run.requests for run in runs),
        sum(run.checks.total() for run in runs),
        sum(len(run.failures) for run in runs),
    )
    text = f"openapi.json: {requests:,} requests, {checks:,} checks, {failures} failures."
    is_wrong = failures or any(result.faults or result.slow for result in results.values())
    heads = ("parser", "inputs", "accepted", "faults", "slowest")
    return f"{table(heads, rows)}\n\n{text}", bool(is_wrong)
