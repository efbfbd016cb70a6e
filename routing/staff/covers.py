"""Covers: somebody takes over part of a shift, or two people swap. Read back first."""

from contextlib import suppress

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from routing import enquiry, rota_service
from routing.core.hours import Span
from routing.errors import RotaRefused, UnknownShift
from routing.rota import validation, words
from routing.rota.roster import Shift
from routing.staff import shift_check as check
from routing.staff import shift_form
from routing.staff.access import needs, part
from routing.staff.pages import page
from routing.staff.shift_form import Asked
from routing.storage.accounts import Role
from routing.wording import duty

bp = part("rota_covers")


@bp.get("/rota/shifts/<int:shift_id>/cover")
@needs(Role.ROTA)
def ask_cover(shift_id: int) -> Response:
    """Ask who covers which part of a shift."""
    _, shift = check.found(shift_id)
    return _ask_cover(shift, shift_form.given({}, _rest(shift)))


@bp.post("/rota/shifts/<int:shift_id>/cover")
@needs(Role.ROTA)
def cover(shift_id: int) -> AnyResponse:
    """Read a cover back; set it once that is confirmed."""
    found, shift = check.found(shift_id)
    asked = shift_form.given({}, _rest(shift))
    try:
        asked = shift_form.given(request.form)
        during, worker = asked.during(), asked.worker()
        if worker is not None and worker not in {each.id for each in found.here()}:
            raise RotaRefused("person", "Choose a person.")
        wanted = validation.cover(found.roster, shift_id, worker, during, asked.note)
    except RotaRefused as error:
        return _ask_cover(shift, asked, error)
    if not request.form.get("confirmed"):
        who = words.NOBODY if worker is None else found.names[worker]
        whose = check.having(found, shift, during)
        return check.shown(
            "Check the cover",
            [f"{who} in place of {whose}: {check.role(found, shift.role)}, {check.when(during)}."],
            found,
            [wanted],
            asked.hidden(during),
            "Set this cover",
        )
    return check.keep("covered", found, [wanted], during.start)


@bp.get("/rota/shifts/<int:shift_id>/swap")
@needs(Role.ROTA)
def ask_swap(shift_id: int) -> Response:
    """Ask with which shift to swap."""
    _, shift = check.found(shift_id)
    return _ask_swap(shift)


@bp.post("/rota/shifts/<int:shift_id>/swap")
@needs(Role.ROTA)
def swap(shift_id: int) -> AnyResponse:
    """Read a swap back; make it in one step once that is confirmed."""
    _, shift = check.found(shift_id)
    other = request.form.get("other", "")
    try:
        if not other.isdecimal() or len(other) > 18:
            raise RotaRefused("other", "Choose the other shift.")
        found = check.around_both(shift, check.found(int(other))[1])
        wanted = validation.swap(found.roster, shift_id, int(other), enquiry.now())
    except RotaRefused as error:
        return _ask_swap(shift, error)
    if not request.form.get("confirmed"):
        said = [check.said(found, each.worker, shift.role, each.during) for each in wanted]
        return check.shown(
            "Check the swap", said, found, wanted, {"other": other}, "Swap these shifts"
        )
    return check.keep("swapped", found, wanted, wanted[0].during.start)


def _ask_cover(shift: Shift, asked: Asked, error: RotaRefused | None = None) -> Response:
    found, _ = check.found(shift.id)
    return page(
        "shift_form.html",
        status=400 if error else 200,
        title="Cover part of a shift",
        roles=[],
        people=[(each.id, each.name) for each in found.here()],
        asked=asked,
        error=error,
        covering=check.said(found, shift.worker, shift.role, shift.during),
    )


def _ask_swap(shift: Shift, error: RotaRefused | None = None) -> Response:
    at, voice = enquiry.now(), enquiry.staff_voice()
    start, end = min(at, shift.during.start), max(at, shift.during.end)
    found, others = rota_service.read(start, end + rota_service.LOOKAHEAD), []
    for each in sorted(found.roster.shifts, key=lambda x: x.during.start):
        with suppress(RotaRefused, UnknownShift):
            theirs, _ = validation.swap(found.roster, shift.id, each.id, at)
            who = found.names[theirs.worker or 0]
            others.append((str(each.id), f"{who}, {duty.from_to(each.during, at, voice)}"))
    return page(
        "swap.html",
        status=400 if error else 200,
        shift=shift,
        said=f"{check.having(found, shift, shift.during)}: {check.role(found, shift.role)}, "
        f"{check.when(shift.during)}.",
        others=others,
        error=error,
    )


def _rest(shift: Shift) -> Span:
    """Return what is left of a shift, from this minute on if it has begun."""
    at = enquiry.now().replace(second=0, microsecond=0)
    begun = shift.during.start < at < shift.during.end
    return Span(at if begun else shift.during.start, shift.during.end)
