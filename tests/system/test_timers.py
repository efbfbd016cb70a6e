"""who-to-call timers as processes: started before the database, killed in mid-job, told to stop."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager

import govuk_feed
import pytest
import stub_server
from conftest import ANYSHIRE, ROOT
from serving import poll

from routing.bank_holidays import FETCH_TIMEOUT_SECONDS
from routing.store import db, jobs, tables
from routing.store.db import Database

PATIENCE_SECONDS = 60


@contextmanager
def silent_server():
    """Serve an address that never answers; yield its URL and an event: somebody has asked."""
    request_came, is_over = threading.Event(), threading.Event()

    class SilentHandler(stub_server.Handler):
        def do_GET(self):
            request_came.set()
            is_over.wait(PATIENCE_SECONDS)

    with stub_server.serving(SilentHandler) as server:
        yield server.base, request_came
        is_over.set()


@contextmanager
def timers(folder, database_url, holidays_url):
    """Run `who-to-call timers`, its output in a file; kill it at the end, if it still runs."""
    folder.mkdir(exist_ok=True)
    settings = {
        "DIRECTORY": str(ANYSHIRE),
        "INSTANCE_PATH": str(folder),
        "DATABASE_URL": database_url,
        "SECRET_KEY": "x" * 40,
        "BANK_HOLIDAYS_URL": holidays_url,
    }
    command = [sys.executable, "-m", "flask", "timers"]
    with (folder / "output").open("w") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | settings, stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def job_state(database, name):
    with database.reading() as connection:
        return jobs.states(connection).get(name)


def state_after_run(database, name):
    """Return the state of a job as soon as it has run."""
    return poll(lambda: (state := job_state(database, name)) and state.ran_at and state)


@pytest.fixture
def url(postgresql):
    return postgresql.database()


def test_a_job_whose_process_is_killed_in_the_middle_is_run_by_another(tmp_path, url):
    database = Database(url, tmp_path)
    db.upgrade(database)
    with silent_server() as (address, request_came), timers(tmp_path, url, address) as process:
        assert request_came.wait(PATIENCE_SECONDS)
        process.send_signal(signal.SIGKILL)
        process.wait()
    killed = job_state(database, "bank-holidays")
    with database.writing() as connection:  # as if its 15 minutes were over
        earlier = killed.locked_until - jobs.MAX_JOB_LOCK
        connection.execute(tables.jobs.update().values(locked_until=earlier))
    with govuk_feed.serving() as feed, timers(tmp_path / "other", url, feed.url):
        state = state_after_run(database, "bank-holidays")

    assert (killed.owner is None, killed.ran_at) == (False, None)
    assert (state.owner, state.fault) == (None, None)


def test_it_starts_before_the_database_is_there_and_runs_the_jobs_once_it_is(tmp_path):
    database = Database("", tmp_path)
    with govuk_feed.serving() as feed, timers(tmp_path, "", feed.url):
        poll(lambda: "The database is not made yet" in (tmp_path / "output").read_text())
        db.upgrade(database)
        state = state_after_run(database, "purge")

    assert state.fault is None


def test_it_ends_when_it_is_told_to_although_a_job_hangs(tmp_path, url):
    db.upgrade(Database(url, tmp_path))
    with silent_server() as (address, request_came), timers(tmp_path, url, address) as process:
        assert request_came.wait(PATIENCE_SECONDS)
        process.terminate()

        assert process.wait(FETCH_TIMEOUT_SECONDS - 5) == 0
