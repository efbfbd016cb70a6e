"""People on the rota, for those who arrange it; one's own shifts, and calendars of the rota."""

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta
from hashlib import sha256
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from sqlalchemy.engine import Connection
from werkzeug.wrappers import Response as AnyResponse

from routing import lookup, rota_service
from routing.config import base_url
from routing.core import instants
from routing.errors import DatabaseUnavailable, InvalidRotaChange, UnknownShift
from routing.rota.descriptions import RotaText
from routing.rota.roster import FAR_FUTURE, Assignment, Rota
from routing.rota_service import OWN_SHIFTS_LOOKAHEAD
from routing.staff.auth import current_account, issuer, radio_item, render_page, staff_blueprint
from routing.staff.forms import OWN_SHIFTS, WHOLE_ROTA, CalendarForm, PersonForm, link_token
from routing.store import accounts, rota_people
from routing.store import rota as rota_store
from routing.store.accounts import LOCAL, Role
from routing.store.rota_people import MAX_ABSENCE, MAX_ABSENCE_WITH_PROVIDER, CalendarFeed
from routing.text import staff_text

bp = staff_blueprint("rota_people", Role.ROTA)
own_bp = staff_blueprint("my_shifts")
calendars_bp = Blueprint("calendars", __name__)

SHOWN_AFTER_END = timedelta(days=14)
"""How long a calendar still shows what is over."""

RETRY_AFTER_SECONDS = 600


@bp.route("/rota/people", methods=["GET", "POST"])
def index() -> AnyResponse:
    """Show everybody who can be on the rota; put somebody new on it."""
    form = PersonForm()
    if form.validate_on_submit():
        name, phone, once = form.name.data, form.phone.data or None, form.once.data
        with form.refusing(InvalidRotaChange), lookup.database().writing() as connection:
            actor = current_account().actor
            rota_people.add(connection, name, phone, lookup.now(), actor, once)
            return redirect(url_for("rota_people.index", done="added"))
    with lookup.database().reading() as connection:
        people = rota_people.all_people(connection)
        names = {account.id: account.name for account in accounts.active_accounts(connection)}
    return render_page(
        "people.html",
        form=form,
        people=[person for person in people if person.left_at is None],
        account_names=names,
        done=request.args.get("done"),
    )


@bp.route("/rota/people/<id:person_id>", methods=["GET", "POST"])
def show(person_id: int) -> AnyResponse:
    """Show somebody's name, work phone and account; change them."""
    with lookup.database().reading() as connection:
        person = rota_people.get(connection, person_id)
        names = {str(account.id): account.name for account in accounts.active_accounts(connection)}
    account = str(person.account_id or "")
    form = PersonForm(name=person.name, phone=person.phone, account=account)
    if form.validate_on_submit():
        name, phone, account = form.name.data, form.phone.data or None, form.account.data
        account_id = int(account) if account in names else None
        with form.refusing(InvalidRotaChange), lookup.database().writing() as connection:
            at, actor = lookup.now(), current_account().actor
            rota_people.change(connection, person_id, name, phone, account_id, at, actor)
            return redirect(url_for("rota_people.index", done="changed"))
    return render_page("person.html", form=form, person=person, accounts=list(names.items()))


@bp.route("/rota/people/<id:person_id>/leave", methods=["GET", "POST"])
def leave(person_id: int) -> AnyResponse:
    """Show what taking somebody off the rota means; if confirmed, their duties become gaps."""
    if request.method == "POST":
        at, actor = lookup.now(), current_account().actor
        # Where they have left already, it is a second tap.
        with suppress(UnknownShift), lookup.database().writing() as connection:
            rota_people.leave(connection, person_id, at, actor)
        return redirect(url_for("rota_people.index", done="left"))
    at = lookup.now()
    with lookup.database().reading() as connection:
        person = rota_people.get(connection, person_id)
        rota = rota_service.load_rota(connection, at, at + FAR_FUTURE)
    duties = rota.all_assignments(at, at + FAR_FUTURE)
    count = sum(duty.person_id == person_id for duty in duties)
    return render_page(
        "confirm.html",
        title=f"Take {person.name} off the rota",
        paragraphs=[
            f"{count or 'No'} {'stretch' if count == 1 else 'stretches'} of duty to come "
            f"{'is' if count == 1 else 'are'} theirs: nobody will have them, and each shows as a "
            "gap until somebody does.",
            "Their calendar feeds stop. Their name stays on what they did, until it is old.",
        ],
        hidden={},
        button="Take them off the rota",
    )


