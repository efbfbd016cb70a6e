"""The rota as rows of bars, each row from one handover to the next day's: for screen and paper."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from routing import lookup
from routing.core import instants
from routing.core.directory import RotaRole
from routing.core.instants import Span
from routing.rota import descriptions, filling
from routing.rota.roster import Assignment
from routing.rota_service import Rota
from routing.text import dates

QUARTER = timedelta(minutes=15)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of a row. ``kind`` is duty, cover, gap, or idle, where there is nothing to show.

    ``clocks`` are when it begins and ends by the clock, ``who`` has it, ``note`` says more;
    ``quarters`` is how long it is, in quarters of an hour; ``shift`` which shift it is part of.
    """

    kind: str
    during: Span
    clocks: str = ""
    who: str = ""
    note: str = ""
    shift: int | None = None
    now: bool = False

    @property
    def quarters(self) -> int:
        """Return how wide it is."""
        return max(1, round((self.during.end - self.during.start) / QUARTER))


@dataclass(frozen=True, slots=True)
class Row:
    """A day of a role. ``lanes`` hold bars one after another: one lane for each person at once."""

    day: str
    begins: str
    tags: tuple[str, ...]
    weekend: bool
    lanes: tuple[tuple[Bar, ...], ...]


def rows(found: Rota, role: RotaRole, days: Iterable[date], at: datetime) -> list[Row]:
    """Return a row for each of some dates: from the role's usual handover until the next day's."""
    zone = lookup.snapshot().directory.zone
    days = list(days)
    if not days:
        return []
    minute = _begins(found, role, instants.midnight(days[0], zone))
    return [
        _row(
            found,
            role,
            day,
            Span(instants.start_at(day, minute, zone), instants.start_at(day + _DAY, minute, zone)),
            at,
        )
        for day in days
    ]


def days_of(found: Rota, role: RotaRole, span: Span) -> tuple[date, date]:
    """Return of which dates the rows are that a stretch of time begins and ends in."""
    zone = lookup.snapshot().directory.zone
    before = timedelta(minutes=_begins(found, role, span.start))
    first, last = span.start - before, span.end - before - timedelta(seconds=1)
    return first.astimezone(zone).date(), last.astimezone(zone).date()


def _begins(found: Rota, role: RotaRole, at: datetime) -> int:
    """Return when a role's rows begin by the clock, in minutes after midnight."""
    return min(filling.usual_handovers(found.roster, role.id, at), default=0)


def _row(found: Rota, role: RotaRole, day: date, whole: Span, at: datetime) -> Row:
    locale = lookup.staff_locale()
    bars = [
        _duty(found, each, whole, at)
        for each in found.roster.assignments(role.id, whole.start, whole.end)
        if each.person_id is not None
    ]
    bars += [
        _gap(found, role, span, missing, at)
        for span, missing in found.roster.gaps(role.id, whole.start, whole.end)
    ]
    return Row(
        dates.format_full_date(day, locale),
        descriptions.format_times(whole, locale).partition(" to ")[0],
        tuple(_tags(found, role, day, whole)),
        filling.day_kind(day, found.roster.timetables) is not filling.DayKind.WORKING_DAY,
        tuple(_lane(each, whole) for each in _lanes(bars)) or (_lane([], whole),),
    )


def _duty(found: Rota, duty: Assignment, whole: Span, at: datetime) -> Bar:
    during = Span(max(duty.during.start, whole.start), min(duty.during.end, whole.end))
    return Bar(
        "duty" if duty.cover is None else "cover",
        during,
        descriptions.format_times(during, lookup.staff_locale()),
        found.names[duty.person_id or 0],
        descriptions.describe_cover(duty, found.names),
        duty.shift.id,
        at in during,
    )


def _gap(found: Rota, role: RotaRole, span: Span, missing: int, at: datetime) -> Bar:
    who = descriptions.NOBODY if missing == role.people else f"{missing} of {role.people} missing"
    off = [
        each
        for each in found.roster.assignments(role.id, span.start, span.end)
        if each.person_id is None
    ]
    said = [f"{found.names[x.shift.person_id]} is off" + _note(x) for x in off]
    clocks = descriptions.format_times(span, lookup.staff_locale())
    shift = off[0].shift.id if off else None
    return Bar("gap", span, clocks, who, "; ".join(said), shift, at in span)


def _note(duty: Assignment) -> str:
    return f": {duty.cover.note}" if duty.cover and duty.cover.note else ""


def _tags(found: Rota, role: RotaRole, day: date, whole: Span) -> Iterable[str]:
    timetables = found.roster.timetables
    holiday = timetables.holidays.get(day)
    if holiday is not None:
        yield f"Bank holiday: {holiday.name}"
    line_id = role.line or timetables.service(role.out_of_hours_of or "").lines[0].id
    line = next(each for each in timetables.directory.lines if each.id == line_id)
    special = line.special_day_on(day)
    if special is not None:
        yield special.name.get("en")
    if whole.end - whole.start != _DAY:
        back = whole.end - whole.start > _DAY
        hours = (whole.end - whole.start) // timedelta(hours=1)
        yield f"Clocks go {'back' if back else 'forward'}: {hours} hours"


def _lanes(bars: Iterable[Bar]) -> list[list[Bar]]:
    """Put bars into as few lanes as will do: within a lane none meet."""
    lanes: list[list[Bar]] = []
    for bar in sorted(bars, key=lambda each: (each.during.start, each.during.end)):
        free = (lane for lane in lanes if lane[-1].during.end <= bar.during.start)
        lane = next(free, None)
        if lane is None:
            lanes.append([bar])
        else:
            lane.append(bar)
    return lanes


def _lane(bars: Sequence[Bar], whole: Span) -> tuple[Bar, ...]:
    """Fill a lane up with idle bars from the row's start to its end."""
    found: list[Bar] = []
    reached = whole.start
    for bar in bars:
        if reached < bar.during.start:
            found.append(Bar("idle", Span(reached, bar.during.start)))
        found.append(bar)
        reached = bar.during.end
    if reached < whole.end:
        found.append(Bar("idle", Span(reached, whole.end)))
    return tuple(found)
