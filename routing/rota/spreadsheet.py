"""The rota as a spreadsheet: CSV with the columns ``role,starts,ends,person``, one shift a row."""

import csv
import io
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from routing.core import instants
from routing.core.directory import RotaRole
from routing.core.instants import Span
from routing.errors import InvalidSpreadsheet, InvalidTime
from routing.rota.cells import DateOrder, date_order, parse_cell, repair_encoding, spoilt_name
from routing.rota.roster import MAX_SHIFT_LENGTH, Assignment, is_too_long, name_key

COLUMNS = ("role", "starts", "ends", "person")
MAX_BYTES = 2 * 1024 * 1024

MAX_ROWS = 5_000
"""The most shifts in a file: they are saved in one transaction, and no divert can be set until it
is over.
"""

MAX_PEOPLE = 200
_MAX_CELL_CHARS = 60
_SEPARATORS = ",;\t|"
_SEPARATOR_ROW = re.compile(r'"?sep=([,;\t|])"?(?:\r\n|\r|\n)', re.I)
_HEADER_ROWS = 20
"""Among how many rows the header is looked for: some files begin with a title."""

_SIGNATURES = {
    b"PK\x03\x04": "a workbook",  # of Excel, LibreOffice and Numbers
    b"\xd0\xcf\x11\xe0": "a workbook",  # of Excel before 2007
    b"%PDF": "a PDF",
    b"{\\rtf": "a document",
    b"<": "a web page",
}
"""How files begin that people choose by mistake."""


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """A shift in a file. ``number`` is its row as a spreadsheet counts: the header is row 1."""

    number: int
    role_id: str
    during: Span
    person: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """The shifts in a file, and what its reader should check in them."""

    rows: list[ShiftRow]
    warnings: list[str]


def role_labels(roles: Iterable[RotaRole]) -> dict[str, tuple[str, ...]]:
    """Return the ids that each way to write a role means, by ``name_key``: its id and its names."""
    labels: dict[str, tuple[str, ...]] = {}
    for role in roles:
        for name in {name_key(name) for _, name in role.name.by_language}:
            labels[name] = (*labels.get(name, ()), role.id)
    return labels | {name_key(role.id): (role.id,) for role in roles}


def parse_csv(
    data: bytes,
    zone: ZoneInfo,
    roles: Mapping[str, Sequence[str]],
    people: Container[str],
    add_people: bool = False,
) -> Sheet:
    """Read a file as spreadsheet programs save it.

    ``roles`` are those of ``role_labels``; ``people`` holds the ``name_key`` of everybody, and with
    ``add_people`` other names are accepted that look like the name of one person. The file may have
    a byte order mark; be in UTF-8, UTF-16 or Windows-1252; have commas, semicolons or tabs between
    columns; and have dates as ``cells.parse_cell`` reads them. Names may be "Surname, Forename".
    Empty rows and other columns are ignored. Times are local; one that happens twice needs its
    offset.

    Raise InvalidSpreadsheet with every problem in every row.
    """
    if len(data) > MAX_BYTES:
        raise InvalidSpreadsheet([f"The file is larger than {MAX_BYTES // 1024 // 1024} MB."])
    numbered_values, problems = _read_rows(_decode(data))
    rows: list[ShiftRow] = []
    orders: dict[DateOrder, list[tuple[int, str]]] = {order: [] for order in DateOrder}
    for number, values in numbered_values:
        for name in ("starts", "ends"):
            if order := date_order(values[name]):
                orders[order].append((number, values[name]))
        row, row_problems = _parse_row(values, number, zone, roles, people, add_people)
        rows += [row] if row else []
        problems += row_problems
    problems += _order_problems(orders)
    problems += _overlaps(rows)
    people_count = len({name_key(row.person) for row in rows})
    if people_count > MAX_PEOPLE:
        problems.append(
            f"The file names {people_count} people. Split it into files of {MAX_PEOPLE} people "
            "or fewer."
        )
    if problems:
        raise InvalidSpreadsheet(problems)
    return Sheet(rows, _order_warnings(orders))


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


