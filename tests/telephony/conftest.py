"""A telephone that rings this service, over a real database, and what its log then holds."""

from functools import partial

import pytest
from conftest import ANYSHIRE
from telephone import BASE, TOKEN, Telephone

from routing import lookup
from routing.store import tables

MASH, EDS, MANAGER = "+441632960001", "+441632960002", "+447700900001"
NUMBERS = {MASH, EDS, MANAGER, "+441632960003", "+441632960009"}


@pytest.fixture
def make_telephoned(make_stored):
    """Build an app that Twilio may ask, over any directory."""

    def make(directory=ANYSHIRE, **settings):
        usual = {"TWILIO_AUTH_TOKEN": TOKEN, "PUBLIC_BASE_URL": BASE}
        app = make_stored(directory, **usual | settings)
        with app.app_context():
            app.extensions["call_log"].write(lambda connection: None, timeout=10)
        return app

    return make


@pytest.fixture
def make_changed(make_telephoned, tmp_path):
    """Build such an app over Anyshire's directory in which one text is replaced by another."""

    def make_changed(old, new):
        text, file = ANYSHIRE.read_text(), tmp_path / "changed.yaml"
        assert old in text
        file.write_text(text.replace(old, new))
        return make_telephoned(file)

    return make_changed


@pytest.fixture
def app(make_telephoned):
    return make_telephoned()


@pytest.fixture
def twilio(app):
    return Telephone(app.test_client(), NUMBERS)


def read_log(app):
    """Return every call of the log, with its legs, once all of it is written."""
    app.extensions["call_log"].write(lambda connection: None, timeout=10)
    with app.app_context(), lookup.database().reading() as connection:
        rows = connection.execute(tables.calls.select().order_by("id")).all()
        legs = connection.execute(tables.legs.select().order_by("call_id", "position")).all()
    return [(row, [leg for leg in legs if leg.call_id == row.id]) for row in rows]


@pytest.fixture
def logged(app):
    return partial(read_log, app)


def night_manager(twilio, clock, sid="CA1"):
    """Call at night, and return what rings the screened line, the first being busy."""
    clock.set("2026-11-23T22:00:00Z")
    document = twilio.ends(twilio.call(sid), sid, "busy")
    assert document.number == MANAGER
    return document
