"""who-to-call timers: one process that runs every job when it is due.

Several machines may run it on one database: a lock in the database gives each run to one of them.
"""

import itertools
import logging
import secrets
import shlex
import signal
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import click
from flask import Flask
from flask.cli import ScriptInfo

from routing import lookup
from routing.config import alert_recipients
from routing.core import instants
from routing.directory.schema import UK_ZONE
from routing.errors import DatabaseUnavailable
from routing.store import jobs
from routing.store.alerts import database_time

DAILY_MINUTE = 4 * 60 + 10
"""When daily jobs are due, in minutes of the day by London's clocks: 4:10am is never skipped or
repeated when the clocks change.
"""

POLL_INTERVAL_SECONDS = 5.0
"""How often to look for jobs that are due, and for a database that was down."""

EXIT_TIMEOUT_SECONDS = 4.0
"""How long a process that is told to stop waits for its jobs. Another process runs them later."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """A command of this service that is due every minute or, if ``is_daily``, every day.

    ``timeout`` is how long one process has for it before another may start it, and how long to wait
    after a failure. ``ignores_status`` if an exit status is no failure.
    """

    name: str
    command: Sequence[str]
    is_daily: bool = True
    timeout: timedelta = jobs.MAX_JOB_LOCK
    ignores_status: bool = False

    def due_at(self, at: datetime) -> datetime:
        """Return the latest instant, up to ``at``, at which this job is due."""
        if not self.is_daily:
            return at.replace(second=0, microsecond=0)
        zone = ZoneInfo(UK_ZONE)
        today = at.astimezone(zone).date()
        days = (today, today - timedelta(days=1))
        times = (instants.start_at(day, DAILY_MINUTE, zone) for day in days)
        return next(due_at for due_at in times if due_at <= at)


ALERTS = Job("alerts", ("alerts", "send", "--quiet"), False, timedelta(minutes=1), True)
DAILY_JOBS = (
    Job("bank-holidays", ("bank-holidays", "refresh")),
    Job("purge", ("purge",)),
    Job("checks", ("status",), ignores_status=True),
)


@click.command("timers")
@click.option(
    "--daily",
    "commands",
    multiple=True,
    metavar="COMMAND",
    help="Another command to run every day on this machine, such as 'db backup FOLDER --keep 14'. "
    "Give it once for each command; an empty one is ignored.",
)
@click.pass_obj
def timers(info: ScriptInfo, commands: tuple[str, ...]) -> None:
    """Run every job when it is due, until this process is stopped.

    Alerts are sent every minute, once there is a recipient. GOV.UK's bank holidays, the purge and
    the checks of `who-to-call status` run at the start and every day at 4:10am. Any number of
    machines may run this: each job runs once. While the database is down, this waits for it.
    `who-to-call status` says when each job last ran.
    """
    app, stopping = info.load_app(), threading.Event()
    alerts_lane = [ALERTS] if alert_recipients(app.config) else []
    lanes = [alerts_lane, [*DAILY_JOBS, *map(_own_job, filter(str.strip, commands))]]
    if app.config["CLOCK_STARTS_AT"]:  # by a rehearsal's clock, the purge deletes what must stay
        lanes = [[replace(job, name=f"rehearsal {job.name}") for job in alerts_lane]]
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    threads = [
        threading.Thread(target=_run_lane, args=(app, lane, stopping), daemon=True)
        for lane in lanes
    ]
    for thread in threads:
        thread.start()
    click.echo(f"Jobs: {', '.join(job.name for lane in lanes for job in lane)}.")
    stopping.wait()
    deadline = time.monotonic() + EXIT_TIMEOUT_SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    if any(thread.is_alive() for thread in threads):
        click.echo("A job was stopped before its end. It will run again.", err=True)


def run_due(app: Flask, lane: Sequence[Job], owner: str) -> list[str]:
    """Run the jobs that are due and that no other process runs, one by one; return their names.

    ``owner`` identifies this process. Raise DatabaseUnavailable.
    """
    names = []
    with app.app_context():
        database = lookup.database()
        with database.reading() as connection:
            states, now = jobs.states(connection), database_time(connection)
    for job in lane:
        with app.app_context():
            due_at = job.due_at(lookup.now())
            if job.name in states and not states[job.name].can_start(due_at, now):
                continue
            with database.writing() as connection:
                now = database_time(connection)
                is_ours = jobs.claim(connection, job.name, owner, due_at, now, job.timeout)
            if not is_ours:
                continue
            names.append(job.name)
            fault = _run(app, job)
            with database.writing() as connection:
                now = database_time(connection)
                jobs.finish(connection, job.name, owner, due_at, now, fault, job.timeout)
    return names


def _own_job(command: str) -> Job:
    """Return the daily job of a command. Its files are this machine's, so each machine runs it."""
    words = shlex.split(command)
    name = itertools.takewhile(lambda word: "/" not in word and not word.startswith("-"), words)
    return Job(f"{' '.join(name)} on {socket.gethostname()}", words)


def _run_lane(app: Flask, lane: Sequence[Job], stopping: threading.Event) -> None:
    owner = f"{socket.gethostname()} {secrets.token_hex(8)}"
    last_fault = None
    while not stopping.is_set():
        try:
            run_due(app, lane, owner)
            last_fault = None
        except DatabaseUnavailable as error:
            if str(error) != last_fault:
                log.error("timers: %s It is tried again every few seconds.", error)
            last_fault = str(error)
        except Exception:
            log.exception("timers: a fault while looking for jobs")
        stopping.wait(POLL_INTERVAL_SECONDS)


def _run(app: Flask, job: Job) -> str | None:
    script = ScriptInfo(create_app=lambda: app)
    try:
        app.cli.main(list(job.command), "flask", standalone_mode=False, obj=script)
    except click.ClickException as error:
        return error.format_message()
    except SystemExit as error:
        if error.code and not job.ignores_status:
            return f"`who-to-call {shlex.join(job.command)}` ended with status {error.code}."
    except Exception as error:
        log.exception("timers: fault in job %s", job.name)
        return f"{type(error).__name__}: see the log."
    return None
