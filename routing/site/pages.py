"""GET /, /services/<service>, /services/<service>/professionals, /contacts."""

from flask import Blueprint, Response, make_response, render_template

from routing import enquiry
from routing.errors import UnknownService
from routing.formats import structured
from routing.site import view
from routing.site.markdown import markdown

bp = Blueprint("site", __name__)


@bp.get("/")
def home() -> Response:
    """Show who to call now about the first service."""
    return service(enquiry.first_service())


@bp.get("/services/<service>")
def service(service: str) -> Response:
    """Show who to call now about a service."""
    found = enquiry.facts().timetables.service(service)
    at = enquiry.now()
    return _page("service.html", at=at, **view.answer(found, at))


@bp.get("/services/<service>/professionals")
def professionals(service: str) -> Response:
    """Show the way for people who work with children."""
    found = enquiry.facts().timetables.service(service)
    at = enquiry.now()
    return _page("professionals.html", at=at, **view.answer(found, at))


@bp.get("/contacts")
def contacts() -> Response:
    """Show the whole public directory, with hours and what is open now."""
    at = enquiry.now()
    facts = enquiry.facts()
    lines = [view.number(x, at) for x in facts.directory.lines if not x.internal]
    found = structured.contacts(facts, facts.directory.services, at, enquiry.voice())
    return _page("contacts.html", at=at, lines=lines, structured=found)


@bp.errorhandler(UnknownService)
def unknown_service(error: UnknownService) -> Response:
    """Show every service and number: whoever mistyped an address still finds help."""
    return not_found()


def not_found() -> Response:
    """Return the page for an address that there is not, with every public number."""
    return _error(404, "Page not found")


def fault() -> Response:
    """Return the page for a fault of ours, with every public number."""
    return _error(500, "Sorry, there is a problem with this page")


def _error(status: int, title: str) -> Response:
    at = enquiry.now()
    lines = [view.number(x, at) for x in enquiry.facts().directory.lines if not x.internal]
    response = _page("error.html", at=at, lines=lines, title=title)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(template: str, **values: object) -> Response:
    facts, voice = enquiry.facts(), enquiry.voice()
    response = make_response(
        render_template(
            f"site/{template}",
            directory=facts.directory,
            language=voice.language,
            helplines=view.helplines(),
            rehearsing=enquiry.rehearsing(),
            markdown=markdown,
            **values,
        )
    )
    response.headers["Cache-Control"] = "no-store"
    return response
