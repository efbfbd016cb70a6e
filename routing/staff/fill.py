"""Fill the rota with people in turn, or from a spreadsheet: shown first, undone in one step."""

from collections.abc import Sequence
from datetime import timedelta

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import lookup, rota_service
from routing.errors import InvalidRotaChange, InvalidSpreadsheet
from routing.rota import descriptions, spreadsheet
from routing.rota.descriptions import RotaText
from routing.rota.roster import Rota, Shift, without_begun_starts
from routing.rota_service import ImportPlan
from routing.staff.auth import (
    current_account,
    radio_item,
    render_page,
    require_role,
    staff_blueprint,
)
from routing.staff.forms import Confirmation, FillForm, ImportForm, digest
from routing.staff.rota import redirect_to_rota, show_saved_change
from routing.store.accounts import Role
from routing.text import staff_text
from routing.text.dates import join_words

bp = staff_blueprint("rota_fill")
bp.before_request(show_saved_change)

MAX_PROBLEMS_SHOWN = 50
MAX_LINES_SHOWN = 500


@bp.route("/rota/fill", methods=["GET", "POST"])
@require_role(Role.ROTA)
def fill() -> AnyResponse:
    """Ask which role to fill, when, and with whom; what a link to a long gap says is filled in.

    Show the shifts that would be added; add just those once they are confirmed.
    """
    form, confirmation = FillForm(request.values), Confirmation()
    if form.validate_on_submit():
        try:
            days = form.first.data, form.last.data
            rota, proposed = rota_service.propose_fill(
                form.role.data, *days, form.names, form.turns, form.times
            )
            added = [shift for shift in proposed if shift.person_id is not None]
            shown = digest(without_begun_starts(added, lookup.now()))
            if not added or confirmation.shown.data != shown:
                hidden = {**form.hidden(shown), "people": ", ".join(form.names)}
                return _check_fill(rota, proposed, added, hidden, bool(confirmation.shown.data))
            actor, once = current_account().actor, confirmation.once.data
            change = rota_service.save_fill(rota, added, actor, once)
            return redirect_to_rota(change, added[0].during.start)
        except InvalidRotaChange as error:
            form.refuse(error)
    at = lookup.now()
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
    form, confirmation = ImportForm(), Confirmation()
    if not form.validate_on_submit():
        return _ask_import(form)
    try:
        plan = rota_service.plan_import(
            form.content, form.add_people.data, form.replace.data, form.name
        )
        shown = _digest_import(form, plan)
        if not plan.difference.is_empty and confirmation.shown.data != shown:
            hidden = form.hidden(shown)
            return _check_import(plan, hidden, bool(confirmation.shown.data))
        actor, once = current_account().actor, confirmation.once.data
        change = rota_service.save_import(plan, actor, once)
    except InvalidSpreadsheet as error:
        return _ask_import(form, error.problems)
    except InvalidRotaChange as error:
        return _ask_import(form, [str(error)])
    done = change.id if change else None
    return redirect(url_for("rota.show", done=done, known=plan.difference.unchanged))


@bp.get("/rota/import/template.csv")
@require_role(Role.ROTA)
def template() -> Response:
    """Send a spreadsheet to fill in, with this council's roles."""
    content = rota_service.make_template().encode("utf-8-sig")
    disposition = 'attachment; filename="rota-template.csv"'
    return Response(content, mimetype="text/csv", headers={"Content-Disposition": disposition})


def _check_fill(
    rota: Rota,
    proposed: Sequence[Shift],
    added: Sequence[Shift],
    hidden: dict[str, str],
    has_changed: bool,
) -> Response:
    at, locale, role_id = lookup.now(), lookup.staff_locale(), proposed[0].role_id
    return render_page(
        "rota_fill_check.html",
        hidden=hidden,
        role_id=role_id,
        role_name=rota.role_names[role_id],
        shifts=[
            (
                staff_text.format_span(shift.during, at, locale),
                staff_text.format_time_left(shift.during.end - shift.during.start),
                shift.person_id and rota.names[shift.person_id],
            )
            for shift in proposed
        ],
        count=len(added),
        workloads=[
            (rota.names[load.person_id], load, round(load.duration / timedelta(hours=1), 2))
            for load in rota_service.measure_fill(rota, added)
        ],
        has_changed=has_changed,
        warnings=RotaText(rota, at).warnings(added),
    )


def _digest_import(form: ImportForm, plan: ImportPlan) -> str:
    """Return what tells the import that was shown from that of another file, or to another rota."""
    shown = form.content, form.add_people.data, plan.sheet, plan.rota.revision
    new_shifts = plan.difference.new_shifts if plan.is_replacement else ()
    return digest(*shown, without_begun_starts(new_shifts, lookup.now()))


def _check_import(plan: ImportPlan, hidden: dict[str, str], has_changed: bool) -> Response:
    at, locale, compared = lookup.now(), lookup.staff_locale(), plan.difference
    lines = RotaText(plan.rota, at).difference(compared)
    roles = [plan.rota.role_names[role_id] for role_id in plan.sheet.role_ids]
    return render_page(
        "rota_import_check.html",
        hidden=hidden,
        replaces=plan.is_replacement,
        roles=join_words(roles, locale),
        period=staff_text.format_span(plan.sheet.period, at, locale),
        counts=[
            ("added", len(compared.added)),
            ("changed", len(compared.changed)),
            ("removed", len(compared.removed)),
            ("as they are", compared.unchanged),
        ],
        lines=lines[:MAX_LINES_SHOWN],
        more_lines=max(0, len(lines) - MAX_LINES_SHOWN),
        new_people=join_words(list(plan.new_people.values()), locale) if plan.new_people else "",
        warnings=plan.warnings[:MAX_PROBLEMS_SHOWN],
        more_warnings=max(0, len(plan.warnings) - MAX_PROBLEMS_SHOWN),
        has_changed=has_changed,
    )


def _ask_import(form: ImportForm, problems: Sequence[str] = ()) -> Response:
    if problems:
        form.file.errors = problems[:MAX_PROBLEMS_SHOWN]
    return render_page(
        "rota_import.html",
        form=form,
        more_errors=max(0, len(problems) - MAX_PROBLEMS_SHOWN),
        columns=",".join(spreadsheet.COLUMNS),
        roles=[(descriptions.role_name(one), one.id) for one in lookup.snapshot().directory.rota],
    )
