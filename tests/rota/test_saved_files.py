"""Files as Excel, Google Sheets, LibreOffice and Numbers save them: taken, or refused by row."""

import unicodedata
from zoneinfo import ZoneInfo

import pytest
from rota.conftest import span

from routing.core.directory import RotaRole, Text
from routing.errors import InvalidSpreadsheet
from routing.rota import spreadsheet
from routing.rota.roster import NewShift, name_key

LONDON = ZoneInfo("Europe/London")
ROLES = [
    RotaRole("eds-sw", Text((("en", "Night worker"), ("cy", "Gweithiwr nos"))), "eds", None),
    RotaRole("mash-sw", Text((("en", "Duty worker"),)), "eds", None),
    RotaRole("mash-sw-2", Text((("en", "Duty worker"),)), "eds", None),
]
NAMES = ("Amara Owusu", "Siân O’Brien", "Llŷr ap Rhys")
PEOPLE = {name_key(name): number for number, name in enumerate(NAMES, 1)}
HEADER = "role,starts,ends,person\r\n"
CHRISTMAS = span("2026-12-24T17:00", "2026-12-25T08:30")


def row(role="eds-sw", starts="24/12/2026 17:00", ends="25/12/2026 08:30", person="Siân O’Brien"):
    return f"{role},{starts},{ends},{person}\r\n"


def file(encoding="utf-8", **cells):
    """Return a file with one row."""
    return (HEADER + row(**cells)).encode(encoding)


