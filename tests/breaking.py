"""The ways in which what a service needs can break; each is mended when its block ends."""

import os
import signal
import time
from contextlib import contextmanager

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
