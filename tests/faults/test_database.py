"""A real PostgreSQL stopped, hung and started again under load: callers notice nothing of it."""

import json
import os
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest
from conftest import ANYSHIRE
from load import Load, once
from serving import ask, serving

from routing.core.hours import Span
from routing.storage import accounts, diverts, upgrade
from routing.storage.accounts import Role
from routing.storage.db import Database
from routing.storage.diverts import Wanted
from routing.storage.sessions import start

NUMBER = "/api/v1/services/children/number"
DECISION = "/api/v1/services/children/decision"
PATHS = [NUMBER, DECISION, "/services/children"]
KEY = "a key for the tests of faults"


@pytest.fixture
def database(postgresql, tmp_path):
    database = Database(postgresql.database(), tmp_path)
    upgrade.upgrade(database)
    yield database
    database.engine.dispose()


@pytest.fixture
def served(database, tmp_path):
    (tmp_path / "directory.yaml").write_text(ANYSHIRE.read_text("utf-8"))
    url = database.url.render_as_string(hide_password=False).replace("+psycopg", "")
    with serving(tmp_path, DATABASE_URL=url, SECRET_KEY=KEY, WEB_CONCURRENCY="2") as (process, at):
        ask(at)
        yield process, at.partition("/api")[0]


def divert(database, line="advice"):
    """Set a divert for an hour, and return it."""
    at = datetime.now(UTC)
    wanted = Wanted("children", line, Span(at, at + timedelta(hours=1)), "x")
    with database.writing() as connection:
        (found,) = diverts.put(connection, [wanted], at, "person:1")
    return found


def staff(database):
    """Return somebody's cookie."""
    from flask import Flask
    from flask.sessions import SecureCookieSessionInterface

    at = datetime.now(UTC)
    with database.writing() as connection:
        role = frozenset({Role.DIVERT})
        person = accounts.add(connection, "Priya", role, "correct horse battery", at, "terminal:0")
        token = start(connection, person, at)
    app = Flask("signs")
    app.secret_key = KEY
    return {
        "Cookie": "staff="
        + SecureCookieSessionInterface().get_signing_serializer(app).dumps({"token": token})
    }


def workers(process):
    with open(f"/proc/{process.pid}/task/{process.pid}/children") as listed:
        return [int(word) for word in listed.read().split()]


def lines(answers):
    return {json.loads(each.text)["line"]["id"] for path, each in answers if path == DECISION}


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "not within the time"
        time.sleep(0.1)


def longest(answers):
    return max(each.took for _, each in answers)


def test_stopped_hung_and_started_again_under_load(postgresql, database, served):
    process, base = served
    cookie = staff(database)
    divert(database)
    until(lambda: '"advice"' in once(base, DECISION).text)
    with Load(base, PATHS) as load:
        began = time.monotonic()
        time.sleep(2)
        usual = longest(load.since(began))

        hung = time.monotonic()
        postgresql.hang()
        try:
            time.sleep(1.5)
            told = once(base, "/staff", cookie)
            os.kill(workers(process)[0], signal.SIGKILL)
            time.sleep(4)
        finally:
            postgresql.go_on()
        answers_hung = load.since(hung)

        time.sleep(3)
        postgresql.stop()
        stopped = time.monotonic()
        time.sleep(2)
        down = once(base, "/staff", cookie)
        ready = once(base, "/readyz")
        answers_stopped = load.since(stopped)
        postgresql.start()
        until(lambda: once(base, "/staff", cookie).status == 200)
        with database.writing() as connection:
            at = datetime.now(UTC)
            for each in diverts.unended(connection, at):
                diverts.move_end(connection, each.id, at, at, "person:1")
        time.sleep(1.5)
        ended = time.monotonic()
        time.sleep(1)
        answers_ended = load.since(ended)

    # A worker killed with -9 takes the request in its hand with it: that connection alone breaks.
    assert len(load.failed) <= 4, load.failed[:5]
    assert {each.status for _, each in load.since(began)} == {200}
    assert lines(answers_hung) == {"advice"}
    assert lines(answers_stopped) == {"advice"}
    assert "advice" not in lines(answers_ended)
    assert len(answers_hung) > 100
    slow = [each for each in answers_hung + answers_stopped if each[1].took > 0.3 + usual + 0.2]
    assert len(slow) <= 4, [(path, each.took) for path, each in slow]
    for page in (told, down):
        assert page.status == 503
        assert "This page cannot be shown just now" in page.text
        assert "Callers are still answered" in page.text
    assert ready.text == "degraded\n"


def test_a_worker_that_starts_while_the_database_is_stopped_keeps_the_diverts_last_read(
    postgresql, database, served, tmp_path
):
    _, base = served
    divert(database)
    until(lambda: '"advice"' in once(base, DECISION).text)
    postgresql.stop()
    try:
        environ = {"DATABASE_URL": "postgresql://routing@127.0.0.1:9/none", "SECRET_KEY": KEY}
        with serving(tmp_path, **environ, WEB_CONCURRENCY="1") as (_, at):
            assert ask(at)["line"]["id"] == "advice"
    finally:
        postgresql.start()
