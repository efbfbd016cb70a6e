"""Diverts to a line by its id alone, for tests of what is stored."""

from dataclasses import replace
from pathlib import Path

from routing.core.decision import Divert
from routing.directory.load import load

ANYSHIRE = Path(__file__).parent.parent / "examples" / "anyshire.yaml"
EDS = load(ANYSHIRE)[0].line("eds")


def divert_to(line_id, during, avoid_id=None):
    """Return a divert of the calls for children, to a line that the directory may not have."""
    avoid = replace(EDS, id=avoid_id) if avoid_id else None
    return Divert("children", replace(EDS, id=line_id), during, avoid)
