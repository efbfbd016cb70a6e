"""A service with every door open, as an attacker finds it."""

import pytest
from conftest import ANYSHIRE
from telephone import BASE, TOKEN


@pytest.fixture
def make_open(make_stored):
    """Build an app over a made database, that staff, Twilio and an exchange may ask."""
    doors = {"OPS_TOKEN": "ops", "EXCHANGE_TOKEN": "exchange", "TWILIO_AUTH_TOKEN": TOKEN}
    doors |= {"PUBLIC_BASE_URL": BASE, "PREFERRED_URL_SCHEME": "https"}
    return lambda directory=ANYSHIRE, **settings: make_stored(directory, **doors | settings)


@pytest.fixture
def app(make_open):
    return make_open()
