"""The record: who changed what, when, from what to what."""

from flask import Response, request

from routing import enquiry
from routing.staff import names
from routing.staff.access import part
from routing.staff.pages import page
from routing.storage import changes
from routing.wording.times import moment

bp = part("changes")

ON_A_PAGE = 50


@bp.get("/changes")
def record() -> Response:
    """Show the newest entries; ``?before=`` those older than an entry."""
    older = request.args.get("before", "")
    voice = enquiry.staff_voice()
    with enquiry.database().reading() as connection:
        before = int(older) if older.isdecimal() and len(older) < 18 else None
        found = changes.newest(connection, ON_A_PAGE + 1, before)
        who = names.of(connection)
    rows = [
        {
            "id": each.id,
            "at": moment(each.at, voice),
            "who": who(each.actor),
            "what": names.deed(each),
            "changed": names.changed(each, voice, who),
        }
        for each in found[:ON_A_PAGE]
    ]
    more = found[ON_A_PAGE - 1].id if len(found) > ON_A_PAGE else None
    return page("changes.html", rows=rows, more=more, first=before is None)
