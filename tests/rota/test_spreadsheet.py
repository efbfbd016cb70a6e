"""Spreadsheets: cells are read as their writer meant them, and an export is read as it was."""

import unicodedata
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rota.conftest import RotaBuilder, at, span

from routing.core.directory import RotaRole, Text
from routing.core.instants import Span
from routing.errors import InvalidSpreadsheet, InvalidTime
from routing.rota import spreadsheet
from routing.rota.roster import RotaDifference, Shift, name_key
from routing.rota.spreadsheet import add_rows, replace_period

LONDON = ZoneInfo("Europe/London")
ROLES = [
    RotaRole("eds-sw", Text((("en", "Night worker"), ("cy", "Gweithiwr nos"))), "eds", None),
    RotaRole("mash-sw", Text((("en", "Duty worker"),)), "eds", None),
    RotaRole("mash-sw-2", Text((("en", "Duty worker"),)), "eds", None),
]
NAMES = ("Amara Owusu", "Siân O’Brien", "Llŷr ap Rhys")
PEOPLE = {name_key(name): number for number, name in enumerate(NAMES, 1)}
HEADER = "role,starts,ends,person\r\n"
ROW = "eds-sw,2026-12-24 17:00,2026-12-25 08:30,Amara Owusu\n"
CHRISTMAS = span("2026-12-24T17:00", "2026-12-25T08:30")


def parse(text, add_people=False):
    data = text if isinstance(text, bytes) else text.encode()
    return spreadsheet.parse_csv(data, LONDON, ROLES, PEOPLE, at("2026-11-23T12:00"), add_people)


def problems(text, add_people=False):
    with pytest.raises(InvalidSpreadsheet) as refusal:
        parse(text, add_people)
    return refusal.value.problems


def row(role="eds-sw", starts="24/12/2026 17:00", ends="25/12/2026 08:30", person="Siân O’Brien"):
    return f"{role},{starts},{ends},{person}\r\n"


def file(encoding="utf-8", **cells):
    """Return a file with one row."""
    return (HEADER + row(**cells)).encode(encoding)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5/1/2027 8:30", "2027-01-05T08:30"),
        ("24/12/2026  17:00:05", "2026-12-24T17:00:05"),
        ("2026-07-01T17:00:00+01:00", "2026-07-01T16:00"),
        ("24/12/2026 12:30 am", "2026-12-24T00:30"),
        ("24/12/2026 12:00 p.m.", "2026-12-24T12:00"),
        ("24/12/2026 2400hrs", "2026-12-25T00:00"),
        ("Thursday 31/12/2026 24:00:00", "2027-01-01T00:00"),
        ("24th Sept. 2026 at 17:00", "2026-09-24T16:00"),
        ("2026/12/24 17:00", "2026-12-24T17:00"),
        ("16:59", "2026-12-25T16:59"),
        ("17:00", "2026-12-25T17:00"),
        ("17:01", "2026-12-24T17:01"),
        ("midnight", "2026-12-25T00:00"),
        ("24:00", "2026-12-25T00:00"),
        ("noon", "2026-12-25T12:00"),
    ],
)
def test_a_cell_is_a_local_time_with_the_day_first_or_the_next_such_time_after_the_start(
    text, expected
):
    assert spreadsheet.parse_cell(text, LONDON, at("2026-12-24T17:00")) == at(expected)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("24-12-26 17:00", "several ways"),
        ("2026-12-24", "not a date with a year and a time"),
        ("24/12/2026 24:30", "is not a time. Write it as 24/12/2026 17:00."),
        ("24/12/2026 17:00 PM", "is not a time. Write it as 24/12/2026 17:00."),
        ("24/12/2026 midnight", "Write 00:00 or 24:00"),
        ("30/02/2027 17:00", "not a date that exists"),
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
    "name",
    [
        "Siân O’Brien",
        "Jean-Luc D'Arcy",
        "JOÃO Nunes",
        "D’Éon Ó hÉalaithe",
        "JOSÉ Hall",
        "McDonald",
        "Dr. A. N. Other (agency)",
    ],
)
def test_a_name_that_people_have_is_not_taken_for_a_spoilt_one(name):
    assert list(parse(file(person=name), add_people=True).new_people.values()) in ([], [name])


