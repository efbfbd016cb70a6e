"""who-to-call db, purge and timers: the database, retention, and each job when it is due.

Several machines may run `timers` on one database: a lock there gives each run to one of them.
"""

import logging
import os
import secrets
import shlex
import signal
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from flask import Flask, current_app
from flask.cli import ScriptInfo, with_appcontext

from routing import config, lookup
from routing.cli.common import (
    FILE_PATH,
    Command,
    CommandGroup,
    actor,
    format_option,
    print_report,
)
from routing.config import ALERTS_JOB, alert_recipients
from routing.core import instants
from routing.directory.schema import UK_ZONE
from routing.errors import DatabaseUnavailable
from routing.store import db, jobs
from routing.store.alerts import database_time
from routing.store.retention import RULES, RetentionRule

db_group = CommandGroup("db", help="Create, upgrade and back up the database.")

_BACKUP_TIME = "[0-9]" * 8 + "T" + "[0-9]" * 6 + "Z"

DAILY_MINUTE = 4 * 60 + 10
"""When daily jobs are due, in minutes of the day by London's clocks: 4:10am is never skipped or
repeated when the clocks change.
"""

POLL_INTERVAL_SECONDS = 5.0
"""How often to look for jobs that are due, and for a database that was down."""

EXIT_TIMEOUT_SECONDS = 4.0
"""How long a process that is told to stop waits for its jobs. Another process runs them later."""

log = logging.getLogger(__name__)


@db_group.command("upgrade")
def upgrade() -> None:
    """Create the database, or upgrade it to this version.

    If any step fails, nothing is changed.
    """
    database = lookup.database()
    url = database.url.render_as_string(hide_password=True)
    try:
        revision = db.upgrade(database)
    except (DatabaseUnavailable, OSError) as error:
        raise click.ClickException(f"{url}: {error} Nothing was changed.") from error
    click.echo(f"{url} is up to date ({revision}).")


@db_group.command("backup")
@click.argument("file", type=FILE_PATH)
@click.option(
    "--keep",
    type=click.IntRange(1, 9999),
    help="FILE is a folder: keep this many backups in it and delete older ones.",
)
def backup(file: Path, keep: int | None) -> None:
    """Back up an SQLite database to FILE while the service runs.

    If FILE is a folder, the backup is named after the time. The backup is checked before it is
    saved, and never replaces another file. For PostgreSQL use pg_dump.
    """
    database = lookup.database()
    if database.file is None:
        raise click.ClickException(
            "The database is PostgreSQL. Back it up with: pg_dump --format=custom --file=FILE "
            "DATABASE. The runbook has the full commands."
        )
    folder, stem = file, database.file.stem
    if os.path.isdir(folder):
        file = folder / f"{stem}-{lookup.now():%Y%m%dT%H%M%SZ}.sqlite"
    elif keep is not None:
        raise click.UsageError(f"--keep needs a folder, and {file} is not one.")
    try:
        counts = db.backup(database, file)
        if keep is not None:
            for old in sorted(folder.glob(f"{stem}-{_BACKUP_TIME}.sqlite"))[:-keep]:
                old.unlink()
                click.echo(f"{old} is deleted.")
    except (OSError, DatabaseUnavailable) as error:
        raise click.ClickException(f"No backup was made. {error}") from error
    print_report(False, None, _count_lines(counts))
    click.echo(f"{file} is a complete, checked backup.")


@db_group.command("counts")
@format_option
def count(as_json: bool) -> None:
    """Count the rows in each table, to compare a backup with the original."""
    with lookup.database().reading() as connection:
        counts = db.counts(connection)
    print_report(as_json, dict(counts), _count_lines(counts))


@click.command("release")
@with_appcontext
def release() -> None:
    """Check the settings, then create or upgrade the database: before a new version starts.

    The command fails if a setting has the wrong form, or staff could not sign in. Calls do not
    depend on either.
    """
    settings = current_app.config
    faults = [*settings["MALFORMED_SETTINGS"].values(), config.sign_in_fault(settings)]
    if message := "\n".join(filter(None, faults)):
        raise click.ClickException(message)
    click.get_current_context().invoke(upgrade)


@click.command("purge", cls=Command)
@with_appcontext
def purge() -> None:
    """Delete or anonymise data that is past its retention period. Run it every day.

    This covers calls, notes, names on the rota, unused accounts, revoked calendars, and anything
    that has expired.
    """
    run_purge(*RULES)


