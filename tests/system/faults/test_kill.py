"""Killed with -9 between a change and its record: both are there, or neither."""

import kill_loop
import pytest

TIMES = 20


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_no_change_is_without_its_record_and_no_record_without_its_change(kind, tmp_path, request):
    url = f"sqlite:///{tmp_path / 'routing.sqlite'}"
    if kind == "postgresql":
        url = request.getfixturevalue("postgresql").database()
    counts = kill_loop.kill(url, TIMES, tmp_path)

    assert counts["killed"] == TIMES
    assert counts["diverts"] == counts["recorded"]
    assert counts["differ"] == 0
    # What was acknowledged is kept; of what was in hand, one a process may be kept unheard.
    assert counts["set"] <= counts["diverts"] <= counts["set"] + TIMES
    assert counts["moved"] <= counts["recorded_moves"] <= counts["moved"] + TIMES
