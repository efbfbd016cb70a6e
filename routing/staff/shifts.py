"""Changes of the rota: add, cover, swap, fill, import, remove, undo. Each is read back first."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse
from wtforms import Field

from routing import lookup, rota_service
from routing.core.instants import Span
from routing.errors import InvalidRotaChange, InvalidSpreadsheet, UnknownShift
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
    without_begun_starts,
)
from routing.rota_service import Proposal
from routing.staff.auth import (
    current_account,
    radio_item,
    render_page,
    require_role,
    staff_blueprint,
)
from routing.staff.forms import (
    NOBODY,
    Confirmation,
    DutyForm,
    FillForm,
    ImportForm,
    RemovalForm,
    StaffForm,
    SwapForm,
    digest,
    parse_id,
)
from routing.staff.rota import redirect_to_rota, show_saved_change
from routing.store import rota as rota_store
from routing.store.accounts import Role
from routing.text import staff_text
from routing.text.dates import format_datetime, join_words

bp = staff_blueprint("rota_shifts")
bp.before_request(show_saved_change)

MAX_SWAPS_SHOWN = 20
MAX_PROBLEMS_SHOWN = 50
MAX_LINES_SHOWN = 500

CONFIRMATIONS = {
    "added": ("Check the shift", "Add this shift"),
    "covered": ("Check the cover", "Set this cover"),
    "absence": ("Check the absence", "Save all of this"),
    "swapped": ("Check the swap", "Swap these shifts"),
    "removed": ("Remove this shift", "Remove this shift"),
    "uncovered": ("Remove this cover", "Remove this cover"),
}
"""Title and button of the page that reads a change back, by its kind."""


@bp.route("/rota/shifts/new", methods=["GET", "POST"])
@require_role(Role.ROTA)
def new() -> AnyResponse:
    """Ask for a shift, with what a link to fill a gap says; read it back; save it if confirmed."""
    form, at = _duty_form(), lookup.now()
    if form.validate_on_submit():
        try:
            rota = rota_service.read_around(form.during, Span(at, at))
            person_id = _chosen_person(form.person, rota)
            shift = validate_shift(rota, form.role.data, person_id, form.during)
            texts = [_describe_duty(rota, person_id, shift.role_id, shift.during)]
            return _confirm("added", texts, rota, [shift], form)
        except InvalidRotaChange as error:
            form.refuse(error)
    rota = rota_service.read_rota(at, at)
    people = _people_to_choose(rota)
    return render_page(
        "shift_form.html",
        form=form,
        title="Add a shift",
        roles=[radio_item(*role) for role in rota.role_names.items()],
        people=people,
        nobody_to_choose=len(people) == 1,
        covering="",
    )


@bp.get("/rota/shifts/<id:shift_id>")
def show(shift_id: int) -> Response:
    """Show a shift: who has which part of it, and what can be done with it."""
    rota, shift = _get(shift_id)
    return render_page(
        "shift.html",
        shift_id=shift_id,
        title=f"{rota.role_names[shift.role_id]}: {rota.names[shift.person_id]}",
        when=_describe_period(shift.during),
        assignments=[
            {
                "when": _describe_period(assignment.during),
                "who": rota.names[assignment.person_id],
                "note": RotaText(rota, lookup.now()).cover(assignment),
                "cover_id": assignment.cover.id if assignment.cover else None,
            }
            for assignment in rota.parts_of(shift_id)
        ],
        is_over=shift.during.end <= lookup.now(),
        holder=rota.names[shift.person_id],
        away={"person": shift.person_id, "starts": shift.during.start.isoformat()},
    )


@bp.route("/rota/shifts/<id:shift_id>/remove", methods=["GET", "POST"])
@require_role(Role.ROTA)
def remove(shift_id: int) -> AnyResponse:
    """Show what removing a shift, or a cover of it, would mean.

    If that is confirmed and still as it was shown, remove it from now on.
    """
    rota, shift = _get(shift_id)
    form = RemovalForm(request.values)
    cover = _chosen_cover(form.cover.data, rota, shift)
    texts = [*_describe_removal(rota, shift, cover), "What is over already stays as it was."]
    kind, cancelled = ("uncovered", cover) if cover else ("removed", shift)
    return _confirm(kind, texts, rota, [], form, cancelled=[cancelled])


@bp.route("/rota/shifts/<id:shift_id>/cover", methods=["GET", "POST"])
@require_role(Role.ROTA)
def cover(shift_id: int) -> AnyResponse:
    """Ask who covers which part of a shift, what is left of it or what a link says; save that.

    It is read back first.
    """
    rota, shift = _get(shift_id)
    at = lookup.now().replace(second=0, microsecond=0)
    has_begun = shift.during.start < at < shift.during.end
    form = _duty_form(starts=at if has_begun else shift.during.start, ends=shift.during.end)
    if form.validate_on_submit():
        try:
            person_id = _chosen_person_or_nobody(form.person, rota)
            cover = validate_cover(rota, shift, person_id, form.during, form.note.data)
            text = (
                f"{rota.names[person_id]} in place of {_holders(rota, shift, cover.during)}: "
                f"{rota.role_names[shift.role_id]}, {_describe_period(cover.during)}."
            )
            return _confirm("covered", [text], rota, [cover], form)
        except InvalidRotaChange as error:
            form.refuse(error)
    return render_page(
        "shift_form.html",
        form=form,
        title="Cover part of a shift",
        people=_people_to_choose(rota, "Nobody yet"),
        covering=_describe_duty(rota, shift.person_id, shift.role_id, shift.during),
    )


@bp.route("/rota/away", methods=["GET", "POST"])
@require_role(Role.ROTA)
def absence() -> AnyResponse:
    """Ask who is away from when until when, or what a link says; read back what becomes of it.

    If that is confirmed, save all of it in one step.
    """
    at = lookup.now().replace(second=0, microsecond=0)
    form = _duty_form(starts=at)
    if form.validate_on_submit():
        try:
            rota = rota_service.read_around(form.during)
            person_id = _chosen_person(form.person, rota)
            substitute_id = _chosen_person_or_nobody(form.substitute, rota)
            covers = validate_absence(rota, person_id, form.during, substitute_id)
            roles = {shift.id: shift.role_id for shift in rota.shifts}
            texts = [f"In place of {rota.names[person_id]}:"]
            for new in covers:
                role_id = roles[new.shift_id]
                texts.append(_describe_duty(rota, new.person_id, role_id, new.during))
            summary = descriptions.summarise_absence(covers)
            return _confirm("absence", texts, rota, covers, form, summary)
        except InvalidRotaChange as error:
            form.refuse(error)
    rota = rota_service.read_rota(at, at)
    return render_page(
        "absence.html",
        form=form,
        people=_people_to_choose(rota),
        substitutes=_people_to_choose(rota, "Nobody yet: it stays open"),
    )


@bp.route("/rota/shifts/<id:shift_id>/swap", methods=["GET", "POST"])
@require_role(Role.ROTA)
def swap(shift_id: int) -> AnyResponse:
    """Ask with which shift to swap, of everybody's or of ``?person=``'s, the nearest first.

    Read the swap back; if that is confirmed, save it in one step.
    """
    _, shift = _get(shift_id)
    form, at, locale = SwapForm(request.values), lookup.now(), lookup.staff_locale()
    if form.is_submitted():
        try:
            other_id = parse_id(form.other.data)
            if other_id is None:
                raise InvalidRotaChange("other", "Choose the other shift.")
            _, other = _get(other_id)
            rota = rota_service.read_around(shift.during, other.during)
            covers = swap_shifts(rota, shift, other, at)
            texts = [
                _describe_duty(rota, new.person_id, shift.role_id, new.during) for new in covers
            ]
            return _confirm("swapped", texts, rota, covers, form)
        except InvalidRotaChange as error:
            form.refuse(error)
    if shift.during.end <= at:
        raise InvalidRotaChange("", "This shift is over: nobody can swap it any more.")
    start = max(at, shift.during.start - rota_service.GAP_LOOKAHEAD)
    end = max(at, shift.during.end) + rota_service.GAP_LOOKAHEAD
    rota = rota_service.read_rota(min(start, shift.during.start), end)
    others = [other for other in rota.shifts if other.role_id == shift.role_id]
    others.sort(key=lambda other: abs(other.during.start - shift.during.start))
    people, items = {}, []
    for other in others:
        with suppress(InvalidRotaChange):  # it cannot be swapped with this one
            theirs, _ = swap_shifts(rota, shift, other, at)
            name = rota.names[theirs.person_id]
            people[str(theirs.person_id)] = name
            if form.person.data in ("", str(theirs.person_id)):
                when = staff_text.format_span(other.during, at, locale)
                items.append(radio_item(str(other.id), f"{name}, {when}"))
    return render_page(
        "shift_swap.html",
        form=form,
        shift_id=shift.id,
        summary=f"{_holders(rota, shift, shift.during)}: {rota.role_names[shift.role_id]}, "
        f"{_describe_period(shift.during)}.",
        people=[("", "Everybody"), *sorted(people.items(), key=lambda person: person[1])],
        others=items[:MAX_SWAPS_SHOWN],
    )


@bp.route("/rota/fill", methods=["GET", "POST"])
@require_role(Role.ROTA)
def fill() -> AnyResponse:
    """Ask which role to fill, when, and with whom; what a link to a long gap says is filled in.

    Show the shifts that would be added; add just those once they are confirmed.
    """
    form, at, locale = FillForm(request.values), lookup.now(), lookup.staff_locale()
    if form.validate_on_submit():
        try:
            days = form.first.data, form.last.data
            proposal, slots = rota_service.propose_fill(
                form.role.data, *days, form.names, form.turns, form.times
            )
            names = proposal.rota.names
            return _save_or_read_back(
                proposal,
                form,
                without_begun_starts(proposal.changes, at),
                "rota_fill_check.html",
                role_id=form.role.data,
                role_name=proposal.rota.role_names[form.role.data],
                shifts=[
                    (
                        staff_text.format_span(shift.during, at, locale),
                        staff_text.format_time_left(shift.during.end - shift.during.start),
                        shift.person_id and names[shift.person_id],
                    )
                    for shift in slots
                ],
                count=len(proposal.changes),
                workloads=[
                    (names[load.person_id], load, round(load.duration / timedelta(hours=1), 2))
                    for load in rota_service.measure_fill(proposal)
                ],
            )
        except InvalidRotaChange as error:
            form.refuse(error)
    rota = rota_service.read_rota(at, at)
    return render_page(
        "rota_fill.html",
        form=form,
        roles=[radio_item(*role) for role in rota.role_names.items()],
        everybody="\n".join(person.name for person in rota.active_people()),
    )


@bp.route("/rota/import", methods=["GET", "POST"])
@require_role(Role.ROTA)
def import_() -> AnyResponse:
    """Ask for a spreadsheet, and read back what it would change; save just that if confirmed."""
    form, at, locale = ImportForm(), lookup.now(), lookup.staff_locale()
    if not form.validate_on_submit():
        return _ask_import(form)
    try:
        proposal = rota_service.plan_import(
            form.content, form.add_people.data, form.replace.data, form.name
        )
        rota, difference, sheet = proposal.rota, proposal.difference, proposal.sheet
        if sheet is None or difference.is_empty:
            return redirect(url_for("rota.show", known=difference.unchanged))
        replaced = without_begun_starts(proposal.changes, at) if form.replace.data else ()
        lines = RotaText(rota, at).difference(difference)
        return _save_or_read_back(
            proposal,
            form,
            (form.content, form.add_people.data, sheet, rota.revision, replaced),
            "rota_import_check.html",
            replaces=form.replace.data,
            roles=join_words([rota.role_names[role_id] for role_id in sheet.role_ids], locale),
            period=staff_text.format_span(sheet.period, at, locale),
            counts=[
                ("added", len(difference.added)),
                ("changed", len(difference.changed)),
                ("removed", len(difference.removed)),
                ("as they are", difference.unchanged),
            ],
            lines=lines[:MAX_LINES_SHOWN],
            more_lines=max(0, len(lines) - MAX_LINES_SHOWN),
            new_people=", ".join(proposal.new_people.values()),
        )
    except InvalidSpreadsheet as error:
        return _ask_import(form, error.problems)
    except InvalidRotaChange as error:
        return _ask_import(form, [str(error)])


@bp.get("/rota/import/template.csv")
@require_role(Role.ROTA)
def template() -> Response:
    """Send a spreadsheet to fill in, with this council's roles."""
    content = rota_service.make_template().encode("utf-8-sig")
    disposition = 'attachment; filename="rota-template.csv"'
    return Response(content, mimetype="text/csv", headers={"Content-Disposition": disposition})


