"""People who can be on the rota, for those who arrange it."""

from contextlib import suppress

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import lookup, rota_service
from routing.errors import InvalidRotaChange, UnknownShift
from routing.staff.auth import current_account, render_page, require_role, staff_blueprint
from routing.staff.forms import Confirmation, PersonForm
from routing.store import accounts, rota_people
from routing.store.accounts import Role

bp = staff_blueprint("rota_people")


@bp.route("/rota/people", methods=["GET", "POST"])
@require_role(Role.ROTA)
def index() -> AnyResponse:
    """Show everybody who can be on the rota; put somebody new on it."""
    form = PersonForm()
    if form.validate_on_submit():
        at, actor = lookup.now(), current_account().actor
        try:
            with lookup.database().writing() as connection:
                phone = form.phone.data or None
                once = Confirmation().once.data
                rota_people.add(connection, form.name.data, phone, at, actor, once)
            return redirect(url_for("rota_people.index", done="added"))
        except InvalidRotaChange as error:
            form.refuse(error)
    with lookup.database().reading() as connection:
        people = rota_people.all_people(connection)
        names = {account.id: account.name for account in accounts.active_accounts(connection)}
    return render_page(
        "people.html",
        form=form,
        people=[(one, names.get(one.account_id or 0)) for one in people if one.left_at is None],
        done=request.args.get("done"),
    )


@bp.route("/rota/people/<id:person_id>", methods=["GET", "POST"])
@require_role(Role.ROTA)
def show(person_id: int) -> AnyResponse:
    """Show somebody's name, work phone and account; change them."""
    with lookup.database().reading() as connection:
        person = rota_people.get(connection, person_id)
        names = {str(account.id): account.name for account in accounts.active_accounts(connection)}
    account = str(person.account_id or "")
    form = PersonForm(name=person.name, phone=person.phone, account=account)
    if form.validate_on_submit():
        name, phone, account = form.name.data, form.phone.data or None, form.account.data
        account_id = int(account) if account in names else None
        at, actor = lookup.now(), current_account().actor
        try:
            with lookup.database().writing() as connection:
                rota_people.change(connection, person_id, name, phone, account_id, at, actor)
            return redirect(url_for("rota_people.index", done="changed"))
        except InvalidRotaChange as error:
            form.refuse(error)
    return render_page("person.html", form=form, person=person, accounts=list(names.items()))


@bp.route("/rota/people/<id:person_id>/leave", methods=["GET", "POST"])
@require_role(Role.ROTA)
def leave(person_id: int) -> AnyResponse:
    """Show what taking somebody off the rota means; if confirmed, their duties become gaps."""
    if request.method == "POST":
        at, actor = lookup.now(), current_account().actor
        # Where they have left already, it is a second tap.
        with suppress(UnknownShift), lookup.database().writing() as connection:
            rota_people.leave(connection, person_id, at, actor)
        return redirect(url_for("rota_people.index", done="left"))
    at = lookup.now()
    with lookup.database().reading() as connection:
        person = rota_people.get(connection, person_id)
        rota = rota_service.load_rota(connection, at, at + rota_service.FAR_FUTURE)
    duties = rota.all_assignments(at, at + rota_service.FAR_FUTURE)
    count = sum(duty.person_id == person_id for duty in duties)
    return render_page(
        "confirm.html",
        title=f"Take {person.name} off the rota",
        paragraphs=[
            f"{count or 'No'} {'stretch' if count == 1 else 'stretches'} of duty to come "
            f"{'is' if count == 1 else 'are'} theirs: nobody will have them, and each shows as a "
            "gap until somebody does.",
            "Their calendar feeds stop. Their name stays on what they did, until it is old.",
        ],
        hidden={},
        button="Take them off the rota",
    )
