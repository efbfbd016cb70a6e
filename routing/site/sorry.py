"""The pages for what cannot be shown: each has every public number all the same."""

from flask import Response

from routing import concurrency, enquiry
from routing.concurrency import Kind
from routing.formats import printed
from routing.wording.voice import N_

EXIT_URL = "https://www.bbc.co.uk/weather"
"""Where "Exit this page" leads: GOV.UK's default, which says nothing of whoever opens it."""


def not_found() -> Response:
    """Return the page for an address that there is not, with every public number."""
    return _error(404, N_("Page not found"))


def refused(status: int) -> Response:
    """Return the page for a request that makes no sense, with every public number."""
    return _error(status, N_("Sorry, this page cannot be asked for like that"))


def fault() -> Response:
    """Return the page for a fault of ours, with every public number."""
    return _error(500, N_("Sorry, there is a problem with this page"))


def _error(status: int, title: str) -> Response:
    """Return a page that needs no other file: what broke one page may have broken those too.

    It has every number, so it takes its place among the pages that grow with the directory.
    """
    if not concurrency.start(Kind.LISTING):
        return concurrency.refusal(Kind.LISTING, status)
    facts, voice = enquiry.facts(), enquiry.voice()
    title = voice.say(title)
    body = printed.page(
        facts,
        enquiry.now(),
        printed.WEEKS,
        voice,
        rehearsing=enquiry.rehearsing(),
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
