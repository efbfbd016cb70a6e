"""Times that programs and people write: every right spelling, and words for the wrong ones."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from routing import typed
from routing.errors import BadTime

LONDON = ZoneInfo("Europe/London")


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


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
    assert typed.read(text) == utc("2026-12-24T17:00")


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
        typed.read(text)


def test_the_first_and_the_last_year_are_included():
    assert typed.read("2000-01-01T00:00:00Z").year == 2000
    assert typed.read("2100-12-31T23:59:59Z").year == 2100


def test_a_person_may_type_local_time():
    assert typed.read_local("2026-06-01 09:00", LONDON) == utc("2026-06-01T08:00")


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
        typed.read_local(text, LONDON)
