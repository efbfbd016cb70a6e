"""People who can be on the rota, for those who arrange it."""

from contextlib import suppress

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import lookup, rota_service
from routing.core.instants import Span
from routing.errors import InvalidRotaChange, UnknownShift
from routing.rota.roster import cover_absence
from routing.staff.auth import current_account, render_page, require_role, staff_blueprint
from routing.staff.forms import PersonForm
from routing.store import accounts, rota_people
from routing.store.accounts import Role

bp = staff_blueprint("rota_people")


@bp.route("/rota/people", methods=["GET", "POST"])
@require_role(Role.ROTA)
def index() -> AnyResponse:
    """Show everybody who can be on the rota; put somebody new on it."""
    form = PersonForm()
    if form.validate_on_submit():
        name, phone, once = form.name.data, form.phone.data or None, form.once.data
        with form.refusing(InvalidRotaChange), lookup.database().writing() as connection:
            actor = current_account().actor
            rota_people.add(connection, name, phone, lookup.now(), actor, once)
            return redirect(url_for("rota_people.index", done="added"))
    with lookup.database().reading() as connection:
        people = rota_people.all_people(connection)
        names = {account.id: account.name for account in accounts.active_accounts(connection)}
    return render_page(
        "people.html",
        form=form,
        people=[person for person in people if person.left_at is None],
        account_names=names,
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
        with form.refusing(InvalidRotaChange), lookup.database().writing() as connection:
            at, actor = lookup.now(), current_account().actor
            rota_people.change(connection, person_id, name, phone, account_id, at, actor)
            return redirect(url_for("rota_people.index", done="changed"))
    return render_page("person.html", form=form, person=person, accounts=list(names.items()))


@bp.route("/rota/people/<id:person_id>/leave", methods=["GET", "POST"])
@require_role(Role.ROTA)
def leave(person_id: int) -> AnyResponse:
    """Show what taking somebody off the rota means; if confirmed, their duties become gaps."""
    if request.method == "POST":
        with suppress(UnknownShift):  # they have left already: a second tap
            rota_service.remove_person(person_id, current_account().actor)
        return redirect(url_for("rota_people.index", done="left"))
    at = lookup.now()
    with lookup.database().reading() as connection:
        person = rota_people.get(connection, person_id)
        to_come = Span(at, at + rota_service.FAR_FUTURE)
        rota = rota_service.load_rota(connection, to_come.start, to_come.end)
    count = len(cover_absence(rota, person_id, to_come, None))
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
