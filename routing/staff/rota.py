"""The rota to look at: on duty now, two weeks ahead, gaps and clashes, bank holidays, on paper."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import Response, request, url_for

from routing import lookup, rota_service
from routing.core import instants
from routing.core.directory import RotaRole
from routing.core.instants import Span, date_range
from routing.errors import UnknownShift
from routing.rota import descriptions
from routing.rota.roster import CONTEXT_MARGIN
from routing.rota_service import GAP_LOOKAHEAD, Rota
from routing.staff import rota_grid
from routing.staff.auth import staff_blueprint
from routing.staff.forms import parse_id
from routing.staff.layout import render_page
from routing.staff.names import actor_names, rota_action_label
from routing.staff.session import current_account
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
            rota.text(at).surplus(role, span)
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
    return [
        RoleOnDuty(
            descriptions.role_name(role),
            *rota.text(at).now(role),
            _phones(rota, role, at),
        )
        for role in rota.roles
    ]


def gap_items(rota: Rota, at: datetime, period: Span) -> list[tuple[str, str]]:
    """Return every gap of a period in words, with a link to fill it.

    A role with nobody in the whole period has one gap, listed first.
    """
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
            rota.text(at).gap(role, gap, missing),
            rota_grid.fill_link(rota, role, gap),
        )
        for role, gap, missing in role_gaps
        if role.id not in empty_ids
    ]


def clash_items(rota: Rota, at: datetime, period: Span) -> list[tuple[str, int]]:
    """Return every clash of a period in words, with the id of the last shift in it."""
    return [
        (rota.text(at).clash(clash), clash.assignments[-1].shift.id)
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
            "rows": rota_grid.rows(rota, role, days, at),
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
        "action": change.summary or rota_action_label(change.kind),
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
