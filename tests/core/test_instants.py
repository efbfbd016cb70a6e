"""Wall clocks and instants, on ordinary days and on the nights that clocks change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from routing.core import instants
from routing.errors import NaiveTime

LONDON = ZoneInfo("Europe/London")
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "minute", "starts", "ends"),
    [
        pytest.param(date(2026, 6, 1), 510, "2026-06-01T07:30", "2026-06-01T07:30", id="summer"),
        pytest.param(SPRING, 59, "2026-03-29T00:59", "2026-03-29T00:59", id="before the jump"),
        pytest.param(SPRING, 60, "2026-03-29T01:00", "2026-03-29T01:00", id="as the clocks jump"),
        pytest.param(SPRING, 90, "2026-03-29T01:00", "2026-03-29T01:00", id="in the skipped hour"),
        pytest.param(SPRING, 120, "2026-03-29T01:00", "2026-03-29T01:00", id="after the jump"),
        pytest.param(AUTUMN, 90, "2026-10-25T00:30", "2026-10-25T01:30", id="in the hour twice"),
        pytest.param(AUTUMN, 120, "2026-10-25T02:00", "2026-10-25T02:00", id="after that hour"),
        pytest.param(AUTUMN, 1440, "2026-10-26T00:00", "2026-10-26T00:00", id="ending midnight"),
    ],
)
def test_a_wall_time_starts_at_its_first_instant_and_ends_at_its_last(day, minute, starts, ends):
    assert instants.start_at(day, minute, LONDON) == utc(starts)
    assert instants.end_at(day, minute, LONDON) == utc(ends)


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(NaiveTime, match="no zone"):
        instants.as_utc(datetime(2026, 10, 25, 1, 30))  # noqa: DTZ001


@pytest.mark.parametrize("zone", ["Europe/London", "Africa/Casablanca", "Asia/Beirut", "UTC"])
def test_an_instant_that_is_added_up_is_the_one_that_the_zone_says(zone):
    zone = ZoneInfo(zone)
    days = [date(2024, 1, 1) + timedelta(days=count) for count in range(3 * 366)]
    for day in days:
        for minute in (0, 59, 510, 1439, 1440, 2879):
            wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001
            first, second = instants.possible_instants(wall, zone)
            if first <= second:
                assert instants.start_at(day, minute, zone) == first
                assert instants.end_at(day, minute, zone) == second
