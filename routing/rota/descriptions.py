"""The rota in words, for staff: in English, with dates that stay true."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import islice

from routing.core.directory import RotaRole
from routing.core.instants import Span
from routing.rota.clashes import Clash, ClashKind
from routing.rota.roster import Assignment, Roster, Staffing
from routing.text import dates, staff_text
from routing.text.locale import Locale

NOBODY = "Nobody"
_AHEAD = timedelta(days=28)


def role_name(found: RotaRole) -> str:
    """Say what a role is called."""
    return found.name.get("en")


def describe_gap(found: RotaRole, span: Span, missing: int, at: datetime, locale: Locale) -> str:
    """Say a gap: "Out-of-hours social worker: nobody from 5pm on Sunday 27 December until ..."."""
    return f"{role_name(found)}: {describe_shortfall(found, missing)} {staff_text.format_span(span, at, locale)}"


def describe_surplus(
    roster: Roster,
    found: RotaRole,
    span: Span,
    known: Mapping[int, str],
    at: datetime,
    locale: Locale,
) -> str:
    """Say who is on duty though nobody is needed."""
    who = join_names(roster.on(found.id, span.start).workers, known, locale)
    when = staff_text.format_span(span, at, locale)
    return f"{role_name(found)}: {who} {when}, though nobody is needed then"


def describe_shortfall(found: RotaRole, missing: int) -> str:
    """Say how many are missing: nobody; 1 of 2 people."""
    if missing == found.people:
        return NOBODY.lower()
    return f"{found.people - missing} of {found.people} people"


def join_names(workers: tuple[int, ...], known: Mapping[int, str], locale: Locale) -> str:
    """Say who: Amara Owusu and Ben Hughes; Nobody."""
    return dates.join_words([known[each] for each in workers], locale) if workers else NOBODY


def describe_clash(
    found: Clash,
    roles: Mapping[str, RotaRole],
    known: Mapping[int, str],
    at: datetime,
    locale: Locale,
) -> str:
    """Say a clash: who, what, when."""
    who, first, last = known[found.worker], found.duties[0], found.duties[-1]
    if found.kind is ClashKind.TWICE:
        both = [role_name(roles[each.shift.role]) for each in found.duties]
        what = f"twice as {both[0]}" if both[0] == both[1] else " and ".join(both)
        return f"{who} is {what} {staff_text.format_span(found.during, at, locale)}"
    ends = staff_text.format_relative(first.during.end, at, locale)
    begins = staff_text.format_relative(last.during.start, at, locale)
    if len(found.duties) > 2:
        return (
            f"{who} has {len(found.duties)} shifts on end with less than 11 hours’ rest between "
            f"them: the first ends {ends}, the last begins {begins}"
        )
    rest = last.during.start - first.during.end
    slept = staff_text.format_time_left(rest) if rest.total_seconds() > 0 else "no time"
    return f"{who} has {slept} to rest: a shift ends {ends}, the next begins {begins}"


def format_times(span: Span, locale: Locale) -> str:
    """Say a stretch by the clock alone: 5pm to 8:30am."""
    edges = [each.astimezone(locale.zone) for each in (span.start, span.end)]
    first, last = (dates.format_time(each.hour * 60 + each.minute, locale) for each in edges)
    return f"{first} to {last}"


def describe_cover(found: Assignment, known: Mapping[int, str]) -> str:
    """Say how somebody came to a duty, if by a cover: "for Amara Owusu: Sick"."""
    if found.cover is None:
        return ""
    whose = f"for {known[found.shift.worker]}" if found.worker != found.shift.worker else ""
    return ": ".join(filter(None, (whose, found.cover.note)))


def describe_now(
    roster: Roster, found: RotaRole, known: Mapping[int, str], at: datetime, locale: Locale
) -> tuple[str, str]:
    """Say who is on duty at ``at``, and until when, and who then.

    ("Amara Owusu", "until 8:30am tomorrow, then Ben Hughes"), ("Nobody", ...) where somebody must
    be, ("Not needed", "until 5pm today, then Amara Owusu").
    """
    turns = list(islice(roster.turns(found.id, at, at + _AHEAD), 3))
    span, standing = turns[0]
    who = _who(standing, known, locale)
    if len(turns) == 1:
        return who, "for the next 4 weeks"
    until = staff_text.format_relative(span.end, at, locale)
    following = turns[1][1]
    if following.needed or following.workers:
        return who, f"until {until}, then {_then(following, known, locale)}"
    if len(turns) == 2:
        return who, f"until {until}, then not needed"
    back = staff_text.format_relative(turns[2][0].start, at, locale)
    return who, f"until {until}, then from {back} {_then(turns[2][1], known, locale)}"


def _who(standing: Staffing, known: Mapping[int, str], locale: Locale) -> str:
    if not standing.needed and not standing.workers:
        return "Not needed"
    who = join_names(standing.workers, known, locale)
    short_of = standing.missing and standing.workers
    return f"{who} ({len(standing.workers)} of {standing.needed} people)" if short_of else who


def _then(standing: Staffing, known: Mapping[int, str], locale: Locale) -> str:
    who = _who(standing, known, locale)
    return who.lower() if who == NOBODY else who
