"""Every form of the staff pages sent twice, as by a second tap: it is done once, and shown again.

The second has the cookie of the first, since a browser that sends again takes no answer.
"""

import re

import pytest
import rostered
from staff.conftest import (
    DIVERT_FORM,
    PASSWORD,
    edges,
    fields,
    page_text,
    send_sheet,
    start_session,
)

from routing import lookup
from routing.store import accounts, tables

NIGHT = "eds-social-worker"
SHIFTS = [
    f"{NIGHT},2026-12-{day} 17:00,2026-12-{day + 1} 08:30,{name}"
    for day, name in ((24, "Amara Owusu"), (26, "Dev Patel"))
]
EVE = edges("24 12 2026 5pm", "25 12 2026 8:30am")
BOXING_DAY = edges("26 12 2026 5pm", "27 12 2026 8:30am")
NEW_PASSWORD = "gravel lantern teapot"
ADDRESS = r"/staff/sign-in/password/[\w-]{43}"
"""Of a link for a password: whichever page is shown last has the one that works."""

UNCOMPARED = {"audit_log", "sessions", "sign_in_failures", "password_links"}


@pytest.fixture
def app(before_christmas):
    app = before_christmas()
    rostered.shifts(app, *SHIFTS)
    return app


@pytest.fixture
def browser(app, account):
    """Return the browser of an administrator; Ada, another one, has the next account."""
    names = [account("admin", name=name) for name in ("Me", "Ada")]
    with app.app_context(), lookup.database().reading() as connection:
        me, _ = accounts.find_local(connection, names[0])
    return start_session(app, me)


def form(path, page=None, first=None, **values):
    """Return what fills in the form of a page; with ``first``, of one that reads those values back.

    That one is confirmed with ``values``.
    """

    def fill(browser):
        shown = browser.get(page or path)
        if first is not None:
            shown = browser.send(shown, path, **first)
        return path, fields(shown, path, **values)

    return fill


def divert(path, **more):
    """Return what confirms a divert; of another path, what fills in its form once one is set."""

    def fill(browser):
        check = browser.send(
            browser.get("/staff/diverts/new"), "/staff/diverts/check", **DIVERT_FORM
        )
        values = fields(check, "/staff/diverts", although_closed="yes")
        if path == "/staff/diverts":
            return path, values
        browser.post("/staff/diverts", values)
        return form(path, **more)(browser)

    return fill


def sheet(browser):
    rows = f"{rostered.HEADER}{NIGHT},2026-12-30 17:00,2026-12-31 08:30,Dev Patel\n"
    return "/staff/rota/import", fields(send_sheet(browser, rows.encode()), "/staff/rota/import")


def calendar(browser):
    browser.post(*form("/staff/rota/feeds", "/staff/rota/mine", of="whole")(browser))
    return form("/staff/rota/feeds/1/revoke", "/staff/rota/mine")(browser)


def link(browser):
    page = browser.send(browser.get("/staff/accounts/2"), "/staff/accounts/2", action="link")
    path = re.search(ADDRESS, page.text)[0]
    return form(path, new=NEW_PASSWORD)(browser)


def sign_in(browser):
    browser.send(browser.get("/staff"), "/staff/sign-out")
    return form("/staff/sign-in", name="Me", password=PASSWORD)(browser)


def expired(browser):
    _, values = form("/staff/rota/people", name="Priya Shah")(browser)
    return "/staff/sign-in/expired?path=/staff/rota/people", values


def account_form(action):
    return form("/staff/accounts/2", action=action, role="view", sure="yes")


FILL = {"role": NIGHT, "first": "2026-12-25", "last": "2026-12-26", "people": "Dev Patel"}
FORMS = {
    "accounts.index": [form("/staff/accounts", name="Priya Shah", role="divert")],
    "accounts.show": list(map(account_form, ("roles", "link", "sessions", "remove"))),
    "accounts.show_own": [form("/staff/account", current=PASSWORD, new=NEW_PASSWORD)],
    "diverts.check": [form("/staff/diverts/check", "/staff/diverts/new", **DIVERT_FORM)],
    "diverts.create": [divert("/staff/diverts")],
    "diverts.end": [divert("/staff/diverts/1/end")],
    "diverts.end_all": [divert("/staff/diverts/end-all")],
    "diverts.move": [divert("/staff/diverts/1", first={"until": "4h"}, although_closed="yes")],
    "my_shifts.create_calendar": [form("/staff/rota/feeds", "/staff/rota/mine", of="whole")],
    "my_shifts.revoke_calendar": [calendar],
    "now.set_step": [form("/staff/setup", "/staff", step="telephone")],
    "rota_fill.fill": [form("/staff/rota/fill", first=FILL)],
    "rota_fill.import_": [sheet],
    "rota_people.index": [form("/staff/rota/people", name="Priya Shah")],
    "rota_people.leave": [form("/staff/rota/people/1/leave")],
    "rota_people.show": [form("/staff/rota/people/1", name="Amara Jones", account="2")],
    "rota_shifts.absence": [
        form("/staff/rota/away", first={"person": "1", "substitute": "2", **EVE})
    ],
    "rota_shifts.cover": [form("/staff/rota/shifts/1/cover", first={"person": "2", **EVE})],
    "rota_shifts.new": [
        form("/staff/rota/shifts/new", first={"role": NIGHT, "person": "2", **BOXING_DAY})
    ],
    "rota_shifts.remove": [form("/staff/rota/shifts/1/remove")],
    "rota_shifts.swap": [form("/staff/rota/shifts/1/swap", first={"other": "2"})],
    "rota_shifts.undo": [form("/staff/rota/undo/1", "/staff/rota")],
    "sign_in.ask_again": [expired],
    "sign_in.check": [sign_in],
    "sign_in.set_password": [link],
    "sign_in.show_unsaved": [],
    "sign_in.sign_out": [form("/staff/sign-out", "/staff")],
}
"""The forms of each view; one shows only what was sent, and its own tests send that twice."""

SHOWN_SECOND = {
    "accounts.show_own": "If you sent it twice, your password is changed",
    "sign_in.set_password": "If you have just set your password, it is set",
    "sign_in.sign_out": "You have signed out.",
}
"""What the second is shown where it cannot be known whose it is."""


def rows(app):
    with app.app_context(), lookup.database().reading() as connection:
        names = set(tables.METADATA.tables) - UNCOMPARED
        return {
            name: connection.execute(tables.METADATA.tables[name].select()).all() for name in names
        }


def test_every_form_is_sent_twice(app):
    rules = [rule for rule in app.url_map.iter_rules() if "POST" in rule.methods]
    posted = {rule.endpoint for rule in rules if rule.rule.startswith("/staff")}
    assert posted == set(FORMS)


@pytest.mark.parametrize(
    ("view", "fill"), [(view, fill) for view, fills in FORMS.items() for fill in fills]
)
def test_a_second_tap_changes_nothing_more_and_shows_what_the_first_has_done(
    app, browser, view, fill
):
    path, values = fill(browser)
    name = app.config["SESSION_COOKIE_NAME"]
    cookie = browser.client.get_cookie(name, path="/staff")
    first = browser.post(path, values)
    saved = rows(app)
    browser.client.set_cookie(name, cookie.value, path="/staff")
    second = browser.post(path, values)

    assert first.status_code == 200
    assert rows(app) == saved
    if view in SHOWN_SECOND:
        assert SHOWN_SECOND[view] in page_text(second)
    else:
        assert re.sub(ADDRESS, "", page_text(second)) == re.sub(ADDRESS, "", page_text(first))
