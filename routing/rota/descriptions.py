"""The rota in sentences, for staff: in English, with relative dates ("5pm today")."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice
from zoneinfo import ZoneInfo

from routing.core.directory import RotaRole
from routing.core.instants import Span
from routing.rota.roster import (
    CONTEXT_MARGIN,
    NOBODY,
    Assignment,
    Clash,
    Cover,
    Rota,
    RotaDifference,
    Shift,
    Staffing,
    span_of,
)
from routing.text import dates, staff_text
from routing.text.locale import Locale, get_locale

_LOOKAHEAD = timedelta(days=28)


@dataclass(frozen=True)
class RotaText:
    """Describes a rota as seen from ``at``."""

    rota: Rota
    at: datetime

    @property
    def locale(self) -> Locale:
        """Return English with the directory's zone."""
        return get_locale("en", self.rota.timetables.directory.zone)

    def span(self, span: Span) -> str:
        """Return "from 5pm today until 8:30am tomorrow"."""
        return staff_text.format_span(span, self.at, self.locale)

    def gap(self, role: RotaRole, gap: Span, missing: int) -> str:
        """Return "Night worker: 1 of 2 people from 5pm today until..."; ``missing`` are missing."""
        name = self.rota.role_names[role.id]
        return f"{name}: {format_shortfall(role, missing)} {self.span(gap)}"

    def surplus(self, start: datetime, end: datetime) -> list[str]:
        """Describe who is on duty in a period when nobody is needed, role by role."""
        return [
            f"{name}: {self._join(self.rota.staffing_at(role_id, span.start))} {self.span(span)}, "
            "though nobody is needed then"
            for role_id, name in self.rota.role_names.items()
            for span in self.rota.surplus(role_id, start, end)
        ]

    def warnings(
        self, changes: Sequence[Shift | Cover], cancelled: Collection[Shift | Cover] = ()
    ) -> list[str]:
        """Return what may be a slip in a change: what is over or not needed, clashes it adds."""
        if not changes:
            return []
        period, warnings = span_of(changes), []
        after = self.rota.with_changes(changes, cancelled)
        new_shifts = [new for new in changes if isinstance(new, Shift)]
        unneeded = [
            new
            for new in new_shifts
            if not self.rota.needed_spans(new.role_id, new.during.start, new.during.end)
        ]
        past = [change for change in changes if change.during.end <= self.at]
        for doubtful, why in (
            (past, "in the past, and will stand as who was on duty then"),
            (unneeded, "when nobody is needed by the directory"),
        ):
            if doubtful:
                count = "1 shift is" if len(doubtful) == 1 else f"{len(doubtful):,} shifts are"
                warnings.append(f"{count} {why}: the first {self.span(doubtful[0].during)}.")
        for role_id in dict.fromkeys(new.role_id for new in new_shifts):
            for span, staffing in after.excess(role_id, period):
                needs = "1 person" if staffing.needed == 1 else f"{staffing.needed} people"
                together = f"{self._join(staffing)} are on duty together {self.span(span)}"
                warnings.append(
                    f"{self.rota.role_names[role_id]}: {together}, and it needs {needs}."
                )
        edges = period.start - CONTEXT_MARGIN, period.end + CONTEXT_MARGIN
        known = {self.clash(clash) for clash in self.rota.clashes(*edges)}
        clashes = dict.fromkeys(self.clash(clash) for clash in after.clashes(*edges))
        return warnings + [f"{clash}." for clash in clashes if clash not in known]

    def difference(self, difference: RotaDifference) -> list[str]:
        """Describe each shift that is removed, changed or added: "Added: Night: Amara Owusu..."."""
        lines = [f"Removed: {self._shift(shift)}." for shift in difference.removed]
        for before, after in difference.changed:
            change = f"in place of {self.rota.names[before.person_id]}"
            if before.during != after.during:
                change = f"not {self.span(before.during)}"
            lines.append(f"Changed: {self._shift(after)}, {change}.")
        return lines + [f"Added: {self._shift(shift)}." for shift in difference.added]

    def clash(self, clash: Clash) -> str:
        """Describe a clash: who, what and when."""
        who = self.rota.names[clash.person_id]
        first, last = clash.assignments[0], clash.assignments[-1]
        if clash.is_overlap:
            one, other = (self.rota.role_names[part.shift.role_id] for part in (first, last))
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
        """Describe why it is not simply a shift of whoever has it; "" where it is.

        "for Amara Owusu: Sick"; where nobody has it, "Amara Owusu is off", "Ben Hughes has left".
        """
        cover, holder = assignment.cover, assignment.shift.person_id
        planned = holder if cover is None else cover.person_id
        if assignment.person_id != planned:
            return f"{self.rota.names[planned]} has left"
        if cover is None:
            return ""
        covered = f"for {self.rota.names[holder]}" if planned != holder else ""
        if planned is None:
            covered = f"{self.rota.names[holder]} is off"
        return ": ".join(filter(None, (covered, cover.note)))

    def now(self, role: RotaRole) -> tuple[str, str]:
        """Describe who is on duty, and until when and who is next.

        ("Amara Owusu", "until 8:30am tomorrow, then Ben Hughes"); ("Nobody", ...) in a gap; ("Not
        needed", "until 5pm today, then Amara Owusu").
        """
        intervals = self.rota.merged_staffing(role.id, self.at, self.at + _LOOKAHEAD)
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

    def _shift(self, shift: Shift) -> str:
        who = self.rota.names[shift.person_id]
        return f"{self.rota.role_names[shift.role_id]}: {who} {self.span(shift.during)}"

    def _join(self, staffing: Staffing) -> str:
        names = [self.rota.names[person_id] for person_id in staffing.person_ids]
        return dates.join_words(names or [NOBODY], self.locale)

    def _who(self, staffing: Staffing) -> str:
        count = len(staffing.person_ids)
        if not staffing.needed and not count:
            return "Not needed"
        who = self._join(staffing)
        return f"{who} ({count} of {staffing.needed} people)" if count and staffing.missing else who

    def _who_next(self, staffing: Staffing) -> str:
        who = self._who(staffing)
        return who.lower() if who == NOBODY else who


