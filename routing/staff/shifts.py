"""Changes of the rota: add, cover, swap, fill, import, remove, undo. Each is read back first."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse
from wtforms import Field

from routing import lookup, rota_service
from routing.core.instants import Span
from routing.errors import InvalidForm, InvalidRotaChange, UnknownShift
from routing.rota import descriptions, spreadsheet
from routing.rota.descriptions import RotaText
from routing.rota.roster import (
    Cover,
    Rota,
    Shift,
    span_of,
    swap_shifts,
    validate_absence,
    validate_cover,
    validate_shift,
)
from routing.rota_service import Proposal
from routing.staff.auth import current_account, radio_item, render_page, send_csv, staff_blueprint
from routing.staff.forms import (
    NOBODY,
    DutyForm,
    FillForm,
    ImportForm,
    StaffForm,
    SwapForm,
    digest,
    parse_id,
)
from routing.staff.rota import DAYS_SHOWN, describe_period, read_shift
from routing.store import rota as rota_store
from routing.store.accounts import Role
from routing.text import staff_text
from routing.text.dates import join_words

bp = staff_blueprint("rota_shifts", Role.ROTA)

MAX_SWAPS_SHOWN = 20

CONFIRMATIONS = {
    "added": ("Check the shift", "Add this shift"),
    "covered": ("Check the cover", "Set this cover"),
    "absence": ("Check the absence", "Save all of this"),
    "swapped": ("Check the swap", "Swap these shifts"),
    "removed": ("Remove this shift", "Remove this shift"),
    "uncovered": ("Remove this cover", "Remove this cover"),
}
"""Title and button of the page that reads a change back, by its kind."""


@bp.before_request
def show_saved_change() -> AnyResponse | None:
    """Show what a form has saved already, if it is sent again: by a second tap, or once more."""
    once = StaffForm().once.data
    if not once:
        return None
    with lookup.database().reading() as connection:
        change = rota_store.find_change_by_key(connection, once)
    return None if change is None else redirect(url_for("rota.show", done=change.id))


@bp.route("/rota/shifts/new", methods=["GET", "POST"])
def new() -> AnyResponse:
    """Ask for a shift, with what a link to fill a gap says; read it back; save it if confirmed."""
    form, at = _duty_form(), lookup.now()
    if form.validate_on_submit():
        with form.refusing(InvalidRotaChange):
            rota = rota_service.read_around(form.during)
            person_id = _chosen_person(form.person, rota)
            shift = validate_shift(rota, form.role.data, person_id, form.during, at)
            return _confirm("added", rota, [shift])
    rota = rota_service.read_rota(at, at)
    return render_page(
        "shift_form.html",
        form=form,
        title="Add a shift",
        roles=[radio_item(*role) for role in rota.role_names.items()],
        people=_people_to_choose(rota),
    )


@bp.route("/rota/shifts/<id:shift_id>/remove", methods=["GET", "POST"])
def remove(shift_id: int) -> AnyResponse:
    """Show what removing a shift, or a cover of it, would mean.

    If that is confirmed and still as it was shown, remove it from now on.
    """
    (rota, shift), cover_id = read_shift(shift_id), request.values.get("cover")
    holder = rota.names[shift.person_id]
    past = "What is over already stays as it was."
    if cover_id:
        covers = {str(one.id): one for one in rota.covers if one.shift_id == shift_id}
        if (current := covers.get(cover_id)) is None:
            raise UnknownShift("This shift has no such cover, or it was removed.")
        who = f"{rota.names[current.person_id]} in place of {holder}"
        texts = [f"{who}, {describe_period(current.during)}.", past]
        return _confirm("uncovered", rota, [], texts, cancelled=[current])
    holders = _holders(rota, shift, shift.during)
    covered = [f"With covers, on duty: {holders}."] if holders != holder else []
    texts = [_describe_duty(rota, shift), *covered, past]
    return _confirm("removed", rota, [], texts, cancelled=[shift])


@bp.route("/rota/shifts/<id:shift_id>/cover", methods=["GET", "POST"])
def cover(shift_id: int) -> AnyResponse:
    """Ask who covers which part of a shift, what is left of it or what a link says; save that.

    It is read back first.
    """
    (rota, shift), at = read_shift(shift_id), lookup.now().replace(second=0, microsecond=0)
    start = at if at in shift.during else shift.during.start
    form = _duty_form(starts=start, ends=shift.during.end)
    if form.validate_on_submit():
        with form.refusing(InvalidRotaChange):
            person_id = _chosen_person_or_nobody(form.person, rota)
            change = validate_cover(rota, shift, person_id, form.during, form.note.data)
            holders = _holders(rota, shift, change.during)
            text = f"{rota.names[person_id]} in place of {holders}: "
            text += f"{rota.role_names[shift.role_id]}, {describe_period(change.during)}."
            return _confirm("covered", rota, [change], [text])
    return render_page(
        "shift_form.html",
        form=form,
        title="Cover part of a shift",
        people=_people_to_choose(rota, "Nobody yet"),
        covering=_describe_duty(rota, shift),
    )


@bp.route("/rota/away", methods=["GET", "POST"])
def absence() -> AnyResponse:
    """Ask who is away from when until when, or what a link says; read back what becomes of it.

    If that is confirmed, save all of it in one step.
    """
    at = lookup.now().replace(second=0, microsecond=0)
    form = _duty_form(starts=at)
    if form.validate_on_submit():
        with form.refusing(InvalidRotaChange):
            rota = rota_service.read_around(form.during)
            person_id = _chosen_person(form.person, rota)
            substitute_id = _chosen_person_or_nobody(form.substitute, rota)
            covers = validate_absence(rota, person_id, form.during, substitute_id)
            texts = [f"In place of {rota.names[person_id]}:"]
            texts += [_describe_duty(rota, new) for new in covers]
            summary = descriptions.summarise_absence(covers)
            return _confirm("absence", rota, covers, texts, summary)
    rota = rota_service.read_rota(at, at)
    return render_page(
        "absence.html",
        form=form,
        people=_people_to_choose(rota),
        substitutes=_people_to_choose(rota, "Nobody yet: it stays open"),
    )


@bp.route("/rota/shifts/<id:shift_id>/swap", methods=["GET", "POST"])
def swap(shift_id: int) -> AnyResponse:
    """Ask with which shift to swap, of everybody's or of ``?person=``'s, the nearest first.

    Read the swap back; if that is confirmed, save it in one step.
    """
    (_, shift), form, at = read_shift(shift_id), SwapForm(request.values), lookup.now()
    if form.is_submitted():
        with form.refusing(InvalidRotaChange):
            other_id = parse_id(form.other.data)
            if other_id is None:
                raise InvalidRotaChange("other", "Choose the other shift.")
            _, other = read_shift(other_id)
            rota = rota_service.read_around(shift.during, other.during)
            return _confirm("swapped", rota, swap_shifts(rota, shift, other, at))
    if shift.during.end <= at:
        raise InvalidRotaChange("", "This shift is over: nobody can swap it any more.")
    rota = rota_service.read_rota(
        shift.during.start - rota_service.GAP_LOOKAHEAD,
        shift.during.end + rota_service.GAP_LOOKAHEAD,
    )
    offers: list[tuple[Shift, int | None]] = []
    for other in sorted(rota.shifts, key=lambda one: abs(one.during.start - shift.during.start)):
        with suppress(InvalidRotaChange):  # it cannot be swapped with this one
            theirs, _ = swap_shifts(rota, shift, other, at)
            offers.append((other, theirs.person_id))
    people = {str(person_id): rota.names[person_id] for _, person_id in offers}
    return render_page(
        "shift_swap.html",
        form=form,
        shift_id=shift.id,
        summary=f"{_holders(rota, shift, shift.during)}: {rota.role_names[shift.role_id]}, "
        f"{describe_period(shift.during)}.",
        people=[("", "Everybody"), *sorted(people.items(), key=lambda person: person[1])],
        others=[
            radio_item(
                str(other.id),
                f"{rota.names[person_id]}, {RotaText(rota, at).span(other.during)}",
            )
            for other, person_id in offers
            if form.person.data in ("", str(person_id))
        ][:MAX_SWAPS_SHOWN],
    )


@bp.route("/rota/fill", methods=["GET", "POST"])
def fill() -> AnyResponse:
    """Ask which role to fill, when, and with whom; what a link to a long gap says is filled in.

    Show the shifts that would be added; add just those once they are confirmed.
    """
    form, at = FillForm(request.values), lookup.now()
    if form.validate_on_submit():
        with form.refusing(InvalidRotaChange):
            role_id, days = form.role.data, (form.first.data, form.last.data)
            proposal, slots = rota_service.propose_fill(
                role_id, *days, form.names, form.turns, form.times
            )
            return _save_or_read_back(
                proposal,
                "rota_fill_check.html",
                role_id=role_id,
                shifts=slots,
                text=RotaText(proposal.rota, at),
                format_length=staff_text.format_time_left,
                workloads=rota_service.measure_fill(proposal),
            )
    rota = rota_service.read_rota(at, at)
    return render_page(
        "rota_fill.html",
        form=form,
        roles=[radio_item(*role) for role in rota.role_names.items()],
        everybody="\n".join(person.name for person in rota.active_people()),
    )


@bp.route("/rota/import", methods=["GET", "POST"])
def import_() -> AnyResponse:
    """Ask for a spreadsheet, and read back what it would change; save just that if confirmed."""
    form = ImportForm()
    if form.validate_on_submit():
        with form.refusing(InvalidForm):
            replaces = form.replace.data
            proposal = rota_service.plan_import(
                form.content, form.add_people.data, replaces, form.name
            )
            difference, sheet = proposal.difference, proposal.sheet
            if sheet is None or difference.is_empty:
                return redirect(url_for("rota.show", known=difference.unchanged))
            text, names = RotaText(proposal.rota, lookup.now()), proposal.rota.role_names
            return _save_or_read_back(
                proposal,
                "rota_import_check.html",
                file=form.file_again(),
                replaces=replaces,
                roles=join_words([names[role_id] for role_id in sheet.role_ids], text.locale),
                period=text.span(sheet.period),
                lines=text.difference(difference),
            )
    return render_page(
        "rota_import.html",
        form=form,
        columns=",".join(spreadsheet.COLUMNS),
        roles=[(role.name.get("en"), role.id) for role in lookup.snapshot().directory.rota],
    )


@bp.get("/rota/import/template.csv")
def template() -> Response:
    """Send a spreadsheet to fill in, with this council's roles."""
    return send_csv(rota_service.make_template(), "rota-template.csv")


