"""Diverts: set, move or end them, each after a page that shows what callers will get."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import divert_rules, lookup
from routing.core.decision import decide
from routing.divert_rules import ProposedDivert
from routing.errors import InvalidDivert
from routing.staff import divert_display
from routing.staff.auth import require_role, staff_blueprint
from routing.staff.divert_display import DivertPreview, DivertView
from routing.staff.forms import (
    DIVERT_REASONS,
    HANDOVER,
    NOW,
    DivertConfirmation,
    DivertForm,
    EndAllForm,
    EndForm,
    parse_id,
)
from routing.staff.layout import radio_item, render_page
from routing.staff.names import actor_names
from routing.staff.session import current_account
from routing.store import diverts
from routing.store.accounts import Role
from routing.store.diverts import DivertRow
from routing.text import staff_text

bp = staff_blueprint("diverts")

MAX_ENDED_SHOWN = 20

LINE_STATE_PERIOD = timedelta(days=7)
"""How far ahead the form says when a line opens or shuts."""


@bp.get("/diverts")
def index() -> Response:
    """Show the diverts that have not ended, and the last ones that have."""
    at = lookup.now()
    with lookup.database().reading() as connection:
        ended = diverts.recently_ended(connection, at, MAX_ENDED_SHOWN)
        names = actor_names(connection)
    return render_page(
        "diverts.html",
        current=divert_display.current_diverts(at),
        ended=divert_display.divert_views(ended, at),
        names=names,
        done=request.args.get("done"),
        callers_get=divert_display.callers_get(at),
    )


@bp.get("/diverts/new")
@require_role(Role.DIVERT)
def new() -> Response:
    """Ask what to divert, where, from when, until when and why."""
    services = lookup.snapshot().directory.services
    return _ask(
        DivertForm(
            service=services[0].id if len(services) == 1 else "",
            until=HANDOVER if _next_handover(services[0].id, lookup.now()) else "4h",
        )
    )


@bp.post("/diverts/check")
@require_role(Role.DIVERT)
def check() -> Response:
    """Show what callers would get."""
    form = DivertForm()
    if not form.validate():
        return _ask(form)
    try:
        proposed = _propose(form, form.service.data, form.from_.data, form.until.data)
    except InvalidDivert as error:
        form.refuse(error)
        return _ask(form)
    return _check(form, proposed, _previews(form, proposed), secrets.token_urlsafe(16))


@bp.post("/diverts")
@require_role(Role.DIVERT)
def create() -> AnyResponse:
    """Set what was checked, each divert until the end that was shown."""
    form, confirmation = DivertForm(), DivertConfirmation()
    try:
        start = form.confirmed_start(lookup.now())
        proposed = [
            divert
            for service, end in confirmation.ends
            for divert in _propose(form, service, start, end)
        ]
    except InvalidDivert as error:
        form.refuse(error)
        return _ask(form)
    previews = _previews(form, proposed)
    if _set_by_others_since(confirmation, proposed):
        return _check(form, proposed, previews, confirmation.once.data, has_changed=True)
    if not _confirms(confirmation, previews):
        return _check(form, proposed, previews, confirmation.once.data, unconfirmed=True)
    added = [lookup.new_divert(divert, form.may_ring.data) for divert in proposed]
    with lookup.database().writing() as connection:
        actor = current_account().actor
        diverts.create(connection, added, lookup.now(), actor, confirmation.once.data)
    return redirect(url_for("diverts.index", done="set"))


@bp.route("/diverts/<id:divert_id>", methods=["GET", "POST"])
@require_role(Role.DIVERT)
def move(divert_id: int) -> AnyResponse:
    """Ask for another end of a divert, show what callers would get, and save it if confirmed."""
    row, confirmation = _get(divert_id), DivertConfirmation()
    handover = _next_handover(row.service, max(row.during.start, lookup.now()))
    form = EndForm(until=HANDOVER if handover else "4h")
    if confirmation.is_sent or form.validate_on_submit():
        try:
            until = confirmation.ends[0][1] if confirmation.is_sent else form.until.data
            return _move(row, until, confirmation)
        except InvalidDivert as error:
            form.refuse(error)
    return render_page("divert_move.html", form=form, divert=_view(row), handover=handover)


@bp.route("/diverts/<id:divert_id>/end", methods=["GET", "POST"])
@require_role(Role.DIVERT)
def end(divert_id: int) -> AnyResponse:
    """Show what callers get once a divert has ended; if that is confirmed, end it now."""
    row, at = _get(divert_id), lookup.now()
    if request.method == "POST":
        _move_ends([divert_id], at)
        return redirect(url_for("diverts.index", done="ended"))
    after = divert_display.describe_without(row.service, _others(row), at)
    return render_page("divert_end.html", divert=_view(row), after=after)


@bp.route("/diverts/end-all", methods=["GET", "POST"])
@require_role(Role.DIVERT)
def end_all() -> AnyResponse:
    """Show all diverts, and what callers get without; if confirmed, end those that were shown.

    All in one step. One set since then stays.
    """
    at, form = lookup.now(), EndAllForm()
    if form.is_submitted():
        _move_ends(filter(None, map(parse_id, form.divert.data or ())), at)
        return redirect(url_for("diverts.index", done="ended"))
    current_services = {
        row.service for row in lookup.latest_diverts().diverts if row.during.end > at
    }
    return render_page(
        "divert_end_all.html",
        current=divert_display.current_diverts(at),
        after=[
            (service.name.get("en"), divert_display.describe_without(service.id, (), at))
            for service in lookup.snapshot().directory.services
            if service.id in current_services
        ],
    )


def _ask(form: DivertForm) -> Response:
    directory = lookup.snapshot().directory
    services = [radio_item(service.id, service.name.get("en")) for service in directory.services]
    handover = _next_handover(services[0]["value"], lookup.now())
    if len(services) > 1:
        handover = "Of each service"
        services.insert(0, radio_item(divert_rules.ALL_SERVICES, "All of them"))
    open_lines, shut_lines = _line_items()
    return render_page(
        "divert_form.html",
        form=form,
        services=services,
        open_lines=open_lines,
        shut_lines=shut_lines,
        unfold_shut_lines=not open_lines or form.line.data in [i["value"] for i in shut_lines],
        reasons=[radio_item(reason, reason) for reason in DIVERT_REASONS],
        handover=handover,
    )


def _check(
    form: DivertForm,
    proposed: Sequence[ProposedDivert],
    previews: Sequence[DivertPreview],
    once: str,
    unconfirmed: bool = False,
    has_changed: bool = False,
) -> Response:
    """Return the page that shows what would be set, with what sets just that."""
    rows, first = lookup.latest_diverts().diverts, proposed[0]
    return render_page(
        "divert_check.html",
        status=400 if unconfirmed else 200,
        previews=previews,
        to=[f"{divert.service.id} {divert.during.end.isoformat()}" for divert in proposed],
        hidden={
            "once": once,
            "newest_id": str(max((row.id for row in rows), default=0)),
            "service": form.service.data,
            "line": first.line.id,
            "from": NOW if form.from_.choice == NOW else first.during.start.isoformat(),
            "until": form.until.choice,
            "note": first.note,
            "may_ring": "yes" if form.may_ring.data else "",
        },
        note=first.note,
        unconfirmed=unconfirmed,
        has_changed=has_changed,
    )


def _set_by_others_since(
    confirmation: DivertConfirmation, proposed: Sequence[ProposedDivert]
) -> bool:
    """Return whether somebody else has diverted one of the services since this was shown."""
    newest_id, actor = parse_id(confirmation.newest_id.data), current_account().actor
    services = {divert.service.id for divert in proposed}
    return newest_id is not None and any(
        row.id > newest_id and row.service in services and row.set_by != actor
        for row in lookup.latest_diverts().diverts
    )


def _previews(form: DivertForm, proposed: Sequence[ProposedDivert]) -> list[DivertPreview]:
    rows, at = lookup.latest_diverts().diverts, lookup.now()
    return [divert_display.preview(divert, rows, at, form.may_ring.data) for divert in proposed]


def _confirms(confirmation: DivertConfirmation, previews: Sequence[DivertPreview]) -> bool:
    """Return whether every warning of what is shown was answered with a tick."""
    return all(
        (confirmation.although_closed.data or not preview.closed_warning)
        and (confirmation.although_unchanged.data or not preview.unchanged_warning)
        for preview in previews
    )


def _move(
    row: DivertRow, until: datetime | timedelta | None, confirmation: DivertConfirmation
) -> AnyResponse:
    """Save another end that was confirmed, or show what it would do. Raise InvalidDivert."""
    proposed, at = lookup.propose_new_end(row, until), lookup.now()
    previews = [divert_display.preview(proposed, _others(row), at, previous_end=row.during.end)]
    if not confirmation.is_sent or not _confirms(confirmation, previews):
        return render_page(
            "divert_move_check.html",
            divert_id=row.id,
            previews=previews,
            hidden={"to": f"{row.service} {proposed.during.end.isoformat()}"},
            unconfirmed=confirmation.is_sent,
        )
    _move_ends([row.id], proposed.during.end)
    return redirect(url_for("diverts.index", done="moved"))


def _propose(
    form: DivertForm, service: str, start: datetime | None, end: datetime | timedelta | None
) -> list[ProposedDivert]:
    """Return what the form asks for, one divert for each service. Raise InvalidDivert."""
    return divert_rules.propose(
        lookup.snapshot().timetables,
        service,
        form.line.data,
        start,
        end,
        form.why,
        lookup.now(),
        lookup.staff_locale(),
    )


def _line_items() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return radio buttons of the lines that are open now, and of those that are shut.

    Each has the line's number, and until when it is open or shut.
    """
    locale, timetables, at = lookup.staff_locale(), lookup.snapshot().timetables, lookup.now()
    today, end = at.astimezone(locale.zone).date(), at + LINE_STATE_PERIOD
    items: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for line in timetables.directory.lines:
        if line.phone.is_emergency:
            continue  # no divert leads there
        spans = timetables.open_spans(line, at, end)
        is_open = bool(spans) and spans[0].start == at
        until = spans[0].end if is_open else spans[0].start if spans else end
        state = "Open" if is_open else "Shut"
        if until < end:
            state += f" until {staff_text.format_relative(until, at, locale)}"
        else:
            state += " day and night" if is_open else " all week"
        name = f"{line.name.get('en')}, {line.phone_on(today).display}"
        items[is_open].append(radio_item(line.id, name, state))
    return items[True], items[False]


