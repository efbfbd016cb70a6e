"""More ways to break the service under load than tests/system/breaking.py has. FAULTS has all."""

import os
import signal
import sqlite3
import time
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import breaking
import govuk_feed as feed
from serving import flask, free_port, poll

from routing import bank_holidays
from routing.bank_holidays import HolidayList


@contextmanager
def locked(served):
    """Another program writes to SQLite's file and does not end."""
    with closing(sqlite3.connect(served.database.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def copied_back(served):
    """An older state of SQLite's file put in its place under the workers."""
    copy, file, copying = served.folder / "copy", served.database.file, time.monotonic()
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    copied = time.monotonic()
    time.sleep(0.5)
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    os.replace(copy, file)
    served.truth.forget(copying, copied, time.monotonic())
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
    poll(lambda: not old & set(served.server.workers))
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
def on_a_day(served):
    """The machine's clock put on a day, and the database gone for a while."""
    yield from breaking.stepped(served, timedelta(days=1))


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
    "postgresql": {breaking.killed: DOWN, breaking.hung: DOWN, breaking.read_only: REFUSES},
    "sqlite": {
        breaking.no_space: REFUSES,
        locked: REFUSES,
        breaking.gone: DOWN,
        copied_back: set(),
        breaking.workers_killed: set(),
        reloaded: set(),
        stopped: set(),
        all_killed: set(),
        half_written: {"directory_broken"},
        breaking.swapped: set(),
        without_holidays: {"bank_holidays_stale"},
    },
    "stepped": {breaking.back_an_hour: set(), on_a_day: set()},
}
"""By what is served: each fault, and the warnings that staff are told of it."""
