"""The spreadsheet: parsed as programs save it, refused row by row, and exported as it is parsed."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rota.conftest import at, span

from routing.core.instants import Span
from routing.errors import InvalidSpreadsheet
from routing.rota import spreadsheet
from routing.rota.roster import Assignment, Shift, name_key

LONDON = ZoneInfo("Europe/London")
PEOPLE = {name_key(name): name for name in ("Amara Owusu", "Siân O'Brien", "Llŷr ap Rhys")}
ROLES = {"night": ("night",), "day": ("day",)}
HEADER = "role,starts,ends,person\n"
ROW = "night,2026-12-24 17:00,2026-12-25 08:30,Amara Owusu\n"
CHRISTMAS = span("2026-12-24T17:00", "2026-12-25T08:30")


def parse(text, encoding="utf-8"):
    data = text if isinstance(text, bytes) else text.encode(encoding)
    return spreadsheet.parse_csv(data, LONDON, ROLES, PEOPLE).rows


def problems(text):
    with pytest.raises(InvalidSpreadsheet) as refusal:
        parse(text)
    return refusal.value.problems


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_file_is_read_as_a_spreadsheet_program_saves_it(encoding):
    (row,) = parse(HEADER + ROW.replace("Amara Owusu", "Siân O'Brien"), encoding)

    assert (row.number, row.role_id, row.during, row.person) == (
        2,
        "night",
        CHRISTMAS,
        "Siân O'Brien",
    )


@pytest.mark.parametrize("comma", [",", ";", "\t"])
def test_columns_may_be_separated_by_commas_semicolons_or_tabs(comma):
    assert parse((HEADER + ROW).replace(",", comma))[0].during == CHRISTMAS


@pytest.mark.parametrize(
    ("starts", "ends"),
    [
        ("2026-12-24 17:00", "2026-12-25 08:30"),
        ("24/12/2026 17:00", "25/12/2026 08:30"),
        ("24/12/2026 17:00:00", "25/12/2026 8:30"),
        ("2026-12-24T17:00:00Z", "2026-12-25T09:30:00+01:00"),
    ],
)
def test_times_are_local_and_dates_have_the_day_first(starts, ends):
    assert parse(f"{HEADER}night,{starts},{ends},Amara Owusu")[0].during == CHRISTMAS


def test_the_fifth_of_january_is_not_the_first_of_may():
    (row,) = parse(f"{HEADER}night,5/1/2027 17:00,6/1/2027 8:30,Amara Owusu")

    assert row.during.start == at("2027-01-05T17:00")


def test_a_shift_of_one_week_over_the_night_the_clocks_go_back_is_read():
    (row,) = parse(f"{HEADER}night,19/10/2026 17:00,26/10/2026 17:00,Amara Owusu")

    assert row.during.end - row.during.start == timedelta(hours=169)


def test_names_match_whatever_their_case_and_spaces():
    assert parse(HEADER + ROW.replace("Amara Owusu", "  AMARA   owusu "))


@pytest.mark.parametrize("name", ["Siân O’Brien", "Sia\N{COMBINING CIRCUMFLEX ACCENT}n O'Brien"])
def test_names_match_however_their_accents_and_apostrophes_are_encoded(name):
    assert parse(HEADER + ROW.replace("Amara Owusu", name))


def test_rows_are_numbered_as_in_a_spreadsheet_even_after_a_cell_with_two_lines():
    text = (
        f'{HEADER.strip()},note\n{ROW.strip()},"one\ntwo"\nnight,x,25/12/2026 08:30,Amara Owusu,\n'
    )

    assert [problem.partition(":")[0] for problem in problems(text)] == ["Row 3"]


def test_empty_rows_other_columns_and_their_order_are_ignored():
    text = "Person, Team ,ENDS,starts,role\r\n,,,,\r\nAmara Owusu,x,2026-12-25 08:30,"
    (row,) = parse(text + "2026-12-24 17:00,night\r\n\r\n")

    assert (row.number, row.during) == (3, CHRISTMAS)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("dusk,24/12/2026 17:00,25/12/2026 08:30,Amara Owusu", "no role 'dusk'"),
        ("night,24/12/2026 17:00,25/12/2026 08:30,Amara", "nobody called 'Amara'"),
        ("night,12/24/2026 17:00,25/12/2026 08:30,Amara Owusu", "has the month first"),
        ("night,24-12-26 17:00,25/12/2026 08:30,Amara Owusu", "can be read in several ways"),
        ("night,,25/12/2026 08:30,Amara Owusu", "starts is empty"),
        ("night,24/12/2026 17:00,24/12/2026 17:00,Amara Owusu", "the end must be after the start"),
        ("night,24/12/2026 17:00,24/12/2027 17:00,Amara Owusu", "longer than 7 days"),
        ("night,28/03/2027 01:30,28/03/2027 08:30,Amara Owusu", "does not exist"),
        ("night,25/10/2026 01:30,25/10/2026 08:30,Amara Owusu", "happens twice"),
        ("night", "person is empty"),
        ('night,"24/12/2026 17:00,x', "unexpected end of data"),
    ],
)
def test_a_problem_is_reported_with_its_row(row, problem):
    reported = problems(f"{HEADER}{ROW}{row}\n")

    assert all(text.startswith(("Row 3: ", "Row 4: ")) for text in reported)
    assert problem in " ".join(reported)


def test_every_problem_in_every_row_is_reported_at_once():
    reported = problems(f"{HEADER}dusk,x,y,Nobody\n{ROW}dawn,{ROW.partition(',')[2]}")

    assert [text.partition(":")[0] for text in reported] == ["Row 2"] * 4 + ["Row 4"]


def test_rows_that_overlap_are_reported_with_the_row_that_they_overlap():
    later = ROW.replace("24 17:00", "25 08:00").replace("25 08:30", "25 12:00")
    other = later.replace("Amara Owusu", "Llŷr ap Rhys")

    inside = ROW.replace("24 17:00", "24 18:00").replace("25 08:30", "24 19:00")

    assert problems(HEADER + ROW + other + later + inside) == (
        "Row 5: Amara Owusu already has a shift in this role then, in row 2.",
        "Row 4: Amara Owusu already has a shift in this role then, in row 2.",
    )


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "nothing"),
        (b"role,starts,ends\n", "'person'"),
        (b"role,role,starts,ends,person\n", "'role'"),
        (b"\x89PNG\r\n\x81\x8d\x8f", "not a text file"),
        (b"x" * (spreadsheet.MAX_BYTES + 1), "2 MB"),
    ],
    ids=["empty", "no person", "two roles", "a picture", "too much"],
)
def test_a_file_that_is_not_a_spreadsheet_of_shifts_is_refused(data, problem):
    assert problem in problems(data)[0]


MINUTES = st.integers(0, 800 * 24 * 60)
YEAR_START = at("2026-01-01T00:00")


def assignment(during, person_id=1):
    return Assignment(during, person_id, Shift(1, "night", 1, during))


@settings(deadline=None)
@given(st.lists(st.tuples(MINUTES, st.integers(1, 7 * 24 * 60 - 60)), max_size=5))
def test_an_exported_spreadsheet_is_parsed_to_the_same_shifts_whatever_the_clocks_do(offsets):
    spans, previous_end = [], YEAR_START
    for start, length in sorted(offsets):
        begin = max(previous_end, YEAR_START + timedelta(minutes=start))
        previous_end = begin + timedelta(minutes=length)
        spans.append(Span(begin, previous_end))
    text = spreadsheet.to_csv(map(assignment, spans), {1: "Llŷr ap Rhys"}, LONDON)

    assert [row.during for row in parse(text)] == spans


def test_an_assignment_that_nobody_has_is_not_exported():
    text = spreadsheet.to_csv([assignment(CHRISTMAS, person_id=None)], {}, LONDON)

    assert text == "role,starts,ends,person\r\n"


def test_seconds_are_exported_where_they_are_not_zero():
    during = Span(at("2026-12-24T17:00:30"), CHRISTMAS.end)
    text = spreadsheet.to_csv([assignment(during)], {1: "A"}, LONDON)

    assert "2026-12-24 17:00:30,2026-12-25 08:30" in text
