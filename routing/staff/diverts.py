"""Diverts: ask, check what callers will get, set; give another end, or end. Seen by everyone."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import diverting, enquiry, typed
from routing.core.decision import decide
from routing.diverting import Plan
from routing.errors import BadTime, DivertRefused
from routing.staff import effect, names, view
from routing.staff.access import needs, part, person
from routing.staff.forms import HANDOVER, NOW, DivertForm, EndForm
from routing.staff.pages import page
from routing.storage import diverts
from routing.storage.accounts import Role
from routing.storage.diverts import Stored, Wanted
from routing.wording import duty, times

bp = part("diverts")

SHOWN_ENDED = 20


@bp.get("/diverts")
def listed() -> Response:
    """Show every divert that has not ended, and the last that have."""
    at = enquiry.now()
    with enquiry.database().reading() as connection:
        found = diverts.unended(connection, at)
        past = diverts.ended(connection, at, SHOWN_ENDED)
        who = names.of(connection)
    enquiry.read_diverts(max_age=0)
    return page(
        "diverts.html",
        unended=view.diverts(at, found),
        past=view.diverts(at, past),
        who=who,
        done=request.args.get("done"),
    )


@bp.get("/diverts/new")
@needs(Role.DIVERT)
def new() -> Response:
    """Ask what to divert, where, from when, until when and why."""
    at, services = enquiry.now(), enquiry.facts().directory.services
    service = services[0].id if len(services) == 1 else ""
    until = HANDOVER if _handover(services[0].id, at) else "4h"
    return _ask(DivertForm(service=service, until=until))


@bp.post("/diverts/check")
@needs(Role.DIVERT)
def check() -> Response:
    """Show what callers will get, before it is so."""
    form = DivertForm()
    if not form.validate():
        return _ask(form)
    timetables, at, voice = enquiry.facts().timetables, enquiry.now(), enquiry.staff_voice()
    try:
        plans = diverting.plans(
            timetables,
            form.service.data,
            form.line.data,
            form.from_.data,
            form.until.data,
            form.note.data,
            at,
            voice,
        )
    except DivertRefused as error:
        form.refuse(error)
        return _ask(form)
    return _check(plans, form, secrets.token_urlsafe(16))


@bp.post("/diverts")
@needs(Role.DIVERT)
def put() -> AnyResponse:
    """Set what was checked, to the minute that was shown."""
    form = DivertForm()
    once = request.form.get("once", "")[:40]
    try:
        plans = [_plan_to(form, shown) for shown in request.form.getlist("to")]
        if not plans:
            raise DivertRefused("until", "Choose when the divert ends.")
    except DivertRefused as error:
        form.refuse(error)
        return _ask(form)
    if any(plan.closed for plan in plans) and not request.form.get("although_closed"):
        return _check(plans, form, once, unconfirmed=True)
    wanted = [Wanted(plan.service.id, plan.line.id, plan.during, plan.note) for plan in plans]
    with enquiry.database().writing() as connection:
        diverts.put(connection, wanted, enquiry.now(), person().actor, once)
    return _done("set")


@bp.get("/diverts/<int:divert_id>")
@needs(Role.DIVERT)
def one(divert_id: int) -> Response:
    """Show a divert, and ask for another end."""
    stored = _stored(divert_id)
    until = HANDOVER if _next_handover(stored) else "4h"
    return _one(stored, EndForm(until=until))


@bp.post("/diverts/<int:divert_id>")
@needs(Role.DIVERT)
def move(divert_id: int) -> AnyResponse:
    """Show what callers will get with another end; with that confirmed, keep it."""
    stored, form = _stored(divert_id), EndForm()
    to = request.form.get("to")
    if not to and not form.validate():
        return _one(stored, form)
    try:
        plan = _moved(stored, typed.read(to) if to else form.until.data)
    except DivertRefused as error:
        form.refuse(error)
        return _one(stored, form)
    except BadTime as error:
        form.refuse(DivertRefused("until", str(error)))
        return _one(stored, form)
    if not to or (plan.closed and not request.form.get("although_closed")):
        return page(
            "move.html",
            divert=_shown(stored),
            effects=[effect.of(plan, _others(stored), enquiry.now())],
            to=plan.during.end.isoformat(),
            unconfirmed="to" in request.form,
        )
    with enquiry.database().writing() as connection:
        at = enquiry.now()
        diverts.move_end(connection, divert_id, plan.during.end, at, person().actor)
    return _done("moved")


@bp.get("/diverts/<int:divert_id>/end")
@needs(Role.DIVERT)
def ask_end(divert_id: int) -> Response:
    """Show what callers will get once a divert has ended."""
    stored = _stored(divert_id)
    after = effect.without(stored, _others(stored), enquiry.now())
    return page("end.html", divert=_shown(stored), after=after)


@bp.post("/diverts/<int:divert_id>/end")
@needs(Role.DIVERT)
def end(divert_id: int) -> AnyResponse:
    """End a divert now."""
    with enquiry.database().writing() as connection:
        at = enquiry.now()
        diverts.move_end(connection, divert_id, at, at, person().actor)
    return _done("ended")


@bp.post("/diverts/end-all")
@needs(Role.DIVERT)
def end_all() -> AnyResponse:
    """End every divert that is in force or to come."""
    with enquiry.database().writing() as connection:
        at = enquiry.now()
        for each in diverts.unended(connection, at):
            diverts.move_end(connection, each.id, at, at, person().actor)
    return _done("ended")


def _done(what: str) -> AnyResponse:
    """Go on, once this process answers by the change."""
    enquiry.read_diverts(max_age=0)
    return redirect(url_for("diverts.listed", done=what))


def _ask(form: DivertForm) -> Response:
    return page(
        "divert.html",
        status=400 if form.errors else 200,
        form=form,
        error=form.errors,
        services=_services(),
        lines=_lines(),
        every=diverting.EVERY,
    )


def _check(
    plans: Sequence[Plan], form: DivertForm, once: str, unconfirmed: bool = False
) -> Response:
    stored = enquiry.read_diverts(max_age=0).diverts
    return page(
        "check.html",
        status=400 if unconfirmed else 200,
        effects=[effect.of(plan, stored, enquiry.now()) for plan in plans],
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


def _one(stored: Stored, form: EndForm) -> Response:
    return page(
        "extend.html",
        status=400 if form.errors else 200,
        divert=_shown(stored),
        form=form,
        error=form.errors,
        handover=_next_handover(stored),
    )


def _plan_to(form: DivertForm, text: str) -> Plan:
    """Return the plan that was shown for one service. Raise DivertRefused: time has gone on."""
    timetables, voice = enquiry.facts().timetables, enquiry.staff_voice()
    service, _, end = text.partition(" ")
    try:
        until = typed.read(end)
    except BadTime as error:
        raise DivertRefused("until", str(error)) from error
    at, start = enquiry.now(), form.from_.data
    if form.from_.choice != NOW and start is None:
        raise DivertRefused("from", "Choose when the divert starts.")
    if start is not None and start <= at:
        start = None
    (plan,) = diverting.plans(
        timetables, service, form.line.data, start, until, form.note.data, at, voice
    )
    return plan


def _moved(stored: Stored, until: datetime | timedelta | None) -> Plan:
    facts, voice, at = enquiry.facts(), enquiry.staff_voice(), enquiry.now()
    trouble, line = enquiry.unusable(stored), facts.directory.line(stored.line)
    if trouble or line is None:
        raise DivertRefused("until", f"{trouble} Set a new divert instead.")
    if stored.during.end <= at:
        raise DivertRefused("until", "This divert has ended. Set a new one instead.")
    service = facts.timetables.service(stored.service)
    return diverting.moved(facts.timetables, service, line, stored.during.start, until, at, voice)


def _services() -> list[tuple[str, str, str]]:
    """Return every service: its id, its name, and when its next handover is."""
    at = enquiry.now()
    return [
        (service.id, service.name.in_("en"), _handover(service.id, at))
        for service in enquiry.facts().directory.services
    ]


def _lines() -> list[tuple[str, str, str]]:
    """Return every line: its id, its name and number, and its hours."""
    voice, at = enquiry.staff_voice(), enquiry.now()
    day = at.astimezone(voice.zone).date()
    return [
        (
            line.id,
            f"{line.name.in_('en')}, {line.phone_on(day).display}",
            "; ".join(f"{days}: {clocks}" for days, clocks in times.hours(line.hours, voice)),
        )
        for line in enquiry.facts().directory.lines
    ]


def _handover(service: str, at: datetime) -> str:
    """Say when a service's next handover is, diverts aside; nothing if it is too far to divert."""
    facts = enquiry.facts()
    if service not in facts.timetables.services:
        return ""
    until = decide(facts.timetables, service, at).until
    if until is None or until - at > diverting.LONGEST:
        return ""
    return duty.soon(until, enquiry.now(), enquiry.staff_voice())


def _next_handover(stored: Stored) -> str:
    return _handover(stored.service, max(stored.during.start, enquiry.now()))


def _stored(divert_id: int) -> Stored:
    with enquiry.database().reading() as connection:
        return diverts.get(connection, divert_id)


def _others(stored: Stored) -> tuple[Stored, ...]:
    found: tuple[Stored, ...] = enquiry.read_diverts(max_age=0).diverts
    return tuple(each for each in found if each.id != stored.id)


def _shown(stored: Stored) -> view.Divert:
    at = enquiry.now()
    found = (*_others(stored), stored)
    return next(x for x in view.diverts(at, tuple(sorted(found, key=_key))) if x.id == stored.id)


def _key(found: Stored) -> int:
    return found.id
