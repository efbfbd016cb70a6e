"""flask status: ready or degraded, and why."""

import click
from flask import current_app
from flask.cli import with_appcontext

from routing import health, lookup
from routing.cli.common import DIVERT_TIMEOUT_SECONDS
from routing.errors import InvalidDirectory
from routing.text import dates


@click.command("status")
@with_appcontext
def status() -> None:
    """Say whether the service is ready, and list every condition with what to do."""
    try:
        holidays = lookup.snapshot().holidays
        lookup.read_diverts(max_age=0, timeout=DIVERT_TIMEOUT_SECONDS)
        current_app.extensions["call_log"].fault(DIVERT_TIMEOUT_SECONDS)
    except InvalidDirectory as error:
        raise click.ClickException(str(error)) from error
    conditions = health.conditions()
    click.echo(health.readiness(conditions))
    click.echo(f"clock: {dates.format_datetime(lookup.now(), lookup.staff_locale())}")
    click.echo(
        f"bank holidays: {holidays.division}, published through {holidays.covered_through}, "
        f"from {holidays.source}"
    )
    for condition in conditions:
        click.echo(f"{condition.code}: {condition.text}")
