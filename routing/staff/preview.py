"""Any other time: what every service would answer, and why."""

from datetime import datetime
from functools import partial

from flask import Response, request

from routing import lookup
from routing.core.answer import HORIZON
from routing.core.decision import decide, dial_order
from routing.staff import context
from routing.staff.auth import staff_blueprint
from routing.staff.forms import PreviewForm
from routing.staff.layout import render_page
from routing.store import diverts
from routing.store.diverts import DivertRow
from routing.telephony import call_preview
from routing.text import sentences, staff_text
from routing.text.dates import format_datetime

bp = staff_blueprint("preview")


@bp.get("/preview")
def preview() -> Response:
    """Show what every service would answer at ``?at=``, or at a date and time, with the reasons."""
    form, at = PreviewForm(request.args), lookup.now()
    if form.is_filled_in and form.validate():
        at = form.at.data
    with lookup.database().reading() as connection:
        stored = diverts.overlapping(connection, at, at + HORIZON)
    local = at.astimezone(lookup.staff_locale().zone)
    return render_page(
        "preview.html",
        status=400 if form.errors else 200,
        asked=f"{format_datetime(at, lookup.staff_locale())} {local.year}",
        error=form.errors,
        form=form if form.errors else PreviewForm(None, at=at),
        services=[] if form.errors else _services(at, stored),
    )


def _services(at: datetime, stored: tuple[DivertRow, ...]) -> list[dict[str, object]]:
    facts, locale = lookup.snapshot(), lookup.staff_locale()
    counted, internal_numbers = lookup.active_diverts(stored), context.sees_internal_numbers()
    services: list[dict[str, object]] = []
    for service in facts.directory.services:
        decision = decide(facts.timetables, service.id, at, counted)
        current = [x for x in stored if x.service == service.id and at in x.during]
        effects = [f"Divert {x.id} {_standing(x, at, tuple(stored))}" for x in current]
        services.append(
            {
                "name": service.name.get("en"),
                "said": staff_text.calls_go_to(decision, at, locale, internal_numbers),
                "public": sentences.reason_sentence(decision, at, locale, facts.holidays.dates),
                "diverts": effects or ["No divert is in force then."],
                "lines": staff_text.explain_lines(
                    service, at, facts.timetables, locale, internal_numbers
                ),
                "to_try": [
                    staff_text.line_with_number(answer.line, answer.phone, internal_numbers)
                    for answer in dial_order(facts.timetables, decision, at)
                ],
                "heard": call_preview.steps(
                    facts.timetables,
                    at,
                    partial(decide, facts.timetables, service.id, diverts=counted),
                    {x.number.e164 for x in facts.directory.services if x.number},
                    locale,
                    internal_numbers,
                ),
            }
        )
    return services


def _standing(divert: DivertRow, at: datetime, stored: tuple[DivertRow, ...]) -> str:
    shown = next(row for row in context.diverts(at, stored) if row.id == divert.id)
    if shown.in_force:
        return f"is in force: calls go to {shown.line} {shown.when}."
    return f"has no effect. {shown.trouble}"
