"""People who can be on the rota, for those who arrange it."""

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import lookup, rota_service
from routing.core.instants import Span
from routing.errors import InvalidRotaChange
from routing.rota import validation
from routing.staff.auth import require_role, staff_blueprint
from routing.staff.forms import PersonForm
from routing.staff.layout import render_page
from routing.staff.session import current_account
from routing.store import accounts, rota_people
from routing.store.accounts import Role
from routing.store.rota_people import RotaPerson

bp = staff_blueprint("rota_people")


@bp.get("/rota/people")
@require_role(Role.ROTA)
def index() -> Response:
    """Show everybody who can be on the rota, and a form for somebody new."""
    return _index(PersonForm())


@bp.post("/rota/people")
@require_role(Role.ROTA)
def add() -> AnyResponse:
    """Put somebody on the rota."""
    form = PersonForm()
    if not form.validate():
        return _index(form)
    try:
        with lookup.database().writing() as connection:
            phone, at = form.phone.data or None, lookup.now()
            rota_people.add(connection, form.name.data, phone, at, current_account().actor)
    except InvalidRotaChange as error:
        form.refuse(error)
        return _index(form)
    return redirect(url_for("rota_people.index", done="added"))


@bp.get("/rota/people/<id:person_id>")
@require_role(Role.ROTA)
def show(person_id: int) -> Response:
    """Show somebody's name, work phone and account, to be changed."""
    person = _get(person_id)
    account = str(person.account_id or "")
    return _show(person, PersonForm(name=person.name, phone=person.phone, account=account))


@bp.post("/rota/people/<id:person_id>")
@require_role(Role.ROTA)
def change(person_id: int) -> AnyResponse:
    """Change somebody's name, work phone and account."""
    form, person = PersonForm(), _get(person_id)
    if not form.validate():
        return _show(person, form)
    try:
        with lookup.database().writing() as connection:
            known = accounts.active_accounts(connection)
            account_ids = {str(account.id): account.id for account in known}
            rota_people.change(
                connection,
                person_id,
                form.name.data,
                form.phone.data or None,
                account_ids.get(form.account.data),
                lookup.now(),
                current_account().actor,
            )
    except InvalidRotaChange as error:
        form.refuse(error)
        return _show(person, form)
    return redirect(url_for("rota_people.index", done="changed"))


@bp.get("/rota/people/<id:person_id>/leave")
@require_role(Role.ROTA)
def ask_leave(person_id: int) -> Response:
    """Show what taking somebody off the rota means."""
    at = lookup.now()
    with lookup.database().reading() as connection:
        person = rota_people.get(connection, person_id)
        to_come = Span(at, at + rota_service.FAR_FUTURE)
        rota = rota_service.load_rota(connection, to_come.start, to_come.end)
    count = len(validation.cover_absence(rota.roster, person_id, to_come, None))
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


@bp.post("/rota/people/<id:person_id>/leave")
@require_role(Role.ROTA)
def leave(person_id: int) -> AnyResponse:
    """Take somebody off the rota: what they still had to do becomes gaps."""
    rota_service.remove_person(person_id, current_account().actor)
    return redirect(url_for("rota_people.index", done="left"))


def _index(form: PersonForm) -> Response:
    with lookup.database().reading() as connection:
        people = rota_people.all_people(connection)
        names = {account.id: account.name for account in accounts.active_accounts(connection)}
    return render_page(
        "people.html",
        form=form,
        people=[
            (person, names.get(person.account_id or 0))
            for person in people
            if person.left_at is None
        ],
        done=request.args.get("done"),
    )


def _show(person: RotaPerson, form: PersonForm) -> Response:
    with lookup.database().reading() as connection:
        known = accounts.active_accounts(connection)
    choices = [(str(account.id), account.name) for account in known]
    return render_page("person.html", form=form, person=person, accounts=choices)


def _get(person_id: int) -> RotaPerson:
    with lookup.database().reading() as connection:
        return rota_people.get(connection, person_id)
