"""Shifts: add one, look at one, remove one, undo any change of the rota. Read back first."""

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import enquiry, rota_service
from routing.errors import RotaRefused, UnknownShift
from routing.rota import validation, words
from routing.rota.roster import Cover, Shift
from routing.rota.validation import CONTEXT_MARGIN
from routing.rota_service import Rota
from routing.staff import shift_check as check
from routing.staff import shift_form
from routing.staff.access import needs, part, person
from routing.staff.pages import page
from routing.staff.shift_form import Asked
from routing.storage.accounts import Role

bp = part("rota_shifts")


@bp.get("/rota/shifts/new")
@needs(Role.ROTA)
def new() -> Response:
    """Ask for a shift; what a link to fill a gap says is filled in."""
    try:
        asked = shift_form.given(request.args)
    except RotaRefused:
        asked = shift_form.given({})
    return _ask(asked)


@bp.post("/rota/shifts/new")
@needs(Role.ROTA)
def add() -> AnyResponse:
    """Read a shift back, with what it would mean; add it once that is confirmed."""
    asked = shift_form.given({})
    try:
        asked = shift_form.given(request.form)
        during, worker = asked.during(), asked.worker()
        found = rota_service.read(
            during.start - CONTEXT_MARGIN, max(during.end, enquiry.now()) + CONTEXT_MARGIN
        )
        if worker is None or worker not in {each.id for each in found.here()}:
            raise RotaRefused("person", "Choose a person.")
        wanted = validation.shift(found.roster, asked.role, worker, during)
    except RotaRefused as error:
        return _ask(asked, error)
    if not request.form.get("confirmed"):
        return check.shown(
            "Check the shift",
            [check.said(found, worker, asked.role, during)],
            found,
            [wanted],
            asked.hidden(during),
            "Add this shift",
        )
    return check.keep("added", found, [wanted], during.start)


@bp.get("/rota/shifts/<int:shift_id>")
def one(shift_id: int) -> Response:
    """Show a shift: who has which part of it, and what can be done with it."""
    found, shift = check.found(shift_id)
    at, voice = enquiry.now(), enquiry.staff_voice()
    duties = found.roster.duties(shift.role, shift.during.start, shift.during.end)
    return page(
        "shift.html",
        shift=shift,
        title=f"{check.role(found, shift.role)}: {found.names[shift.worker]}",
        when=check.when(shift.during),
        parts_of=[
            (
                check.when(each.during),
                words.names((each.worker,) if each.worker is not None else (), found.names, voice),
                words.held(each, found.names),
                each.cover,
            )
            for each in duties
            if each.shift.id == shift_id
        ],
        over=shift.during.end <= at,
    )


@bp.get("/rota/shifts/<int:shift_id>/remove")
@needs(Role.ROTA)
def ask_remove(shift_id: int) -> Response:
    """Say what removing a shift, or with ``?cover=`` a cover of it, would mean."""
    found, shift = check.found(shift_id)
    chosen = _cover_of(found, shift)
    what = "cover" if chosen else "shift"
    said = check.said(found, shift.worker, shift.role, shift.during)
    if chosen:
        who = words.NOBODY if chosen.worker is None else found.names[chosen.worker]
        said = f"{who} in place of {found.names[shift.worker]}, {check.when(chosen.during)}."
    return page(
        "rota_check.html",
        title=f"Remove this {what}",
        said=[said, "What is over already stays as it was."],
        doubts=[],
        hidden={"cover": str(chosen.id)} if chosen else {},
        button=f"Remove this {what}",
        once="",
    )


@bp.post("/rota/shifts/<int:shift_id>/remove")
@needs(Role.ROTA)
def remove(shift_id: int) -> AnyResponse:
    """Remove a shift or a cover from now on."""
    found, shift = check.found(shift_id)
    chosen = _cover_of(found, shift)
    actor = person().actor
    if chosen:
        batch = rota_service.uncover(chosen.id, shift_id, actor)
    else:
        batch = rota_service.remove(shift_id, actor)
    return check.done(batch.id, shift.during.start)


@bp.post("/rota/undo/<int:batch_id>")
@needs(Role.ROTA)
def undo(batch_id: int) -> AnyResponse:
    """Undo a change, all of it in one step."""
    batch = rota_service.undo(batch_id, person().actor)
    return redirect(url_for("rota.shown", done=batch.id))


def _ask(asked: Asked, error: RotaRefused | None = None) -> Response:
    at = enquiry.now()
    found = rota_service.read(at, at)
    return page(
        "shift_form.html",
        status=400 if error else 200,
        title="Add a shift",
        roles=[(role.id, words.role(role)) for role in found.roles],
        people=[(each.id, each.name) for each in found.here()],
        asked=asked,
        error=error,
        covering=None,
    )


def _cover_of(found: Rota, shift: Shift) -> Cover | None:
    """Return the cover that is asked about; None for the shift itself. Raise UnknownShift."""
    asked = request.values.get("cover", "")
    if not asked:
        return None
    for each in found.roster.covers:
        if str(each.id) == asked and each.shift == shift.id:
            return each
    raise UnknownShift("cover", asked[:20])