@bp.post("/rota/undo/<id:change_id>")
@require_role(Role.ROTA)
def undo(change_id: int) -> AnyResponse:
    """Undo a change, all of it in one step, if the rota is as it was shown; once."""
    with lookup.database().reading() as connection:
        done = rota_store.get_change(connection, change_id).undone_by_change_id
    if done is None:
        newest_id = parse_id(Confirmation().shown.data)
        done = rota_service.undo_change(change_id, current_account().actor, newest_id or 0).id
    return redirect(url_for("rota.show", done=done))


def _duty_form(**defaults: datetime) -> DutyForm:
    """Return what was sent; else a form with what a link says, or with defaults."""
    return DutyForm() if request.method == "POST" else DutyForm(request.args, **defaults)


def _people_to_choose(rota: Rota, nobody: str = "") -> list[tuple[str, str]]:
    people = [(str(person.id), person.name) for person in rota.active_people()]
    return [("", "Choose"), *([(NOBODY, nobody)] if nobody else []), *people]


def _describe_removal(rota: Rota, shift: Shift, cover: Cover | None) -> list[str]:
    person = rota.names[shift.person_id]
    if cover:
        who = f"{rota.names[cover.person_id]} in place of {person}"
        return [f"{who}, {_describe_period(cover.during)}."]
    texts = [_describe_duty(rota, shift.person_id, shift.role_id, shift.during)]
    holders = _holders(rota, shift, shift.during)
    return texts if holders == person else [*texts, f"With covers, on duty: {holders}."]


