"""Diverts: ask, check what callers will get, set; give another end, or end. Seen by everyone."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import divert_rules, lookup
from routing.core.decision import decide
from routing.divert_rules import ProposedDivert
from routing.errors import InvalidDivert, InvalidTime
from routing.staff import audit_labels, context, divert_preview
from routing.staff.auth import current_account, require_role, staff_blueprint
from routing.staff.forms import HANDOVER, NOW, DivertForm, EndForm
from routing.staff.layout import render_page
from routing.store import diverts
from routing.store.accounts import Role
from routing.store.diverts import DivertRow, NewDivert
from routing.text import dates, staff_text, time_parsing

bp = staff_blueprint("diverts")

SHOWN_ENDED = 20


@bp.get("/diverts")
def listed() -> Response:
    """Show every divert that has not ended, and the last that have."""
    at = lookup.now()
    with lookup.database().reading() as connection:
        found = diverts.current_and_future(connection, at)
        past = diverts.recently_ended(connection, at, SHOWN_ENDED)
        who = audit_labels.names_in(connection)
    lookup.read_diverts(max_age=0)
    return render_page(
        "diverts.html",
        unended=context.diverts(at, found),
        past=context.diverts(at, past),
        who=who,
        done=request.args.get("done"),
    )


@bp.get("/diverts/new")
@require_role(Role.DIVERT)
def new() -> Response:
    """Ask what to divert, where, from when, until when and why."""
    at, services = lookup.now(), lookup.snapshot().directory.services
    service = services[0].id if len(services) == 1 else ""
    until = HANDOVER if _handover(services[0].id, at) else "4h"
    return _ask(DivertForm(service=service, until=until))


@bp.post("/diverts/check")
@require_role(Role.DIVERT)
def check() -> Response:
    """Show what callers will get, before it is so."""
    form = DivertForm()
    if not form.validate():
        return _ask(form)
    timetables, at, locale = lookup.snapshot().timetables, lookup.now(), lookup.staff_locale()
    try:
        plans = divert_rules.propose(
            timetables,
            form.service.data,
            form.line.data,
            form.from_.data,
            form.until.data,
            form.note.data,
            at,
            locale,
        )
    except InvalidDivert as error:
        form.refuse(error)
        return _ask(form)
    return _check(plans, form, secrets.token_urlsafe(16))


@bp.post("/diverts")
@require_role(Role.DIVERT)
def put() -> AnyResponse:
    """Set what was checked, to the minute that was shown."""
    form = DivertForm()
    once = request.form.get("once", "")[:40]
    try:
        plans = [_plan_to(form, shown) for shown in request.form.getlist("to")]
        if not plans:
            raise InvalidDivert("until", "Choose when the divert ends.")
    except InvalidDivert as error:
        form.refuse(error)
        return _ask(form)
    if any(plan.closed for plan in plans) and not request.form.get("although_closed"):
        return _check(plans, form, once, unconfirmed=True)
    wanted = [NewDivert(plan.service.id, plan.line.id, plan.during, plan.note) for plan in plans]
    with lookup.database().writing() as connection:
        diverts.create(connection, wanted, lookup.now(), current_account().actor, once)
    return _done("set")


@bp.get("/diverts/<int:divert_id>")
@require_role(Role.DIVERT)
def one(divert_id: int) -> Response:
    """Show a divert, and ask for another end."""
    stored = _stored(divert_id)
    until = HANDOVER if _next_handover(stored) else "4h"
    return _one(stored, EndForm(until=until))


@bp.post("/diverts/<int:divert_id>")
@require_role(Role.DIVERT)
def move(divert_id: int) -> AnyResponse:
    """Show what callers will get with another end; with that confirmed, keep it."""
    stored, form = _stored(divert_id), EndForm()
    to = request.form.get("to")
    if not to and not form.validate():
        return _one(stored, form)
    try:
        plan = _moved(stored, time_parsing.parse_rfc3339(to) if to else form.until.data)
    except InvalidDivert as error:
        form.refuse(error)
        return _one(stored, form)
    except InvalidTime as error:
        form.refuse(InvalidDivert("until", str(error)))
        return _one(stored, form)
    if not to or (plan.closed and not request.form.get("although_closed")):
        return render_page(
            "move.html",
            divert=_shown(stored),
            effects=[divert_preview.preview(plan, _others(stored), lookup.now())],
            to=plan.during.end.isoformat(),
            unconfirmed="to" in request.form,
        )
    with lookup.database().writing() as connection:
        at = lookup.now()
        diverts.move_end(connection, divert_id, plan.during.end, at, current_account().actor)
    return _done("moved")


@bp.get("/diverts/<int:divert_id>/end")
@require_role(Role.DIVERT)
def ask_end(divert_id: int) -> Response:
    """Show what callers will get once a divert has ended."""
    stored = _stored(divert_id)
    after = divert_preview.without(stored, _others(stored), lookup.now())
    return render_page("end.html", divert=_shown(stored), after=after)


@bp.post("/diverts/<int:divert_id>/end")
@require_role(Role.DIVERT)
def end(divert_id: int) -> AnyResponse:
    """End a divert now."""
    with lookup.database().writing() as connection:
        at = lookup.now()
        diverts.move_end(connection, divert_id, at, at, current_account().actor)
    return _done("ended")


@bp.post("/diverts/end-all")
@require_role(Role.DIVERT)
def end_all() -> AnyResponse:
    """End every divert that is in force or to come."""
    with lookup.database().writing() as connection:
        at = lookup.now()
        for each in diverts.current_and_future(connection, at):
            diverts.move_end(connection, each.id, at, at, current_account().actor)
    return _done("ended")


def _done(what: str) -> AnyResponse:
    """Go on, once this process answers by the change."""
    lookup.read_diverts(max_age=0)
    return redirect(url_for("diverts.listed", done=what))


def _ask(form: DivertForm) -> Response:
    return render_page(
        "divert.html",
        status=400 if form.errors else 200,
        form=form,
        error=form.errors,
        services=_services(),
        lines=_lines(),
        every=divert_rules.ALL_SERVICES,
    )


def _check(
    plans: Sequence[ProposedDivert], form: DivertForm, once: str, unconfirmed: bool = False
) -> Response:
    stored = lookup.read_diverts(max_age=0).diverts
    return render_page(
        "check.html",
        status=400 if unconfirmed else 200,
        effects=[divert_preview.preview(plan, stored, lookup.now()) for plan in plans],
        to=[f"{plan.service.id} {plan.during.end.isoformat()}" for plan in plans],
        hidden={
            "service": form.service.data,
            "line": plans[0].line.id,
            "from": NOW if form.from_.choice == NOW else plans[0].during.start.isoformat(),
            "until": form.until.choice,
            "note": plans[0].note,
        },
        note=plans[0].note,
        once=once,
        unconfirmed=unconfirmed,
    )


def _one(stored: DivertRow, form: EndForm) -> Response:
    return render_page(
        "extend.html",
        status=400 if form.errors else 200,
        divert=_shown(stored),
        form=form,
        error=form.errors,
        handover=_next_handover(stored),
    )


def _plan_to(form: DivertForm, text: str) -> ProposedDivert:
    """Return the plan that was shown for one service. Raise InvalidDivert: time has gone on."""
    timetables, locale = lookup.snapshot().timetables, lookup.staff_locale()
    service, _, end = text.partition(" ")
    try:
        until = time_parsing.parse_rfc3339(end)
    except InvalidTime as error:
        raise InvalidDivert("until", str(error)) from error
    at, start = lookup.now(), form.from_.data
    if form.from_.choice != NOW and start is None:
        raise InvalidDivert("from", "Choose when the divert starts.")
    if start is not None and start <= at:
        start = None
    (plan,) = divert_rules.propose(
        timetables, service, form.line.data, start, until, form.note.data, at, locale
    )
    return plan


def _moved(stored: DivertRow, until: datetime | timedelta | None) -> ProposedDivert:
    facts, locale, at = lookup.snapshot(), lookup.staff_locale(), lookup.now()
    trouble, line = lookup.divert_error(stored), facts.directory.line(stored.line)
    if trouble or line is None:
        raise InvalidDivert("until", f"{trouble} Set a new divert instead.")
    if stored.during.end <= at:
        raise InvalidDivert("until", "This divert has ended. Set a new one instead.")
    service = facts.timetables.service(stored.service)
    return divert_rules.propose_new_end(
        facts.timetables, service, line, stored.during.start, until, at, locale
    )


def _services() -> list[tuple[str, str, str]]:
    """Return every service: its id, its name, and when its next handover is."""
    at = lookup.now()
    return [
        (service.id, service.name.get("en"), _handover(service.id, at))
        for service in lookup.snapshot().directory.services
    ]


def _lines() -> list[tuple[str, str, str]]:
    """Return every line: its id, its name and number, and its hours."""
    locale, at = lookup.staff_locale(), lookup.now()
    day = at.astimezone(locale.zone).date()
    return [
        (
            line.id,
            f"{line.name.get('en')}, {line.phone_on(day).display}",
            "; ".join(
                f"{days}: {clocks}" for days, clocks in dates.format_hours(line.hours, locale)
            ),
        )
        for line in lookup.snapshot().directory.lines
    ]


def _handover(service: str, at: datetime) -> str:
    """Say when a service's next handover is, diverts aside; nothing if it is too far to divert."""
    facts = lookup.snapshot()
    if service not in facts.timetables.services:
        return ""
    until = decide(facts.timetables, service, at).until
    if until is None or until - at > divert_rules.MAX_DIVERT_DURATION:
        return ""
    return staff_text.format_relative(until, lookup.now(), lookup.staff_locale())


def _next_handover(stored: DivertRow) -> str:
    return _handover(stored.service, max(stored.during.start, lookup.now()))


def _stored(divert_id: int) -> DivertRow:
    with lookup.database().reading() as connection:
        return diverts.get(connection, divert_id)


def _others(stored: DivertRow) -> tuple[DivertRow, ...]:
    found: tuple[DivertRow, ...] = lookup.read_diverts(max_age=0).diverts
    return tuple(each for each in found if each.id != stored.id)


def _shown(stored: DivertRow) -> context.DivertView:
    at = lookup.now()
    found = (*_others(stored), stored)
    return next(x for x in context.diverts(at, tuple(sorted(found, key=_key))) if x.id == stored.id)


def _key(found: DivertRow) -> int:
    return found.id
