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
from routing.core.directory import Directory, Hours, Line
from routing.errors import UnknownService
from routing.formats import timestamp
from routing.middleware import RequestKind
from routing.public import context
from routing.public.answer_cache import RenderedAnswer, cached_answer, make_cacheable
from routing.public.api import CORS_HEADERS
from routing.responses import BUNDLES, DEFAULT_COLOUR, bundle, bundle_url
from routing.snapshot import LOGO_TYPES, Snapshot
from routing.text.dates import format_date
from routing.text.locale import N_
from routing.text.sentences import end_sentence

bp = Blueprint("site", __name__)

WELSH = "cy"
LANGUAGE_NAMES = {"en": "English", WELSH: "Cymraeg"}
HEADING_LEVELS = ("2", "3", "4", "5", "6")
DEFAULT_HEADING_LEVEL = 2
MIN_GZIP_BYTES = 1000

MAX_OTHER_SERVICES = 20
"""That a service's page links to: with more, it links to the list of contacts, so that it does not
grow with the directory."""

EXIT_URL = "https://www.bbc.co.uk/weather"
"""Where "Exit this page" leads: GOV.UK's default, which says nothing about its reader."""

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
    values = partial(context.service_context, service, at, is_live=False)
    answer = _render_answer("fragment.html", at, lambda: values() | {"heading": heading}, heading)
    response = _html_response(answer.text)
    response.headers.extend(CORS_HEADERS)
    return make_cacheable(response, answer.tag, answer.until, at)


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
    directory, locale = lookup.snapshot().directory, lookup.locale()
    statement = directory.council.accessibility
    values = {
        "statement": statement,
        "prepared_on": format_date(statement.prepared, locale) if statement else None,
        "is_northern_ireland": directory.holiday_rules.division == "northern-ireland",
    }
    return _page("accessibility.html", lookup.now(), lambda: values)


@bp.get("/privacy")
def privacy() -> Response:
    """Show the privacy notice."""
    settings = current_app.config
    is_malformed = "CALL_RETENTION_DAYS" in settings["MALFORMED_SETTINGS"]  # nothing is deleted
    values = {
        "notice": lookup.snapshot().directory.council.privacy,
        "retention_days": None if is_malformed else settings["CALL_RETENTION_DAYS"],
    }
    return _page("privacy.html", lookup.now(), lambda: values)


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
    has_own_address = bool(current_app.config["PUBLIC_BASE_URL"])
    values = {"home": home, "has_own_address": has_own_address, "heading": DEFAULT_HEADING_LEVEL}
    service_values = partial(context.service_context, service, at, is_live=False)
    return _page("embed.html", at, lambda: values | service_values(), service, home)


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
            snapshot, heading = lookup.snapshot(), locale.translate(title)
            links = {"title": heading, "exit_url": EXIT_URL, "home_url": home_url}
            is_rehearsal = lookup.is_rehearsal()
            page = formats.printed_page(snapshot, at, locale, rehearsal=is_rehearsal, **links)
            return page, None

        body = cached_answer((title, home_url, locale.language), at, "", render).text
    except Exception:
        current_app.logger.exception("cannot render the error page: a plain one stands in")
        body = _plain_page(title)
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": ERROR_PAGE_POLICY}
    return Response(body, status, headers, "text/html")


def _requested_language() -> str | None:
    return WELSH if request.path.startswith(f"/{WELSH}/") else request.args.get("lang")


def _service_page(template: str, service: str) -> Response:
    at = lookup.now()
    return _page(template, at, partial(context.service_context, service, at, is_live=True))


def _page(template: str, at: datetime, values: Values, *key: object) -> Response:
    return _html_response(_render_answer(template, at, values, *key).text)