def _next_handover(service_id: str, at: datetime) -> str:
    """Return when a service's first handover after ``at`` is, diverts aside, in words.

    Empty if the service is gone, or if the handover is too far away for a divert to end then.
    """
    timetables = lookup.snapshot().timetables
    if service_id not in timetables.services:
        return ""
    until = decide(timetables, service_id, at).until
    if until is None or until - at > divert_rules.MAX_DIVERT_DURATION:
        return ""
    return staff_text.format_relative(until, lookup.now(), lookup.staff_locale())


def _get(divert_id: int) -> DivertRow:
    with lookup.database().reading() as connection:
        return diverts.get(connection, divert_id)


def _move_ends(divert_ids: Iterable[int], end: datetime) -> None:
    at, actor = lookup.now(), current_account().actor
    with lookup.database().writing() as connection:
        for divert_id in divert_ids:
            diverts.move_end(connection, divert_id, end, at, actor)


def _others(row: DivertRow) -> list[DivertRow]:
    """Return the current and future diverts but for one."""
    return [other for other in lookup.latest_diverts().diverts if other.id != row.id]


def _view(row: DivertRow) -> DivertView:
    rows = sorted([*_others(row), row], key=lambda divert: divert.id)
    views = divert_display.divert_views(rows, lookup.now())
    return next(view for view in views if view.id == row.id)