@own_bp.get("/rota/mine", endpoint="show")
def show_own() -> Response:
    """Show one's own shifts, and one's calendars.

    People who arrange the rota see everybody's calendars, and whose each is.
    """
    at, account, locale = lookup.now(), current_account(), lookup.staff_locale()
    end = at + OWN_SHIFTS_LOOKAHEAD
    with lookup.database().reading() as connection:
        person = rota_people.find_by_account(connection, account.id)
        rota = rota_service.load_rota(connection, at, end)
        feeds = rota_people.unrevoked_calendars(connection)
    whole_item = radio_item(WHOLE_ROTA, "The whole rota", "With everybody’s names")
    own_item = [radio_item(OWN_SHIFTS, "My shifts")] if person else []
    return render_page(
        "my_shifts.html",
        form=CalendarForm(of=OWN_SHIFTS if person else WHOLE_ROTA),
        is_on_rota=person is not None,
        duties=[
            duty for duty in rota.all_assignments(at, end) if person and duty.person_id == person.id
        ],
        text=RotaText(rota, at),
        feeds=[one for one in feeds if account.id == one.account_id or account.may(Role.ROTA)],
        title_of=lambda feed: _title(feed, rota),
        is_suspended=lambda feed: feed.is_suspended(at, issuer()),
        format_relative=lambda when: staff_text.format_relative(when, at, locale),
        choices=[*own_item, whole_item],
        done=request.args.get("done"),
    )


@own_bp.post("/rota/feeds")
def create_calendar() -> Response:
    """Create a calendar feed, and show its address this once."""
    form, account = CalendarForm(), current_account()
    shows = form.of.data
    token = link_token(form.once.data, shows, account.id)
    with lookup.database().writing() as connection:
        person = rota_people.find_by_account(connection, account.id)
        person_id = person.id if person is not None and shows == OWN_SHIFTS else None
        if shows != WHOLE_ROTA and person_id is None:
            raise InvalidRotaChange("of", "Choose what the calendar shows.")
        token = rota_people.create_calendar(
            connection, person_id, account.id, lookup.now(), account.actor, token
        )
    address = f"{base_url(current_app.config, request.url_root)}/calendars/{token}.ics"
    max_absence = MAX_ABSENCE if issuer() == LOCAL else MAX_ABSENCE_WITH_PROVIDER
    return render_page(
        "calendar_created.html",
        address=address,
        webcal=f"webcal:{address.partition(':')[2]}",
        max_absence_days=max_absence.days,
    )


@own_bp.post("/rota/feeds/<id:calendar_id>/revoke")
def revoke_calendar(calendar_id: int) -> AnyResponse:
    """Revoke a calendar feed: one's own, or with the role ``rota`` anybody's."""
    account = current_account()
    with lookup.database().writing() as connection:
        owners = {feed.id: feed.account_id for feed in rota_people.unrevoked_calendars(connection)}
        if calendar_id in owners:  # else it was revoked already, by a second tap
            if owners[calendar_id] != account.id and not account.may(Role.ROTA):
                raise UnknownShift("You have no such calendar.")
            rota_people.revoke_calendar(connection, calendar_id, lookup.now(), account.actor)
    return redirect(url_for("my_shifts.show", done="revoked"))


