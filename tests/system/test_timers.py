"""who-to-call timers as a process: started before the database, killed in mid-job, told to stop."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager

import govuk_feed
import stub_server
from conftest import ANYSHIRE, ROOT
from serving import poll

from routing.bank_holidays import FETCH_TIMEOUT_SECONDS
from routing.cli.maintenance import DAILY_JOBS, run_if_due
from routing.store import db, jobs, tables
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
def timers(folder, holidays_url, **more):
    """Run `who-to-call timers`, its output in a file; kill it at the end, if it still runs."""
    settings = {
        "DIRECTORY": str(ANYSHIRE),
        "INSTANCE_PATH": str(folder),
        "BANK_HOLIDAYS_URL": holidays_url,
    }
    command = [sys.executable, "-m", "flask", "timers"]
    with (folder / "output").open("w") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | settings | more, stdout=output, stderr=output
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


def test_a_job_whose_process_is_killed_in_the_middle_is_run_by_another_machine(
    make_app, postgresql, tmp_path
):
    shared = {"DATABASE_URL": postgresql.database(), "SECRET_KEY": "x" * 40}
    database, refresh = Database(shared["DATABASE_URL"], tmp_path), DAILY_JOBS[0]
    db.upgrade(database)
    (tmp_path / "killed").mkdir()
    with silent_server() as (url, came), timers(tmp_path / "killed", url, **shared) as process:
        assert came.wait(PATIENCE_SECONDS)
        process.send_signal(signal.SIGKILL)
        process.wait()
    with govuk_feed.serving() as feed:
        other = make_app(ANYSHIRE, BANK_HOLIDAYS_URL=feed.url, **shared)
        is_run_early = run_if_due(other, refresh, "other")
        with database.writing() as connection:  # as if its 15 minutes were over
            locked_until = jobs.states(connection)[refresh.name].locked_until
            earlier = {"locked_until": locked_until - refresh.timeout}
            connection.execute(tables.jobs.update().values(earlier))
        is_run_later = [run_if_due(other, refresh, "other") for _ in range(2)]
        database.engine.dispose()

    assert (is_run_early, is_run_later) == (False, [True, False])


def test_it_ends_when_it_is_told_to_although_a_job_hangs(tmp_path):
    db.upgrade(Database("", tmp_path))
    with silent_server() as (address, request_came), timers(tmp_path, address) as process:
        assert request_came.wait(PATIENCE_SECONDS)
        process.terminate()

        assert process.wait(FETCH_TIMEOUT_SECONDS - 5) == 0
