"""Break the service under load in one way each, and repair it when the block ends: its database,
disk, processes, directory, and its machine's clock. `bin/prove faults` has more.
"""

import os
import random
import resource
import signal
import struct
import time
from contextlib import contextmanager
from datetime import timedelta

import psycopg
from serving import poll
from truth import PICKED_UP


@contextmanager
def killed(served):
    """Kill PostgreSQL with -9, and start it again."""
    served.postgresql.kill()
    try:
        yield
    finally:
        served.postgresql.start()


@contextmanager
def hung(served):
    """Stop PostgreSQL with SIGSTOP; kill a worker, so that a new one starts meanwhile."""
    served.postgresql.hang()
    try:
        os.kill(served.workers()[0], signal.SIGKILL)
        time.sleep(2)
        yield
    finally:
        served.postgresql.go_on()


@contextmanager
def read_only(served):
    """PostgreSQL takes no changes, as a standby that was not promoted."""
    _set(served, "ALTER SYSTEM SET default_transaction_read_only = on")
    try:
        yield
    finally:
        _set(served, "ALTER SYSTEM RESET default_transaction_read_only")


def _set(served, statement):
    with psycopg.connect(served.postgresql.url("postgres"), autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute(statement)
        connection.execute("SELECT pg_reload_conf()")


@contextmanager
def no_space(served):
    """The disk is full: no process of the service can write to a file."""
    pids = [served.server.process.pid, *served.server.workers]
    _, hard_limit = resource.prlimit(pids[0], resource.RLIMIT_FSIZE)
    for pid in pids:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard_limit))
    try:
        yield
    finally:
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard_limit, hard_limit))


@contextmanager
def gone(served):
    """SQLite's file is moved away with what is beside it, and back."""
    file = served.database.file
    paths = [path for path in file.parent.iterdir() if path.name.startswith(file.name)]
    for path in paths:
        path.rename(served.folder / path.name)
    try:
        yield
    finally:
        for path in paths:
            (served.folder / path.name).rename(path)


@contextmanager
def workers_killed(served, times=3):
    """Workers killed with -9, one after another, each at any instant of its life."""
    draw = random.Random(20261128)
    for _ in range(times):
        time.sleep(draw.uniform(0.2, 0.6))
        os.kill(draw.choice(served.workers()), signal.SIGKILL)
    yield


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
    yield from stepped(served, -timedelta(hours=1))


def stepped(served, by):
    began, writes = time.monotonic(), served.truth.writes
    _step(served, by)
    poll(lambda: any(write.confirmed and write.began > began for write in [*writes]))
    with gone(served):  # what was kept on disk before has times of the other clock
        time.sleep(1)
    try:
        yield
    finally:
        _step(served, timedelta())


def _step(served, by):
    served.truth.step(by)
    with open(served.environ["CLOCK_STEP"], "r+b") as file:
        file.write(struct.pack("d", by.total_seconds()))


def name(fault):
    """Return what a fault is called in the table."""
    return " ".join(fault.__doc__.split()).rstrip(".")
