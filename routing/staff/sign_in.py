"""Signing in and out: with the council's provider, or with an account of this service."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from datetime import datetime

from flask import Response, current_app, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import enquiry
from routing.errors import SignInRefused
from routing.staff import access
from routing.staff.access import HOME, TOKEN, anyone, part
from routing.staff.pages import page
from routing.storage import accounts, passwords, sessions
from routing.storage.accounts import Person

bp = part("sign_in")

ATTEMPTS = "attempts"
MAX_ATTEMPTS = 3
"""Unfinished sign-ins with the provider that a browser keeps, one a tab: a cookie holds 4 KB."""

_NO_ROLE = (
    "Your council account has no role in this service. Ask whoever looks after accounts to give "
    "you one: view, rota, divert or admin."
)
_WRONG = "The name or the password is wrong."
_slow = threading.BoundedSemaphore(2)
"""Checking a password takes memory and a provider takes its time: callers come first."""


@bp.get("/sign-in")
@anyone
def ask() -> Response:
    """Ask who it is."""
    return _form()


@bp.post("/sign-in")
@anyone
def check() -> AnyResponse:
    """Check a name and a password of this service's own; not where there is a provider."""
    if current_app.config["OIDC_ISSUER"]:
        return _form("Sign in with your council account.", 403)
    name, password = request.form.get("name", "")[:200], request.form.get("password", "")
    try:
        with _one_of_few():
            return _come_in(*_local(name, password))
    except SignInRefused as error:
        return _form(str(error), 403, name)


@bp.get("/sign-in/provider")
@anyone
def to_provider() -> AnyResponse:
    """Send whoever asks to the council's provider."""
    from routing.staff import provider

    try:
        with _one_of_few():
            address, attempt = provider.begin(_callback())
    except SignInRefused as error:
        return _form(str(error), 503)
    onward = access.after_sign_in(request.args.get("next"))
    attempts = [*session.get(ATTEMPTS, []), [*astuple(attempt), onward]]
    session[ATTEMPTS] = attempts[-MAX_ATTEMPTS:]
    return redirect(address)


@bp.get("/sign-in/callback")
@anyone
def from_provider() -> AnyResponse:
    """Let in whom the provider vouches for, if it gives them a role.

    Anybody whom it gives none, or whom it denies access in a browser where they had signed in,
    loses the roles that they had here, with their sessions and calendars.
    """
    from routing.staff import provider

    at, attempt = enquiry.now(), _attempt()
    if attempt is None:
        current_app.logger.warning("sign-in with the provider failed: no attempt has that state")
        return _form(provider.NOT_CONFIRMED, 403)
    *secrets, onward = attempt
    try:
        with _one_of_few():
            identity = provider.identify(provider.Attempt(*secrets), request.args, _callback())
    except provider.AccessDenied as error:
        who = access.signed_in()
        if who is not None:
            _refuse(who.issuer, who.subject, at)
        return _form(str(error), 403)
    except SignInRefused as error:
        return _form(str(error), 403)
    if not identity.roles:
        _refuse(identity.issuer, identity.subject, at)
        return _form(_NO_ROLE, 403)
    with enquiry.database().writing() as connection:
        account = accounts.came_in(
            connection, identity.issuer, identity.subject, identity.name, identity.roles, at
        )
        token = sessions.start(connection, account, at)
    return _come_in(token, onward)


@bp.post("/sign-out")
def leave() -> AnyResponse:
    """End this session, or with ``everywhere`` all sessions and calendars of this person."""
    who = access.person()
    with enquiry.database().writing() as connection:
        if request.form.get("everywhere"):
            accounts.end_access(connection, who.id, enquiry.now(), who.actor)
        else:
            sessions.end(connection, session[TOKEN])
    session.clear()
    return redirect(url_for("sign_in.ask", left="yes"))


def _local(name: str, password: str) -> tuple[str, str | None]:
    """Return a new session's token, and where to go. Raise SignInRefused."""
    database, at = enquiry.database(), enquiry.now()
    with database.writing() as connection:
        passwords.attempt(connection, name, at)
        account = accounts.named(connection, name)
    if not passwords.is_right(password, account[1] if account else None):
        raise SignInRefused(_WRONG)
    with database.writing() as connection:
        again = accounts.named(connection, name)
        if again is None or again != account:
            raise SignInRefused(_WRONG)  # removed, or given another password, meanwhile
        passwords.forget(connection, name)
        person: Person = again[0]
        return sessions.start(connection, person, at), request.form.get("next")


def _attempt() -> list[str] | None:
    """Take out of the cookie the attempt that the provider's answer belongs to: each is good once.

    None if this browser has begun none with that state. The last item is where to go.
    """
    state, attempts = request.args.get("state"), session.get(ATTEMPTS, [])
    session[ATTEMPTS] = [attempt for attempt in attempts if attempt[0] != state]
    return next((attempt for attempt in attempts if attempt[0] == state), None)


def _refuse(issuer: str, subject: str, at: datetime) -> None:
    session.pop(TOKEN, None)
    with enquiry.database().writing() as connection:
        accounts.refuse(connection, issuer, subject, at)


def _come_in(token: str, onward: str | None) -> AnyResponse:
    earlier, attempts = session.get(TOKEN), session.get(ATTEMPTS, [])
    if isinstance(earlier, str):
        with enquiry.database().writing() as connection:
            sessions.end(connection, earlier)
    session.clear()  # whoever planted a cookie before does not share the session
    session[TOKEN] = token
    if attempts:  # of other tabs
        session[ATTEMPTS] = attempts
    return redirect(access.after_sign_in(onward))


def _form(refusal: str = "", status: int = 200, name: str = "") -> Response:
    return page(
        "sign_in.html",
        status=status,
        signed_in=False,
        refusal=refusal,
        name=name,
        provider=current_app.config["OIDC_ISSUER"],
        left="left" in request.args,
        next=access.after_sign_in(request.values.get("next")),
    )


def _callback() -> str:
    home = (current_app.config["PUBLIC_BASE_URL"] or request.url_root).rstrip("/")
    return f"{home}{HOME}/sign-in/callback"


@contextmanager
def _one_of_few() -> Iterator[None]:
    if not _slow.acquire(timeout=0.25):
        raise SignInRefused("Many people sign in just now. Try again in a moment.")
    try:
        yield
    finally:
        _slow.release()
