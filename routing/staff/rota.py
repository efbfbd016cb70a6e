"""The rota to look at: on duty now, two weeks ahead, gaps and clashes, bank holidays, on paper."""

from datetime import date, datetime, timedelta
from typing import Any

from flask import Response, request, url_for

from routing import lookup, rota_service
from routing.core import instants
from routing.core.directory import RotaRole
from routing.core.instants import Span, date_range
from routing.errors import UnknownShift
from routing.rota import descriptions
from routing.rota.filling import TurnLength
from routing.rota.roster import CONTEXT_MARGIN
from routing.rota_service import Rota
from routing.staff import audit_labels, timeline
from routing.staff.auth import current_account, staff_blueprint
from routing.staff.layout import render_page
from routing.store import rota
from routing.store.accounts import Role
from routing.text import staff_text
from routing.text.dates import format_datetime, format_full_date

bp = staff_blueprint("rota")

SHOWN = 14
CHANGES_SHOWN = 10
_DAY = timedelta(days=1)
_YEAR = 366


@bp.get("/rota")
def shown() -> Response:
    """Show who is on duty now, by role, the gaps ahead, and two weeks from today or ``?from=``."""
    at, locale = lookup.now(), lookup.staff_locale()
    first = _first(at)
    period = _days(first, SHOWN)
    with lookup.database().reading() as connection:
        of_now = rota_service.load_upcoming(connection, at)
        found = rota_service.load_rota(
            connection, period.start - CONTEXT_MARGIN, period.end + CONTEXT_MARGIN
        )
        latest = rota.newest_changes(connection, CHANGES_SHOWN)
        who = audit_labels.names_in(connection)
    return render_page(
        "rota.html",
        roles=[
            {
                "id": role.id,
                "name": descriptions.role_name(role),
                "rows": timeline.rows(
                    found, role, date_range(first, first + (SHOWN - 1) * _DAY), at
                ),
            }
            for role in found.roles
        ],
        people=on_duty(of_now, at),
        gaps=gap_items(of_now, at, Span(at, at + rota_service.GAP_LOOKAHEAD)),
        days=rota_service.GAP_LOOKAHEAD.days,
        first=first,
        today=at.astimezone(locale.zone).date(),
        earlier=first - SHOWN * _DAY,
        later=first + SHOWN * _DAY,
        title=f"{format_full_date(first, locale)} to {format_full_date(first + (SHOWN - 1) * _DAY, locale)}",
        latest=[
            {
                "batch": each,
                "what": audit_labels.ACTION_LABELS.get(f"rota.{each.kind}", each.kind),
                "at": staff_text.format_relative(each.made_at, at, locale),
                "who": who(each.made_by),
            }
            for each in latest
        ],
        done=_done(request.args.get("done", "")),
    )


@bp.get("/rota/print")
def printed() -> Response:
    """Show two weeks of the rota for paper: a side for each role, no note, no telephone number."""
    at, locale = lookup.now(), lookup.staff_locale()
    first = _first(at)
    period = _days(first, SHOWN)
    found = rota_service.read_rota(period.start - CONTEXT_MARGIN, period.end + CONTEXT_MARGIN)
    last = first + (SHOWN - 1) * _DAY
    return render_page(
        "rota_print.html",
        roles=[
            (descriptions.role_name(role), timeline.rows(found, role, date_range(first, last), at))
            for role in found.roles
        ],
        title=f"{format_full_date(first, locale)} to {format_full_date(last, locale)}",
        printed=f"{format_datetime(at, locale)} {at.astimezone(locale.zone).year}",
    )


@bp.get("/rota.csv")
def as_file() -> Response:
    """Send who is really on duty from today, or ``?from=``, for a spreadsheet."""
    first = _first(lookup.now())
    body = rota_service.export_csv(_days(first, _YEAR)).encode("utf-8-sig")
    name = f'attachment; filename="rota-{first}.csv"'
    return Response(body, mimetype="text/csv", headers={"Content-Disposition": name})


@bp.get("/rota/gaps")
def gaps() -> Response:
    """Show every gap, every surplus, everybody who is in two places or has too little rest.

    Of four weeks, from now or from ``?from=``.
    """
    at, locale = lookup.now(), lookup.staff_locale()
    first, zone = _first(at), locale.zone
    start = at if first == at.astimezone(zone).date() else instants.midnight(first, zone)
    period = Span(start, start + rota_service.GAP_LOOKAHEAD)
    found = rota_service.read_rota(start - CONTEXT_MARGIN, period.end + CONTEXT_MARGIN)
    roles = found.roster.roles
    return render_page(
        "rota_gaps.html",
        gaps=gap_items(found, at, period),
        surplus=[
            descriptions.describe_surplus(found.roster, role, span, found.names, at, locale)
            for role, span in found.surplus(period.start, period.end)
        ],
        clashes=[
            (
                descriptions.describe_clash(each, roles, found.names, at, locale),
                each.assignments[-1].shift.id,
            )
            for each in found.clashes(period.start, period.end)
        ],
        days=rota_service.GAP_LOOKAHEAD.days,
        first=first,
        said=format_full_date(first, locale),
        later=first + rota_service.GAP_LOOKAHEAD,
    )


