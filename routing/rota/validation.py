"""A change of the rota before it is made: refused in words, or ready to be kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from routing.core.instants import Span
from routing.errors import InvalidRotaChange, UnknownShift
from routing.rota.roster import Assignment, Cover, Roster, Shift

MAX_SHIFT_LENGTH = timedelta(days=7)
"""A shift longer than this is taken for a slip in a date."""

CONTEXT_MARGIN = MAX_SHIFT_LENGTH + timedelta(days=1)
"""What of the rota, before and after a change, says whether it can be made."""

MAX_NOTE_LENGTH = 300
_EVER = datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class NewShift:
    """A shift to be added."""

    role: str
    worker: int
    during: Span


@dataclass(frozen=True, slots=True)
class NewCover:
    """A cover to be set: of part of a shift, by a person, or by nobody yet."""

    shift: int
    worker: int | None
    during: Span
    note: str = ""


def shift(roster: Roster, role: str, worker: int, during: Span) -> NewShift:
    """Return a shift that can be added. Raise InvalidRotaChange."""
    if role not in roster.roles:
        raise InvalidRotaChange("role", "Choose a role.")
    if during.end <= during.start:
        raise InvalidRotaChange("ends", "It ends before it starts, or at once. Look at the dates.")
    if during.end - during.start > MAX_SHIFT_LENGTH:
        raise InvalidRotaChange(
            "ends", f"That is longer than {MAX_SHIFT_LENGTH.days} days. Look at the dates."
        )
    own = [x for x in roster.shifts if x.role == role and x.worker == worker]
    if any(_meet(x.during, during) for x in own):
        raise InvalidRotaChange(
            "person", "This person has a shift in this role at that time already."
        )
    return NewShift(role, worker, during)


def cover(roster: Roster, shift_id: int, worker: int | None, during: Span, note: str) -> NewCover:
    """Return a cover of part of a shift. Raise InvalidRotaChange, UnknownShift.

    It lies within the shift. Who covers has not that part of it already.
    """
    own = _shift(roster, shift_id)
    if during.end <= during.start:
        raise InvalidRotaChange("ends", "It ends before it starts, or at once. Look at the dates.")
    if during.start < own.during.start:
        raise InvalidRotaChange(
            "starts", "The shift starts later than that. A cover is part of it."
        )
    if during.end > own.during.end:
        raise InvalidRotaChange("ends", "The shift ends earlier than that. A cover is part of it.")
    if all(each.worker == worker for each in _parts(roster, own, during)):
        said = "Nobody has it" if worker is None else "This person has it"
        raise InvalidRotaChange("person", f"{said} at that time already.")
    if len(note) > MAX_NOTE_LENGTH:
        raise InvalidRotaChange("note", f"Write {MAX_NOTE_LENGTH} characters at most.")
    return NewCover(shift_id, worker, during, note.strip())


def swap_shifts(roster: Roster, one: int, other: int, at: datetime) -> tuple[NewCover, NewCover]:
    """Return two covers by which whoever has a shift has the other one: from now on, if it has
    begun. Raise InvalidRotaChange, UnknownShift.
    """
    both = [_shift(roster, each) for each in (one, other)]
    if both[0].role != both[1].role:
        raise InvalidRotaChange("other", "These are shifts of two roles: swap within one.")
    left = [Span(max(x.during.start, at), x.during.end) for x in both]
    if any(each.end <= each.start for each in left):
        raise InvalidRotaChange("other", "One of these shifts is over.")
    have = [{x.worker for x in _parts(roster, y, z)} for y, z in zip(both, left, strict=True)]
    if any(len(each) > 1 or None in each for each in have):
        raise InvalidRotaChange(
            "other", "One of these is shared by several people, or has nobody: set a cover instead."
        )
    (first,), (second,) = have
    if first == second:
        raise InvalidRotaChange("other", "The same person has both.")
    return (
        NewCover(both[0].id, second, left[0], "Swapped"),
        NewCover(both[1].id, first, left[1], "Swapped"),
    )


def release_shifts(roster: Roster, worker: int, at: datetime) -> list[NewCover]:
    """Return a cover by nobody for all that somebody who leaves still has to do."""
    duties = [x for role in roster.roles for x in roster.duties(role, at, _EVER)]
    return [
        NewCover(x.shift.id, None, Span(max(x.during.start, at), x.during.end), "Has left")
        for x in duties
        if x.worker == worker
    ]


def apply_changes(roster: Roster, added: Iterable[NewShift | NewCover]) -> Roster:
    """Return the rota as it would be with some changes made, in that order."""
    shifts, covers = list(roster.shifts), list(roster.covers)
    highest = max((each.id for each in covers), default=0)
    for number, each in enumerate(added, 1):
        if isinstance(each, NewShift):
            shifts.append(Shift(-number, each.role, each.worker, each.during))
        else:
            new = highest + number
            covers.append(Cover(new, each.shift, each.worker, each.during, each.note))
    return Roster(roster.timetables, shifts, covers)


def unneeded_shifts(roster: Roster, added: Sequence[NewShift]) -> list[NewShift]:
    """Return the shifts in which at no time anybody must be on duty."""
    return [
        each for each in added if not roster.needed(each.role, each.during.start, each.during.end)
    ]


def _shift(roster: Roster, shift_id: int) -> Shift:
    found = next((each for each in roster.shifts if each.id == shift_id), None)
    if found is None or found.role not in roster.roles:
        raise UnknownShift("shift", shift_id)
    return found


def _parts(roster: Roster, own: Shift, during: Span) -> list[Assignment]:
    found = roster.duties(own.role, during.start, during.end)
    return [each for each in found if each.shift.id == own.id]


def _meet(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
