"""The rota in sentences, for staff: in English, with relative dates ("5pm today")."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
    RotaDifference,
    Staffing,
)
from routing.text import dates, staff_text
from routing.text.locale import Locale, get_locale

NOBODY = "Nobody"
_LOOKAHEAD = timedelta(days=28)


@dataclass(frozen=True)
class RotaText:
    """Describes a roster as seen from ``at``. ``names`` has everybody's name, by id."""

    roster: Roster
    names: Mapping[int, str]
    at: datetime

    @property
    def locale(self) -> Locale:
        """Return English with the directory's zone."""
        return get_locale("en", self.roster.timetables.directory.zone)

    def span(self, span: Span) -> str:
        """Return "from 5pm today until 8:30am tomorrow"."""
        return staff_text.format_span(span, self.at, self.locale)

    def gap(self, role: RotaRole, gap: Span, missing: int) -> str:
        """Return "Night worker: 1 of 2 people from 5pm today until..."; ``missing`` are missing."""
        return f"{role_name(role)}: {self.shortfall(role, gap, missing)} {self.span(gap)}"

    def shortfall(self, role: RotaRole, gap: Span, missing: int) -> str:
        """Return how many there are: "nobody", "1 of 2 people"; if that changes, "at times ..."."""
        count = role.people - missing
        shortfall = f"{count} of {role.people} people" if count else NOBODY.lower()
        intervals = self.roster.staffing(role.id, gap.start, gap.end)
        is_constant = len({staffing.missing for _, staffing in intervals}) == 1
        return shortfall if is_constant else f"at times {shortfall}"

    def surplus(self, role: RotaRole, span: Span) -> str:
        """Describe who is on duty in a span in which nobody is needed."""
        who = self._join(self.roster.staffing_at(role.id, span.start))
        return f"{role_name(role)}: {who} {self.span(span)}, though nobody is needed then"

    def excess(self, role_id: str, span: Span, staffing: Staffing) -> str:
        """Describe a span in which more people are on duty than a role needs."""
        needs = "1 person" if staffing.needed == 1 else f"{staffing.needed} people"
        together = f"{self._join(staffing)} are on duty together {self.span(span)}"
        return f"{self._role(role_id)}: {together}, and it needs {needs}"

    def difference(self, difference: RotaDifference) -> list[str]:
        """Describe each shift that is removed, changed or added: "Added: Night: Amara Owusu..."."""
        lines = [f"Removed: {self._shift(shift)}." for shift in difference.removed]
        for before, after in difference.changed:
            change = f"in place of {self.names[before.person_id]}"
            if before.during != after.during:
                change = f"not {self.span(before.during)}"
            lines.append(f"Changed: {self._shift(after)}, {change}.")
        return lines + [f"Added: {self._shift(shift)}." for shift in difference.added]

    def clash(self, clash: Clash) -> str:
        """Describe a clash: who, what and when."""
        who, first, last = self.names[clash.person_id], clash.assignments[0], clash.assignments[-1]
        if clash.kind is ClashKind.OVERLAP:
            one, other = (self._role(part.shift.role_id) for part in (first, last))
            shifts = f"two {one} shifts" if one == other else f"{one} and {other} shifts"
            return f"{who} has {shifts} at once, {self.span(clash.during)}"
        ends, begins = self._instant(first.during.end), self._instant(last.during.start)
        if len(clash.assignments) > 2:
            return (
                f"{who} has {len(clash.assignments)} shifts in a row with less than 11 hours’ rest "
                f"between them: the first ends {ends}, the last begins {begins}"
            )
        rest = last.during.start - first.during.end
        length = staff_text.format_time_left(rest) if rest > timedelta() else "no time"
        return f"{who} has {length} to rest: a shift ends {ends}, the next begins {begins}"

    def cover(self, assignment: Assignment) -> str:
        """Describe the cover behind an assignment: "for Amara Owusu: Sick"; "" without a cover."""
        if assignment.cover is None:
            return ""
        holder = assignment.shift.person_id
        covered = f"for {self.names[holder]}" if assignment.person_id != holder else ""
        return ": ".join(filter(None, (covered, assignment.cover.note)))

    def now(self, role: RotaRole) -> tuple[str, str]:
        """Describe who is on duty, and until when and who is next.

        ("Amara Owusu", "until 8:30am tomorrow, then Ben Hughes"); ("Nobody", ...) in a gap; ("Not
        needed", "until 5pm today, then Amara Owusu").
        """
        intervals = self.roster.merged_staffing(role.id, self.at, self.at + _LOOKAHEAD)
        (span, staffing), *following = islice(intervals, 3)
        who = self._who(staffing)
        if not following:
            return who, "for the next 4 weeks"
        until = f"until {self._instant(span.end)}"
        if following[0][1].needed or following[0][1].person_ids:
            return who, f"{until}, then {self._who_next(following[0][1])}"
        if len(following) == 1:
            return who, f"{until}, then not needed"
        later_span, later = following[1]
        return who, f"{until}, then from {self._instant(later_span.start)} {self._who_next(later)}"

    def _instant(self, when: datetime) -> str:
        return staff_text.format_relative(when, self.at, self.locale)

    def _role(self, role_id: str) -> str:
        return role_name(self.roster.roles[role_id])

    def _shift(self, shift: NewShift) -> str:
        who = self.names[shift.person_id]
        return f"{self._role(shift.role_id)}: {who} {self.span(shift.during)}"

    def _join(self, staffing: Staffing) -> str:
        names = [self.names[person_id] for person_id in staffing.person_ids]
        return dates.join_words(names, self.locale) if names else NOBODY

    def _who(self, staffing: Staffing) -> str:
        count = len(staffing.person_ids)
        if not staffing.needed and not count:
            return "Not needed"
        who = self._join(staffing)
        return f"{who} ({count} of {staffing.needed} people)" if count and staffing.missing else who

    def _who_next(self, staffing: Staffing) -> str:
        who = self._who(staffing)
        return who.lower() if who == NOBODY else who


def role_name(role: RotaRole) -> str:
    """Return the English name of a role."""
    return role.name.get("en")


def format_times(span: Span, locale: Locale) -> str:
    """Return a span as times without dates: "5pm to 8:30am"."""
    times = (dates.local_date_and_time(edge, locale)[1] for edge in (span.start, span.end))
    return " to ".join(time or locale.translate("midnight") for time in times)


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
