"""Read the rota, and change it.

A change is worked out from a reading of the rota and then saved in one short transaction, which
refuses (RotaConflict) if anybody changed the rota in between. Nothing slow happens in that
transaction: with SQLite, no divert can be set while it runs.
"""

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing import lookup
from routing.core import instants
from routing.core.instants import Span
from routing.errors import InvalidRotaChange, InvalidSpreadsheet, RotaConflict
from routing.rota import descriptions, filling, spreadsheet
from routing.rota.descriptions import RotaText
from routing.rota.filling import DayKind, ShiftPattern, TurnRule, Workload
from routing.rota.roster import (
    CONTEXT_MARGIN,
    MAX_SHIFT_LENGTH,
    Cover,
    Rota,
    RotaDifference,
    RotaPerson,
    Shift,
    is_too_long,
    name_key,
    span_of,
)
from routing.rota.spreadsheet import MAX_PEOPLE, MAX_ROWS
from routing.store import rota, rota_people
from routing.store.rota import ImportedSheet, RotaChange
from routing.text import staff_text

GAP_LOOKAHEAD = timedelta(days=28)
"""How far ahead gaps are reported on pages, in `who-to-call status` and in /metrics."""

OWN_SHIFTS_LOOKAHEAD = timedelta(days=184)
"""How far ahead My shifts and calendar feeds show shifts."""

FILL_TIME_LIMIT = timedelta(seconds=5)
"""How long working out a fill may take."""


# Reading


def read_rota(start: datetime, end: datetime) -> Rota:
    """Return the rota from ``start`` to ``end``. Raise DatabaseUnavailable."""
    with lookup.database().reading() as connection:
        return load_rota(connection, start, end)


def read_around(*spans: Span) -> Rota:
    """Return what a change at some stretches of time must be checked against.

    Raise DatabaseUnavailable.
    """
    return read_rota(
        min(span.start for span in spans) - CONTEXT_MARGIN,
        max(span.end for span in spans) + CONTEXT_MARGIN,
    )


def load_rota(connection: Connection, start: datetime, end: datetime) -> Rota:
    """Return the rota from ``start`` to ``end``, in the caller's transaction."""
    revision = rota.revision(connection)  # first, so that a change during the rest is noticed
    shifts, covers = rota.read(connection, start, end)
    people = rota_people.all_people(connection)
    return Rota(lookup.snapshot().timetables, shifts, covers, people, revision)


def load_days(connection: Connection, days: Iterable[date]) -> Rota:
    """Return the rota around some dates, in the caller's transaction: at other times it is empty.

    Around each date it has what overlaps its row of the grid, from one handover to the next.
    """
    zone = lookup.snapshot().directory.zone
    shifts, covers = set[Shift](), set[Cover]()
    for start in (instants.midnight(day, zone) for day in days):
        near_shifts, near_covers = rota.read(connection, start, start + timedelta(days=3))
        shifts.update(near_shifts)
        covers.update(near_covers)
    people = rota_people.all_people(connection)
    return Rota(lookup.snapshot().timetables, shifts, covers, people)


def load_upcoming(connection: Connection, at: datetime) -> Rota:
    """Return the rota of the day before ``at``, and for the gaps in GAP_LOOKAHEAD after it."""
    return load_rota(connection, at - timedelta(days=1), at + GAP_LOOKAHEAD + CONTEXT_MARGIN)


def export_csv(period: Span) -> str:
    """Return who is on duty in a period, with covers applied, as CSV. Raise DatabaseUnavailable."""
    current = read_rota(period.start, period.end)
    rows = [
        (duty.shift.role_id, duty.during, current.names[duty.person_id])
        for duty in current.all_assignments(period.start, period.end)
        if duty.person_id is not None
    ]
    return spreadsheet.to_csv(rows, lookup.snapshot().directory.zone)


