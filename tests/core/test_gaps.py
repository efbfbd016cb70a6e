"""Gaps, overlaps, and spans without a backup, against a scan minute by minute."""

import random
from datetime import UTC, datetime, timedelta

import generated
import pytest
from core.test_decision import compiled, london
from sweep import EXAMPLES, ROOT, timetables, without_backup, wrong_gaps

from routing.core.gaps import CoverageKind, find_gaps, missing_backups
from routing.errors import NaiveTime, UnknownService

START = datetime(2026, 11, 23, tzinfo=UTC)
END = START + timedelta(days=400)
WITH_GAPS = {"neath-port-talbot", "west-berkshire"}


@pytest.mark.parametrize("path", [ROOT / "directory.yaml", *EXAMPLES], ids=lambda path: path.stem)
def test_the_gaps_of_a_directory_are_those_that_a_scan_of_every_minute_finds(path):
    minutes, wrong = wrong_gaps(path, START, END)

    assert wrong == 0
    assert (minutes["gap"] > 0) == (path.stem in WITH_GAPS)


def test_a_scan_of_every_minute_agrees_on_random_directories(tmp_path):
    draw, path = random.Random(20261123), tmp_path / "generated.yaml"
    gap_minutes = 0
    for _ in range(15):
        path.write_text(generated.directory(draw))
        minutes, wrong = wrong_gaps(
            path, datetime(2026, 10, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)
        )
        gap_minutes += minutes["gap"]
        assert wrong == 0

    assert gap_minutes > 1000


def test_west_berkshires_friday_half_hour_is_a_gap_to_the_second():
    tables = timetables(ROOT / "examples/west-berkshire.yaml")
    gaps = list(find_gaps(tables, "children", START, START + timedelta(days=7)))

    assert [(kind, span.start, span.end) for span, kind, _ in gaps if kind == CoverageKind.GAP] == [
        (CoverageKind.GAP, london("2026-11-27 16:30"), london("2026-11-27 17:00"))
    ]
    assert {
        tuple(line.id for line in lines) for _, kind, lines in gaps if kind != CoverageKind.GAP
    } == {("caas", "eds")}


ONE = """
lines:
  a: {name: A, phone: 01632 960001, hours: {mon-sun: 09:00-17:00}}
  b: {name: B, phone: 01632 960001, hours: {mon-sun: 16:00-09:00}}
  c: {name: C, phone: 01632 960003, hours: {mon-sun: 16:30-16:45}}
services: {s: {name: S, lines: [a], out_of_hours: b, if_unanswered: [b, c, a]}}
"""


def test_a_line_with_the_same_number_is_no_backup():
    spans = without_backup(
        compiled(ONE), "s", london("2026-11-25 00:00"), london("2026-11-26 00:00")
    )

    assert [(span.start, span.end) for span in spans] == [
        (london("2026-11-25 00:00"), london("2026-11-25 16:30")),
        (london("2026-11-25 16:45"), london("2026-11-26 00:00")),
    ]


def test_the_hours_of_a_backup_line_make_no_overlap():
    text = ONE.replace("if_unanswered: [b, c, a]", "if_unanswered: [c]").replace(
        "16:00-09:00", "17:00-09:00"
    )
    period = london("2026-11-25 00:00"), london("2026-11-26 00:00")

    assert list(find_gaps(compiled(text), "s", *period)) == []


@pytest.mark.parametrize("function", [find_gaps, missing_backups])
def test_an_unknown_service_and_a_time_without_a_zone_are_refused(function):
    naive = datetime(2026, 11, 23)  # noqa: DTZ001
    with pytest.raises(UnknownService):
        list(function(compiled(), "nope", START, END))
    with pytest.raises(NaiveTime):
        list(function(compiled(), "children", naive, END))


def test_a_line_is_no_backup_on_the_day_on_which_it_has_the_number_of_the_first_line():
    text = ONE.replace(
        "  c: {name: C, phone: 01632 960003, hours: {mon-sun: 16:30-16:45}}",
        "  c:\n    name: C\n    phone: 01632 960003\n    hours: always\n    special_days:\n"
        "      - {date: 2026-07-01, name: Moved, phone: 01632 960001}",
    )
    days = without_backup(
        compiled(text), "s", london("2026-06-29 00:00"), london("2026-07-04 00:00")
    )

    assert [(span.start, span.end) for span in days] == [
        (london("2026-07-01 00:00"), london("2026-07-02 00:00"))
    ]