def _confirm(
    kind: str,
    texts: Sequence[str],
    rota: Rota,
    changes: Sequence[Shift | Cover],
    form: StaffForm,
    summary: str = "",
    cancelled: Sequence[Shift | Cover] = (),
) -> AnyResponse:
    warnings = RotaText(rota, lookup.now()).warnings(changes)
    is_from_now = kind == "swapped"
    meaning = without_begun_starts(changes, lookup.now()) if is_from_now else texts
    title, button = CONFIRMATIONS[kind]
    proposal = Proposal(kind, rota, changes, cancelled, summary, warnings)
    return _save_or_read_back(
        proposal,
        form,
        (meaning, warnings),
        "confirm.html",
        title=title,
        paragraphs=texts,
        button=button,
    )


def _save_or_read_back(
    proposal: Proposal, form: StaffForm, meaning: object, template: str, **page: Any
) -> AnyResponse:
    """Save a change if what it means was confirmed just as it is now; else read it back.

    Whoever confirms what they saw before somebody else changed the rota sees it again. Raise
    InvalidRotaChange.
    """
    confirmation, shown = Confirmation(), digest(meaning)
    if confirmation.shown.data == shown:
        actor, once = current_account().actor, confirmation.once.data
        change = rota_service.save_change(proposal, actor, once)
        start = span_of([*proposal.changes, *proposal.cancelled]).start
        return redirect_to_rota(change, start, proposal.difference.unchanged)
    return render_page(
        template,
        warnings=proposal.warnings[:MAX_PROBLEMS_SHOWN],
        more_warnings=max(0, len(proposal.warnings) - MAX_PROBLEMS_SHOWN),
        hidden=form.hidden(shown),
        has_changed=bool(confirmation.shown.data),
        **page,
    )


