"""The spreadsheet that councils have today: ``role,starts,ends,person``, one shift a row."""

import csv
import io
import unicodedata
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from routing.core import instants
from routing.core.instants import Span
from routing.errors import InvalidSpreadsheet, InvalidTime
from routing.rota.roster import Assignment
from routing.rota.validation import MAX_SHIFT_LENGTH
from routing.text import time_parsing

COLUMNS = ("role", "starts", "ends", "person")
MAX_BYTES = 2 * 1024 * 1024
"""How many bytes a file has at most."""

MAX_ROWS = 5_000
"""How many shifts a file has at most: a change of the rota is saved in one go, and while it is,
nobody can set a divert.
"""

MAX_PEOPLE = 200
"""How many people a file names at most."""


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """A shift as a row puts it. ``number`` is the row's, as a spreadsheet counts: header 1."""

    number: int
    role: str
    during: Span
    person: str


def name_key(name: str) -> str:
    """Return what two names have in common that are the same: case and blanks aside.

    And however a program writes them: Siân O'Brien with either apostrophe, her â as one character
    or as two.
    """
    plain = unicodedata.normalize("NFKC", name).translate(_APOSTROPHES)
    return " ".join(plain.split()).casefold()


_APOSTROPHES = dict.fromkeys(map(ord, "‘’ʼ`´"), "'")


def parse_csv(
    data: bytes, zone: ZoneInfo, roles: Container[str], people: Container[str]
) -> list[ShiftRow]:
    """Read a file as a spreadsheet program saves it. ``people`` are known by their ``key``.

    With a byte order mark or without; in UTF-8, UTF-16 or Windows-1252; with commas, semicolons or
    tabs; dates as 2026-12-24 or 24/12/2026. Empty rows and other columns are passed over. Times
    are local; one that happens twice is written with its offset.

    Raise InvalidSpreadsheet with every problem of every row.
    """
    if len(data) > MAX_BYTES:
        raise InvalidSpreadsheet([f"The file has more than {MAX_BYTES // 1024 // 1024} MB."])
    text = _decoded(data)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    problems: list[str] = []
    found: list[ShiftRow] = []
    rows = 0
    number = 1  # not the reader's line_num: a cell may hold several lines
    try:
        places = _places(next(lines, []))
        for number, cells in enumerate(lines, 2):
            if any(cell.strip() for cell in cells):
                rows += 1
                if rows > MAX_ROWS:
                    raise InvalidSpreadsheet([_TOO_LONG])
                own = {name: _cell(cells, place) for name, place in places.items()}
                _take(own, number, zone, roles, people, found, problems)
    except csv.Error as error:
        problems.append(f"Row {number + 1}: {error}.")
    problems += _doubled(found)
    named = len({name_key(row.person) for row in found})
    if named > MAX_PEOPLE:
        problems.append(
            f"The file names {named} people. Import shifts of {MAX_PEOPLE} people at most at once: "
            "save some of its rows as another file."
        )
    if problems:
        raise InvalidSpreadsheet(problems)
    return found


def to_csv(duties: Iterable[Assignment], people: Mapping[int, str], zone: ZoneInfo) -> str:
    """Write who is really on duty, one stretch a row, so that ``read`` reads the same again.

    Stretches that nobody has are left out.
    """
    made = io.StringIO(newline="")
    writer = csv.writer(made)
    writer.writerow(COLUMNS)
    for each in duties:
        if each.worker is not None:
            edges = [_written(edge, zone) for edge in (each.during.start, each.during.end)]
            writer.writerow([each.shift.role, *edges, people[each.worker]])
    return made.getvalue()


_TOO_LONG = (
    f"The file has more than {MAX_ROWS:,} shifts. Import {MAX_ROWS:,} at most at once: save the "
    "other rows as another file, a few months in each."
)


def _take(
    own: Mapping[str, str],
    number: int,
    zone: ZoneInfo,
    roles: Container[str],
    people: Container[str],
    found: list[ShiftRow],
    problems: list[str],
) -> None:
    """Read one row into ``found``, or what is wrong with it into ``problems``."""
    wrong = []
    if own["role"] not in roles:
        wrong.append(f"there is no role '{own['role'][:60]}' in the directory")
    if name_key(own["person"]) not in people:
        wrong.append(f"there is nobody called '{own['person'][:60]}' on the rota: add them first")
    edges: list[datetime] = []
    for name in ("starts", "ends"):
        try:
            edges.append(time_parsing.parse_cell(own[name], zone))
        except InvalidTime as error:
            wrong.append(f"{name}: {error}" if own[name] else f"{name} is empty")
    if len(edges) == 2:
        if edges[1] <= edges[0]:
            wrong.append("it ends before it starts, or at once: is the date of the end right?")
        elif edges[1] - edges[0] > MAX_SHIFT_LENGTH:
            wrong.append(
                f"it is longer than {MAX_SHIFT_LENGTH.days} days: is the date of the end right?"
            )
    problems += [f"Row {number}: {each.rstrip('.')}." for each in wrong]
    if not wrong:
        found.append(ShiftRow(number, own["role"], Span(*edges), own["person"]))


def _doubled(rows: Iterable[ShiftRow]) -> list[str]:
    """Return a problem for each row that meets one before it of its person and role."""
    problems: list[str] = []
    last: dict[tuple[str, str], ShiftRow] = {}
    for row in sorted(rows, key=lambda each: each.during.start):
        whose = row.role, name_key(row.person)
        other = last.get(whose)
        if other is not None and row.during.start < other.during.end:
            problems.append(
                f"Row {row.number}: {row.person} has this role already at that time, in row "
                f"{other.number}."
            )
        if other is None or row.during.end > other.during.end:
            last[whose] = row
    return problems


def _decoded(data: bytes) -> str:
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidSpreadsheet(["This is no text. Save the sheet as CSV, and choose that file."])


def _delimiter(text: str) -> str:
    header = text.partition("\n")[0]
    return max(",;\t", key=header.count)


def _places(header: list[str]) -> dict[str, int]:
    """Return in which column each name stands. Raise InvalidSpreadsheet."""
    names = [each.strip().casefold() for each in header]
    missing = [name for name in COLUMNS if names.count(name) != 1]
    if missing:
        raise InvalidSpreadsheet(
            [
                f"Row 1: it must name the columns {', '.join(COLUMNS)}, each once. It has no "
                f"'{missing[0]}', or several: {', '.join(names)[:100] or 'nothing'}."
            ]
        )
    return {name: names.index(name) for name in COLUMNS}


def _cell(cells: list[str], place: int) -> str:
    return " ".join(cells[place].split()) if place < len(cells) else ""


def _written(at: datetime, zone: ZoneInfo) -> str:
    """Write a local time; where the clocks show it twice, with its offset."""
    local = at.astimezone(zone)
    first, second = instants.possible_instants(local.replace(tzinfo=None), zone)
    form = "%Y-%m-%d %H:%M:%S" if local.second else "%Y-%m-%d %H:%M"
    return local.isoformat(timespec="seconds") if first != second else local.strftime(form)
