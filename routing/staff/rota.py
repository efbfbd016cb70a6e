"""The rota to look at: on duty now, two weeks ahead, gaps and clashes, bank holidays, on paper."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import Response, request, url_for

from routing import lookup, rota_service
from routing.core import instants
from routing.core.directory import RotaRole, date_range
from routing.core.instants import Span
from routing.errors import UnknownShift
from routing.rota import descriptions, filling
from routing.rota.descriptions import RotaText
from routing.rota.filling import DayKind
from routing.rota.roster import Assignment, Rota, RotaPerson, Shift
from routing.rota_service import GAP_LOOKAHEAD
from routing.staff.auth import (
    HOME,
    actor_names,
    current_account,
    render_page,
    send_csv,
    staff_blueprint,
)
from routing.staff.forms import parse_day, parse_id
from routing.store import rota as rota_store
from routing.store.accounts import Role
from routing.store.rota import RotaChange
from routing.text import staff_text
from routing.text.dates import format_datetime, format_full_date

bp = staff_blueprint("rota")

DAYS_SHOWN = 14
DAYS_IN_FILE = 366
MAX_CHANGES_SHOWN = 10
ONE_DAY = timedelta(days=1)
QUARTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class GridBar:
    """A part of a row. ``kind`` is duty, cover, gap, or idle, where there is nothing to show.

    ``who`` is on duty, ``note`` says more. ``link`` leads to the shift, or to a form that fills the
    gap; "" if there is nothing to do.
    """

    kind: str
    during: Span
    who: str = ""
    note: str = ""
    link: str = ""

    @property
    def times(self) -> str:
        """Return its start and end by local clocks."""
        return descriptions.format_times(self.during, lookup.staff_locale())

    @property
    def quarters(self) -> int:
        """Return how wide it is, in quarters of an hour."""
        return max(1, round((self.during.end - self.during.start) / QUARTER))


@bp.get("/rota")
def show() -> Response:
    """Show who is on duty now, by role, the clashes and gaps ahead, and two weeks of the rota.

    The two weeks begin today, or on ``?from=``.
    """
    at, locale = lookup.now(), lookup.staff_locale()
    days = _days_shown(at)
    first, period = days[0], _period(days)
    done_id = parse_id(request.args.get("done", ""))
    with lookup.database().reading() as connection:
        upcoming = rota = rota_service.load_upcoming(connection, at)
        if not (at - ONE_DAY <= period.start and period.end <= at + GAP_LOOKAHEAD):
            rota = rota_service.load_rota(connection, period.start, period.end)
        names, done = actor_names(connection), None
        with suppress(UnknownShift):
            done = rota_store.get_change(connection, done_id or 0)
        changes = rota_store.newest_changes(connection, MAX_CHANGES_SHOWN)
    ahead = Span(at, at + GAP_LOOKAHEAD)
    return render_page(
        "rota.html",
        at=at,
        done=done,
        known=request.args.get("known", 0, type=int),
        roles=_role_rows(rota, days, at),
        roles_on_duty=roles_on_duty(upcoming, at),
        gaps=_gap_items(upcoming, at, ahead),
        clashes=upcoming.clashes(ahead.start, ahead.end),
        text=RotaText(upcoming, at),
        lookahead_days=GAP_LOOKAHEAD.days,
        period=_describe(days),
        first=first,
        today=at.astimezone(locale.zone).date(),
        earlier=first - DAYS_SHOWN * ONE_DAY,
        later=first + DAYS_SHOWN * ONE_DAY,
        changes=changes,
        describe_change=_describe_change,
        format_relative=lambda when: staff_text.format_relative(when, at, locale),
        names=names,
    )


@bp.get("/rota/shifts/<id:shift_id>")
def show_shift(shift_id: int) -> Response:
    """Show a shift: who has which part of it, and what can be done with it."""
    (rota, shift), at = read_shift(shift_id), lookup.now()
    return render_page(
        "shift.html",
        shift=shift,
        text=RotaText(rota, at),
        describe_period=describe_period,
        is_over=shift.during.end <= at,
    )


@bp.get("/rota/print")
def print_page() -> Response:
    """Show two weeks of the rota for paper: a side for each role, no note, no telephone number."""
    at, locale = lookup.now(), lookup.staff_locale()
    days = _days_shown(at)
    period = _period(days)
    rota = rota_service.read_rota(period.start, period.end)
    return render_page(
        "rota_print.html",
        at=at,
        roles=_role_rows(rota, days, at),
        period=_describe(days),
        printed_at=format_datetime(at, locale, with_year=True),
    )


@bp.get("/rota.csv")
def download() -> Response:
    """Send who is really on duty in a year from today, or ``?from=``, for a spreadsheet."""
    days = _days_shown(lookup.now(), DAYS_IN_FILE)
    return send_csv(rota_service.export_csv(_period(days)), f"rota-{days[0]}.csv")


@bp.get("/rota/gaps")
def gaps() -> Response:
    """Show every gap, every surplus, everybody who is in two places or has too little rest.

    In four weeks, from now or from ``?from=``.
    """
    at, locale = lookup.now(), lookup.staff_locale()
    first, today = _first_date(at), at.astimezone(locale.zone).date()
    start = at if first == today else instants.midnight(first, locale.zone)
    period = Span(start, start + GAP_LOOKAHEAD)
    rota = rota_service.read_around(period)
    return render_page(
        "rota_gaps.html",
        gaps=_gap_items(rota, at, period),
        surplus=RotaText(rota, at).surplus(period.start, period.end),
        clashes=rota.clashes(period.start, period.end),
        text=RotaText(rota, at),
        lookahead_days=GAP_LOOKAHEAD.days,
        first=format_full_date(first, locale),
        later=first + GAP_LOOKAHEAD,
    )


@bp.get("/rota/bank-holidays")
def bank_holidays() -> Response:
    """Show who covers each bank holiday of the next twelve months."""
    at = lookup.now()
    today, holidays = at.astimezone(lookup.staff_locale().zone).date(), lookup.snapshot().holidays
    year = date_range(today, today + DAYS_IN_FILE * ONE_DAY)
    days = [day for day in year if day in holidays.dates]
    with lookup.database().reading() as connection:
        rota = rota_service.load_days(connection, days)
    return render_page("rota_holidays.html", at=at, roles=_role_rows(rota, days, at))


def roles_on_duty(rota: Rota, at: datetime) -> list[tuple[str, str, str, list[RotaPerson]]]:
    """Return each role's name, who is on duty at ``at``, and until when and who then.

    Last the people on duty who have a work phone, for people who arrange duty or diverts.
    """
    account, roles = current_account(), []
    may_see_phones = account.may(Role.ROTA) or account.may(Role.DIVERT)
    for role in rota.roles.values():
        ids = rota.staffing_at(role.id, at).person_ids if may_see_phones else ()
        people = [person for id_ in ids if (person := rota.people[id_]).phone]
        roles.append((rota.role_names[role.id], *RotaText(rota, at).now(role), people))
    return roles


def read_shift(shift_id: int) -> tuple[Rota, Shift]:
    """Return a shift, and the rota around it. Raise UnknownShift, DatabaseUnavailable."""
    with lookup.database().reading() as connection:
        shift = rota_store.get(connection, shift_id)
    rota = rota_service.read_around(shift.during)
    if shift.role_id not in rota.roles:
        raise UnknownShift(f"Shift {shift_id} is in a role that the directory no longer has.")
    return rota, shift


def describe_period(during: Span) -> str:
    """Return a period in full, with its length: it is read back to whoever typed it."""
    locale, at = lookup.staff_locale(), lookup.now()
    start, end = (format_datetime(edge, locale, at) for edge in (during.start, during.end))
    return f"from {start} until {end} ({staff_text.format_time_left(during.end - during.start)})"


def _gap_items(rota: Rota, at: datetime, period: Span) -> list[tuple[str, str]]:
    """Return each gap in words, with a link to fill it; one for a role with nobody, first."""
    empty, gaps = {}, []
    next_ = "next " if period.start <= at else ""
    for role, gap, missing in rota.gaps(period.start, period.end):
        if not rota.assignments(role.id, period.start, period.end):
            name, days = rota.role_names[role.id], GAP_LOOKAHEAD.days
            text = f"{name}: nobody is on the rota in the {next_}{days} days"
            empty[text] = url_for("rota_shifts.fill", role=role.id)
        else:
            text = RotaText(rota, at).gap(role, gap, missing)
            gaps.append((text, _fill_link(rota, role, gap)))
    return [*empty.items(), *gaps]


def _describe_change(change: RotaChange) -> str:
    return change.summary or staff_text.ACTION_LABELS.get(f"rota.{change.kind}", change.kind)


def _first_date(at: datetime) -> date:
    """Return the date in ``?from=``; today at ``at`` if there is none."""
    return parse_day(request.args.get("from", ""), at.astimezone(lookup.staff_locale().zone).date())


def _days_shown(at: datetime, count: int = DAYS_SHOWN) -> list[date]:
    first = _first_date(at)
    return list(date_range(first, first + (count - 1) * ONE_DAY))


def _period(days: Sequence[date]) -> Span:
    """Return some days and one more: the last row runs on until the next day's handover."""
    zone = lookup.staff_locale().zone
    return Span(*(instants.midnight(day, zone) for day in (days[0], days[-1] + 2 * ONE_DAY)))


