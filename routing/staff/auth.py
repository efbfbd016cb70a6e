"""Access to the staff pages: without a session, a role and our own form, no page."""

import functools
import re
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFError, CSRFProtect
from markupsafe import Markup, escape
from sqlalchemy.engine import Connection
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.routing import IntegerConverter
from werkzeug.wrappers import Response as AnyResponse

from routing import lookup
from routing.config import SESSION_TOKEN_KEY, VERSION
from routing.errors import (
    DatabaseUnavailable,
    InvalidDivert,
    InvalidRotaChange,
    RotaConflict,
    UnknownDivert,
    UnknownShift,
)
from routing.responses import bundle_url
from routing.store import accounts, rota_people
from routing.store.accounts import LOCAL, SESSION, Account, Role
from routing.store.audit_log import SERVICE_ACTOR
from routing.text.dates import format_datetime

HOME = "/staff"

MAX_NEXT_URL_CHARS = 300
"""How long an address to go to after sign-in may be: the cookie holds up to three of them."""

_STAFF_PATH = re.compile(rf"{HOME}(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
"""A staff page's path as this service writes it: no empty or dotted segment, nothing encoded."""


def current_account() -> Account:
    """Return the account that has signed in. Only in views that require it."""
    account: Account = g.account
    return account


def signed_in_account() -> Account | None:
    """Return who has signed in in this browser, None for nobody. Raise DatabaseUnavailable."""
    token = session.get(SESSION_TOKEN_KEY)
    if not isinstance(token, str):
        return None
    with lookup.database().reading() as connection:
        return accounts.find_by_token(connection, SESSION, token, lookup.now(), issuer())


def issuer() -> str:
    """Return whom people sign in with: the council's provider, or LOCAL without one."""
    return current_app.config["OIDC_ISSUER"] or LOCAL


def safe_next_url(address: str | None) -> str:
    """Return the address if it is a staff page's path as we write it, with any query; else HOME.

    A browser reads ``..``, ``%2e``, ``//`` and backslashes its own way. No path of ours has them,
    so all are refused.
    """
    address = address or ""
    path = address.partition("?")[0]
    is_plain = address.isprintable() and "\\" not in address and "#" not in address
    if is_plain and len(address) <= MAX_NEXT_URL_CHARS and _STAFF_PATH.fullmatch(path):
        return address
    return HOME


PUBLIC_ENDPOINTS = frozenset(
    f"accounts.{view}" for view in ("ask", "check", "to_provider", "from_provider", "set_password")
)
"""The only views that are shown without signing in."""

DATABASE_TIMEOUT_SECONDS = 2.0
"""How long a staff page waits for the database: a caller never waits for one."""

MAX_FORM_BYTES = 256 * 1024
"""How large a form may be: the longest is a list of people to fill the rota with."""

UPLOAD_PATH = f"{HOME}/rota/import"
MAX_UPLOAD_BYTES = 4 * 1024 * 1024
"""How large a form at UPLOAD_PATH may be, twice the largest spreadsheet: for those who have signed
in, since to read it takes as long as some 30 calls."""

_ERRORS: dict[type[Exception], tuple[int, str, *tuple[str, ...]]] = {
    UnknownDivert: (404, "There is no such divert"),
    UnknownShift: (404, "This is not on the rota"),
    InvalidDivert: (400, "This cannot be done"),
    InvalidRotaChange: (400, "This cannot be done"),
    RotaConflict: (409, "The rota has changed"),
    CSRFError: (
        400,
        "Please send that again",
        "This form was opened before you signed in, or in another browser. Nothing was changed. Go "
        "back, load the page again, and send it.",
    ),
    RequestEntityTooLarge: (
        413,
        "This is too large",
        "Nothing was saved. A file to import has 2 MB at most. If you chose a workbook, open it, "
        "choose Save as or Export, then CSV, and import that file.",
    ),
    DatabaseUnavailable: (
        503,
        "This page cannot be shown just now",
        "The database is not answering, cannot be changed, or has not been created yet.",
        "Callers are still answered: by the directory, and by the diverts last read, each until "
        "its end. A change that you were just making may or may not have been saved.",
        "This page works again as soon as the database does: reload it then, to send again what "
        "you sent. A divert or a change of the rota is saved once. If it takes long, tell the "
        "people who run this service: `who-to-call status` says more.",
    ),
}
"""Status, title and paragraphs of the page that shows an error, by class; the error's own words
where there are no paragraphs."""

csrf = CSRFProtect()
View = Callable[..., AnyResponse]


class IdConverter(IntegerConverter):
    """An id in a URL, ``<id:shift_id>``. Longer numbers than the database holds are a 404."""

    regex = "[0-9]{1,18}"


def staff_blueprint(name: str, role: Role = Role.VIEW) -> Blueprint:
    """Return a blueprint below /staff, each view of which requires sign-in and a role."""
    bp = Blueprint(name, __name__, url_prefix=HOME)
    bp.before_request(partial(require_login, role))
    bp.after_request(no_store)
    for error in _ERRORS:
        bp.register_error_handler(error, _show_error)
    return bp


def require_login(role: Role) -> AnyResponse | None:
    """Redirect to sign-in whoever has not signed in; refuse a form that is not this session's own.

    Views in PUBLIC_ENDPOINTS need no sign-in, every other one needs ``role``. Raise
    DatabaseUnavailable while the database does not answer: nothing could be shown or changed.
    """
    g.language = "en"
    may_upload = request.path == UPLOAD_PATH and SESSION_TOKEN_KEY in session
    # Before the form is read, whoever sent it.
    request.max_content_length = MAX_UPLOAD_BYTES if may_upload else MAX_FORM_BYTES
    csrf.protect()
    if "\0" in "".join(request.form.values()):
        abort(400)  # no text that anybody types, and none that PostgreSQL takes
    fault = lookup.read_diverts(max_age=0, timeout=DATABASE_TIMEOUT_SECONDS).fault
    if fault is not None:  # raised here, so that nothing waits for the database again
        raise DatabaseUnavailable(fault)
    if request.endpoint in PUBLIC_ENDPOINTS:
        return None
    account = signed_in_account()
    if account is None:
        session.pop(SESSION_TOKEN_KEY, None)  # and nothing else: another tab may be signing in
        if request.endpoint == "accounts.sign_out":
            return redirect(f"{HOME}/sign-in?left=yes")
        methods = request.url_rule.methods if request.url_rule else None
        next_url = request.full_path.rstrip("?") if "GET" in (methods or ()) else HOME
        unsaved = "&unsaved=yes" if request.method == "POST" else ""
        return redirect(f"{HOME}/sign-in?next={quote(next_url, safe='/')}{unsaved}")
    g.account = account
    return None if account.may(role) else _forbidden(role)


def require_role(role: Role) -> Callable[[View], View]:
    """Return a decorator for views that only people with ``role`` may use."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def checked(**values: Any) -> AnyResponse:
            return view(**values) if current_account().may(role) else _forbidden(role)

        return checked

    return decorate


def no_store(response: Response) -> Response:
    """Let no cache keep what staff see."""
    response.headers["Cache-Control"] = "no-store"
    return response


def _forbidden(role: Role) -> Response:
    return render_message(
        403,
        "You may not do this",
        f"It needs the role '{role.value}'. "
        f"You have: {', '.join(sorted(current_account().roles))}.",
        "Ask the person who manages accounts, or a colleague who has the role.",
    )


def _show_error(error: Exception) -> AnyResponse:
    if isinstance(error, CSRFError) and request.endpoint == "accounts.check":  # in another tab
        return redirect(f"{HOME}/sign-in?next={quote(safe_next_url(request.form.get('next')))}")
    if isinstance(error, DatabaseUnavailable):
        current_app.logger.warning("%s", error)  # not on the page: it says where the database is
    status, title, *paragraphs = _ERRORS[type(error)]
    return render_message(status, title, *(paragraphs or [str(error)]))


NAVIGATION = (
    ("now.show", "On duty now"),
    ("rota.show", "Rota"),
    ("my_shifts.show", "My shifts"),
    ("diverts.index", "Diverts"),
    ("history.show_calls", "Calls"),
    ("now.preview", "Preview"),
    ("history.show_changes", "Changes"),
)
ROTA_PAGES = (
    ("rota.show", "On duty"),
    ("rota.gaps", "Gaps and clashes"),
    ("rota.bank_holidays", "Bank holidays"),
    ("my_shifts.show", "My shifts and calendars"),
)
ROTA_EDITOR_PAGES = (
    ("rota_shifts.new", "Add a shift"),
    ("rota_shifts.absence", "Somebody is away"),
    ("rota_shifts.fill", "Fill"),
    ("rota_shifts.import_", "Import"),
    ("rota_people.index", "People"),
)


def render_page(
    template: str, *, status: int = 200, form: FlaskForm | None = None, **values: Any
) -> Response:
    """Return a staff page. A form with errors makes it a 400 unless ``status`` says otherwise."""
    account: Account | None = g.get("account")
    has_errors = form is not None and bool(form.errors)
    may_rota = account is not None and account.may(Role.ROTA)
    council = lookup.snapshot().directory.council
    body = render_template(
        f"staff/{template}",
        council=council.name.get("en"),
        language="en",
        asset=partial(bundle_url, colour=council.colour),
        rehearsing=lookup.is_rehearsal(),
        account=account,
        version=VERSION,
        may_rota=may_rota,
        navigation=_navigation(account) if account else [],
        rota_pages=ROTA_PAGES + (ROTA_EDITOR_PAGES if may_rota else ()),
        help=current_app.config["STAFF_HELP"],
        now=format_datetime(lookup.now(), lookup.staff_locale()),
        form=form,
        form_key=secrets.token_urlsafe(16),
        has_errors=has_errors,
        **values,
    )
    # Never compressed: by its length a page would betray its form token (BREACH).
    return make_response(body, 400 if has_errors and status == 200 else status)


def render_message(status: int, title: str, *paragraphs: str) -> Response:
    """Return a page that only says something."""
    return render_page("message.html", status=status, title=title, paragraphs=paragraphs)


def send_csv(content: str, name: str, encoding: str = "utf-8-sig") -> Response:
    """Send a file for a spreadsheet, by default marked as UTF-8 for Excel."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content.encode(encoding), mimetype="text/csv", headers=headers)


def radio_item(value: str, text: str, hint: str = "") -> dict[str, Any]:
    """Return an item for GOV.UK's radio buttons."""
    return {"value": value, "text": text, "hint": {"text": hint} if hint else None}


def upfirst(text: str) -> str:
    """Return text with a capital first letter, for a template."""
    return text[:1].upper() + text[1:]


def mark_commands(text: str) -> Markup:
    """Return text as HTML, with what stands between backticks as code, for a template."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 escaped


def actor_names(connection: Connection) -> Callable[[str], str]:
    """Return a function from an actor of the audit log to a name, for people who have signed in."""
    people = rota_people.all_people(connection)
    names = {
        SERVICE_ACTOR: "The service itself",
        accounts.PROVIDER_ACTOR: "The council's sign-in",
        **{account.actor: account.name for account in accounts.active_accounts(connection)},
        **{f"rota_person:{person.id}": person.name for person in people},
    }

    def name(actor: str) -> str:
        kind, _, number = actor.partition(":")
        if kind == "terminal":
            return f"Somebody at the server (user {number})"
        former = f"Former account {number}" if kind == "account" else actor
        return names.get(actor, former)

    return name


def _navigation(account: Account) -> list[dict[str, Any]]:
    pages = NAVIGATION + ((("accounts.index", "Accounts"),) if account.may(Role.ADMIN) else ())
    is_page_itself = request.endpoint in dict(pages)
    section = f"{request.blueprint}_"  # the blueprint rota_shifts is a part of rota
    return [
        {
            "href": url_for(endpoint),
            "text": text,
            "current": request.endpoint == endpoint,
            "active": not is_page_itself and section.startswith(f"{endpoint.partition('.')[0]}_"),
        }
        for endpoint, text in pages
    ]
