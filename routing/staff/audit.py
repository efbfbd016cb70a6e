"""The record: who changed what, when, from what to what."""

from flask import Response, request

from routing import lookup
from routing.staff import audit_labels
from routing.staff.auth import staff_blueprint
from routing.staff.layout import render_page
from routing.store import audit_log
from routing.text.dates import format_datetime

bp = staff_blueprint("changes")

ON_A_PAGE = 50


@bp.get("/changes")
def record() -> Response:
    """Show the newest entries; ``?before=`` those older than an entry."""
    older = request.args.get("before", "")
    locale = lookup.staff_locale()
    with lookup.database().reading() as connection:
        before = int(older) if older.isdecimal() and len(older) < 18 else None
        found = audit_log.newest(connection, ON_A_PAGE + 1, before)
        who = audit_labels.names_in(connection)
    rows = [
        {
            "id": each.id,
            "at": format_datetime(each.at, locale),
            "who": who(each.actor),
            "what": audit_labels.action_label(each),
            "changed": audit_labels.change_text(each, locale, who),
        }
        for each in found[:ON_A_PAGE]
    ]
    more = found[ON_A_PAGE - 1].id if len(found) > ON_A_PAGE else None
    return render_page("changes.html", rows=rows, more=more, first=before is None)