def to_template(
    roles: Iterable[RotaRole], slots: Mapping[str, Sequence[Span]], zone: ZoneInfo
) -> str:
    """Return a file to fill in: a row for each person that a role's slots need, without the person.

    A role without slots has one row without times.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for role in roles:
        name = role.name.get("en")
        for slot in slots[role.id]:
            edges = [_format_local(edge, zone) for edge in (slot.start, slot.end)]
            writer.writerows([[name, *edges, ""]] * role.people)
        if not slots[role.id]:
            writer.writerow([name, "", "", ""])
    return text.getvalue()


_TOO_MANY_ROWS = (
    f"The file has more than {MAX_ROWS:,} shifts. Split it into files of {MAX_ROWS:,} shifts or "
    "fewer, such as one for every few months."
)


def _read_rows(text: str) -> tuple[list[tuple[int, dict[str, str]]], list[str]]:
    """Return the number and the cells of each row that is not empty, and problems with the others.

    Raise InvalidSpreadsheet for a file without the columns, or with too many rows.
    """
    text, delimiter, header_number = _split_header(text)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, dict[str, str]]] = []
    problems: list[str] = []
    number = header_number  # not the reader's line_num: a cell can hold several lines
    try:
        header = next(lines, [])
        columns = _columns(header, header_number)
        for number, cells in enumerate(lines, header_number + 1):
            if any(cell.strip() for cell in cells[len(header) :]):
                problems.append(
                    f"Row {number}: it has more cells than row {header_number}. Put a name with a "
                    'comma in quotes: "Owusu, Amara".'
                )
            elif any(cell.strip() for cell in cells):
                rows.append(
                    (number, {name: _cell(cells, column) for name, column in columns.items()})
                )
            if len(rows) > MAX_ROWS:
                raise InvalidSpreadsheet([_TOO_MANY_ROWS])
    except csv.Error as error:
        problems.append(
            f"Row {number + 1}: a quotation mark is not closed, or text follows one ({error}). "
            "Delete the mark, or close it at the end of its cell."
        )
    return rows, problems


def _parse_row(
    values: Mapping[str, str],
    number: int,
    zone: ZoneInfo,
    roles: Mapping[str, Sequence[str]],
    people: Container[str],
    add_people: bool,
) -> tuple[ShiftRow | None, list[str]]:
    """Return a row's shift, None if it has problems; and its problems."""
    problems = []
    role_ids, person = roles.get(name_key(values["role"]), ()), values["person"]
    if not role_ids:
        known = ", ".join(sorted({role_id for ids in roles.values() for role_id in ids}))
        role = values["role"][:_MAX_CELL_CHARS]
        problems.append(f"there is no role '{role}' in the directory. Its roles are: {known}")
    elif len(role_ids) > 1:
        problems.append(f"several roles have that name. Write one of: {', '.join(role_ids)}")
    try:
        person = _parse_person(person, people, add_people)
    except ValueError as error:
        problems.append(str(error))
    edges: list[datetime] = []
    for name in ("starts", "ends"):
        try:
            edges.append(parse_cell(values[name], zone))
        except InvalidTime as error:
            problems.append(f"{name}: {error}" if values[name] else f"{name} is empty")
    if len(edges) == 2:
        if edges[1] <= edges[0]:
            problems.append("the end must be after the start. Check the date of the end")
        elif is_too_long(Span(*edges), zone):
            problems.append(
                f"it is longer than {MAX_SHIFT_LENGTH.days} days. Check the date of the end, and "
                "that dates have the day first"
            )
    row = None if problems else ShiftRow(number, role_ids[0], Span(*edges), person)
    return row, [f"Row {number}: {problem.rstrip('.')}." for problem in problems]


def _parse_person(text: str, people: Container[str], add_people: bool) -> str:
    """Return a name, from "Surname, Forename" too. Raise ValueError for one that nobody has.

    A name that is known is accepted as it is. Another one must look like the name of one person.
    """
    if not text:
        raise ValueError("person is empty: write a name, or delete the row")
    shown = text[:_MAX_CELL_CHARS]
    surname, comma, forename = (part.strip() for part in text.partition(","))
    name = f"{forename} {surname}" if comma else text
    if name_key(name) in people:
        return name
    if "," in forename or (comma and (not forename or (" " in surname and " " in forename))):
        raise ValueError(f"'{shown}' is not one name. Write one person a row, as Amara Owusu")
    if spoilt := spoilt_name(name):
        raise ValueError(
            f"the name '{shown}' has '{spoilt}' in it: a letter was lost or changed when the file "
            "was saved. Save it as CSV UTF-8, and correct the name"
        )
    if not add_people:
        raise ValueError(f"there is nobody called '{shown}' on the rota: add them first")
    return name