def parse(data, add_people=False):
    return spreadsheet.parse_csv(data, LONDON, ROLES, PEOPLE, add_people)


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
    "Excel, with a two-digit year": file("cp1252", starts="24/12/26 17:00"),
    "Excel, with AM and PM": file(
        "cp1252", starts="24/12/2026 5:00:00 PM", ends="25/12/2026 8:30:00 AM"
    ),
    "Excel, with named months": file("cp1252", starts="24-Dec-26 17:00", ends="25-Dec-26 08:30"),
    "Excel for Mac, with a narrow no-break space": file(starts="24/12/2026 5:00\u202fpm"),
    "Excel, with empty rows at the end": (PLAIN + ",,,\r\n" * 200).encode("cp1252"),
    "Google Sheets, CSV": PLAIN.replace(":00,", ":00:00,").encode(),
    "Google Sheets, TSV": PLAIN.replace(",", "\t").encode(),
    "LibreOffice, every cell in quotes": quoted(PLAIN).encode(),
    "LibreOffice, ISO dates": file(starts="2026-12-24 17:00:00", ends="2026-12-25 08:30:00"),
    "LibreOffice, UTF-16 without a mark": PLAIN.encode("utf-16-le"),
    "LibreOffice, UTF-16 big-endian": PLAIN.encode("utf-16-be"),
    "Numbers, CSV": file(starts="24 Dec 2026 at 17:00", ends="25 Dec 2026 at 08:30"),
    "Numbers, with a name of two parts": file(person='"O’Brien, Siân"'),
    "UTF-8 read as Windows-1252 and saved again": PLAIN.encode().decode("cp1252").encode(),
    "a role by its name": file(role="NIGHT Worker"),
    "a role by its Welsh name": file(role="gweithiwr nos"),
    "a role by its key in capitals": file(role="EDS-SW"),
    "with a column more": PLAIN.replace("\r\n", ",x\r\n").encode(),
    "Excel for Mac, with the line ends of old": PLAIN.replace("\r\n", "\r").encode(),
    "with a title above the columns": ("Rota for December,,,\r\n,,,\r\n" + PLAIN).encode("cp1252"),
    "with an empty first row": ("\r\n" + PLAIN).encode(),
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
    "with the line ends of a Mac": PLAIN.replace("\r\n", "\n").encode(),
    "with an end that is only a time": file(ends="08:30"),
    "Excel, with an end that is only a time": file(ends="8:30:00 AM"),
    "with a name in capitals and more spaces": file(person=" SIÂN  O'brien"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_a_file_is_taken_as_its_writer_meant_it(name):
    assert list(parse(TAKEN[name]).rows.values()) == [NewShift("eds-sw", 2, CHRISTMAS)]


def us(month, day):
    return row(starts=f"{month}/{day}/2027 17:00", ends=f"{month}/{day}/2027 23:00")


REFUSED = {
    "US dates": (HEADER + us(1, 13) + us(1, 14), "Row 2: ", "has the month first"),
    "dates in two orders": (
        HEADER + row() + row(starts="12/26/2026 17:00", ends="12/27/2026 08:30"),
        "Row 3: ",
        "has the month first",
    ),
    "US dates of a night": (
        file(starts="1/5/2027 17:00", ends="1/6/2027 08:30"),
        "Row 2: ",
        "7 days",
    ),
    "a letter lost": (file(person="Si\ufffdn O’Brien"), "Row 2: ", "a letter was lost"),
    "a letter that Windows-1252 lacks": (file(person="Ll?r ap Rhys"), "Row 2: ", "'?'"),
    "DOS": (PLAIN.replace("’", "'").encode("cp850"), "Row 2: ", "a letter was lost"),
    "Mac Roman": (PLAIN.encode("mac-roman"), "Row 2: ", "a letter was lost"),
    "two people in a cell": (file(person='"Amara Owusu, Ben Hughes"'), "Row 2: ", "not one name"),
    "a comma that is not in quotes": (file(person="Owusu, Amara"), "Row 2: ", "in quotes"),
    "dates without times": (file(starts="24/12/2026"), "Row 2: ", "a date with a time"),
    "dates as numbers": (file(starts="46380.7083"), "Row 2: ", "a date with a time"),
    "an end at its start": (file(ends="24/12/2026 17:00"), "Row 2: ", "must be after the start"),
    "a row without its end": (file(ends=""), "Row 2: ends: ", "a date with a time"),
    "an unknown person": (file(person="="), "Row 2: ", "'='"),
    "a name that stands for nobody": (file(person="Former worker 3"), "Row 2: ", ""),
    "a name that two roles have": (file(role="Duty worker"), "Row 2: ", "mash-sw-2"),
    "an unknown role": (file(role="Dusk"), "Row 2: ", "Night worker (eds-sw), Duty worker"),
    "a role in a merged cell": (file(role=""), "Row 2: ", "role is empty"),
    "a person in two rows of a cell": (file(person='"Jo Hall\nAl Day"'), "Row 2: ", "not one name"),
    "two people with and": (file(person="Jo Hall and Al Day"), "Row 2: ", "not one name"),
    "nobody yet": (file(person="TBC"), "Row 2: ", ""),
    "a name with a telephone number": (file(person="Jo Hall 07700 900123"), "Row 2: ", ""),
    "a mark behind a name": (file(person="Jo Hall*"), "Row 2: ", "'*'"),
    "Mac Roman, an ö": (file("mac-roman", person="Björn Hall"), "Row 2: ", "a letter was lost"),
    "Mac Roman, an í": (file("mac-roman", person="García Hall"), "Row 2: ", "a letter was lost"),
    "Latin-8, a ŷ": (file("iso8859-14", person="Llŷr Hall"), "Row 2: ", "a letter was lost"),
    "no person": (file(person=""), "Row 2: ", "person is empty"),
    "a workbook": (b"PK\x03\x04 1", "", "not a CSV file but a workbook"),
    "a large workbook": (b"PK\x03\x04" + b"\0" * spreadsheet.MAX_BYTES, "", "but a workbook"),
    "a workbook of 2003": (b"\xd0\xcf\x11\xe0" + b"\0" * 40, "", "but a workbook"),
    "a PDF": (b"%PDF-1.7\n", "", "a PDF"),
    "a web page called xls": (b"<html><table>", "", "then CSV"),
    "UTF-32": (PLAIN.encode("utf-32"), "", "then CSV"),
    "a midnight of two readings": (
        file(ends="25/12/2026 midnight"),
        "Row 2: ends: ",
        "Write 00:00 or 24:00",
    ),
    "a start that is only a time": (file(starts="17:00"), "Row 2: starts: ", "a date with a time"),
    "a date without its year": (file(starts="24 Dec 17:00"), "Row 2: starts: ", "a date with"),
    "a quotation mark too many": (file(person='"Siân O’Brien'), "Row 2: ", "not closed"),
    "a row of totals": (PLAIN + "Total,,,1\r\n", "Row 3: ", "'Total' is not the name of one role"),
    "the wrong weekday": (
        file(starts="Friday 24 December 2026 17:00"),
        "Row 2: ",
        "not on that day",
    ),
    "a column too narrow": (file(starts="########"), "Row 2: ", "Write it as 24/12/2026"),
    "a slip below a title": (b"Rota\r\n\r\n" + file(ends="x"), "Row 4: ", "Write it as"),
    "other columns": ("Date,Night,Standby\r\n", "Row 1: ", "Row 1 has: Date,Night,Standby"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("add_people", [False, True])
def test_a_file_is_refused_in_words_with_its_row_whether_or_not_people_are_added(name, add_people):
    text, where, words = REFUSED[name]
    with pytest.raises(InvalidSpreadsheet) as refusal:
        parse(text if isinstance(text, bytes) else text.encode(), add_people)

    assert any(
        problem.startswith(where) and words in problem for problem in refusal.value.problems
    ), refusal.value.problems


def test_dates_that_can_all_be_read_in_two_ways_are_read_with_the_day_first_and_pointed_out():
    data = HEADER + row(starts="5/1/2027 17:00", ends="6/1/2027 08:30")
    sheet = parse(data.encode())

    assert sheet.rows[2].during == span("2027-01-05T17:00", "2027-01-06T08:30")
    assert "check row 2, '5/1/2027 17:00'" in sheet.warnings[0]
    assert parse((data + row()).encode()).warnings == []


@pytest.mark.parametrize(
    "end, instant",
    [
        ("16:59", "2026-12-25T16:59"),
        ("17:00", "2026-12-25T17:00"),
        ("17:01", "2026-12-24T17:01"),
        ("midnight", "2026-12-25T00:00"),
        ("24:00", "2026-12-25T00:00"),
        ("noon", "2026-12-25T12:00"),
    ],
)
def test_an_end_that_is_only_a_time_is_the_next_one_after_the_start(end, instant):
    sheet = parse(file(ends=end))

    assert sheet.rows[2].during == span("2026-12-24T17:00", instant)
