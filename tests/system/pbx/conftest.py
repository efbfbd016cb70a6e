"""Councils whose services run, each at a time of its own, for the exchange to ask."""

from contextlib import contextmanager

import pytest
import serving
from conftest import ANYSHIRE
from pbx import exchange
from telephone import BASE, TOKEN

MASH, EDS, MANAGER = "+441632960001", "+441632960002", "+447700900001"
DAY, NIGHT = "2026-11-23T12:00:00Z", "2026-11-23T22:00:00Z"
FIVE = "\n    ring_seconds: 5\n"


def written():
    """Return a directory whose lines ring for five seconds, the least that Twilio allows."""
    text = ANYSHIRE.read_text().replace("    greeting:", "    # greeting:")
    text = text.replace("    ring_seconds: 25 ", "    ring_seconds: 5 ")
    text = text.replace("    ring_seconds: 40\n", FIVE.strip("\n") + "\n")
    return text.replace("    phone: 01632 960002\n", "    phone: 01632 960002" + FIVE)


class Council:
    """A service that runs, at a time."""

    def __init__(self, folder, at, **environ):
        self.folder = folder
        (folder / "directory.yaml").write_text(written())
        self.environ = {
            "CLOCK_STARTS_AT": at,
            "REHEARSAL_NUMBER": "directory",
            "TWILIO_AUTH_TOKEN": TOKEN,
            "PUBLIC_BASE_URL": BASE,
            "EXCHANGE_TOKEN": "exchange",
            "WEB_CONCURRENCY": "1",
            **environ,
        }
        self.flask("db", "upgrade")

    def flask(self, *words):
        return serving.flask(self.folder, *words, **self.environ)

    @contextmanager
    def running(self):
        with serving.serving(self.folder, **self.environ) as self.server:
            self.local = self.server.base
            yield self

    @property
    def numbers(self):
        return f"{self.local}/api/v1/services/children/numbers"


@pytest.fixture(scope="session", autouse=True)
def installed():
    if exchange.KAMAILIO is None or exchange.SIPP is None:
        pytest.skip("needs Kamailio and SIPp")


def at(when):
    @pytest.fixture(scope="session")
    def council(tmp_path_factory):
        with Council(tmp_path_factory.mktemp("council"), when).running() as running:
            yield running

    return council


day, night = at(DAY), at(NIGHT)


@pytest.fixture
def twilio(tmp_path):
    """Run the exchange that stands in for Twilio before a council."""

    @contextmanager
    def twilio(council, plays, **environ):
        with exchange.twilio(tmp_path, BASE, council.local, plays, **environ) as running:
            yield running

    return twilio
