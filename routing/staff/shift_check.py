"""What a change of the rota is read back as, what it would mean, and how it is kept."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import enquiry, rota_service
from routing.core.hours import Span
from routing.errors import UnknownShift
from routing.rota import validation, words
from routing.rota.roster import Shift
from routing.rota.validation import CONTEXT_MARGIN, NewCover, NewShift
from routing.rota_service import Rota
from routing.staff.access import person
from routing.staff.pages import page
from routing.storage import rota
from routing.wording import duty
from routing.wording.times import listed, moment


def shown(
    title: str,
    said: list[str],
    found: Rota,
    wanted: Sequence[NewShift | NewCover],
    hidden: dict[str, str],
    button: str,
) -> Response:
    """Return a page that reads a change back, for whoever asks to confirm it or not."""
    return page(
        "rota_check.html",
        title=title,
        said=said,
        doubts=_doubts(found, wanted),
        hidden={**hidden, "confirmed": "yes"},
        button=button,
        once=secrets.token_urlsafe(16),
    )


def keep(
    kind: str, found: Rota, wanted: Sequence[NewShift | NewCover], start: datetime
) -> AnyResponse:
    """Keep a change that was confirmed. Raise RotaRefused."""
    once = request.form.get("once", "")[:40]
    batch = rota_service.save(kind, wanted, found, person().actor, once)
    return done(batch.id, start)


def done(batch: int, start: datetime) -> AnyResponse:
    """Go back to the rota, to two weeks in which the change can be seen."""
    zone = enquiry.staff_voice().zone
    day, today = (each.astimezone(zone).date() for each in (start, enquiry.now()))
    away = not 0 <= (day - today).days < 14
    return redirect(url_for("rota.shown", done=batch) + (f"&from={day}" if away else ""))


def found(shift_id: int) -> tuple[Rota, Shift]:
    """Return a shift, and the rota around it. Raise UnknownShift."""
    with enquiry.database().reading() as connection:
        shift, _ = rota.get(connection, shift_id)
        edges = shift.during.start - CONTEXT_MARGIN, shift.during.end + CONTEXT_MARGIN
        around = rota_service.within(connection, *edges)
    if shift.role not in around.roster.roles:
        raise UnknownShift("role of the directory any more for shift", shift_id)
    return around, shift


def around_both(one: Shift, other: Shift) -> Rota:
    """Return the rota around two shifts."""
    spans = one.during, other.during
    return rota_service.read(
        min(each.start for each in spans) - CONTEXT_MARGIN,
        max(each.end for each in spans) + CONTEXT_MARGIN,
    )


def role(found: Rota, role_id: str) -> str:
    """Return what a role is called."""
    return words.role(found.roster.roles[role_id])


def said(found: Rota, worker: int | None, role_id: str, during: Span) -> str:
    """Say who is on duty as what, and when."""
    who = words.NOBODY if worker is None else found.names[worker]
    return f"{who}: {role(found, role_id)}, {when(during)}."


def having(found: Rota, shift: Shift, during: Span) -> str:
    """Say who has a shift in some part of it, each once: by covers, if there are any."""
    parts = found.roster.duties(shift.role, during.start, during.end)
    workers = dict.fromkeys(x.worker for x in parts if x.shift.id == shift.id)
    said = [words.NOBODY if each is None else found.names[each] for each in workers]
    return listed(said, enquiry.staff_voice())


def when(during: Span) -> str:
    """Say a stretch in full, with how long it is: it is read back to whoever typed it."""
    voice, at = enquiry.staff_voice(), enquiry.now()
    edges = [moment(each, voice, at) for each in (during.start, during.end)]
    return f"from {edges[0]} until {edges[1]} ({duty.left(during.end - during.start)})"


def _doubts(found: Rota, wanted: Sequence[NewShift | NewCover]) -> list[str]:
    """Say what of a change may not be meant: nobody needed, two places at once, too little rest."""
    at, voice = enquiry.now(), enquiry.staff_voice()
    roles = found.roster.roles
    said = [words.clash(x, roles, found.names, at, voice) for x in found.new_clashes(wanted)]
    idle = validation.needless(found.roster, [x for x in wanted if isinstance(x, NewShift)])
    said += ["By the directory nobody is needed at that time." for _ in idle]
    past = [x for x in wanted if x.during.end <= at]
    said += ["That is in the past: it will stand as who was on duty then." for _ in past[:1]]
    return [f"{each.rstrip('.')}." for each in said]
