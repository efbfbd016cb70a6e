"""who-to-call twilio and who-to-call calls: the doctor, the fallback, and the call log."""

import sys
from datetime import timedelta
from pathlib import Path

import click
from flask import current_app

from routing import config, health, lookup
from routing.cli.common import (
    DIVERT_TIMEOUT_SECONDS,
    FILE_PATH,
    CommandGroup,
    count_of,
    days_option,
    format_option,
    print_or_write,
    print_report,
)
from routing.cli.maintenance import run_purge
from routing.store import calls
from routing.store.retention import CALL_RULE
from routing.telephony import twiml
from routing.telephony.doctor import Level, examine
from routing.text.staff_text import CALL_OUTCOMES

twilio_group = CommandGroup("twilio", help="Check the telephone, and print its fallback.")
calls_group = CommandGroup("calls", help="The call log, which never holds a caller's number.")

_LABELS = {Level.OK: "ok     ", Level.WARNING: "look   ", Level.STOPS_CALLS: "STOPS  "}

_CLOCK_TOLERANCE = timedelta(days=1)
"""In a rehearsal every process has its own clock, and the one that answers calls may be ahead."""


@twilio_group.command("doctor")
@click.option("--account", is_flag=True, help="Also check how the numbers are set up at Twilio.")
@format_option
def doctor(account: bool, as_json: bool) -> None:
    """Check for anything that would stop calls or send them to the wrong place.

    Each line says what to do: STOPS marks a problem, look a warning. Exit status 1 if there is a
    problem.
    """
    lookup.snapshot()
    lookup.read_diverts(max_age=0, timeout=DIVERT_TIMEOUT_SECONDS)
    findings = []
    for finding in examine(health.conditions(), account):
        findings.append(finding)
        if not as_json:
            click.echo(f"{_LABELS[finding.level]}{finding.text}")
    problems = sum(finding.level is Level.STOPS_CALLS for finding in findings)
    print_report(
        as_json,
        [{"level": finding.level, "text": finding.text} for finding in findings],
        [f"{problems} of {len(findings)} would stop calls or send them to the wrong place."],
    )
    sys.exit(1 if problems else 0)


@twilio_group.command("fallback")
@click.argument("service", required=False)
@click.option("--output", type=FILE_PATH, help="Write to this file in one step.")
def fallback(service: str | None, output: Path | None) -> None:
    """Print TwiML that answers calls to SERVICE while this service is down.

    Without SERVICE, print that of the first service in the directory. The TwiML is safe at any
    hour. Host it somewhere else, and update it every night: special days can change numbers.
    """
    snapshot = lookup.snapshot()
    chosen = snapshot.timetables.service(service or lookup.first_service_id())
    day = lookup.now().astimezone(snapshot.directory.zone).date()
    rehearsal_number = config.rehearsal_number(current_app.config)
    document = twiml.fallback(chosen, snapshot.directory, day, rehearsal_number)
    print_or_write(document, output)
    if output is not None:
        click.echo(f"{output} is written: the fallback for calls to '{chosen.id}'.")


@calls_group.command("summary")
@days_option(30, "Days to count.")
@format_option
def summary(days: int, as_json: bool) -> None:
    """Count calls by service, first line and outcome."""
    at = lookup.now()
    with lookup.database().reading() as connection:
        counts = calls.counts(connection, at - timedelta(days=days), at + _CLOCK_TOLERANCE, at)
    outcomes = list(CALL_OUTCOMES)
    rows = sorted(
        (service, line, outcomes.index(outcome), count)
        for (service, line, outcome), count in counts.items()
    )
    unanswered = sum(count for (_, _, outcome), count in counts.items() if calls.is_missed(outcome))
    print_report(
        as_json,
        [
            {"service": service, "line": line, "outcome": outcomes[index], "calls": count}
            for service, line, index, count in rows
        ],
        [
            *(
                f"{count:>6}  {service}, first to {line}: {CALL_OUTCOMES[outcomes[index]].lower()}"
                for service, line, index, count in rows
            ),
            f"{sum(counts.values()):>6}  calls in the last {count_of(days, 'day')}; nobody "
            f"answered {unanswered} of them.",
        ],
    )


@calls_group.command("purge")
def purge() -> None:
    """Delete calls older than CALL_RETENTION_DAYS. `who-to-call purge` does this too."""
    run_purge(CALL_RULE)
