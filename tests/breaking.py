"""The ways in which what a service needs can break; each is mended when its block ends."""

import os
import random
import resource
import signal
import sqlite3
import struct
import time
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import feed
import psycopg
from serving import free_port, workers
from truth import PICKED_UP

from routing.bank_holidays import published
from routing.bank_holidays.published import Published


@contextmanager
def killed(served):
    """PostgreSQL killed with -9, and started again."""
    served.server.kill()
    try:
        yield
    finally:
        served.server.start()


@contextmanager
def hung(served):
    """PostgreSQL stands still; a worker is killed meanwhile, so that a new one starts."""
    served.server.hang()
    try:
        os.kill(workers(served.process)[0], signal.SIGKILL)
        time.sleep(2)
        yield
    finally:
        served.server.go_on()


@contextmanager
def slow(served):
    """All that is sent to PostgreSQL or comes from it takes half a second."""
    served.link.delay = 0.5
    try:
        yield
    finally:
        served.link.delay = 0


@contextmanager
def read_only(served):
    """PostgreSQL takes no changes, as a standby that was not promoted."""
    _set(served, "ALTER SYSTEM SET default_transaction_read_only = on")
    try:
        yield
    finally:
        _set(served, "ALTER SYSTEM RESET default_transaction_read_only")


def _set(served, statement):
    with psycopg.connect(served.server.url("postgres"), autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute(statement)
        connection.execute("SELECT pg_reload_conf()")


@contextmanager
def full(served):
    """The disk of PostgreSQL is full: it cannot write its log and stops."""
    served.server.fill()
    try:
        yield
    finally:
        served.server.kill()
        served.server.start()


@contextmanager
def put_back(served):
    """An older state of PostgreSQL's database put back under the workers, by its own programs."""
    copy = served.folder / "copy"
    served.server.run("pg_dump", "-Fc", "-f", copy, served.server_url)
    copied = time.monotonic()
    time.sleep(0.5)
    restored = time.monotonic()
    words = ("--clean", "--if-exists", "--single-transaction", "-d", served.server_url)
    served.server.run("pg_restore", *words, copy)
    served.truth.forget(copied, restored)
    yield


@contextmanager
def no_space(served):
    """The disk is full: no process of the service can write to a file."""
    every = [served.process.pid, *workers(served.process)]
    for pid in every:
        _limit_files(pid, True)
    try:
        yield
    finally:
        for pid in every:
            _limit_files(pid, False)


def _limit_files(pid, full):
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0 if full else most, most))


@contextmanager
def locked(served):
    """Another program writes to SQLite's file and does not end."""
    with closing(sqlite3.connect(served.database.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def gone(served):
    """SQLite's file is moved away with what is beside it, and back."""
    file = served.database.file
    every = [each for each in file.parent.iterdir() if each.name.startswith(file.name)]
    for each in every:
        each.rename(served.folder / each.name)
    try:
        yield
    finally:
        for each in every:
            (served.folder / each.name).rename(each)


@contextmanager
def copied_back(served):
    """An older state of SQLite's file put in its place under the workers."""
    copy, file = served.folder / "copy", served.database.file
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    copied = time.monotonic()
    time.sleep(0.5)
    restored = time.monotonic()
    for end in ("-wal", "-shm"):
        file.with_name(file.name + end).unlink(missing_ok=True)
    os.replace(copy, file)
    served.truth.forget(copied, restored)
    yield


@contextmanager
def workers_killed(served, times=3):
    """Workers killed with -9, one after another, each at any instant of its life."""
    draw = random.Random(20261128)
    for _ in range(times):
        time.sleep(draw.uniform(0.2, 0.6))
        os.kill(draw.choice(_workers(served)), signal.SIGKILL)
    yield


@contextmanager
def all_killed(served):
    """The whole application killed with -9, and started again as systemd does."""
    for pid in (served.process.pid, *_workers(served)):
        os.kill(pid, signal.SIGKILL)
    served.process.wait(20)
    served.run()
    yield


@contextmanager
def reloaded(served):
    """Told to start its workers anew, as for an upgrade."""
    old = set(_workers(served))
    served.process.send_signal(signal.SIGHUP)
    while old & set(workers(served.process)):
        time.sleep(0.05)
    yield


@contextmanager
def stopped(served):
    """Stopped as by systemd, and started again."""
    served.process.terminate()
    served.process.wait(30)
    served.run()
    yield


def _workers(served):
    """Return the ids of the workers once there are two."""
    while len(found := workers(served.process)) < 2:
        time.sleep(0.02)
    return found


def _mangled(change):
    @contextmanager
    def fault(served):
        text = served.file.read_bytes()
        change(served.file, text)
        try:
            yield
        finally:
            _write_in_slices(served.file, text)

    return fault


def _write_in_slices(file, text):
    """Write as an editor does that saves in place, over a slow line."""
    with file.open("wb") as written:
        for start in range(0, len(text), len(text) // 6):
            written.write(text[start : start + len(text) // 6])
            written.flush()
            time.sleep(0.1)


truncated = _mangled(lambda file, text: file.write_bytes(b""))
half_written = _mangled(lambda file, text: file.write_bytes(text[: len(text) // 2]))
deleted = _mangled(lambda file, text: file.unlink())


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


def _stepped(by):
    @contextmanager
    def fault(served):
        _step(served, by)
        time.sleep(1)
        with gone(served):  # what was kept on disk has times of the other clock
            time.sleep(1)
        try:
            yield
        finally:
            _step(served, timedelta())

    return fault


def _step(served, by):
    served.truth.step(by)
    with open(served.environ["CLOCK_STEP"], "r+b") as file:
        file.write(struct.pack("d", by.total_seconds()))


back_an_hour, on_a_day = _stepped(-timedelta(hours=1)), _stepped(timedelta(days=1))


@contextmanager
def without_zones(served):
    """The data of zones removed under the service, and a worker killed that would read it."""
    away = served.folder / "away"
    os.rename(served.environ["PYTHONTZPATH"], away)
    os.kill(_workers(served)[0], signal.SIGKILL)
    _workers(served)
    os.utime(served.file)  # a directory that is read anew names its zone again
    try:
        yield
    finally:
        os.rename(away, served.environ["PYTHONTZPATH"])


@contextmanager
def without_holidays(served):
    """GOV.UK's list four days old, and then nobody there who sends it, or nonsense."""
    folder, old = served.folder / "instance", datetime.now(UTC) - timedelta(days=4)
    with feed.serving() as source:
        given = {"url": source.url, "fetched_at": old, "checked_at": old, "etag": None}
        listed = published.read(feed.LIST.read_bytes())
        published.keep(folder, Published(**given, last_modified=None, feed=listed))
        for url, body in ((f"http://127.0.0.1:{free_port()}/", b""), (source.url, b"<html>")):
            source.body = body
            done = served.flask("bank-holidays", "refresh", BANK_HOLIDAYS_URL=url)
            assert done.returncode == 1, done.stdout
            assert "The dates in force stay as they are." in done.stderr, done.stderr
        try:
            yield
        finally:
            source.body = feed.LIST.read_bytes()
            done = served.flask("bank-holidays", "refresh", BANK_HOLIDAYS_URL=source.url)
            assert done.returncode == 0, done.stderr
