"""People who can be on the rota: for those who arrange it. Leavers go off it, and leave gaps."""

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import lookup, rota_service
from routing.errors import InvalidRotaChange
from routing.rota import validation
from routing.staff.auth import current_account, require_role, staff_blueprint
from routing.staff.forms import PersonForm
from routing.staff.layout import render_page
from routing.store import accounts, rota_people
from routing.store.accounts import Role
from routing.store.rota_people import RotaPerson

bp = staff_blueprint("rota_people")


@bp.get("/rota/people")
@require_role(Role.ROTA)
def listed() -> Response:
    """Show everybody who can be on the rota, and a form for somebody new."""
    return _listed(PersonForm())


@bp.post("/rota/people")
@require_role(Role.ROTA)
def add() -> AnyResponse:
    """Put somebody on the list."""
    form = PersonForm()
    if not form.validate():
        return _listed(form)
    try:
        with lookup.database().writing() as connection:
            phone, at = form.phone.data or None, lookup.now()
            rota_people.add(connection, form.name.data, phone, at, current_account().actor)
    except InvalidRotaChange as error:
        form.refuse(error)
        return _listed(form)
    return redirect(url_for("rota_people.listed", done="added"))


@bp.get("/rota/people/<int:worker_id>")
@require_role(Role.ROTA)
def one(worker_id: int) -> Response:
    """Show somebody's name, work phone and account, to be changed."""
    with lookup.database().reading() as connection:
        worker = rota_people.get(connection, worker_id)
    form = PersonForm(name=worker.name, phone=worker.phone, account=str(worker.account_id or ""))
    return _one(worker, form)


@bp.post("/rota/people/<int:worker_id>")
@require_role(Role.ROTA)
def change(worker_id: int) -> AnyResponse:
    """Change them."""
    form = PersonForm()
    with lookup.database().reading() as connection:
        worker = rota_people.get(connection, worker_id)
    if not form.validate():
        return _one(worker, form)
    try:
        with lookup.database().writing() as connection:
            known = {
                str(account.id): account.id for account in accounts.active_accounts(connection)
            }
            phone, account = form.phone.data or None, known.get(form.account.data)
            at, actor = lookup.now(), current_account().actor
            rota_people.change(connection, worker_id, form.name.data, phone, account, at, actor)
    except InvalidRotaChange as error:
        form.refuse(error)
        return _one(worker, form)
    return redirect(url_for("rota_people.listed", done="changed"))


@bp.get("/rota/people/<int:worker_id>/leave")
@require_role(Role.ROTA)
def ask_leave(worker_id: int) -> Response:
    """Say what taking somebody off the rota means."""
    at = lookup.now()
    with lookup.database().reading() as connection:
        worker = rota_people.get(connection, worker_id)
        whole = rota_service.load_rota(connection, at, at + rota_service.FAR_FUTURE)
    left = len(validation.release_shifts(whole.roster, worker_id, at))
    return render_page(
        "rota_check.html",
        title=f"Take {worker.name} off the rota",
        said=[
            f"{left or 'No'} {'stretch' if left == 1 else 'stretches'} of duty to come "
            f"{'is' if left == 1 else 'are'} theirs: nobody will have them, and each shows as a "
            "gap until somebody does.",
            "Their calendar feeds stop. Their name stays on what they did, until it is old.",
        ],
        doubts=[],
        hidden={},
        button="Take them off the rota",
        once="",
    )


@bp.post("/rota/people/<int:worker_id>/leave")
@require_role(Role.ROTA)
def leave(worker_id: int) -> AnyResponse:
    """Take somebody off the rota: nobody has what they still had to do."""
    rota_service.remove_person(worker_id, current_account().actor)
    return redirect(url_for("rota_people.listed", done="left"))


def _listed(form: PersonForm) -> Response:
    with lookup.database().reading() as connection:
        people = [each for each in rota_people.all_people(connection) if each.left_at is None]
        names = {account.id: account.name for account in accounts.active_accounts(connection)}
    return render_page(
        "people.html",
        status=400 if form.errors else 200,
        people=[(each, names.get(each.account_id or 0)) for each in people],
        form=form,
        error=form.errors,
        done=request.args.get("done"),
    )


def _one(worker: RotaPerson, form: PersonForm) -> Response:
    with lookup.database().reading() as connection:
        known = [
            (str(account.id), account.name) for account in accounts.active_accounts(connection)
        ]
    return render_page(
        "person.html",
        status=400 if form.errors else 200,
        worker=worker,
        form=form,
        accounts=known,
        error=form.errors,
    )
