"""Preview: what every service would answer at any other time, and why."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from flask import Response, request

from routing import lookup
from routing.core.answer import HORIZON
from routing.core.decision import decide, dial_order
from routing.core.directory import Service
from routing.staff.auth import staff_blueprint
from routing.staff.divert_display import DivertView, divert_views, may_see_internal_numbers
from routing.staff.forms import PreviewForm
from routing.staff.layout import render_page
from routing.store import diverts
from routing.store.diverts import DivertRow
from routing.telephony import call_preview
from routing.text import sentences, staff_text
from routing.text.dates import format_datetime

bp = staff_blueprint("preview")


@bp.get("/preview")
def show() -> Response:
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
        services=[_preview(service, at, rows) for service in lookup.snapshot().directory.services],
    )


def _preview(service: Service, at: datetime, rows: Sequence[DivertRow]) -> dict[str, object]:
    """Return what a service answers at ``at`` by the diverts as they are stored now."""
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
    effects = [_effect(view) for view in reversed(divert_views(rows, at)) if view.id in current_ids]
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


def _effect(divert: DivertView) -> str:
    if divert.in_force:
        return f"Divert {divert.id} is in force: calls go to {divert.line} {divert.when}."
    return f"Divert {divert.id} has no effect. {divert.trouble}"
