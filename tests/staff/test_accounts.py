"""Accounts: given, changed and ended by an administrator; one's own password."""

import re

import pytest
from staff.conftest import PASSWORD, Browser, calendar, page_text, start_session

from routing import lookup
from routing.store import accounts

NEW_PASSWORD = "gravel lantern teapot"


@pytest.fixture
def admin(app, account, listed):
    name = account("admin", name="Ada Admin")
    return start_session(app, listed()[name])


@pytest.fixture
def priya(app, account, listed):
    """Return the browser of somebody else who has signed in."""
    name = account("divert", name="Priya Shah")
    return start_session(app, listed()[name])


@pytest.fixture
def listed(app):
    """Return the accounts that are left, by name."""

    def listed():
        with app.app_context(), lookup.database().reading() as connection:
            return {account.name: account for account in accounts.active_accounts(connection)}

    return listed


def address(page):
    """Return the path of the link that a page shows."""
    return re.search(r"/staff/sign-in/password/[\w-]{43}", page.text)[0]


def add(admin, name="Priya Shah", *roles):
    pairs = [("role", role) for role in roles or ("divert",)]
    return admin.send(admin.get("/staff/accounts"), "/staff/accounts", *pairs, name=name)


def change(admin, account, action, *more, **values):
    path = f"/staff/accounts/{account.id}"
    return admin.send(admin.get(path), path, *more, action=action, **values)


def test_somebody_new_sets_a_password_by_a_link_that_works_once_and_then_signs_in(app, admin):
    link = address(add(admin, "Priya Shah", "view", "divert"))
    anyone = Browser(app)
    assert anyone.sign_in("Priya Shah", "").status_code == 403
    anyone.get(link)
    weak = anyone.send(anyone.get(link), link, new="password")
    assert weak.status_code == 400
    assert "at least 12 characters" in page_text(weak)
    done = anyone.send(weak, link, new=NEW_PASSWORD)
    again = anyone.send(weak, link, new="another lantern teapot")

    assert "Your password is set. Sign in with it." in page_text(done)
    assert again.status_code == anyone.get(link).status_code == 404
    assert "Divert calls" in page_text(anyone.sign_in("Priya Shah", NEW_PASSWORD))


def test_a_later_link_replaces_an_earlier_one(app, admin, listed):
    earlier = address(add(admin))
    later = address(change(admin, listed()["Priya Shah"], "link"))

    assert Browser(app).get(earlier).status_code == 404
    assert Browser(app).get(later).status_code == 200


def test_an_account_that_makes_no_sense_is_refused(admin, listed):
    for name, roles, message in (
        ("Priya Shah", (), "Choose at least one role."),
        ("", ("divert",), "A name has 1 to 100 characters."),
        ("ADA admin", ("divert",), "There is an account"),
    ):
        pairs = [("role", role) for role in roles]
        page = admin.send(admin.get("/staff/accounts"), "/staff/accounts", *pairs, name=name)
        assert (page.status_code, message in page_text(page)) == (400, True), name
    assert set(listed()) == {"Ada Admin"}


@pytest.mark.parametrize(
    ("action", "values"),
    [("roles", {"role": "view"}), ("sessions", {}), ("remove", {"sure": "yes"})],
)
def test_other_roles_a_sign_out_and_a_removal_end_sessions_and_calendars_at_once(
    app, admin, priya, listed, action, values
):
    feed = calendar(priya)
    change(admin, listed()["Priya Shah"], action, **values)

    assert priya.get("/staff").status_code == 302
    assert app.test_client().get(feed).status_code == 404


def test_an_account_is_removed_once_ticked_and_a_colleague_is_told(app, admin, account, listed):
    account("divert", name="Priya Shah")
    path = f"/staff/accounts/{listed()['Priya Shah'].id}"
    unsure = admin.send(admin.get(path), path, action="remove")
    assert "Tick that the account is to be removed." in page_text(unsure)
    admin.send(unsure, path, action="remove", sure="yes")
    late = admin.send(unsure, path, ("role", "view"), action="roles")

    assert (late.status_code, "Somebody has removed it." in page_text(late)) == (404, True)
    assert set(listed()) == {"Ada Admin"}
    assert Browser(app).sign_in("Priya Shah").status_code == 403


