"""On duty now: where calls go, until when, what then, and everything that somebody should know."""

from flask import Response

from routing import enquiry, rota_service, status
from routing.staff import view
from routing.staff.access import part
from routing.staff.pages import page
from routing.staff.rota import on_duty

bp = part("now")


@bp.get("")
def now() -> Response:
    """Show where every service's calls go, the diverts, the warnings and the next handovers."""
    at = enquiry.now()
    with enquiry.database().reading() as connection:
        found = rota_service.ahead(connection, at)
    return page(
        "now.html",
        duties=view.duties(at),
        people=on_duty(found, at),
        warnings=status.warnings(),
    )