def format_shortfall(role: RotaRole, missing: int) -> str:
    """Return how many of the people that a role needs are there: "nobody", "1 of 2 people"."""
    count = role.people - missing
    return f"{count} of {role.people} people" if count else NOBODY.lower()


def format_times(span: Span, locale: Locale) -> str:
    """Return a span as times without dates: "5pm to 8:30am"."""
    times = (dates.local_date_and_time(edge, locale)[1] for edge in (span.start, span.end))
    return " to ".join(time or locale.translate("midnight") for time in times)


def format_months(shifts: Iterable[Shift], zone: ZoneInfo) -> str:
    """Return the local months in which shifts begin: "December 2026 to January 2027"."""
    starts = sorted(shift.during.start for shift in shifts)
    months = (f"{start.astimezone(zone):%B %Y}" for start in (starts[0], starts[-1]))
    return " to ".join(dict.fromkeys(months))


def summarise_difference(difference: RotaDifference, zone: ZoneInfo) -> str:
    """Return what an import does: " for December 2026: 42 added, 3 changed"; "" for nothing."""
    changed = [after for _, after in difference.changed]
    counts = {"added": difference.added, "changed": changed, "removed": difference.removed}
    if not any(counts.values()):
        return ""
    months = format_months(chain(*counts.values()), zone)
    parts = [f"{len(shifts)} {what}" for what, shifts in counts.items() if shifts]
    return f" for {months}: {', '.join(parts)}"


def summarise_absence(covers: Sequence[Cover]) -> str:
    """Return what the covers of an absence did: "Absence: 5 shifts covered"."""
    count = len({cover.shift_id for cover in covers})
    shifts = "1 shift" if count == 1 else f"{count} shifts"
    is_open = any(cover.person_id is None for cover in covers)
    return f"Absence: {shifts} {'left open' if is_open else 'covered'}"
