"""flask twilio ...: what would stop calls, and what answers them while this service is down."""

import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from routing import config, files, lookup
from routing.cli import common
from routing.cli.common import DIVERT_TIMEOUT_SECONDS, report_errors
from routing.telephony import call_twiml
from routing.telephony.doctor import Level, examine

group = AppGroup("twilio", help="The telephone: is it as it should be, and what if we are down.")

_MARKS = {Level.OK: "ok     ", Level.WARNING: "look   ", Level.STOPS_CALLS: "STOPS  "}


@group.command("doctor")
@click.option("--account", is_flag=True, help="Ask Twilio too how its numbers are set up.")
def doctor(account: bool) -> None:
    """Look for everything that would stop calls or send them wrong, and say what to do.

    Exit status 1 when something would.
    """
    with report_errors():
        lookup.snapshot()
    lookup.read_diverts(max_age=0, patience=DIVERT_TIMEOUT_SECONDS)
    levels = []
    for finding in examine(account):
        levels.append(finding.level)
        click.echo(f"{_MARKS[finding.level]}{finding.text}")
    count = levels.count(Level.STOPS_CALLS)
    click.echo(f"{count} of {len(levels)} would stop calls, or send them wrong.")
    sys.exit(1 if count else 0)


@group.command("fallback")
@click.argument("service", required=False)
@click.option("--output", type=common.FILE_PATH, help="Write it there, whole or not at all.")
def fallback(service: str | None, output: Path | None) -> None:
    """Print what is to answer SERVICE's calls (the first one's) while this service is down.

    It is TwiML that is safe at any hour: host it elsewhere, and anew every night, since a line may
    have another number for some days.
    """
    with report_errors():
        facts = lookup.snapshot()
        found = facts.timetables.service(service or lookup.first_service_id())
        day = lookup.now().astimezone(facts.directory.zone).date()
        rehearsal = config.rehearsal_number(current_app.config)
        document = call_twiml.fallback(found, facts.directory, day, rehearsal)
    if output is None:
        click.echo(document)
        return
    try:
        files.write_atomically(output, document.encode(), files.PUBLIC_FILE_MODE)
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error}.") from error
    click.echo(f"{output} is written: what answers '{found.id}' while this service is down.")
