"""Shifts and covers: add one, change one, swap, remove, undo. Every change is read back first."""

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import lookup, rota_service
from routing.core.instants import Span
from routing.errors import InvalidRotaChange, UnknownShift
from routing.rota import descriptions, validation
from routing.rota.roster import CONTEXT_MARGIN, Cover, NewCover, NewShift, Shift
from routing.rota_service import Rota
from routing.staff.auth import current_account, require_role, staff_blueprint
from routing.staff.forms import CoverForm, ShiftForm, SwapForm
from routing.staff.layout import render_page
from routing.store import rota
from routing.store.accounts import Role
from routing.store.rota import RotaChange
from routing.text import staff_text
from routing.text.dates import format_datetime, join_words

bp = staff_blueprint("rota_shifts")


@bp.get("/rota/shifts/new")
@require_role(Role.ROTA)
def new() -> Response:
    """Ask for a shift; what a link to fill a gap says is filled in."""
    return _ask_shift(ShiftForm(request.args))


@bp.post("/rota/shifts/new")
@require_role(Role.ROTA)
def add() -> AnyResponse:
    """Read a shift back, with what it would mean; save it once that is confirmed."""
    form = ShiftForm()
    if not form.validate():
        return _ask_shift(form)
    try:
        current = _around(form.during, Span(lookup.now(), lookup.now()))
        worker = form.person_id
        if worker is None or worker not in {each.id for each in current.active_people()}:
            raise InvalidRotaChange("person", "Choose a person.")
        shift = validation.validate_shift(current.roster, form.role.data, worker, form.during)
        if _is_confirmed():
            return _save("added", current, [shift])
    except InvalidRotaChange as error:
        form.refuse(error)
        return _ask_shift(form)
    text = _duty_text(current, worker, shift.role_id, shift.during)
    return _check("Check the shift", [text], current, [shift], form.hidden(), "Add this shift")


@bp.get("/rota/shifts/<int:shift_id>")
def one(shift_id: int) -> Response:
    """Show a shift: who has which part of it, and what can be done with it."""
    current, shift = _find(shift_id)
    at, locale = lookup.now(), lookup.staff_locale()
    assignments = current.roster.assignments(shift.role_id, shift.during.start, shift.during.end)
    return render_page(
        "shift.html",
        shift=shift,
        title=f"{_role_name(current, shift.role_id)}: {current.names[shift.person_id]}",
        when=_period(shift.during),
        parts_of=[
            (
                _period(part_of.during),
                descriptions.join_names(
                    (part_of.person_id,) if part_of.person_id is not None else (),
                    current.names,
                    locale,
                ),
                descriptions.describe_cover(part_of, current.names),
                part_of.cover,
            )
            for part_of in assignments
            if part_of.shift.id == shift_id
        ],
        over=shift.during.end <= at,
    )


@bp.get("/rota/shifts/<int:shift_id>/remove")
@require_role(Role.ROTA)
def ask_remove(shift_id: int) -> Response:
    """Say what removing a shift, or with ``?cover=`` a cover of it, would mean."""
    current, shift = _find(shift_id)
    cover = _chosen_cover(current, shift)
    what = "cover" if cover else "shift"
    text = _duty_text(current, shift.person_id, shift.role_id, shift.during)
    if cover:
        who = _name(current, cover.person_id)
        text = f"{who} in place of {current.names[shift.person_id]}, {_period(cover.during)}."
    return render_page(
        "rota_check.html",
        title=f"Remove this {what}",
        said=[text, "What is over already stays as it was."],
        doubts=[],
        hidden={"cover": str(cover.id)} if cover else {},
        button=f"Remove this {what}",
        once="",
    )


@bp.post("/rota/shifts/<int:shift_id>/remove")
@require_role(Role.ROTA)
def remove(shift_id: int) -> AnyResponse:
    """Remove a shift or a cover from now on."""
    current, shift = _find(shift_id)
    cover = _chosen_cover(current, shift)
    actor = current_account().actor
    if cover:
        change = rota_service.remove_cover(cover.id, shift_id, actor)
    else:
        change = rota_service.remove_shift(shift_id, actor)
    return _show_change(change, shift.during.start)


@bp.get("/rota/shifts/<int:shift_id>/cover")
@require_role(Role.ROTA)
def ask_cover(shift_id: int) -> Response:
    """Ask who covers which part of a shift: what is left of it, if nothing else is written."""
    current, shift = _find(shift_id)
    at = lookup.now().replace(second=0, microsecond=0)
    has_begun = shift.during.start < at < shift.during.end
    start = at if has_begun else shift.during.start
    return _ask_cover(current, shift, CoverForm(starts=start, ends=shift.during.end))


