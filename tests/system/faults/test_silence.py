"""Whoever rings first after a change is given the new number, however long nobody rang."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.request import urlopen

import govuk_feed
import serving
from conftest import ANYSHIRE

NOON = "2026-11-23T12:00:00Z"
REQUESTS = 40
"""At once, each over a connection of its own: every one of four workers answers some."""

SILENCE_SECONDS = 4


class WatchedService:
    """A service of four workers at noon on a Monday, and the files and commands that change it."""

    def __init__(self, folder, feed, url, environ):
        self.file, self.feed, self.url, self.environ = folder / "directory.yaml", feed, url, environ

    def change_directory(self):
        self.file.write_text(self.file.read_text().replace("01632 960003", "01632 960077"))

    def set_divert(self):
        words = ("--until", "1h", "--note", "Fire alarm", "--although-closed")
        self.run("divert", "set", "professionals", "mash", *words)

    def proclaim_holiday(self):
        self.feed.send(govuk_feed.added(govuk_feed.events(), NOON[:10], "Day of national mourning"))
        self.run("bank-holidays", "refresh")

    def run(self, *words):
        """Run a command of the service."""
        serving.flask(self.file.parent, *words, **self.environ)

    def numbers(self):
        """Return the numbers that the service answers with: one, once all workers agree."""
        with ThreadPoolExecutor(8) as pool:
            return set(pool.map(self._number, range(REQUESTS)))

    def _number(self, _):
        with urlopen(self.url, timeout=20) as answer:
            return json.load(answer)["line"]["phone"]["display"]


@contextmanager
def served(folder):
    """Serve a directory with four workers, all of which have answered."""
    (folder / "directory.yaml").write_text(ANYSHIRE.read_text())
    with govuk_feed.serving() as feed:
        environ = {
            "BANK_HOLIDAYS_URL": feed.url,
            "CLOCK_STARTS_AT": NOON,
            "CLOCK_STARTED_AT": str(time.time()),
            "WEB_CONCURRENCY": "4",
        }
        serving.flask(folder, "db", "upgrade", **environ)
        with serving.serving(folder, **environ) as server:
            url = f"{server.base}/api/v1/services/professionals/decision"
            running = WatchedService(folder, feed, url, environ)
            running.numbers()
            yield running


CHANGES = {
    "directory.yaml is edited": (WatchedService.change_directory, "01632 960077"),
    "a bank holiday is fetched": (WatchedService.proclaim_holiday, "01632 960002"),
    "a divert is set by a command": (WatchedService.set_divert, "01632 960001"),
}
"""Changes in their order, and the number that callers are given from then on."""


def test_after_a_change_and_silence_the_first_answers_of_every_worker_are_new(tmp_path):
    with served(tmp_path) as service:
        for name, (change, number) in CHANGES.items():
            change(service)
            time.sleep(SILENCE_SECONDS)

            assert service.numbers() == {number}, name
