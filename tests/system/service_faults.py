"""The ways in which a service's own processes and files can break, and the clock of its machine;
each is mended when its block ends. FAULTS has those of storage_faults.py too.
"""

import os
import random
import signal
import struct
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import govuk_feed as feed
import storage_faults
from serving import flask, free_port
from truth import PICKED_UP

from routing import bank_holidays
from routing.bank_holidays import HolidayList


@contextmanager
def workers_killed(served, times=3):
    """Workers killed with -9, one after another, each at any instant of its life."""
    draw = random.Random(20261128)
    for _ in range(times):
        time.sleep(draw.uniform(0.2, 0.6))
        os.kill(draw.choice(served.workers()), signal.SIGKILL)
    yield


@contextmanager
def all_killed(served):
    """The whole application killed with -9, and started again as systemd does."""
    with _down(served):
        served.server.kill()
    yield


@contextmanager
def reloaded(served):
    """Its workers restarted (HUP)."""
    old = set(served.workers())
    served.server.process.send_signal(signal.SIGHUP)
    while old & set(served.server.workers):
        time.sleep(0.05)
    yield


@contextmanager
def stopped(served):
    """Stopped as by systemd, and started again."""
    with _down(served):
        served.server.stop()
    yield


@contextmanager
def _down(served):
    """Start it again when the block ends; until then nothing listens."""
    served.down = True
    yield
    served.run()
    served.down = False


@contextmanager
def half_written(served):
    """Half of the directory's file written, and the rest much later."""
    text = served.file.read_bytes()
    served.file.write_bytes(text[: len(text) // 2])
    try:
        yield
    finally:
        _write_in_slices(served.file, text)


def _write_in_slices(file, text):
    """Write as an editor does that saves in place, over a slow line."""
    with file.open("wb") as written:
        for start in range(0, len(text), len(text) // 6):
            written.write(text[start : start + len(text) // 6])
            written.flush()
            time.sleep(0.1)


@contextmanager
def swapped(served):
    """Another directory moved over the file: every line has another number."""
    new = served.folder / "new.yaml"
    text = served.file.read_text("utf-8")
    new.write_text(text.replace("01632 96000", "01632 96005"), "utf-8")
    served.truth.directory(new)
    os.replace(new, served.file)
    time.sleep(PICKED_UP + 0.5)
    yield


@contextmanager
def back_an_hour(served):
    """The machine's clock put back an hour, and the database gone for a while."""
    yield from _stepped(served, -timedelta(hours=1))


@contextmanager
def on_a_day(served):
    """The machine's clock put on a day, and the database gone for a while."""
    yield from _stepped(served, timedelta(days=1))


def _stepped(served, by):
    stepped, end = time.monotonic(), time.monotonic() + 30
    _step(served, by)
    while not any(write.confirmed and write.began > stepped for write in list(served.truth.writes)):
        assert time.monotonic() < end, "no divert could be set by the other clock"
        time.sleep(0.05)
    with storage_faults.gone(served):  # what was kept on disk before has times of the other clock
        time.sleep(1)
    try:
        yield
    finally:
        _step(served, timedelta())


def _step(served, by):
    served.truth.step(by)
    with open(served.environ["CLOCK_STEP"], "r+b") as file:
        file.write(struct.pack("d", by.total_seconds()))


@contextmanager
def without_holidays(served):
    """GOV.UK's list four days old, and then nobody there who sends it, or nonsense."""
    folder, old = served.folder / "instance", datetime.now(UTC) - timedelta(days=4)
    with feed.serving() as source:
        listed = bank_holidays.parse(feed.LIST.read_bytes())
        bank_holidays.save_copy(folder, HolidayList(url=source.url, checked_at=old, feed=listed))
        for url, body in ((f"http://127.0.0.1:{free_port()}/", b""), (source.url, b"<html>")):
            source.body = body
            words = "The dates in use stay as they are."
            assert words in flask(
                served.folder, "bank-holidays", "refresh", status=1, BANK_HOLIDAYS_URL=url
            )
        try:
            yield
        finally:
            source.body = feed.LIST.read_bytes()
            flask(served.folder, "bank-holidays", "refresh", BANK_HOLIDAYS_URL=source.url)


DOWN, REFUSES = {"database_down"}, {"database_refuses"}
FAULTS = {
    "postgresql": {
        storage_faults.killed: DOWN,
        storage_faults.hung: DOWN,
        storage_faults.read_only: REFUSES,
    },
    "sqlite": {
        storage_faults.no_space: REFUSES,
        storage_faults.locked: REFUSES,
        storage_faults.gone: DOWN,
        storage_faults.copied_back: set(),
        workers_killed: set(),
        reloaded: set(),
        stopped: set(),
        all_killed: set(),
        half_written: {"directory_broken"},
        swapped: set(),
        without_holidays: {"bank_holidays_stale"},
    },
    "stepped": {
        back_an_hour: set(),
        on_a_day: set(),
    },
}
"""By what is served: each fault, and the warnings that staff are told of it."""


def name(fault):
    """Return what a fault is called in the table."""
    return " ".join(fault.__doc__.split()).rstrip(".")