def _describe(days: Sequence[date]) -> str:
    return " to ".join(format_full_date(day, lookup.staff_locale()) for day in (days[0], days[-1]))


def _role_rows(rota: Rota, days: Sequence[date], at: datetime) -> list[dict[str, object]]:
    zone, roles = lookup.staff_locale().zone, list[dict[str, object]]()
    for role in rota.roles.values():
        minute = _start_minute(rota, role, instants.midnight(days[0], zone)) if days else 0
        rows = [_row(rota, role, day, minute, at) for day in days]
        roles.append({"id": role.id, "name": rota.role_names[role.id], "rows": rows})
    return roles


def _start_minute(rota: Rota, role: RotaRole, at: datetime) -> int:
    return min(filling.usual_handovers(rota, role.id, at), default=0)


def _row(rota: Rota, role: RotaRole, day: date, minute: int, at: datetime) -> dict[str, object]:
    """Return a day of a role. Its lanes hold bars in order: one lane for each person at once."""
    locale = lookup.staff_locale()
    period = Span(*(instants.start_at(d, minute, locale.zone) for d in (day, day + ONE_DAY)))
    lanes = _lanes(_bars(RotaText(rota, at), role, period))
    return {
        "day": format_full_date(day, locale),
        "starts": descriptions.format_times(period, locale).partition(" to ")[0],
        "tags": list(_tags(rota, role, day, period)),
        "is_free_day": filling.day_kind(day, rota.timetables) is not DayKind.WORKING_DAY,
        "lanes": [_fill_lane(lane, period) for lane in lanes or [[]]],
    }


