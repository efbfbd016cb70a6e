"""My shifts: what the person who has signed in works, and the calendars that follow the rota."""

from collections.abc import Mapping
from datetime import datetime

from flask import Response, current_app, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from routing import lookup, rota_service
from routing.config import base_url
from routing.errors import InvalidRotaChange, UnknownShift
from routing.rota import descriptions
from routing.rota.roster import CONTEXT_MARGIN
from routing.rota_service import OWN_SHIFTS_LOOKAHEAD, Rota
from routing.staff.auth import staff_blueprint
from routing.staff.forms import OWN_SHIFTS, WHOLE_ROTA, CalendarForm
from routing.staff.layout import radio_item, render_page
from routing.staff.session import current_account, issuer
from routing.store import calendars, rota_people
from routing.store.accounts import LOCAL, Role
from routing.store.calendars import MAX_ABSENCE, MAX_ABSENCE_WITH_PROVIDER, CalendarFeed
from routing.store.rota_people import RotaPerson
from routing.text import staff_text

bp = staff_blueprint("my_shifts")


@bp.get("/rota/mine")
def show() -> Response:
    """Show one's own shifts, what clashes among them, and one's calendars.

    People who arrange the rota see everybody's calendars, and whose each is.
    """
    at, account = lookup.now(), current_account()
    end = at + OWN_SHIFTS_LOOKAHEAD
    with lookup.database().reading() as connection:
        person = rota_people.find_by_account(connection, account.id)
        own_id = person.id if person else 0  # nobody has it
        rota = rota_service.load_rota(connection, at - CONTEXT_MARGIN, end, own_id)
        feeds = calendars.unrevoked(connection)
    sees_all = account.may(Role.ROTA)
    role_items = [radio_item(role.id, descriptions.role_name(role)) for role in rota.roles]
    own_item = [radio_item(OWN_SHIFTS, "My shifts")] if person else []
    return render_page(
        "my_shifts.html",
        form=CalendarForm(of=OWN_SHIFTS if person else WHOLE_ROTA),
        is_on_rota=person is not None,
        shifts=_own_shifts(rota, person, at) if person else [],
        clashes=[
            rota.text(at).clash(clash)
            for clash in rota.roster.clashes(at, end)
            if person is not None and clash.person_id == person.id
        ],
        calendars=[
            _describe(feed, rota, at, sees_all)
            for feed in feeds
            if feed.account_id == account.id or sees_all
        ],
        choices=[
            *own_item,
            radio_item(WHOLE_ROTA, "The whole rota", "With everybody’s names"),
            *role_items,
        ],
        done=request.args.get("done"),
    )


@bp.post("/rota/feeds")
def create_calendar() -> Response:
    """Create a calendar feed, and show its address this once."""
    shows, account = CalendarForm().of.data, current_account()
    roles = {role.id for role in lookup.snapshot().directory.rota}
    with lookup.database().writing() as connection:
        person = rota_people.find_by_account(connection, account.id)
        person_id = person.id if person is not None and shows == OWN_SHIFTS else None
        if shows not in {WHOLE_ROTA, *roles} and person_id is None:
            raise InvalidRotaChange("of", "Choose what the calendar shows.")
        role = shows if shows in roles else None
        token = calendars.create(
            connection, person_id, role, account.id, lookup.now(), account.actor
        )
    address = f"{base_url(current_app.config, request.url_root)}/calendars/{token}.ics"
    max_absence = MAX_ABSENCE if issuer() == LOCAL else MAX_ABSENCE_WITH_PROVIDER
    return render_page(
        "calendar_created.html",
        address=address,
        webcal=f"webcal:{address.partition(':')[2]}",
        max_absence_days=max_absence.days,
    )


@bp.post("/rota/feeds/<id:calendar_id>/revoke")
def revoke_calendar(calendar_id: int) -> AnyResponse:
    """Revoke a calendar feed: one's own, or with the role ``rota`` anybody's."""
    account = current_account()
    with lookup.database().writing() as connection:
        feeds = calendars.unrevoked(connection)
        own_ids = {feed.id for feed in feeds if feed.account_id == account.id}
        if calendar_id not in own_ids and not account.may(Role.ROTA):
            raise UnknownShift("You have no such calendar, or it was revoked.")
        calendars.revoke(connection, calendar_id, lookup.now(), account.actor)
    return redirect(url_for("my_shifts.show", done="revoked"))


def _own_shifts(rota: Rota, person: RotaPerson, at: datetime) -> list[tuple[str, str, str, int]]:
    """Return when, as what and in whose place a person works, with the shift's id, in order."""
    roles, locale = rota.roster.roles, lookup.staff_locale()
    assignments = [
        assignment
        for assignment in rota.roster.all_assignments(at, at + OWN_SHIFTS_LOOKAHEAD)
        if assignment.person_id == person.id
    ]
    return [
        (
            staff_text.format_span(assignment.during, at, locale),
            descriptions.role_name(roles[assignment.shift.role_id]),
            rota.text(at).cover(assignment),
            assignment.shift.id,
        )
        for assignment in sorted(assignments, key=lambda assignment: assignment.during.start)
    ]


def _describe(
    feed: CalendarFeed, rota: Rota, at: datetime, with_owner: bool
) -> Mapping[str, object]:
    locale = lookup.staff_locale()
    title = "The whole rota"
    if feed.rota_person_id is not None:
        title = f"The shifts of {rota.names[feed.rota_person_id]}"
    elif feed.duty_role in rota.roster.roles:
        title = descriptions.role_name(rota.roster.roles[feed.duty_role])
    elif feed.duty_role:
        title = feed.duty_role
    return {
        "id": feed.id,
        "title": title,
        "owner": feed.owner if with_owner else "",
        "created_at": staff_text.format_relative(feed.created_at, at, locale),
        "fetched_at": staff_text.format_relative(feed.last_polled_at, at, locale)
        if feed.last_polled_at
        else "never",
        "is_suspended": feed.is_suspended(at, issuer()),
    }
