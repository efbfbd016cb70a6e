"""who-to-call who: who takes a call. who-to-call status: ready or degraded, and why."""

import sys
from contextlib import suppress
from datetime import datetime

import click
from flask import current_app
from flask.cli import with_appcontext

from routing import health, lookup
from routing.cli.common import (
    AT_FORMATS,
    DIVERT_TIMEOUT_SECONDS,
    Command,
    format_option,
    print_report,
)
from routing.conditions import readiness
from routing.config import VERSION
from routing.core.decision import Decision
from routing.errors import DatabaseUnavailable, InvalidDirectory
from routing.formats import assumption, decision_json, timestamp
from routing.snapshot import Snapshot
from routing.store import jobs
from routing.store.jobs import JobState
from routing.text import dates, sentences, time_parsing
from routing.text.locale import Locale

EXIT_CANNOT_ANSWER = 2


@click.command("who", cls=Command)
@click.argument("service", required=False)
@click.option("--at", "time", metavar="T", help=f"Another time: {AT_FORMATS}. [default: now]")
@format_option
@with_appcontext
def who(service: str | None, time: str | None, as_json: bool) -> None:
    """Show who takes a call about SERVICE, why and until when.

    Without SERVICE, show the first service in the directory.
    """
    lookup.copy_holiday_list()
    snapshot, locale = lookup.snapshot(), lookup.locale()
    lookup.read_diverts(max_age=0, timeout=DIVERT_TIMEOUT_SECONDS)
    at = lookup.now() if time is None else time_parsing.parse_local(time, locale.zone)
    decision = lookup.who_to_call(service, at)
    body = decision_json(decision, at)
    print_report(as_json, body, _decision_lines(decision, at, snapshot, locale))


@click.command("status")
@format_option
@with_appcontext
def status(as_json: bool) -> None:
    """Say whether the service is ready, and list every condition with what to do.

    Exit status 0 if it is ready, 1 if it is degraded, 2 if it cannot answer callers.
    """
    lookup.copy_holiday_list()
    try:
        lookup.snapshot()
    except InvalidDirectory as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(EXIT_CANNOT_ANSWER)
    lookup.read_diverts(max_age=0, timeout=DIVERT_TIMEOUT_SECONDS)
    current_app.extensions["call_log"].fault(DIVERT_TIMEOUT_SECONDS)
    conditions, locale, last_runs = health.conditions(), lookup.staff_locale(), list[JobState]()
    state = readiness(conditions)
    with suppress(DatabaseUnavailable), lookup.database().reading() as connection:
        last_runs = list(jobs.states(connection).values())  # of a fault, a condition says so
    report = {
        "status": state,
        "version": VERSION,
        "at": timestamp(lookup.now(), locale),
        "jobs": [
            {
                "name": job.name,
                "last_succeeded_at": job.ran_at and timestamp(job.ran_at, locale),
                "fault": job.fault,
            }
            for job in last_runs
        ],
        "conditions": [
            {
                "code": condition.code,
                "severity": condition.kind.severity.name.lower(),
                "audience": condition.kind.audience.name.lower(),
                "text": condition.text,
            }
            for condition in conditions
        ],
    }
    lines = [state, f"version: {VERSION}"]
    for job in last_runs:
        ran_at = job.ran_at and f"last succeeded at {dates.format_datetime(job.ran_at, locale)}"
        lines.append(f"job {job.name}: {ran_at or 'has not succeeded yet'}")
    lines += [f"{condition.code}: {condition.text}" for condition in conditions]
    print_report(as_json, report, lines)
    sys.exit(0 if state == "ready" else 1)


def _decision_lines(
    decision: Decision, at: datetime, snapshot: Snapshot, locale: Locale
) -> list[str]:
    line, language = decision.line, locale.language
    options = "" if line.options is None else f" ({line.options.get(language)})"
    call = sentences.call_sentence(decision, f"{decision.phone.display}{options}", at, locale)
    unconfirmed = locale.translate("Not yet confirmed by the council.")
    details = [
        call,
        sentences.reason_sentence(decision, at, locale, snapshot.holidays.dates),
        sentences.next_sentence(decision, at, locale),
        None if decision.service.confirmed else unconfirmed,
        assumption(decision, at),
        snapshot.directory.emergency.get(language),
    ]
    heading = f"{decision.service.name.get(language)}, {dates.format_datetime(at, locale)}:"
    return [heading, *(f"  {detail}" for detail in details if detail)]