@bp.post("/rota/shifts/<int:shift_id>/cover")
@require_role(Role.ROTA)
def cover(shift_id: int) -> AnyResponse:
    """Read a cover back; save it once that is confirmed."""
    current, shift = _find(shift_id)
    form = CoverForm()
    if not form.validate():
        return _ask_cover(current, shift, form)
    try:
        worker = form.person_id
        if worker is not None and worker not in {each.id for each in current.active_people()}:
            raise InvalidRotaChange("person", "Choose a person.")
        cover = validation.validate_cover(
            current.roster, shift_id, worker, form.during, form.note.data
        )
        if _is_confirmed():
            return _save("covered", current, [cover])
    except InvalidRotaChange as error:
        form.refuse(error)
        return _ask_cover(current, shift, form)
    text = (
        f"{_name(current, worker)} in place of {_holders(current, shift, cover.during)}: "
        f"{_role_name(current, shift.role_id)}, {_period(cover.during)}."
    )
    return _check("Check the cover", [text], current, [cover], form.hidden(), "Set this cover")


@bp.get("/rota/shifts/<int:shift_id>/swap")
@require_role(Role.ROTA)
def ask_swap(shift_id: int) -> Response:
    """Ask with which shift to swap."""
    _, shift = _find(shift_id)
    return _ask_swap(shift, SwapForm())


@bp.post("/rota/shifts/<int:shift_id>/swap")
@require_role(Role.ROTA)
def swap(shift_id: int) -> AnyResponse:
    """Read a swap back; save it in one step once that is confirmed."""
    _, shift = _find(shift_id)
    form = SwapForm()
    try:
        _, other = _find(form.other_id)
        current = _around(shift.during, other.during)
        covers = validation.swap_shifts(current.roster, shift_id, other.id, lookup.now())
        if _is_confirmed():
            return _save("swapped", current, covers)
    except InvalidRotaChange as error:
        form.refuse(error)
        return _ask_swap(shift, form)
    texts = [_duty_text(current, new.person_id, shift.role_id, new.during) for new in covers]
    return _check("Check the swap", texts, current, covers, form.hidden(), "Swap these shifts")


@bp.post("/rota/undo/<int:batch_id>")
@require_role(Role.ROTA)
def undo(batch_id: int) -> AnyResponse:
    """Undo a change, all of it in one step."""
    change = rota_service.undo_change(batch_id, current_account().actor)
    return redirect(url_for("rota.shown", done=change.id))


def _ask_shift(form: ShiftForm) -> Response:
    at = lookup.now()
    current = rota_service.read_rota(at, at)
    return render_page(
        "shift_form.html",
        status=400 if form.errors else 200,
        title="Add a shift",
        roles=[(role.id, descriptions.role_name(role)) for role in current.roles],
        people=[(each.id, each.name) for each in current.active_people()],
        form=form,
        error=form.errors,
        covering=None,
    )


def _ask_cover(current: Rota, shift: Shift, form: CoverForm) -> Response:
    return render_page(
        "shift_form.html",
        status=400 if form.errors else 200,
        title="Cover part of a shift",
        roles=[],
        people=[(each.id, each.name) for each in current.active_people()],
        form=form,
        error=form.errors,
        covering=_duty_text(current, shift.person_id, shift.role_id, shift.during),
    )


def _ask_swap(shift: Shift, form: SwapForm) -> Response:
    at, locale = lookup.now(), lookup.staff_locale()
    start, end = min(at, shift.during.start), max(at, shift.during.end)
    current, others = rota_service.read_rota(start, end + rota_service.GAP_LOOKAHEAD), []
    for other in sorted(current.roster.shifts, key=lambda shift: shift.during.start):
        with suppress(InvalidRotaChange, UnknownShift):
            theirs, _ = validation.swap_shifts(current.roster, shift.id, other.id, at)
            who = current.names[theirs.person_id or 0]
            others.append(
                (str(other.id), f"{who}, {staff_text.format_span(other.during, at, locale)}")
            )
    return render_page(
        "swap.html",
        status=400 if form.errors else 200,
        shift=shift,
        said=f"{_holders(current, shift, shift.during)}: {_role_name(current, shift.role_id)}, "
        f"{_period(shift.during)}.",
        others=others,
        form=form,
        error=form.errors,
    )