def _bars(text: RotaText, role: RotaRole, period: Span) -> Iterator[GridBar]:
    rota = text.rota
    duties = rota.assignments(role.id, period.start, period.end)
    for duty in duties:
        if duty.person_id is not None:
            yield GridBar(
                "cover" if duty.cover else "duty",
                Span(max(duty.during.start, period.start), min(duty.during.end, period.end)),
                rota.names[duty.person_id],
                text.cover(duty),
                # Hundreds on a page: url_for would take a sixth of its time.
                f"{request.script_root}{HOME}/rota/shifts/{duty.shift.id}",
            )
    for gap, missing in rota.role_gaps(role.id, period.start, period.end):
        absent = [duty for duty in duties if duty.person_id is None and duty.during.overlaps(gap)]
        note = "; ".join(map(text.cover, absent))
        who = descriptions.format_shortfall(role, missing).capitalize()
        yield GridBar("gap", gap, who, note, _gap_link(rota, role, gap, absent))


def _gap_link(rota: Rota, role: RotaRole, gap: Span, absent: Sequence[Assignment]) -> str:
    if not current_account().may(Role.ROTA):
        return url_for("rota.show_shift", shift_id=absent[0].shift.id) if absent else ""
    if not absent:
        return _fill_link(rota, role, gap)
    during = absent[0].during
    return url_for(
        "rota_shifts.cover",
        shift_id=absent[0].shift.id,
        starts=max(during.start, gap.start).isoformat(),
        ends=min(during.end, gap.end).isoformat(),
    )


def _fill_link(rota: Rota, role: RotaRole, gap: Span) -> str:
    """Return a link to fill a gap: with one shift, or with several if it is longer than a day."""
    if gap.end - gap.start <= ONE_DAY:
        starts, ends = gap.start.isoformat(), gap.end.isoformat()
        return url_for("rota_shifts.new", role=role.id, starts=starts, ends=ends)
    # the dates of the rows in which it begins and ends
    offset = timedelta(minutes=_start_minute(rota, role, gap.start))
    first, last = (
        (edge - offset).astimezone(lookup.staff_locale().zone).date()
        for edge in (gap.start, gap.end - timedelta(seconds=1))
    )
    return url_for("rota_shifts.fill", role=role.id, turn="slot", first=first, last=last)


def _tags(rota: Rota, role: RotaRole, day: date, period: Span) -> Iterator[str]:
    timetables = rota.timetables
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
        if (lane := next(free, None)) is None:
            lanes.append(lane := [])
        lane.append(bar)
    return lanes


def _fill_lane(bars: Sequence[GridBar], period: Span) -> list[GridBar]:
    free_from = [period.start, *(bar.during.end for bar in bars)]
    free_until = [*(bar.during.start for bar in bars), period.end]
    free = (Span(*edges) for edges in zip(free_from, free_until, strict=True))
    idle = (GridBar("idle", span) for span in free if span.start < span.end)
    return sorted([*bars, *idle], key=lambda bar: bar.during.start)
