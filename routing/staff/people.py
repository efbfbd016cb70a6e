"""People who can be on the rota: for those who arrange it. Leavers go off it, and leave gaps."""

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import enquiry, rota_service
from routing.errors import RotaRefused
from routing.rota import validation
from routing.staff.access import needs, part, person
from routing.staff.forms import PersonForm
from routing.staff.pages import page
from routing.storage import accounts, workers
from routing.storage.accounts import Role
from routing.storage.workers import RotaPerson

bp = part("rota_people")


@bp.get("/rota/people")
@needs(Role.ROTA)
def listed() -> Response:
    """Show everybody who can be on the rota, and a form for somebody new."""
    return _listed(PersonForm())


@bp.post("/rota/people")
@needs(Role.ROTA)
def add() -> AnyResponse:
    """Put somebody on the list."""
    form = PersonForm()
    if not form.validate():
        return _listed(form)
    try:
        with enquiry.database().writing() as connection:
            phone, at = form.phone.data or None, enquiry.now()
            workers.add(connection, form.name.data, phone, at, person().actor)
    except RotaRefused as error:
        form.refuse(error)
        return _listed(form)
    return redirect(url_for("rota_people.listed", done="added"))


@bp.get("/rota/people/<int:worker_id>")
@needs(Role.ROTA)
def one(worker_id: int) -> Response:
    """Show somebody's name, work phone and account, to be changed."""
    with enquiry.database().reading() as connection:
        worker = workers.get(connection, worker_id)
    form = PersonForm(name=worker.name, phone=worker.phone, account=str(worker.account or ""))
    return _one(worker, form)


@bp.post("/rota/people/<int:worker_id>")
@needs(Role.ROTA)
def change(worker_id: int) -> AnyResponse:
    """Change them."""
    form = PersonForm()
    with enquiry.database().reading() as connection:
        worker = workers.get(connection, worker_id)
    if not form.validate():
        return _one(worker, form)
    try:
        with enquiry.database().writing() as connection:
            known = {str(account.id): account.id for account in accounts.present(connection)}
            phone, account = form.phone.data or None, known.get(form.account.data)
            at, actor = enquiry.now(), person().actor
            workers.change(connection, worker_id, form.name.data, phone, account, at, actor)
    except RotaRefused as error:
        form.refuse(error)
        return _one(worker, form)
    return redirect(url_for("rota_people.listed", done="changed"))


@bp.get("/rota/people/<int:worker_id>/leave")
@needs(Role.ROTA)
def ask_leave(worker_id: int) -> Response:
    """Say what taking somebody off the rota means."""
    at = enquiry.now()
    with enquiry.database().reading() as connection:
        worker = workers.get(connection, worker_id)
        whole = rota_service.within(connection, at, at + rota_service.FAR_FUTURE)
    left = len(validation.leaving(whole.roster, worker_id, at))
    return page(
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
@needs(Role.ROTA)
def leave(worker_id: int) -> AnyResponse:
    """Take somebody off the rota: nobody has what they still had to do."""
    rota_service.leave(worker_id, person().actor)
    return redirect(url_for("rota_people.listed", done="left"))


def _listed(form: PersonForm) -> Response:
    with enquiry.database().reading() as connection:
        people = [each for each in workers.everyone(connection) if each.left_at is None]
        names = {account.id: account.name for account in accounts.present(connection)}
    return page(
        "people.html",
        status=400 if form.errors else 200,
        people=[(each, names.get(each.account or 0)) for each in people],
        form=form,
        error=form.errors,
        done=request.args.get("done"),
    )


def _one(worker: RotaPerson, form: PersonForm) -> Response:
    with enquiry.database().reading() as connection:
        known = [(str(account.id), account.name) for account in accounts.present(connection)]
    return page(
        "person.html",
        status=400 if form.errors else 200,
        worker=worker,
        form=form,
        accounts=known,
        error=form.errors,
    )
