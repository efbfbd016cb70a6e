"""Instants of wall times, on ordinary days and when the clocks change; and spans."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from routing.core import instants
from routing.core.instants import Span, split_by_day
from routing.errors import NaiveTime

LONDON = ZoneInfo("Europe/London")
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "minute", "start", "end"),
    [
        pytest.param(date(2026, 6, 1), 510, "2026-06-01T07:30", "2026-06-01T07:30", id="summer"),
        pytest.param(SPRING, 59, "2026-03-29T00:59", "2026-03-29T00:59", id="before the jump"),
        pytest.param(SPRING, 120, "2026-03-29T01:00", "2026-03-29T01:00", id="after the jump"),
        pytest.param(AUTUMN, 90, "2026-10-25T00:30", "2026-10-25T01:30", id="in the hour twice"),
        pytest.param(AUTUMN, 120, "2026-10-25T02:00", "2026-10-25T02:00", id="after that hour"),
        pytest.param(AUTUMN, 1440, "2026-10-26T00:00", "2026-10-26T00:00", id="ending midnight"),
    ],
)
def test_a_wall_time_starts_at_its_first_instant_and_ends_at_its_last(day, minute, start, end):
    assert instants.start_at(day, minute, LONDON).isoformat() == f"{start}:00+00:00"
    assert instants.end_at(day, minute, LONDON).isoformat() == f"{end}:00+00:00"


def test_every_minute_of_the_hour_that_the_clocks_skip_is_the_instant_at_which_they_jump():
    for edge in (instants.start_at, instants.end_at):
        at = {edge(SPRING, minute, LONDON) for minute in range(60, 120)}

        assert at == {utc("2026-03-29T01:00")}


def test_a_day_begins_at_midnight_by_the_clocks_of_its_zone():
    assert instants.midnight(date(2026, 6, 1), LONDON) == utc("2026-05-31T23:00")


def test_the_same_instant_in_another_zone_is_given_in_utc():
    summer = datetime(2026, 6, 1, 12, tzinfo=LONDON)

    assert instants.as_utc(summer).isoformat() == "2026-06-01T11:00:00+00:00"


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(NaiveTime, match="2026-10-25 01:30:00 has no zone"):
        instants.as_utc(datetime(2026, 10, 25, 1, 30))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("start", "end", "overlaps"),
    [
        (utc("2026-03-29T01:00"), utc("2026-03-29T02:00"), False),
        (utc("2026-03-29T01:00"), utc("2026-03-29T02:01"), True),
        (utc("2026-03-29T02:15"), utc("2026-03-29T02:45"), True),
        (utc("2026-03-29T02:59"), utc("2026-03-29T04:00"), True),
        (utc("2026-03-29T03:00"), utc("2026-03-29T04:00"), False),
    ],
)
def test_spans_overlap_when_an_instant_is_in_both_and_not_when_they_touch(start, end, overlaps):
    two_to_three = Span(utc("2026-03-29T02:00"), utc("2026-03-29T03:00"))

    assert two_to_three.overlaps(Span(start, end)) is overlaps
    assert Span(start, end).overlaps(two_to_three) is overlaps


def test_a_span_holds_its_start_and_not_its_end():
    start, end = utc("2026-03-29T02:00"), utc("2026-03-29T03:00")
    around = [edge + timedelta(seconds=by) for edge in (start, end) for by in (-1, 0, 1)]

    assert [at in Span(start, end) for at in around] == [False, True, True, True, False, False]


def test_a_period_is_cut_at_local_midnights_and_a_short_day_has_23_hours():
    start, midnight, end = (
        datetime(2026, 3, 28, 12, tzinfo=UTC),
        datetime(2026, 3, 29, tzinfo=UTC),
        datetime(2026, 3, 29, 23, tzinfo=UTC),
    )

    assert list(split_by_day(Span(start, end + timedelta(hours=1)), LONDON)) == [
        (Span(start, midnight), date(2026, 3, 28)),
        (Span(midnight, end), date(2026, 3, 29)),
        (Span(end, end + timedelta(hours=1)), date(2026, 3, 30)),
    ]
    assert list(split_by_day(Span(midnight, end), LONDON)) == [
        (Span(midnight, end), date(2026, 3, 29))
    ]


def test_an_instant_is_cut_to_its_second():
    at = datetime(2026, 6, 1, 9, 0, 59, 999999, tzinfo=LONDON)

    assert instants.whole_second(at) == datetime(2026, 6, 1, 8, 0, 59, tzinfo=UTC)
