"""who-to-call timers as a process: started before the database, told to stop."""

import os
import subprocess
import sys
import threading
from contextlib import contextmanager

import govuk_feed
import stub_server
from conftest import ANYSHIRE, ROOT
from serving import poll

from routing.bank_holidays import FETCH_TIMEOUT_SECONDS
from routing.store import db, jobs
from routing.store.db import Database

PATIENCE_SECONDS = 60


@contextmanager
def silent_server():
    """Serve an address that never answers; yield its URL and an event: somebody has asked."""
    request_came, gate = threading.Event(), threading.Event()

    class SilentHandler(stub_server.Handler):
        def do_GET(self):
            request_came.set()
            gate.wait(PATIENCE_SECONDS)

    with stub_server.serving(SilentHandler) as server:
        yield server.base, request_came
        gate.set()


@contextmanager
def timers(folder, holidays_url):
    """Run `who-to-call timers`, its output in a file; kill it at the end, if it still runs."""
    settings = {
        "DIRECTORY": str(ANYSHIRE),
        "INSTANCE_PATH": str(folder),
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


def state_after_run(database, name):
    """Return the state of a job as soon as it has run."""

    def state():
        with database.reading() as connection:
            job = jobs.states(connection).get(name)
        return job and job.ran_at and job

    return poll(state)


def test_it_starts_before_the_database_is_there_and_runs_the_jobs_once_it_is(tmp_path):
    database = Database("", tmp_path)
    with govuk_feed.serving() as feed, timers(tmp_path, feed.url):
        poll(lambda: "The database is not made yet" in (tmp_path / "output").read_text())
        db.upgrade(database)
        state = state_after_run(database, "purge")

    assert state.fault is None


def test_it_ends_when_it_is_told_to_although_a_job_hangs(tmp_path):
    db.upgrade(Database("", tmp_path))
    with silent_server() as (address, request_came), timers(tmp_path, address) as process:
        assert request_came.wait(PATIENCE_SECONDS)
        process.terminate()

        assert process.wait(FETCH_TIMEOUT_SECONDS - 5) == 0
