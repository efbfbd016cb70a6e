"""How a staff page is shown: the same frame, the diverts in force above everything else."""

from typing import Any

from flask import Response, g, make_response, render_template

from routing import lookup, static_files
from routing.staff import context
from routing.store.accounts import Role

NAVIGATION = (
    ("now.now", "On duty now"),
    ("rota.shown", "Rota"),
    ("mine.mine", "My shifts"),
    ("diverts.listed", "Diverts"),
    ("calls.counted", "Calls"),
    ("preview.preview", "Preview"),
)
AUDIT_PAGE = ("changes.record", "Changes")


def render_page(
    template: str, status: int = 200, signed_in: bool = True, **values: Any
) -> Response:
    """Return a page. Without ``signed_in`` it is shown as to somebody who has not signed in."""
    person = g.get("person") if signed_in else None
    at = lookup.now()
    body = render_template(
        f"staff/{template}",
        directory=lookup.snapshot().directory,
        language="en",
        asset=static_files.url,
        rehearsing=lookup.is_rehearsal(),
        person=person,
        may_divert=person is not None and person.may(Role.DIVERT),
        may_rota=person is not None and person.may(Role.ROTA),
        pages=(*NAVIGATION, AUDIT_PAGE) if person else (),
        in_force=[each for each in context.diverts(at) if each.in_force] if person else [],
        at=context.instant(at),
        **values,
    )
    # Never compressed: by its length a page would betray its form token (BREACH).
    return make_response(body, status)
