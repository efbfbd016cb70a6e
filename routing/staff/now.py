"""On duty now: where calls go, until when, what then, and every warning."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from flask import Response

from routing import health, lookup, rota_service
from routing.core.answer import ReasonCode
from routing.core.decision import handovers
from routing.core.directory import Service
from routing.health import Audience
from routing.staff.auth import current_account, staff_blueprint
from routing.staff.divert_display import may_see_internal_numbers
from routing.staff.layout import render_page
from routing.staff.rota import roles_on_duty
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


@bp.get("")
def show() -> Response:
    """Show where every service's calls go, the next handovers, people on duty and warnings."""
    at = lookup.now()
    with lookup.database().reading() as connection:
        rota = rota_service.load_upcoming(connection, at)
    conditions = health.conditions()
    if not may_see_internal_numbers():
        conditions = tuple(c for c in conditions if not c.quotes_directory)
    by_audience = {a: [c for c in conditions if c.kind.audience is a] for a in Audience}
    return render_page(
        "now.html",
        services=[_status(service, at) for service in lookup.snapshot().directory.services],
        roles_on_duty=roles_on_duty(rota, at),
        warnings=by_audience[Audience.STAFF],
        administrator_warnings=by_audience[Audience.ADMINISTRATOR],
        is_administrator=current_account().may(Role.ADMIN),
    )


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
