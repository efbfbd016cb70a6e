"""The public pages: who to call now, all contacts, this service, and the page for every error."""

import gzip
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, current_app, g, render_template, request, url_for
from markupsafe import Markup

from routing import formats, lookup, middleware
from routing.config import base_url
from routing.core.directory import Directory, Hours, Line, Phone, Text
from routing.errors import UnknownService
from routing.formats import timestamp
from routing.middleware import RequestKind
from routing.public import context
from routing.public.answer_cache import RenderedAnswer, cacheable_response, cached_answer
from routing.public.api import CORS_HEADERS
from routing.responses import BUNDLES, DEFAULT_COLOUR, bundle, bundle_url
from routing.snapshot import LOGO_TYPES, Snapshot
from routing.text.dates import format_coming_special_days, format_datetime
from routing.text.locale import N_
from routing.text.sentences import end_sentence

bp = Blueprint("site", __name__)

WELSH = "cy"
LANGUAGE_NAMES = {"en": "English", WELSH: "Cymraeg"}
HEADING_LEVELS = ("2", "3", "4", "5", "6")
DEFAULT_HEADING_LEVEL = 2
MIN_GZIP_BYTES = 1000

ERROR_PAGE_POLICY = (
    f"default-src 'none'; style-src {formats.STYLE_SOURCE}; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of an error page: its style is in it."""

Values = Callable[[], dict[str, Any]]
"""Returns the values of a template; ``until`` is the next handover, if it may be cached so long."""

_MIME_TYPES = {"css": "text/css", "js": "text/javascript"}


@bp.before_request
def choose_language() -> Response | None:
    """Use the language in ``?lang=``; below /cy/ Welsh, and a 404 if the directory has none."""
    g.language = _requested_language()
    if request.blueprint == WELSH and WELSH not in lookup.snapshot().directory.languages:
        return error_page(404)
    return None


@bp.get("/")
def home() -> Response:
    """Show who to call now about the first service."""
    return service(lookup.first_service_id())


@bp.get("/services/<service>")
def service(service: str) -> Response:
    """Show who to call now about a service."""
    return _service_page("service.html", service)


@bp.get("/services/<service>/professionals")
def professionals(service: str) -> Response:
    """Show people who work with children who to call now, and which forms to send."""
    return _service_page("professionals.html", service)


@bp.get("/services/<service>/now")
def now(service: str) -> Response:
    """Return the live part of a service's page: its script asks each second, and replaces it."""
    return _service_page("now.html", service)


@bp.get("/services/<service>/fragment")
def fragment(service: str) -> Response:
    """Return the answer as HTML for other pages, under a heading of the level in ``?heading=``.

    Its dates are written out in full: it stays true for as long as it is kept.
    """
    at, level = lookup.now(), request.args.get("heading", "")
    heading = int(level) if level in HEADING_LEVELS else DEFAULT_HEADING_LEVEL
    values = partial(_fragment_values, service, at, heading)
    response = cacheable_response(_answer("fragment.html", at, values, heading), at, "text/html")
    response.headers.extend(CORS_HEADERS)
    return response


@bp.get("/contacts")
def contacts() -> Response:
    """List every public line with its hours and whether it is open; ``?q=`` searches them.

    While many search, all lines are listed: that list is rendered once a second for everybody.
    """
    at, query = lookup.now(), request.args.get("q", "").strip()[:100]
    if query and not middleware.acquire(RequestKind.LISTING):
        query = ""
    return _page("contacts.html", at, partial(context.contacts_context, query, at), query)


@bp.get("/accessibility")
def accessibility() -> Response:
    """Show the accessibility statement that the regulations of 2018 require."""
    return _page("accessibility.html", lookup.now())


@bp.get("/privacy")
def privacy() -> Response:
    """Show the privacy notice."""
    settings = current_app.config
    is_malformed = "CALL_RETENTION_DAYS" in settings["MALFORMED_SETTINGS"]  # nothing is deleted
    days = None if is_malformed else settings["CALL_RETENTION_DAYS"]
    return _page("privacy.html", lookup.now(), lambda: {"retention_days": days})


@bp.get("/logo")
def logo() -> Response:
    """Send the council's logo."""
    snapshot = lookup.snapshot()
    if snapshot.logo is None:
        return error_page(404)
    suffix = Path(snapshot.directory.council.logo or "").suffix
    headers = {"Cache-Control": "public, max-age=3600"}
    return Response(snapshot.logo, mimetype=LOGO_TYPES[suffix], headers=headers)


@bp.get("/embed/v1.js")
def embed_script() -> Response:
    """Send the component's script: pages of any website may load it."""
    response = Response(bundle("embed.js"), mimetype=_MIME_TYPES["js"])
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@bp.get("/embed")
def embed() -> Response:
    """Show web editors what to copy into their own pages, with previews. In English."""
    g.language = "en"
    at, service = lookup.now(), request.args.get("service")
    home = base_url(current_app.config, request.url_root)
    values = partial(_fragment_values, service, at, DEFAULT_HEADING_LEVEL, home=home)
    return _page("embed.html", at, values, service, home)


@bp.get("/assets/<address>")
def asset(address: str) -> Response:
    """Send a style sheet or a script, at its address now or that of an older version."""
    stem, suffix = address.partition(".")[0], address.rpartition(".")[2]
    name = f"{stem}.{suffix}"
    if name not in BUNDLES:
        abort(404)
    colour = lookup.snapshot().directory.council.colour
    is_current = bundle_url(name, colour).endswith(address)
    lifetime = "public, max-age=31536000, immutable" if is_current else "no-store"
    headers = {"Cache-Control": lifetime}
    return Response(bundle(name, colour), mimetype=_MIME_TYPES[suffix], headers=headers)


@bp.after_request
def compress(response: Response) -> Response:
    """Compress a page of 1,000 bytes or more: many callers have slow connections.

    Public pages alone: to compress a page with a form token would help to guess the token.
    """
    response.headers["Vary"] = "Accept-Encoding"
    body = response.get_data()
    if request.accept_encodings["gzip"] and len(body) >= MIN_GZIP_BYTES:
        response.set_data(gzip.compress(body, 6, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response


@bp.errorhandler(UnknownService)
def unknown_service(error: UnknownService) -> Response:
    """Show the 404 page, which has every service and number."""
    return error_page(404)


def error_page(status: int) -> Response:
    """Return the page for an HTTP error: every public number and its hours, and no other file.

    What broke a page may have broken templates too: then a plain list of the numbers stands in.
    Before any directory was loaded that list has 999 alone. The page grows with the directory, so
    it takes a place among such requests, and is refused where there is none.
    """
    if not middleware.acquire(RequestKind.LISTING):
        return middleware.refusal(RequestKind.LISTING, status)
    title = N_("Sorry, there is a problem with this request")
    if status == 404:
        title = N_("Page not found")
    elif status >= 500:
        title = N_("Sorry, there is a problem with this page")
    try:
        g.language = _requested_language()
        locale, at, home_url = lookup.locale(), lookup.now(), _page_url("home")

        def render() -> tuple[str, None]:
            return formats.printed_page(at, locale.translate(title), home_url), None

        body = cached_answer((title, home_url, locale.language), at, render).text
    except Exception:
        current_app.logger.exception("cannot render the error page: a plain one stands in")
        body = _plain_page(title)
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": ERROR_PAGE_POLICY}
    return Response(body, status, headers, "text/html")


def _requested_language() -> str | None:
    return WELSH if request.path.startswith(f"/{WELSH}/") else request.args.get("lang")


def _fragment_values(
    service: str | None, at: datetime, heading: int, **more: object
) -> dict[str, Any]:
    return context.service_context(service, at, is_live=False) | {"heading": heading} | more


def _service_page(template: str, service: str) -> Response:
    at = lookup.now()
    return _page(template, at, partial(context.service_context, service, at, is_live=True))


def _page(template: str, at: datetime, values: Values = dict, *key: object) -> Response:
    headers = {"Cache-Control": "no-store", "Content-Language": lookup.locale().language}
    return Response(_answer(template, at, values, *key).text, 200, headers, "text/html")


def _answer(template: str, at: datetime, values: Values, *key: object) -> RenderedAnswer:
    """Render a template for ``at``, which must be now; once a second for a path and ``key``."""
    snapshot, locale = lookup.snapshot(), lookup.locale()
    colour, today = snapshot.directory.council.colour, at.astimezone(locale.zone).date()

    def render() -> tuple[str, datetime | None]:
        shown = {"until": None} | values()
        html = render_template(
            f"public/{template}",
            asset=partial(bundle_url, colour=colour),
            at=at,
            checked=format_datetime(at, locale, with_year=True),
            colour=colour or DEFAULT_COLOUR,
            emergency=end_sentence(snapshot.directory.emergency.get(locale.language)),
            format_special_days=partial(format_coming_special_days, today=today, locale=locale),
            logo=snapshot.logo is not None,
            page_url=_page_url,
            timestamp=partial(timestamp, locale=locale),
            today=today,
            translation=_translation(locale.language),
            **formats.page_values(),
            **shown,
        )
        return html, shown["until"]

    full_key = request.script_root, request.path, locale.language, *key
    return cached_answer(full_key, at, render, f'data-at="{timestamp(at, locale)}"')


def _page_url(endpoint: str, language: str | None = None, **values: Any) -> str:
    """Return the path of a page, in ``language`` or else in the language of this page.

    The directory's first language has the plain path; Welsh as the second is below /cy/.
    """
    language = language or lookup.locale().language
    is_first = language == lookup.snapshot().directory.languages[0]
    if language == WELSH and not is_first:
        return url_for(f"{WELSH}.{endpoint}", **values)
    return url_for(f"site.{endpoint}", **values, lang=None if is_first else language)


def _translation(language: str) -> dict[str, str] | None:
    languages = lookup.snapshot().directory.languages
    other = next((code for code in languages if code != language), None)
    if other is None:
        return None
    endpoint = (request.endpoint or "").partition(".")[2]
    address = _page_url(endpoint, other, **(request.view_args or {}))
    return {"language": other, "name": LANGUAGE_NAMES[other], "address": address}


def _plain_page(title: str) -> str:
    """Return a page made without templates, in the directory's first language."""
    snapshot: Snapshot | None = current_app.extensions["snapshot_loader"].snapshot
    items = []
    if snapshot is not None:
        item, language = (
            Markup('<li>{}: <a href="{}">{}</a> ({})</li>'),
            snapshot.directory.languages[0],
        )
        for name, phone, hours in _plain_numbers(snapshot.directory):
            items.append(item.format(name.get(language), phone.url, phone.display, hours))
    return Markup(
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<title>{title}</title><h1>{title}</h1>"
        '<p>If a child is in immediate danger, call <a href="tel:999">999</a>.</p>'
        "<ul>{items}</ul></html>"
    ).format(title=title, items=Markup("").join(items))


def _plain_numbers(directory: Directory) -> Iterator[tuple[Text, Phone, str]]:
    """Yield the name, number and hours of whatever callers may ring."""
    for service in directory.services:
        if service.number is not None:
            yield service.name, service.number, "at all hours"
    for line in directory.lines:
        if not line.internal:
            yield line.name, line.phone, "; ".join([_plain_hours(line.hours), *_plain_days(line)])
    for helpline in directory.helplines:
        yield helpline.name, helpline.phone, _plain_hours(helpline.hours)


def _plain_hours(hours: Hours) -> str:
    return "; ".join(" ".join(filter(None, pair)) for pair in hours.as_written)


def _plain_days(line: Line) -> Iterator[str]:
    for day in line.special_days:
        if day.phone is not None:
            every = day.recurrence and day.recurrence.as_written
            limits = (("every", every), ("from", day.first), ("to", day.last))
            when = " ".join(f"{word} {value}" for word, value in limits if value)
            yield f"{when} call {day.phone.display}"