def _order_problems(orders: Mapping[DateOrder, Sequence[tuple[int, str]]]) -> list[str]:
    """Return a problem where dates in a file have two orders, or seem to have the month first."""
    day_first, month_first = orders[DateOrder.DAY_FIRST], orders[DateOrder.MONTH_FIRST]
    either = orders[DateOrder.EITHER]
    if day_first and month_first:
        (number, date), (other_number, other_date) = month_first[0], day_first[0]
        return [
            f"Row {number}: '{date[:_MAX_CELL_CHARS]}' has the month first, but "
            f"'{other_date[:_MAX_CELL_CHARS]}' in row {other_number} the day first. Check every "
            "date in the file, and write the day first."
        ]
    days = {re.split("[-/.]", date)[0] for _, date in either}
    months = {re.split("[-/.]", date)[1] for _, date in either}
    if either and not day_first and len(days) == 1 and len(months) >= 3:
        number, date = either[0]
        return [
            f"Row {number}: with the day first, the dates in this file are the same day of "
            f"{len(months)} months, so '{date[:_MAX_CELL_CHARS]}' seems to have the month first. "
            "Write the dates as 2026-12-24."
        ]
    return []


def _order_warnings(orders: Mapping[DateOrder, Sequence[tuple[int, str]]]) -> list[str]:
    """Return a warning where nothing in a file says in which order its dates are."""
    if orders[DateOrder.DAY_FIRST] or not orders[DateOrder.EITHER]:
        return []
    number, date = orders[DateOrder.EITHER][0]
    return [
        "Every date in this file can be read in two ways. It was read with the day first: check "
        f"row {number}, '{date[:_MAX_CELL_CHARS]}'."
    ]


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
    for signature, kind in _SIGNATURES.items():
        if data.startswith(signature):
            raise InvalidSpreadsheet(
                [f"This is {kind}, not a text file. Save the sheet as CSV and choose that file."]
            )
    encodings = ["utf-8-sig", "cp1252"]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\0" in data[:2]:  # UTF-16 without a byte order mark
        encodings = ["utf-16-be" if data.startswith(b"\0") else "utf-16-le"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text.rstrip("\x1a")  # the end of a file, in DOS
    raise InvalidSpreadsheet(
        ["This is not a text file. Save the spreadsheet as CSV and choose that file."]
    )


def _split_header(text: str) -> tuple[str, str, int]:
    """Return the text from its header on, the character between columns, and the header's row.

    Excel reads a first row such as ``sep=;``, which names that character.
    """
    if match := _SEPARATOR_ROW.match(text):
        return text[match.end() :], match[1], 2
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines[:_HEADER_ROWS]):
        if all(column in line.casefold() for column in COLUMNS):
            return "".join(lines[number:]), max(_SEPARATORS, key=line.count), number + 1
    return text, max(_SEPARATORS, key=text.partition("\n")[0].count), 1


def _columns(header: list[str], number: int) -> dict[str, int]:
    """Return the position of each column. Raise InvalidSpreadsheet."""
    names = [name.strip().casefold() for name in header]
    for column in COLUMNS:
        if names.count(column) != 1:
            raise InvalidSpreadsheet(
                [
                    f"Row {number}: it must name the columns {', '.join(COLUMNS)}, each once. "
                    f"'{column}' is missing or there more than once. Row {number} has: "
                    f"{', '.join(names)[:100] or 'nothing'}."
                ]
            )
    return {name: names.index(name) for name in COLUMNS}


def _cell(cells: list[str], column: int) -> str:
    """Return what a cell holds, with its encoding repaired; "" if the row is too short.

    Some programs write a text as the formula ="text", so that Excel leaves it as it is.
    """
    text = " ".join(repair_encoding(cells[column]).split()) if column < len(cells) else ""
    return text[2:-1] if text.startswith('="') and text.endswith('"') else text


def _format_local(at: datetime, zone: ZoneInfo) -> str:
    """Return a local time, with its offset where the clocks show that time twice."""
    local = at.astimezone(zone)
    first, second = instants.possible_instants(local.replace(tzinfo=None), zone)
    if first != second:
        return local.isoformat(timespec="seconds")
    return local.strftime("%Y-%m-%d %H:%M:%S" if local.second else "%Y-%m-%d %H:%M")
