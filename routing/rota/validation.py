"""Check a change of the rota before it is made."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from routing.core.instants import Span
from routing.errors import InvalidRotaChange, UnknownShift
from routing.rota.roster import MAX_SHIFT_LENGTH, NewCover, NewShift, Roster, Shift, is_too_long

MAX_NOTE_LENGTH = 300
MAX_ABSENCE = timedelta(days=400)


def require_shift_period(during: Span, zone: ZoneInfo) -> None:
    """Raise InvalidRotaChange for a period that no shift can have."""
    _require_end_after_start(during)
    if is_too_long(during, zone):
        raise InvalidRotaChange(
            "ends", f"This is longer than {MAX_SHIFT_LENGTH.days} days. Check the dates."
        )


def validate_shift(roster: Roster, role_id: str, person_id: int, during: Span) -> NewShift:
    """Return a shift that can be added. Raise InvalidRotaChange."""
    if role_id not in roster.roles:
        raise InvalidRotaChange("role", "Choose a role.")
    require_shift_period(during, roster.timetables.directory.zone)
    if any(
        shift.role_id == role_id and shift.person_id == person_id and shift.during.overlaps(during)
        for shift in roster.shifts
    ):
        raise InvalidRotaChange("person", "This person already has a shift in this role then.")
    return NewShift(role_id, person_id, during)


def validate_cover(
    roster: Roster, shift_id: int, person_id: int | None, during: Span, note: str
) -> NewCover:
    """Return a cover that can be added. Raise InvalidRotaChange, UnknownShift.

    It must lie within the shift, and give at least part of it to another person than has it now.
    """
    shift = _find_shift(roster, shift_id)
    _require_end_after_start(during)
    for field, edge, is_outside in (
        ("starts", "starts later", during.start < shift.during.start),
        ("ends", "ends earlier", during.end > shift.during.end),
    ):
        if is_outside:
            raise InvalidRotaChange(
                field, f"The shift {edge} than that. A cover must be within it."
            )
    if _holders(roster, shift, during) == {person_id}:
        who = "Nobody" if person_id is None else "This person"
        raise InvalidRotaChange("person", f"{who} already has it then.")
    if len(note) > MAX_NOTE_LENGTH:
        raise InvalidRotaChange("note", f"Use {MAX_NOTE_LENGTH} characters or fewer.")
    return NewCover(shift_id, person_id, during, note.strip())


def swap_shifts(
    roster: Roster, shift_id: int, other_id: int, at: datetime
) -> tuple[NewCover, NewCover]:
    """Return the two covers that swap two shifts of a role.

    Of a shift that has begun, what is left from ``at`` is swapped. Raise InvalidRotaChange,
    UnknownShift.
    """
    first, second = shifts = [_find_shift(roster, one) for one in (shift_id, other_id)]
    if first.role_id != second.role_id:
        raise InvalidRotaChange("other", "These shifts are in two roles. Swap within one role.")
    if any(shift.during.end <= at for shift in shifts):
        raise InvalidRotaChange("other", "One of these shifts is over.")
    first_part, second_part = (
        Span(max(shift.during.start, at), shift.during.end) for shift in shifts
    )
    (first_holder, *others), (second_holder, *more) = (
        _holders(roster, first, first_part),
        _holders(roster, second, second_part),
    )
    if others or more or None in (first_holder, second_holder):
        raise InvalidRotaChange(
            "other", "One of these shifts is shared or has nobody. Set a cover instead."
        )
    if first_holder == second_holder:
        raise InvalidRotaChange("other", "The same person has both shifts.")
    return (
        NewCover(first.id, second_holder, first_part, "Swapped"),
        NewCover(second.id, first_holder, second_part, "Swapped"),
    )


def validate_absence(
    roster: Roster, person_id: int | None, away: Span, substitute_id: int | None
) -> list[NewCover]:
    """Return the covers of an absence as ``cover_absence`` does. Raise InvalidRotaChange."""
    _require_end_after_start(away)
    if away.end - away.start > MAX_ABSENCE:
        raise InvalidRotaChange("ends", f"The most at once is {MAX_ABSENCE.days} days.")
    if person_id is None:
        raise InvalidRotaChange("person", "Choose a person.")
    if substitute_id == person_id:
        raise InvalidRotaChange("substitute", "Choose another person than the one who is away.")
    covers = cover_absence(roster, person_id, away, substitute_id)
    if not covers:
        raise InvalidRotaChange("person", "This person has no duty in that time.")
    return covers


def cover_absence(
    roster: Roster, person_id: int, away: Span, substitute_id: int | None, note: str = ""
) -> list[NewCover]:
    """Return the covers that give all that a person has in a period to a substitute.

    They are in the order in which they start. ``substitute_id`` None leaves it to nobody.
    """
    covers = [
        NewCover(
            duty.shift.id,
            substitute_id,
            Span(max(duty.during.start, away.start), min(duty.during.end, away.end)),
            note,
        )
        for duty in roster.all_assignments(away.start, away.end)
        if duty.person_id == person_id
    ]
    return sorted(covers, key=lambda cover: cover.during.start)


def _require_end_after_start(during: Span) -> None:
    if during.end <= during.start:
        raise InvalidRotaChange("ends", "The end must be after the start. Check the dates.")


def _find_shift(roster: Roster, shift_id: int) -> Shift:
    if parts := roster.parts_of(shift_id):
        return parts[0].shift
    raise UnknownShift(f"There is no shift {shift_id} on the rota, or it was removed.")


def _holders(roster: Roster, shift: Shift, during: Span) -> set[int | None]:
    """Return who has a shift in some part of a period; None among them: nobody has some."""
    return {part.person_id for part in roster.parts_of(shift.id) if part.during.overlaps(during)}
