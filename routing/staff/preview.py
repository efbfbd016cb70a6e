"""Any other time: what every service would answer, and why."""

from datetime import datetime
from functools import partial

from flask import Response, request

from routing import enquiry, typed
from routing.core import decision as core
from routing.errors import BadTime
from routing.formats import heard
from routing.staff import view
from routing.staff.access import part
from routing.staff.pages import page
from routing.storage import diverts
from routing.storage.diverts import Stored
from routing.wording import duty, reasons, sentences
from routing.wording.times import moment

bp = part("preview")


@bp.get("/preview")
def preview() -> Response:
    """Show what every service would answer at ``?at=``, or at a date and time, with the reasons."""
    refusal, at = "", enquiry.now()
    try:
        at = _instant() or at
    except BadTime as error:
        refusal = str(error)
    with enquiry.database().reading() as connection:
        stored = diverts.overlapping(connection, at, at + core.HORIZON)
    local = at.astimezone(enquiry.staff_voice().zone)
    form = {"day": local.day, "month": local.month, "year": local.year, "time": f"{local:%H:%M}"}
    if refusal:
        form |= {key: request.args.get(key, "") for key in form}
    return page(
        "preview.html",
        status=400 if refusal else 200,
        asked=f"{moment(at, enquiry.staff_voice())} {local.year}",
        refusal=refusal,
        form=form,
        services=[] if refusal else _services(at, stored),
    )


def _instant() -> datetime | None:
    """Return the instant asked about, None for now. Raise BadTime."""
    given, zone = request.args, enquiry.staff_voice().zone
    if given.get("at"):
        return typed.read_local(given["at"], zone)
    if not given.get("time"):
        return None
    day, month, year, time = (given.get(key, "") for key in ("day", "month", "year", "time"))
    return typed.read_parts(day, month, year, time, zone)


def _services(at: datetime, stored: tuple[Stored, ...]) -> list[dict[str, object]]:
    facts, voice = enquiry.facts(), enquiry.staff_voice()
    counted, internal_numbers = enquiry.in_use(stored), view.sees_internal_numbers()
    services: list[dict[str, object]] = []
    for service in facts.directory.services:
        decision = core.decide(facts.timetables, service.id, at, counted)
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
                    for answer in core.to_try(facts.timetables, decision, at)
                ],
                "heard": heard.steps(
                    facts.timetables,
                    at,
                    partial(core.decide, facts.timetables, service.id, diverts=counted),
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