@bp.post("/rota/undo/<id:change_id>")
def undo(change_id: int) -> AnyResponse:
    """Undo a change, all of it in one step, if the rota is as it was shown; once."""
    with lookup.database().reading() as connection:
        done = rota_store.get_change(connection, change_id).undone_by_change_id
    if done is None:
        newest_id = parse_id(StaffForm().shown.data) or 0
        done = rota_service.undo_change(change_id, current_account().actor, newest_id).id
    return redirect(url_for("rota.show", done=done))


def _duty_form(**defaults: Any) -> DutyForm:
    """Return what was sent; else a form with what a link says, or with defaults."""
    return DutyForm() if request.method == "POST" else DutyForm(request.args, **defaults)


def _people_to_choose(rota: Rota, nobody: str = "") -> list[tuple[str, str]]:
    people = [(str(person.id), person.name) for person in rota.active_people()]
    return [("", "Choose"), *([(NOBODY, nobody)] if nobody else []), *people]


def _confirm(
    kind: str,
    rota: Rota,
    changes: Sequence[Shift | Cover],
    texts: Sequence[str] = (),
    summary: str = "",
    cancelled: Sequence[Shift | Cover] = (),
) -> AnyResponse:
    """Save a change or read it back, in its own words if ``texts`` is empty."""
    warnings = RotaText(rota, lookup.now()).warnings(changes)
    title, button = CONFIRMATIONS[kind]
    return _save_or_read_back(
        Proposal(kind, rota, changes, cancelled, summary, warnings),
        "confirm.html",
        title=title,
        paragraphs=texts or [_describe_duty(rota, change) for change in changes],
        button=button,
    )


