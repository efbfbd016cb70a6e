"""Every minute of a year, against an oracle that shares no code with the service."""

import random

import generated
import pytest
from sweep import DIVISIONS, ROOT, wrong_instants, wrong_minutes, year

PATHS = [
    ROOT / "directory.yaml",
    *(ROOT / "examples" / f"{name}.yaml" for name in ("anyshire", "seasons", "swansea")),
]


@pytest.mark.parametrize("division", DIVISIONS)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_minute_of_a_year_agrees_with_the_oracle(path, division):
    minutes, wrong = wrong_minutes(path, year(2026), year(2027), division)

    assert minutes >= 365 * 24 * 60
    assert wrong == 0


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_second_before_at_and_after_every_boundary_agrees_with_the_oracle(path):
    compared, wrong = wrong_instants(path, year(2026), year(2027))

    assert compared > 2000
    assert wrong == 0


def test_every_minute_of_generated_directories_agrees_with_the_oracle(tmp_path):
    draw, path = random.Random(20261125), tmp_path / "generated.yaml"
    for _ in range(12):
        path.write_text(generated.directory(draw))
        assert wrong_minutes(path, year(2026), year(2028))[1] == 0
        assert wrong_instants(path, year(2026), year(2027), random_instants=50)[1] == 0


NIGHTS = """
council: {name: Anyshire, website: https://www.anyshire.example}
zone: Europe/London
languages: [en]
emergency: Call 999.
bank_holidays: {division: england-and-wales}
lines:
  a: {name: A, phone: 01632 960001, hours: {mon-sun: "HOURS"}}
  b: {name: B, phone: 01632 960002, hours: always}
services: {s: {name: S, lines: [a], out_of_hours: b}}
"""


@pytest.mark.parametrize(
    "hours", ["01:30-05:00", "22:00-01:30", "01:15-01:45", "00:00-01:00", "02:00-03:00"]
)
def test_hours_that_meet_a_clock_change_flip_when_the_oracle_says(tmp_path, hours):
    path = tmp_path / "nights.yaml"
    path.write_text(NIGHTS.replace("HOURS", hours))

    assert wrong_minutes(path, year(2024), year(2031))[1] == 0
    assert wrong_instants(path, year(2026), year(2027))[1] == 0
