"""Any other time: what every service would answer, and why."""

from datetime import datetime
from functools import partial

from flask import Response, request

from routing import enquiry
from routing.core import decision as core
from routing.formats import heard
from routing.staff import view
from routing.staff.access import part
from routing.staff.forms import PreviewForm
from routing.staff.pages import page
from routing.storage import diverts
from routing.storage.diverts import Stored
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
        stored = diverts.overlapping(connection, at, at + core.HORIZON)
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
    counted = enquiry.in_use(stored)
    found: list[dict[str, object]] = []
    for service in facts.directory.services:
        decision = core.decide(facts.timetables, service.id, at, counted)
        mine = [x for x in stored if x.service == service.id and at in x.during]
        said = [f"Divert {x.id} {_standing(x, at, tuple(stored))}" for x in mine]
        found.append(
            {
                "name": service.name.in_("en"),
                "said": duty.now(decision, at, voice),
                "public": sentences.why(decision, at, voice, facts.holidays.dates),
                "diverts": said or ["No divert is in force then."],
                "lines": reasons.chain(service, at, facts.timetables, voice),
                "to_try": [
                    f"{each.line.name.in_('en')} on {each.phone.display}"
                    for each in core.to_try(facts.timetables, decision, at)
                ],
                "heard": heard.steps(
                    facts.timetables,
                    at,
                    partial(core.decide, facts.timetables, service.id, diverts=counted),
                    {x.number.e164 for x in facts.directory.services if x.number},
                    voice,
                ),
            }
        )
    return found


def _standing(found: Stored, at: datetime, stored: tuple[Stored, ...]) -> str:
    shown = next(each for each in view.diverts(at, stored) if each.id == found.id)
    if shown.in_force:
        return f"is in force: calls go to {shown.line} {shown.when}."
    return f"has no effect. {shown.trouble}"
