"""Spreadsheets: cells are read as their writer meant them, and an export is read as it was."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rota.conftest import at, span

from routing.core.directory import RotaRole, Text
from routing.core.instants import Span
from routing.errors import InvalidSpreadsheet, InvalidTime
from routing.rota import spreadsheet
from routing.rota.roster import name_key

LONDON = ZoneInfo("Europe/London")
NIGHT = RotaRole("night", Text((("en", "Night worker"),)), "eds", None)
PEOPLE = {name_key(name): number for number, name in enumerate(("Amara Owusu", "Llŷr ap Rhys"), 1)}
HEADER = "role,starts,ends,person\n"
ROW = "night,2026-12-24 17:00,2026-12-25 08:30,Amara Owusu\n"


def parse(text):
    data = text if isinstance(text, bytes) else text.encode()
    return spreadsheet.parse_csv(data, LONDON, [NIGHT], PEOPLE).rows


def problems(text):
    with pytest.raises(InvalidSpreadsheet) as refusal:
        parse(text)
    return refusal.value.problems


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("24/12/2026 17:00", "2026-12-24T17:00"),
        ("5/1/2027 8:30", "2027-01-05T08:30"),
        ("24/12/2026  17:00:05", "2026-12-24T17:00:05"),
        ("2026-07-01T17:00:00+01:00", "2026-07-01T16:00"),
        ("24/12/2026 5pm", "2026-12-24T17:00"),
        ("24/12/2026 12:30 am", "2026-12-24T00:30"),
        ("24/12/2026 12:00 p.m.", "2026-12-24T12:00"),
        ("24/12/2026 2400hrs", "2026-12-25T00:00"),
        ("Thursday 31/12/2026 24:00:00", "2027-01-01T00:00"),
        ("24-12-2026 17:00", "2026-12-24T17:00"),
        ("24th Sept. 2026 at 17:00", "2026-09-24T16:00"),
        ("Thu 24/12/2026 17:00", "2026-12-24T17:00"),
        ("Thursday, 24 December 2026, 5:00 pm", "2026-12-24T17:00"),
        ("2026/12/24 17:00", "2026-12-24T17:00"),
        ("2026-12-24T17:00:00.000", "2026-12-24T17:00"),
    ],
)
def test_a_cell_is_a_local_time_with_the_day_first(text, expected):
    assert spreadsheet.parse_cell(text, LONDON) == at(expected)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("24-12-26 17:00", "several ways"),
        ("2026-12-24", "not a date with a time"),
        ("24/12/2026 24:30", "is not a time. Write it as 24/12/2026 17:00."),
        ("24/12/2026 17:60", "is not a time. Write it as 24/12/2026 17:00."),
        ("24/12/2026 17:00 PM", "is not a time. Write it as 24/12/2026 17:00."),
        ("24/12/2026 midnight", "Write 00:00 or 24:00"),
        ("24/12/2026 17", "'17' is not a time"),
        ("24/12/2026 17:00:60", "not a date with a time"),
        ("30/02/2027 17:00", "not a date that exists"),
        ("24 Foo 2026 17:00", "not a date that exists"),
        ("24/12/1926 17:00", "not from 2000 to 2100"),
        ("Wed 24/12/2026 17:00", "not on that day of the week"),
        ("28/03/2027 01:30", "does not exist"),
        ("25/10/2026 01:30", "happens twice"),
    ],
)
def test_any_other_cell_is_refused_with_what_is_wrong(text, words):
    with pytest.raises(InvalidTime, match=words):
        spreadsheet.parse_cell(text, LONDON)


@pytest.mark.parametrize(
    ("text", "is_certain"),
    [
        ("24/12/2026 17:00", True),
        ("5/1/2027 17:00", False),
        ("Fri 5/1/27 17:00", False),
        ("1/1/2027 17:00", None),
        ("2027-01-05 17:00", None),
    ],
)
def test_the_order_of_a_date_is_known_only_from_a_number_above_twelve(text, is_certain):
    assert spreadsheet.is_day_certain(text) is is_certain


@pytest.mark.parametrize(
    "name", ["Si\ufffdn", "Ll?r ap Rhys", "Siƒn", "Zo‰", "RenŽe", "SiÃn", "SiÃ¢n", "=HYPERLINK()"]
)
def test_a_name_that_lost_letters_when_it_was_saved_is_noticed(name):
    assert spreadsheet.spoilt_letter(name)


@pytest.mark.parametrize(
    "name",
    ["Siân O’Brien", "Jean-Luc D'Arcy", "JOÃO Nunes", "McDonald", "Dr. A. N. Other (agency)"],
)
def test_a_name_that_people_have_is_not_taken_for_a_spoilt_one(name):
    assert spreadsheet.spoilt_letter(name) == ""


def test_rows_are_numbered_as_in_a_spreadsheet_even_after_a_cell_with_two_lines():
    text = f'{HEADER.strip()},note\n{ROW.strip()},"one\ntwo"\n\nnight,x,y,Amara Owusu,\n'

    assert [problem.partition(":")[0] for problem in problems(text)] == ["Row 4"] * 2


def test_every_problem_in_every_row_is_reported_at_once():
    reported = problems(f"{HEADER}dusk,x,y,Nobody\n{ROW}dawn,{ROW.partition(',')[2]}")

    assert [text.partition(":")[0] for text in reported] == ["Row 2"] * 4 + ["Row 4"]


def test_rows_that_overlap_are_reported_with_what_they_overlap(rota):
    texts = [
        ROW,
        ROW.replace("Amara Owusu", "Llŷr ap Rhys"),
        ROW.replace("24 17:00", "25 08:00").replace("25 08:30", "25 12:00"),
        ROW.replace("24 17:00", "24 18:00").replace("25 08:30", "24 19:00"),
        ROW.replace("24 17:00", "25 12:00").replace("25 08:30", "25 13:00"),
    ]
    rota.add_shift("night", 2, "2026-12-25T08:00", "2026-12-25T09:00")

    assert spreadsheet.find_overlaps(parse(HEADER + "".join(texts)), rota.shifts) == [
        "Row 5: this person already has a shift in this role then, in row 2.",
        "Row 3: this person already has a shift in this role then, on the rota. If this file "
        "corrects the rota, replace its period.",
        "Row 4: this person already has a shift in this role then, in row 2.",
    ]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "nothing"),
        (b"role,role,starts,ends,person\n", "each once"),
        (b"role,starts,ends,person\n", "The file has no shifts."),
        (b"\x89PNG\r\n\x81\x8d\x8f", "not a CSV file"),
        (b"x" * (spreadsheet.MAX_BYTES + 1), "2 MB"),
    ],
    ids=["empty", "two roles", "no rows", "a picture", "too much"],
)
def test_a_file_that_is_not_a_spreadsheet_of_shifts_is_refused(data, problem):
    assert problem in problems(data)[0]


MINUTES = st.integers(0, 800 * 24 * 60)
SECOND_HOUR = 297 * 24 * 60 + 75  # 1:15am GMT on 25 October 2026, which follows 1:15am BST
YEAR_START = at("2026-01-01T00:00")


@settings(deadline=None)
@given(st.lists(st.tuples(MINUTES, st.integers(1, 7 * 24 * 60 - 60)), min_size=1, max_size=5))
@example([(SECOND_HOUR, 60)])
def test_an_exported_spreadsheet_is_parsed_to_the_same_shifts_whatever_the_clocks_do(offsets):
    spans, previous_end = [], YEAR_START
    for start, length in sorted(offsets):
        begin = max(previous_end, YEAR_START + timedelta(minutes=start))
        previous_end = begin + timedelta(minutes=length)
        spans.append(Span(begin, previous_end))
    text = spreadsheet.to_csv([("night", during, "Llŷr ap Rhys") for during in spans], LONDON)

    assert [row.during for row in parse(text).values()] == spans


def test_seconds_are_exported_where_they_are_not_zero():
    during = span("2026-12-24T17:00:30", "2026-12-25T08:30")

    assert "2026-12-24 17:00:30,2026-12-25 08:30" in spreadsheet.to_csv(
        [("night", during, "A")], LONDON
    )
