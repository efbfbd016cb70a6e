"""Times as programs and people write them: the right forms, and an error for every other."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from routing.errors import InvalidTime
from routing.text import time_parsing

LONDON = ZoneInfo("Europe/London")


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        *("2026-12-24T17:00:00Z", "2026-12-24t17:00:00.000z", "2026-12-24T17:00:00 00:00"),
        *("2026-12-24T18:00:00+01:00", "2026-12-24 12:00-05:00"),
    ],
)
def test_every_form_of_rfc_3339_is_read(text):
    assert time_parsing.parse_rfc3339(text) == utc("2026-12-24T17:00")


@pytest.mark.parametrize("text", ["2000-01-01T00:00:00Z", "2100-12-31T23:59:59Z"])
def test_the_first_and_the_last_year_are_included(text):
    assert time_parsing.parse_rfc3339(text) == datetime.fromisoformat(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "now", "2026-12-24", "2026-12-24T17:00:00", "٢٠٢٦-12-24T17:00:00Z"),
        *("1999-12-31T23:59:59Z", "2101-01-01T00:00:00Z", "0001-01-01T00:00:00+23:00"),
        *("2026-02-29T00:00:00Z", "2026-12-24T25:00:00Z"),
    ],
)
def test_any_other_time_is_refused_with_the_form_to_write(text):
    with pytest.raises(InvalidTime, match="2026-12-24T17:00:00"):
        time_parsing.parse_rfc3339(text)


def test_a_person_may_type_local_time():
    assert time_parsing.parse_local("2026-06-01 09:00", LONDON) == utc("2026-06-01T08:00")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("2026-03-29 01:30", "does not exist"),
        ("2026-10-25 01:30", "happens twice"),
        ("soon", "not a date with a time"),
        *(
            (text, "'2026-12-24 17:00', or with an offset")
            for text in (
                "2101-01-01 10:00",
                "2101-01-01T10:00Z",
                "2026-02-29T10:00Z",
                "2026-02-30 09:00",
            )
        ),
    ],
)
def test_a_local_time_that_does_not_exist_or_exists_twice_is_refused(text, error):
    with pytest.raises(InvalidTime, match=error):
        time_parsing.parse_local(text, LONDON)


@pytest.mark.parametrize(
    ("text", "minute"),
    [
        *(("5pm", 1020), ("5:30pm", 1050), ("5.30 PM", 1050), ("17:30", 1050)),
        *(("08:30", 510), ("8:30", 510), ("12am", 0), ("12:01am", 1), ("12pm", 720)),
        *(("12:59 pm", 779), ("11:59pm", 1439), ("0:00", 0), ("23:59", 1439)),
        *(("midnight", 0), ("Midday", 720), ("noon", 720), ("12 noon", 720)),
        *(("1730", 1050), ("0830 hrs", 510), ("5 p.m.", 1020), ("8.30 a.m.", 510)),
        *(("24:00", 1440), ("2400hrs", 1440)),
    ],
)
def test_a_time_of_day_is_read_as_people_write_it(text, minute):
    assert time_parsing.parse_clock(text) == minute


@pytest.mark.parametrize(
    "text", ["", "5", "17", "24:01", "13pm", "0am", "5:60pm", "17:5", "5pmm", "half past 5", "٥pm"]
)
def test_any_other_time_of_day_is_refused_with_the_form_to_write(text):
    with pytest.raises(InvalidTime, match="5pm, 5:30pm or 17:30"):
        time_parsing.parse_clock(text)


@pytest.mark.parametrize(
    "parts",
    [
        ("24", "12", "26"),
        ("24", "Dec", "2026"),
        ("24", "december", "2026"),
        ("24", "Rhagfyr", "26"),
    ],
)
def test_a_date_may_have_its_month_by_name_and_its_year_in_two_digits(parts):
    assert time_parsing.parse_date(*parts).isoformat() == "2026-12-24"


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        (("31", "2", "2026", "5pm"), "'31/2/2026' is not a date"),
        (("", "", "", "5pm"), "The date is missing. Write it as 24 12 2026."),
        (("24", "Mardi", "2026", "5pm"), "is not a date"),
        (("x", "1", "2026", "5pm"), "is not a date"),
        (("1", "1", "9" * 40, "5pm"), "is not a date"),
        (("1", "1", "2026", "5"), "is not a time"),
        (("28", "3", "2027", "1:30am"), "1:30am on 28 March 2027 does not exist"),
        (("25", "10", "2026", "1:30am"), "1:30am on 25 October 2026 happens twice"),
        (("25", "10", "2026", "1:30am"), "Write BST or GMT behind the time"),
        (("1", "1", "1999", "5pm"), "not from 2000"),
        (("24", "12", "226", "5pm"), "is not from 2000 to 2100. Write it as 24 12 2026."),
    ],
)
def test_parts_that_are_not_one_instant_are_refused(parts, error):
    with pytest.raises(InvalidTime, match=error):
        time_parsing.parse_date_and_time(*parts, LONDON)


@pytest.mark.parametrize(
    ("time", "at"),
    [
        ("1:30am BST", "2026-10-25T00:30:00+00:00"),
        ("1:30am GMT", "2026-10-25T01:30:00+00:00"),
        ("1:30 am bst", "2026-10-25T00:30:00+00:00"),
        ("12 noon", "2026-10-25T12:00:00+00:00"),
        ("12:00 GMT", "2026-10-25T12:00:00+00:00"),
    ],
)
def test_an_hour_that_happens_twice_is_told_apart_by_the_zones_name(time, at):
    instant = time_parsing.parse_date_and_time("25", "10", "2026", time, LONDON)

    assert instant.isoformat() == at


@pytest.mark.parametrize("time", ["12:00 BST", "12:00 CEST", "5 oclock", "midnight GMT BST"])
def test_the_name_of_another_zone_is_refused(time):
    with pytest.raises(InvalidTime):
        time_parsing.parse_date_and_time("25", "10", "2026", time, LONDON)
