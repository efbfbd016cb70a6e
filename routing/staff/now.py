"""Where calls go: on duty now with what there is to do, and the preview of any other time."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from math import ceil

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import health, lookup, rota_service
from routing.conditions import SETUP_STEPS, Audience, Condition, Severity
from routing.core.decision import HORIZON, Timetables, decide
from routing.core.directory import Service, send_digits
from routing.staff.auth import current_account, render_page, require_role, staff_blueprint
from routing.staff.diverts import divert_views
from routing.staff.forms import PreviewForm
from routing.staff.rota import roles_on_duty
from routing.store import diverts, setup_steps
from routing.store.accounts import Role
from routing.store.diverts import DivertRow
from routing.telephony.call_flow import TWILIO_EXTRA_RING, DecideAt, Dial, unanswered_call
from routing.telephony.twiml import SPEECH_CHARACTERS_PER_SECOND, spoken_words
from routing.text import sentences, staff_text
from routing.text.dates import format_datetime
from routing.text.locale import Locale, get_locale

bp = staff_blueprint("now")


@bp.get("")
def show() -> Response:
    """Show where every service's calls go, people on duty and what to do."""
    at, locale, facts = lookup.now(), lookup.staff_locale(), lookup.snapshot()
    may_see_internal = current_account().may(Role.DIVERT)
    with lookup.database().reading() as connection:
        rota = rota_service.load_upcoming(connection, at)
        unneeded = setup_steps.unneeded(connection)
    conditions = health.conditions(rota)
    if not may_see_internal:
        conditions = tuple(c for c in conditions if not c.quotes_directory)
    steps, of_setup = [], set[Condition]()  # a step is done once it has no conditions
    for step, (title, codes) in SETUP_STEPS.items():
        if step != "rota" or facts.directory.rota:
            open_conditions = [condition for condition in conditions if condition.code in codes]
            of_setup.update(open_conditions)
            steps.append((step, title, step not in unneeded, open_conditions))
    return render_page(
        "now.html",
        services=[
            (
                service.name.get("en"),
                lookup.who_to_call(service.id, at).reason.code.value,
                staff_text.calls_go_to(
                    facts.timetables, service.id, lookup.diverts(), at, locale, may_see_internal
                ),
            )
            for service in facts.directory.services
        ],
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


@bp.get("/preview")
def preview() -> Response:
    """Show what every service answers at ``?at=``, or at a date and time, with the reasons."""
    form, at, locale = PreviewForm(request.args), lookup.now(), lookup.staff_locale()
    if "at" in request.args or form.at.parts["time"].strip():
        if not form.validate():
            return render_page("preview.html", form=form, services=[])
        at = form.at.data
    with lookup.database().reading() as connection:
        rows = diverts.overlapping(connection, at, at + HORIZON)
    return render_page(
        "preview.html",
        form=PreviewForm(None, at=at),
        when=format_datetime(at, locale, with_year=True),
        services=[
            _preview_service(service, at, rows) for service in lookup.snapshot().directory.services
        ],
    )


def _preview_service(
    service: Service, at: datetime, rows: Sequence[DivertRow]
) -> dict[str, object]:
    facts, locale = lookup.snapshot(), lookup.staff_locale()
    timetables, internal_numbers = facts.timetables, current_account().may(Role.DIVERT)
    active = lookup.active_diverts(rows)
    decision = decide(timetables, service.id, at, active)
    caller_hears, call_steps = preview_call(
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
        if view.state == "in force"
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
        "caller_hears": caller_hears,
        "call_steps": call_steps,
    }


def preview_call(
    timetables: Timetables,
    at: datetime,
    decide_at: DecideAt,
    excluded_numbers: Collection[str],
    locale: Locale,
    internal_numbers: bool,
) -> tuple[list[str], list[str]]:
    """Describe a call that begins at ``at`` and that nobody answers, in two lists of sentences.

    The first is what the caller hears, each sentence with the minutes and seconds since the call
    began, speech in every language included; the second is how that is done. Without
    ``internal_numbers`` an internal line is named without its number.
    """
    hears, how, seconds = list[str](), list[str](), 0
    for when, step in unanswered_call(timetables, at, decide_at, excluded_numbers):
        say = partial(spoken_words, step, decide_at(when), when, timetables, excluded_numbers)
        words, time = say(locale), f"{seconds // 60}:{seconds % 60:02}"
        if not isinstance(step, Dial):
            hears.append(f"{time} “{words}” Twice, and the call ends.")
            break
        if words:
            hears.append(f"{time} “{words}”")
            languages = timetables.directory.languages
            texts = {say(get_locale(language, locale.zone)) for language in languages}
            characters = sum(len(text) for text in texts if text)
            seconds += ceil(characters / SPEECH_CHARACTERS_PER_SECOND)
            time = f"{seconds // 60}:{seconds % 60:02}"
        ringing = step.seconds + TWILIO_EXTRA_RING.seconds
        hears.append(f"{time} Ringing, for {staff_text.format_duration(ringing)} at most.")
        how.append(f"{time} {_ringing(step, internal_numbers)}")
        seconds += ringing
    return hears, how


def _ringing(step: Dial, internal_numbers: bool) -> str:
    line = staff_text.line_with_number(step.line, step.phone, internal_numbers)
    sentence = f"{line} rings for {step.seconds} seconds, and {TWILIO_EXTRA_RING.seconds} that "
    sentence += "Twilio adds."
    if digits := send_digits(step.line, step.phone):
        sentence += f" Once it answers, {digits} is pressed (w waits for half a second)."
    if step.line.press_1_to_accept:
        sentence += " Whoever picks up must press 1: a voicemail does not count."
    return sentence
