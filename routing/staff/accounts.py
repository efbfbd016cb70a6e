"""Signing in and out, one's own account, and everybody's for administrators.

People sign in with the council's provider, or with an account of this service.
"""

from contextlib import AbstractContextManager

from flask import Response, current_app, g, redirect, request, session, url_for
from sqlalchemy.engine import Connection
from werkzeug.wrappers import Response as AnyResponse

from routing import config, lookup
from routing.config import SESSION_TOKEN_KEY
from routing.errors import AccountError, SignInError
from routing.staff.auth import (
    HOME,
    current_account,
    issuer,
    render_message,
    render_page,
    require_role,
    safe_next_url,
    signed_in_account,
    staff_blueprint,
)
from routing.staff.forms import AccountForm, PasswordForm, SignInForm, StaffForm, link_token
from routing.store import accounts
from routing.store.accounts import RESET_LINK, TOKEN_LIFETIMES, Account, Role
from routing.text.dates import format_datetime

bp = staff_blueprint("accounts")

ATTEMPTS_KEY = "attempts"
"""Under which the cookie holds unfinished sign-ins with the provider."""

MAX_ATTEMPTS = 3
"""Unfinished sign-ins with the provider that a browser keeps, one a tab: a cookie holds 4 KB."""

CHOOSE_ACCOUNT_KEY = "choose_account"
"""The key under which the cookie says that somebody has signed out: the provider asks who it is."""

WRONG_CREDENTIALS = "The name or the password is wrong."

ROLES = {
    Role.VIEW: "See who answers, the rota, calls and changes",
    Role.ROTA: "Arrange the rota",
    Role.DIVERT: "Divert calls",
    Role.ADMIN: "Everything, and manage accounts",
}


@bp.get("/sign-in")
def ask() -> AnyResponse:
    """Ask who it is; say so if nobody can sign in, because a setting is missing."""
    _check_settings()
    if signed_in_account() is not None and "next" in request.args:
        return redirect(safe_next_url(request.args["next"]))
    return _ask(SignInForm(next=request.args.get("next")))


@bp.post("/sign-in")
def check() -> AnyResponse:
    """Sign in with a name and a password of this service's own; not where there is a provider."""
    _check_settings()
    if current_app.config["OIDC_ISSUER"]:
        raise SignInError("Sign in with your council account.")
    form = SignInForm()
    account = _check_password(form.name.data, form.password.data, WRONG_CREDENTIALS)
    with lookup.database().writing() as connection:
        if account != accounts.find_local(connection, account.name):
            raise SignInError(WRONG_CREDENTIALS)  # removed, or given another password, meanwhile
        _start_session(connection, account)
    return redirect(safe_next_url(form.next.data))


@bp.get("/sign-in/provider")
def to_provider() -> AnyResponse:
    """Redirect to the council's provider."""
    from routing.staff import sso

    _check_settings()
    url, attempt = sso.begin(_url("/sign-in/callback"), CHOOSE_ACCOUNT_KEY in session)
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

    state, attempts = request.args.get("state"), session.get(ATTEMPTS_KEY, [])
    attempt = next((attempt for attempt in attempts if attempt[0] == state), None)
    session[ATTEMPTS_KEY] = [other for other in attempts if other != attempt]  # it is good once
    if attempt is None:
        current_app.logger.warning("sign-in with the provider failed: no attempt has that state")
        raise SignInError(sso.NOT_CONFIRMED)
    _, nonce, code_verifier, next_url = attempt
    try:
        identity = sso.identify(nonce, code_verifier, request.args, _url("/sign-in/callback"))
    except sso.AccessDenied as error:
        account = signed_in_account()
        if account is None:
            raise
        identity = sso.Identity(account.subject, account.name, frozenset(), str(error))
    with lookup.database().writing() as connection:
        account = accounts.upsert_sso_account(
            connection, issuer(), identity.subject, identity.name, identity.roles, lookup.now()
        )
        if account is not None and account.roles:
            _start_session(connection, account)
    if not identity.roles:
        raise SignInError(identity.refusal)
    return redirect(safe_next_url(next_url))


@bp.errorhandler(SignInError)
def refuse(error: SignInError) -> Response:
    """Say why nobody was signed in, and ask again."""
    form = SignInForm(next=request.args.get("next"))
    form.form_errors.append(str(error))
    is_down = request.endpoint == "accounts.to_provider"
    is_down |= config.sign_in_fault(current_app.config) is not None
    return _ask(form, 503 if is_down else 403)


@bp.route("/sign-in/password/<token>", methods=["GET", "POST"])
def set_password(token: str) -> AnyResponse:
    """Ask for a new password, and set it once; then they sign in with it.

    Until then the link stays good: a mail filter may open it first.
    """
    form, at = PasswordForm(), lookup.now()
    with form.refusing(AccountError), _connection(form) as connection:
        account = accounts.find_by_token(connection, RESET_LINK, token, at)
        if account is not None and form.is_submitted():
            accounts.set_password(connection, account, form.new.data, at, account.actor)
            return redirect(url_for("accounts.ask", left="password"))
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
        return redirect(url_for("accounts.ask", left="yes"))
    session[CHOOSE_ACCOUNT_KEY] = True
    return _sign_out_at_provider() or redirect(url_for("accounts.ask"))


