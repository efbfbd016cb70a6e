"""On duty now: where calls go, until when, what then, and everything that somebody should know."""

from flask import Response

from routing import health, lookup, rota_service
from routing.staff import context
from routing.staff.auth import staff_blueprint
from routing.staff.layout import render_page
from routing.staff.rota import on_duty

bp = staff_blueprint("now")


@bp.get("")
def now() -> Response:
    """Show where every service's calls go, the diverts, the warnings and the next handovers."""
    at = lookup.now()
    with lookup.database().reading() as connection:
        rota = rota_service.load_upcoming(connection, at)
    warnings = health.conditions()
    if not context.sees_internal_numbers():  # a problem of the directory quotes what is in the file
        warnings = tuple(notice for notice in warnings if notice.code != "directory_problem")
    return render_page(
        "now.html",
        duties=context.service_statuses(at),
        people=on_duty(rota, at),
        warnings=warnings,
    )
