"""Any other time: what every service would answer, and why."""

from datetime import datetime
from functools import partial

from flask import Response, request

from routing import enquiry
from routing.core.answer import HORIZON
from routing.core.decision import decide, to_try
from routing.staff import view
from routing.staff.access import part
from routing.staff.forms import PreviewForm
from routing.staff.pages import page
from routing.storage import diverts
from routing.storage.diverts import Stored
from routing.telephony import call_preview
from routing.wording import duty, reasons, sentences
from routing.wording.times import moment

bp = part("preview")


@bp.get("/preview")
def preview() -> Response:
    """Show what every service would answer at ``?at=``, or at a date and time, with the reasons."""
    form, at = PreviewForm(request.args), enquiry.now()
    if form.is_filled_in and form.validate():
        at = form.at.data
    with enquiry.database().reading() as connection:
        stored = diverts.overlapping(connection, at, at + HORIZON)
    local = at.astimezone(enquiry.staff_voice().zone)
    return page(
        "preview.html",
        status=400 if form.errors else 200,
        asked=f"{moment(at, enquiry.staff_voice())} {local.year}",
        error=form.errors,
        form=form if form.errors else PreviewForm(None, at=at),
        services=[] if form.errors else _services(at, stored),
    )


def _services(at: datetime, stored: tuple[Stored, ...]) -> list[dict[str, object]]:
    facts, voice = enquiry.facts(), enquiry.staff_voice()
    counted, internal_numbers = enquiry.in_use(stored), view.sees_internal_numbers()
    services: list[dict[str, object]] = []
    for service in facts.directory.services:
        decision = decide(facts.timetables, service.id, at, counted)
        current = [x for x in stored if x.service == service.id and at in x.during]
        effects = [f"Divert {x.id} {_standing(x, at, tuple(stored))}" for x in current]
        services.append(
            {
                "name": service.name.in_("en"),
                "said": duty.now(decision, at, voice, internal_numbers),
                "public": sentences.why(decision, at, voice, facts.holidays.dates),
                "diverts": effects or ["No divert is in force then."],
                "lines": reasons.chain(service, at, facts.timetables, voice, internal_numbers),
                "to_try": [
                    duty.numbered(answer.line, answer.phone, internal_numbers)
                    for answer in to_try(facts.timetables, decision, at)
                ],
                "heard": call_preview.steps(
                    facts.timetables,
                    at,
                    partial(decide, facts.timetables, service.id, diverts=counted),
                    {x.number.e164 for x in facts.directory.services if x.number},
                    voice,
                    internal_numbers,
                ),
            }
        )
    return services


def _standing(divert: Stored, at: datetime, stored: tuple[Stored, ...]) -> str:
    shown = next(row for row in view.diverts(at, stored) if row.id == divert.id)
    if shown.in_force:
        return f"is in force: calls go to {shown.line} {shown.when}."
    return f"has no effect. {shown.trouble}"
