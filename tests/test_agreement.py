"""At any instant the page, the paper, the calendar, the spreadsheet and the command name the same
people: whatever was filled, covered, swapped, undone or removed, whoever was away, and on nights
when the clocks change.
"""

import html
import random
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
import rostered
from staff.conftest import account, signed_in  # noqa: F401 - fixtures

from routing import lookup, rota_service
from routing.core.instants import Span
from routing.errors import InvalidRotaChange
from routing.rota import filling, spreadsheet
from routing.rota.roster import Cover, Shift, swap_shifts, validate_absence
from routing.rota_service import Proposal
from routing.store import accounts, rota, rota_people

QUARTER = timedelta(minutes=15)
LONDON = ZoneInfo("Europe/London")
ROLES = {
    "mash-social-worker": "Duty social worker",
    "eds-social-worker": "Out-of-hours social worker",
}
PERIODS = ["2026-10-23", "2026-12-23", "2027-03-26"]  # the clocks change in two of them


@pytest.fixture
def app(make_stored):
    return make_stored()


def add_random_rota(app, first, draw):
    """Add random shifts, covers and undone changes in the four days from ``first``; one leaves."""
    start = datetime.fromisoformat(first).replace(tzinfo=UTC)
    people = list(rostered.people(app).values())
    with app.app_context():
        database = lookup.database()

        def random_span(low, high):
            begins = low + timedelta(minutes=15) * draw.randrange((high - low) // QUARTER)
            left = (high - begins) // QUARTER
            return Span(begins, begins + QUARTER * draw.randrange(1, min(left, 64) + 1))

        changes = []
        for _ in range(24):
            span = random_span(start, start + timedelta(days=4))
            new = Shift(draw.choice([*ROLES]), draw.choice(people), span)
            with suppress(InvalidRotaChange):
                current = rota_service.read_rota(start, start)
                changes.append(save("added", current, [new]))
        with database.reading() as connection:
            shifts, _ = rota.read(connection, start, start + timedelta(days=9))
        for shift, other in zip(shifts, draw.sample(shifts, len(shifts)), strict=True):
            current = rota_service.read_rota(start, start + timedelta(days=9))
            with suppress(InvalidRotaChange):
                covers = swap_shifts(current, shift, other, start)
                changes.append(save("swapped", current, covers))
        for shift in shifts:
            for _ in range(draw.randrange(3)):
                span = random_span(shift.during.start, shift.during.end)
                new = Cover(shift.id, draw.choice([None, *people]), span)
                current = rota_service.read_rota(start, start)
                changes.append(save("covered", current, [new]))
        for person, substitute in zip(people, [None, *people], strict=False):
            away = random_span(start, start + timedelta(days=4))
            current = rota_service.read_rota(away.start, away.end)
            with suppress(InvalidRotaChange):
                covers = validate_absence(current, person, away, substitute)
                changes.append(save("absence", current, covers))
        for role in ROLES:
            with suppress(InvalidRotaChange):
                changes.append(fill_by_turns(role, start.date(), draw))
        for change in draw.sample(changes, 6):
            with suppress(InvalidRotaChange):
                rota_service.undo_change(change.id, "account:1")
        with database.writing() as connection:
            rota_people.leave(connection, people[0], start + timedelta(days=1), "account:1")


def save(kind, current, new):
    return rota_service.save_change(Proposal(kind, current, new), "account:1")


def fill_by_turns(role, first, draw):
    """Fill what is open of a role in four days, by turns of one to three days from some time."""
    begins = draw.choice(["noon", "1:30am", "11:45pm"])
    turns = filling.parse_turn(str(draw.randrange(1, 4)), f"{first:%A} {begins}")
    last = first + timedelta(days=3)
    proposal, _ = rota_service.propose_fill(role, first, last, rostered.PEOPLE, turns)
    return rota_service.save_change(proposal, "account:1")


def by_page(browser):
    page = browser.get("/staff/rota").text
    who_by_name = dict(re.findall(r"<dt>(.*?)</dt>\s*<dd>\s*<strong[^>]*>(.*?)</strong>", page))
    return {role: known_names(who_by_name[name]) for role, name in ROLES.items()}


def by_command(app):
    output = app.test_cli_runner().invoke(args=["rota", "who"]).output
    who_by_name = dict(line.split(": ", 1) for line in output.splitlines())
    return {role: known_names(who_by_name[name]) for role, name in ROLES.items()}


def by_spreadsheet(app, at):
    first = (at - timedelta(days=5)).date().isoformat()
    output = app.test_cli_runner().invoke(args=["rota", "export", "--from", first]).output
    names = {role: set() for role in ROLES}
    for row in output.splitlines()[1:]:
        role, *edges, person = row.split(",")
        start, end = (spreadsheet.parse_cell(edge, LONDON) for edge in edges)
        if start <= at < end:
            names[role].add(person)
    return names


def by_calendar(app, token, at):
    answer = app.test_client().get(f"/calendars/{token}.ics")
    names = {role: set() for role in ROLES}
    roles = {name: role for role, name in ROLES.items()}
    for event in icalendar.Calendar.from_ical(answer.data).walk("VEVENT"):
        if event.decoded("DTSTART") <= at < event.decoded("DTEND"):
            name, _, person = str(event["SUMMARY"]).partition(": ")
            names[roles[name]].add(person)
    return names


def by_paper(browser, at):
    """Return whose bars are marked as now in the printed page's HTML (paper does not show it)."""
    first = at.astimezone(LONDON).date() - timedelta(days=2)
    page = browser.get(f"/staff/rota/print?from={first}")
    names = {}
    for role, side in zip(ROLES, page.text.split('class="who-side"')[1:], strict=True):
        marked = re.findall(
            r"who-bar--(?:duty|cover) w\d+( who-bar--now)?\">.*?<strong>(.*?)</strong>",
            side,
            re.DOTALL,
        )
        names[role] = {html.unescape(name) for is_now, name in marked if is_now}
    return names


def known_names(text):
    """Return the people in "Amara Owusu and Siân O’Brien (2 of 3 people), until 5pm...": known."""
    who = re.split(r",? until |, for the next| \(", html.unescape(text))[0]
    return {name for name in rostered.PEOPLE if name in who}


def assignment_edges(app, start):
    """Return the instants at which assignments begin and end, in order."""
    end = start + timedelta(days=4)
    with app.app_context():
        roster = rota_service.read_rota(start, end)
        spans = [part.during for role in ROLES for part in roster.assignments(role, start, end)]
    return sorted({edge for span in spans for edge in (span.start, span.end)})


def sign_in_again(app, browser):
    """Start a new session: one lasts for twelve hours."""
    with app.app_context(), lookup.database().writing() as connection:
        person = accounts.find_local(connection, "view")
        token = accounts.start_session(connection, person, lookup.now())
    with browser.client.session_transaction("/staff") as session:
        session["token"] = token
    return browser


@pytest.mark.parametrize("first", PERIODS)
def test_every_way_to_ask_who_is_on_duty_names_the_same_people(app, signed_in, clock, first):  # noqa: F811 - the fixture
    draw, times_with_people = random.Random(first), 0
    clock.set(f"{first}T00:00:00Z")
    add_random_rota(app, first, draw)
    browser, start = signed_in("view"), clock.at
    with app.app_context(), lookup.database().writing() as connection:
        token = rota_people.create_calendar(connection, None, 1, lookup.now(), "account:1")
    edges = assignment_edges(app, start)
    for edge in draw.sample(edges, 8):
        at = clock.at = edge + timedelta(seconds=draw.choice((-1, 0, 1)))
        page = sign_in_again(app, browser)
        names = {
            "page": by_page(page),
            "paper": by_paper(page, at),
            "command": by_command(app),
            "spreadsheet": by_spreadsheet(app, at),
            "calendar": by_calendar(app, token, at),
        }
        assert all(by_role == names["page"] for by_role in names.values()), (at, names)
        times_with_people += any(names["page"].values())
    assert times_with_people > 2