@bp.route("/accounts", methods=["GET", "POST"])
@require_role(Role.ADMIN)
def index() -> Response:
    """List everybody who can sign in. Create an account, and show the link for its password."""
    form = AccountForm()
    if form.is_submitted():
        at, actor = lookup.now(), current_account().actor
        token = link_token(form.once.data, form.name.data, sorted(form.roles), actor)
        with form.refusing(AccountError), lookup.database().writing() as connection:
            account = accounts.find_by_token(connection, RESET_LINK, token, at)
            if account is None:  # else the form was sent twice
                account = accounts.add(connection, form.name.data, form.roles, None, at, actor)
                accounts.create_password_link(connection, account, at, actor, token)
            return _show_link(account.name, token)
    with lookup.database().reading() as connection:
        active_accounts = accounts.active_accounts(connection)
    locale = lookup.staff_locale()
    return render_page(
        "accounts.html",
        form=form,
        people=[
            (account, account.signed_in_at and format_datetime(account.signed_in_at, locale))
            for account in active_accounts
        ],
        roles=ROLES,
        can_add=not current_app.config["OIDC_ISSUER"],
        done=request.args.get("done"),
    )


@bp.route("/accounts/<id:account_id>", methods=["GET", "POST"])
@require_role(Role.ADMIN)
def show(account_id: int) -> AnyResponse:
    """Show an account. Change its roles, end its sessions, remove it or make a password link."""
    form = AccountForm()
    with form.refusing(AccountError), _connection(form) as connection:
        account = accounts.find(connection, account_id)
        if form.is_submitted() and account is not None:
            return _change(connection, account, form)
    if account is None and form.action.data == "remove":  # a second tap
        return redirect(url_for("accounts.index", done="remove"))
    if account is None:
        return render_message(404, "There is no such account", "Somebody has removed it.")
    return render_page(
        "account.html",
        form=form,
        person=account,
        roles=ROLES,
        chosen=form.roles if form.errors else account.roles,
    )


@bp.route("/account", methods=["GET", "POST"])
def show_own() -> AnyResponse:
    """Show what one's own account may do. Change its password; sign out everywhere but here."""
    form, account = PasswordForm(), current_account()
    if form.is_submitted():
        with form.refusing(AccountError, SignInError):
            if account.is_local:
                refusal = "The current password is wrong."
                _check_password(account.name, form.current.data, refusal)
            with lookup.database().writing() as connection:
                at = lookup.now()
                accounts.set_password(connection, account, form.new.data, at, account.actor)
                _start_session(connection, account)
            return redirect(url_for("accounts.show_own", done="password"))
    return render_page(
        "own_account.html",
        form=form,
        roles=[ROLES[role] for role in Role if role in account.roles],
        done=request.args.get("done"),
    )


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


def _check_settings() -> None:
    """Raise SignInError where half a provider is configured: nobody can sign in then."""
    if fault := config.sign_in_fault(current_app.config):
        raise SignInError(fault)


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


def _connection(form: StaffForm) -> AbstractContextManager[Connection]:
    """Return a transaction that may write only if the form was sent."""
    database = lookup.database()
    return database.writing() if form.is_submitted() else database.reading()


def _url(path: str) -> str:
    return f"{config.base_url(current_app.config, request.url_root)}{HOME}{path}"


def _start_session(connection: Connection, account: Account) -> None:
    """Put a new session in place of this browser's."""
    earlier, attempts = session.get(SESSION_TOKEN_KEY), session.get(ATTEMPTS_KEY, [])
    if isinstance(earlier, str):
        accounts.end_session(connection, earlier)
    session.clear()  # whoever planted a cookie before does not share the session
    session[SESSION_TOKEN_KEY] = accounts.start_session(connection, account, lookup.now())
    if attempts:  # of other tabs
        session[ATTEMPTS_KEY] = attempts


def _check_password(name: str, password: str, refusal: str) -> Account:
    """Return the local account that has this password.

    Raise SignInError for a wrong one or no such name, with ``refusal``, and while nobody may try
    that name; DatabaseUnavailable.
    """
    database, at = lookup.database(), lookup.now()
    with database.writing() as connection:
        accounts.check_rate_limit(connection, name, at)
        account = accounts.find_local(connection, name)
    is_right = accounts.verify_password(password, account.password_hash if account else None)
    if account is None or not is_right:
        raise SignInError(refusal)
    with database.writing() as connection:
        accounts.clear_failures(connection, name)
    return account


def _change(connection: Connection, account: Account, form: AccountForm) -> AnyResponse:
    at, actor, action = lookup.now(), current_account().actor, form.action.data
    if action == "link":
        token = accounts.create_password_link(connection, account, at, actor)
        return _show_link(account.name, token)
    if action == "roles":
        accounts.set_roles(connection, account, form.roles, at, actor)
    elif action == "sessions":
        accounts.sign_out(connection, account, at, actor)
    elif action == "remove":
        if not form.sure.data:
            raise AccountError("Tick that the account is to be removed.")
        accounts.ensure_admin_remains(connection, account)
        accounts.remove(connection, account, at, actor)
    return redirect(url_for("accounts.index", done=action))


def _show_link(name: str, token: str) -> Response:
    return render_page(
        "password_link.html",
        name=name,
        address=config.base_url(current_app.config, request.url_root)
        + url_for("accounts.set_password", token=token),
        days=TOKEN_LIFETIMES[RESET_LINK].days,
    )
