"""Cells of spreadsheets: read as their writer meant them, or refused in words."""

from zoneinfo import ZoneInfo

import pytest
from rota.conftest import at

from routing.errors import InvalidTime
from routing.rota.cells import DateOrder, date_order, parse_cell, repair_encoding, spoilt_name

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("24/12/2026 17:00", "2026-12-24T17:00"),
        ("5/1/2027 8:30", "2027-01-05T08:30"),
        ("24/12/2026  17:00:05", "2026-12-24T17:00:05"),
        (" 2026-12-24 17:00 ", "2026-12-24T17:00"),
        ("2026-07-01T17:00:00+01:00", "2026-07-01T16:00"),
        ("24/12/26 17:00", "2026-12-24T17:00"),
        ("24/12/2026 5:00 PM", "2026-12-24T17:00"),
        ("24/12/2026 5pm", "2026-12-24T17:00"),
        ("24/12/2026 12:30 am", "2026-12-24T00:30"),
        ("24/12/2026 12:00 p.m.", "2026-12-24T12:00"),
        ("24/12/2026 24:00", "2026-12-25T00:00"),
        ("31/12/2026 24:00:00", "2027-01-01T00:00"),
        ("24-12-2026 17:00", "2026-12-24T17:00"),
        ("24.12.2026 17.00", "2026-12-24T17:00"),
        ("24 Dec 2026 at 17:00", "2026-12-24T17:00"),
        ("24-Dec-26 17:00", "2026-12-24T17:00"),
        ("Thu 24/12/2026 17:00", "2026-12-24T17:00"),
        ("Thursday, 24 December 2026, 5:00 pm", "2026-12-24T17:00"),
        ("2026/12/24 17:00", "2026-12-24T17:00"),
        ("2026-12-24T17:00:00.000", "2026-12-24T17:00"),
    ],
)
def test_a_cell_is_a_local_time_with_the_day_first(text, expected):
    assert parse_cell(text, LONDON) == at(expected)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("12/24/2026 17:00", "has the month first"),
        ("24-12-26 17:00", "several ways"),
        ("2026-12-24", "has no time"),
        ("24/12/2026", "has no time"),
        ("24/12/2026 24:30", "not a time that exists"),
        ("24/12/2026 17:00 PM", "not a time that exists"),
        ("24/12/2026 midnight", "not a date with a time"),
        ("24/12/2026 17", "not a date with a time"),
        ("30/02/2027 17:00", "not a date that exists"),
        ("24 Foo 2026 17:00", "not a date that exists"),
        ("24/12/1926 17:00", "not from 2000 to 2100"),
        ("Wed 24/12/2026 17:00", "not on that day of the week"),
        ("46380.7083", "It is a number"),
        ("28/03/2027 01:30", "does not exist"),
        ("25/10/2026 01:30", "happens twice"),
        ("x", "Write it as 24/12/2026 17:00"),
    ],
)
def test_any_other_cell_is_refused_with_what_is_wrong(text, words):
    with pytest.raises(InvalidTime, match=words):
        parse_cell(text, LONDON)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("24/12/2026 17:00", DateOrder.DAY_FIRST),
        ("12/24/2026 17:00", DateOrder.MONTH_FIRST),
        ("5/1/2027 17:00", DateOrder.EITHER),
        ("Fri 5/1/27 17:00", DateOrder.EITHER),
        ("1/1/2027 17:00", None),
        ("2027-01-05 17:00", None),
    ],
)
def test_the_order_of_a_date_is_known_only_from_a_number_above_twelve(text, order):
    assert date_order(text) is order


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SiÃ¢n Oâ€™Brien", "Siân O’Brien"),
        ("LlÅ·r ap Rhys", "Llŷr ap Rhys"),
        ("Ã\x81ine Byrne", "Áine Byrne"),
        ("Siân O’Brien", "Siân O’Brien"),
        ("Llŷr ap Rhys", "Llŷr ap Rhys"),
        ("Amara Owusu", "Amara Owusu"),
    ],
)
def test_utf_8_that_was_read_as_windows_1252_is_repaired(text, name):
    assert repair_encoding(text) == name


@pytest.mark.parametrize(
    "name", ["Si\ufffdn", "Ll?r ap Rhys", "Siƒn", "Zo‰", "RenŽe", "SiÃn", "=HYPERLINK()"]
)
def test_a_name_that_lost_letters_when_it_was_saved_is_noticed(name):
    assert spoilt_name(name)


@pytest.mark.parametrize(
    "name",
    ["Siân O’Brien", "Jean-Luc D'Arcy", "JOÃO Nunes", "McDonald", "Dr. A. N. Other (agency)"],
)
def test_a_name_that_people_have_is_not_taken_for_a_spoilt_one(name):
    assert spoilt_name(name) == ""
