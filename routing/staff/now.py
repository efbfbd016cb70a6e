"""On duty now: where calls go, until when, what then, and everything that somebody should know."""

from flask import Response

from routing import health, lookup, rota_service
from routing.health import Audience
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
    conditions = health.conditions()
    if not context.sees_internal_numbers():
        conditions = tuple(c for c in conditions if not c.quotes_directory)
    by_audience = {a: [c for c in conditions if c.kind.audience is a] for a in Audience}
    return render_page(
        "now.html",
        duties=context.service_statuses(at),
        people=on_duty(rota, at),
        warnings=by_audience[Audience.STAFF],
        administrator_warnings=by_audience[Audience.ADMINISTRATOR],
    )
