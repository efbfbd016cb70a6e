"""Accounts: everybody's, for administrators, and one's own."""

from flask import Response, current_app, redirect, request, url_for
from sqlalchemy.engine import Connection
from werkzeug.wrappers import Response as AnyResponse

from routing import config, lookup
from routing.errors import AccountError, SignInError
from routing.staff.auth import (
    check_password,
    current_account,
    render_message,
    render_page,
    require_role,
    staff_blueprint,
    start_browser_session,
)
from routing.staff.forms import AccountForm, PasswordForm, link_token
from routing.store import accounts
from routing.store.accounts import PASSWORD_LINK_LIFETIME, Account, Role
from routing.text.dates import format_datetime

bp = staff_blueprint("accounts")

ROLES = {
    Role.VIEW: "See who answers, the rota, calls and changes",
    Role.ROTA: "Arrange the rota",
    Role.DIVERT: "Divert calls",
    Role.ADMIN: "Everything, and manage accounts",
}


@bp.route("/accounts", methods=["GET", "POST"])
@require_role(Role.ADMIN)
def index() -> Response:
    """List everybody who can sign in. Create an account, and show the link for its password."""
    form = AccountForm()
    try:
        if form.is_submitted():
            if not form.roles:
                raise AccountError("Choose at least one role.")
            at, actor = lookup.now(), current_account().actor
            token = link_token(form.once.data, form.name.data, sorted(form.roles), actor)
            with lookup.database().writing() as connection:
                account = accounts.find_by_password_link(connection, token, at)
                if account is None:  # else the form was sent twice
                    account = accounts.add(connection, form.name.data, form.roles, None, at, actor)
                    accounts.create_password_link(connection, account, at, actor, token)
                return _show_link(account.name, token)
    except AccountError as error:
        form.refuse(error)
    with lookup.database().reading() as connection:
        people = accounts.active_accounts(connection)
    locale = lookup.staff_locale()
    times = [one.signed_in_at and format_datetime(one.signed_in_at, locale) for one in people]
    return render_page(
        "accounts.html",
        form=form,
        people=list(zip(people, times, strict=True)),
        roles=ROLES,
        can_add=not current_app.config["OIDC_ISSUER"],
        done=request.args.get("done"),
    )


@bp.route("/accounts/<id:account_id>", methods=["GET", "POST"])
@require_role(Role.ADMIN)
def show(account_id: int) -> AnyResponse:
    """Show an account. Change its roles, end its sessions, remove it or make a password link."""
    form, database = AccountForm(), lookup.database()
    try:
        with database.writing() if form.is_submitted() else database.reading() as connection:
            account = accounts.find(connection, account_id)
            if form.is_submitted() and account is not None:
                return _change(connection, account, form)
    except AccountError as error:
        form.refuse(error)
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
    try:
        if form.is_submitted():
            if account.is_local and not check_password(account.name, form.current.data):
                raise SignInError("The current password is wrong.")
            with lookup.database().writing() as connection:
                at = lookup.now()
                accounts.set_password(connection, account, form.new.data, at, account.actor)
                token = accounts.start_session(connection, account, at)
            start_browser_session(token)
            return redirect(url_for("accounts.show_own", done="password"))
    except (AccountError, SignInError) as error:
        form.refuse(error)
    return render_page(
        "own_account.html",
        form=form,
        roles=[ROLES[role] for role in Role if role in account.roles],
        done=request.args.get("done"),
    )


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
        + url_for("sign_in.set_password", token=token),
        days=PASSWORD_LINK_LIFETIME.days,
    )
