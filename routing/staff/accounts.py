"""Accounts: everybody's, for administrators, and one's own."""

from flask import Response, current_app, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import config, lookup
from routing.errors import AccountError, SignInError
from routing.staff.auth import (
    current_account,
    render_message,
    render_page,
    require_role,
    staff_blueprint,
    start_browser_session,
)
from routing.staff.forms import AccountForm, Confirmation, PasswordForm, link_token
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
            token = link_token(Confirmation().once.data, form.name.data, sorted(form.roles), actor)
            with lookup.database().writing() as connection:
                account = accounts.find_by_password_link(connection, token, at)
                if account is None:  # else the form was sent twice
                    account = accounts.add(connection, form.name.data, form.roles, None, at, actor)
                    accounts.create_password_link(connection, account.id, at, actor, token)
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
    form = AccountForm()
    try:
        if form.is_submitted():
            return _change(account_id, form)
    except AccountError as error:
        form.refuse(error)
    with lookup.database().reading() as connection:
        account = accounts.find(connection, account_id)
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
            start_browser_session(_change_password(account, form))
            return redirect(url_for("accounts.show_own", done="password"))
    except (AccountError, SignInError) as error:
        form.refuse(error)
    return render_page(
        "own_account.html",
        form=form,
        roles=[ROLES[role] for role in Role if role in account.roles],
        done=request.args.get("done"),
    )


def _change(account_id: int, form: AccountForm) -> AnyResponse:
    at, actor, action = lookup.now(), current_account().actor, form.action.data
    with lookup.database().writing() as connection:
        if action == "link":
            return _show_link(*accounts.create_password_link(connection, account_id, at, actor))
        if action == "roles":
            accounts.set_roles(connection, account_id, form.roles, at, actor)
        elif action == "sessions":
            accounts.sign_out(connection, account_id, at, actor)
        elif action == "remove" and accounts.find(connection, account_id):  # else a second tap
            if not form.sure.data:
                raise AccountError("Tick that the account is to be removed.")
            accounts.ensure_admin_remains(connection, account_id)
            accounts.remove(connection, str(account_id), at, actor)
    return redirect(url_for("accounts.index", done=action))


def _change_password(account: Account, form: PasswordForm) -> str:
    at = lookup.now()
    if not account.is_local:
        raise AccountError("Your password is your council account’s: change it there.")
    with lookup.database().writing() as connection:
        accounts.check_rate_limit(connection, account.name, at)
        stored = accounts.find_local(connection, account.name)
    if not accounts.verify_password(form.current.data, stored[1] if stored else None):
        raise SignInError(
            "The current password is wrong. If you have sent this twice, it is changed already."
        )
    with lookup.database().writing() as connection:
        accounts.clear_failures(connection, account.name)  # also if the new password is refused
    with lookup.database().writing() as connection:
        accounts.set_password(connection, account.name, form.new.data, at, account.actor)
        return accounts.start_session(connection, account, at)


def _show_link(name: str, token: str) -> Response:
    return render_page(
        "password_link.html",
        name=name,
        address=config.base_url(current_app.config, request.url_root)
        + url_for("sign_in.set_password", token=token),
        days=PASSWORD_LINK_LIFETIME.days,
    )
