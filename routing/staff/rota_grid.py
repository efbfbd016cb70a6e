"""The rota as a grid, for screen and paper: a row a day, from one handover to the next day's."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import request, url_for

from routing import lookup
from routing.core import instants
from routing.core.directory import RotaRole
from routing.core.instants import Span
from routing.rota import descriptions, filling
from routing.rota.filling import DayKind
from routing.rota.roster import Assignment
from routing.rota_service import Rota
from routing.staff.session import HOME, current_account
from routing.store.accounts import Role
from routing.text import dates

QUARTER = timedelta(minutes=15)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class GridBar:
    """A part of a row. ``kind`` is duty, cover, gap, or idle, where there is nothing to show.

    ``times`` are its start and end by local clocks, ``who`` is on duty, ``note`` says more.
    ``link`` leads to the shift, or to a form that fills the gap; "" if there is nothing to do.
    """

    kind: str
    during: Span
    times: str = ""
    who: str = ""
    note: str = ""
    link: str = ""
    is_now: bool = False

    @property
    def quarters(self) -> int:
        """Return how wide it is, in quarters of an hour."""
        return max(1, round((self.during.end - self.during.start) / QUARTER))


@dataclass(frozen=True, slots=True)
class GridRow:
    """A day of a role. ``lanes`` hold bars one after another: one lane for each person at once."""

    day: str
    starts: str
    tags: tuple[str, ...]
    is_free_day: bool
    lanes: tuple[tuple[GridBar, ...], ...]


def rows(rota: Rota, role: RotaRole, days: Iterable[date], at: datetime) -> list[GridRow]:
    """Return a row for each of some dates: from the role's usual handover until the next day's."""
    zone = lookup.snapshot().directory.zone
    days = list(days)
    if not days:
        return []
    minute = _start_minute(rota, role, instants.midnight(days[0], zone))
    starts = [instants.start_at(day, minute, zone) for day in days]
    ends = [instants.start_at(day + ONE_DAY, minute, zone) for day in days]
    return [
        _row(rota, role, day, Span(start, end), at)
        for day, start, end in zip(days, starts, ends, strict=True)
    ]


def _dates_of(rota: Rota, role: RotaRole, during: Span) -> tuple[date, date]:
    """Return the dates of the rows in which a stretch of time begins and ends."""
    zone = lookup.snapshot().directory.zone
    offset = timedelta(minutes=_start_minute(rota, role, during.start))
    first, last = during.start - offset, during.end - offset - timedelta(seconds=1)
    return first.astimezone(zone).date(), last.astimezone(zone).date()


def _start_minute(rota: Rota, role: RotaRole, at: datetime) -> int:
    """Return when a role's rows start by local clocks, in minutes after midnight."""
    return min(filling.usual_handovers(rota.roster, role.id, at), default=0)


def _row(rota: Rota, role: RotaRole, day: date, period: Span, at: datetime) -> GridRow:
    roster, locale = rota.roster, lookup.staff_locale()
    bars = [
        _duty_bar(rota, duty, period, at)
        for duty in roster.assignments(role.id, period.start, period.end)
        if duty.person_id is not None
    ]
    bars += [
        _gap_bar(rota, role, gap, missing, at)
        for gap, missing in roster.gaps(role.id, period.start, period.end)
    ]
    return GridRow(
        dates.format_full_date(day, locale),
        descriptions.format_times(period, locale).partition(" to ")[0],
        tuple(_tags(rota, role, day, period)),
        filling.day_kind(day, roster.timetables) is not DayKind.WORKING_DAY,
        tuple(_fill_lane(lane, period) for lane in _lanes(bars) or [[]]),
    )


def _duty_bar(rota: Rota, duty: Assignment, period: Span, at: datetime) -> GridBar:
    during = Span(max(duty.during.start, period.start), min(duty.during.end, period.end))
    return GridBar(
        "duty" if duty.cover is None else "cover",
        during,
        descriptions.format_times(during, lookup.staff_locale()),
        rota.names[duty.person_id or 0],
        rota.text(at).cover(duty),
        # Hundreds on a page: url_for would take a sixth of its time.
        f"{request.script_root}{HOME}/rota/shifts/{duty.shift.id}",
        at in during,
    )


