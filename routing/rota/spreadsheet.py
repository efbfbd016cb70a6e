"""The rota as a spreadsheet: CSV with the columns ``role,starts,ends,person``, one shift a row."""

import csv
import io
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from routing.core import instants
from routing.core.instants import Span
from routing.errors import InvalidSpreadsheet, InvalidTime
from routing.rota.roster import MAX_SHIFT_LENGTH, Assignment, is_too_long, name_key
from routing.text import time_parsing

COLUMNS = ("role", "starts", "ends", "person")
MAX_BYTES = 2 * 1024 * 1024

MAX_ROWS = 5_000
"""The most shifts in a file: they are saved in one transaction, and no divert can be set until it
is over.
"""

MAX_PEOPLE = 200
_MAX_CELL_CHARS = 60


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """A shift in a file. ``number`` is its row as a spreadsheet counts: the header is row 1."""

    number: int
    role_id: str
    during: Span
    person: str


def parse_csv(
    data: bytes, zone: ZoneInfo, roles: Container[str], people: Container[str]
) -> list[ShiftRow]:
    """Read a file as spreadsheet programs save it; ``people`` holds the ``name_key`` of everybody.

    It may have a byte order mark; be in UTF-8, UTF-16 or Windows-1252; have commas, semicolons or
    tabs between columns; and have dates as 2026-12-24 or 24/12/2026. Empty rows and other columns
    are ignored. Times are local; one that happens twice needs its offset.

    Raise InvalidSpreadsheet with every problem in every row.
    """
    if len(data) > MAX_BYTES:
        raise InvalidSpreadsheet([f"The file is larger than {MAX_BYTES // 1024 // 1024} MB."])
    text = _decode(data)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    problems: list[str] = []
    rows: list[ShiftRow] = []
    row_count = 0
    number = 1  # not the reader's line_num: a cell can hold several lines
    try:
        columns = _columns(next(lines, []))
        for number, cells in enumerate(lines, 2):
            if any(cell.strip() for cell in cells):
                row_count += 1
                if row_count > MAX_ROWS:
                    raise InvalidSpreadsheet([_TOO_MANY_ROWS])
                values = {name: _cell(cells, column) for name, column in columns.items()}
                row, row_problems = _parse_row(values, number, zone, roles, people)
                rows += [row] if row else []
                problems += row_problems
    except csv.Error as error:
        problems.append(f"Row {number + 1}: {error}.")
    problems += _overlaps(rows)
    people_count = len({name_key(row.person) for row in rows})
    if people_count > MAX_PEOPLE:
        problems.append(
            f"The file names {people_count} people. Split it into files of {MAX_PEOPLE} people "
            "or fewer."
        )
    if problems:
        raise InvalidSpreadsheet(problems)
    return rows


def to_csv(assignments: Iterable[Assignment], names: Mapping[int, str], zone: ZoneInfo) -> str:
    """Return assignments as CSV that ``parse_csv`` reads back: who is really on duty.

    Assignments that nobody has are left out.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for assignment in assignments:
        if assignment.person_id is not None:
            during = assignment.during
            edges = [_format_local(edge, zone) for edge in (during.start, during.end)]
            writer.writerow([assignment.shift.role_id, *edges, names[assignment.person_id]])
    return text.getvalue()


_TOO_MANY_ROWS = (
    f"The file has more than {MAX_ROWS:,} shifts. Split it into files of {MAX_ROWS:,} shifts or "
    "fewer, such as one for every few months."
)


def _parse_row(
    values: Mapping[str, str],
    number: int,
    zone: ZoneInfo,
    roles: Container[str],
    people: Container[str],
) -> tuple[ShiftRow | None, list[str]]:
    """Return a row's shift, None if it has problems; and its problems."""
    problems = []
    role_id, person = values["role"], values["person"]
    if role_id not in roles:
        problems.append(f"there is no role '{role_id[:_MAX_CELL_CHARS]}' in the directory")
    if name_key(person) not in people:
        problems.append(
            f"there is nobody called '{person[:_MAX_CELL_CHARS]}' on the rota: add them first"
        )
    edges: list[datetime] = []
    for name in ("starts", "ends"):
        try:
            edges.append(time_parsing.parse_cell(values[name], zone))
        except InvalidTime as error:
            problems.append(f"{name}: {error}" if values[name] else f"{name} is empty")
    if len(edges) == 2:
        if edges[1] <= edges[0]:
            problems.append("the end must be after the start. Check the date of the end")
        elif is_too_long(Span(*edges), zone):
            problems.append(
                f"it is longer than {MAX_SHIFT_LENGTH.days} days. Check the date of the end"
            )
    row = None if problems else ShiftRow(number, role_id, Span(*edges), person)
    return row, [f"Row {number}: {problem.rstrip('.')}." for problem in problems]


def _overlaps(rows: Iterable[ShiftRow]) -> list[str]:
    """Return a problem for each row that overlaps an earlier shift of its person in its role."""
    problems: list[str] = []
    latest: dict[tuple[str, str], ShiftRow] = {}
    for row in sorted(rows, key=lambda row: row.during.start):
        key = row.role_id, name_key(row.person)
        other = latest.get(key)
        if other is not None and row.during.start < other.during.end:
            problems.append(
                f"Row {row.number}: {row.person} already has a shift in this role then, in row "
                f"{other.number}."
            )
        if other is None or row.during.end > other.during.end:
            latest[key] = row
    return problems


def _decode(data: bytes) -> str:
    is_utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if is_utf16 else ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidSpreadsheet(
        ["This is not a text file. Save the spreadsheet as CSV and choose that file."]
    )


def _delimiter(text: str) -> str:
    header = text.partition("\n")[0]
    return max(",;\t", key=header.count)


def _columns(header: list[str]) -> dict[str, int]:
    """Return the position of each column. Raise InvalidSpreadsheet."""
    names = [name.strip().casefold() for name in header]
    for column in COLUMNS:
        if names.count(column) != 1:
            raise InvalidSpreadsheet(
                [
                    f"Row 1: it must name the columns {', '.join(COLUMNS)}, each once. "
                    f"'{column}' is missing or there more than once. Row 1 has: "
                    f"{', '.join(names)[:100] or 'nothing'}."
                ]
            )
    return {name: names.index(name) for name in COLUMNS}


def _cell(cells: list[str], column: int) -> str:
    return " ".join(cells[column].split()) if column < len(cells) else ""


def _format_local(at: datetime, zone: ZoneInfo) -> str:
    """Return a local time, with its offset where the clocks show that time twice."""
    local = at.astimezone(zone)
    first, second = instants.possible_instants(local.replace(tzinfo=None), zone)
    if first != second:
        return local.isoformat(timespec="seconds")
    return local.strftime("%Y-%m-%d %H:%M:%S" if local.second else "%Y-%m-%d %H:%M")
