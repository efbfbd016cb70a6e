"""Break the service under load in one way each, and repair it when the block ends: its database,
disk, processes, directory, holidays and clock. bin/test tries a few of FAULTS, bin/prove all.
"""

import os
import random
import resource
import signal
import sqlite3
import struct
import time
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import govuk_feed
import psycopg
from allowed_answers import PICKED_UP
from serving import flask, free_port, poll

from routing import bank_holidays
from routing.bank_holidays import HolidayList


@contextmanager
def killed(service):
    """Kill PostgreSQL with -9, and start it again."""
    service.postgresql.kill()
    try:
        yield
    finally:
        service.postgresql.start()


@contextmanager
def hung(service):
    """Stop PostgreSQL with SIGSTOP; kill a worker, so that a new one starts meanwhile."""
    service.postgresql.hang()
    try:
        os.kill(service.workers()[0], signal.SIGKILL)
        time.sleep(2)
        yield
    finally:
        service.postgresql.go_on()


@contextmanager
def read_only(service):
    """PostgreSQL takes no changes, as a standby that was not promoted."""
    _set(service, "ALTER SYSTEM SET default_transaction_read_only = on")
    try:
        yield
    finally:
        _set(service, "ALTER SYSTEM RESET default_transaction_read_only")


def _set(service, statement):
    with psycopg.connect(service.postgresql.url("postgres"), autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute(statement)
        connection.execute("SELECT pg_reload_conf()")


@contextmanager
def no_space(service):
    """The disk is full: no process of the service can write to a file."""
    pids = [service.server.process.pid, *service.server.workers]
    _, hard_limit = resource.prlimit(pids[0], resource.RLIMIT_FSIZE)
    for pid in pids:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard_limit))
    try:
        yield
    finally:
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard_limit, hard_limit))


@contextmanager
def gone(service):
    """SQLite's file is moved away with what is beside it, and back."""
    file = service.database.file
    paths = [path for path in file.parent.iterdir() if path.name.startswith(file.name)]
    for path in paths:
        path.rename(service.folder / path.name)
    try:
        yield
    finally:
        for path in paths:
            (service.folder / path.name).rename(path)


@contextmanager
def workers_killed(service, times=3):
    """Workers killed with -9, one after another, each at any instant of its life."""
    draw = random.Random(20261128)
    for _ in range(times):
        time.sleep(draw.uniform(0.2, 0.6))
        os.kill(draw.choice(service.workers()), signal.SIGKILL)
    yield


@contextmanager
def swapped(service):
    """Another directory moved over the file: every line has another number."""
    new = service.folder / "new.yaml"
    text = service.file.read_text("utf-8")
    new.write_text(text.replace("01632 96000", "01632 96005"), "utf-8")
    service.truth.directory(new)
    os.replace(new, service.file)
    time.sleep(PICKED_UP + 0.5)
    yield


@contextmanager
def back_an_hour(service):
    """The machine's clock put back an hour, and the database gone for a while."""
    yield from step_clock(service, -timedelta(hours=1))


def step_clock(service, by):
    began, writes = time.monotonic(), service.truth.writes
    _step(service, by)
    poll(lambda: any(write.confirmed and write.began > began for write in [*writes]))
    with gone(service):  # what was kept on disk before has times of the other clock
        time.sleep(1)
    try:
        yield
    finally:
        _step(service, timedelta())


def _step(service, by):
    service.truth.step(by)
    with open(service.server.environ["CLOCK_STEP"], "r+b") as file:
        file.write(struct.pack("d", by.total_seconds()))


@contextmanager
def locked(service):
    """Another program writes to SQLite's file and does not end."""
    with closing(sqlite3.connect(service.database.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def copied_back(service):
    """An older state of SQLite's file put in its place under the workers."""
    copy, file, copying = service.folder / "copy", service.database.file, time.monotonic()
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    copied = time.monotonic()
    time.sleep(0.5)
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    os.replace(copy, file)
    service.truth.forget(copying, copied, time.monotonic())
    yield


@contextmanager
def all_killed(service):
    """The whole application killed with -9, and started again as systemd does."""
    _restart(service, service.server.kill)
    yield


@contextmanager
def stopped(service):
    """Stopped as by systemd, and started again."""
    _restart(service, service.server.stop)
    yield


def _restart(service, end):
    """End it, and start it again; meanwhile nothing listens."""
    service.down = True
    end()
    service.server.start().decision()
    service.down = False


@contextmanager
def reloaded(service):
    """Its workers restarted (HUP)."""
    old = set(service.workers())
    service.server.process.send_signal(signal.SIGHUP)
    poll(lambda: not old & set(service.server.workers))
    yield


@contextmanager
def half_written(service):
    """Half of the directory's file written, and the rest much later."""
    text = service.file.read_bytes()
    service.file.write_bytes(text[: len(text) // 2])
    try:
        yield
    finally:
        with service.file.open("wb") as file:  # as an editor saves in place, over a slow line
            for start in range(0, len(text), len(text) // 6):
                file.write(text[start : start + len(text) // 6])
                file.flush()
                time.sleep(0.1)


@contextmanager
def on_a_day(service):
    """The machine's clock put on a day, and the database gone for a while."""
    yield from step_clock(service, timedelta(days=1))


@contextmanager
def without_holidays(service):
    """GOV.UK's list four days old, and then nobody there who sends it, or nonsense."""
    folder, old = service.folder / "instance", datetime.now(UTC) - timedelta(days=4)
    with govuk_feed.serving() as feed:
        listed = bank_holidays.parse(govuk_feed.LIST.read_bytes())
        bank_holidays.save_copy(folder, HolidayList(url=feed.url, checked_at=old, feed=listed))
        for url, body in ((f"http://127.0.0.1:{free_port()}/", b""), (feed.url, b"<html>")):
            feed.body = body
            words = "The dates in use stay as they are."
            refresh = (service.folder, "bank-holidays", "refresh")
            assert words in flask(*refresh, status=1, BANK_HOLIDAYS_URL=url)
        try:
            yield
        finally:
            feed.body = govuk_feed.LIST.read_bytes()
            flask(service.folder, "bank-holidays", "refresh", BANK_HOLIDAYS_URL=feed.url)


def name(fault):
    """Return what a fault is called in the table."""
    return " ".join(fault.__doc__.split()).rstrip(".")


DOWN, REFUSES = {"database_down"}, {"database_refuses"}
FAULTS = {
    "postgresql": {killed: DOWN, hung: DOWN, read_only: REFUSES},
    "sqlite": {
        no_space: REFUSES,
        locked: REFUSES,
        gone: DOWN,
        copied_back: set(),
        workers_killed: set(),
        reloaded: set(),
        stopped: set(),
        all_killed: set(),
        half_written: {"directory_broken"},
        swapped: set(),
        without_holidays: {"bank_holidays_stale"},
    },
    "stepped": {back_an_hour: set(), on_a_day: set()},
}
"""By the kind of service: each fault, and the warnings that staff are told of it."""