@calendars_bp.get("/calendars/<token>.ics")
def send_calendar(token: str) -> Response:
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
            feed = rota_people.find_calendar(connection, token[:100])
            if feed is None:
                text = "There is no such calendar. Its address may have been revoked.\n"
                return _plain(text, 404)
            if feed.is_suspended(at, issuer()):
                return _plain(
                    "This calendar is suspended: whoever made it has not signed in for a while. "
                    f"It works again once they sign in, at {_staff_url()}.\n",
                    403,
                )
            etag = _etag(connection, feed, today)
            is_unchanged = request.if_none_match.contains(etag)
            if not is_unchanged:
                rota = rota_service.load_rota(connection, start, end)
    except DatabaseUnavailable as error:
        current_app.logger.warning("no calendar: %s", error)
        unavailable = _plain("The calendar cannot be read just now.\n", 503)
        unavailable.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return unavailable
    content = b"" if is_unchanged else _to_ics(feed, rota, start, end)
    response = Response(content, 304 if is_unchanged else 200, mimetype="text/calendar")
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Robots-Tag"] = "noindex"
    response.set_etag(etag)
    return response


def to_ics(
    events: Iterable[tuple[Assignment, str]], title: str, website: str, description: str
) -> bytes:
    """Return assignments, each with its summary, as events: the same bytes while none has changed.

    An event keeps its UID whoever takes the shift over; its SEQUENCE counts the changes. Every
    event is transparent and free, for Outlook too: being on the rota is no meeting. ``website``
    gives the UIDs their host.
    """
    calendar = render_template(
        "staff/calendar.ics",
        events=events,
        title=title,
        host=urlsplit(website).hostname or "localhost",
        description=description,
        property=_property,
    )
    return f"{calendar}\n".replace("\n", "\r\n").encode()


def _title(feed: CalendarFeed, rota: Rota) -> str:
    own = feed.rota_person_id
    return "The whole rota" if own is None else f"Shifts of {rota.names[own]}"


def _etag(connection: Connection, feed: CalendarFeed, today: date) -> str:
    """Return what differs once a feed would: with the rota, people, roles, settings or the day."""
    people = [(person.id, person.name) for person in rota_people.all_people(connection)]
    directory, revision = lookup.snapshot().directory, rota_store.revision(connection)
    shown = feed.rota_person_id, today, directory.zone.key, _staff_url()
    sources = shown, revision, people, directory.rota, directory.council.website
    return sha256(repr(sources).encode()).hexdigest()


def _to_ics(feed: CalendarFeed, rota: Rota, start: datetime, end: datetime) -> bytes:
    events = []
    for duty in rota.all_assignments(start, end):
        summary = rota.role_names[duty.shift.role_id]
        if feed.rota_person_id is None:
            summary += f": {rota.names[duty.person_id]}"
        if duty.person_id is not None and feed.rota_person_id in (None, duty.person_id):
            events.append((duty, summary))
    website = lookup.snapshot().directory.council.website
    description = "A calendar can be a day behind. For who is on duty now, see "
    return to_ics(events, _title(feed, rota), website, f"{description}{_staff_url('/rota')}.")


def _staff_url(path: str = "") -> str:
    base = base_url(current_app.config)
    return f"{base}/staff{path}" if base else "the staff pages"


def _plain(text: str, status: int) -> Response:
    response = Response(text, status, mimetype="text/plain")
    response.headers["Cache-Control"] = "no-store"
    return response


def _property(name: str, text: str) -> str:
    """Return a line of a calendar, with text on one line and escaped: RFC 5545, 3.3.11.

    It is cut within the 75 bytes of 3.1, never within a character, and goes on after a space.
    """
    text = " ".join(text.split()).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    parts = re.findall(rb".{1,70}[\x80-\xbf]*", f"{name}:{text}".encode())
    return "\n ".join(part.decode() for part in parts)
