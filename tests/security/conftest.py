"""A service with every door open, as an attacker finds it; and somebody who has signed in."""

import shutil

import pytest
from conftest import ANYSHIRE
from staff.conftest import Browser
from telephone import BASE, TOKEN

from routing import lookup
from routing.store import accounts
from routing.store.accounts import Role


@pytest.fixture
def make_open(make_app, made, tmp_path):
    """Build an app over a made database, that staff, Twilio and an exchange may ask."""

    def make(directory=ANYSHIRE, **settings):
        doors = {"OPS_TOKEN": "ops", "EXCHANGE_TOKEN": "exchange", "TWILIO_AUTH_TOKEN": TOKEN}
        config = {"PUBLIC_BASE_URL": BASE, "PREFERRED_URL_SCHEME": "https", **doors, **settings}
        app = make_app(directory, **config)
        (tmp_path / "instance").mkdir(exist_ok=True)
        shutil.copy(made, tmp_path / "instance" / made.name)
        with app.app_context():
            lookup.read_diverts(max_age=0, timeout=10)
        return app

    return make


@pytest.fixture
def app(make_open):
    return make_open()


@pytest.fixture
def sign_in():
    """Return a browser of somebody who has signed in to an app with some roles."""

    def sign_in(app, *roles, name="Priya Shah"):
        with app.app_context(), lookup.database().writing() as connection:
            at, granted = lookup.now(), frozenset(map(Role, roles))
            person = accounts.upsert_sso_account(
                connection, accounts.LOCAL, name, name, granted, at
            )
            token = accounts.start_session(connection, person, at)
        browser = Browser(app)
        with browser.client.session_transaction("/staff") as session:
            session["token"] = token
        return browser

    return sign_in
