"""Diverts: ask, check what callers will get, set; give another end, or end. Seen by everyone."""

import secrets
from collections.abc import Sequence

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import diverting, enquiry, typed
from routing.diverting import Plan
from routing.errors import BadTime, DivertRefused
from routing.staff import effect, form, names, view
from routing.staff.access import needs, part, person
from routing.staff.pages import page
from routing.storage import diverts
from routing.storage.accounts import Role
from routing.storage.diverts import Stored, Wanted

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
    return _ask(form.blank())


@bp.post("/diverts/check")
@needs(Role.DIVERT)
def check() -> Response:
    """Show what callers will get, before it is so."""
    asked = form.given(request.form)
    try:
        found = _plans(asked)
    except DivertRefused as error:
        return _ask(asked, error)
    return _check(found, asked, secrets.token_urlsafe(16))


@bp.post("/diverts")
@needs(Role.DIVERT)
def put() -> AnyResponse:
    """Set what was checked, to the minute that was shown."""
    asked = form.given(request.form)
    once = request.form.get("once", "")[:40]
    try:
        found = [_plan_to(asked, each) for each in request.form.getlist("to")]
        if not found:
            raise DivertRefused("until", "Choose when the divert ends.")
    except DivertRefused as error:
        return _ask(asked, error)
    if any(each.closed for each in found) and not request.form.get("although_closed"):
        return _check(found, asked, once, unconfirmed=True)
    wanted = [Wanted(each.service.id, each.line.id, each.during, each.note) for each in found]
    with enquiry.database().writing() as connection:
        diverts.put(connection, wanted, enquiry.now(), person().actor, once)
    return _done("set")


@bp.get("/diverts/<int:divert_id>")
@needs(Role.DIVERT)
def one(divert_id: int) -> Response:
    """Show a divert, and ask for another end."""
    return _one(_stored(divert_id))


@bp.post("/diverts/<int:divert_id>")
@needs(Role.DIVERT)
def move(divert_id: int) -> AnyResponse:
    """Show what callers will get with another end; with that confirmed, keep it."""
    stored, asked = _stored(divert_id), form.given(request.form)
    try:
        found = _moved(stored, asked)
    except DivertRefused as error:
        return _one(stored, error, asked)
    confirmed = request.form.get("to") and (not found.closed or request.form.get("although_closed"))
    if not confirmed:
        return page(
            "move.html",
            divert=_shown(stored),
            effects=[effect.of(found, _others(stored), enquiry.now())],
            to=found.during.end.isoformat(),
            unconfirmed="to" in request.form,
        )
    with enquiry.database().writing() as connection:
        at = enquiry.now()
        diverts.move_end(connection, divert_id, found.during.end, at, person().actor)
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


def _ask(asked: form.Asked, error: DivertRefused | None = None) -> Response:
    return page(
        "divert.html",
        status=400 if error else 200,
        asked=asked,
        error=error,
        services=form.services(),
        lines=form.lines(),
        every=diverting.EVERY,
    )


def _check(
    found: Sequence[Plan], asked: form.Asked, once: str, unconfirmed: bool = False
) -> Response:
    stored = enquiry.read_diverts(max_age=0).diverts
    return page(
        "check.html",
        status=400 if unconfirmed else 200,
        effects=[effect.of(each, stored, enquiry.now()) for each in found],
        to=[f"{each.service.id} {each.during.end.isoformat()}" for each in found],
        asked=asked,
        start=found[0].during.start.isoformat() if asked.begins != form.NOW else form.NOW,
        note=found[0].note,
        line=found[0].line.id,
        once=once,
        unconfirmed=unconfirmed,
    )


def _one(
    stored: Stored, error: DivertRefused | None = None, asked: form.Asked | None = None
) -> Response:
    return page(
        "extend.html",
        status=400 if error else 200,
        divert=_shown(stored),
        error=error,
        asked=asked or form.blank(),
        handover=form.handover(stored.service, max(stored.during.start, enquiry.now())),
    )


def _plans(asked: form.Asked) -> list[Plan]:
    timetables, voice = enquiry.facts().timetables, enquiry.staff_voice()
    start, until = asked.start(voice.zone), asked.until(voice.zone)
    return diverting.plans(
        timetables, asked.service, asked.line, start, until, asked.note, enquiry.now(), voice
    )


def _plan_to(asked: form.Asked, text: str) -> Plan:
    """Return the plan that was shown for one service. Raise DivertRefused: time has gone on."""
    timetables, voice = enquiry.facts().timetables, enquiry.staff_voice()
    service, _, end = text.partition(" ")
    try:
        until = typed.read(end)
        start = None if asked.begins == form.NOW else typed.read(asked.begins)
    except BadTime as error:
        raise DivertRefused("until", str(error)) from error
    at = enquiry.now()
    if start is not None and start <= at:
        start = None
    (found,) = diverting.plans(timetables, service, asked.line, start, until, asked.note, at, voice)
    return found


def _moved(stored: Stored, asked: form.Asked) -> Plan:
    facts, voice, at = enquiry.facts(), enquiry.staff_voice(), enquiry.now()
    trouble, line = enquiry.unusable(stored), facts.directory.line(stored.line)
    if trouble or line is None:
        raise DivertRefused("until", f"{trouble} Set a new divert instead.")
    if stored.during.end <= at:
        raise DivertRefused("until", "This divert has ended. Set a new one instead.")
    service = facts.timetables.service(stored.service)
    confirmed = request.form.get("to")
    try:
        until = typed.read(confirmed) if confirmed else asked.until(voice.zone)
    except BadTime as error:
        raise DivertRefused("until", str(error)) from error
    return diverting.moved(facts.timetables, service, line, stored.during.start, until, at, voice)


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
