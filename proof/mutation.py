"""Mutation's part of bin/prove: mutmut breaks the rule and the call flow, and some test must fail.

What it mutates, and which tests run, is [tool.mutmut] in pyproject.toml. `mutmut show NAME` prints
a mutant that survived.
"""

import json
import subprocess
import sys

from sweep import ROOT

MIN_KILLED = 0.9
"""The least share of mutants that a test must notice; some change nothing that can be seen."""


def prove_mutation():
    """Run mutmut; return a text, and whether too many mutants survived."""
    _mutmut("run")
    _mutmut("export-cicd-stats")
    stats = json.loads((ROOT / "mutants/mutmut-cicd-stats.json").read_text("utf-8"))
    survivors = [line.strip() for line in _mutmut("results").splitlines() if line.strip()]
    killed = (stats["total"] - len(survivors)) / stats["total"]
    lines = [
        "mutmut breaks `routing/core` and the call flow in every way that it knows, and runs the"
        f" tests of those parts: {stats['total']:,} mutants, {killed:.1%} noticed"
        f" (at least {MIN_KILLED:.0%}). Not noticed:",
        "",
        *(f"- `{line}`" for line in survivors),
    ]
    return "\n".join(lines), killed < MIN_KILLED


def _mutmut(command):
    return subprocess.run(
        [sys.executable, "-m", "mutmut", command],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
