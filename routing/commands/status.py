"""flask status: ready or degraded, and why, in words."""

import click
from flask import current_app
from flask.cli import with_appcontext

from routing import enquiry
from routing import status as report
from routing.commands.terminal import PATIENCE
from routing.errors import DirectoryInvalid
from routing.wording import times


@click.command("status")
@with_appcontext
def status() -> None:
    """Say whether the service is ready, and every warning with what to do."""
    try:
        facts = enquiry.facts()
        enquiry.read_diverts(max_age=0, patience=PATIENCE)
        current_app.extensions["call_log"].fault(PATIENCE)
    except DirectoryInvalid as error:
        raise click.ClickException(str(error)) from error
    click.echo(report.word())
    click.echo(f"clock: {times.moment(enquiry.now(), enquiry.staff_voice())}")
    holidays = facts.holidays
    click.echo(
        f"bank holidays: {holidays.division}, published through {holidays.covered_through}, "
        f"from {holidays.source}"
    )
    for each in report.warnings():
        click.echo(f"{each.code}: {each.text}")
