"""Signing in and out: with the council's provider, or with an account of this service."""

from dataclasses import astuple
from datetime import datetime

from flask import Response, current_app, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import config, lookup
from routing.concurrency import SESSION_TOKEN_KEY
from routing.errors import SignInError
from routing.staff.auth import (
    HOME,
    UNSAVED_KEY,
    current_account,
    safe_next_url,
    signed_in_account,
    staff_blueprint,
)
from routing.staff.forms import SignInForm, SignOutForm
from routing.staff.layout import render_page
from routing.store import accounts, passwords

bp = staff_blueprint("sign_in")

ATTEMPTS_KEY = "attempts"
MAX_ATTEMPTS = 3
"""Unfinished sign-ins with the provider that a browser keeps, one a tab: a cookie holds 4 KB."""

DIVERT_BY_COMMAND = (
    "If calls must be diverted now, somebody at the server can do it with `flask divert set`, "
    "without signing in."
)
NO_ROLE = (
    "Your council account has no role in this service, and starting again does not help. Ask the "
    "person who manages council accounts to give you one: view, rota, divert or admin."
)
WRONG_CREDENTIALS = "The name or the password is wrong."


@bp.get("/sign-in")
def ask() -> AnyResponse:
    """Ask who it is; say so if nobody can sign in, because a setting is missing."""
    fault = config.sign_in_fault(current_app.config)
    if fault is not None:
        return _refuse(fault, 503)
    if signed_in_account() is not None and "next" in request.args:
        return redirect(safe_next_url(request.args["next"]))
    return _ask(SignInForm(next=request.args.get("next")))


@bp.post("/sign-in")
def check() -> AnyResponse:
    """Sign in with a name and a password of this service's own; not where there is a provider."""
    form = SignInForm()
    fault = config.sign_in_fault(current_app.config)
    if fault is not None:
        return _refuse(fault, 503, form)
    if current_app.config["OIDC_ISSUER"]:
        return _refuse("Sign in with your council account.", form=form)
    try:
        token = _start_local_session(form.name.data, form.password.data)
    except SignInError as error:
        return _refuse(str(error), form=form)
    return _enter(token, form.next.data)


@bp.get("/sign-in/provider")
def to_provider() -> AnyResponse:
    """Redirect to the council's provider."""
    from routing.staff import sso

    fault = config.sign_in_fault(current_app.config)
    if fault is not None:
        return _refuse(fault, 503)
    try:
        url, attempt = sso.begin(_callback_url())
    except SignInError as error:
        return _refuse(str(error), 503)
    next_url = safe_next_url(request.args.get("next"))
    attempts = [*session.get(ATTEMPTS_KEY, []), [*astuple(attempt), next_url]]
    session[ATTEMPTS_KEY] = attempts[-MAX_ATTEMPTS:]
    return redirect(url)


@bp.get("/sign-in/callback")
def from_provider() -> AnyResponse:
    """Sign in whoever the provider vouches for, if it gives them a role.

    Anybody whom it gives none, or whom it denies access in a browser where they had signed in,
    loses the roles that they had here, with their sessions and calendars.
    """
    from routing.staff import sso

    at, attempt = lookup.now(), _take_attempt()
    if attempt is None:
        current_app.logger.warning("sign-in with the provider failed: no attempt has that state")
        return _refuse(sso.NOT_CONFIRMED)
    *secrets, next_url = attempt
    try:
        identity = sso.identify(sso.Attempt(*secrets), request.args, _callback_url())
    except sso.AccessDenied as error:
        account = signed_in_account()
        if account is not None:
            _revoke_roles(account.issuer, account.subject, at)
        return _refuse(str(error))
    except SignInError as error:
        return _refuse(str(error))
    if not identity.roles:
        _revoke_roles(identity.issuer, identity.subject, at)
        return _refuse(NO_ROLE)
    with lookup.database().writing() as connection:
        account = accounts.upsert_sso_account(
            connection, identity.issuer, identity.subject, identity.name, identity.roles, at
        )
        token = accounts.start_session(connection, account, at)
    return _enter(token, next_url)


