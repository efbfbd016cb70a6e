"""flask twilio ...: what would stop calls, and what answers them while this service is down."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from routing import config, files, lookup
from routing.cli import common
from routing.cli.common import DIVERT_TIMEOUT_SECONDS, report_errors
from routing.doctor import here, outside
from routing.doctor.finding import Finding, Level
from routing.telephony import twiml

group = AppGroup("twilio", help="The telephone: is it as it should be, and what if we are down.")

_MARKS = {Level.FINE: "ok     ", Level.DOUBT: "look   ", Level.STOPS: "STOPS  "}


@group.command("doctor")
@click.option("--account", is_flag=True, help="Ask Twilio too how its numbers are set up.")
def doctor(account: bool) -> None:
    """Look for everything that would stop calls or send them wrong, and say what to do.

    Exit status 1 when something would.
    """
    with report_errors():
        lookup.snapshot()
    lookup.read_diverts(max_age=0, patience=DIVERT_TIMEOUT_SECONDS)
    found = []
    for each in _all(account):
        found.append(each.level)
        click.echo(f"{_MARKS[each.level]}{each.text}")
    count = found.count(Level.STOPS)
    click.echo(f"{count} of {len(found)} would stop calls, or send them wrong.")
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
        document = twiml.fallback(found, facts.directory, day, _rehearsal())
    if output is None:
        click.echo(document)
        return
    try:
        files.write_atomically(output, document.encode(), files.PUBLIC_FILE_MODE)
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error}.") from error
    click.echo(f"{output} is written: what answers '{found.id}' while this service is down.")


def _all(account: bool) -> Iterator[Finding]:
    yield from here.settings()
    if config.telephony_disabled_reason(current_app.config) is None:
        yield from outside.public_address()
    yield from here.lines()
    yield from here.machine()
    yield from outside.fallback(_rehearsal())
    yield from here.warnings()
    if account:
        yield from outside.account()


def _rehearsal() -> str | None:
    return config.rehearsal_number(current_app.config)
