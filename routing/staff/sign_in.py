"""Signing in and out: with the council's provider, or with an account of this service."""

from datetime import datetime

from flask import Response, current_app, g, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import config, lookup
from routing.config import SESSION_TOKEN_KEY
from routing.errors import AccountError, SignInError
from routing.staff.auth import (
    ATTEMPTS_KEY,
    HOME,
    check_password,
    current_account,
    render_message,
    render_page,
    safe_next_url,
    signed_in_account,
    staff_blueprint,
    start_browser_session,
)
from routing.staff.forms import PasswordForm, SignInForm
from routing.store import accounts

bp = staff_blueprint("sign_in")

MAX_ATTEMPTS = 3
"""Unfinished sign-ins with the provider that a browser keeps, one a tab: a cookie holds 4 KB."""

CHOOSE_ACCOUNT_KEY = "choose_account"
"""The key under which the cookie says that somebody has signed out: the provider asks who it is."""

WRONG_CREDENTIALS = "The name or the password is wrong."


@bp.get("/sign-in")
def ask() -> AnyResponse:
    """Ask who it is; say so if nobody can sign in, because a setting is missing."""
    if fault := config.sign_in_fault(current_app.config):
        return _refuse(fault, 503)
    if signed_in_account() is not None and "next" in request.args:
        return redirect(safe_next_url(request.args["next"]))
    return _ask(SignInForm(next=request.args.get("next")))


@bp.post("/sign-in")
def check() -> AnyResponse:
    """Sign in with a name and a password of this service's own; not where there is a provider."""
    form = SignInForm()
    if fault := config.sign_in_fault(current_app.config):
        return _refuse(fault, 503)
    if current_app.config["OIDC_ISSUER"]:
        return _refuse("Sign in with your council account.")
    try:
        token = _start_local_session(form.name.data, form.password.data)
    except SignInError as error:
        return _refuse(str(error))
    start_browser_session(token)
    return redirect(safe_next_url(form.next.data))


@bp.get("/sign-in/provider")
def to_provider() -> AnyResponse:
    """Redirect to the council's provider."""
    from routing.staff import sso

    if fault := config.sign_in_fault(current_app.config):
        return _refuse(fault, 503)
    try:
        url, attempt = sso.begin(_url("/sign-in/callback"), CHOOSE_ACCOUNT_KEY in session)
    except SignInError as error:
        return _refuse(str(error), 503)
    next_url = safe_next_url(request.args.get("next"))
    attempts = [*session.get(ATTEMPTS_KEY, []), [*attempt, next_url]]
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
    _, nonce, code_verifier, next_url = attempt
    try:
        identity = sso.identify(nonce, code_verifier, request.args, _url("/sign-in/callback"))
    except sso.AccessDenied as error:
        account = signed_in_account()
        if account is not None:
            _revoke_roles(account.issuer, account.subject, at)
        return _refuse(str(error))
    except SignInError as error:
        return _refuse(str(error))
    if not identity.roles:
        _revoke_roles(identity.issuer, identity.subject, at)
        return _refuse(identity.refusal)
    with lookup.database().writing() as connection:
        account = accounts.upsert_sso_account(
            connection, identity.issuer, identity.subject, identity.name, identity.roles, at
        )
        token = accounts.start_session(connection, account, at)
    start_browser_session(token)
    return redirect(safe_next_url(next_url))


@bp.route("/sign-in/password/<token>", methods=["GET", "POST"])
def set_password(token: str) -> AnyResponse:
    """Ask for a new password, and set it once; then they sign in with it.

    Until then the link stays good: a mail filter may open it first.
    """
    form, at, database = PasswordForm(), lookup.now(), lookup.database()
    try:
        with database.writing() if form.is_submitted() else database.reading() as connection:
            account = accounts.find_by_password_link(connection, token, at)
            if account is not None and form.is_submitted():
                accounts.set_password(connection, account, form.new.data, at, account.actor)
                return redirect(url_for("sign_in.ask", left="password"))
    except AccountError as error:
        form.refuse(error)
    if account is None:
        return render_message(
            404,
            "This link cannot be used",
            "It was used already, replaced by a later one, or is more than two days old.",
            "If you have just set your password, it is set: go to the staff pages and sign in. If "
            "not, ask the person who manages accounts for a new link.",
        )
    return render_page("set_password.html", form=form, name=account.name)


@bp.post("/sign-out")
def sign_out() -> AnyResponse:
    """End this session, or with ``everywhere`` all sessions and calendars of this person."""
    account = current_account()
    with lookup.database().writing() as connection:
        if request.form.get("everywhere"):
            accounts.sign_out(connection, account, lookup.now(), account.actor)
        else:
            accounts.end_session(connection, session[SESSION_TOKEN_KEY])
    session.clear()
    g.pop("account")
    if not current_app.config["OIDC_ISSUER"]:
        return redirect(url_for("sign_in.ask", left="yes"))
    session[CHOOSE_ACCOUNT_KEY] = True
    return _sign_out_at_provider() or redirect(url_for("sign_in.ask"))


def _sign_out_at_provider() -> Response | None:
    """Return a page that goes on to the provider's sign-out at once; None if it has none.

    A redirect would not do: browsers apply form-action, which is this site, to redirects too.
    """
    from routing.staff import sso

    url = sso.sign_out_url(_url("/sign-in"))
    if url is None:
        return None
    response = render_page(
        "message.html",
        title="You have signed out here",
        paragraphs=["Your browser now goes on to sign you out of your council account."],
        link={"text": "Sign out of your council account", "href": url},
    )
    response.headers["Refresh"] = f"0; url={url}"
    return response


def _start_local_session(name: str, password: str) -> str:
    account = check_password(name, password)
    if account is None:
        raise SignInError(WRONG_CREDENTIALS)
    with lookup.database().writing() as connection:
        if account != accounts.find_local(connection, name):
            raise SignInError(WRONG_CREDENTIALS)  # removed, or given another password, meanwhile
        return accounts.start_session(connection, account, lookup.now())


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


def _refuse(reason: str, status: int = 403) -> Response:
    form = SignInForm(next=request.args.get("next"))
    form.form_errors.append(reason)
    return _ask(form, status)


def _ask(form: SignInForm, status: int = 200) -> Response:
    return render_page(
        "sign_in.html",
        status=status,
        form=form,
        has_provider=bool(current_app.config["OIDC_ISSUER"]),
        is_incomplete=config.sign_in_fault(current_app.config) is not None,
        is_unsaved="unsaved" in request.args,
        left=request.args.get("left") or ("yes" if CHOOSE_ACCOUNT_KEY in session else ""),
        next=safe_next_url(form.next.data),
    )


def _url(path: str) -> str:
    return f"{config.base_url(current_app.config, request.url_root)}{HOME}{path}"
