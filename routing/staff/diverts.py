"""Diverts: set, move or end them, each after a page that shows what callers will get."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import divert_rules, lookup
from routing.core.decision import decide
from routing.divert_rules import ProposedDivert
from routing.errors import InvalidDivert
from routing.staff import divert_display
from routing.staff.auth import current_account, require_role, staff_blueprint
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
            until=_default_end(_next_handover(services[0].id, lookup.now())),
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
    return _check(proposed, form, secrets.token_urlsafe(16))


@bp.post("/diverts")
@require_role(Role.DIVERT)
def create() -> AnyResponse:
    """Set what was checked, each divert until the end that was shown."""
    form, confirmation = DivertForm(), DivertConfirmation()
    try:
        start = _confirmed_start(form)
        proposed = [
            divert
            for service, end in confirmation.ends
            for divert in _propose(form, service, start, end)
        ]
    except InvalidDivert as error:
        form.refuse(error)
        return _ask(form)
    rows = lookup.latest_diverts().diverts
    previews = [
        divert_display.preview(divert, rows, lookup.now(), form.may_ring.data)
        for divert in proposed
    ]
    if _set_by_others_since(confirmation, proposed):
        return _check(proposed, form, confirmation.once.data, has_changed=True)
    if not _confirms(confirmation, previews):
        return _check(proposed, form, confirmation.once.data, unconfirmed=True)
    added = [lookup.new_divert(divert, form.may_ring.data) for divert in proposed]
    with lookup.database().writing() as connection:
        actor = current_account().actor
        diverts.create(connection, added, lookup.now(), actor, confirmation.once.data)
    return redirect(url_for("diverts.index", done="set"))


@bp.get("/diverts/<id:divert_id>")
@require_role(Role.DIVERT)
def show(divert_id: int) -> Response:
    """Show a divert, and ask for another end."""
    row = _get(divert_id)
    return _ask_end(row, EndForm(until=_default_end(_handover_of(row))))


@bp.post("/diverts/<id:divert_id>")
@require_role(Role.DIVERT)
def move(divert_id: int) -> AnyResponse:
    """Show what callers would get with another end; once that is confirmed, save it."""
    row, form, confirmation = _get(divert_id), EndForm(), DivertConfirmation()
    if not confirmation.is_sent and not form.validate():
        return _ask_end(row, form)
    try:
        proposed = _propose_end(row, confirmation.end if confirmation.is_sent else form.until.data)
    except InvalidDivert as error:
        form.refuse(error)
        return _ask_end(row, form)
    previews = [
        divert_display.preview(proposed, _others(row), lookup.now(), previous_end=row.during.end)
    ]
    if not confirmation.is_sent or not _confirms(confirmation, previews):
        return render_page(
            "divert_move_check.html",
            divert_id=divert_id,
            previews=previews,
            hidden={"to": proposed.during.end.isoformat()},
            unconfirmed=confirmation.is_sent,
        )
    _move_end(divert_id, proposed.during.end)
    return redirect(url_for("diverts.index", done="moved"))


@bp.get("/diverts/<id:divert_id>/end")
@require_role(Role.DIVERT)
def ask_end(divert_id: int) -> Response:
    """Show what callers get once a divert has ended."""
    row = _get(divert_id)
    after = divert_display.describe_without(row.service, _others(row), lookup.now())
    return render_page("divert_end.html", divert=_view(row), after=after)


@bp.post("/diverts/<id:divert_id>/end")
@require_role(Role.DIVERT)
def end(divert_id: int) -> AnyResponse:
    """End a divert now."""
    _move_end(divert_id, lookup.now())
    return redirect(url_for("diverts.index", done="ended"))


@bp.get("/diverts/end-all")
@require_role(Role.DIVERT)
def ask_end_all() -> Response:
    """Show every current and future divert, and what callers get once all have ended."""
    at, rows = lookup.now(), lookup.latest_diverts().diverts
    current = divert_display.current_diverts(at)
    return render_page(
        "divert_end_all.html",
        current=current,
        after=[
            (service.name.get("en"), divert_display.describe_without(service.id, (), at))
            for service in lookup.snapshot().directory.services
            if any(row.service == service.id and row.during.end > at for row in rows)
        ],
    )


@bp.post("/diverts/end-all")
@require_role(Role.DIVERT)
def end_all() -> AnyResponse:
    """End the diverts that were shown, all in one step. One set since then stays."""
    at, actor = lookup.now(), current_account().actor
    with lookup.database().writing() as connection:
        for divert_id in EndAllForm().ids:
            diverts.move_end(connection, divert_id, at, at, actor)
    return redirect(url_for("diverts.index", done="ended"))


def _ask(form: DivertForm) -> Response:
    services = _service_items()
    if len(services) > 1:
        handover = "Of each service"
        services.insert(0, radio_item(divert_rules.ALL_SERVICES, "All of them"))
    else:
        handover = _next_handover(services[0]["value"], lookup.now())
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
    proposed: Sequence[ProposedDivert],
    form: DivertForm,
    once: str,
    unconfirmed: bool = False,
    has_changed: bool = False,
) -> Response:
    """Return the page that shows what would be set, with what sets just that."""
    rows, first = lookup.latest_diverts().diverts, proposed[0]
    return render_page(
        "divert_check.html",
        status=400 if unconfirmed else 200,
        previews=[
            divert_display.preview(divert, rows, lookup.now(), form.may_ring.data)
            for divert in proposed
        ],
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


def _confirms(confirmation: DivertConfirmation, previews: Sequence[DivertPreview]) -> bool:
    """Return whether every warning of what is shown was answered with a tick."""
    return all(
        (confirmation.although_closed.data or not preview.closed_warning)
        and (confirmation.although_unchanged.data or not preview.unchanged_warning)
        for preview in previews
    )


def _ask_end(row: DivertRow, form: EndForm) -> Response:
    return render_page("divert_move.html", form=form, divert=_view(row), handover=_handover_of(row))


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


def _confirmed_start(form: DivertForm) -> datetime | None:
    """Return the start that was shown; None for now, also if it came meanwhile.

    Raise InvalidDivert.
    """
    start: datetime | None = form.from_.data
    if form.from_.choice != NOW and start is None:
        raise InvalidDivert("from", "Choose when the divert starts.")
    return None if start is None or start <= lookup.now() else start


def _propose_end(row: DivertRow, until: datetime | timedelta | None) -> ProposedDivert:
    """Return a divert with another end; None is the next handover. Raise InvalidDivert."""
    facts, at = lookup.snapshot(), lookup.now()
    error, line = lookup.divert_error(row), facts.directory.line(row.line)
    if error or line is None:
        raise InvalidDivert("until", f"{error} Set a new divert instead.")
    if row.during.end <= at:
        raise InvalidDivert("until", "This divert has ended. Set a new one instead.")
    service = facts.timetables.service(row.service)
    return divert_rules.propose_new_end(
        facts.timetables, service, line, row.during.start, until, at, lookup.staff_locale()
    )


def _service_items() -> list[dict[str, str]]:
    """Return every service as a radio button."""
    services = lookup.snapshot().directory.services
    return [radio_item(service.id, service.name.get("en")) for service in services]


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


def _default_end(handover: str) -> str:
    return HANDOVER if handover else "4h"


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


def _handover_of(row: DivertRow) -> str:
    return _next_handover(row.service, max(row.during.start, lookup.now()))


def _get(divert_id: int) -> DivertRow:
    with lookup.database().reading() as connection:
        return diverts.get(connection, divert_id)


def _move_end(divert_id: int, until: datetime) -> None:
    with lookup.database().writing() as connection:
        diverts.move_end(connection, divert_id, until, lookup.now(), current_account().actor)


def _others(row: DivertRow) -> list[DivertRow]:
    """Return the current and future diverts but for one."""
    return [other for other in lookup.latest_diverts().diverts if other.id != row.id]


def _view(row: DivertRow) -> DivertView:
    rows = sorted([*_others(row), row], key=lambda divert: divert.id)
    views = divert_display.divert_views(rows, lookup.now())
    return next(view for view in views if view.id == row.id)
