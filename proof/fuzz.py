"""The parsers' part of bin/prove: inputs made wrong on purpose, by the hundred thousand."""

import tempfile

import fuzz
from conftest import ANYSHIRE
from described import held

from routing import create_app


def parsers(count=200_000):
    """Return what came of so many inputs to each parser, by its name."""
    return {name: fuzz.tried(name, count, seed=1) for name in fuzz.PARSERS}


def described(examples=300):
    """Hold openapi.json against the service; return what came of it, without a token and with."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {"DIRECTORY": str(ANYSHIRE), "INSTANCE_PATH": folder, "EXCHANGE_TOKEN": "x"}
        app = create_app(settings)
        return [held(app, examples), held(app, examples, "x")]


def told_of_fuzz(results, held):
    """Return this part of docs/proof.md."""
    rows = [
        f"| {name} | {result.inputs:,} | {result.taken:,} | {len(result.faults)} "
        f"| {result.slowest * 1000:.0f} ms |"
        for name, result in results.items()
    ]
    return "\n".join(
        [
            "",
            "What others write, cut, doubled, swapped and spoilt, and noise (tests/fuzz.py): each",
            "input ends in a value or in a refusal with words. Faults are exceptions that nobody",
            f"meant; none may take more than {fuzz.SLOW * 1000:.0f} ms of the processor.",
            "",
            "| parser | inputs | taken | faults | slowest |",
            "|---|---:|---:|---:|---:|",
            *rows,
            "",
            "openapi.json held against the service by schemathesis with all its checks, without a",
            f"token and with one: {sum(run.requests for run in held):,} requests,",
            f"{sum(run.checks.total() for run in held):,} checks,",
            f"{sum(len(run.failures) for run in held)} failures.",
            "",
        ]
    )


def failed(results, held):
    """Say whether anything failed."""
    return any(result.faults or result.slow for result in results.values()) or any(
        result.failures for result in held
    )


def fuzzed():
    """Prove that whatever is written ends in a value or in words."""
    results, runs = parsers(), described(100)
    return told_of_fuzz(results, runs), failed(results, runs)
