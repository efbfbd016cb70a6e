"""What openapi.json promises, held by schemathesis against whatever can be asked: every check."""

import tomllib
from collections import Counter
from dataclasses import dataclass, field

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema
from serving import ROOT


@dataclass
class CheckOutcome:
    """How many requests were made, which checks were made of the answers, and what was wrong."""

    requests: int = 0
    checks: Counter = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def check_schema(app, examples, token=None, **phases):
    """Ask every operation for so many examples, right and wrong, and hold every answer.

    ``phases`` leaves some of schemathesis's ways of asking out: ``coverage=False``.
    """
    settings = tomllib.loads((ROOT / "schemathesis.toml").read_text("utf-8")) | {
        "seed": 20261123,
        "generation": {"max-examples": examples, "database": "none"},
        "phases": {name: {"enabled": enabled} for name, enabled in phases.items()},
    }
    if token:
        settings["headers"] = {"Authorization": f"Bearer {token}"}
    config = SchemathesisConfig.from_dict(settings)
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app, config=config)
    outcome = CheckOutcome()
    for event in from_schema(schema).execute():
        if hasattr(event, "recorder"):
            _take(outcome, event.recorder)
        elif "Error" in type(event).__name__:
            outcome.failures.append(f"{type(event).__name__}: {getattr(event, 'value', event)}")
    return outcome


def _take(outcome, recorder):
    outcome.requests += len(recorder.interactions)
    for checks in recorder.checks.values():
        for check in checks:
            outcome.checks[check.name] += 1
            if check.failure_info is not None:
                failure = str(check.failure_info.failure)[:300]
                outcome.failures.append(f"{recorder.label}: {check.name}: {failure}")
