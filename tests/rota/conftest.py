"""A council with a rota and no special days, in a file that an oracle can read too."""

from datetime import UTC, datetime

import pytest
from core.test_decision import HEAD
from sweep import timetables

from routing.core.instants import Span
from routing.rota.roster import Cover, Rota, RotaPerson, Shift

COUNCIL = (
    HEAD
    + """
lines:
  mash: {name: Hub, phone: 01632 960001, hours: {mon-fri: 08:30-17:00, bank-holiday: closed}}
  eds:
    name: Night
    phone: 01632 960002
    hours: {mon-fri: "00:00-08:30, 17:00-24:00", sat-sun: always, bank-holiday: always}
  late: {name: Late, phone: 01632 960003, hours: {mon-sun: "17:00-01:30"}}
services:
  children: {name: Children, lines: [mash], out_of_hours: eds}
  adults: {name: Adults, lines: [mash, late], out_of_hours: eds}
rota:
  day: {name: Duty social worker, needed_when: {line: mash}, people: 2}
  night: {name: Out-of-hours social worker, needed_when: {out_of_hours_of: children}}
  standby: {name: Standby, needed_when: {out_of_hours_of: adults}}
"""
)


def at(text):
    """Return an instant from its time in UTC, such as 2026-11-23T17:00."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def span(start, end):
    return Span(at(start), at(end))


PEOPLE = [RotaPerson(1, "Amara Owusu"), RotaPerson(2, "Ben O'Brien")]


class RotaBuilder:
    """Collects shifts and covers, and numbers them from 1."""

    def __init__(self, timetables):
        self.timetables, self.shifts, self.covers = timetables, [], []

    def add_shift(self, role_id, person_id, start, end):
        """Add a shift; return its id."""
        shift = Shift(role_id, person_id, span(start, end), id=len(self.shifts) + 1)
        self.shifts.append(shift)
        return shift.id

    def add_cover(self, shift_id, person_id, start, end, note=""):
        """Add a cover; return its id."""
        cover = Cover(shift_id, person_id, span(start, end), note, len(self.covers) + 1)
        self.covers.append(cover)
        return cover.id

    def build(self):
        return Rota(self.timetables, self.shifts, self.covers, PEOPLE)


@pytest.fixture(scope="session")
def council(tmp_path_factory):
    path = tmp_path_factory.mktemp("council") / "directory.yaml"
    path.write_text(COUNCIL)
    return path


@pytest.fixture(scope="session")
def council_timetables(council):
    return timetables(council)


@pytest.fixture
def rota(council_timetables):
    return RotaBuilder(council_timetables)
