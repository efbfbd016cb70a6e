"""The pages for what cannot be shown: each has every public number all the same."""

from flask import Response, current_app
from markupsafe import Markup, escape

from routing import concurrency, lookup
from routing.concurrency import RequestKind
from routing.core.directory import Helpline, Line, SpecialDay
from routing.formats import printed
from routing.snapshot import Snapshot
from routing.text.locale import N_

EXIT_URL = "https://www.bbc.co.uk/weather"
"""Where "Exit this page" leads: GOV.UK's default, which says nothing of whoever opens it."""


def not_found() -> Response:
    """Return the page for an address that there is not, with every public number."""
    return _error(404, N_("Page not found"))


def client_error(status: int) -> Response:
    """Return the page for a request that makes no sense, with every public number."""
    return _error(status, N_("Sorry, this page cannot be asked for like that"))


def server_error() -> Response:
    """Return the page for a fault of ours, with every public number."""
    return _error(500, N_("Sorry, there is a problem with this page"))


def _error(status: int, title: str) -> Response:
    """Return a page that needs no other file: what broke one page may have broken those too.

    It has every number, so it takes its place among the pages that grow with the directory.
    """
    if not concurrency.acquire(RequestKind.LISTING):
        return concurrency.refusal(RequestKind.LISTING, status)
    facts, locale = lookup.snapshot(), lookup.locale()
    title = locale.translate(title)
    body = printed.printed_page(
        facts,
        lookup.now(),
        printed.DEFAULT_WEEKS,
        locale,
        rehearsing=lookup.is_rehearsal(),
        title=title,
        exit_url=EXIT_URL,
    )
    response = Response(body, status, mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src {printed.STYLE_SOURCE}; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )
    return response


def static_page(status: int = 500) -> Response:
    """Return the page. Before any directory could be loaded it has 999 alone."""
    facts: Snapshot | None = current_app.extensions["sources"].facts
    body = "" if facts is None else _numbers(facts)
    html = Markup(
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<title>Sorry, there is a problem with this page</title>"
        "<h1>Sorry, there is a problem with this page</h1>"
        '<p>If a child is in immediate danger, call <a href="tel:999">999</a>.</p>{}</html>'
    ).format(body)
    return Response(html, status, mimetype="text/html", headers={"Cache-Control": "no-store"})


def _numbers(facts: Snapshot) -> Markup:
    directory = facts.directory
    rows = [
        Markup('<li>{}: <a href="tel:{}">{}</a>, at all hours</li>').format(
            service.name.get(directory.languages[0]), service.number.e164, service.number.display
        )
        for service in directory.services
        if service.number is not None
    ]
    shown: list[Line | Helpline] = [line for line in directory.lines if not line.internal]
    shown += directory.helplines
    rows += [_row(each, directory.languages[0]) for each in shown]
    return Markup("<p>These are all our numbers and their hours.</p><ul>{}</ul>").format(
        Markup("").join(rows)
    )


def _row(found: Line | Helpline, language: str) -> Markup:
    hours = "; ".join(" ".join(filter(None, pair)) for pair in found.hours.as_written)
    hours += "".join(_other_number(each) for each in getattr(found, "special_days", ()))
    return Markup('<li>{}: <a href="tel:{}">{}</a> ({})</li>').format(
        found.name.get(language), found.phone.e164, found.phone.display, escape(hours)
    )


def _other_number(special: SpecialDay) -> str:
    if special.phone is None:
        return ""
    return f"; from {special.first} to {special.last} call {special.phone.display}"
