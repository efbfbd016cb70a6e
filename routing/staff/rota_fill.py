"""Filling the rota: people in turn, or a spreadsheet. Shown before it is so, undone in one step."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import enquiry, rota_service
from routing.errors import BadTime, RotaChanged, RotaRefused, SheetRefused
from routing.rota import fill, spreadsheet, words
from routing.rota.fill import DayKind, ProposedShift, Turn
from routing.rota.validation import NewShift
from routing.rota_service import Rota
from routing.staff.access import needs, part, person
from routing.staff.pages import page
from routing.storage.accounts import Role
from routing.wording import duty

bp = part("rota_fill")

_PARTS = ("day", "month", "year")


@dataclass(frozen=True, slots=True)
class Asked:
    """The form as it was filled in: dates in parts, people one a line, times by kind of day."""

    role: str
    first: dict[str, str]
    last: dict[str, str]
    people: str
    turn: str
    times: dict[str, str]


@bp.get("/rota/fill")
@needs(Role.ROTA)
def ask() -> Response:
    """Ask which role to fill, when, and with whom; what a link to a long gap says is filled in."""
    return _ask(_given())


@bp.post("/rota/fill")
@needs(Role.ROTA)
def put() -> AnyResponse:
    """Show the shifts that would be added; add just those once they are confirmed."""
    asked = _given()
    once = request.form.get("once", "")[:40]
    try:
        found, planned = _plan(asked)
        added = [NewShift(asked.role, x.worker, x.during) for x in planned if x.worker is not None]
        shown = sha256(repr(added).encode()).hexdigest()
        if not added or request.form.get("shown") != shown:
            return _check(asked, found, planned, added, shown)
        batch = rota_service.save("filled", added, found, person().actor, once)
    except RotaChanged:
        return _check_again(asked)
    except RotaRefused as error:
        return _ask(asked, error)
    day = added[0].during.start.astimezone(enquiry.staff_voice().zone).date()
    return redirect(url_for("rota.shown", done=batch.id) + f"&from={day}")


@bp.get("/rota/import")
@needs(Role.ROTA)
def ask_import() -> Response:
    """Ask for a spreadsheet of shifts."""
    return page("rota_import.html", problems=[], columns=",".join(spreadsheet.COLUMNS))


@bp.post("/rota/import")
@needs(Role.ROTA)
def import_() -> AnyResponse:
    """Add the shifts of a spreadsheet, all or none."""
    sent = request.files.get("file")
    data = sent.stream.read(spreadsheet.MAX_BYTES + 1) if sent else b""
    add_people = request.form.get("add_people") == "yes"
    try:
        if not data:
            raise SheetRefused(["Choose a CSV file."])
        result = rota_service.import_spreadsheet(data, person().actor, add_people)
    except (SheetRefused, RotaRefused) as error:
        problems = error.problems if isinstance(error, SheetRefused) else (str(error),)
        return page(
            "rota_import.html",
            status=400,
            problems=problems[:50],
            more=max(0, len(problems) - 50),
            columns=",".join(spreadsheet.COLUMNS),
        )
    change = result.change.id if result.change else None
    return redirect(url_for("rota.shown", done=change, added=result.added, known=result.known))


def _plan(asked: Asked) -> tuple[Rota, list[ProposedShift]]:
    """Return what the form would add. Raise RotaRefused."""
    first, last = _date("first", asked.first), _date("last", asked.last)
    if asked.turn not in [*Turn]:
        raise RotaRefused("turn", "Choose how people take turns.")
    times = {}
    for kind in DayKind:
        if asked.times[kind].strip():
            try:
                times[kind] = fill.times(asked.times[kind])
            except BadTime as error:
                raise RotaRefused(kind.value, str(error)) from error
    turn = Turn(asked.turn)
    names = re.split(r"[\n,]", asked.people)
    return rota_service.fill(asked.role, first, last, names, turn, times)


def _ask(asked: Asked, error: RotaRefused | None = None) -> Response:
    at = enquiry.now()
    found = rota_service.read(at, at)
    return page(
        "rota_fill.html",
        status=400 if error else 200,
        asked=asked,
        error=error,
        roles=[(role.id, words.role(role)) for role in found.roles],
        everybody="\n".join(each.name for each in found.here()),
    )


def _check(
    asked: Asked,
    found: Rota,
    planned: Sequence[ProposedShift],
    added: Sequence[NewShift],
    shown: str,
) -> Response:
    at, voice, names = enquiry.now(), enquiry.staff_voice(), found.names
    roles = found.roster.roles
    return page(
        "rota_planned.html",
        asked=asked,
        shown=shown,
        once=secrets.token_urlsafe(16),
        role=words.role(roles[asked.role]),
        planned=[
            (
                duty.from_to(each.during, at, voice),
                duty.left(each.during.end - each.during.start),
                None if each.worker is None else names[each.worker],
            )
            for each in planned
        ],
        added=len(added),
        changed="shown" in request.form,
        doubts=[
            words.clash(each, roles, names, at, voice) + "." for each in found.new_clashes(added)
        ],
    )


def _check_again(asked: Asked) -> Response:
    """Work it out again from the rota as it is by now, and show that."""
    try:
        found, planned = _plan(asked)
    except RotaRefused as error:
        return _ask(asked, error)
    added = [NewShift(asked.role, x.worker, x.during) for x in planned if x.worker is not None]
    return _check(asked, found, planned, added, sha256(repr(added).encode()).hexdigest())


def _given() -> Asked:
    def parts(prefix: str) -> dict[str, str]:
        return {each: request.values.get(f"{prefix}-{each}", "")[:10] for each in _PARTS}

    return Asked(
        request.values.get("role", "")[:100],
        parts("first"),
        parts("last"),
        request.form.get("people", "")[:20_000],
        request.values.get("turn", Turn.WEEK.value)[:10],
        {kind.value: request.form.get(kind.value, "")[:100] for kind in DayKind},
    )


def _date(field: str, parts: dict[str, str]) -> date:
    try:
        return date(*(int(parts[each]) for each in reversed(_PARTS)))
    except (ValueError, OverflowError) as error:
        raise RotaRefused(field, "Write the date as 24 12 2026.") from error