@bp.get("/sign-in/unsaved")
def show_unsaved() -> AnyResponse:
    """Show the form that was sent after a session had ended, once, to be sent again."""
    unsaved = session.pop(UNSAVED_KEY, None)
    if unsaved is None:
        return redirect(HOME)
    return render_page("unsaved.html", path=unsaved["path"], fields=unsaved["fields"])


@bp.post("/sign-out")
def sign_out() -> AnyResponse:
    """End this session, or with ``everywhere`` all sessions and calendars of this person."""
    account = current_account()
    with lookup.database().writing() as connection:
        if SignOutForm().everywhere.data:
            accounts.end_access(connection, account.id, lookup.now(), account.actor)
        else:
            accounts.end_session(connection, session[SESSION_TOKEN_KEY])
    session.clear()
    return redirect(url_for("sign_in.ask", left="yes"))


def _start_local_session(name: str, password: str) -> str:
    """Return a new session's token. Raise SignInError."""
    database, at = lookup.database(), lookup.now()
    with database.writing() as connection:
        passwords.check_rate_limit(connection, name, at)
        stored = accounts.find_local(connection, name)
    if not passwords.verify_password(password, stored[1] if stored else None):
        raise SignInError(WRONG_CREDENTIALS)
    with database.writing() as connection:
        again = accounts.find_local(connection, name)
        if again is None or again != stored:
            raise SignInError(WRONG_CREDENTIALS)  # removed, or given another password, meanwhile
        passwords.clear_failures(connection, name)
        return accounts.start_session(connection, again[0], at)


def _take_attempt() -> list[str] | None:
    """Take the attempt that the provider's answer belongs to out of the cookie: it is good once.

    Return None if this browser has begun none with that state. The last item is where to go.
    """
    state, attempts = request.args.get("state"), session.get(ATTEMPTS_KEY, [])
    session[ATTEMPTS_KEY] = [attempt for attempt in attempts if attempt[0] != state]
    return next((attempt for attempt in attempts if attempt[0] == state), None)


def _revoke_roles(issuer: str, subject: str, at: datetime) -> None:
    session.pop(SESSION_TOKEN_KEY, None)
    with lookup.database().writing() as connection:
        accounts.revoke_roles(connection, issuer, subject, at)


def _enter(token: str, next_url: str | None) -> AnyResponse:
    """Put a new session in place of this browser's, and redirect to the page that was wanted."""
    earlier, attempts = session.get(SESSION_TOKEN_KEY), session.get(ATTEMPTS_KEY, [])
    unsaved = session.get(UNSAVED_KEY)
    if isinstance(earlier, str):
        with lookup.database().writing() as connection:
            accounts.end_session(connection, earlier)
    session.clear()  # whoever planted a cookie before does not share the session
    session[SESSION_TOKEN_KEY] = token
    if attempts:  # of other tabs
        session[ATTEMPTS_KEY] = attempts
    if unsaved:
        session[UNSAVED_KEY] = unsaved
    return redirect(safe_next_url(next_url))


def _refuse(reason: str, status: int = 403, form: SignInForm | None = None) -> Response:
    form = form or SignInForm(next=request.args.get("next"))
    form.form_errors.append(reason)
    return _ask(form, status)


def _ask(form: SignInForm, status: int = 200) -> Response:
    return render_page(
        "sign_in.html",
        status=status,
        form=form,
        show_account=False,
        has_provider=bool(current_app.config["OIDC_ISSUER"]),
        is_incomplete=config.sign_in_fault(current_app.config) is not None,
        divert_by_command=DIVERT_BY_COMMAND,
        unsaved=request.args.get("unsaved", ""),
        has_left="left" in request.args,
        next=safe_next_url(form.next.data),
    )


def _callback_url() -> str:
    return f"{config.base_url(current_app.config, request.url_root)}{HOME}/sign-in/callback"
