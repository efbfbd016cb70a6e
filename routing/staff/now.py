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
        rota = rota_service.ahead(connection, at)
    warnings = status.warnings()
    if not view.sees_internal_numbers():  # a problem of the directory quotes what is in the file
        warnings = tuple(notice for notice in warnings if notice.code != "directory_problem")
    return page(
        "now.html",
        duties=view.duties(at),
        people=on_duty(rota, at),
        warnings=warnings,
    )
