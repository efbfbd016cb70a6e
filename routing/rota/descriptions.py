"""The rota in sentences, for staff: in English, with relative dates ("5pm today")."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from routing.core.directory import RotaRole
from routing.core.instants import Span
from routing.rota.roster import (
    Assignment,
    Clash,
    ClashKind,
    NewCover,
    NewShift,
    Roster,
    Staffing,
)
from routing.text import dates, staff_text
from routing.text.locale import Locale

NOBODY = "Nobody"
_LOOKAHEAD = timedelta(days=28)


def role_name(role: RotaRole) -> str:
    """Return the English name of a role."""
    return role.name.get("en")


def describe_gap(role: RotaRole, gap: Span, missing: int, at: datetime, locale: Locale) -> str:
    """Describe a gap: "Out-of-hours social worker: nobody from 5pm on Sunday 27 December until...".

    ``missing`` is how many people are missing.
    """
    shortfall = describe_shortfall(role, missing)
    return f"{role_name(role)}: {shortfall} {staff_text.format_span(gap, at, locale)}"


def describe_surplus(
    roster: Roster,
    role: RotaRole,
    span: Span,
    names: Mapping[int, str],
    at: datetime,
    locale: Locale,
) -> str:
    """Describe who is on duty in a span in which nobody is needed."""
    who = join_names(roster.staffing_at(role.id, span.start).person_ids, names, locale)
    when = staff_text.format_span(span, at, locale)
    return f"{role_name(role)}: {who} {when}, though nobody is needed then"


def describe_excess(
    role: RotaRole,
    staffing: Staffing,
    span: Span,
    names: Mapping[int, str],
    at: datetime,
    locale: Locale,
) -> str:
    """Describe a span in which more people are on duty than a role needs."""
    who = join_names(staffing.person_ids, names, locale)
    needs = "1 person" if role.people == 1 else f"{role.people} people"
    when = staff_text.format_span(span, at, locale)
    return f"{role_name(role)}: {who} are on duty together {when}, and it needs {needs}"


def describe_difference(
    removed: Iterable[NewShift],
    changed: Iterable[tuple[NewShift, NewShift]],
    added: Iterable[NewShift],
    roles: Mapping[str, RotaRole],
    names: Mapping[int, str],
    at: datetime,
    locale: Locale,
) -> list[str]:
    """Describe each shift that is removed, changed or added: "Added: Night: Amara Owusu..."."""

    def describe(shift: NewShift) -> str:
        when = staff_text.format_span(shift.during, at, locale)
        return f"{role_name(roles[shift.role_id])}: {names[shift.person_id]} {when}"

    def describe_change(before: NewShift, after: NewShift) -> str:
        if before.during == after.during:
            return f"{describe(after)}, in place of {names[before.person_id]}"
        return f"{describe(after)}, not {staff_text.format_span(before.during, at, locale)}"

    return [
        *(f"Removed: {describe(shift)}." for shift in removed),
        *(f"Changed: {describe_change(*pair)}." for pair in changed),
        *(f"Added: {describe(shift)}." for shift in added),
    ]


def summarise_fill(role: RotaRole, shifts: Sequence[NewShift], zone: ZoneInfo) -> str:
    """Return what a fill did: "Filled Night worker for December 2026: 42 added"."""
    return f"Filled {role_name(role)} for {format_months(shifts, zone)}: {len(shifts)} added"


def format_months(shifts: Iterable[NewShift], zone: ZoneInfo) -> str:
    """Return the local months in which shifts begin: "December 2026 to January 2027"."""
    starts = sorted(shift.during.start for shift in shifts)
    months = (f"{start.astimezone(zone):%B %Y}" for start in (starts[0], starts[-1]))
    return " to ".join(dict.fromkeys(months))


def summarise_absence(covers: Sequence[NewCover]) -> str:
    """Return what the covers of an absence did: "Absence: 5 shifts covered"."""
    count = len({cover.shift_id for cover in covers})
    shifts = "1 shift" if count == 1 else f"{count} shifts"
    is_open = any(cover.person_id is None for cover in covers)
    return f"Absence: {shifts} {'left open' if is_open else 'covered'}"


def describe_shortfall(role: RotaRole, missing: int) -> str:
    """Describe how many people are there: "nobody" or "1 of 2 people"."""
    if missing == role.people:
        return NOBODY.lower()
    return f"{role.people - missing} of {role.people} people"


def join_names(person_ids: Sequence[int], names: Mapping[int, str], locale: Locale) -> str:
    """Return names in a sentence: "Amara Owusu and Ben Hughes" or "Nobody"."""
    if not person_ids:
        return NOBODY
    return dates.join_words([names[person_id] for person_id in person_ids], locale)


def describe_clash(
    clash: Clash,
    roles: Mapping[str, RotaRole],
    names: Mapping[int, str],
    at: datetime,
    locale: Locale,
) -> str:
    """Describe a clash: who, what and when."""
    who, first, last = names[clash.person_id], clash.assignments[0], clash.assignments[-1]
    if clash.kind is ClashKind.OVERLAP:
        one, other = (role_name(roles[part.shift.role_id]) for part in (first, last))
        shifts = f"two {one} shifts" if one == other else f"{one} and {other} shifts"
        return f"{who} has {shifts} at once, {staff_text.format_span(clash.during, at, locale)}"
    ends = staff_text.format_relative(first.during.end, at, locale)
    begins = staff_text.format_relative(last.during.start, at, locale)
    if len(clash.assignments) > 2:
        return (
            f"{who} has {len(clash.assignments)} shifts in a row with less than 11 hours’ rest "
            f"between them: the first ends {ends}, the last begins {begins}"
        )
    rest = last.during.start - first.during.end
    length = staff_text.format_time_left(rest) if rest > timedelta() else "no time"
    return f"{who} has {length} to rest: a shift ends {ends}, the next begins {begins}"


def format_times(span: Span, locale: Locale) -> str:
    """Return a span as times without dates: "5pm to 8:30am"."""
    edges = [edge.astimezone(locale.zone) for edge in (span.start, span.end)]
    first, last = (dates.format_time(edge.hour * 60 + edge.minute, locale) for edge in edges)
    return f"{first} to {last}"


def describe_cover(assignment: Assignment, names: Mapping[int, str]) -> str:
    """Describe the cover behind an assignment: "for Amara Owusu: Sick"; "" without a cover."""
    if assignment.cover is None:
        return ""
    holder = assignment.shift.person_id
    covered = f"for {names[holder]}" if assignment.person_id != holder else ""
    return ": ".join(filter(None, (covered, assignment.cover.note)))


def describe_now(
    roster: Roster, role: RotaRole, names: Mapping[int, str], at: datetime, locale: Locale
) -> tuple[str, str]:
    """Describe who is on duty at ``at``, and until when and who is next.

    ("Amara Owusu", "until 8:30am tomorrow, then Ben Hughes"); ("Nobody", ...) in a gap; ("Not
    needed", "until 5pm today, then Amara Owusu").
    """
    merged = list(islice(roster.merged_staffing(role.id, at, at + _LOOKAHEAD), 3))
    span, staffing = merged[0]
    who = _who(staffing, names, locale)
    if len(merged) == 1:
        return who, "for the next 4 weeks"
    until = staff_text.format_relative(span.end, at, locale)
    _, following = merged[1]
    if following.needed or following.person_ids:
        return who, f"until {until}, then {_who_next(following, names, locale)}"
    if len(merged) == 2:
        return who, f"until {until}, then not needed"
    later_span, later = merged[2]
    start = staff_text.format_relative(later_span.start, at, locale)
    return who, f"until {until}, then from {start} {_who_next(later, names, locale)}"


def _who(staffing: Staffing, names: Mapping[int, str], locale: Locale) -> str:
    person_ids = staffing.person_ids
    if not staffing.needed and not person_ids:
        return "Not needed"
    who = join_names(person_ids, names, locale)
    is_short = staffing.missing and person_ids
    return f"{who} ({len(person_ids)} of {staffing.needed} people)" if is_short else who


def _who_next(staffing: Staffing, names: Mapping[int, str], locale: Locale) -> str:
    who = _who(staffing, names, locale)
    return who.lower() if who == NOBODY else who
