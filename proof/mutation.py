"""Mutation's part of bin/prove: mutmut breaks the rule and the call flow, and some test must fail.

Each module is mutated in a copy of the project, where only the lowest tests that hold it run. The
machine's zone is put far from the directory's, so that a zone left out shows.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from sweep import ROOT

from proof import table

DECISION = ("tests/core/test_decision.py", "tests/core/test_special_days.py")
CALL_FLOW = "tests/telephony/test_call_flow.py"
TESTS = {
    "core/instants": (
        *("tests/core/test_instants.py", "tests/core/test_gaps.py", "tests/test_divert_rules.py"),
    ),
    "core/directory": (
        *("tests/core/test_directory.py", *DECISION, CALL_FLOW, "tests/text/test_sentences.py"),
        *("tests/public/test_api.py", "tests/public/test_card.py"),
    ),
    "core/decision": (
        *(*DECISION, CALL_FLOW, "tests/core/test_gaps.py", "tests/text/test_sentences.py"),
        "tests/public/test_card.py",
    ),
    "core/gaps": ("tests/core/test_gaps.py",),
    "telephony/call_flow": (CALL_FLOW,),
}
"""A module of routing/: the test files that hold what it promises."""

EQUIVALENT = {
    "None for False, where only the truth counts": (
        "following = replace(state, tried=(), engaged=None, rang=False)",
        "following = replace(state, tried=(), engaged=False, rang=None)",
    ),
    "a value that nothing reads": ("Answer(line, line.phone_on(day), None)",),
    "one more instant at which nothing changes": (
        "divert for divert in diverts if divert.service == service_id and at <= divert.during.end",
        "edges = {edge for part in days for edge in (part.start, part.end) if edge >= at}",
        "within = takewhile(lambda interval: interval[0].start <= end, answers)",
    ),
    "a bound that is never met": (
        "while one is not None or other is not None:",
        "return Span(first, (first + timedelta(days=32)).replace(day=1))",
        "first, last = (start - _MAX_OVERRUN).astimezone(None).date(), end.astimezone(zone).date()",
    ),
    "more memory, and the same answers": (
        "self.month = lru_cache(maxsize=None)(self._compile_month)",
        "self._answers = lru_cache(maxsize=None)(self._compile_answers)",
    ),
}
"""Why a mutant does what the code does: the lines that such mutants put in."""

CONFIGURATION = """
[tool.mutmut]
source_paths = ["routing"]
only_mutate = ["routing/{module}.py"]
also_copy = ["app.py", "directory.yaml", "examples", "proof"]
pytest_add_cli_args_test_selection = {tests}
timeout_multiplier = 5.0
timeout_constant = 2.0
"""


def prove_mutation():
    """Mutate each module; return a text, and whether a mutant survived without an explanation."""
    rows, explained, unexplained = [], Counter(), []
    for module, tests in TESTS.items():
        began = time.monotonic()
        with TemporaryDirectory() as folder:
            stats, survivors = _mutate(Path(folder, "copy"), module, tests)
        minutes = (time.monotonic() - began) / 60
        numbers = (stats["total"], stats["killed"], stats["timeout"], len(survivors))
        rows.append((module, *numbers, minutes))
        for name, change in survivors.items():
            reason = _explain(change)
            if reason:
                explained[reason] += 1
            else:
                unexplained += [f"`{name}`:", f"```diff\n{change}\n```"]
    totals = [sum(column) for column in zip(*(row[1:] for row in rows), strict=True)]
    heads = ("module of `routing/`", "mutants", "killed", "timed out", "survived", "minutes")
    lines = [
        table(heads, ((*row[:-1], f"{row[-1]:.1f}") for row in (*rows, ("all", *totals)))),
        "",
        f"Of those that survived, {sum(explained.values())} do what the code does:",
        "",
        *(f"- {count}: {reason}" for reason, count in explained.most_common()),
    ]
    if unexplained:
        lines += ["", "The others break something that no test holds:", "", *unexplained]
    return "\n".join(lines), bool(unexplained)


def _mutate(folder, module, tests):
    """Return mutmut's counts for a module, and the change of each mutant that no test notices."""
    ignored = shutil.ignore_patterns(".*", "__pycache__", "instance", "mutants")
    shutil.copytree(ROOT, folder, ignore=ignored)
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(CONFIGURATION.format(module=module, tests=json.dumps(tests)))
    _mutmut(folder, "run")
    _mutmut(folder, "export-cicd-stats")
    stats = json.loads((folder / "mutants/mutmut-cicd-stats.json").read_text("utf-8"))
    results = re.findall(r"(\S+): (.+)", _mutmut(folder, "results"))
    survivors = {
        name: "\n".join(re.findall(r"^[-+](?![-+]).*", _mutmut(folder, "show", name), re.M))
        for name, result in results
        if result not in ("killed", "timeout")
    }
    return stats, survivors


def _explain(change):
    """Return why a change, the lines that it takes out and puts in, is none; None if unknown."""
    added = "\n".join(re.findall(r"^\+ *(.*)", change, re.M))
    return next((reason for reason, lines in EQUIVALENT.items() if added in lines), None)


def _mutmut(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "mutmut", *arguments],
        cwd=folder,
        env=os.environ | {"TZ": "Pacific/Honolulu", "PYTHONPATH": ""},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