def _ask_import(form: ImportForm, problems: Sequence[str] = ()) -> Response:
    if problems:
        form.file.errors = problems[:MAX_PROBLEMS_SHOWN]
    return render_page(
        "rota_import.html",
        form=form,
        more_errors=max(0, len(problems) - MAX_PROBLEMS_SHOWN),
        columns=",".join(spreadsheet.COLUMNS),
        roles=[(role.name.get("en"), role.id) for role in lookup.snapshot().directory.rota],
    )


def _get(shift_id: int) -> tuple[Rota, Shift]:
    with lookup.database().reading() as connection:
        shift = rota_store.get(connection, shift_id)
    rota = rota_service.read_around(shift.during)
    if shift.role_id not in rota.roles:
        raise UnknownShift(f"Shift {shift_id} is in a role that the directory no longer has.")
    return rota, shift


def _chosen_person(field: Field, rota: Rota) -> int:
    ids: dict[str, int] = {str(person.id): person.id for person in rota.active_people()}
    if field.data not in ids:
        raise InvalidRotaChange(field.name, "Choose a person.")
    return ids[field.data]


def _chosen_person_or_nobody(field: Field, rota: Rota) -> int | None:
    return None if field.data == NOBODY else _chosen_person(field, rota)


def _chosen_cover(cover_id: str, rota: Rota, shift: Shift) -> Cover | None:
    covers = {str(cover.id): cover for cover in rota.covers if cover.shift_id == shift.id}
    if cover_id and cover_id not in covers:
        raise UnknownShift("This shift has no such cover, or it was removed.")
    return covers[cover_id] if cover_id else None


def _describe_duty(rota: Rota, person_id: int | None, role_id: str, during: Span) -> str:
    return f"{rota.names[person_id]}: {rota.role_names[role_id]}, {_describe_period(during)}."


def _holders(rota: Rota, shift: Shift, during: Span) -> str:
    """Return who has a shift in some part of it, covers applied: "Amara Owusu and Ben Hughes"."""
    names = [rota.names[person_id] for person_id in rota.holders(shift.id, during)]
    return join_words(names, lookup.staff_locale())


def _describe_period(during: Span) -> str:
    """Return a period in full, with its length: it is read back to whoever typed it."""
    locale, at = lookup.staff_locale(), lookup.now()
    start, end = (format_datetime(edge, locale, at) for edge in (during.start, during.end))
    return f"from {start} until {end} ({staff_text.format_time_left(during.end - during.start)})"
