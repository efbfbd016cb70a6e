"""What nobody should have to do: be in two places at once, or work with too little rest."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from routing.core.instants import Span
from routing.rota.roster import HANDOVER_ALLOWANCE, Assignment

REST = timedelta(hours=11)
"""Rest that a worker is entitled to between duties: Working Time Regulations 1998, regulation 10,
"not less than eleven consecutive hours in each 24-hour period".
"""


class ClashKind(StrEnum):
    """On two duties at once, or with too little rest between some."""

    TWICE = "twice"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class Clash:
    """Duties of one person that clash, in order; ``during`` reaches over what clashes.

    Of TWICE that is the time for which there are two; of REST, from the end of the first duty that
    is followed too soon to the start of the last one that follows too soon.
    """

    kind: ClashKind
    worker: int
    during: Span
    duties: tuple[Assignment, ...]


def find_clashes(duties: Iterable[Assignment]) -> list[Clash]:
    """Return what clashes among duties of all roles, in the order in which it begins.

    An overlap no longer than HANDOVER is none. Too little rest after each of several duties on end
    is one clash. Stretches of one shift do not clash with each other.
    """
    by_worker: dict[int, list[Assignment]] = {}
    for duty in sorted(duties, key=lambda each: (each.during.start, each.during.end)):
        if duty.worker is not None:
            by_worker.setdefault(duty.worker, []).append(duty)
    found = [clash for worker, own in by_worker.items() for clash in _of(worker, own)]
    return sorted(found, key=lambda each: (each.during.start, each.worker, each.kind))


def _of(worker: int, own: list[Assignment]) -> Iterator[Clash]:
    tired: list[Assignment] = []
    before = own[0]
    for duty in own[1:]:
        rest = duty.during.start - before.during.end
        apart = duty.shift.id != before.shift.id
        if apart and -rest > HANDOVER_ALLOWANCE:
            both = Span(duty.during.start, min(duty.during.end, before.during.end))
            yield Clash(ClashKind.TWICE, worker, both, (before, duty))
        elif apart and rest < REST:
            tired = [*(tired or [before]), duty]
        elif rest >= REST and tired:
            yield _rest(worker, tired)
            tired = []
        if duty.during.end >= before.during.end:
            before = duty
    if tired:
        yield _rest(worker, tired)


def _rest(worker: int, duties: list[Assignment]) -> Clash:
    edges = duties[0].during.end, duties[-1].during.start
    return Clash(ClashKind.REST, worker, Span(min(edges), max(edges)), tuple(duties))
