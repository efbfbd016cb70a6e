"""Killed with -9 between a change and its record: both are there, or neither."""

import json
import os
import subprocess
import sys

import pytest
from serving import TESTS_PATH


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_no_change_is_without_its_record_and_no_record_without_its_change(kind, tmp_path, request):
    if kind == "sqlite":
        url = f"sqlite:///{tmp_path / 'routing.sqlite'}"
    else:
        url = request.getfixturevalue("postgresql").database()
    done = subprocess.run(
        [sys.executable, "-m", "killed", url, "20"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": TESTS_PATH},
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)

    assert counts["killed"] == 20
    assert counts["diverts"] == counts["recorded"]
    assert counts["differ"] == 0
    # What was acknowledged is kept; of what was in hand, one a process may be kept unheard.
    assert counts["set"] <= counts["diverts"] <= counts["set"] + 20
    assert counts["moved"] <= counts["recorded_moves"] <= counts["moved"] + 20