def _save_or_read_back(proposal: Proposal, template: str, **page: Any) -> AnyResponse:
    """Save a change if just this was confirmed, of rota and directory as they are now.

    Else read it back. Starts do not count: of what has begun they move with the clock. Raise
    InvalidRotaChange.
    """
    confirmation = StaffForm()  # of a form alone: no link confirms anything
    ends = [(change.person_id, change.during.end) for change in proposal.changes]
    shown = digest(proposal.rota.revision, lookup.snapshot().sha256, ends)
    if confirmation.shown.data != shown:
        return render_page(
            template,
            proposal=proposal,
            hidden=confirmation.hidden(shown),
            has_changed=bool(confirmation.shown.data),
            **page,
        )
    actor, once = current_account().actor, confirmation.once.data
    change = rota_service.save_change(proposal, actor, once)
    zone, span = lookup.staff_locale().zone, span_of([*proposal.changes, *proposal.cancelled])
    day, today = (at.astimezone(zone).date() for at in (span.start, lookup.now()))
    is_shown = 0 <= (day - today).days < DAYS_SHOWN  # else the page begins where it can be seen
    values: dict[str, Any] = {"from": None if is_shown else day}
    return redirect(url_for("rota.show", done=change.id, **values))


def _chosen_person(field: Field, rota: Rota) -> int:
    ids: dict[str, int] = {str(person.id): person.id for person in rota.active_people()}
    if field.data not in ids:
        raise InvalidRotaChange(field.name, "Choose a person.")
    return ids[field.data]


def _chosen_person_or_nobody(field: Field, rota: Rota) -> int | None:
    return None if field.data == NOBODY else _chosen_person(field, rota)


def _describe_duty(rota: Rota, duty: Shift | Cover) -> str:
    roles = {shift.id: shift.role_id for shift in rota.shifts}
    role_id = duty.role_id if isinstance(duty, Shift) else roles[duty.shift_id]
    who, role = rota.names[duty.person_id], rota.role_names[role_id]
    return f"{who}: {role}, {describe_period(duty.during)}."


def _holders(rota: Rota, shift: Shift, during: Span) -> str:
    """Return who has a shift in some part of it, covers applied: "Amara Owusu and Ben Hughes"."""
    names = [rota.names[person_id] for person_id in rota.holders(shift.id, during)]
    return join_words(names, lookup.staff_locale())
