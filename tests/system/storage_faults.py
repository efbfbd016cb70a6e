"""The ways in which a database and its disk can break; each is mended when its block ends."""

import os
import resource
import signal
import sqlite3
import time
from contextlib import closing, contextmanager, suppress

import psycopg
from serving import workers


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
    copy, copying = served.server.folder / "copy", time.monotonic()
    served.server.run("pg_dump", "-Fc", "-f", copy, served.server_url)
    copied = time.monotonic()
    time.sleep(0.5)
    name, new = served.database.url.database, served.server.database()
    served.server.run("pg_restore", "-d", new, copy)
    with psycopg.connect(served.server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        connection.execute(others, [name])
        _retried(connection, f"ALTER DATABASE {name} RENAME TO {name}_old")
        connection.execute(f"ALTER DATABASE {new.rpartition('/')[2]} RENAME TO {name}")
    served.truth.forget(copying, copied, time.monotonic())
    yield


def _retried(connection, statement):
    """Execute it once those who were told to go have gone."""
    for _ in range(200):
        with suppress(psycopg.errors.ObjectInUse):
            connection.execute(statement)
            return
        time.sleep(0.05)
    raise AssertionError(statement)


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
    copy, file, copying = served.folder / "copy", served.database.file, time.monotonic()
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    copied = time.monotonic()
    time.sleep(0.5)
    for end in ("-wal", "-shm"):
        file.with_name(file.name + end).unlink(missing_ok=True)
    os.replace(copy, file)
    served.truth.forget(copying, copied, time.monotonic())
    yield
