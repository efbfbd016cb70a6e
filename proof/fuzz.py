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


def told_of_fuzz(found, held):
    """Return this part of docs/proof.md."""
    rows = [
        f"| {name} | {x.inputs:,} | {x.taken:,} | {len(x.faults)} | {x.slowest * 1000:.0f} ms |"
        for name, x in found.items()
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
            f"token and with one: {sum(x.requests for x in held):,} requests,",
            f"{sum(x.checks.total() for x in held):,} checks,",
            f"{sum(len(x.failures) for x in held)} failures.",
            "",
        ]
    )


def failed(found, held):
    """Say whether anything failed."""
    return any(x.faults or x.slow for x in found.values()) or any(x.failures for x in held)


def fuzzed():
    """Prove that whatever is written ends in a value or in words."""
    found, asked = parsers(), described(100)
    return told_of_fuzz(found, asked), failed(found, asked)
