"""My shifts, and the calendars that follow them. A feed's address is shown once."""

from flask import Response, current_app, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import lookup, rota_service
from routing.errors import InvalidRotaChange, UnknownShift
from routing.rota import descriptions
from routing.rota.roster import CONTEXT_MARGIN
from routing.staff.auth import current_account, issuer, staff_blueprint
from routing.staff.layout import render_page
from routing.store import calendars as calendars_module
from routing.store import rota_people
from routing.store.accounts import Role
from routing.text import staff_text

bp = staff_blueprint("mine")

MINE, WHOLE = "mine", "whole"


@bp.get("/rota/mine")
def mine() -> Response:
    """Show the shifts of whoever asks, what clashes among them, and the calendar feeds.

    Whoever arranges the rota sees everybody's feeds, and whose each is.
    """
    at, locale, me = lookup.now(), lookup.staff_locale(), current_account()
    with lookup.database().reading() as connection:
        own = rota_people.find_by_account(connection, me.id)
        rota = rota_service.load_rota(
            connection, at - CONTEXT_MARGIN, at + rota_service.OWN_SHIFTS_LOOKAHEAD
        )
        calendars = calendars_module.unrevoked(connection)
    roles, names = rota.roster.roles, rota.names
    sees_all = me.may(Role.ROTA)
    duties = [
        own_duty
        for role in roles
        for own_duty in rota.roster.assignments(role, at, at + rota_service.OWN_SHIFTS_LOOKAHEAD)
        if own is not None and own_duty.person_id == own.id
    ]
    clashes = rota.clashes(at, at + rota_service.OWN_SHIFTS_LOOKAHEAD)
    return render_page(
        "mine.html",
        own=own,
        duties=[
            (
                staff_text.format_span(own_duty.during, at, locale),
                descriptions.role_name(roles[own_duty.shift.role_id]),
                descriptions.describe_cover(own_duty, names),
                own_duty.shift.id,
            )
            for own_duty in sorted(duties, key=lambda own_duty: own_duty.during.start)
        ],
        clashes=[
            descriptions.describe_clash(clash, roles, names, at, locale)
            for clash in clashes
            if own is not None and clash.person_id == own.id
        ],
        feeds=[
            {
                "id": feed.id,
                "what": _what(
                    feed, names, {key: descriptions.role_name(role) for key, role in roles.items()}
                ),
                "owner": feed.owner if sees_all else "",
                "made": staff_text.format_relative(feed.created_at, at, locale),
                "used": staff_text.format_relative(feed.last_polled_at, at, locale)
                if feed.last_polled_at
                else "never",
                "suspended": feed.is_suspended(at, issuer()),
            }
            for feed in calendars
            if feed.account_id == me.id or sees_all
        ],
        choices=[(key, descriptions.role_name(role)) for key, role in roles.items()],
        done=request.args.get("done"),
    )


@bp.post("/rota/feeds")
def make() -> Response:
    """Make a feed, and show its address this once."""
    chosen, me = request.form.get("of", ""), current_account()
    with lookup.database().writing() as connection:
        own = rota_people.find_by_account(connection, me.id)
        roles = {role.id for role in lookup.snapshot().directory.rota}
        if (chosen == MINE and own is None) or chosen not in {MINE, WHOLE, *roles}:
            raise InvalidRotaChange("of", "Choose what the calendar shows.")
        worker = own.id if own is not None and chosen == MINE else None
        role = chosen if chosen in roles else None
        token = calendars_module.create(connection, worker, role, me.id, lookup.now(), me.actor)
    base = current_app.config["PUBLIC_BASE_URL"] or request.url_root
    address = f"{base.rstrip('/')}/calendars/{token}.ics"
    return render_page("feed.html", address=address, webcal=f"webcal:{address.partition(':')[2]}")


@bp.post("/rota/feeds/<int:feed_id>/revoke")
def revoke(feed_id: int) -> AnyResponse:
    """Revoke a feed: one's own, or with the role for it anybody's."""
    me = current_account()
    with lookup.database().writing() as connection:
        at = lookup.now()
        mine = {
            feed.id for feed in calendars_module.unrevoked(connection) if feed.account_id == me.id
        }
        if feed_id not in mine and not me.may(Role.ROTA):
            raise UnknownShift("calendar feed", feed_id)
        calendars_module.revoke(connection, feed_id, at, me.actor)
    return redirect(url_for("mine.mine", done="revoked"))


def _what(feed: calendars_module.CalendarFeed, names: dict[int, str], roles: dict[str, str]) -> str:
    if feed.rota_person_id is not None:
        return f"The shifts of {names[feed.rota_person_id]}"
    return roles.get(feed.duty_role, feed.duty_role) if feed.duty_role else "The whole rota"
