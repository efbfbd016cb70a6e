"""People who can be on the rota: for those who arrange it. Leavers go off it, and leave gaps."""

from dataclasses import dataclass

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import enquiry, rota_service
from routing.directory.phone import phone as read_phone
from routing.errors import RotaRefused
from routing.rota import validation
from routing.staff.access import needs, part, person
from routing.staff.pages import page
from routing.storage import accounts, workers
from routing.storage.accounts import Role
from routing.storage.workers import RotaPerson

bp = part("rota_people")


@dataclass(frozen=True, slots=True)
class Asked:
    """The form as it was filled in."""

    name: str = ""
    phone: str = ""
    account: str = ""


@bp.get("/rota/people")
@needs(Role.ROTA)
def listed() -> Response:
    """Show everybody who can be on the rota, and a form for somebody new."""
    return _listed(Asked())


@bp.post("/rota/people")
@needs(Role.ROTA)
def add() -> AnyResponse:
    """Put somebody on the list."""
    asked = _given()
    try:
        with enquiry.database().writing() as connection:
            phone, at = _phone(asked.phone), enquiry.now()
            workers.add(connection, asked.name, phone, at, person().actor)
    except RotaRefused as error:
        return _listed(asked, error)
    return redirect(url_for("rota_people.listed", done="added"))


@bp.get("/rota/people/<int:worker_id>")
@needs(Role.ROTA)
def one(worker_id: int) -> Response:
    """Show somebody's name, work phone and account, to be changed."""
    with enquiry.database().reading() as connection:
        found = workers.get(connection, worker_id)
    asked = Asked(found.name, found.phone or "", str(found.account or ""))
    return _one(found, asked)


@bp.post("/rota/people/<int:worker_id>")
@needs(Role.ROTA)
def change(worker_id: int) -> AnyResponse:
    """Change them."""
    asked = _given()
    with enquiry.database().reading() as connection:
        found = workers.get(connection, worker_id)
    try:
        with enquiry.database().writing() as connection:
            known = {str(each.id): each.id for each in accounts.present(connection)}
            phone, account = _phone(asked.phone), known.get(asked.account)
            at, actor = enquiry.now(), person().actor
            workers.change(connection, worker_id, asked.name, phone, account, at, actor)
    except RotaRefused as error:
        return _one(found, asked, error)
    return redirect(url_for("rota_people.listed", done="changed"))


@bp.get("/rota/people/<int:worker_id>/leave")
@needs(Role.ROTA)
def ask_leave(worker_id: int) -> Response:
    """Say what taking somebody off the rota means."""
    at = enquiry.now()
    with enquiry.database().reading() as connection:
        found = workers.get(connection, worker_id)
        whole = rota_service.within(connection, at, at + rota_service.FAR_FUTURE)
    left = len(validation.leaving(whole.roster, worker_id, at))
    return page(
        "rota_check.html",
        title=f"Take {found.name} off the rota",
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


def _listed(asked: Asked, error: RotaRefused | None = None) -> Response:
    with enquiry.database().reading() as connection:
        found = [each for each in workers.everyone(connection) if each.left_at is None]
        names = {each.id: each.name for each in accounts.present(connection)}
    return page(
        "people.html",
        status=400 if error else 200,
        people=[(each, names.get(each.account or 0)) for each in found],
        asked=asked,
        error=error,
        done=request.args.get("done"),
    )


def _one(found: RotaPerson, asked: Asked, error: RotaRefused | None = None) -> Response:
    with enquiry.database().reading() as connection:
        known = [(str(each.id), each.name) for each in accounts.present(connection)]
    return page(
        "person.html",
        status=400 if error else 200,
        worker=found,
        asked=asked,
        accounts=known,
        error=error,
    )


def _given() -> Asked:
    words = (request.form.get(name, "")[:200] for name in ("name", "phone", "account"))
    return Asked(*words)


def _phone(text: str) -> str | None:
    """Return a work phone as it is written; None for none. Raise RotaRefused."""
    if not text.strip():
        return None
    try:
        return read_phone(text).display
    except ValueError as error:
        raise RotaRefused("phone", str(error).partition(";")[0] + ".") from error
