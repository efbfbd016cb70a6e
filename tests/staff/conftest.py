"""Staff pages over a real database, for somebody who has signed in with some roles."""

import html
import io
import re
from functools import cache

import pytest
import rostered

from routing import lookup, rota_service
from routing.store import accounts, diverts, tables
from routing.store.accounts import Role
from routing.text import time_parsing

PASSWORD = "correct horse battery"
DIVERT_FORM = {
    "service": "children",
    "line": "eds",
    "from": "now",
    "until": "1h",
    "note": "Phones down",
}


@pytest.fixture
def app(make_stored):
    return make_stored()


class Browser:
    """Keeps a cookie and fills in forms, as a browser without JavaScript does."""

    def __init__(self, app):
        self.client = app.test_client()

    def get(self, path, **more):
        return self.client.get(path, **more)

    def send(self, page, path, *more, follow=True, **values):
        """Send the form of a page that goes to ``path``: what it holds, changed by ``values``."""
        data = fields(page, path, *more, **values)
        return self.post(path, data) if follow else self.client.post(path, data=data)

    def post(self, path, data):
        """Send a form as a browser does: its cookie is the one of the page to which it leads."""
        answer = self.client.post(path, data=data)
        if answer.status_code in (302, 303):
            return self.get(answer.headers["Location"], follow_redirects=True)
        return answer

    def sign_in(self, name, password=PASSWORD):
        page = self.get("/staff/sign-in")
        return self.send(page, "/staff/sign-in", name=name, password=password)


def fields(page, path, *more, **values):
    """Return what the form of a page that goes to ``path`` holds, changed by ``values``."""
    forms = re.findall(r"<form.*?</form>", page.text, re.S)
    form = next(form for form in forms if f'action="{path}"' in form)
    inputs = re.findall(r'<input[^>]*type="hidden"[^>]*>', form)
    hidden = [(_attribute(tag, "name"), _attribute(tag, "value")) for tag in inputs]
    pairs = [(name, value) for name, value in hidden if name not in values]
    data = {}
    for name, value in (*pairs, *values.items(), *more):
        data.setdefault(name, []).append(value)
    return data


def page_text(answer):
    """Return what a page says in its main part, without tags."""
    text = re.sub(r"<[^>]+>", " ", answer.text.partition("<main")[2].partition("</main")[0])
    return " ".join(text.replace("&#39;", "'").split())


def check(browser, **values):
    return browser.send(
        browser.get("/staff/diverts/new"), "/staff/diverts/new", **{**DIVERT_FORM, **values}
    )


def confirm(browser, page, although_closed="yes"):
    """Confirm; by day the out-of-hours line is shut by its own hours, so twice."""
    return browser.send(page, "/staff/diverts/new", although_closed=although_closed)


def send_sheet(browser, data, name="rota.csv", **values):
    """Send a spreadsheet to be imported; return the page that reads it back."""
    path = "/staff/rota/import"
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(path).text)[1]
    values |= {"csrf_token": token, "file": (io.BytesIO(data), name)}
    return browser.client.post(path, data=values, follow_redirects=True)


def calendar(browser):
    """Make a calendar of the whole rota, and return its path."""
    page = browser.send(browser.get("/staff/rota/mine"), "/staff/rota/feeds", of="whole")
    return re.search(r"/calendars/[\w-]{43}\.ics", page.text)[0]


def edges(start, end):
    """Fill two dates and times in: "24 12 2026 5pm"."""
    return {
        f"{name}-{part}": value
        for name, text in (("starts", start), ("ends", end))
        for part, value in zip(("day", "month", "year", "time"), text.split(" ", 3), strict=True)
    }


def _attribute(tag, name):
    match = re.search(rf'\b{name}="([^"]*)"', tag)
    return html.unescape(match[1]) if match else ""


@pytest.fixture
def browser(app):
    return Browser(app)


@cache
def password_hash():
    """Return the hash of PASSWORD, the same for all accounts: to make one takes 60 ms."""
    return accounts.hash_password(PASSWORD)


@pytest.fixture
def account(app):
    """Make an account with some roles, and return its name."""

    def account(*roles, name=""):
        name, table = name or "-".join(roles), tables.accounts
        with app.app_context(), lookup.database().writing() as connection:
            granted = frozenset(map(Role, roles))
            row = accounts.add(connection, name, granted, None, lookup.now(), "terminal:0")
            update = table.update().where(table.c.id == row.id)
            connection.execute(update.values(password_hash=password_hash()))
        return name

    return account


@pytest.fixture
def signed_in(app):
    return lambda *roles: sign_in(app, *roles)


def sign_in(app, *roles, name=""):
    """Return a browser of somebody new, who has signed in with some roles; not by the form."""
    name, granted = name or "-".join(roles), frozenset(map(Role, roles))
    with app.app_context(), lookup.database().writing() as connection:
        at = lookup.now()
        person = accounts.upsert_sso_account(connection, accounts.LOCAL, name, name, granted, at)
    return start_session(app, person)


def start_session(app, person):
    """Return a browser in which an account has signed in; for speed, not by the form."""
    browser = Browser(app)
    with app.app_context(), lookup.database().writing() as connection:
        token = accounts.start_session(connection, person, lookup.now())
    with browser.client.session_transaction("/staff") as session:
        session["token"] = token
    return browser


@pytest.fixture
def duty(signed_in):
    return signed_in("divert")


@pytest.fixture
def before_christmas(make_stored, clock):
    """Build an app with people on its rota, the day before Christmas Eve."""

    def make(**settings):
        clock.set("2026-12-23T15:40:00Z")
        app = make_stored(**settings)
        rostered.people(app)
        return app

    return make


@pytest.fixture
def arranger(signed_in):
    return signed_in("rota")


@pytest.fixture
def stored(app):
    def stored():
        with app.app_context(), lookup.database().reading() as connection:
            return diverts.current_and_future(connection, lookup.now())

    return stored


@pytest.fixture
def on(app):
    """Return who is on duty at an instant."""

    def on(moment="2026-12-24T20:00:00Z", role="eds-social-worker"):
        at = time_parsing.parse_rfc3339(moment)
        with app.app_context():
            rota = rota_service.read_rota(at, at + rota_service.GAP_LOOKAHEAD)
            return [rota.names[person_id] for person_id in rota.staffing_at(role, at).person_ids]

    return on