def _render_answer(template: str, at: datetime, values: Values, *key: object) -> RenderedAnswer:
    """Render a template for ``at``, which must be now; once a second for a path and ``key``."""
    locale = lookup.locale()

    def render() -> tuple[str, datetime | None]:
        shown = values()
        return _render(template, **shown), shown.get("until")

    full_key = template, request.script_root, request.path, locale.language, *key
    return cached_answer(full_key, at, f'data-at="{timestamp(at, locale)}"', render)


def _render(template: str, **values: Any) -> str:
    snapshot, locale = lookup.snapshot(), lookup.locale()
    directory = snapshot.directory
    return render_template(
        f"public/{template}",
        asset=partial(bundle_url, colour=directory.council.colour),
        colour=directory.council.colour or DEFAULT_COLOUR,
        emergency=end_sentence(directory.emergency.get(locale.language)),
        exit_url=EXIT_URL,
        first_language=directory.languages[0],
        logo=snapshot.logo is not None,
        max_other_services=MAX_OTHER_SERVICES,
        page_url=_page_url,
        services=directory.services,
        translation=_translation(locale.language),
        **formats.page_values(snapshot, locale, lookup.is_rehearsal()),
        **values,
    )


def _html_response(html: str) -> Response:
    headers = {"Cache-Control": "no-store", "Content-Language": lookup.locale().language}
    return Response(html, mimetype="text/html", headers=headers)


def _page_url(endpoint: str, language: str | None = None, **values: Any) -> str:
    """Return the path of a page, in ``language`` or else in the language of this page.

    The directory's first language has the plain path; Welsh as the second is below /cy/.
    """
    language = language or lookup.locale().language
    if language == lookup.snapshot().directory.languages[0]:
        return url_for(f"site.{endpoint}", **values)
    if language == WELSH:
        return url_for(f"{WELSH}.{endpoint}", **values)
    return url_for(f"site.{endpoint}", **values, lang=language)


def _translation(language: str) -> dict[str, str] | None:
    languages = lookup.snapshot().directory.languages
    other = next((code for code in languages if code != language), None)
    if other is None or request.endpoint is None or request.blueprint not in ("site", WELSH):
        return None
    endpoint = request.endpoint.partition(".")[2]
    address = _page_url(endpoint, other, **(request.view_args or {}))
    return {"language": other, "name": LANGUAGE_NAMES[other], "address": address}


def _plain_page(title: str) -> str:
    """Return a page made without templates, in the directory's first language."""
    snapshot: Snapshot | None = current_app.extensions["snapshot_loader"].snapshot
    numbers = _plain_numbers(snapshot.directory) if snapshot else ()
    item = Markup('<li>{}: <a href="{}">{}</a> ({})</li>')
    return Markup(
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<title>{title}</title><h1>{title}</h1>"
        '<p>If a child is in immediate danger, call <a href="tel:999">999</a>.</p>'
        "<ul>{items}</ul></html>"
    ).format(title=title, items=Markup("").join(item.format(*number) for number in numbers))


def _plain_numbers(directory: Directory) -> Iterator[tuple[str, str, str, str]]:
    """Yield the name, link, number and hours of whatever callers may ring."""
    numbers = [
        (service.name, service.number, "at all hours")
        for service in directory.services
        if service.number is not None
    ]
    for line in directory.lines:
        if not line.internal:
            hours = [_plain_hours(line.hours), *_plain_exceptions(line)]
            numbers.append((line.name, line.phone, "; ".join(hours)))
    numbers += [(line.name, line.phone, _plain_hours(line.hours)) for line in directory.helplines]
    for name, phone, hours_text in numbers:
        yield name.get(directory.languages[0]), phone.url, phone.display, hours_text


def _plain_hours(hours: Hours) -> str:
    return "; ".join(" ".join(filter(None, pair)) for pair in hours.as_written)


def _plain_exceptions(line: Line) -> Iterator[str]:
    for day in line.special_days:
        if day.phone is not None:
            limits = (("every", day.every), ("from", day.first), ("to", day.last))
            when = " ".join(f"{word} {value}" for word, value in limits if value is not None)
            yield f"{when} call {day.phone.display}"
