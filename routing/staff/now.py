"""On duty now: where calls go, until when, what then, and everything that somebody should know."""

from flask import Response

from routing import enquiry, status
from routing.staff import view
from routing.staff.access import part
from routing.staff.pages import page

bp = part("now")


@bp.get("")
def now() -> Response:
    """Show where every service's calls go, the diverts, the warnings and the next handovers."""
    at = enquiry.now()
    return page("now.html", duties=view.duties(at), warnings=status.warnings())
