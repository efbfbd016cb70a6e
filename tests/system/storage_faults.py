"""Break a database or its disk in one way each, and repair it when the block ends."""

import os
import resource
import signal
import sqlite3
import time
from contextlib import closing, contextmanager

import psycopg


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
    for pid in pids:
        _, hard_limit = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard_limit))
    try:
        yield
    finally:
        for pid in pids:
            _, hard_limit = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard_limit, hard_limit))


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
    paths = [path for path in file.parent.iterdir() if path.name.startswith(file.name)]
    for path in paths:
        path.rename(served.folder / path.name)
    try:
        yield
    finally:
        for path in paths:
            (served.folder / path.name).rename(path)


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
