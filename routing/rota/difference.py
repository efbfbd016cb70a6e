"""What a spreadsheet would change on the rota: added, changed, removed. Pure."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from routing.core.instants import Span
from routing.rota.roster import Assignment, NewShift, Roster, Shift


@dataclass(frozen=True, slots=True)
class RotaDifference:
    """The change from the rota to a spreadsheet, and what to store for it.

    ``changed`` has pairs of before and after: another person at the same time, or other times of
    the same person. ``unchanged`` counts the rows that are on the rota already. To store it, cancel
    ``cancelled_shift_ids`` and add ``new_shifts``: those added, those after a change, and what is
    left, outside the period, of a shift that is cut.
    """

    added: tuple[NewShift, ...] = ()
    changed: tuple[tuple[NewShift, NewShift], ...] = ()
    removed: tuple[NewShift, ...] = ()
    unchanged: int = 0
    new_shifts: tuple[NewShift, ...] = ()
    cancelled_shift_ids: tuple[int, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Return whether the rota is already as the spreadsheet has it."""
        return not (self.new_shifts or self.cancelled_shift_ids)


def replace_period(
    roster: Roster, rows: Sequence[NewShift], at: datetime, period: Span, role_ids: Collection[str]
) -> RotaDifference:
    """Return the difference that leaves exactly ``rows`` in some roles and a period.

    Every row lies in them. A shift that starts in the period is replaced as a whole. Of one that
    starts before it, what lies between the start of the first row and the end of the last one is
    replaced, the rest stays. What is over at ``at`` stays as it was, and so does a shift whose
    parts are rows just as they are, with its covers.
    """
    of_rows = Span(min(row.during.start for row in rows), max(row.during.end for row in rows))
    wanted = [_from(row, at) for row in rows if row.during.end > at]
    missing = dict.fromkeys(wanted)
    removed: list[NewShift] = []
    kept_parts: list[NewShift] = []
    cancelled: list[int] = []
    for shift, parts in _parts_by_shift(roster):
        replaced = shift.during if shift.during.start in period else of_rows
        is_concerned = shift.role_id in role_ids and shift.during.overlaps(replaced)
        if not is_concerned or shift.during.end <= at or replaced.end <= at:
            continue
        inside, outside = _divide(parts, Span(max(replaced.start, at), replaced.end), at)
        if all(part in missing for part in inside):
            for part in inside:
                del missing[part]
            continue
        cancelled.append(shift.id)
        removed += inside
        kept_parts += outside
    added, changed, removed = _pair(missing, removed)
    return RotaDifference(
        tuple(added),
        tuple(changed),
        tuple(removed),
        len(set(wanted)) - len(missing),
        (*missing, *kept_parts),
        tuple(cancelled),
    )


def _parts_by_shift(roster: Roster) -> Iterator[tuple[Shift, list[Assignment]]]:
    """Yield each shift in the directory's roles with its assignments, earliest first."""
    parts: dict[int, list[Assignment]] = {}
    shifts = sorted(roster.shifts, key=lambda shift: (shift.during.start, shift.id))
    if not shifts:
        return
    end = max(shift.during.end for shift in shifts)
    for assignment in roster.all_assignments(shifts[0].during.start, end):
        parts.setdefault(assignment.shift.id, []).append(assignment)
    for shift in shifts:
        if shift.id in parts:
            yield shift, parts[shift.id]


def _divide(
    parts: Iterable[Assignment], period: Span, at: datetime
) -> tuple[list[NewShift], list[NewShift]]:
    """Return who has what of a shift within a period, and what outside it from ``at`` on."""
    inside: list[NewShift] = []
    outside: list[NewShift] = []
    for part in parts:
        if part.person_id is None:
            continue
        start, end = max(part.during.start, at), part.during.end
        pieces = (
            (outside, Span(start, min(end, period.start))),
            (inside, Span(max(start, period.start), min(end, period.end))),
            (outside, Span(max(start, period.end), end)),
        )
        for shifts, during in pieces:
            if during.start < during.end:
                shifts.append(NewShift(part.shift.role_id, part.person_id, during))
    return inside, outside


def _pair(
    added: Collection[NewShift], removed: Collection[NewShift]
) -> tuple[list[NewShift], list[tuple[NewShift, NewShift]], list[NewShift]]:
    """Return what is only added, what is changed from one to the other, what is only removed."""
    unpaired = list(removed)
    only_added: list[NewShift] = []
    changed: list[tuple[NewShift, NewShift]] = []
    by_time = {(shift.role_id, shift.during): shift for shift in reversed(unpaired)}
    by_person: dict[tuple[str, int], list[NewShift]] = {}
    taken: set[NewShift] = set()
    rest: list[NewShift] = []
    for after in added:
        before = by_time.get((after.role_id, after.during))
        if before is None or before in taken:
            rest.append(after)
        else:
            taken.add(before)
            changed.append((before, after))
    for shift in unpaired:
        if shift not in taken:
            by_person.setdefault((shift.role_id, shift.person_id), []).append(shift)
    for after in rest:
        candidates = by_person.get((after.role_id, after.person_id), [])
        before = next((shift for shift in candidates if shift.during.overlaps(after.during)), None)
        if before is None:
            only_added.append(after)
        else:
            candidates.remove(before)
            taken.add(before)
            changed.append((before, after))
    return only_added, changed, [shift for shift in unpaired if shift not in taken]


def _from(row: NewShift, at: datetime) -> NewShift:
    """Return what is left of a row from ``at`` on."""
    return NewShift(row.role_id, row.person_id, Span(max(row.during.start, at), row.during.end))
