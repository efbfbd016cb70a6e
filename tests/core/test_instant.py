"""Wall clocks and instants, on ordinary days and on the nights that clocks change."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from routing.core import instant
from routing.errors import BadTime, NaiveTime

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
    assert instant.starts(day, minute, LONDON) == utc(starts)
    assert instant.ends(day, minute, LONDON) == utc(ends)


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-24T17:00:00Z",
        "2026-12-24t17:00:00.000z",
        "2026-12-24T17:00:00 00:00",
        "2026-12-24T18:00:00+01:00",
        "2026-12-24 12:00-05:00",
    ],
)
def test_every_spelling_of_rfc_3339_is_read(text):
    assert instant.parse(text) == utc("2026-12-24T17:00")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-12-24",
        "2026-12-24T17:00:00",
        "1999-12-31T23:59:59Z",
        "2101-01-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-12-24T25:00:00Z",
        "0001-01-01T00:00:00+23:00",
        "٢٠٢٦-12-24T17:00:00Z",
    ],
)
def test_any_other_time_is_refused_with_the_form_to_write(text):
    with pytest.raises(BadTime, match="2026-12-24T17:00:00"):
        instant.parse(text)


def test_the_first_and_the_last_year_are_included():
    assert instant.parse("2000-01-01T00:00:00Z").year == 2000
    assert instant.parse("2100-12-31T23:59:59Z").year == 2100


def test_a_person_may_type_local_time():
    assert instant.parse_typed("2026-06-01 09:00", LONDON) == utc("2026-06-01T08:00")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-03-29 01:30", "does not exist"),
        ("2026-10-25 01:30", "happens twice"),
        ("2026-02-30 09:00", "not a time that exists"),
        ("soon", "not a time with an offset"),
    ],
)
def test_a_local_time_that_no_clock_shows_just_once_is_refused(text, why):
    with pytest.raises(BadTime, match=why):
        instant.parse_typed(text, LONDON)


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(NaiveTime, match="no zone"):
        instant.as_utc(datetime(2026, 10, 25, 1, 30))  # noqa: DTZ001
