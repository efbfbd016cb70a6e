"""The public pages: who to call now, all contacts, this service, and the page for every error.

What they show of a decision is in the reader's language; search engines read hours in them.
"""

import gzip
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, current_app, g, render_template, request, url_for
from markupsafe import Markup

from routing import formats, lookup, middleware
from routing.config import base_url
from routing.core import instants
from routing.core.decision import HORIZON, Decision, timeline
from routing.core.directory import (
    ALL_DAY,
    MINUTES_PER_DAY,
    Hours,
    Line,
    Phone,
    Service,
    Text,
    TimeRange,
)
from routing.formats import Json, assumption, timestamp
from routing.middleware import RequestKind
from routing.public.answer_cache import RenderedAnswer, cacheable_response, cached_answer
from routing.public.api import CORS_HEADERS
from routing.responses import BUNDLES, DEFAULT_COLOUR, bundle, bundle_url
from routing.snapshot import LOGO_TYPES, Snapshot
from routing.text import dates, sentences
from routing.text.locale import N_, Locale

bp = Blueprint("site", __name__)

WELSH = "cy"
LANGUAGE_NAMES = {"en": "English", WELSH: "Cymraeg"}
HEADING_LEVELS = ("2", "3", "4", "5", "6")
DEFAULT_HEADING_LEVEL = 2
MIN_GZIP_BYTES = 1000
MAX_LINES_WITHOUT_SEARCH = 8
STRUCTURED_DATA_PERIOD = timedelta(days=365)
"""For how long structured data has hours: a search engine keeps a page for weeks."""

CLOSED = TimeRange(0, 0)
"""Hours of a date on which search engines are to take a line for closed."""

ONE_DAY = timedelta(days=1)

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
    return _page("contacts.html", at, partial(_contacts_values, query, at), query)


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
    return _service_values(service, at, is_live=False) | {"heading": heading} | more


def _service_page(template: str, service: str) -> Response:
    at = lookup.now()
    return _page(template, at, partial(_service_values, service, at, is_live=True))


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
            checked=dates.format_datetime(at, locale, with_year=True),
            colour=colour or DEFAULT_COLOUR,
            emergency=sentences.end_sentence(snapshot.directory.emergency.get(locale.language)),
            format_special_days=partial(
                dates.format_coming_special_days, today=today, locale=locale
            ),
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


def _service_values(service_id: str | None, at: datetime, *, is_live: bool) -> dict[str, Any]:
    """Return the values that a service's pages show about the decision for ``at``.

    ``is_live``: the page is read at once and keeps itself current, so it may say "today".
    """
    decision = lookup.who_to_call(service_id, at)
    locale, holidays = lookup.locale(), lookup.snapshot().holidays.dates
    service = decision.service
    wording: dict[str, Any] = {"at": at, "locale": locale, "is_live": is_live}
    lines = [
        service.public_line(line)
        for line in service.reachable
        if not line.internal or line in (*service.lines, service.out_of_hours)
    ]
    next_id, last_id = decision.next and decision.next.line.id, service.out_of_hours.id
    day_ids = {line.id for line in service.lines} - {last_id}
    # A service with its own number needs no other: whoever calls it again is put through to each.
    backup = () if service.number else lookup.dial_order(decision, at)
    return {
        "until": decision.until,
        "service": service,
        "page_texts": {
            name: render_markdown(words.get(locale.language)) for name, words in service.pages
        },
        "line": service.public_line(decision.line, decision.phone),
        "holds": sentences.holds_sentence(decision, **wording),
        "exception": sentences.exception_sentence(decision, holidays=holidays, **wording),
        "following": _following(decision),
        "can_wait": _next_opening(decision, at, is_live),
        "backup": [
            service.public_line(answer.line, answer.phone)
            for answer in backup
            if answer.phone.e164 != decision.phone.e164
        ],
        "lines": lines,
        "lines_when_lost": sorted(lines, key=lambda line: line.id != next_id),
        "day_lines": [line for line in lines if line.id in day_ids],
        "out_of_hours": service.public_line(service.out_of_hours),
        "backup_lines": [line for line in lines if line.id not in day_ids | {last_id}],
        "assumption": assumption(decision, at),
        "structured": partial(_structured_data, [service], at),
    }