# Saving, undoing and removing


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change worked out from a reading of the rota, to be read back before it is saved.

    ``summary`` is what it does, in words, if its kind does not say it all; ``warnings`` say what
    may be a slip. Of an import, ``new_people`` has the names to put on the rota, by ids below 0
    that ``rota`` and ``changes`` have too; a replacement is of the roles and the period of
    ``sheet``.
    """

    kind: str
    rota: Rota
    changes: Sequence[Shift | Cover]
    cancelled: Sequence[Shift | Cover] = ()
    summary: str = ""
    warnings: Sequence[str] = ()
    difference: RotaDifference = field(default_factory=RotaDifference)
    new_people: Mapping[int, str] = field(default_factory=dict)
    sheet: ImportedSheet | None = None


def save_change(proposal: Proposal, actor: str, form_key: str = "") -> RotaChange:
    """Save a proposed change, all or none, as one that can be undone.

    ``form_key`` identifies the form: sent twice, it is saved once. Raise RotaConflict if the rota
    has changed since it was read, InvalidRotaChange if the change is too large or empty,
    DatabaseUnavailable.
    """
    at, cancelled = lookup.now(), proposal.cancelled
    if not proposal.changes and not cancelled:
        raise InvalidRotaChange("", "There is nothing to add.")
    _check_size(len(proposal.changes))
    with lookup.database().writing() as connection:
        if saved := rota.find_change_by_key(connection, form_key):
            return saved
        if rota.revision(connection) != proposal.rota.revision:
            raise RotaConflict
        ids: dict[int | None, int] = {
            number: rota_people.add(connection, name, None, at, actor).id
            for number, name in proposal.new_people.items()
        }
        changes = [
            replace(new, person_id=ids.get(new.person_id, new.person_id))
            for new in proposal.changes
        ]
        made = proposal.kind, changes, at, actor, form_key, cancelled
        try:
            change = rota.add(connection, *made, proposal.summary, proposal.sheet)
        except sa.exc.IntegrityError as error:
            raise RotaConflict from error
        rota_people.mark_added_by(connection, list(ids.values()), change.id)
    return change


def undo_change(change_id: int, actor: str, newest_id: int | None = None) -> RotaChange:
    """Undo a change of the rota. Raise UnknownShift, InvalidRotaChange.

    With ``newest_id``, raise RotaConflict unless that is the rota's newest change. The people whom
    an import added, and who have nothing else, are off the rota while it is undone.
    """
    at = lookup.now()
    with lookup.database().writing() as connection:
        if newest_id not in (None, rota.revision(connection)[0]):
            raise RotaConflict
        try:
            return rota.undo(connection, change_id, at, actor)
        except sa.exc.IntegrityError as error:
            raise InvalidRotaChange(
                "", "This cannot be undone: somebody has been given a shift at the same time since."
            ) from error


def _check_size(count: int) -> None:
    if count > MAX_ROWS:
        raise InvalidRotaChange(
            "last", f"That is {count:,} shifts. The most at once is {MAX_ROWS:,}: use fewer days."
        )


# Filling gaps


def propose_fill(
    role_id: str,
    first: date,
    last: date,
    names: Sequence[str],
    turns: TurnRule,
    times: ShiftPattern | None = None,
    time_limit: timedelta = FILL_TIME_LIMIT,
) -> tuple[Proposal, list[Shift]]:
    """Propose shifts that fill the gaps of a role; return also those for which nobody is free.

    ``first`` and ``last`` are both included; time that is over is not filled. ``times`` says when
    shifts begin on some kinds of day; on others they begin at the usual handovers. Raise
    InvalidRotaChange, DatabaseUnavailable.
    """
    zone, at = lookup.snapshot().directory.zone, lookup.now()
    days = Span(instants.midnight(first, zone), instants.midnight(last + timedelta(days=1), zone))
    if last < first:
        raise InvalidRotaChange("last", "The last day is before the first.")
    if last - first > timedelta(days=filling.MAX_DAYS):
        raise InvalidRotaChange("last", f"The most at once is {filling.MAX_DAYS} days.")
    current = read_rota(days.start - CONTEXT_MARGIN, days.end + 2 * CONTEXT_MARGIN)
    person_ids = _find_people(current, names)
    if role_id not in current.roles:
        known = ", ".join(current.roles) or "the directory has none"
        raise InvalidRotaChange("role", f"Choose a role: {known}.")
    usual = filling.usual_handovers(current, role_id, days.start)
    pattern = {**dict.fromkeys(DayKind, usual), **(times or {})}
    now = at.replace(second=0, microsecond=0)
    slots = [
        Span(max(slot.start, now), slot.end)
        for slot in filling.make_slots(current, role_id, pattern, first, last, turns)
        if slot.end > at
    ]
    if any(is_too_long(slot, zone) for slot in slots):
        raise InvalidRotaChange(
            "working-day", "One shift would be over a week long. Enter when shifts begin."
        )
    deadline = time.monotonic() + time_limit.total_seconds()

    def check_time() -> None:
        if time.monotonic() > deadline:
            raise InvalidRotaChange(
                "last", "This takes too long to work out. Use fewer days or fewer people."
            )

    _check_size(len(slots))
    proposed = filling.assign_slots(current, role_id, slots, person_ids, first, turns, check_time)
    _check_size(len(proposed))
    if not proposed:
        start = max(days.start, now)
        if start >= days.end or not any(current.role_gaps(role_id, start, days.end)):
            raise InvalidRotaChange("last", "There are no gaps to fill on these days.")
        raise InvalidRotaChange(
            "working-day",
            "There are gaps on these days, but no shift begins on them. Enter when shifts begin, "
            "as 8:30am, 8:30pm, for each kind of day, or begin a day earlier.",
        )
    added = [shift for shift in proposed if shift.person_id is not None]
    months = descriptions.format_months(added or proposed, zone)
    summary = f"Filled {current.role_names[role_id]} for {months}: {len(added)} added"
    warnings = RotaText(current, at).warnings(added)
    return Proposal("filled", current, added, (), summary, warnings), proposed


def _find_people(current: Rota, names: Sequence[str]) -> list[int]:
    """Return the ids of people on the rota, by their names. Raise InvalidRotaChange."""
    ids, names = current.ids_by_name, [name.strip() for name in names if name.strip()]
    problem = ""
    if not names:
        problem = "Name the people who take turns, in order."
    elif len(names) > MAX_PEOPLE:
        problem = f"These are {len(names)} names. Name {MAX_PEOPLE} people or fewer."
    elif unknown := [name for name in names if name_key(name) not in ids]:
        problem = f"There is nobody called '{unknown[0][:60]}' on the rota."
    if problem:
        raise InvalidRotaChange("people", problem)
    return [ids[name_key(name)] for name in names]


def measure_fill(proposal: Proposal) -> list[Workload]:
    """Return what each person who is given a shift would have then, most hours first.

    In all roles, with what they have already, from the start of the first new shift to the end of
    the last.
    """
    if not proposal.changes:
        return []
    period, after = span_of(proposal.changes), proposal.rota.with_changes(proposal.changes)
    person_ids = dict.fromkeys(new.person_id for new in proposal.changes)
    loads = [filling.measure_workload(after, person_id, period) for person_id in person_ids]
    return sorted(loads, key=lambda load: load.duration, reverse=True)


# Importing a spreadsheet


def plan_import(
    data: bytes, add_people: bool = False, replace_period: bool = False, file_name: str = ""
) -> Proposal:
    """Propose what the import of a spreadsheet changes.

    ``add_people`` puts people who are not on the rota yet on it. ``replace_period`` leaves exactly
    the file's shifts in its roles and its period, from now on; without it shifts are only added.
    The period is from the file's first shift to its last, or as long as that of earlier imports
    which the file corrects. Raise InvalidSpreadsheet, RotaConflict, DatabaseUnavailable.
    """
    at, zone = lookup.now().replace(second=0, microsecond=0), lookup.snapshot().directory.zone
    current = read_rota(at, at)
    revision, roles = current.revision, current.roles.values()  # a later change will be noticed
    sheet = spreadsheet.parse_csv(data, zone, roles, current.ids_by_name, at, add_people)
    rows, warnings = list(sheet.rows.values()), sheet.warnings
    imported = ImportedSheet(
        _base_name(file_name), tuple(dict.fromkeys(row.role_id for row in rows)), span_of(rows)
    )
    if replace_period:
        imported, widened = _widen(imported)
        warnings += widened
    current = read_around(imported.period)
    new_people = (RotaPerson(number, name) for number, name in sheet.new_people.items())
    people = [*current.people.values(), *new_people]
    current = Rota(current.timetables, current.shifts, current.covers, people, revision)
    if replace_period:
        compared = spreadsheet.replace_period(current, rows, at, imported.period, imported.role_ids)
        overlaps = spreadsheet.find_overlaps(sheet.rows, ())
    else:
        compared = spreadsheet.add_rows(current, rows)
        added = set(compared.added)
        numbered = {number: row for number, row in sheet.rows.items() if row in added}
        overlaps = spreadsheet.find_overlaps(numbered, current.shifts)
    if overlaps:
        raise InvalidSpreadsheet(overlaps)
    changes, cancelled = compared.new_shifts, compared.cancelled
    warnings += RotaText(current, lookup.now()).warnings(changes, cancelled)
    summary = f"Imported {imported.name or 'a spreadsheet'}"
    summary += descriptions.summarise_difference(compared, zone)
    kind = "replaced" if replace_period else "imported"
    more = summary, warnings, compared, sheet.new_people, imported
    return Proposal(kind, current, changes, cancelled, *more)


def _widen(sheet: ImportedSheet) -> tuple[ImportedSheet, list[str]]:
    """Return a sheet with the roles and the period that it replaces, and warnings about them.

    An earlier import is corrected by a file of the same name that has one of its roles and lies in
    its period for half of the time or more.
    """
    directory, rows = lookup.snapshot().directory, sheet.period
    start, end, role_ids = rows.start, rows.end, set(sheet.role_ids)
    with lookup.database().reading() as connection:
        earlier_imports = rota.imports_of(connection, sheet.name) if sheet.name else []
    for earlier in earlier_imports:
        in_common = min(rows.end, earlier.period.end) - max(rows.start, earlier.period.start)
        if role_ids & set(earlier.role_ids) and 2 * in_common >= rows.end - rows.start:
            start, end = min(start, earlier.period.start), max(end, earlier.period.end)
            role_ids |= set(earlier.role_ids)
    warnings = []
    if Span(start, end) != rows:
        when = staff_text.format_span(Span(start, end), lookup.now(), lookup.staff_locale())
        warnings.append(
            f"A file of this name was imported before. What it no longer has {when} is removed. To "
            "leave it, give the file another name."
        )
    known = tuple(role.id for role in directory.rota if role.id in role_ids)
    return ImportedSheet(sheet.name, known, Span(start, end)), warnings


def _base_name(file_name: str) -> str:
    """Return the name of a file without its folder, and without what marks a copy: (1), - Copy."""
    name = "".join(filter(str.isprintable, re.split(r"[/\\]", file_name)[-1])).strip()
    return re.sub(r"^copy of | - copy| ?\(\d+\)(?=\.\w+$)", "", name, flags=re.I)[-60:]


def make_template() -> str:
    """Return a spreadsheet to fill in: each role, when it is needed next, and no person."""
    timetables, at = lookup.snapshot().timetables, lookup.now()
    empty, zone = Rota(timetables, []), timetables.directory.zone
    start = instants.midnight(at.astimezone(zone).date() + timedelta(days=1), zone)
    needed = {
        name: empty.needed_spans(role_id, start, start + MAX_SHIFT_LENGTH)
        for role_id, name in empty.role_names.items()
    }
    rows = [(name, spans[0] if spans else None, "") for name, spans in needed.items()]
    return spreadsheet.to_csv(rows, zone)
