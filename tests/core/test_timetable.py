"""Timetables: hours as spans of UTC when the clocks change, and months that are compiled once."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from core.test_decision import TABLES, compiled, london

from routing.core import decision
from routing.core.decision import decide, merge_hours
from routing.core.directory import TimeRange
from routing.core.instants import Span

LONDON = ZoneInfo("Europe/London")
SPRING = date(2026, 3, 29)


def utc(hour, minute=0):
    return datetime(2026, 3, 29, hour, minute, tzinfo=UTC)


def test_hours_wholly_within_the_hour_that_the_clocks_skip_give_no_span():
    assert merge_hours([(SPRING, (TimeRange(65, 115),))], LONDON) == ()


def test_hours_that_begin_in_the_hour_that_the_clocks_skip_begin_as_it_ends():
    assert merge_hours([(SPRING, (TimeRange(65, 180),))], LONDON) == (Span(utc(1), utc(2)),)


@pytest.mark.parametrize(("seconds", "is_open"), [(-1, True), (0, False), (1, False)])
def test_a_line_is_shut_from_the_second_at_which_its_hours_end(seconds, is_open):
    at = london("2026-05-22 16:30") + timedelta(seconds=seconds)

    assert TABLES.is_open(TABLES.directory.line("mash"), at) is is_open


def test_a_line_is_open_early_on_a_local_day_that_has_not_begun_in_utc():
    backup = TABLES.directory.line("eds")

    assert TABLES.is_open(backup, london("2026-05-23 00:30"))


def test_hours_that_touch_are_one_span():
    days = [(SPRING, (TimeRange(240, 300), TimeRange(300, 360)))]

    assert merge_hours(days, LONDON) == (Span(utc(3), utc(5)),)


@pytest.mark.parametrize(("month", "end"), [(11, "2026-12-01 00:00"), (12, "2027-01-01 00:00")])
def test_a_month_is_compiled_up_to_its_end_and_no_further(month, end):
    starts = compiled().month("children", 2026, month).starts

    assert starts[0] == datetime(2026, month, 1, tzinfo=UTC)
    assert london(end) - timedelta(days=4) < starts[-1] < london(end)


def test_a_month_that_is_compiled_again_gives_the_same_decisions(monkeypatch):
    monkeypatch.setattr(decision, "MAX_MONTHS", 3)
    timetables = compiled()
    days = [datetime(year, 3, 2, 12, tzinfo=UTC) for year in range(2020, 2030)]
    decisions = [decide(timetables, "children", at) for at in days]

    assert [decide(timetables, "children", at) for at in days] == decisions
    assert timetables.month.cache_info().currsize == 3