def _contacts_values(query: str, at: datetime) -> dict[str, Any]:
    """Return the values of the list of contacts: those that match ``query``, or else all.

    They change ``until``, at midnight at the latest. A line that takes a service's calls is open
    whatever its hours, and one whose calls are diverted is not.
    """
    directory, timetables = lookup.snapshot().directory, lookup.snapshot().timetables
    locale, tomorrow = lookup.locale(), at.astimezone(directory.zone).date() + ONE_DAY
    decisions = [lookup.who_to_call(service.id, at) for service in directory.services]
    edges = [
        instants.midnight(tomorrow, directory.zone),
        *(decision.until or at for decision in decisions),
    ]
    open_ids = set()
    for line in directory.lines:
        for span in timetables.open_spans(line, at, at + ONE_DAY):
            edges += [span.start, span.end]
            open_ids |= {line.id} if at in span else set()
    open_ids -= {line.id for decision in decisions for line in decision.avoid}
    lines = [line for line in directory.lines if not line.internal]
    words = query.casefold().split()
    matches = [line for line in lines if all(word in _search_text(line, locale) for word in words)]
    return {
        "until": min(edge for edge in edges if edge > at),
        "query": query,
        "lines": matches or lines,
        "match_count": len(matches),
        "has_search": len(lines) > MAX_LINES_WITHOUT_SEARCH,
        "open_ids": open_ids | {decision.line.id for decision in decisions},
        "structured": partial(_structured_data, directory.services, at),
    }


def _search_text(line: Line, locale: Locale) -> str:
    names = [name.get(locale.language) for name in (line.name, *line.aliases)]
    return " ".join([*names, line.phone.display, line.phone.national]).casefold()


@lru_cache
def render_markdown(text: str) -> Markup:
    """Return Markdown as HTML that is safe in a page.

    HTML in ``text`` is shown as written; links that would run a script are not made.
    """
    from markdown_it import MarkdownIt  # not every council has texts of its own

    renderer = MarkdownIt("commonmark", {"html": False})
    return Markup(renderer.render(text))  # noqa: S704 - markdown-it escapes HTML


def _following(decision: Decision) -> dict[str, Any] | None:
    """Return what follows the handover; None where a caller would notice no handover.

    A caller who can wait should ring the service's first line.
    """
    service, following = decision.service, decision.next
    if following is None:
        return None
    is_same_line = following.line.id == decision.line.id
    if sentences.keeps_number(decision):
        if is_same_line:
            return None
        message = N_("After that, {line} answers on the same number.")
    elif is_same_line:
        message = N_("After that, call {phone}.")
    elif following.line.id == service.lines[0].id:
        message = N_("After that, or if it can wait, call {line} on {phone}.")
    else:
        message = N_("After that, call {line} on {phone}.")
    line = service.public_line(following.line, following.phone)
    return {"message": message, "line": line}


def _next_opening(decision: Decision, at: datetime, is_live: bool) -> dict[str, Any] | None:
    """Return when the service's first line next takes calls, with its number on that date.

    None while it answers, where it follows at the next handover, and where callers always ring the
    service's own number.
    """
    service, first_line = decision.service, decision.service.lines[0]
    following = decision.next and decision.next.line.id
    if service.is_always_on_its_number or first_line.id in (decision.line.id, following):
        return None
    spans = timeline(lookup.snapshot().timetables, service.id, at, at + HORIZON, lookup.diverts())
    for span, answer in spans:
        if answer.line.id == first_line.id:
            moment = dates.format_moment(span.start, lookup.locale(), at, is_live=is_live)
            return {"line": service.public_line(first_line, answer.phone), "moment": moment}
    return None


