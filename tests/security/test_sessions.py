"""A session: new at each sign-in, opened by nothing but its own token, gone when ended."""

import pytest
from itsdangerous import URLSafeTimedSerializer
from staff.conftest import PASSWORD, Browser, sign_in

from routing import lookup
from routing.store import accounts, tables
from routing.store.accounts import Role

DOOR = "/staff/sign-in"


@pytest.fixture
def browser(app):
    """Return a browser in which an administrator has signed in."""
    return sign_in(app, "admin")


def held(browser):
    return browser.client.get_cookie("staff", path="/staff").value


def thief(app, cookie):
    browser = Browser(app)
    browser.client.set_cookie("staff", cookie, path="/staff")
    return browser


def test_signing_in_again_begins_another_session_and_ends_the_one_before(app):
    with app.app_context(), lookup.database().writing() as connection:
        roles, at = frozenset([Role.ADMIN]), lookup.now()
        accounts.add(connection, "Priya", roles, PASSWORD, at, "terminal:0")
    browser = Browser(app)
    browser.sign_in("Priya")
    before = held(browser)
    browser.sign_in("Priya")

    assert held(browser) != before
    assert browser.get("/staff").status_code == 200
    assert thief(app, before).get("/staff").status_code == 302


def test_the_key_that_signs_cookies_opens_no_session(app, browser):
    """Whoever has the key alone can sign what they like: the token must be one of the database."""
    signer = app.session_interface.get_signing_serializer(app)
    assert isinstance(signer, URLSafeTimedSerializer)
    with app.app_context(), lookup.database().reading() as connection:
        session = connection.execute(tables.tokens.select()).one()
    for token in (session.token_sha256, "", "1", 1, None, ["1"], {"person": 1}, True):
        forged = signer.dumps({"token": token, "account": session.account_id, "roles": ["admin"]})
        assert thief(app, forged).get("/staff").status_code == 302


def test_no_cookie_that_was_tampered_with_is_anybodys_or_a_fault(app, browser):
    good = held(browser)
    for bad in (good[:-1], good[1:], good.replace(".", ""), good + "x", "", "x", "é", "." * 3000):
        assert thief(app, bad).get("/staff").status_code == 302


def test_behind_a_proxy_that_tells_nothing_the_cookie_still_goes_by_https_alone(make_open):
    """As nginx passes on by itself: a request of this very machine, by plain http."""
    app = make_open()
    for host in ("127.0.0.1:8000", "localhost"):
        answer = app.test_client().get(DOOR, base_url=f"http://{host}")
        assert "; Secure" in answer.headers["Set-Cookie"], host


def test_a_nul_in_a_form_is_refused_before_any_database_has_to(app):
    browser = Browser(app)

    assert browser.send(browser.get(DOOR), DOOR, name="Pri\0ya", password="x").status_code == 400


def test_the_number_of_something_kept_is_never_too_large_to_ask_for(browser):
    for path in ("diverts", "rota/shifts", "rota/people"):
        for number in (2**63, 10**400):
            assert browser.get(f"/staff/{path}/{number}").status_code == 404
