"""Calendar feeds, at secret addresses: who has which shift, for calendar programs."""

from datetime import date, datetime, timedelta
from hashlib import sha256

from flask import Blueprint, Response, current_app, request
from sqlalchemy.engine import Connection

from routing import lookup, rota_service
from routing.config import base_url
from routing.core import instants
from routing.errors import DatabaseUnavailable
from routing.rota import descriptions
from routing.rota.roster import Assignment
from routing.rota_service import Rota
from routing.staff import ics
from routing.staff.session import issuer
from routing.store import calendars, rota_people
from routing.store import rota as rota_store
from routing.store.calendars import CalendarFeed

bp = Blueprint("calendars", __name__)

SHOWN_AFTER_END = timedelta(days=14)
"""How long a calendar still shows what is over."""

RETRY_AFTER = timedelta(minutes=10)


@bp.get("/calendars/<token>.ics")
def show(token: str) -> Response:
    """Send a feed: the shifts as they really are, from two weeks ago to half a year ahead.

    404 for an unknown or revoked address. 403 while the feed is suspended, because its owner has
    not signed in for long: calendar programs ask again later, and get it after a sign-in. (After
    404 and 410 some give up for good; 401 would ask for a password.) 503 while the database is
    down: a calendar then keeps what it has.
    """
    at, zone = lookup.now(), lookup.staff_locale().zone
    today = at.astimezone(zone).date()
    start = instants.midnight(today - SHOWN_AFTER_END, zone)
    end = instants.midnight(today + rota_service.OWN_SHIFTS_LOOKAHEAD, zone)
    try:
        with lookup.database().reading() as connection:
            feed = calendars.find_by_token(connection, token[:100])
            if feed is None:
                return _plain(
                    "There is no such calendar. Its address may have been revoked.\n", 404
                )
            if feed.is_suspended(at, issuer()):
                return _plain(
                    "This calendar is suspended: whoever made it has not signed in for a while. "
                    f"It works again once they sign in, at {_staff_url()}.\n",
                    403,
                )
            etag = _etag(connection, feed, today)
            is_unchanged = request.if_none_match.contains(etag)
            if not is_unchanged:
                rota = rota_service.load_rota(connection, start, end, feed.rota_person_id)
    except DatabaseUnavailable as error:
        current_app.logger.warning("no calendar: %s", error)
        unavailable = _plain("The calendar cannot be read just now.\n", 503)
        unavailable.headers["Retry-After"] = str(int(RETRY_AFTER.total_seconds()))
        return unavailable
    _mark_polled(feed, at)
    content = b"" if is_unchanged else _to_ics(feed, rota, start, end)
    response = Response(content, 304 if is_unchanged else 200, mimetype="text/calendar")
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Robots-Tag"] = "noindex"
    response.set_etag(etag)
    return response


def _etag(connection: Connection, feed: CalendarFeed, today: date) -> str:
    """Return what differs once a feed would: with the rota, people, roles, settings or the day."""
    people = [(person.id, person.name) for person in rota_people.all_people(connection)]
    directory, revision = lookup.snapshot().directory, rota_store.revision(connection)
    shown = feed.rota_person_id, feed.duty_role, today, directory.zone.key, _staff_url()
    sources = shown, revision, people, directory.rota, directory.council.website
    return sha256(repr(sources).encode()).hexdigest()


def _mark_polled(feed: CalendarFeed, at: datetime) -> None:
    """Note that a feed is in use. It is sent whether or not that can be written."""
    if not calendars.should_mark_polled(feed, at):
        return
    try:
        with lookup.database().writing() as connection:
            calendars.mark_polled(connection, feed, at)
    except DatabaseUnavailable as error:
        current_app.logger.warning("a calendar's use is not noted: %s", error)


def _to_ics(feed: CalendarFeed, rota: Rota, start: datetime, end: datetime) -> bytes:
    roles, names = rota.roster.roles, rota.names
    assignments = [
        assignment
        for role_id in roles
        if feed.duty_role in (None, role_id)
        for assignment in rota.roster.assignments(role_id, start, end)
        if assignment.person_id is not None and feed.rota_person_id in (None, assignment.person_id)
    ]
    assignments.sort(key=lambda assignment: (assignment.during.start, assignment.shift.id))
    title = "Rota"
    if feed.rota_person_id is not None:
        title = f"Shifts of {names[feed.rota_person_id]}"
    elif feed.duty_role in roles:
        title = f"Rota: {descriptions.role_name(roles[feed.duty_role])}"

    def summary(assignment: Assignment) -> str:
        role_name = descriptions.role_name(roles[assignment.shift.role_id])
        if feed.rota_person_id is not None:
            return role_name
        return f"{role_name}: {names[assignment.person_id or 0]}"

    return ics.calendar(
        assignments,
        title,
        summary,
        website=lookup.snapshot().directory.council.website,
        description="A calendar can be a day behind. For who is on duty now, see "
        f"{_staff_url('/rota')}.",
    )


def _staff_url(path: str = "") -> str:
    base = base_url(current_app.config)
    return f"{base}/staff{path}" if base else "the staff pages"


def _plain(text: str, status: int) -> Response:
    response = Response(text, status, mimetype="text/plain")
    response.headers["Cache-Control"] = "no-store"
    return response
