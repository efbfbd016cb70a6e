"""How a staff page is shown: the same frame, the diverts in force above everything else."""

from typing import Any

from flask import Response, g, make_response, render_template

from routing import assets, enquiry
from routing.staff import view
from routing.storage.accounts import Role

PAGES = (
    ("now.now", "On duty now"),
    ("rota.shown", "Rota"),
    ("mine.mine", "My shifts"),
    ("diverts.listed", "Diverts"),
    ("calls.counted", "Calls"),
    ("preview.preview", "Preview"),
)
RECORD = ("changes.record", "Changes")


def page(template: str, status: int = 200, signed_in: bool = True, **values: Any) -> Response:
    """Return a page. Without ``signed_in`` it is shown as to somebody who has not signed in."""
    person = g.get("person") if signed_in else None
    at = enquiry.now()
    body = render_template(
        f"staff/{template}",
        directory=enquiry.facts().directory,
        language="en",
        asset=assets.url,
        rehearsing=enquiry.rehearsing(),
        person=person,
        may_divert=person is not None and person.may(Role.DIVERT),
        may_rota=person is not None and person.may(Role.ROTA),
        pages=(*PAGES, RECORD) if person else (),
        in_force=[each for each in view.diverts(at) if each.in_force] if person else [],
        at=view.instant(at),
        **values,
    )
    # Never compressed: by its length a page would betray its form token (BREACH).
    return make_response(body, status)
