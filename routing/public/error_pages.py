"""The page for every HTTP error: whatever went wrong, it has every public number."""

from flask import Response, current_app
from markupsafe import Markup

from routing import concurrency, lookup
from routing.concurrency import RequestKind
from routing.core.directory import Directory, Helpline, Line, SpecialDay
from routing.formats import printed
from routing.snapshot import Snapshot
from routing.text.locale import N_

EXIT_URL = "https://www.bbc.co.uk/weather"
"""Where "Exit this page" leads: GOV.UK's default, which says nothing about its reader."""

CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src {printed.STYLE_SOURCE}; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


def error_page(status: int) -> Response:
    """Return the page for an HTTP error: every public number and its hours, and no other file.

    What broke a page may have broken templates too: then a plain list of the numbers stands in.
    Before any directory was loaded that list has 999 alone. The page grows with the directory, so
    it takes a place among such requests, and is refused where there is none.
    """
    if not concurrency.acquire(RequestKind.LISTING):
        return concurrency.refusal(RequestKind.LISTING, status)
    title = _title(status)
    try:
        locale = lookup.locale()
        body = printed.printed_page(
            lookup.snapshot(),
            lookup.now(),
            printed.DEFAULT_WEEKS,
            locale,
            rehearsal=lookup.is_rehearsal(),
            title=locale.translate(title),
            exit_url=EXIT_URL,
        )
    except Exception:
        current_app.logger.exception("cannot render the error page: a plain one stands in")
        body = _plain_page(title)
    response = Response(body, status, mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response


def _title(status: int) -> str:
    if status == 404:
        return N_("Page not found")
    if status < 500:
        return N_("Sorry, there is a problem with this request")
    return N_("Sorry, there is a problem with this page")


def _plain_page(title: str) -> str:
    """Return a page made without templates, in the directory's first language."""
    snapshot: Snapshot | None = current_app.extensions["snapshot_loader"].snapshot
    return Markup(
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<title>{title}</title><h1>{title}</h1>"
        '<p>If a child is in immediate danger, call <a href="tel:999">999</a>.</p>{numbers}</html>'
    ).format(title=title, numbers=_plain_numbers(snapshot.directory) if snapshot else "")


def _plain_numbers(directory: Directory) -> Markup:
    language = directory.languages[0]
    numbers = [
        (service.name, service.number, "at all hours")
        for service in directory.services
        if service.number is not None
    ]
    contacts: list[Line | Helpline] = [line for line in directory.lines if not line.internal]
    for contact in (*contacts, *directory.helplines):
        numbers.append((contact.name, contact.phone, _plain_hours(contact)))
    items = (
        Markup('<li>{}: <a href="tel:{}">{}</a> ({})</li>').format(
            name.get(language), phone.e164, phone.display, hours
        )
        for name, phone, hours in numbers
    )
    return Markup("<p>These are all our numbers and their hours.</p><ul>{}</ul>").format(
        Markup("").join(items)
    )


def _plain_hours(contact: Line | Helpline) -> str:
    """Return hours as the directory writes them, and when another number holds."""
    parts = [" ".join(filter(None, pair)) for pair in contact.hours.as_written]
    if isinstance(contact, Line):
        parts += [
            f"{_plain_dates(day)} call {day.phone.display}"
            for day in contact.special_days
            if day.phone is not None
        ]
    return "; ".join(parts)


def _plain_dates(special_day: SpecialDay) -> str:
    """Return a special day's dates as the directory writes them."""
    limits = (("from", special_day.first), ("to", special_day.last))
    parts = [f"{word} {day}" for word, day in limits if day is not None]
    if special_day.recurrence is not None:
        parts.insert(0, f"every {special_day.recurrence.as_written}")
    return " ".join(parts)
