"""The frame of every staff page: navigation, and the diverts in force above everything else."""

import re
from typing import Any

from flask import Response, current_app, g, make_response, render_template, request, url_for
from markupsafe import Markup

from routing import lookup
from routing.config import VERSION
from routing.responses import bundle_url
from routing.staff.forms import StaffForm
from routing.store.accounts import Account, Role
from routing.text.dates import format_datetime

NAVIGATION = (
    ("now.show", "On duty now"),
    ("rota.show", "Rota"),
    ("my_shifts.show", "My shifts"),
    ("diverts.index", "Diverts"),
    ("calls.show", "Calls"),
    ("now.preview", "Preview"),
    ("audit.show", "Changes"),
)
ADMIN_NAVIGATION = (("accounts.index", "Accounts"),)
ROTA_PAGES = (
    ("rota.show", "On duty"),
    ("rota.gaps", "Gaps and clashes"),
    ("rota.bank_holidays", "Bank holidays"),
    ("my_shifts.show", "My shifts and calendars"),
)
ROTA_EDITOR_PAGES = (
    ("rota_shifts.new", "Add a shift"),
    ("rota_shifts.absence", "Somebody is away"),
    ("rota_fill.fill", "Fill"),
    ("rota_fill.import_", "Import"),
    ("rota_people.index", "People"),
)


def render_page(
    template: str, *, status: int = 200, form: StaffForm | None = None, **values: Any
) -> Response:
    """Return a staff page. A form with errors makes it a 400 unless ``status`` says otherwise."""
    account: Account | None = g.get("account")
    has_errors = form is not None and bool(form.errors)
    may_rota = account is not None and account.may(Role.ROTA)
    body = render_template(
        f"staff/{template}",
        council=lookup.snapshot().directory.council.name.get("en"),
        language="en",
        asset=bundle_url,
        rehearsing=lookup.is_rehearsal(),
        account=account,
        version=VERSION,
        may_divert=account is not None and account.may(Role.DIVERT),
        may_rota=may_rota,
        navigation=_navigation(account) if account else [],
        rota_pages=ROTA_PAGES + (ROTA_EDITOR_PAGES if may_rota else ()),
        help=current_app.config["STAFF_HELP"],
        now=format_datetime(lookup.now(), lookup.staff_locale()),
        form=form,
        has_errors=has_errors,
        **values,
    )
    # Never compressed: by its length a page would betray its form token (BREACH).
    return make_response(body, 400 if has_errors and status == 200 else status)


def render_message(status: int, title: str, *paragraphs: str) -> Response:
    """Return a page that only says something."""
    return render_page("message.html", status=status, title=title, paragraphs=paragraphs)


def radio_item(value: str, text: str, hint: str = "") -> dict[str, Any]:
    """Return an item for GOV.UK's radio buttons."""
    return {"value": value, "text": text, "hint": {"text": hint} if hint else None}


def upfirst(text: str) -> str:
    """Return text with a capital first letter, for a template."""
    return text[:1].upper() + text[1:]


def mark_commands(text: str) -> Markup:
    """Return text as HTML, with what stands between backticks as code, for a template."""
    parts = re.split(r"`([^`]+)`", text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else part
        for number, part in enumerate(parts)
    )


def _navigation(account: Account) -> list[dict[str, Any]]:
    """Return the links for GOV.UK's service navigation.

    "Rota" is marked as the section of the pages in ``rota_shifts`` and the other rota blueprints.
    """
    links = []
    for endpoint, text in NAVIGATION + (ADMIN_NAVIGATION if account.may(Role.ADMIN) else ()):
        section, _, _ = endpoint.partition(".")
        is_current = request.endpoint == endpoint
        is_below = f"{request.blueprint}_".startswith(f"{section}_") and not is_current
        links.append(
            {"href": url_for(endpoint), "text": text, "current": is_current, "active": is_below}
        )
    return links
