"""On duty now: where calls go, until when, what then, and what there is to do."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from flask import Response, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import health, lookup, rota_service
from routing.core.answer import ReasonCode
from routing.core.decision import handovers
from routing.core.directory import Service
from routing.health import Audience, Condition, Severity
from routing.staff.auth import require_role, staff_blueprint
from routing.staff.divert_display import may_see_internal_numbers
from routing.staff.forms import SetupStepForm
from routing.staff.layout import render_page
from routing.staff.rota import roles_on_duty
from routing.staff.session import current_account
from routing.store import small_tables
from routing.store.accounts import Role
from routing.text import staff_text

bp = staff_blueprint("now")

MAX_HANDOVERS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """Where a service's calls go now, and the next handovers, in sentences."""

    name: str
    summary: str
    reason_code: str
    handovers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetupStep:
    """A step of setting the service up. It is done once it has no conditions."""

    id: str
    title: str
    conditions: list[Condition]
    is_needed: bool


@bp.get("")
def show() -> Response:
    """Show where every service's calls go, the next handovers, people on duty and what to do."""
    at = lookup.now()
    with lookup.database().reading() as connection:
        rota = rota_service.load_upcoming(connection, at)
        unneeded = small_tables.unneeded_setup_steps(connection)
    conditions = health.conditions(rota)
    if not may_see_internal_numbers():
        conditions = tuple(c for c in conditions if not c.quotes_directory)
    steps = [
        SetupStep(
            step,
            title,
            [condition for condition in conditions if condition.code in codes],
            step not in unneeded,
        )
        for step, (title, codes) in health.SETUP_STEPS.items()
        if step != "rota" or lookup.snapshot().directory.rota
    ]
    of_setup = {condition for step in steps for condition in step.conditions}
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
        count_needed=sum(step.is_needed for step in steps),
        count_done=sum(step.is_needed and not step.conditions for step in steps),
    )


@bp.post("/setup")
@require_role(Role.ADMIN)
def set_step() -> AnyResponse:
    """Say that a step of setting up is not needed here, or is after all."""
    form = SetupStepForm()
    if form.step.data in health.SETUP_STEPS:
        step, is_needed, actor = form.step.data, form.needed.data, current_account().actor
        with lookup.database().writing() as connection:
            small_tables.set_setup_step_needed(connection, step, is_needed, lookup.now(), actor)
    return redirect(url_for("now.show", _anchor="setting-up"))


def _status(service: Service, at: datetime) -> ServiceStatus:
    decision, internal_numbers = lookup.who_to_call(service.id, at), may_see_internal_numbers()
    locale = lookup.staff_locale()
    timetables, diverts = lookup.snapshot().timetables, lookup.diverts()
    upcoming = islice(handovers(timetables, service.id, at, diverts), MAX_HANDOVERS_SHOWN)
    return ServiceStatus(
        service.name.get("en"),
        staff_text.calls_go_to(timetables, service.id, diverts, at, locale, internal_numbers),
        decision.reason.code.value,
        tuple(
            f"{staff_text.format_relative(start, at, locale)}: "
            f"{staff_text.line_with_number(answer.line, answer.phone, internal_numbers)}"
            f"{' (diverted)' if answer.reason.code is ReasonCode.DIVERT else ''}"
            for start, answer in upcoming
        ),
    )