def _is_confirmed() -> bool:
    return bool(request.form.get("confirmed"))


def _check(
    title: str,
    texts: list[str],
    current: Rota,
    proposed: Sequence[NewShift | NewCover],
    hidden: Mapping[str, str],
    button: str,
) -> Response:
    """Return a page that reads a change back, to be confirmed or not."""
    return render_page(
        "rota_check.html",
        title=title,
        said=texts,
        doubts=_doubts(current, proposed),
        hidden={**hidden, "confirmed": "yes"},
        button=button,
        once=secrets.token_urlsafe(16),
    )


def _save(kind: str, current: Rota, proposed: Sequence[NewShift | NewCover]) -> AnyResponse:
    """Save a change that was confirmed. Raise InvalidRotaChange."""
    once = request.form.get("once", "")[:40]
    change = rota_service.save_change(kind, proposed, current, current_account().actor, once)
    return _show_change(change, proposed[0].during.start)


def _show_change(change: RotaChange, start: datetime) -> AnyResponse:
    """Go back to the rota, to two weeks in which the change can be seen."""
    zone = lookup.staff_locale().zone
    day, today = (at.astimezone(zone).date() for at in (start, lookup.now()))
    away = not 0 <= (day - today).days < 14
    return redirect(url_for("rota.shown", done=change.id) + (f"&from={day}" if away else ""))


def _find(shift_id: int) -> tuple[Rota, Shift]:
    """Return a shift, and the rota around it. Raise UnknownShift."""
    with lookup.database().reading() as connection:
        shift, _ = rota.get(connection, shift_id)
    current = _around(shift.during)
    if shift.role_id not in current.roster.roles:
        raise UnknownShift("role of the directory any more for shift", shift_id)
    return current, shift


def _around(*spans: Span) -> Rota:
    """Return the rota around some stretches of time."""
    return rota_service.read_rota(
        min(span.start for span in spans) - CONTEXT_MARGIN,
        max(span.end for span in spans) + CONTEXT_MARGIN,
    )


def _chosen_cover(current: Rota, shift: Shift) -> Cover | None:
    """Return the cover that is meant; None for the shift itself. Raise UnknownShift."""
    chosen = request.values.get("cover", "")
    if not chosen:
        return None
    for cover in current.roster.covers:
        if str(cover.id) == chosen and cover.shift_id == shift.id:
            return cover
    raise UnknownShift("cover", chosen[:20])


def _role_name(current: Rota, role_id: str) -> str:
    return descriptions.role_name(current.roster.roles[role_id])


def _name(current: Rota, worker: int | None) -> str:
    return descriptions.NOBODY if worker is None else current.names[worker]


def _duty_text(current: Rota, worker: int | None, role_id: str, during: Span) -> str:
    """Say who is on duty as what, and when."""
    return f"{_name(current, worker)}: {_role_name(current, role_id)}, {_period(during)}."


def _holders(current: Rota, shift: Shift, during: Span) -> str:
    """Say who has a shift in some part of it, each once: by covers, if there are any."""
    parts = current.roster.assignments(shift.role_id, during.start, during.end)
    holders = dict.fromkeys(part_of.person_id for part_of in parts if part_of.shift.id == shift.id)
    return join_words([_name(current, worker) for worker in holders], lookup.staff_locale())


def _period(during: Span) -> str:
    """Say a stretch in full, with how long it is: it is read back to whoever typed it."""
    locale, at = lookup.staff_locale(), lookup.now()
    start, end = (format_datetime(edge, locale, at) for edge in (during.start, during.end))
    return f"from {start} until {end} ({staff_text.format_time_left(during.end - during.start)})"


def _doubts(current: Rota, proposed: Sequence[NewShift | NewCover]) -> list[str]:
    """Say what of a change may not be meant: nobody needed, two places at once, too little rest."""
    at, locale = lookup.now(), lookup.staff_locale()
    roles, names = current.roster.roles, current.names
    texts = [
        descriptions.describe_clash(clash, roles, names, at, locale)
        for clash in current.new_clashes(proposed)
    ]
    new_shifts = [new for new in proposed if isinstance(new, NewShift)]
    for _ in validation.unneeded_shifts(current.roster, new_shifts):
        texts.append("By the directory nobody is needed at that time.")
    if any(new.during.end <= at for new in proposed):
        texts.append("That is in the past: it will stand as who was on duty then.")
    return [f"{text.rstrip('.')}." for text in texts]