@pytest.mark.parametrize("values", [{"action": "remove", "sure": "yes"}, {"action": "roles"}])
def test_the_last_administrator_stays_one(admin, account, listed, values):
    """One who has set no password yet is nobody to rely on."""
    account("divert")
    add(admin, "Second Admin", "admin")
    page = change(admin, listed()["Ada Admin"], values.pop("action"), ("role", "view"), **values)

    assert page.status_code == 400
    assert "This is the last administrator." in page_text(page)
    assert listed()["Ada Admin"].roles == {"admin"}


def test_an_administrator_may_leave_once_there_is_another(admin, account, listed):
    account("admin", name="Second Admin")
    change(admin, listed()["Ada Admin"], "remove", sure="yes")

    assert set(listed()) == {"Second Admin"}


def test_a_council_account_is_ended_here_and_its_roles_are_not_changed(app, admin, listed):
    with app.app_context(), lookup.database().writing() as connection:
        at, roles = lookup.now(), accounts.parse_roles(["divert"])
        accounts.upsert_sso_account(connection, "https://login.example", "s1", "Sam", roles, at)
    for action in ("roles", "link"):
        page = change(admin, listed()["Sam"], action, ("role", "admin"))
        assert page.status_code == 400
    assert "they can sign in again until" in page_text(
        admin.get(f"/staff/accounts/{listed()['Sam'].id}")
    )
    change(admin, listed()["Sam"], "remove", sure="yes")

    assert set(listed()) == {"Ada Admin"}


def test_everything_done_to_accounts_is_in_the_audit_log(admin, listed):
    add(admin)
    for action in ("sessions", "link"):
        change(admin, listed()["Priya Shah"], action)
    change(admin, listed()["Priya Shah"], "roles", ("role", "rota"))
    assert listed()["Priya Shah"].roles == {"rota"}
    page = page_text(admin.get("/staff/changes"))

    for entry in (
        "Account added (Priya Shah)",
        "Signed out everywhere (Priya Shah)",
        "Link for a new password made (Priya Shah)",
        "Roles changed (Priya Shah)",
    ):
        assert entry in page
    assert ", Ada Admin" in page


def change_own(browser, **values):
    return browser.send(browser.get("/staff/account"), "/staff/account", **values)


def test_ones_own_password_is_changed_here_and_ends_every_other_session(app, priya, listed):
    elsewhere = start_session(app, listed()["Priya Shah"])
    feed = calendar(elsewhere)
    page = change_own(priya, current=PASSWORD, new=NEW_PASSWORD)

    assert "Your password is changed." in page_text(page)
    assert elsewhere.get("/staff").status_code == 302
    assert app.test_client().get(feed).status_code == 404
    assert elsewhere.sign_in("Priya Shah", PASSWORD).status_code == 403
    assert "On duty now" in page_text(elsewhere.sign_in("Priya Shah", NEW_PASSWORD))


def test_without_the_current_password_or_for_a_weak_one_none_is_changed_and_only_guessing_waits(
    priya,
):
    weak = change_own(priya, current=PASSWORD, new="short")
    wrong = [change_own(priya, current="wrong", new=NEW_PASSWORD) for _ in range(5)]
    waiting = change_own(priya, current=PASSWORD, new=NEW_PASSWORD)

    assert {page.status_code for page in (weak, *wrong)} == {400}
    assert "at least 12 characters" in page_text(weak)
    assert all("The current password is wrong." in page_text(page) for page in wrong)
    assert "Wait 3 seconds" in page_text(waiting)


def test_help_is_on_every_page_once_it_is_set(app, admin, browser):
    app.config["STAFF_HELP"] = "the service desk on 01632 960900"

    for page in (admin.get("/staff/changes"), browser.get("/staff/sign-in")):
        assert "Help: ring the service desk on 01632 960900." in page.text
