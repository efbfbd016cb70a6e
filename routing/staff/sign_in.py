"""Signing in and out: with the council's provider, or with an account of this service."""

from dataclasses import astuple
from datetime import datetime

from flask import Response, current_app, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import lookup
from routing.errors import SignInError
from routing.staff import auth
from routing.staff.auth import HOME, TOKEN, public, staff_blueprint
from routing.staff.layout import render_page
from routing.store import accounts, passwords
from routing.store.accounts import Account

bp = staff_blueprint("sign_in")

ATTEMPTS = "attempts"
MAX_ATTEMPTS = 3
"""Unfinished sign-ins with the provider that a browser keeps, one a tab: a cookie holds 4 KB."""

_NO_ROLE = (
    "Your council account has no role in this service. Ask whoever looks after accounts to give "
    "you one: view, rota, divert or admin."
)
_WRONG = "The name or the password is wrong."


@bp.get("/sign-in")
@public
def ask() -> Response:
    """Ask who it is."""
    return _form()


@bp.post("/sign-in")
@public
def check() -> AnyResponse:
    """Check a name and a password of this service's own; not where there is a provider."""
    if current_app.config["OIDC_ISSUER"]:
        return _form("Sign in with your council account.", 403)
    name, password = request.form.get("name", "")[:200], request.form.get("password", "")
    try:
        return _come_in(*_local(name, password))
    except SignInError as error:
        return _form(str(error), 403, name)


@bp.get("/sign-in/provider")
@public
def to_provider() -> AnyResponse:
    """Send whoever asks to the council's provider."""
    from routing.staff import sso

    try:
        address, attempt = sso.begin(_callback())
    except SignInError as error:
        return _form(str(error), 503)
    onward = auth.safe_next_url(request.args.get("next"))
    attempts = [*session.get(ATTEMPTS, []), [*astuple(attempt), onward]]
    session[ATTEMPTS] = attempts[-MAX_ATTEMPTS:]
    return redirect(address)


@bp.get("/sign-in/callback")
@public
def from_provider() -> AnyResponse:
    """Let in whom the provider vouches for, if it gives them a role.

    Anybody whom it gives none, or whom it denies access in a browser where they had signed in,
    loses the roles that they had here, with their sessions and calendars.
    """
    from routing.staff import sso

    at, attempt = lookup.now(), _attempt()
    if attempt is None:
        current_app.logger.warning("sign-in with the provider failed: no attempt has that state")
        return _form(sso.NOT_CONFIRMED, 403)
    *secrets, onward = attempt
    try:
        identity = sso.identify(sso.Attempt(*secrets), request.args, _callback())
    except sso.AccessDenied as error:
        who = auth.signed_in()
        if who is not None:
            _refuse(who.issuer, who.subject, at)
        return _form(str(error), 403)
    except SignInError as error:
        return _form(str(error), 403)
    if not identity.roles:
        _refuse(identity.issuer, identity.subject, at)
        return _form(_NO_ROLE, 403)
    with lookup.database().writing() as connection:
        account = accounts.upsert_sso_account(
            connection, identity.issuer, identity.subject, identity.name, identity.roles, at
        )
        token = accounts.start_session(connection, account, at)
    return _come_in(token, onward)


@bp.post("/sign-out")
def leave() -> AnyResponse:
    """End this session, or with ``everywhere`` all sessions and calendars of this person."""
    who = auth.current_account()
    with lookup.database().writing() as connection:
        if request.form.get("everywhere"):
            accounts.end_access(connection, who.id, lookup.now(), who.actor)
        else:
            accounts.end_session(connection, session[TOKEN])
    session.clear()
    return redirect(url_for("sign_in.ask", left="yes"))


def _local(name: str, password: str) -> tuple[str, str | None]:
    """Return a new session's token, and where to go. Raise SignInError."""
    database, at = lookup.database(), lookup.now()
    with database.writing() as connection:
        passwords.check_rate_limit(connection, name, at)
        account = accounts.find_local(connection, name)
    if not passwords.verify_password(password, account[1] if account else None):
        raise SignInError(_WRONG)
    with database.writing() as connection:
        again = accounts.find_local(connection, name)
        if again is None or again != account:
            raise SignInError(_WRONG)  # removed, or given another password, meanwhile
        passwords.clear_failures(connection, name)
        person: Account = again[0]
        return accounts.start_session(connection, person, at), request.form.get("next")


def _attempt() -> list[str] | None:
    """Take out of the cookie the attempt that the provider's answer belongs to: each is good once.

    None if this browser has begun none with that state. The last item is where to go.
    """
    state, attempts = request.args.get("state"), session.get(ATTEMPTS, [])
    session[ATTEMPTS] = [attempt for attempt in attempts if attempt[0] != state]
    return next((attempt for attempt in attempts if attempt[0] == state), None)


def _refuse(issuer: str, subject: str, at: datetime) -> None:
    session.pop(TOKEN, None)
    with lookup.database().writing() as connection:
        accounts.revoke_roles(connection, issuer, subject, at)


def _come_in(token: str, onward: str | None) -> AnyResponse:
    earlier, attempts = session.get(TOKEN), session.get(ATTEMPTS, [])
    if isinstance(earlier, str):
        with lookup.database().writing() as connection:
            accounts.end_session(connection, earlier)
    session.clear()  # whoever planted a cookie before does not share the session
    session[TOKEN] = token
    if attempts:  # of other tabs
        session[ATTEMPTS] = attempts
    return redirect(auth.safe_next_url(onward))


def _form(refusal: str = "", status: int = 200, name: str = "") -> Response:
    return render_page(
        "sign_in.html",
        status=status,
        signed_in=False,
        refusal=refusal,
        name=name,
        provider=current_app.config["OIDC_ISSUER"],
        left="left" in request.args,
        next=auth.safe_next_url(request.values.get("next")),
    )


def _callback() -> str:
    home = (current_app.config["PUBLIC_BASE_URL"] or request.url_root).rstrip("/")
    return f"{home}{HOME}/sign-in/callback"
