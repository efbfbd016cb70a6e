"""The rota in words, for staff: in English, with dates that stay true."""

from collections.abc import Mapping
from datetime import datetime

from routing.core.directory import RotaRole
from routing.core.hours import Span
from routing.rota.clashes import Clash, Kind
from routing.rota.roster import Duty
from routing.wording import duty, times
from routing.wording.voice import Voice

NOBODY = "Nobody"


def role(found: RotaRole) -> str:
    """Say what a role is called."""
    return found.name.in_("en")


def gap(found: RotaRole, span: Span, missing: int, at: datetime, voice: Voice) -> str:
    """Say a gap: "Out-of-hours social worker: nobody from 5pm on Sunday 27 December until ..."."""
    return f"{role(found)}: {short(found, missing)} {duty.from_to(span, at, voice)}"


def short(found: RotaRole, missing: int) -> str:
    """Say how many are missing: nobody; 1 of 2 people."""
    if missing == found.people:
        return NOBODY.lower()
    return f"{found.people - missing} of {found.people} people"


def names(workers: tuple[int, ...], known: Mapping[int, str], voice: Voice) -> str:
    """Say who: Amara Owusu and Ben Hughes; Nobody."""
    return times.listed([known[each] for each in workers], voice) if workers else NOBODY


def clash(
    found: Clash,
    roles: Mapping[str, RotaRole],
    known: Mapping[int, str],
    at: datetime,
    voice: Voice,
) -> str:
    """Say a clash: who, what, when."""
    who, first, last = known[found.worker], found.duties[0], found.duties[-1]
    if found.kind is Kind.TWICE:
        both = [role(roles[each.shift.role]) for each in found.duties]
        what = f"twice as {both[0]}" if both[0] == both[1] else " and ".join(both)
        return f"{who} is {what} {duty.from_to(found.during, at, voice)}"
    ends = duty.soon(first.during.end, at, voice)
    begins = duty.soon(last.during.start, at, voice)
    if len(found.duties) > 2:
        return (
            f"{who} has {len(found.duties)} shifts on end with less than 11 hours’ rest between "
            f"them: the first ends {ends}, the last begins {begins}"
        )
    rest = last.during.start - first.during.end
    slept = duty.left(rest) if rest.total_seconds() > 0 else "no time"
    return f"{who} has {slept} to rest: a shift ends {ends}, the next begins {begins}"


def clocks(span: Span, voice: Voice) -> str:
    """Say a stretch by the clock alone: 5pm to 8:30am."""
    edges = [each.astimezone(voice.zone) for each in (span.start, span.end)]
    first, last = (times.clock(each.hour * 60 + each.minute, voice) for each in edges)
    return f"{first} to {last}"


def held(found: Duty, known: Mapping[int, str]) -> str:
    """Say how somebody came to a duty, if by a cover: "for Amara Owusu: Sick"."""
    if found.cover is None:
        return ""
    whose = f"for {known[found.shift.worker]}" if found.worker != found.shift.worker else ""
    return ": ".join(filter(None, (whose, found.cover.note)))
