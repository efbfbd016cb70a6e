"""The rota to look at: on duty now, two weeks ahead, gaps and clashes, bank holidays, on paper."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import Response, request, url_for

from routing import lookup, rota_service
from routing.core import instants
from routing.core.directory import RotaRole
from routing.core.instants import Span, date_range
from routing.errors import UnknownShift
from routing.rota import descriptions, filling
from routing.rota.filling import DayKind
from routing.rota.roster import CONTEXT_MARGIN, Assignment
from routing.rota_service import GAP_LOOKAHEAD, Rota
from routing.staff.audit import ACTION_LABELS, actor_names
from routing.staff.auth import HOME, current_account, staff_blueprint
from routing.staff.forms import parse_id
from routing.staff.layout import render_page
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


@dataclass(frozen=True, slots=True)
class RoleOnDuty:
    """Who is on duty in a role, until when and who then; and their work phones, by name."""

    name: str
    who: str
    until: str
    phones: list[tuple[str, str]]


@bp.get("/rota")
def show() -> Response:
    """Show who is on duty now, by role, the clashes and gaps ahead, and two weeks of the rota.

    The two weeks begin today, or on ``?from=``.
    """
    at, locale = lookup.now(), lookup.staff_locale()
    first = _first_date(at)
    period = _period(first, DAYS_SHOWN)
    with lookup.database().reading() as connection:
        upcoming = rota = rota_service.load_upcoming(connection, at)
        if not (at - ONE_DAY <= period.start and period.end <= at + GAP_LOOKAHEAD):
            rota = rota_service.load_rota(connection, period.start, period.end)
        changes = rota_store.newest_changes(connection, MAX_CHANGES_SHOWN)
        names = actor_names(connection)
    return render_page(
        "rota.html",
        done=_done(request.args.get("done", "")),
        known=request.args.get("known", 0, type=int),
        roles=_role_rows(rota, _dates(first), at),
        roles_on_duty=roles_on_duty(upcoming, at),
        gaps=gap_items(upcoming, at, Span(at, at + GAP_LOOKAHEAD)),
        clashes=clash_items(upcoming, at, Span(at, at + GAP_LOOKAHEAD)),
        lookahead_days=GAP_LOOKAHEAD.days,
        period=_describe_period(first),
        first=first,
        today=at.astimezone(locale.zone).date(),
        earlier=first - DAYS_SHOWN * ONE_DAY,
        later=first + DAYS_SHOWN * ONE_DAY,
        changes=[
            {
                **_describe_change(change),
                "at": staff_text.format_relative(change.made_at, at, locale),
                "actor": names(change.made_by),
            }
            for change in changes
        ],
    )


@bp.get("/rota/print")
def print_page() -> Response:
    """Show two weeks of the rota for paper: a side for each role, no note, no telephone number."""
    at, locale = lookup.now(), lookup.staff_locale()
    first = _first_date(at)
    period = _period(first, DAYS_SHOWN)
    rota = rota_service.read_rota(period.start, period.end)
    return render_page(
        "rota_print.html",
        roles=_role_rows(rota, _dates(first), at),
        period=_describe_period(first),
        printed_at=f"{format_datetime(at, locale)} {at.astimezone(locale.zone).year}",
    )


@bp.get("/rota.csv")
def download() -> Response:
    """Send who is really on duty in a year from today, or ``?from=``, for a spreadsheet."""
    first = _first_date(lookup.now())
    content = rota_service.export_csv(_period(first, DAYS_IN_FILE)).encode("utf-8-sig")
    disposition = f'attachment; filename="rota-{first}.csv"'
    return Response(content, mimetype="text/csv", headers={"Content-Disposition": disposition})


@bp.get("/rota/gaps")
def gaps() -> Response:
    """Show every gap, every surplus, everybody who is in two places or has too little rest.

    In four weeks, from now or from ``?from=``.
    """
    at, locale = lookup.now(), lookup.staff_locale()
    first, today = _first_date(at), at.astimezone(locale.zone).date()
    start = at if first == today else instants.midnight(first, locale.zone)
    period = Span(start, start + GAP_LOOKAHEAD)
    rota = rota_service.read_rota(start - CONTEXT_MARGIN, period.end + CONTEXT_MARGIN)
    return render_page(
        "rota_gaps.html",
        gaps=gap_items(rota, at, period),
        surplus=[
            descriptions.describe_surplus(rota.roster, role, span, rota.names, at, locale)
            for role, span in rota.surplus(period.start, period.end)
        ],
        clashes=clash_items(rota, at, period),
        lookahead_days=GAP_LOOKAHEAD.days,
        first=format_full_date(first, locale),
        later=first + GAP_LOOKAHEAD,
    )


@bp.get("/rota/bank-holidays")
def bank_holidays() -> Response:
    """Show who covers each bank holiday of the next twelve months."""
    at = lookup.now()
    today = at.astimezone(lookup.staff_locale().zone).date()
    year = DAYS_IN_FILE * ONE_DAY
    holidays = lookup.snapshot().timetables.holidays
    days = [day for day in date_range(today, today + year) if day in holidays]
    with lookup.database().reading() as connection:
        rota = rota_service.load_days(connection, days)
    return render_page("rota_holidays.html", roles=_role_rows(rota, days, at))


def roles_on_duty(rota: Rota, at: datetime) -> list[RoleOnDuty]:
    """Return who is on duty in each role at ``at``, and who will be next."""
    locale = lookup.staff_locale()
    return [
        RoleOnDuty(
            descriptions.role_name(role),
            *descriptions.describe_now(rota.roster, role, rota.names, at, locale),
            _phones(rota, role, at),
        )
        for role in rota.roles
    ]


def gap_items(rota: Rota, at: datetime, period: Span) -> list[tuple[str, str]]:
    """Return every gap of a period in words, with a link to fill it.

    A role with nobody in the whole period has one gap, listed first.
    """
    locale = lookup.staff_locale()
    role_gaps = rota.gaps(period.start, period.end)
    empty_ids = {role.id for role, *_ in role_gaps if rota.is_empty(role, period.start, period.end)}
    next_ = "next " if period.start <= at else ""
    empty = [
        (
            f"{descriptions.role_name(role)}: nobody is on the rota in the "
            f"{next_}{GAP_LOOKAHEAD.days} days",
            url_for("rota_fill.ask", role=role.id),
        )
        for role in rota.roles
        if role.id in empty_ids
    ]
    return empty + [
        (
            descriptions.describe_gap(role, gap, missing, at, locale),
            fill_link(rota, role, gap),
        )
        for role, gap, missing in role_gaps
        if role.id not in empty_ids
    ]


def clash_items(rota: Rota, at: datetime, period: Span) -> list[tuple[str, int]]:
    """Return every clash of a period in words, with the id of the last shift in it."""
    locale = lookup.staff_locale()
    return [
        (
            descriptions.describe_clash(clash, rota.roster.roles, rota.names, at, locale),
            clash.assignments[-1].shift.id,
        )
        for clash in rota.roster.clashes(period.start, period.end)
    ]


def _phones(rota: Rota, role: RotaRole, at: datetime) -> list[tuple[str, str]]:
    """Return the work phones of those on duty, for people who arrange duty or diverts."""
    account = current_account()
    if not (account.may(Role.ROTA) or account.may(Role.DIVERT)):
        return []
    people = [
        rota.people[person_id] for person_id in rota.roster.staffing_at(role.id, at).person_ids
    ]
    return [(person.name, person.phone) for person in people if person.phone]


def _role_rows(rota: Rota, days: Iterable[date], at: datetime) -> list[dict[str, object]]:
    days = list(days)
    return [
        {
            "id": role.id,
            "name": descriptions.role_name(role),
            "rows": rows(rota, role, days, at),
        }
        for role in rota.roles
    ]


def _done(change_id: str) -> dict[str, object] | None:
    """Return the change that ``?done=`` names; None if there is none of that id."""
    number = parse_id(change_id)
    if number is None:
        return None
    try:
        with lookup.database().reading() as connection:
            return _describe_change(rota_store.get_change(connection, number))
    except UnknownShift:
        return None


def _describe_change(change: RotaChange) -> dict[str, object]:
    return {
        "id": change.id,
        "action": change.summary or ACTION_LABELS.get(f"rota.{change.kind}", change.kind),
        "can_be_undone": change.undone_by_change_id is None,
    }


def _first_date(at: datetime) -> date:
    """Return the date in ``?from=``; today at ``at`` if there is none from 2000 to 2099."""
    today = at.astimezone(lookup.staff_locale().zone).date()
    try:
        first = date.fromisoformat(request.args.get("from", ""))
    except ValueError:
        return today
    return first if 2000 <= first.year < 2100 else today


def _dates(first: date) -> Iterable[date]:
    return date_range(first, first + (DAYS_SHOWN - 1) * ONE_DAY)


def _period(first: date, days: int) -> Span:
    """Return ``days`` days and one more: the last row runs on until the next day's handover."""
    zone = lookup.staff_locale().zone
    end = first + (days + 1) * ONE_DAY
    return Span(instants.midnight(first, zone), instants.midnight(end, zone))


def _describe_period(first: date) -> str:
    locale = lookup.staff_locale()
    last = first + (DAYS_SHOWN - 1) * ONE_DAY
    return f"{format_full_date(first, locale)} to {format_full_date(last, locale)}"


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
        format_full_date(day, locale),
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
        descriptions.describe_cover(duty, rota.names),
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
    first, last = _dates_of(rota, role, gap)
    return url_for("rota_fill.ask", role=role.id, turn="slot", first=first, last=last)


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
