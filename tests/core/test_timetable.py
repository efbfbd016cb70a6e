"""Timetables: hours as spans of UTC when the clocks change, and months that are compiled once."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from core.test_decision import TABLES, compiled, london

from routing.core import decision
from routing.core.decision import Timetables, decide, merge_hours
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


def test_hours_that_touch_are_one_span():
    days = [(SPRING, (TimeRange(240, 300), TimeRange(300, 360)))]

    assert merge_hours(days, LONDON) == (Span(utc(3), utc(5)),)


def test_finding_a_decision_reads_no_bank_holiday_zone_or_file(monkeypatch):
    reads = []

    class Holidays(dict):
        def get(self, *args):
            reads.append("holiday")
            return super().get(*args)

        def __contains__(self, key):
            reads.append("holiday")
            return super().__contains__(key)

    class Zone(ZoneInfo):
        def utcoffset(self, at):
            reads.append("zone")
            return super().utcoffset(at)

        def fromutc(self, at):
            reads.append("zone")
            return super().fromutc(at)

    directory = replace(TABLES.directory, zone=Zone.no_cache("Europe/London"))
    timetables = Timetables(directory, Holidays(TABLES.holidays))
    first = london("2026-01-01 12:00")
    for day in range(350):
        decide(timetables, "children", first + timedelta(days=day))
    assert {"holiday", "zone"} == set(reads)

    reads.clear()
    monkeypatch.setattr("builtins.open", lambda *_, **__: reads.append("file"))
    for hour in range(8000):
        decide(timetables, "children", first + timedelta(hours=hour))
    monkeypatch.undo()

    assert reads == []


def test_a_month_that_is_compiled_again_gives_the_same_decisions(monkeypatch):
    monkeypatch.setattr(decision, "MAX_MONTHS", 3)
    timetables = compiled()
    days = [datetime(year, 3, 2, 12, tzinfo=UTC) for year in range(2020, 2030)]
    decisions = [decide(timetables, "children", at) for at in days]

    assert [decide(timetables, "children", at) for at in days] == decisions
    assert timetables.month.cache_info().currsize == 3