def test_rows_are_numbered_as_in_a_spreadsheet_even_after_a_cell_with_two_lines():
    text = f'{HEADER.strip()},note\n{ROW.strip()},"one\ntwo"\n\neds-sw,x,y,Amara Owusu,\n'

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
    rota.add_shift("eds-sw", 3, "2026-12-25T08:00", "2026-12-25T09:00")

    assert spreadsheet.find_overlaps(parse(HEADER + "".join(texts)).rows, rota.shifts) == [
        "Row 5: this person already has a shift in this role then, in row 2.",
        "Row 3: this person already has a shift in this role then, on the rota. If this file "
        "corrects the rota, replace its period.",
        "Row 4: this person already has a shift in this role then, in row 2.",
    ]


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
    text = spreadsheet.to_csv([("eds-sw", during, "Llŷr ap Rhys") for during in spans], LONDON)

    assert [row.during for row in parse(text).rows.values()] == spans


def quoted(text):
    lines = (line.split(",") for line in text.splitlines())
    return "".join(",".join(f'"{cell}"' for cell in line) + "\n" for line in lines)


PLAIN = HEADER + row()
TAKEN = {
    "Excel, CSV UTF-8": PLAIN.encode("utf-8-sig"),
    "Excel, CSV": PLAIN.encode("cp1252"),
    "Excel, Unicode text": PLAIN.replace(",", "\t").encode("utf-16"),
    "Excel, where the comma is the decimal sign": PLAIN.replace(",", ";").encode("cp1252"),
    "Excel, with the separator named": ("sep=;\r\n" + PLAIN.replace(",", ";")).encode("utf-8-sig"),
    "Excel, with named months": file("cp1252", starts="24-Dec-26 17:00", ends="25-Dec-26 08:30"),
    "Excel for Mac, with a narrow no-break space": file(starts="24/12/2026 5:00\u202fpm"),
    "Excel, with empty rows at the end": (PLAIN + ",,,\r\n" * 200).encode("cp1252"),
    "LibreOffice, every cell in quotes": quoted(PLAIN).encode(),
    "LibreOffice, UTF-16 without a mark": PLAIN.encode("utf-16-le"),
    "LibreOffice, UTF-16 big-endian": PLAIN.encode("utf-16-be"),
    "Numbers, with a name of two parts": file(person='"O’Brien, Siân"'),
    "UTF-8 read as Windows-1252 and saved again": PLAIN.encode().decode("cp1252").encode(),
    "a role by its name": file(role="NIGHT Worker"),
    "a role by its Welsh name": file(role="gweithiwr nos"),
    "with a column more": PLAIN.replace("\r\n", ",x\r\n").encode(),
    "Excel for Mac, with the line ends of old": PLAIN.replace("\r\n", "\r").encode(),
    "with a title above the columns": ("Rota for December,,,\r\n,,,\r\n" + PLAIN).encode("cp1252"),
    "with an empty first column": PLAIN.replace("role,", ",role,").replace("eds", ",eds").encode(),
    "with columns in another order and more in it": (
        "Person,Team,Ends,Starts,Role\r\n"
        "Siân O’Brien,x,25/12/2026 08:30,24/12/2026 17:00,EDS-sw\r\n"
    ).encode(),
    "LibreOffice, with a bar between columns": PLAIN.replace(",", "|").encode(),
    "Google Sheets, in the United States": file(
        starts='"Dec 24, 2026 5:00 PM"', ends='"Dec 25, 2026 8:30 AM"'
    ),
    "Google Sheets, the long date": file(starts='"Thursday, 24 December 2026 17:00"'),
    "Google Apps Script, in UTC": file(starts="2026-12-24T17:00:00.000Z"),
    "LibreOffice, with dots": file(starts="24.12.2026 17.00", ends="25.12.2026 08.30"),
    "with texts as formulas": file(starts='"=""24/12/2026 17:00"""'),
    "with no-break spaces": file("cp1252", starts="24/12/2026\u00a017:00"),
    "with a line end in a name": file(person='"Siân\nO’Brien"'),
    "Numbers, with accents of their own": unicodedata.normalize("NFD", PLAIN).encode(),
    "DOS, with an end of file": PLAIN.encode() + b"\x1a",
    "with months in Welsh": file(starts="24 Rhagfyr 2026 17:00", ends="25-Rhag-26 08:30"),
    "with weekdays in Welsh": file(starts="Dydd Iau 24/12/2026 17:00", ends="Gwe. 25/12/26 8.30am"),
    "Windows, with marks that cannot be seen": file(
        starts="\u200e24/\u200e12/\u200e2026 \u200f17:00", person="Si\u00adân\u200b O’Brien"
    ),
    "with two byte order marks": ("\ufeff\ufeff" + PLAIN).encode(),
    "with a name in capitals and more spaces": file(person=" SIÂN  O'brien"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_a_file_is_taken_as_its_writer_meant_it(name):
    assert list(parse(TAKEN[name]).rows.values()) == [Shift("eds-sw", 2, CHRISTMAS)]


def us(month, day):
    return row(starts=f"{month}/{day}/2027 17:00", ends=f"{month}/{day}/2027 23:00")


IN_PERSON = "Row 2: person: "
REFUSED = {
    "nothing": (b"", "", "nothing"),
    "two columns of one name": (b"role,role,starts,ends,person\n", "", "each once"),
    "no rows": (HEADER, "", "The file has no shifts."),
    "a picture": (b"\x89PNG\r\n\x81\x8d\x8f", "", "not a CSV file"),
    "too much": (b"x" * (spreadsheet.MAX_BYTES + 1), "", "2 MB"),
    "US dates": (HEADER + us(1, 13) + us(1, 14), "Row 2: ", "has the month first"),
    "US dates of a night": (
        file(starts="1/5/2027 17:00", ends="1/6/2027 08:30"),
        "Row 2: ",
        "7 days",
    ),
    "a letter lost": (file(person="Si\ufffdn O’Brien"), IN_PERSON, "letter was lost"),
    "DOS": (PLAIN.replace("’", "'").encode("cp850"), "Row 2: ", "letter was lost"),
    "Mac Roman": (PLAIN.encode("mac-roman"), "Row 2: ", "letter was lost"),
    "two people in a cell": (file(person='"Amara Owusu, Ben Hughes"'), IN_PERSON, "not one name"),
    "a comma that is not in quotes": (file(person="Owusu, Amara"), "Row 2: ", "in quotes"),
    "dates as numbers": (file(starts="46380.7083"), "Row 2: ", "a year and a time"),
    "an end at its start": (file(ends="24/12/2026 17:00"), "Row 2: ", "must be after the start"),
    "a row without a year": (file(starts="24/12 17:00"), "Row 2: starts: ", "a year and"),
    "an unknown person": (file(person="="), IN_PERSON, "'='"),
    "a name that two roles have": (file(role="Duty worker"), "Row 2: role: ", "mash-sw-2"),
    "an unknown role": (file(role="Dusk"), "Row 2: role: ", "Night worker (eds-sw), Duty worker"),
    "a role in a merged cell": (file(role=""), "Row 2: role: ", "it is empty"),
    "nobody yet": (file(person="TBC"), IN_PERSON, ""),
    "a name with a telephone number": (file(person="Jo Hall 07700 900123"), IN_PERSON, ""),
    "a mark behind a name": (file(person="Jo Hall*"), IN_PERSON, "'*'"),
    "Mac Roman, an ö": (file("mac-roman", person="Björn Hall"), IN_PERSON, "letter was lost"),
    "Mac Roman, an í": (file("mac-roman", person="García Hall"), IN_PERSON, "letter was lost"),
    "Mac Roman, an Ò first": (file("mac-roman", person="Òdena Hall"), IN_PERSON, "'ñ'"),
    "DOS, saved again": (file(person="SiÔn Hall"), IN_PERSON, "letter was lost"),
    "Windows, saved again by a Mac": (file(person="DÌaz Hall"), IN_PERSON, "letter was lost"),
    "Latin-8, a ŷ": (file("iso8859-14", person="Llŷr Hall"), IN_PERSON, "letter was lost"),
    "no person": (file(person=""), IN_PERSON, "it is empty"),
    "a workbook": (b"PK\x03\x04 1", "", "not a CSV file but a workbook"),
    "a PDF": (b"%PDF-1.7\n", "", "a PDF"),
    "a web page called xls": (b"<html><table>", "", "then CSV"),
    "UTF-32": (PLAIN.encode("utf-32"), "", "then CSV"),
    "a quotation mark too many": (file(person='"Siân O’Brien'), "Row 2: ", "not closed"),
    "a slip below a title": (b"Rota\r\n\r\n" + file(ends="x"), "Row 4: ", "Write it as"),
    "other columns": ("Date,Night,Standby\r\n", "Row 1: ", "Row 1 has: Date,Night,Standby"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("add_people", [False, True])
def test_a_file_is_refused_in_words_with_its_row_whether_or_not_people_are_added(name, add_people):
    text, where, words = REFUSED[name]
    reported = problems(text, add_people)

    assert any(problem.startswith(where) and words in problem for problem in reported), reported


def test_dates_that_can_all_be_read_in_two_ways_are_read_with_the_day_first_and_pointed_out():
    data = HEADER + row(starts="5/1/2027 17:00", ends="6/1/2027 08:30")
    sheet = parse(data)

    assert sheet.rows[2].during == span("2027-01-05T17:00", "2027-01-06T08:30")
    assert "check row 2, '5/1/2027 17:00'" in sheet.warnings[0]
    assert parse(data + row()).warnings == []


NOW = at("2026-11-23T12:00")
FIRST, SECOND = ("2026-11-24T17:00", "2026-11-25T08:30"), ("2026-11-25T17:00", "2026-11-26T08:30")
THIRD = ("2026-11-26T17:00", "2026-11-27T08:30")


def replaced(rota, rows, now=NOW):
    """Return the difference that replaces the period of some rows, and the rota after it."""
    period = Span(min(row.during.start for row in rows), max(row.during.end for row in rows))
    difference = replace_period(rota.build(), rows, now, period, {row.role_id for row in rows})
    return difference, rota.build().with_changes(difference.new_shifts, difference.cancelled)


def night(person_id, edges, role_id="night"):
    return Shift(role_id, person_id, span(*edges))


def duties(roster, role_id, start, end):
    """Return who is on duty when in a period."""
    return [
        (part.person_id, max(part.during.start, start), min(part.during.end, end))
        for part in roster.assignments(role_id, start, end)
        if part.person_id is not None
    ]


def test_another_person_at_the_same_time_is_a_change_and_what_is_missing_is_removed(rota):
    first = rota.add_shift("night", 1, *FIRST)
    second = rota.add_shift("night", 2, *SECOND)
    rota.add_shift("night", 3, *THIRD)
    difference, _ = replaced(rota, [night(4, FIRST), night(3, THIRD)])

    assert difference.changed == ((night(1, FIRST), night(4, FIRST)),)
    assert difference.removed == (night(2, SECOND),)
    assert (difference.added, difference.unchanged) == ((), 1)
    assert [shift.id for shift in difference.cancelled] == [first, second]


def test_other_times_of_the_same_person_are_a_change(rota):
    rota.add_shift("night", 1, *FIRST)
    later = (FIRST[0], "2026-11-25T09:00")
    difference, _ = replaced(rota, [night(1, later), night(2, SECOND)])

    assert difference.changed == ((night(1, FIRST), night(1, later)),)
    assert difference.added == (night(2, SECOND),)


def test_a_row_is_added_unless_it_is_a_shift_already_or_what_somebody_has_with_covers(rota):
    shift = rota.add_shift("night", 1, *FIRST)
    rota.add_cover(shift, 2, "2026-11-24T20:00", FIRST[1])
    rows = [night(1, FIRST), night(2, ("2026-11-24T20:00", FIRST[1])), night(1, SECOND)]

    assert add_rows(rota.build(), rows) == RotaDifference(
        added=(night(1, SECOND),), unchanged=2, new_shifts=(night(1, SECOND),)
    )


def test_other_roles_and_other_periods_stay(rota):
    rota.add_shift("day", 1, *FIRST)
    rota.add_shift("night", 1, *FIRST)
    rota.add_shift("night", 2, *THIRD)
    difference, _ = replaced(rota, [night(3, SECOND)])

    assert difference.cancelled == ()


def test_a_cover_that_the_file_has_stays_a_cover_and_another_gives_way_to_the_file(rota):
    shift = rota.add_shift("night", 1, *FIRST)
    rota.add_cover(shift, 2, "2026-11-24T20:00", FIRST[1])
    as_exported = [
        night(1, (FIRST[0], "2026-11-24T20:00")),
        night(2, ("2026-11-24T20:00", FIRST[1])),
    ]

    assert replaced(rota, as_exported)[0].is_empty
    rota.add_cover(shift, None, "2026-11-25T08:00", FIRST[1])
    as_exported[1] = night(2, ("2026-11-24T20:00", "2026-11-25T08:00"))
    assert replaced(rota, as_exported)[0].is_empty
    in_place = [as_exported[0], night(3, ("2026-11-24T20:00", "2026-11-25T08:00"))]
    one_change, _ = replaced(rota, in_place)
    assert (one_change.changed, one_change.unchanged) == (((as_exported[1], in_place[1]),), 1)
    _, after = replaced(rota, [night(1, FIRST)])
    assert duties(after, "night", at(FIRST[0]), at(FIRST[1])) == [(1, *map(at, FIRST))]


def test_a_longer_period_takes_the_shifts_that_start_in_it_and_no_part_of_one_before_it(rota):
    before = rota.add_shift("night", 1, *FIRST)
    second = rota.add_shift("night", 1, *SECOND)
    third = rota.add_shift("night", 2, *THIRD)
    period = span("2026-11-25T00:00", "2026-11-27T00:00")
    difference = replace_period(rota.build(), [night(1, SECOND)], NOW, period, {"night"})

    assert difference.removed == (night(2, THIRD),)
    assert [shift.id for shift in difference.cancelled] == [third]
    after = rota.build().with_changes(difference.new_shifts, difference.cancelled)
    assert [shift.id for shift in after.shifts] == [before, second]


def test_what_is_over_stays_and_of_a_shift_that_has_begun_the_rest_is_replaced(rota):
    rota.add_shift("night", 1, "2026-11-22T17:00", "2026-11-23T08:30")
    running = ("2026-11-23T08:30", "2026-11-23T17:00")
    shift = rota.add_shift("night", 1, *running)
    rows = [night(2, ("2026-11-22T17:00", "2026-11-23T08:30")), night(2, running)]
    difference, _ = replaced(rota, rows)

    assert [old.id for old in difference.cancelled] == [shift]
    assert difference.new_shifts == (Shift("night", 2, Span(NOW, at(running[1]))),)


def test_more_people_than_a_role_needs_are_noticed_where_a_new_shift_is_among_them(rota):
    rota.add_shift("night", 1, *FIRST)
    rota.add_shift("night", 2, *FIRST)
    rota.add_shift("night", 1, *SECOND)
    handover = ("2026-11-26T08:15", "2026-11-26T09:00")
    period = span(FIRST[0], THIRD[1])
    assert not list(rota.build().excess("night", period))
    for edges, excess in ((THIRD, []), (SECOND, [span(*SECOND)]), (handover, [])):
        changed = rota.build().with_changes([night(3, edges)])
        assert [during for during, _ in changed.excess("night", period)] == excess


HOURS = st.integers(-20, 60)
SHIFTS = st.lists(st.tuples(st.integers(1, 3), HOURS, st.integers(1, 30)), max_size=6)


@settings(deadline=None)
@given(SHIFTS, SHIFTS.filter(bool))
def test_from_now_on_exactly_the_file_is_left_in_its_period_and_outside_what_began_before_it(
    council_timetables, existing, file_rows
):
    builder = RotaBuilder(council_timetables)

    def hour(number):
        return NOW.replace(hour=0, day=24 + number // 24).replace(hour=number % 24)

    def apart(shifts):
        """Return those that overlap no earlier one of their person."""
        spans = {}
        for person_id, start, length in shifts:
            during = Span(hour(start), hour(start + length))
            if not any(during.overlaps(other) for other in spans.get(person_id, ())):
                spans.setdefault(person_id, []).append(during)
        return [(person_id, during) for person_id, own in spans.items() for during in own]

    for person_id, during in apart(existing):
        builder.add_shift(
            "night", person_id, *(f"{edge:%Y-%m-%dT%H:%M}" for edge in (during.start, during.end))
        )
    rows = [Shift("night", person_id, during) for person_id, during in apart(file_rows)]
    _, after = replaced(builder, rows)

    rows_start = min(entry.during.start for entry in rows)
    start = max(NOW, rows_start)
    end = max(entry.during.end for entry in rows)
    wanted = {(one.person_id, max(one.during.start, start), one.during.end) for one in rows}
    if start < end:
        assert set(duties(after, "night", start, end)) == {one for one in wanted if one[2] > start}
    period = Span(rows_start, end)
    for low, high in ((NOW, rows_start), (max(end, NOW), NOW + timedelta(days=9))):
        outside = {
            (person_id, max(during.start, low), min(during.end, high))
            for person_id, during in apart(existing)
            if during.start not in period and max(during.start, low) < min(during.end, high)
        }
        assert low >= high or set(duties(after, "night", low, high)) == outside
    again = replace_period(after, rows, NOW, period, {"night"})
    assert not again.new_shifts or again.cancelled == ()
