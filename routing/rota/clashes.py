"""Clashes: a person on two shifts at once, or with too little rest between shifts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from routing.core.instants import Span
from routing.rota.roster import HANDOVER_ALLOWANCE, Assignment

MIN_REST = timedelta(hours=11)
"""Rest that a worker is entitled to between shifts: Working Time Regulations 1998, regulation 10,
"not less than eleven consecutive hours in each 24-hour period".
"""


class ClashKind(StrEnum):
    """Two shifts at once, or less than MIN_REST between shifts."""

    OVERLAP = "overlap"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class Clash:
    """Assignments of one person that clash, in order.

    ``during`` of an OVERLAP is the time for which there are two assignments. Of REST it runs from
    the end of the first assignment to the start of the last one.
    """

    kind: ClashKind
    person_id: int
    during: Span
    assignments: tuple[Assignment, ...]


def find_clashes(assignments: Iterable[Assignment]) -> list[Clash]:
    """Return the clashes among assignments of all roles, in the order in which they begin.

    An overlap of up to HANDOVER_ALLOWANCE is not a clash. Too little rest after each of several
    assignments in a row is one clash. Parts of one shift do not clash.
    """
    by_person: dict[int, list[Assignment]] = {}
    for assignment in sorted(assignments, key=_edges):
        if assignment.person_id is not None:
            by_person.setdefault(assignment.person_id, []).append(assignment)
    clashes = [
        clash for person_id, own in by_person.items() for clash in _find_of_person(person_id, own)
    ]
    return sorted(clashes, key=lambda clash: (clash.during.start, clash.person_id, clash.kind))


def _find_of_person(person_id: int, assignments: list[Assignment]) -> Iterator[Clash]:
    in_a_row: list[Assignment] = []
    latest = assignments[0]
    for assignment in assignments[1:]:
        rest = assignment.during.start - latest.during.end
        is_other_shift = assignment.shift.id != latest.shift.id
        if is_other_shift and -rest > HANDOVER_ALLOWANCE:
            end = min(assignment.during.end, latest.during.end)
            both = Span(assignment.during.start, end)
            yield Clash(ClashKind.OVERLAP, person_id, both, (latest, assignment))
        elif is_other_shift and rest < MIN_REST:
            in_a_row = [*(in_a_row or [latest]), assignment]
        elif rest >= MIN_REST and in_a_row:
            yield _rest_clash(person_id, in_a_row)
            in_a_row = []
        if assignment.during.end >= latest.during.end:
            latest = assignment
    if in_a_row:
        yield _rest_clash(person_id, in_a_row)


def _rest_clash(person_id: int, assignments: list[Assignment]) -> Clash:
    edges = assignments[0].during.end, assignments[-1].during.start
    return Clash(ClashKind.REST, person_id, Span(min(edges), max(edges)), tuple(assignments))


def _edges(assignment: Assignment) -> tuple[datetime, datetime]:
    return assignment.during.start, assignment.during.end
