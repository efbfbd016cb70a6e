"""Who may come in: signed in, with a role for the page, by a form of ours. Otherwise nobody."""

import re
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from flask import (
    Blueprint,
    Flask,
    Request,
    Response,
    abort,
    current_app,
    g,
    redirect,
    request,
    session,
)
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_wtf.csrf import CSRFError, CSRFProtect
from itsdangerous import URLSafeTimedSerializer
from werkzeug.routing import IntegerConverter
from werkzeug.wrappers import Response as AnyResponse

from routing import files, lookup
from routing.concurrency import SESSION_TOKEN_KEY
from routing.errors import (
    DatabaseUnavailable,
    InvalidDivert,
    InvalidRotaChange,
    UnknownDivert,
    UnknownShift,
)
from routing.staff.layout import render_page
from routing.store import accounts
from routing.store.accounts import LOCAL, Account, Role

HOME = "/staff"
TOKEN = SESSION_TOKEN_KEY
MAX_FORM_BYTES = 4 * 1024 * 1024
"""How many bytes a form has at most: twice the largest spreadsheet."""

_OWN_PATH = re.compile(rf"{HOME}(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
"""A staff page's path as this service writes it: no empty or dotted segment, nothing encoded."""

_LONGEST_NEXT = 300
"""How many characters an address to go to has at most: the cookie holds a few of them."""

_LOOPBACK = ("127.0.0.1", "::1")

csrf = CSRFProtect()
View = TypeVar("View", bound=Callable[..., Any])
_NEEDS: dict[Callable[..., Any], Role | None] = {}
"""The role that a view needs; None where it is shown before sign-in."""


class StaffSessionInterface(SecureCookieSessionInterface):
    """A signed cookie for staff pages alone: no caller is ever given one."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return what the cookie holds; on any other page, nothing that could be kept."""
        if not request.path.startswith(f"{HOME}/") and request.path != HOME:
            return self.make_null_session(app)
        return super().open_session(app, request)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return what signs the cookie, with a key that is made when first needed."""
        if not app.secret_key:
            app.secret_key = files.load_secret_key(lookup.instance_path())
        return super().get_signing_serializer(app)

    def get_cookie_secure(self, app: Flask) -> bool:
        """Send it over https alone; over plain http only to this very machine, and never where
        PUBLIC_BASE_URL is https: a proxy beside this process may look like this machine.
        """
        if (app.config["PUBLIC_BASE_URL"] or "").startswith("https://"):
            return True
        host = urlsplit(f"//{request.host}").hostname
        near = request.remote_addr in _LOOPBACK and host in (*_LOOPBACK, "localhost")
        return not (near and request.scheme == "http" and "X-Forwarded-For" not in request.headers)


class IdConverter(IntegerConverter):
    """The number of something kept, in an address: none is longer than a database counts."""

    regex = "[0-9]{1,18}"


def staff_blueprint(name: str) -> Blueprint:
    """Return a part of the staff door: nobody passes it but by ``let_in``."""
    bp = Blueprint(name, __name__, url_prefix=HOME)
    bp.before_request(require_login)
    bp.after_request(no_store)
    _answer_errors(bp)
    return bp


def public(view: View) -> View:
    """Mark a page that is shown before sign-in."""
    _NEEDS[view] = None
    return view


def require_role(role: Role) -> Callable[[View], View]:
    """Mark a page that only people with a role may ask for. Without a mark, any role will do."""

    def mark(view: View) -> View:
        _NEEDS[view] = role
        return view

    return mark


def require_login() -> AnyResponse | None:
    """Let those in who may ask for this page; send others to sign in. Refuse a foreign form.

    Raise DatabaseUnavailable while the database does not answer: nothing could be shown or changed.
    """
    g.language = "en"
    request.max_content_length = MAX_FORM_BYTES  # before the form is read, whoever sent it
    csrf.protect()
    if "\0" in "".join(request.form.values()):
        abort(400)  # no text that anybody types, and none that PostgreSQL takes
    fault = lookup.read_diverts(max_age=0).fault
    if fault is not None:  # known by now: nobody waits for the database again
        raise DatabaseUnavailable(fault)
    role = _NEEDS.get(current_app.view_functions[request.endpoint or ""], Role.VIEW)
    if role is None:
        return None
    who = signed_in()
    if who is None:
        session.pop(TOKEN, None)  # and nothing else: another tab may be signing in
        onward = request.full_path.rstrip("?") if request.method == "GET" else HOME
        return redirect(f"{HOME}/sign-in?next={quote(onward, safe='/')}")
    g.person = who
    if who.may(role):
        return None
    return render_page(
        "message.html",
        status=403,
        title="You may not do this",
        words=[
            f"It needs the role '{role.value}'. You have: {', '.join(sorted(who.roles))}.",
            "Ask whoever looks after accounts, or a colleague who has the role.",
        ],
    )


def current_account() -> Account:
    """Return who asks."""
    who: Account = g.person
    return who


def signed_in() -> Account | None:
    """Return who has signed in in this browser, None for nobody. Raise DatabaseUnavailable."""
    token = session.get(TOKEN)
    if not isinstance(token, str):
        return None
    with lookup.database().reading() as connection:
        return accounts.find_by_session(connection, token, lookup.now(), issuer())


def issuer() -> str:
    """Return whom people sign in with: the council's provider, or LOCAL without one."""
    return current_app.config["OIDC_ISSUER"] or LOCAL


def safe_next_url(address: str | None) -> str:
    """Return the address if it is a staff page's path as we write it, with any query; else HOME.

    A browser reads ``..``, ``%2e``, ``//`` and backslashes its own way: none of them is in a path
    of ours, so all are refused.
    """
    address = address or ""
    path = address.partition("?")[0]
    plain = address.isprintable() and "\\" not in address and "#" not in address
    ours = plain and len(address) <= _LONGEST_NEXT and _OWN_PATH.fullmatch(path)
    return address if ours else HOME


def no_store(response: Response) -> Response:
    """Let nothing on the way keep what staff see."""
    response.headers["Cache-Control"] = "no-store"
    return response


def _answer_errors(bp: Blueprint) -> None:
    """Say what went wrong, and what to do, on a page of the staff's own."""

    @bp.errorhandler(DatabaseUnavailable)
    def storage_down(error: DatabaseUnavailable) -> Response:
        current_app.logger.warning("%s", error)  # where it is, is nothing for whoever asks
        return render_page(
            "message.html",
            status=503,
            title="This page cannot be shown just now",
            words=[
                "The database does not answer, takes no changes, or is not made yet.",
                "Callers are still answered: by the directory, and by the diverts last read, each "
                "until its end. A change that you were just making may or may not have been kept: "
                "look again before you repeat it.",
                "This page works again by itself when the database does. If that takes long, tell "
                "whoever looks after this service: `flask status` says more.",
            ],
            signed_in=False,
        )

    @bp.errorhandler(CSRFError)
    def foreign_form(error: CSRFError) -> Response:
        return render_page(
            "message.html",
            status=400,
            title="Please send that again",
            words=[
                "This form was opened before you signed in, or in another browser. Nothing was "
                "changed. Go back, load the page again, and send it."
            ],
            signed_in=False,
        )

    @bp.errorhandler(UnknownDivert)
    def unknown_divert(error: UnknownDivert) -> Response:
        return render_page(
            "message.html", status=404, title="There is no such divert", words=[str(error)]
        )

    @bp.errorhandler(UnknownShift)
    def unknown_shift(error: UnknownShift) -> Response:
        words = [str(error), "It may have been removed meanwhile: look at the rota."]
        return render_page("message.html", status=404, title="This is not on the rota", words=words)

    @bp.errorhandler(InvalidRotaChange)
    @bp.errorhandler(InvalidDivert)
    def refused(error: InvalidDivert | InvalidRotaChange) -> Response:
        return render_page(
            "message.html", status=400, title="This cannot be done", words=[str(error)]
        )
