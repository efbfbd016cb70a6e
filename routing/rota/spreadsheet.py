"""The rota as a spreadsheet: read, compared with the rota, and written. CSV with one shift a row.

What a person would read in one way is read in that way. The rest is refused in words.
"""

import csv
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from routing.core import instants
from routing.core.directory import RotaRole
from routing.core.instants import Span
from routing.errors import InvalidRotaChange, InvalidSpreadsheet, InvalidTime, RoutingError
from routing.rota.roster import (
    Assignment,
    Rota,
    RotaDifference,
    Shift,
    clean_name,
    name_key,
    require_shift_period,
    span_of,
)
from routing.text import time_parsing

COLUMNS = ("role", "starts", "ends", "person")
MAX_BYTES = 2 * 1024 * 1024

MAX_ROWS = 5_000
"""The most shifts in a file: they are saved in one step, and no divert can be set meanwhile."""

MAX_PEOPLE = 200
_MAX_CELL_CHARS = 60
_HEADER_ROWS = 20
"""Among how many rows the header is looked for: some files begin with a title."""

_WEEKDAYS = [
    *("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
    *("llu", "maw", "mer", "iau", "gwe", "sad", "sul"),
]
_WEEKDAY = re.compile(rf"^(?:dydd )?({'|'.join(_WEEKDAYS)})[a-z]*[., ]+", re.I)
_DATE_PART = r"(\d{1,4}|[a-z]{3,10})(?:st|nd|rd|th)?[-/. ,]+"
_DATE = re.compile(rf"{_DATE_PART}{_DATE_PART}(\d{{4}}|\d{{1,2}})(?!\d)", re.ASCII | re.I)
_DAY_AND_MONTH = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.]", re.ASCII)
_CLOCK = re.compile(
    r"[T ,]*(?:at )?(\d{1,2}(?:[:.]?\d\d)?|noon|midday|midnight)(?:[:.]([0-5]\d)(?:\.0+)?)?"
    r"( ?[ap]\.?m\.?| ?h(?:ou)?rs)?",
    re.ASCII | re.I,
)
_FORM = "Write it as 24/12/2026 17:00."
_OTHER_FORMATS = (b"PK\3\4", b"\xd0\xcf\x11\xe0", b"%PDF", b"{\\rtf", b"<")
_NOT_CSV = (
    "This is not a CSV file but a workbook, a PDF or the like. Open it in Excel, Numbers, "
    "LibreOffice or Google Sheets, choose Save as, Export or Download, then CSV, and import that "
    "file."
)
_PUNCTUATION_IN_NAMES = " \xa0'’‘ʼ`´-‐‑–.()"
_SEVERAL_NAMES = re.compile(r"[/&+;\n]| (?:and|or|with|a|ac|neu) ", re.I)
_LATIN_1 = re.compile("[\0-\x7f\u00c0-\u00cf\u00d1-\u00dd\u00df-\u00ef\u00f1-\u00fd\u00ff’]")
_MISPLACED = re.compile(  # but Ó hÉalaithe
    r"[a-gi-z]([À-ÖØ-ÞŠŽŸ])|[A-Z]([À-ÖØ-ÞŠŽŸ])[a-z]|(?<![^ ])([ß-öø-ÿ])|([ƒªº])|[A-Za-z](’)[a-z]"
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The shifts in a file by their rows, as a spreadsheet counts them: the first row is 1.

    ``new_people`` has the names that are not on the rota, by negative ids. ``warnings`` say what
    the reader should check.
    """

    rows: Mapping[int, Shift]
    new_people: Mapping[int, str]
    warnings: list[str]


# Reading


def parse_csv(
    data: bytes,
    zone: ZoneInfo,
    roles: Collection[RotaRole],
    people: Mapping[str, int],
    at: datetime,
    add_people: bool = False,
) -> Sheet:
    """Read a file as spreadsheet programs save it, to be imported at ``at``.

    ``people`` has the ids of everybody by ``name_key``; with ``add_people`` other names are
    accepted that look like the name of one person. A role is written as its id or its name. The
    file may have a byte order mark; be in UTF-8, UTF-16 or Windows-1252; have commas, semicolons or
    tabs between columns; and have dates as ``parse_cell`` reads them. Names may be "Surname,
    Forename". Empty rows and more columns are ignored. Raise InvalidSpreadsheet with every problem.
    """
    if data.startswith(_OTHER_FORMATS):
        raise InvalidSpreadsheet([_NOT_CSV])
    if len(data) > MAX_BYTES:
        raise InvalidSpreadsheet([f"The file is larger than {MAX_BYTES // 1024 // 1024} MB."])
    problems: list[str] = []
    rows: dict[int, Shift] = {}
    ids, new_people = dict(people), dict[int, str]()
    first_dates: dict[bool | None, str] = {}  # by whether the day is certain
    text, is_unicode = _decode(data)
    labels = {
        role: {name_key(label) for label in (role.id, *(name for _, name in role.name.by_language))}
        for role in roles
    }
    for number, cells in _read_rows(text, problems):
        row, problem_count, start = f"Row {number}: ", len(problems), None
        with _collect(problems, f"{row}role: "):
            role_id = _find_role(cells["role"], labels)
        with _collect(problems, f"{row}person: "):
            name = _parse_person(cells["person"], ids, add_people, is_unicode)
            if name_key(name) not in ids:
                ids[name_key(name)] = -len(new_people) - 1
                new_people[ids[name_key(name)]] = name
        with _collect(problems, f"{row}starts: "):
            start = parse_cell(cells["starts"], zone)
        with _collect(problems, f"{row}ends: "):
            end = parse_cell(cells["ends"], zone, start)
        if start and len(problems) == problem_count:
            with _collect(problems, row):
                require_shift_period(Span(start, end), zone, at)
            rows[number] = Shift(role_id, ids[name_key(name)], Span(start, end))
        for date in (cells["starts"], cells["ends"]):
            first_dates.setdefault(_is_day_certain(date), f"row {number}, '{date}'")
    people_count = len({shift.person_id for shift in rows.values()})
    if people_count > MAX_PEOPLE:
        problems.append(
            f"The file names {people_count} people. Split it into files of {MAX_PEOPLE} people "
            "or fewer."
        )
    if problems or not rows:
        raise InvalidSpreadsheet(problems or ["The file has no shifts."])
    warnings = []
    if False in first_dates and True not in first_dates:
        warnings.append(
            "Every date in this file can be read in two ways. It was read with the day first: "
            f"check {first_dates[False]}."
        )
    return Sheet(rows, new_people, warnings)


def parse_cell(text: str, zone: ZoneInfo, start: datetime | None = None) -> datetime:
    """Read a date with a time by clocks in ``zone``, the day first, as an instant in UTC.

    ``24/12/2026 17:00``, ``24/12/26 5:00 PM``, ``24 Dec 2026 at 17:00``, ``Dec 24, 2026 5pm``,
    ``2026-12-24 17:00`` or RFC 3339; months and weekdays in English or Welsh. 24:00 is the end of
    the day; a time alone, also midnight, is the next after ``start``. Raise InvalidTime, also for a
    date in numbers with the month first, and a local time that does not exist or exists twice.
    """
    text = " ".join(text.split())
    shown = text[:40]
    with suppress(InvalidTime):
        return time_parsing.parse_rfc3339(text)
    weekday, plain = _WEEKDAY.match(text), _WEEKDAY.sub("", text)
    date = _DATE.match(plain)
    clock = _CLOCK.fullmatch(plain[date.end() :] if date else plain)
    local_start = start.astimezone(zone).replace(tzinfo=None) if start else None
    if date and clock:
        wall_time = _parse_date(date, shown)
    elif local_start and clock and not weekday:
        wall_time = datetime.combine(local_start, time())
    else:
        raise InvalidTime(f"'{shown}' is not a date with a year and a time. {_FORM}")
    if date and clock[1].casefold() == "midnight":
        raise InvalidTime(f"'{shown}' may be the start or end of that day. Write 00:00 or 24:00.")
    if weekday and _WEEKDAYS.index(weekday[1].casefold()) % 7 != wall_time.weekday():
        raise InvalidTime(f"'{shown}' is not on that day of the week. Check the date.")
    minutes = time_parsing.parse_clock(clock[1] + (clock[3] or ""), _FORM)
    wall_time += timedelta(minutes=minutes, seconds=int(clock[2] or 0))
    if local_start and not date and wall_time <= local_start:
        wall_time += timedelta(days=1)
    return time_parsing.parse_local(wall_time.isoformat(), zone)


def _is_day_certain(text: str) -> bool | None:
    """Return whether the day is surely first: 24/12/2026, not 5/1/2027; None: 1/1/2027, 5 Jan."""
    match = _DAY_AND_MONTH.match(_WEEKDAY.sub("", text))
    if match is None or int(match[1]) == int(match[2]):
        return None
    return int(match[1]) > 12


def _spoilt_letter(name: str, is_unicode: bool) -> str:
    """Return what shows that letters of a name were lost or changed when it was saved; "" if none.

    Bytes read in the wrong encoding become signs, or capitals within a word; in a file that is not
    in Unicode, letters of old Macs and of DOS become some that Windows-1252 hardly needs.
    """
    for character in name:
        is_letter = unicodedata.category(character) in ("Lu", "Ll", "Lo", "Mn", "Nd")
        is_known = is_letter or character in _PUNCTUATION_IN_NAMES
        if not is_known or not (is_unicode or _LATIN_1.match(character)):
            return character
    match = _MISPLACED.search(name if not is_unicode else name.replace("’", "'"))
    return match[match.lastindex or 0] if match else ""


@contextmanager
def _collect(problems: list[str], where: str) -> Iterator[None]:
    """Add an error to the problems of a file instead of raising it."""
    try:
        yield
    except RoutingError as error:
        problems.append(f"{where}{error}")


def _read_rows(text: str, problems: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the number and the cells of each row below the header that is not empty."""
    lines = text.splitlines(keepends=True)
    header_number, header, delimiter = _find_header(lines)
    body = io.StringIO("".join(lines[header_number:]), newline="")
    number, count = header_number, 0  # not the reader's line_num: a cell can hold several lines
    try:
        reader = csv.reader(body, delimiter=delimiter, strict=True)
        for number, cells in enumerate(reader, header_number + 1):
            if any(cell.strip() for cell in cells[len(header) :]):
                problems.append(
                    f"Row {number}: it has more cells than row {header_number}. Put a name with a "
                    'comma in quotes: "Owusu, Amara".'
                )
            elif any(cell.strip() for cell in cells):
                count += 1
                cells += [""] * len(header)  # the row may be too short
                yield number, {name: _clean(cells[header.index(name)]) for name in COLUMNS}
            if count > MAX_ROWS:
                problem = f"The file has more than {MAX_ROWS:,} shifts. Split it into files of "
                problem += f"{MAX_ROWS:,} shifts or fewer, such as one for every few months."
                raise InvalidSpreadsheet([problem])
    except csv.Error as error:
        problems.append(
            f"Row {number + 1}: a quotation mark is not closed, or text follows one ({error}). "
            "Delete the mark, or close it at the end of its cell."
        )


def _find_header(lines: Sequence[str]) -> tuple[int, list[str], str]:
    """Return the number of the row that names the columns, all its names, and what is between."""
    for number, line in enumerate(lines[:_HEADER_ROWS], 1):
        delimiter = max(",;\t|", key=line.count)
        names = [_clean(_clean(cell).strip('"')).casefold() for cell in line.split(delimiter)]
        if all(names.count(column) == 1 for column in COLUMNS):
            return number, names, delimiter
    first, columns = lines[0].strip()[:100] if lines else "", ", ".join(COLUMNS)
    problem = f"Row 1: a row must name the columns {columns}, each once."
    raise InvalidSpreadsheet([f"{problem} Row 1 has: {first or 'nothing'}."])


def _clean(text: str) -> str:
    """Return what a cell holds, without characters that cannot be seen.

    UTF-8 that was read as Windows-1252 is repaired: "SiÃ¢n" is "Siân". Some programs write a text
    as the formula ="text", so that Excel leaves it as it is.
    """
    with suppress(UnicodeError):
        text = text.encode("cp1252").decode("utf-8")
    text = "".join(c for c in text if unicodedata.category(c) != "Cf").strip()
    return text[2:-1] if text.startswith('="') and text.endswith('"') else text


def _decode(data: bytes) -> tuple[str, bool]:
    """Return a file as text, and whether it is in Unicode, not in Windows-1252."""
    encodings = ["utf-8-sig", "cp1252"]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\0" in data[:2]:  # UTF-16 without a byte order mark
        encodings = ["utf-16-be" if data.startswith(b"\0") else "utf-16-le"]
    for encoding in encodings:
        with suppress(UnicodeDecodeError):
            text = data.decode(encoding)
            if "\0" not in text:
                return text.rstrip("\x1a"), encoding != "cp1252"  # \x1a ends a file in DOS
    raise InvalidSpreadsheet([_NOT_CSV])


def _find_role(text: str, labels: Mapping[RotaRole, Collection[str]]) -> str:
    ids = [role.id for role, keys in labels.items() if name_key(text) in keys]
    if len(ids) == 1:
        return ids[0]
    known = ", ".join(f"{role.name.get('en')} ({role.id})" for role in labels)
    problem = f"'{text[:_MAX_CELL_CHARS]}' is not the name of one role" if text else "it is empty"
    raise InvalidRotaChange("role", f"{problem}. Write a name, or what is in brackets: {known}.")


def _parse_person(text: str, people: Collection[str], add_people: bool, is_unicode: bool) -> str:
    """Return a name that is known, or looks like that of one person. Raise InvalidRotaChange."""
    surname, comma, forename = (part.strip() for part in text.partition(","))
    name = f"{forename} {surname}" if comma else text
    shown = " ".join(text.split())[:_MAX_CELL_CHARS]
    problem = ""
    if name_key(name) in people:
        return name
    if not text:
        problem = "it is empty: write a name, or delete the row."
    elif _SEVERAL_NAMES.search(text) or (
        comma and (not forename or "," in forename or (" " in surname and " " in forename))
    ):
        problem = f"'{shown}' is not one name. Write one person a row, as Amara Owusu."
    elif letter := _spoilt_letter(name, is_unicode):
        problem = (
            f"the name '{shown}' has '{letter}' in it. If a letter was lost when the file was "
            "saved, save it as CSV UTF-8. If not, correct the name."
        )
    elif not add_people:
        problem = f"there is nobody called '{shown}' on the rota: add them first."
    if problem:
        raise InvalidRotaChange("person", problem)
    return clean_name(name)


def _parse_date(match: re.Match[str], shown: str) -> datetime:
    day, month, year = match.groups()
    if len(day) == 4:
        day, year = year, day
    elif day.isalpha():
        day, month = month, day
    elif month.isdecimal() and int(month) > 12 >= int(day):
        raise InvalidTime(
            f"'{shown}' has the month first, as in the United States. Write the day first in "
            "the whole file, as 24/12/2026 17:00."
        )
    if len(year) == 2 and "-" in match[0] and month.isdecimal():
        raise InvalidTime(f"'{shown}' can be read in several ways. {_FORM}")
    return datetime.combine(time_parsing.parse_date(day, month, year, shown, _FORM), time())


# Comparing with the rota


def add_rows(rota: Rota, rows: Sequence[Shift]) -> RotaDifference:
    """Return the difference that adds the rows which are not on the rota yet.

    A row is on the rota as a shift, also if it is covered, or as what somebody has with covers.
    """
    on_rota = {Shift(shift.role_id, shift.person_id, shift.during) for shift in rota.shifts}
    for shift in rota.shifts:
        on_rota.update(_cut(rota.parts_of(shift.id), shift.during.start, shift.during.end))
    added = tuple(row for row in rows if row not in on_rota)
    return RotaDifference(added=added, unchanged=len(rows) - len(added), new_shifts=added)


def replace_period(
    rota: Rota, rows: Sequence[Shift], at: datetime, period: Span, role_ids: Collection[str]
) -> RotaDifference:
    """Return the difference that leaves exactly ``rows`` in some roles and a period.

    Every row lies in them. A shift that starts in the period is replaced as a whole. Of one that
    starts before it, what lies between the start of the first row and the end of the last one is
    replaced, the rest stays. What is over at ``at`` stays as it was, and so does a shift whose
    parts are rows just as they are, with its covers.
    """
    of_rows = span_of(rows)
    wanted = dict.fromkeys(
        Shift(row.role_id, row.person_id, Span(max(row.during.start, at), row.during.end))
        for row in rows
        if row.during.end > at
    )
    missing, cancelled = dict(wanted), list[Shift]()
    removed, uncut = list[Shift](), list[Shift]()
    for shift in rota.shifts:
        replaced = shift.during if shift.during.start in period else of_rows
        is_concerned = shift.role_id in role_ids and shift.during.overlaps(replaced)
        if not is_concerned or shift.during.end <= at or replaced.end <= at:
            continue
        parts = rota.parts_of(shift.id)
        inside = _cut(parts, max(replaced.start, at), replaced.end)
        if all(part in missing for part in inside):
            for part in inside:
                del missing[part]
            continue
        cancelled.append(shift)
        removed += inside
        uncut += _cut(parts, at, replaced.start)
        uncut += _cut(parts, max(at, replaced.end), shift.during.end)
    added, changed, removed = _pair(missing, removed)
    unchanged, new_shifts = len(wanted) - len(added) - len(changed), (*missing, *uncut)
    return RotaDifference(
        tuple(added), tuple(changed), tuple(removed), unchanged, new_shifts, tuple(cancelled)
    )


def find_overlaps(rows: Mapping[int, Shift], shifts: Iterable[Shift]) -> list[str]:
    """Return a problem for each row that overlaps another shift of its person in its role.

    ``rows`` are by their numbers; ``shifts`` are on the rota and do not overlap one another.
    """
    problems: list[str] = []
    latest: dict[tuple[str, int | None], tuple[Shift, int | None]] = {}
    entries: list[tuple[Shift, int | None]] = [(shift, None) for shift in shifts]
    entries += [(row, number) for number, row in rows.items()]
    for shift, number in sorted(entries, key=lambda entry: entry[0].during.start):
        key = shift.role_id, shift.person_id
        other, other_number = latest.get(key, (None, None))
        if other is not None and shift.during.start < other.during.end:
            where = f"in row {other_number}."
            if number is None or other_number is None:
                where = "on the rota. If this file corrects the rota, replace its period."
            problems.append(
                f"Row {number or other_number}: this person already has a shift in this role then, "
                f"{where}"
            )
        if other is None or shift.during.end > other.during.end:
            latest[key] = shift, number
    return problems


def _cut(parts: Iterable[Assignment], start: datetime, end: datetime) -> list[Shift]:
    """Return who has what of some assignments from ``start`` to ``end``."""
    return [
        Shift(part.shift.role_id, part.person_id, Span(begins, ends))
        for part in parts
        if part.person_id is not None
        and (begins := max(part.during.start, start)) < (ends := min(part.during.end, end))
    ]


def _pair(
    added: Iterable[Shift], removed: Iterable[Shift]
) -> tuple[list[Shift], list[tuple[Shift, Shift]], list[Shift]]:
    """Return what is only added, what is changed from one to the other, what is only removed.

    A part of a shift that is in both is neither: another part of that shift is changed.
    """
    keys: tuple[Callable[[Shift], object], ...] = (
        lambda shift: shift,
        lambda shift: (shift.role_id, shift.during),
        lambda shift: (shift.role_id, shift.person_id),
    )
    added, removed = list(added), list(removed)
    changed: list[tuple[Shift, Shift]] = []
    for key in keys:
        candidates: dict[object, list[Shift]] = defaultdict(list)
        for before in removed:
            candidates[key(before)].append(before)
        unpaired = []
        for after in added:
            similar = candidates[key(after)]
            matches = (before for before in similar if before.during.overlaps(after.during))
            if match := next(matches, None):
                similar.remove(match)
                if match != after:
                    changed.append((match, after))
            else:
                unpaired.append(after)
        added, removed = unpaired, list(chain(*candidates.values()))
    return added, changed, sorted(removed, key=lambda shift: shift.during.start)


# Writing


def to_csv(rows: Iterable[tuple[str, Span | None, str]], zone: ZoneInfo) -> str:
    """Return roles, times and people as CSV that ``parse_csv`` reads. A row may have no times."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for role, during, person in rows:
        edges = (during.start, during.end) if during else ()
        starts, ends = (_format_local(edge, zone) for edge in edges) if edges else ("", "")
        writer.writerow([role, starts, ends, person])
    return text.getvalue()


def _format_local(at: datetime, zone: ZoneInfo) -> str:
    """Return a local time, with its offset where the clocks show that time twice."""
    local = at.astimezone(zone)
    first, second = instants.possible_instants(local.replace(tzinfo=None), zone)
    if first != second:
        return local.isoformat(timespec="seconds")
    return local.strftime("%Y-%m-%d %H:%M:%S" if local.second else "%Y-%m-%d %H:%M")
