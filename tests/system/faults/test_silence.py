"""Whoever rings first after a change is given the new number, however long nobody rang."""

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import govuk_feed
from conftest import ANYSHIRE
from serving import Server

NOON = "2026-11-23T12:00:00Z"
REQUESTS = 40
"""At once, each over a connection of its own: every one of four workers answers some."""

SILENCE_SECONDS = 4


def change_directory(service, feed):
    file = service.folder / "directory.yaml"
    file.write_text(file.read_text().replace("01632 960003", "01632 960077"))


def proclaim_holiday(service, feed):
    feed.send(govuk_feed.added(govuk_feed.events(), NOON[:10], "Day of national mourning"))
    service.flask("bank-holidays", "refresh")


def set_divert(service, feed):
    words = ("--until", "1h", "--note", "Fire alarm", "--although-closed")
    service.flask("divert", "set", "professionals", "mash", *words)


CHANGES = {
    "directory.yaml is edited": (change_directory, "01632 960077"),
    "a bank holiday is fetched": (proclaim_holiday, "01632 960002"),
    "a divert is set by a command": (set_divert, "01632 960001"),
}
"""Changes in their order, and the number that callers are given from then on."""


def change_and_wait(folder, seconds):
    """Serve a directory with four workers at noon on a Monday, and make each change.

    Yield its name, the number from then on, and those in the first answers after a silence.
    """
    shutil.copy(ANYSHIRE, folder / "directory.yaml")
    with govuk_feed.serving() as feed:
        service = Server(
            folder,
            BANK_HOLIDAYS_URL=feed.url,
            CLOCK_STARTS_AT=NOON,
            CLOCK_STARTED_AT=str(time.time()),
            WEB_CONCURRENCY="4",
        )
        service.flask("db", "upgrade")
        with service:
            numbers(service)
            for name, (change, number) in CHANGES.items():
                change(service, feed)
                time.sleep(seconds)
                yield name, number, numbers(service)


def numbers(service):
    """Return the numbers that the service answers with: one, once all workers agree."""
    path = "/api/v1/services/professionals/decision"
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(service.get, [path] * REQUESTS))
    return {json.loads(answer)["line"]["phone"]["display"] for answer in answers}


def test_after_a_change_and_silence_the_first_answers_of_every_worker_are_new(tmp_path):
    for name, number, first_numbers in change_and_wait(tmp_path, SILENCE_SECONDS):
        assert first_numbers == {number}, name
