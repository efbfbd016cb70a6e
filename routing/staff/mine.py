"""My shifts, and the calendars that follow them. A feed's address is shown once."""

from flask import Response, current_app, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import enquiry, rota_service
from routing.errors import RotaRefused, UnknownShift
from routing.rota import words
from routing.rota.validation import CONTEXT_MARGIN
from routing.staff.access import issuer, part, person
from routing.staff.pages import page
from routing.storage import feeds, workers
from routing.storage.accounts import Role
from routing.wording import duty

bp = part("mine")

MINE, WHOLE = "mine", "whole"


@bp.get("/rota/mine")
def mine() -> Response:
    """Show the shifts of whoever asks, what clashes among them, and the calendar feeds.

    Whoever arranges the rota sees everybody's feeds, and whose each is.
    """
    at, voice, me = enquiry.now(), enquiry.staff_voice(), person()
    with enquiry.database().reading() as connection:
        own = workers.of_account(connection, me.id)
        rota = rota_service.within(connection, at - CONTEXT_MARGIN, at + rota_service.HALF_A_YEAR)
        calendars = feeds.every(connection)
    roles, names = rota.roster.roles, rota.names
    sees_all = me.may(Role.ROTA)
    duties = [
        own_duty
        for role in roles
        for own_duty in rota.roster.duties(role, at, at + rota_service.HALF_A_YEAR)
        if own is not None and own_duty.worker == own.id
    ]
    clashes = rota.clashes(at, at + rota_service.HALF_A_YEAR)
    return page(
        "mine.html",
        own=own,
        duties=[
            (
                duty.from_to(own_duty.during, at, voice),
                words.role(roles[own_duty.shift.role]),
                words.held(own_duty, names),
                own_duty.shift.id,
            )
            for own_duty in sorted(duties, key=lambda own_duty: own_duty.during.start)
        ],
        clashes=[
            words.clash(clash, roles, names, at, voice)
            for clash in clashes
            if own is not None and clash.worker == own.id
        ],
        feeds=[
            {
                "id": feed.id,
                "what": _what(feed, names, {key: words.role(role) for key, role in roles.items()}),
                "owner": feed.owner if sees_all else "",
                "made": duty.soon(feed.made_at, at, voice),
                "used": duty.soon(feed.used_at, at, voice) if feed.used_at else "never",
                "suspended": feed.is_suspended(at, issuer()),
            }
            for feed in calendars
            if feed.account == me.id or sees_all
        ],
        choices=[(key, words.role(role)) for key, role in roles.items()],
        done=request.args.get("done"),
    )


@bp.post("/rota/feeds")
def make() -> Response:
    """Make a feed, and show its address this once."""
    chosen, me = request.form.get("of", ""), person()
    with enquiry.database().writing() as connection:
        own = workers.of_account(connection, me.id)
        roles = {role.id for role in enquiry.facts().directory.rota}
        if (chosen == MINE and own is None) or chosen not in {MINE, WHOLE, *roles}:
            raise RotaRefused("of", "Choose what the calendar shows.")
        worker = own.id if own is not None and chosen == MINE else None
        role = chosen if chosen in roles else None
        token = feeds.make(connection, worker, role, me.id, enquiry.now(), me.actor)
    base = current_app.config["PUBLIC_BASE_URL"] or request.url_root
    address = f"{base.rstrip('/')}/calendars/{token}.ics"
    return page("feed.html", address=address, webcal=f"webcal:{address.partition(':')[2]}")


@bp.post("/rota/feeds/<int:feed_id>/revoke")
def revoke(feed_id: int) -> AnyResponse:
    """Revoke a feed: one's own, or with the role for it anybody's."""
    me = person()
    with enquiry.database().writing() as connection:
        at = enquiry.now()
        mine = {feed.id for feed in feeds.every(connection) if feed.account == me.id}
        if feed_id not in mine and not me.may(Role.ROTA):
            raise UnknownShift("calendar feed", feed_id)
        feeds.revoke(connection, feed_id, at, me.actor)
    return redirect(url_for("mine.mine", done="revoked"))


def _what(feed: feeds.Feed, names: dict[int, str], roles: dict[str, str]) -> str:
    if feed.worker is not None:
        return f"The shifts of {names[feed.worker]}"
    return roles.get(feed.role, feed.role) if feed.role else "The whole rota"