def _gap_bar(rota: Rota, role: RotaRole, gap: Span, missing: int, at: datetime) -> GridBar:
    absent = [
        duty
        for duty in rota.roster.assignments(role.id, gap.start, gap.end)
        if duty.person_id is None
    ]
    notes = [f"{rota.names[duty.shift.person_id]} is off{_note(duty)}" for duty in absent]
    return GridBar(
        "gap",
        gap,
        descriptions.format_times(gap, lookup.staff_locale()),
        descriptions.NOBODY if missing == role.people else f"{missing} of {role.people} missing",
        "; ".join(notes),
        _gap_link(rota, role, gap, absent),
        at in gap,
    )


def _gap_link(rota: Rota, role: RotaRole, gap: Span, absent: Sequence[Assignment]) -> str:
    if not current_account().may(Role.ROTA):
        return url_for("rota_shifts.show", shift_id=absent[0].shift.id) if absent else ""
    if not absent:
        return fill_link(rota, role, gap)
    during = absent[0].during
    return url_for(
        "rota_shifts.ask_cover",
        shift_id=absent[0].shift.id,
        starts=max(during.start, gap.start).isoformat(),
        ends=min(during.end, gap.end).isoformat(),
    )


def fill_link(rota: Rota, role: RotaRole, gap: Span) -> str:
    """Return a link to fill a gap: with one shift, or with several if it is longer than a day."""
    if gap.end - gap.start <= ONE_DAY:
        starts, ends = gap.start.isoformat(), gap.end.isoformat()
        return url_for("rota_shifts.new", role=role.id, starts=starts, ends=ends)
    parts = {
        f"{name}-{part}": getattr(day, part)
        for name, day in zip(("first", "last"), _dates_of(rota, role, gap), strict=True)
        for part in ("day", "month", "year")
    }
    return url_for("rota_fill.ask", role=role.id, turn="slot", **parts)


def _note(duty: Assignment) -> str:
    return f": {duty.cover.note}" if duty.cover and duty.cover.note else ""


def _tags(rota: Rota, role: RotaRole, day: date, period: Span) -> Iterator[str]:
    """Yield what is special about a row: a bank holiday, a special day, a change of the clocks."""
    timetables = rota.roster.timetables
    holiday = timetables.holidays.get(day)
    if holiday is not None:
        yield f"Bank holiday: {holiday.name}"
    line_id = role.line or timetables.service(role.out_of_hours_of or "").lines[0].id
    line = timetables.directory.line(line_id)
    special_day = line.hours_on(day, timetables.holidays).special_day if line else None
    if special_day is not None and not special_day.is_until_further_notice:
        yield special_day.name.get("en")
    length = period.end - period.start
    if length != ONE_DAY:
        hours = length // timedelta(hours=1)
        yield f"Clocks go {'back' if length > ONE_DAY else 'forward'}: {hours} hours"


def _lanes(bars: Iterable[GridBar]) -> list[list[GridBar]]:
    """Return bars in as few lanes as possible, so that none overlap within a lane."""
    lanes: list[list[GridBar]] = []
    for bar in sorted(bars, key=lambda bar: (bar.during.start, bar.during.end)):
        free = (lane for lane in lanes if lane[-1].during.end <= bar.during.start)
        lane = next(free, None)
        if lane is None:
            lanes.append([bar])
        else:
            lane.append(bar)
    return lanes


def _fill_lane(bars: Sequence[GridBar], period: Span) -> tuple[GridBar, ...]:
    """Return a lane with idle bars between its own, from the row's start to its end."""
    lane: list[GridBar] = []
    end = period.start
    for bar in bars:
        if end < bar.during.start:
            lane.append(GridBar("idle", Span(end, bar.during.start)))
        lane.append(bar)
        end = bar.during.end
    if end < period.end:
        lane.append(GridBar("idle", Span(end, period.end)))
    return tuple(lane)
