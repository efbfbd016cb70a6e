"""The public pages: who to call now, every contact, what the council says of its pages."""

from datetime import datetime
from pathlib import Path
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    make_response,
    render_template,
    request,
    send_file,
    url_for,
)

from routing import lookup, static_files
from routing.config import base_url
from routing.errors import UnknownService
from routing.formats.json import timestamp
from routing.public import context, error_pages, schema_org
from routing.public.answer_cache import AnswerCache, RenderedAnswer
from routing.public.context import render_markdown
from routing.responses import make_cacheable

bp = Blueprint("site", __name__)

LANGUAGE_NAMES = {"en": "English", "cy": "Cymraeg"}
WELSH = "cy"


@bp.before_request
def choose_language() -> Response | None:
    """Speak the language that ``?lang=`` names; under /cy/ Welsh, where the directory has it."""
    g.language = request.args.get("lang")
    if request.blueprint == WELSH:
        g.language = WELSH
        if WELSH not in lookup.snapshot().directory.languages:
            return error_pages.not_found()
    return None


@bp.get("/")
def home() -> Response:
    """Show who to call now about the first service."""
    return service(lookup.first_service_id())


@bp.get("/services/<service>")
def service(service: str) -> Response:
    """Show who to call now about a service."""
    return _service("service.html", service)


@bp.get("/services/<service>/professionals")
def professionals(service: str) -> Response:
    """Show the way for people who work with children."""
    return _service("professionals.html", service)


@bp.get("/services/<service>/now")
def now(service: str) -> Response:
    """Give the live part of a service's page, for its script to put in place at a handover."""
    return _service("now.html", service)


@bp.get("/services/<service>/fragment")
def fragment(service: str) -> Response:
    """Give the answer as HTML for a server-side include, true however long it is kept."""
    at = lookup.now()
    answer = _about_now("fragment.html", service, at)
    return make_cacheable(_sent(answer.text), answer.tag, answer.until, at)


@bp.get("/contacts")
def contacts() -> Response:
    """Show the public directory, with hours and what is open now; ``?q=`` finds by any name."""
    at, facts = lookup.now(), lookup.snapshot()
    every = [context.contact_card(x, at) for x in facts.directory.lines if not x.internal]
    query = request.args.get("q", "").strip()[:100]
    found = schema_org.contacts(facts, facts.directory.services, at, lookup.locale())
    lines = [line for line in every if line.answers_to(query)]
    return _page("contacts.html", lines=lines or every, found=lines, query=query, structured=found)


@bp.get("/accessibility")
def accessibility() -> Response:
    """Publish the accessibility statement that the regulations of 2018 ask for."""
    return _page("accessibility.html")


@bp.get("/privacy")
def privacy() -> Response:
    """Say what is kept of whoever looks or calls."""
    return _page("privacy.html", retention=current_app.config["CALL_RETENTION_DAYS"])


@bp.get("/logo")
def logo() -> Response:
    """Send the council's logo."""
    path = _logo()
    return send_file(path, max_age=3600) if path else error_pages.not_found()


@bp.get("/embed/v1.js")
def embed_script() -> Response:
    """Send the component's script."""
    return static_files.send_embed_script()


@bp.get("/embed")
def embed() -> Response:
    """Show web editors what to copy into their own pages, each with a preview."""
    g.language = "en"  # it is written for editors, in English alone
    at = lookup.now()
    found = lookup.who_to_call(request.args.get("service"), at)
    home = base_url(current_app.config, request.url_root)
    return _page("embed.html", home=home, **context.service_context(found, at))


@bp.get("/assets/<address>")
def asset(address: str) -> Response:
    """Send the style sheet or the script."""
    return static_files.send_asset(address)


@bp.after_request
def compress(response: Response) -> Response:
    """Send less: callers wait on slow telephones."""
    return static_files.gzip_response(response)


@bp.errorhandler(UnknownService)
def unknown_service(error: UnknownService) -> Response:
    """Show every service and number: whoever mistyped an address still finds help."""
    return error_pages.not_found()


def _url(endpoint: str, **values: Any) -> str:
    """Return the address of a page in the language of the page that names it."""
    language = lookup.locale().language
    first = lookup.snapshot().directory.languages[0]
    if language == first:
        return url_for(f"site.{endpoint}", **values)
    if language == WELSH:
        return url_for(f"{WELSH}.{endpoint}", **values)
    return url_for(f"site.{endpoint}", **values, lang=language)


def _other_language(language: str) -> dict[str, str] | None:
    """Return the name of the directory's other language and where this page is in it, if any."""
    languages = lookup.snapshot().directory.languages
    other = next((each for each in languages if each != language), None)
    if other is None or request.endpoint is None or request.blueprint not in ("site", WELSH):
        return None
    endpoint, values = request.endpoint.partition(".")[2], dict(request.view_args or {})
    if other == WELSH and languages[0] != WELSH:
        address = url_for(f"{WELSH}.{endpoint}", **values)
    else:
        lang: dict[str, Any] = {} if other == languages[0] else {"lang": other}
        address = url_for(f"site.{endpoint}", **values, **lang)
    return {"language": other, "name": LANGUAGE_NAMES[other], "address": address}


def _logo() -> Path | None:
    """Return the council's logo, a picture beside the directory; None if there is none."""
    named = lookup.snapshot().directory.council.logo
    path = Path(current_app.config["DIRECTORY"]).resolve().parent / (named or "")
    return path if path.suffix in (".svg", ".png") and path.is_file() else None


def _service(template: str, service: str) -> Response:
    return _sent(_about_now(template, service, lookup.now()).text)


def _about_now(template: str, service: str, at: datetime) -> RenderedAnswer:
    """Return what a template says about a service at ``at``, which is now."""
    locale = lookup.locale()

    def render() -> tuple[str, datetime | None]:
        decision = lookup.who_to_call(service, at)
        return _render(template, **context.service_context(decision, at)), decision.until

    key = template, request.script_root, request.path, locale.language
    cache: AnswerCache = current_app.extensions["answer_cache"]
    return cache.get(key, at, f'data-at="{timestamp(at, locale)}"', render)


def _page(template: str, **values: object) -> Response:
    return _sent(_render(template, **values))


def _render(template: str, **values: object) -> str:
    facts, locale = lookup.snapshot(), lookup.locale()
    return render_template(
        f"public/{template}",
        directory=facts.directory,
        language=locale.language,
        helplines=context.helplines(),
        rehearsing=lookup.is_rehearsal(),
        markdown=render_markdown,
        asset=static_files.url,
        exit_url=error_pages.EXIT_URL,
        logo=_logo() is not None,
        page_url=_url,
        say=locale.translate_html,
        other=_other_language(locale.language),
        **values,
    )


def _sent(body: str) -> Response:
    response = make_response(body)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Language"] = lookup.locale().language
    return response
