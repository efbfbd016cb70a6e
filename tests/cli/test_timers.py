"""who-to-call timers: when each job is due, that it runs once, and what status says of it."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from conftest import ANYSHIRE, later

from routing import bank_holidays, lookup
from routing.cli.maintenance import ALERTS, DAILY_JOBS, Job, run_if_due, scheduled_jobs
from routing.store import db, holiday_lists, jobs, tables
from routing.store.db import Database

DAILY, MINUTELY = Job("daily", ("db", "counts")), Job("minutely", ("db", "counts"), False)
FAILING = Job("failing", ("db", "backup", "/proc/none/file"))


@pytest.fixture
def app(make_stored):
    return make_stored()


@pytest.mark.parametrize(
    ("at", "due_at"),
    [
        ("2026-12-24T04:09:59Z", "2026-12-23T04:10:00Z"),
        ("2026-12-24T04:10:00Z", "2026-12-24T04:10:00Z"),
        ("2026-12-24T04:10:01Z", "2026-12-24T04:10:00Z"),
        ("2027-01-01T00:00:00Z", "2026-12-31T04:10:00Z"),
        ("2027-03-28T03:09:59Z", "2027-03-27T04:10:00Z"),
        ("2027-03-28T03:10:00Z", "2027-03-28T03:10:00Z"),
        ("2027-10-31T04:09:59Z", "2027-10-30T03:10:00Z"),
        ("2027-10-31T04:10:00Z", "2027-10-31T04:10:00Z"),
    ],
)
def test_a_daily_job_is_due_at_ten_past_four_by_londons_clocks(at, due_at):
    instant = datetime.fromisoformat(at)

    assert DAILY_JOBS[0].due_at(instant) == datetime.fromisoformat(due_at)


def test_a_daily_job_is_due_once_on_each_day_of_three_years():
    start = datetime(2026, 1, 1, 0, 5, tzinfo=UTC)
    times = [DAILY.due_at(start + timedelta(hours=hour)) for hour in range(3 * 365 * 24)]

    assert len(set(times)) == 3 * 365 + 1
    assert times == sorted(times)


def test_alerts_are_due_each_minute():
    noon = datetime(2026, 12, 24, 12, tzinfo=UTC)
    due = [ALERTS.due_at(noon + timedelta(seconds=second)) for second in (59, 60, 61)]

    assert due == [noon + timedelta(minutes=minute) for minute in (0, 1, 1)]


@pytest.mark.parametrize(
    ("begins", "days"),
    [
        ("2026-11-23T12:00:00Z", ("24",)),  # a day and a night
        ("2026-11-30T03:00:00Z", ("30", "01")),  # a month's end
        ("2027-03-27T22:00:00Z", ("28",)),  # the clocks go forward
        ("2027-10-30T22:00:00Z", ("31",)),  # the clocks go back
    ],
)
def test_two_timers_that_share_a_postgresql_run_each_job_once(
    make_app, clock, postgresql, begins, days
):
    url = postgresql.database()
    apps = [make_app(ANYSHIRE, DATABASE_URL=url, SECRET_KEY="x" * 40) for _ in range(2)]
    with apps[0].app_context():
        db.upgrade(lookup.database())
    clock.set(begins)
    hours, runs = [clock.at + timedelta(hours=hour) for hour in range(1, 27)], []
    with ThreadPoolExecutor(2) as machines:
        run_if_due(apps[0], DAILY, "before")  # the first start runs every job
        for clock.at in hours:
            barrier = threading.Barrier(2)

            def run(app, barrier=barrier):
                barrier.wait(30)
                due = (MINUTELY, DAILY)
                return [job.name for job in due if run_if_due(app, job, f"machine {id(app)}")]

            runs += [(clock.at, name) for names in machines.map(run, apps) for name in names]
    daily = [at for at, name in runs if name == "daily"]

    assert [at for at, name in runs if name == "minutely"] == hours
    assert [f"{at:%d}" for at in daily] == list(days)
    assert all(at - DAILY.due_at(at) < timedelta(hours=1) for at in daily)


def test_a_job_that_another_process_began_runs_once_its_lock_has_ended(app, clock):
    with app.app_context(), lookup.database().writing() as connection:
        now = datetime.now(UTC)
        jobs.claim(connection, "daily", "killed", clock.at, now, DAILY.timeout)

    assert not run_if_due(app, DAILY, "own")
    later(app, 15)
    assert run_if_due(app, DAILY, "own")
    assert not run_if_due(app, DAILY, "own")


def test_a_process_that_lost_its_lock_notes_nothing_for_the_one_that_has_it(app, clock):
    now = datetime.now(UTC)
    with app.app_context(), lookup.database().writing() as connection:
        jobs.claim(connection, "daily", "slow", clock.at, now, timedelta(0))
        jobs.claim(connection, "daily", "next", clock.at, now, DAILY.timeout)
        jobs.finish(connection, "daily", "slow", clock.at, now)
        state = jobs.states(connection)["daily"]

    assert (state.owner, state.ran_at) == ("next", None)


@pytest.mark.parametrize(
    ("noted_ahead", "locked_ahead", "can_start"),
    [(0, 0, False), (60, 0, False), (61, 0, True), (-1, 0, True), (-1, 15, False), (-1, 16, True)],
)
def test_what_a_wrong_clock_noted_far_ahead_keeps_no_job_from_running(
    app, clock, noted_ahead, locked_ahead, can_start
):
    noted_at = clock.at + timedelta(minutes=noted_ahead)
    with app.app_context(), lookup.database().writing() as connection:
        jobs.claim(connection, "daily", "wrong", noted_at, clock.at, timedelta(0))
        jobs.finish(connection, "daily", "wrong", noted_at, clock.at)
        locked_until = clock.at + timedelta(minutes=locked_ahead)
        connection.execute(tables.jobs.update().values(locked_until=locked_until))

        is_ours = jobs.claim(connection, "daily", "own", clock.at, clock.at, DAILY.timeout)
    assert is_ours is can_start


def test_a_job_that_nobody_has_tried_to_run_for_a_month_is_forgotten(app, clock):
    month_ago = clock.at - timedelta(days=30, seconds=1)
    with app.app_context(), lookup.database().writing() as connection:
        for name, now in (("removed", month_ago), ("daily", clock.at)):
            jobs.claim(connection, name, "own", now, now, timedelta(0))

        assert list(jobs.states(connection)) == ["daily"]


def test_a_rehearsal_deletes_nothing_and_alerts_nobody(make_app):
    webhook, commands = {"ALERT_WEBHOOK_URL": "https://hook.example/"}, ("db counts", " ")
    usual, rehearsal = (
        [job.name for job in scheduled_jobs(make_app(**webhook, **more).config, commands)]
        for more in ({}, {"CLOCK_STARTS_AT": "2026-12-24T12:00:00Z"})
    )

    assert usual[:-1] == ["alerts", "bank-holidays", "purge", "checks"]
    assert usual[-1].startswith("db counts on ")
    assert rehearsal == []


def test_a_job_that_fails_is_tried_again_after_its_pause_and_status_says_why(app):
    assert [run_if_due(app, FAILING, "own") for _ in range(2)] == [True, False]
    text = app.test_cli_runner().invoke(args=["status"]).output
    later(app, 15)

    assert "job failing: has not succeeded yet" in text
    assert "job_failing: The job failing has failed since" in text
    assert "No backup was made." in text
    assert run_if_due(app, FAILING, "own")


def test_the_checks_count_as_done_whatever_they_find_and_status_says_when(app):
    run_if_due(app, DAILY_JOBS[-1], "own")
    status = json.loads(app.test_cli_runner().invoke(args=["status", "--format", "json"]).output)
    (job,) = status["jobs"]

    assert (job["name"], job["fault"]) == ("checks", None)
    assert datetime.now(UTC) - datetime.fromisoformat(job["last_succeeded_at"]) < timedelta(hours=1)


def refresh(app, feed):
    app.config["BANK_HOLIDAYS_URL"] = feed.url
    app.test_cli_runner().invoke(args=["bank-holidays", "refresh"])


def on_another_machine(make_app, app, folder):
    """Build an app of another instance folder over the same database."""
    with app.app_context():
        url = str(lookup.database().url)
    return make_app(ANYSHIRE, INSTANCE_PATH=str(folder), DATABASE_URL=url, SECRET_KEY="x")


def test_a_list_of_bank_holidays_that_one_machine_fetched_reaches_the_others(
    make_app, app, feed, tmp_path
):
    refresh(app, feed)
    other = on_another_machine(make_app, app, tmp_path / "other")
    other.test_cli_runner().invoke(args=["bank-holidays", "show"])

    copies = [bank_holidays.load_copy(tmp_path / name) for name in ("other", "instance")]
    assert copies[0] == copies[1] is not None


def test_a_worker_takes_a_newer_list_from_the_database_by_itself(make_app, app, feed, tmp_path):
    refresh(app, feed)
    folder = tmp_path / "worker"
    worker = on_another_machine(make_app, app, folder)
    with worker.app_context():
        lookup.warm_up()
        deadline = time.monotonic() + 30
        while bank_holidays.load_copy(folder) is None and time.monotonic() < deadline:
            time.sleep(0.05)
        worker.extensions["snapshot_loader"].stop()

    assert bank_holidays.load_copy(folder).url == feed.url


def test_a_file_system_that_cannot_be_asked_ends_no_copying_of_the_list(tmp_path):
    unusable = tmp_path / ("a" * 300)  # longer than a file's name may be

    holiday_lists.copy_newer(Database("", unusable), unusable)


def test_an_older_list_in_the_database_replaces_no_newer_copy(app, feed, clock, tmp_path):
    refresh(app, feed)
    folder = tmp_path / "instance"
    later = clock.at + timedelta(seconds=1)
    newer = bank_holidays.load_copy(folder).model_copy(update={"checked_at": later})
    bank_holidays.save_copy(folder, newer)
    with app.app_context():
        lookup.copy_holiday_list()

    assert bank_holidays.load_copy(folder) == newer


def test_a_rehearsals_list_stays_on_its_own_machine(make_stored, feed):
    app = make_stored(CLOCK_STARTS_AT="2027-12-24T12:00:00Z")
    refresh(app, feed)
    with app.app_context(), lookup.database().reading() as connection:
        assert connection.execute(tables.bank_holiday_lists.select()).all() == []
