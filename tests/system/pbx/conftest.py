"""Councils whose services run, each at a time of its own, for the exchange to ask."""

from contextlib import contextmanager

import pytest
from conftest import ANYSHIRE
from pbx import exchange
from serving import OPEN, Server
from telephone import BASE

MASH, EDS, MANAGER = "+441632960001", "+441632960002", "+447700900001"
DAY, NIGHT = "2026-11-23T12:00:00Z", "2026-11-23T22:00:00Z"
FIVE = "\n    ring_seconds: 5\n"


def written():
    """Return a directory whose lines ring for five seconds, the least that Twilio allows."""
    text = ANYSHIRE.read_text().replace("    greeting:", "    # greeting:")
    text = text.replace("    ring_seconds: 25 ", "    ring_seconds: 5 ")
    text = text.replace("    ring_seconds: 40\n", FIVE.strip("\n") + "\n")
    return text.replace("    phone: 01632 960002\n", "    phone: 01632 960002" + FIVE)


def council(folder, at):
    """Return a council's service, at a time, to be run."""
    (folder / "directory.yaml").write_text(written())
    times = {"CLOCK_STARTS_AT": at, "REHEARSAL_NUMBER": "directory"}
    service = Server(folder, WEB_CONCURRENCY="1", **times, **OPEN)
    service.flask("db", "upgrade")
    return service


@pytest.fixture(scope="session", autouse=True)
def installed():
    if exchange.KAMAILIO is None or exchange.SIPP is None:
        pytest.skip("needs Kamailio and SIPp")


@pytest.fixture(scope="session")
def day(tmp_path_factory):
    with council(tmp_path_factory.mktemp("day"), DAY) as service:
        yield service


@pytest.fixture(scope="session")
def night(tmp_path_factory):
    with council(tmp_path_factory.mktemp("night"), NIGHT) as service:
        yield service


@pytest.fixture
def twilio(tmp_path):
    """Run the exchange that stands in for Twilio before a council."""

    @contextmanager
    def twilio(service, plays, **environ):
        with exchange.twilio(tmp_path, BASE, service.base, plays, **environ) as running:
            yield running

    return twilio
