"""The part of bin/prove that has other people's checkers read what this project publishes."""

import shutil
import subprocess
import sys
from pathlib import Path

from serving import ROOT

HADOLINT = Path(sys.executable).with_name("hadolint")
CHECKS = {
    "openapi.json": "npx --yes @redocly/cli@2 lint routing/public/openapi.json",
    "Dockerfile": f"{HADOLINT} Dockerfile",
    "alert rules": "promtool check rules deploy/prometheus/who-to-call.yml",
    "cases of the alert rules": "promtool test rules deploy/prometheus/who-to-call.test.yml",
}
"""What is read: the command that reads it, and whose exit status is 0 where it finds nothing."""


def prove_standards():
    """Return the section's text, and whether any checker found something or is missing."""
    rows, is_wrong = [], False
    for subject, command in CHECKS.items():
        result = "not run: install it"
        if shutil.which(command.split()[0]):
            process = subprocess.run(command.split(), cwd=ROOT, capture_output=True, text=True)
            output = process.stdout + process.stderr
            result = "0 findings" if process.returncode == 0 else f"`{output}`"
        is_wrong = is_wrong or result != "0 findings"
        shown = command.replace(str(HADOLINT), "hadolint")
        rows.append(f"| {subject} | `{shown}` | {result} |")
    return "| what | read by | found |\n|---|---|---|\n" + "\n".join(rows), is_wrong
