"""Where calls go: on duty now with what there is to do, and the preview of any other time."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from itertools import islice

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import health, lookup, rota_service
from routing.conditions import SETUP_STEPS, Audience, Condition, Severity
from routing.core.decision import HORIZON, ReasonCode, decide, dial_order, handovers
from routing.core.directory import Service
from routing.staff.auth import (
    current_account,
    may_see_internal_numbers,
    render_page,
    require_role,
    staff_blueprint,
)
from routing.staff.diverts import divert_views
from routing.staff.forms import PreviewForm
from routing.staff.rota import roles_on_duty
from routing.store import diverts, setup_steps
from routing.store.accounts import Role
from routing.store.diverts import DivertRow
from routing.telephony import call_preview
from routing.text import sentences, staff_text
from routing.text.dates import format_datetime

bp = staff_blueprint("now")

MAX_HANDOVERS_SHOWN = 3


@bp.get("")
def show() -> Response:
    """Show where every service's calls go, the next handovers, people on duty and what to do."""
    at = lookup.now()
    with lookup.database().reading() as connection:
        rota = rota_service.load_upcoming(connection, at)
        unneeded = setup_steps.unneeded(connection)
    conditions = health.conditions(rota)
    if not may_see_internal_numbers():
        conditions = tuple(c for c in conditions if not c.quotes_directory)
    steps, of_setup = [], set[Condition]()  # a step is done once it has no conditions
    for step, (title, codes) in SETUP_STEPS.items():
        if step != "rota" or lookup.snapshot().directory.rota:
            open_conditions = [condition for condition in conditions if condition.code in codes]
            of_setup.update(open_conditions)
            steps.append((step, title, step not in unneeded, open_conditions))
    return render_page(
        "now.html",
        services=[_status(service, at) for service in lookup.snapshot().directory.services],
        roles_on_duty=roles_on_duty(rota, at),
        to_do=[
            condition
            for condition in conditions
            if condition.kind.audience is Audience.STAFF
            and condition.kind.severity is not Severity.INFORMATION
        ],
        administrator_conditions=[
            condition
            for condition in conditions
            if condition.kind.audience is Audience.ADMINISTRATOR and condition not in of_setup
        ],
        is_administrator=current_account().may(Role.ADMIN),
        steps=steps,
        count_needed=sum(is_needed for *_, is_needed, _ in steps),
        count_done=sum(is_needed and not left for *_, is_needed, left in steps),
    )


@bp.post("/setup")
@require_role(Role.ADMIN)
def set_step() -> AnyResponse:
    """Say that a step of setting up is not needed here, or is after all."""
    step, is_needed = request.form.get("step", ""), "needed" in request.form
    if step in SETUP_STEPS:
        actor = current_account().actor
        with lookup.database().writing() as connection:
            setup_steps.set_needed(connection, step, is_needed, lookup.now(), actor)
    return redirect(url_for("now.show", _anchor="setting-up"))


def _status(service: Service, at: datetime) -> dict[str, object]:
    decision, internal_numbers = lookup.who_to_call(service.id, at), may_see_internal_numbers()
    locale = lookup.staff_locale()
    timetables, diverts = lookup.snapshot().timetables, lookup.diverts()
    upcoming = islice(handovers(timetables, service.id, at, diverts), MAX_HANDOVERS_SHOWN)
    return {
        "name": service.name.get("en"),
        "summary": staff_text.calls_go_to(
            timetables, service.id, diverts, at, locale, internal_numbers
        ),
        "reason_code": decision.reason.code.value,
        "handovers": [
            f"{staff_text.format_relative(start, at, locale)}: "
            f"{staff_text.line_with_number(answer.line, answer.phone, internal_numbers)}"
            f"{' (diverted)' if answer.reason.code is ReasonCode.DIVERT else ''}"
            for start, answer in upcoming
        ],
    }


@bp.get("/preview")
def preview() -> Response:
    """Show what every service answers at ``?at=``, or at a date and time, with the reasons."""
    form, at, locale = PreviewForm(request.args), lookup.now(), lookup.staff_locale()
    if form.is_filled_in and not form.validate():
        return render_page("preview.html", form=form, services=[])
    if form.is_filled_in:
        at = form.at.data
    with lookup.database().reading() as connection:
        rows = diverts.overlapping(connection, at, at + HORIZON)
    return render_page(
        "preview.html",
        form=PreviewForm(None, at=at),
        when=f"{format_datetime(at, locale)} {at.astimezone(locale.zone).year}",
        services=[
            _preview_service(service, at, rows) for service in lookup.snapshot().directory.services
        ],
    )


def _preview_service(
    service: Service, at: datetime, rows: Sequence[DivertRow]
) -> dict[str, object]:
    facts, locale = lookup.snapshot(), lookup.staff_locale()
    timetables, internal_numbers = facts.timetables, may_see_internal_numbers()
    active = lookup.active_diverts(rows)
    decision = decide(timetables, service.id, at, active)
    caller_hears, call_steps = call_preview.preview_call(
        timetables,
        at,
        partial(decide, timetables, service.id, diverts=active),
        {other.number.e164 for other in facts.directory.services if other.number},
        locale,
        internal_numbers,
    )
    current_ids = {row.id for row in rows if row.service == service.id and at in row.during}
    effects = [
        f"Divert {view.id} is in force: calls go to {view.line} {view.when}."
        if view.in_force
        else f"Divert {view.id} has no effect. {view.trouble}"
        for view in reversed(divert_views(rows, at))
        if view.id in current_ids
    ]
    return {
        "name": service.name.get("en"),
        "summary": staff_text.calls_go_to(
            timetables, service.id, active, at, locale, internal_numbers
        ),
        "public_sentence": sentences.reason_sentence(decision, at, locale, facts.holidays.dates),
        "diverts": effects or ["No divert is in force then."],
        "lines": staff_text.explain_lines(service, at, timetables, locale, internal_numbers),
        "dial_order": [
            staff_text.line_with_number(answer.line, answer.phone, internal_numbers)
            for answer in dial_order(timetables, decision, at)
        ],
        "caller_hears": caller_hears,
        "call_steps": call_steps,
    }
