"""The spreadsheet: read as programs save it, refused row by row, and written as it is read."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rota.conftest import at, span

from routing.errors import InvalidSpreadsheet
from routing.rota import spreadsheet
from routing.rota.roster import Assignment, Shift

LONDON = ZoneInfo("Europe/London")
PEOPLE = {spreadsheet.name_key(x): x for x in ("Amara Owusu", "Siân O'Brien", "Llŷr ap Rhys")}
HEADER = "role,starts,ends,person\n"
ROW = "night,2026-12-24 17:00,2026-12-25 08:30,Amara Owusu\n"
CHRISTMAS = span("2026-12-24T17:00", "2026-12-25T08:30")


def read(text, encoding="utf-8"):
    data = text if isinstance(text, bytes) else text.encode(encoding)
    return spreadsheet.parse_csv(data, LONDON, {"night", "day"}, PEOPLE)


def problems(text):
    with pytest.raises(InvalidSpreadsheet) as told:
        read(text)
    return told.value.problems


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_file_is_read_as_a_spreadsheet_program_saves_it(encoding):
    (row,) = read(HEADER + ROW.replace("Amara Owusu", "Siân O'Brien"), encoding)

    assert (row.number, row.role, row.during, row.person) == (2, "night", CHRISTMAS, "Siân O'Brien")


@pytest.mark.parametrize("comma", [",", ";", "\t"])
def test_columns_may_be_parted_by_commas_semicolons_or_tabs(comma):
    assert read((HEADER + ROW).replace(",", comma))[0].during == CHRISTMAS


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
    assert read(f"{HEADER}night,{starts},{ends},Amara Owusu")[0].during == CHRISTMAS


def test_the_fifth_of_january_is_not_the_first_of_may():
    (row,) = read(f"{HEADER}night,5/1/2027 17:00,6/1/2027 8:30,Amara Owusu")

    assert row.during.start == at("2027-01-05T17:00")


def test_names_are_found_whatever_their_case_and_blanks():
    assert read(HEADER + ROW.replace("Amara Owusu", "  AMARA   owusu "))


@pytest.mark.parametrize("name", ["Siân O’Brien", "Sia\N{COMBINING CIRCUMFLEX ACCENT}n O'Brien"])
def test_names_are_found_however_a_program_writes_their_accents_and_apostrophes(name):
    assert read(HEADER + ROW.replace("Amara Owusu", name))


def test_a_row_is_counted_as_a_spreadsheet_counts_it_though_a_cell_holds_two_lines():
    text = (
        f'{HEADER.strip()},note\n{ROW.strip()},"one\ntwo"\nnight,x,25/12/2026 08:30,Amara Owusu,\n'
    )

    assert [each.partition(":")[0] for each in problems(text)] == ["Row 3"]


def test_empty_rows_other_columns_and_their_order_do_not_matter():
    text = "Person, Team ,ENDS,starts,role\r\n,,,,\r\nAmara Owusu,x,2026-12-25 08:30,"
    (row,) = read(text + "2026-12-24 17:00,night\r\n\r\n")

    assert (row.number, row.during) == (3, CHRISTMAS)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("dusk,24/12/2026 17:00,25/12/2026 08:30,Amara Owusu", "no role 'dusk'"),
        ("night,24/12/2026 17:00,25/12/2026 08:30,Amara", "nobody called 'Amara'"),
        ("night,12/24/2026 17:00,25/12/2026 08:30,Amara Owusu", "not a time that exists"),
        ("night,24/12/26 17:00,25/12/2026 08:30,Amara Owusu", "24/12/26"),
        ("night,,25/12/2026 08:30,Amara Owusu", "starts is empty"),
        ("night,24/12/2026 17:00,24/12/2026 17:00,Amara Owusu", "ends before it starts"),
        ("night,24/12/2026 17:00,24/12/2027 17:00,Amara Owusu", "longer than 7 days"),
        ("night,28/03/2027 01:30,28/03/2027 08:30,Amara Owusu", "does not exist"),
        ("night,25/10/2026 01:30,25/10/2026 08:30,Amara Owusu", "happens twice"),
        ("night", "nobody called ''"),
        ('night,"24/12/2026 17:00,x', "unexpected end of data"),
    ],
)
def test_what_is_wrong_is_told_with_its_row(row, said):
    told = problems(f"{HEADER}{ROW}{row}\n")

    assert all(each.startswith(("Row 3: ", "Row 4: ")) for each in told)
    assert said in " ".join(told)


def test_every_problem_of_every_row_is_told_at_once():
    told = problems(f"{HEADER}dusk,x,y,Nobody\n{ROW}dawn,{ROW.partition(',')[2]}")

    assert [each.partition(":")[0] for each in told] == ["Row 2"] * 4 + ["Row 4"]


def test_two_rows_that_overlap_are_told_by_their_numbers():
    later = ROW.replace("24 17:00", "25 08:00").replace("25 08:30", "25 12:00")
    other = later.replace("Amara Owusu", "Llŷr ap Rhys")

    inside = ROW.replace("24 17:00", "24 18:00").replace("25 08:30", "24 19:00")

    assert problems(HEADER + ROW + other + later + inside) == (
        "Row 5: Amara Owusu has this role already at that time, in row 2.",
        "Row 4: Amara Owusu has this role already at that time, in row 2.",
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "nothing"),
        (b"role,starts,ends\n", "'person'"),
        (b"role,role,starts,ends,person\n", "'role'"),
        (b"\x89PNG\r\n\x81\x8d\x8f", "no text"),
        (b"x" * (spreadsheet.MAX_BYTES + 1), "2 MB"),
    ],
    ids=["empty", "no person", "two roles", "a picture", "too much"],
)
def test_what_is_no_sheet_of_shifts_is_refused(data, said):
    assert said in problems(data)[0]


MINUTES = st.integers(0, 800 * 24 * 60)


@settings(deadline=None)
@given(st.lists(st.tuples(MINUTES, st.integers(1, 7 * 24 * 60)), max_size=5))
def test_what_is_written_is_read_back_the_same(edges):
    """Also on the nights when clocks change: what the clock shows twice has its offset."""
    spans, reached = [], at("2026-01-01T00:00")
    for start, length in sorted(edges):
        begin = max(reached, at("2026-01-01T00:00") + timedelta(minutes=start))
        reached = begin + timedelta(minutes=length)
        spans.append(type(CHRISTMAS)(begin, reached))
    duties = [Assignment(x, 1, Shift(n, "night", 1, x)) for n, x in enumerate(spans)]
    text = spreadsheet.to_csv(duties, {1: "Llŷr ap Rhys"}, LONDON)

    assert [x.during for x in read(text)] == spans


def test_a_stretch_that_nobody_has_is_not_written():
    duty = Assignment(CHRISTMAS, None, Shift(1, "night", 1, CHRISTMAS))

    assert spreadsheet.to_csv([duty], {}, LONDON) == "role,starts,ends,person\r\n"


def test_seconds_are_written_where_there_are_some():
    odd = type(CHRISTMAS)(at("2026-12-24T17:00:30"), CHRISTMAS.end)
    text = spreadsheet.to_csv([Assignment(odd, 1, Shift(1, "night", 1, odd))], {1: "A"}, LONDON)

    assert "2026-12-24 17:00:30,2026-12-25 08:30" in text