def _structured_data(services: Iterable[Service], at: datetime) -> Json:
    """Return the council with the numbers of ``services``, and their hours for a year from ``at``.

    They are schema.org's ContactPoint and OpeningHoursSpecification; nothing says who answers now.
    An entry for one date overrides those of the week. Closed is 00:00 to 00:00, and a closing time
    before the opening time is on the next day. A service with a number has only that number, and
    999 or 101 where one of them answers out of hours; an internal line goes by the service's name.
    """
    locale, council = lookup.locale(), lookup.snapshot().directory.council
    first = at.astimezone(locale.zone).date()
    points: dict[tuple[str, str], Json] = {}
    for service in services:
        for title, phone, hours in _hours_by_number(service, first, first + STRUCTURED_DATA_PERIOD):
            name = title.get(locale.language)
            points[name, phone.e164] = {
                "@type": "ContactPoint",
                "name": name,
                "contactType": service.name.get(locale.language),
                "telephone": phone.e164,
                "availableLanguage": locale.language,
                "hoursAvailable": hours,
            }
    return {
        "@context": "https://schema.org",
        "@type": "GovernmentOrganization",
        "name": council.name.get(locale.language),
        "url": council.website,
        "contactPoint": list(points.values()),
    }


def _hours_by_number(
    service: Service, first: date, last: date
) -> Iterator[tuple[Text, Phone, list[Json]]]:
    """Yield each number of a service with a name, and its hours from ``first`` to ``last``."""
    if service.number is not None and service.is_always_on_its_number:
        yield service.name, service.number, list(_week_hours((ALL_DAY,) * 7, first, last))
        return
    holidays = lookup.snapshot().holidays.dates
    for line in map(service.public_line, service.reachable):
        hours = {line.phone: list(_week_hours(line.hours.week, first, last))}
        for day in line.special_dates(first, last, holidays):
            phone, ranges = line.phone_on(day), line.ranges_on(day, holidays)
            if phone != line.phone:
                hours[line.phone].append(_dated_hours(CLOSED, day, day))
            if phone != line.phone or ranges != line.hours.week[day.weekday()]:
                for time_range in ranges or (CLOSED,):
                    hours.setdefault(phone, []).append(_dated_hours(time_range, day, day))
        for phone, entries in hours.items():
            if entries:
                yield service.name if line.internal else line.name, phone, entries


def _week_hours(week: tuple[tuple[TimeRange, ...], ...], first: date, last: date) -> Iterator[Json]:
    for time_range in dict.fromkeys(chain.from_iterable(week)):
        days = [
            name for name, ranges in zip(dates.WEEKDAYS, week, strict=True) if time_range in ranges
        ]
        yield {"dayOfWeek": days} | _dated_hours(time_range, first, last)


def _dated_hours(time_range: TimeRange, first: date, last: date) -> Json:
    opens, closes = time_range.opens, time_range.closes
    if closes - opens == MINUTES_PER_DAY:
        closes -= 1  # a whole day would read as closed
    return {
        "@type": "OpeningHoursSpecification",
        "opens": f"{opens // 60:02}:{opens % 60:02}",
        "closes": f"{closes // 60 % 24:02}:{closes % 60:02}",
        "validFrom": first.isoformat(),
        "validThrough": last.isoformat(),
    }


def _plain_page(title: str) -> str:
    """Return a page without templates: today's numbers, and hours as the directory has them.

    Names are in the directory's first language.
    """
    snapshot: Snapshot | None = current_app.extensions["snapshot_loader"].snapshot
    items: list[tuple[Text, Phone, str]] = []
    if snapshot is not None:
        directory = snapshot.directory
        today = lookup.now().astimezone(directory.zone).date()
        items += [
            (service.name, service.number, "at all hours")
            for service in directory.services
            if service.number
        ]
        items += [
            (line.name, line.phone_on(today), _plain_hours(line.hours))
            for line in directory.lines
            if not line.internal
        ]
        items += [(line.name, line.phone, _plain_hours(line.hours)) for line in directory.helplines]
    item = Markup('<li>{}: <a href="{}">{}</a> ({})</li>')
    return Markup(
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<title>{title}</title><h1>{title}</h1>"
        '<p>If a child is in immediate danger, call <a href="tel:999">999</a>.</p>'
        "<ul>{items}</ul></html>"
    ).format(
        title=title,
        items=Markup("").join(
            item.format(name.get(directory.languages[0]), phone.url, phone.display, hours)
            for name, phone, hours in items
        ),
    )


def _plain_hours(hours: Hours) -> str:
    return "; ".join(" ".join(filter(None, pair)) for pair in hours.as_written)
