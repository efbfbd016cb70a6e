"""Every form of the staff pages sent twice, as by a second tap: it is done once, and shown again.

The second has the cookie of the first, since a browser that sends again takes no answer.
"""

import re
from base64 import b64encode
from zlib import compress

import pytest
import rostered
from conftest import divert_now
from staff.conftest import DIVERT_FORM, PASSWORD, edges, fields, page_text, start_session

from routing import lookup
from routing.store import accounts, rota_people, tables

NIGHT = "eds-social-worker"
EVE = edges("24 12 2026 5pm", "25 12 2026 8:30am")
SHIFTS = (
    f"{NIGHT},2026-12-24 17:00,2026-12-25 08:30,Amara Owusu",
    f"{NIGHT},2026-12-26 17:00,2026-12-27 08:30,Dev Patel",
)
SHEET = f"{rostered.HEADER}{NIGHT},2026-12-30 17:00,2026-12-31 08:30,Dev Patel\n"
DIVERT = {**DIVERT_FORM, "line": "duty-manager"}
FILL = {"role": NIGHT, "first": "2026-12-25", "last": "2026-12-26", "people": "Dev Patel"}
PASSWORDS = {"current": PASSWORD, "new": "gravel lantern teapot"}
ADDRESS = r"/staff/sign-in/password/[\w-]{43}"
ACCOUNTS, FIRST, ROTA = "/staff/accounts", "/staff/rota/shifts/1", "/staff/rota"
FORMS = [
    # Where it goes, what is filled in, what its page was asked with, where that is.
    (ACCOUNTS, {"name": "Priya Shah", "role": "divert"}, {}, ACCOUNTS),
    *(
        (f"{ACCOUNTS}/2", {"action": action, "role": "view", "sure": "yes"}, {}, f"{ACCOUNTS}/2")
        for action in ("roles", "link", "sessions", "remove")
    ),
    ("/staff/account", PASSWORDS, {}, "/staff/account"),
    ("/staff/diverts/new", {}, DIVERT, "/staff/diverts/new"),
    ("/staff/diverts/1/end", {}, {}, "/staff/diverts/1/end"),
    ("/staff/diverts/end-all", {}, {}, "/staff/diverts/end-all"),
    ("/staff/diverts/1", {"although_closed": "yes"}, {"until": "4h"}, "/staff/diverts/1"),
    (f"{ROTA}/feeds", {"of": "whole"}, {}, f"{ROTA}/mine"),
    (f"{ROTA}/feeds/1/revoke", {}, {}, f"{ROTA}/mine"),
    ("/staff/setup", {"step": "telephone"}, {}, "/staff"),
    (f"{ROTA}/fill", {}, FILL, f"{ROTA}/fill"),
    (f"{ROTA}/import", {}, {"sheet": b64encode(compress(SHEET.encode()))}, f"{ROTA}/import"),
    (f"{ROTA}/people", {"name": "Priya Shah"}, {}, f"{ROTA}/people"),
    (f"{ROTA}/people/1/leave", {}, {}, f"{ROTA}/people/1/leave"),
    (f"{ROTA}/people/1", {"name": "Amara Jones", "account": "2"}, {}, f"{ROTA}/people/1"),
    (f"{ROTA}/away", {}, {"person": "1", "substitute": "2", **EVE}, f"{ROTA}/away"),
    (f"{ROTA}/shifts/new", {}, {"role": NIGHT, "person": "2", **EVE}, f"{ROTA}/shifts/new"),
    (f"{FIRST}/cover", {}, {"person": "2", **EVE}, f"{FIRST}/cover"),
    (f"{FIRST}/remove", {}, {}, f"{FIRST}/remove"),
    (f"{FIRST}/swap", {}, {"other": "2"}, f"{FIRST}/swap"),
    (f"{ROTA}/undo/1", {}, {}, ROTA),
    ("/staff/sign-in", {"name": "Me", "password": PASSWORD}, {}, "/staff/sign-in"),
    ("/staff/sign-in/password/LINK", {"new": PASSWORDS["new"]}, {}, "/staff/sign-in/password/LINK"),
    ("/staff/sign-out", {}, {}, "/staff"),
]
SHOWN_SECOND = {
    "/staff/account": "If you changed your password and sent it twice, it is changed",
    "/staff/sign-in/password/LINK": "If you have just set your password, it is set",
    "/staff/sign-out": "You have signed out.",
}
"""What the second is shown where it cannot be known whose it is."""


@pytest.fixture
def app(before_christmas):
    """Build an app with shifts and a divert."""
    app = before_christmas()
    rostered.shifts(app, *SHIFTS)
    divert_now(app)
    return app


@pytest.fixture
def browser(app, account):
    """Return an administrator's browser; a second one has a link, and there is a calendar."""
    for name in ("Me", "Ada"):
        account("admin", name=name)
    with app.app_context(), lookup.database().writing() as connection:
        rota_people.create_calendar(connection, None, 1, lookup.now(), "account:1")
        ada = accounts.find_local(connection, "Ada")
        accounts.create_password_link(connection, ada, lookup.now(), "account:1", "LINK")
        me = accounts.find_local(connection, "Me")
    return start_session(app, me)


def rows(app):
    """Return what is stored, but for sessions, for links and for the record of what was asked."""
    unstable = {"audit_log", "sign_in_failures", "tokens"}
    kept = [table for name, table in tables.METADATA.tables.items() if name not in unstable]
    with app.app_context(), lookup.database().reading() as connection:
        return {table.name: connection.execute(table.select()).all() for table in kept}


def test_every_form_is_sent_twice(app):
    rules = [rule for rule in app.url_map.iter_rules() if "POST" in rule.methods]
    posted = {rule.endpoint for rule in rules if rule.rule.startswith("/staff")}
    addresses = app.url_map.bind("localhost")

    assert {addresses.match(form[0], "POST")[0] for form in FORMS} == posted


@pytest.mark.parametrize(("path", "values", "asked", "page"), FORMS)
def test_a_second_tap_changes_nothing_more_and_shows_what_the_first_has_done(
    app, browser, path, values, asked, page
):
    shown = browser.get(page)
    if asked:
        shown = browser.send(shown, page, **asked)
    data, name = fields(shown, path, **values), app.config["SESSION_COOKIE_NAME"]
    cookie = browser.client.get_cookie(name, path="/staff")
    first = browser.post(path, data)
    saved = rows(app)
    browser.client.set_cookie(name, cookie.value, path="/staff")
    second = browser.post(path, data)

    assert first.status_code == 200
    assert rows(app) == saved
    if path in SHOWN_SECOND:
        assert SHOWN_SECOND[path] in page_text(second)
    else:
        assert re.sub(ADDRESS, "", page_text(second)) == re.sub(ADDRESS, "", page_text(first))
