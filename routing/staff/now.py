"""On duty now: where calls go, until when, what then, and everything that somebody should know."""

from flask import Blueprint, Response

from routing import enquiry, status
from routing.staff import view
from routing.staff.pages import page

bp = Blueprint("now", __name__)


@bp.get("")
def now() -> Response:
    """Show where every service's calls go, the diverts, the warnings and the next handovers."""
    enquiry.read_diverts(max_age=0)
    at = enquiry.now()
    return page("now.html", duties=view.duties(at), warnings=status.warnings())
