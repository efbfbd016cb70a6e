"""The parsers' part of bin/prove: malformed inputs by the hundred thousand."""

import tempfile

import fuzz
from conftest import ANYSHIRE
from described import held

from routing import create_app


def fuzz_parsers(count=200_000):
    """Return the result of ``count`` inputs to each parser, by its name."""
    return {name: fuzz.tried(name, count, seed=1) for name in fuzz.PARSERS}


def check_openapi(examples=300):
    """Compare openapi.json with the service; return the result without a token, then with."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {"DIRECTORY": str(ANYSHIRE), "INSTANCE_PATH": folder, "EXCHANGE_TOKEN": "x"}
        app = create_app(settings)
        return [held(app, examples), held(app, examples, "x")]


def describe_parsers(results, held):
    """Return the text of this part."""
    rows = [
        f"| {name} | {result.inputs:,} | {result.taken:,} | {len(result.faults)} "
        f"| {result.slowest * 1000:.0f} ms |"
        for name, result in results.items()
    ]
    return "\n".join(
        [
            "",
            "Valid inputs with parts cut, doubled, swapped and changed, and random bytes",
            "(tests/fuzz.py). Each must give a value or an error message. Faults are unexpected",
            f"exceptions; none may take more than {fuzz.SLOW * 1000:.0f} ms of the processor.",
            "",
            "| parser | inputs | accepted | faults | slowest |",
            "|---|---:|---:|---:|---:|",
            *rows,
            "",
            "openapi.json compared with the service by schemathesis with all its checks, without a",
            f"token and with one: {sum(run.requests for run in held):,} requests,",
            f"{sum(run.checks.total() for run in held):,} checks,",
            f"{sum(len(run.failures) for run in held)} failures.",
            "",
        ]
    )


def failed(results, held):
    """Return whether anything failed."""
    return any(result.faults or result.slow for result in results.values()) or any(
        result.failures for result in held
    )


def prove_parsers():
    """Prove that malformed input is refused in words."""
    results, runs = fuzz_parsers(), check_openapi(100)
    return describe_parsers(results, runs), failed(results, runs)
