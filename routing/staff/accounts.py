"""Accounts: everybody's, for administrators, and one's own."""

from flask import Response, current_app, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import config, lookup
from routing.errors import AccountError, SignInError
from routing.staff.auth import current_account, require_role, staff_blueprint, start_browser_session
from routing.staff.forms import AccountForm, PasswordForm
from routing.staff.layout import render_page
from routing.store import accounts, passwords
from routing.store.accounts import LOCAL, PASSWORD_LINK_LIFETIME, Account, Role
from routing.text.dates import format_datetime

bp = staff_blueprint("accounts")

ROLES = {
    Role.VIEW: "See who answers, the rota, calls and changes",
    Role.ROTA: "Arrange the rota",
    Role.DIVERT: "Divert calls",
    Role.ADMIN: "Everything, and manage accounts",
}


@bp.get("/accounts")
@require_role(Role.ADMIN)
def index() -> Response:
    """List everybody who can sign in, with a form for somebody new."""
    return _index(AccountForm())


@bp.post("/accounts")
@require_role(Role.ADMIN)
def add() -> Response:
    """Create a local account, and show the link by which its owner sets a password."""
    form = AccountForm()
    try:
        if not form.roles:
            raise AccountError("Choose at least one role.")
        with lookup.database().writing() as connection:
            at, actor = lookup.now(), current_account().actor
            account = accounts.add(connection, form.name.data, form.roles, None, at, actor)
            token = accounts.create_password_link(connection, account.id, at, actor)
    except AccountError as error:
        form.refuse(error)
        return _index(form)
    return _show_link(account.name, token)


@bp.get("/accounts/<id:account_id>")
@require_role(Role.ADMIN)
def show(account_id: int) -> AnyResponse:
    """Show somebody's account, to be changed."""
    return _show(account_id, AccountForm())


@bp.post("/accounts/<id:account_id>")
@require_role(Role.ADMIN)
def change(account_id: int) -> AnyResponse:
    """Change somebody's roles, end their sessions, remove the account or make a password link."""
    form, at, actor = AccountForm(), lookup.now(), current_account().actor
    action = form.action.data
    token = ""
    try:
        with lookup.database().writing() as connection:
            if action == "roles":
                accounts.set_roles(connection, account_id, form.roles, at, actor)
            elif action == "link":
                token = accounts.create_password_link(connection, account_id, at, actor)
            elif action == "sessions":
                accounts.sign_out(connection, account_id, at, actor)
            elif action == "remove":
                if not form.sure.data:
                    raise AccountError("Tick that the account is to be removed.")
                accounts.ensure_admin_remains(connection, account_id)
                accounts.remove(connection, str(account_id), at, actor)
    except AccountError as error:
        form.refuse(error)
        return _show(account_id, form)
    if token:
        account = _find(account_id)
        return _show_link(account.name if account else "", token)
    return redirect(url_for("accounts.index", done=action))


@bp.get("/account")
def show_own() -> Response:
    """Show the account of the person signed in: what it may do, its password and sessions."""
    return _show_own(PasswordForm())


@bp.post("/account")
def change_own_password() -> AnyResponse:
    """Change one's own password; sign out everywhere but here."""
    form, account, at = PasswordForm(), current_account(), lookup.now()
    try:
        if account.issuer != LOCAL:
            raise AccountError("Your password is your council account’s: change it there.")
        with lookup.database().writing() as connection:
            passwords.check_rate_limit(connection, account.name, at)
            stored = accounts.find_local(connection, account.name)
        if not passwords.verify_password(form.current.data, stored[1] if stored else None):
            raise SignInError("The current password is wrong.")
        with lookup.database().writing() as connection:
            accounts.set_password(connection, account.name, form.new.data, at, account.actor)
            token = accounts.start_session(connection, account, at)
    except (AccountError, SignInError) as error:
        form.refuse(error)
        return _show_own(form)
    start_browser_session(account, token)
    return redirect(url_for("accounts.show_own", done="password"))


def _index(form: AccountForm) -> Response:
    with lookup.database().reading() as connection:
        people = accounts.active_accounts(connection)
    return render_page(
        "accounts.html",
        form=form,
        people=[_describe(account) for account in people],
        roles=ROLES,
        can_add=not current_app.config["OIDC_ISSUER"],
        done=request.args.get("done"),
    )


def _show(account_id: int, form: AccountForm) -> AnyResponse:
    account = _find(account_id)
    if account is None:
        return redirect(url_for("accounts.index"))
    return render_page(
        "account.html",
        form=form,
        person=_describe(account),
        roles=ROLES,
        chosen=form.roles if form.errors else account.roles,
    )


def _show_own(form: PasswordForm) -> Response:
    account = current_account()
    return render_page(
        "own_account.html",
        form=form,
        roles=[ROLES[role] for role in Role if role in account.roles],
        is_local=account.issuer == LOCAL,
        done=request.args.get("done"),
    )


def _show_link(name: str, token: str) -> Response:
    return render_page(
        "password_link.html",
        name=name,
        address=config.base_url(current_app.config, request.url_root)
        + url_for("sign_in.ask_password", token=token),
        days=PASSWORD_LINK_LIFETIME.days,
    )


def _find(account_id: int) -> Account | None:
    with lookup.database().reading() as connection:
        people = accounts.active_accounts(connection)
    return next((account for account in people if account.id == account_id), None)


def _describe(account: Account) -> dict[str, object]:
    at = account.signed_in_at
    return {
        "id": account.id,
        "name": account.name,
        "roles": ", ".join(role.value for role in Role if role in account.roles) or "no role",
        "is_local": account.issuer == LOCAL,
        "is_own": account.id == current_account().id,
        "signed_in": format_datetime(at, lookup.staff_locale()) if at else "",
    }