def run_purge(*rules: RetentionRule) -> None:
    """Purge by some rules and print how much each purged.

    Each takes many short transactions, so that nothing else waits for long.
    """
    database, settings = lookup.database(), current_app.config
    for name, sentence in settings["MALFORMED_SETTINGS"].items():
        if name.endswith("_RETENTION_DAYS"):
            raise click.ClickException(f"Nothing is deleted. {sentence}")
    for rule in rules:
        at, counts = lookup.now(), list[int]()
        while not counts or counts[-1]:
            with database.writing() as connection:
                before = at - rule.duration(settings)
                counts.append(sum(rule.purge(connection, before, at, actor())))
        click.echo(f"{rule.what}: {sum(counts):,} deleted or anonymised.")
    if not database.scrub():
        busy = "The database is busy: deleted data is erased from the disk at the next purge."
        click.echo(busy, err=True)


def _count_lines(counts: Mapping[str, int]) -> list[str]:
    return [f"{rows:>8}  {table}" for table, rows in counts.items()]


@dataclass(frozen=True, slots=True)
class Job:
    """A command of this service that is due every minute or, if ``is_daily``, every day.

    ``timeout`` is how long one process has for it before another may start it, and how long to wait
    after a failure. An exit status alone is no failure: what a command reports is not about the
    job.
    """

    name: str
    command: Sequence[str]
    is_daily: bool = True
    timeout: timedelta = jobs.MAX_JOB_LOCK

    def due_at(self, at: datetime) -> datetime:
        """Return the latest instant, up to ``at``, at which this job is due."""
        if not self.is_daily:
            return at.replace(second=0, microsecond=0)
        zone = ZoneInfo(UK_ZONE)
        since_due = timedelta(minutes=DAILY_MINUTE)
        return instants.start_at((at.astimezone(zone) - since_due).date(), DAILY_MINUTE, zone)


ALERTS = Job(ALERTS_JOB, ("alerts", "send"), is_daily=False, timeout=timedelta(minutes=1))
DAILY_JOBS = (
    Job("bank-holidays", ("bank-holidays", "refresh")),
    Job("purge", ("purge",)),
    Job("checks", ("status",)),
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
    `who-to-call status` says when each job last succeeded.
    """
    app, stopping = info.load_app(), threading.Event()
    due = scheduled_jobs(app.config, commands)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    threads = [
        threading.Thread(target=_run_when_due, args=(app, job, stopping), daemon=True)
        for job in due
    ]
    for thread in threads:
        thread.start()
    click.echo(f"Jobs: {', '.join(job.name for job in due) or 'none in a rehearsal'}.")
    stopping.wait()
    deadline = time.monotonic() + EXIT_TIMEOUT_SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    if any(thread.is_alive() for thread in threads):
        click.echo("A job was stopped before its end. It will run again.", err=True)


def scheduled_jobs(settings: Mapping[str, Any], commands: Sequence[str]) -> list[Job]:
    """Return the jobs of this machine, which alone runs the ``commands`` of its own.

    A rehearsal has none: by its clock, the purge deletes what must stay.
    """
    if settings["CLOCK_STARTS_AT"]:
        return []
    host = socket.gethostname()
    own = [Job(f"{words} on {host}", shlex.split(words)) for words in commands if words.strip()]
    return [*([ALERTS] if alert_recipients(settings) else []), *DAILY_JOBS, *own]


def run_if_due(app: Flask, job: Job, owner: str) -> bool:
    """Run a job if it is due and no other process runs it; return whether it ran.

    ``owner`` identifies this process. Raise DatabaseUnavailable.
    """
    with app.app_context():
        database, due_at = lookup.database(), job.due_at(lookup.now())
        with database.writing() as connection:
            now = database_time(connection)
            if not jobs.claim(connection, job.name, owner, due_at, now, job.timeout):
                return False
        fault = _run(app, job)
        with database.writing() as connection:
            now = database_time(connection)
            jobs.finish(connection, job.name, owner, due_at, now, fault, job.timeout)
    return True


def _run_when_due(app: Flask, job: Job, stopping: threading.Event) -> None:
    owner = f"{socket.gethostname()} {secrets.token_hex(8)}"
    last_fault = None
    while not stopping.is_set():
        try:
            run_if_due(app, job, owner)
            last_fault = None
        except DatabaseUnavailable as error:
            if str(error) != last_fault:
                log.error("timers: %s: %s It is tried again every few seconds.", job.name, error)
            last_fault = str(error)
        except Exception:
            log.exception("timers: a fault while looking for jobs")
        stopping.wait(POLL_INTERVAL_SECONDS)


def _run(app: Flask, job: Job) -> str | None:
    """Run a job's command; return why it failed, None if it did not."""
    script = ScriptInfo(create_app=lambda: app)
    try:
        app.cli.main(list(job.command), "flask", standalone_mode=False, obj=script)
    except click.ClickException as error:
        return error.format_message()
    except SystemExit:
        return None
    except Exception as error:
        log.exception("timers: fault in job %s", job.name)
        return f"{type(error).__name__}: see the log."
    return None
