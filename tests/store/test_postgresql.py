"""PostgreSQL's own: a server that stands still is given up, by psycopg's own way of waiting."""

import inspect
import threading

import psycopg
import pytest
import sqlalchemy as sa

from routing.errors import DatabaseUnavailable
from routing.store.db import Database

SAFETY_NET_SECONDS = 60


def test_psycopg_waits_for_answers_where_this_service_bounds_the_wait():
    assert list(inspect.signature(psycopg.Connection.wait).parameters) == [
        "self",
        "gen",
        "interval",
        "timeout",
    ], "routing/store/postgresql.py overrides this: see that it still bounds every wait"


def test_a_server_that_stands_still_is_given_up_and_found_again(postgresql, tmp_path):
    database = Database(postgresql.database(), tmp_path)
    raised = []

    def ask():
        try:
            with database.reading() as connection:
                connection.execute(sa.text("SELECT 1"))
        except DatabaseUnavailable as error:
            raised.append(error)

    ask()
    assert raised == []
    postgresql.hang()
    try:
        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        thread.join(SAFETY_NET_SECONDS)
        assert not thread.is_alive()
        assert len(raised) == 1
    finally:
        postgresql.go_on()
    ask()
    database.close()

    assert len(raised) == 1


def test_a_statement_that_is_given_up_leaves_no_connection_behind_that_hangs(postgresql, tmp_path):
    database = Database(postgresql.database(), tmp_path, timeout=0.5, connections=1)
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable), database.reading() as connection:
            connection.execute(sa.text("SET statement_timeout = 0"))
            connection.execute(sa.text("SELECT pg_sleep(30)"))
    with database.reading() as connection:
        assert connection.scalar(sa.text("SELECT 1")) == 1
    database.close()