@bp.get("/rota/bank-holidays")
def bank_holidays() -> Response:
    """Show who covers each bank holiday of the next twelve months."""
    at = lookup.now()
    today = at.astimezone(lookup.staff_locale().zone).date()
    holidays = lookup.snapshot().timetables.holidays
    days = [each for each in date_range(today, today + _YEAR * _DAY) if each in holidays]
    found = rota_service.read_rota(at - CONTEXT_MARGIN, at + _YEAR * _DAY + CONTEXT_MARGIN)
    return render_page(
        "rota_holidays.html",
        roles=[
            (descriptions.role_name(x), x.id, timeline.rows(found, x, days, at))
            for x in found.roles
        ],
    )


def gap_items(found: Rota, at: datetime, period: Span) -> list[tuple[str, str]]:
    """Say every gap of a period, each with where to fill it; an empty rota is one for its role."""
    locale, told = lookup.staff_locale(), []
    gaps = found.gaps(period.start, period.end)
    empty = {x.id for x, *_ in gaps if found.is_empty(x, period.start, period.end)}
    for role, span, missing in gaps:
        if role.id not in empty:
            told.append(
                (
                    descriptions.describe_gap(role, span, missing, at, locale),
                    _filling(found, role, span),
                )
            )
    days = f"{rota_service.GAP_LOOKAHEAD.days} days"
    when = f"in the {'next ' if period.start <= at else ''}{days}"
    bare = [
        (
            f"{descriptions.role_name(role)}: nobody is on the rota {when}",
            url_for("rota_fill.ask", role=role.id),
        )
        for role in found.roles
        if role.id in empty
    ]
    return bare + told


def _filling(found: Rota, role: RotaRole, gap: Span) -> str:
    """Return where a gap is filled: with a shift, or with several if it is longer than a day."""
    if gap.end - gap.start <= _DAY:
        starts, ends = gap.start.isoformat(), gap.end.isoformat()
        return url_for("rota_shifts.new", role=role.id, starts=starts, ends=ends)
    days = zip(("first", "last"), timeline.days_of(found, role, gap), strict=True)
    parts = ("day", "month", "year")
    filled: dict[str, Any] = {
        f"{x}-{part}": getattr(day, part) for x, day in days for part in parts
    }
    return url_for("rota_fill.ask", role=role.id, turn=TurnLength.SLOT, **filled)


def on_duty(found: Rota, at: datetime) -> list[tuple[str, tuple[str, str], list[tuple[str, str]]]]:
    """Say who is on duty in each role, until when and who then; and their work phones."""
    locale = lookup.staff_locale()
    return [
        (
            descriptions.role_name(role),
            descriptions.describe_now(found.roster, role, found.names, at, locale),
            _phones(found, role, at),
        )
        for role in found.roles
    ]


def _phones(found: Rota, role: RotaRole, at: datetime) -> list[tuple[str, str]]:
    """Return the work phones of those on duty: for those alone who arrange duty, or diverts."""
    me = current_account()
    if not (me.may(Role.ROTA) or me.may(Role.DIVERT)):
        return []
    on = [found.people[each] for each in found.roster.staffing_at(role.id, at).person_ids]
    return [(each.name, each.phone) for each in on if each.phone]


def _done(number: str) -> tuple[str, int, bool] | None:
    """Return what was just done, and whether it can be undone."""
    if not number.isdecimal() or len(number) > 18:
        return None
    try:
        with lookup.database().reading() as connection:
            found = rota.get_change(connection, int(number))
    except UnknownShift:
        return None
    return (
        audit_labels.ACTION_LABELS.get(f"rota.{found.kind}", found.kind),
        found.id,
        found.undone_by_change_id is None,
    )


def _first(at: datetime) -> date:
    today = at.astimezone(lookup.staff_locale().zone).date()
    try:
        asked = date.fromisoformat(request.args.get("from", ""))
    except ValueError:
        return today
    return asked if 2000 <= asked.year < 2100 else today


def _days(first: date, count: int) -> Span:
    zone = lookup.staff_locale().zone
    return Span(instants.midnight(first, zone), instants.midnight(first + (count + 1) * _DAY, zone))
