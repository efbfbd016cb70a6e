"""Calendar feeds, at secret addresses: who has which shift, for programs that show calendars."""

from datetime import datetime, timedelta

from flask import Blueprint, Response, current_app, request

from routing import lookup, rota_service
from routing.core import instants
from routing.errors import DatabaseUnavailable
from routing.rota import descriptions
from routing.rota.roster import Assignment
from routing.rota_service import Rota
from routing.staff import auth
from routing.store import calendars
from routing.store.calendars import CalendarFeed

bp = Blueprint("feeds", __name__)

PAST = timedelta(days=14)
"""How long a calendar still shows what is over."""

RETRY_AFTER = timedelta(minutes=10)


@bp.get("/calendars/<token>.ics")
def calendar(token: str) -> Response:
    """Send a feed: the shifts as they really are, from two weeks ago to half a year ahead.

    404 for an unknown or revoked address. 403 while the feed is suspended, because its owner has
    not signed in for long: calendar programs ask again later, and get it after a sign-in. (After
    404 and 410 some give up for good; 401 would ask for a password.) 503 while the database is
    down: a calendar then keeps what it has.
    """
    at = lookup.now()
    try:
        with lookup.database().reading() as connection:
            feed = calendars.find_by_token(connection, token[:100])
            if feed is None:
                return _plain(
                    "There is no such calendar. Its address may have been revoked.\n", 404
                )
            if feed.is_suspended(at, auth.issuer()):
                return _plain(
                    "This calendar is suspended: whoever made it has not signed in for a while. "
                    f"It works again once they sign in, at {_staff_pages()}.\n",
                    403,
                )
            zone = lookup.staff_locale().zone
            today = at.astimezone(zone).date()
            start = instants.midnight(today - PAST, zone)
            end = instants.midnight(today + rota_service.OWN_SHIFTS_LOOKAHEAD, zone)
            rota = rota_service.load_rota(connection, start, end)
    except DatabaseUnavailable as error:
        current_app.logger.warning("no calendar: %s", error)
        answer = _plain("The calendar cannot be read just now.\n", 503)
        answer.headers["Retry-After"] = str(int(RETRY_AFTER.total_seconds()))
        return answer
    _note(feed, at)
    response = Response(_calendar(feed, rota, start, end), mimetype="text/calendar")
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Robots-Tag"] = "noindex"
    response.add_etag()
    response.make_conditional(request)
    return response


def _calendar(feed: CalendarFeed, rota: Rota, start: datetime, end: datetime) -> bytes:
    from routing.staff import ics  # what it needs takes long to load, and few ask for it

    names, roles = rota.names, rota.roster.roles
    chosen = [role for role in roles if feed.duty_role in (None, role)]
    duties = [
        duty
        for role in chosen
        for duty in rota.roster.assignments(role, start, end)
        if duty.person_id is not None and feed.rota_person_id in (None, duty.person_id)
    ]
    title = f"Shifts of {names[feed.rota_person_id]}" if feed.rota_person_id is not None else "Rota"
    if feed.duty_role in roles:
        title = f"Rota: {descriptions.role_name(roles[feed.duty_role or ''])}"

    def summary(duty: Assignment) -> str:
        role = descriptions.role_name(roles[duty.shift.role_id])
        return role if feed.rota_person_id is not None else f"{role}: {names[duty.person_id or 0]}"

    caution = (
        f"A calendar can be a day behind. For who is on duty now, see {_staff_pages('/rota')}."
    )
    website = lookup.snapshot().directory.council.website
    duties.sort(key=lambda duty: (duty.during.start, duty.shift.id))
    return ics.calendar(duties, title, summary, website, caution)


def _staff_pages(path: str = "") -> str:
    base = current_app.config["PUBLIC_BASE_URL"]
    return f"{base.rstrip('/')}/staff{path}" if base else "the staff pages"


def _note(feed: CalendarFeed, at: datetime) -> None:
    """Note that a feed is in use; the calendar is sent whether or not that can be written."""
    if not calendars.should_mark_polled(feed, at):
        return
    try:
        with lookup.database().writing() as connection:
            calendars.mark_polled(connection, feed, at)
    except DatabaseUnavailable as error:
        current_app.logger.warning("a calendar's use is not noted: %s", error)


def _plain(text: str, status: int) -> Response:
    response = Response(text, status, mimetype="text/plain")
    response.headers["Cache-Control"] = "no-store"
    return response
