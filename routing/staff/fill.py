"""Filling the rota: people in turn, or a spreadsheet. Shown before it is so, undone in one step."""

import secrets
from collections.abc import Sequence
from hashlib import sha256

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import lookup, rota_service
from routing.errors import InvalidRotaChange, InvalidSpreadsheet, RotaConflict
from routing.rota import descriptions, spreadsheet
from routing.rota.filling import ProposedShift, TurnLength
from routing.rota.roster import NewShift
from routing.rota_service import Rota
from routing.staff.auth import current_account, require_role, staff_blueprint
from routing.staff.forms import FillForm
from routing.staff.layout import render_page
from routing.store.accounts import Role
from routing.text import staff_text

bp = staff_blueprint("rota_fill")

MAX_PROBLEMS_SHOWN = 50


@bp.get("/rota/fill")
@require_role(Role.ROTA)
def ask() -> Response:
    """Ask which role to fill, when, and with whom; what a link to a long gap says is filled in."""
    return _ask(FillForm(request.args))


@bp.post("/rota/fill")
@require_role(Role.ROTA)
def put() -> AnyResponse:
    """Show the shifts that would be added; add just those once they are confirmed."""
    form = FillForm()
    if not form.validate():
        return _ask(form)
    once = request.form.get("once", "")[:40]
    try:
        current, proposed = _propose(form)
        added = _given_away(form, proposed)
        if not added or request.form.get("shown") != _digest(added):
            return _check(form, current, proposed)
        try:
            change = rota_service.save_change(
                "filled", added, current, current_account().actor, once
            )
        except RotaConflict:
            return _check(form, *_propose(form))
    except InvalidRotaChange as error:
        form.refuse(error)
        return _ask(form)
    day = added[0].during.start.astimezone(lookup.staff_locale().zone).date()
    return redirect(url_for("rota.shown", done=change.id) + f"&from={day}")


@bp.get("/rota/import")
@require_role(Role.ROTA)
def ask_import() -> Response:
    """Ask for a spreadsheet of shifts."""
    return _ask_import()


@bp.post("/rota/import")
@require_role(Role.ROTA)
def import_() -> AnyResponse:
    """Add the shifts of a spreadsheet, all or none."""
    file = request.files.get("file")
    data = file.stream.read(spreadsheet.MAX_BYTES + 1) if file else b""
    add_people = request.form.get("add_people") == "yes"
    if not data:
        return _ask_import(["Choose a CSV file."])
    try:
        result = rota_service.import_spreadsheet(data, current_account().actor, add_people)
    except InvalidSpreadsheet as error:
        return _ask_import(error.problems)
    except InvalidRotaChange as error:
        return _ask_import([str(error)])
    change = result.change.id if result.change else None
    return redirect(url_for("rota.shown", done=change, added=result.added, known=result.known))


def _propose(form: FillForm) -> tuple[Rota, list[ProposedShift]]:
    """Return what the form would add. Raise InvalidRotaChange."""
    first, last, turn = form.first.data, form.last.data, TurnLength(form.turn.data)
    return rota_service.propose_fill(form.role.data, first, last, form.names, turn, form.times)


def _given_away(form: FillForm, proposed: Sequence[ProposedShift]) -> list[NewShift]:
    """Return the proposed shifts that somebody is free for."""
    return [
        NewShift(form.role.data, new.person_id, new.during)
        for new in proposed
        if new.person_id is not None
    ]


def _digest(added: Sequence[NewShift]) -> str:
    """Return what tells the shifts that were shown from others."""
    return sha256(repr(added).encode()).hexdigest()


def _ask(form: FillForm) -> Response:
    at = lookup.now()
    current = rota_service.read_rota(at, at)
    return render_page(
        "rota_fill.html",
        status=400 if form.errors else 200,
        form=form,
        error=form.errors,
        roles=[(role.id, descriptions.role_name(role)) for role in current.roles],
        everybody="\n".join(person.name for person in current.active_people()),
    )


def _check(form: FillForm, current: Rota, proposed: Sequence[ProposedShift]) -> Response:
    at, locale, names = lookup.now(), lookup.staff_locale(), current.names
    roles, added = current.roster.roles, _given_away(form, proposed)
    return render_page(
        "rota_planned.html",
        hidden={**form.hidden(), "people": ", ".join(form.names), "shown": _digest(added)},
        once=secrets.token_urlsafe(16),
        role_id=form.role.data,
        role=descriptions.role_name(roles[form.role.data]),
        planned=[
            (
                staff_text.format_span(new.during, at, locale),
                staff_text.format_time_left(new.during.end - new.during.start),
                None if new.person_id is None else names[new.person_id],
            )
            for new in proposed
        ],
        added=len(added),
        changed="shown" in request.form,
        doubts=[
            f"{descriptions.describe_clash(clash, roles, names, at, locale)}."
            for clash in current.new_clashes(added)
        ],
    )


def _ask_import(problems: Sequence[str] = ()) -> Response:
    return render_page(
        "rota_import.html",
        status=400 if problems else 200,
        error=problems,
        problems=problems[:MAX_PROBLEMS_SHOWN],
        more=max(0, len(problems) - MAX_PROBLEMS_SHOWN),
        columns=",".join(spreadsheet.COLUMNS),
    )
