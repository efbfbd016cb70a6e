"""who-to-call alerts: send what cannot wait to people, by email or webhook."""

import json
import sys

import click
from flask import current_app
from flask.cli import AppGroup

from routing import alert_recipients, lookup
from routing.alert_recipients import Recipient
from routing.alerts import delivery, messages
from routing.cli import common
from routing.cli.common import report_errors
from routing.config import base_url
from routing.store import alerts
from routing.store.alerts import QueuedAlert
from routing.text import dates

group = AppGroup("alerts", help="Send alerts by email or webhook, and list them.")


@group.command("send")
@click.option(
    "--now", "impatient", is_flag=True, help="Retry at once. Use it after correcting a fault."
)
@click.option("--quiet", is_flag=True, help="Print nothing when there is nothing to send.")
def send(impatient: bool, quiet: bool) -> None:
    """Send new alerts, and those that could not be sent before.

    `who-to-call timers` does this every minute. Each recipient gets each alert once, together with
    whatever else happened within ten minutes. Exit status 1 if any recipient cannot be reached, or
    if there is none.
    """
    is_complete = _check_settings()
    with report_errors():
        results = delivery.send_alerts(impatient)
    for result in results:
        if result.sent:
            click.echo(f"{result.recipient.name}: {result.sent} sent.")
        if result.fault is not None:
            waiting = f"{result.recipient.name}: {result.waiting} not sent yet. {result.fault}"
            click.echo(waiting, err=True)
    if not quiet and not any(result.sent or result.fault for result in results):
        click.echo("Nothing to send now.")
    sys.exit(0 if is_complete and all(result.fault is None for result in results) else 1)


@group.command("test")
def test() -> None:
    """Send a test to every recipient now, and print each one's channel and what came back.

    This needs neither the directory nor the database, and changes nothing.
    """
    is_well = _check_settings()
    base, is_rehearsal = base_url(current_app.config), lookup.is_rehearsal()
    message = messages.build_test(lookup.now(), base, is_rehearsal)
    recipients = dict.fromkeys(_recipients().values(), message)
    webhook = f"webhook, {current_app.config['ALERT_WEBHOOK_FORMAT']}"
    for outcome in delivery.deliver(current_app.config, recipients):
        is_well = is_well and outcome.is_accepted
        channel = "email" if outcome.recipient.address else webhook
        advice = " Check that it has arrived." if outcome.is_accepted else ""
        click.echo(f"{outcome.recipient.name} ({channel}): {outcome.reply}{advice}")
    sys.exit(0 if is_well else 1)


@group.command("list")
@click.option(
    "--most",
    type=click.IntRange(1, 1000),
    default=50,
    show_default=True,
    help="How many alerts to list.",
)
@common.format_option
def list_alerts(most: int, as_json: bool) -> None:
    """List the newest alerts, sent or waiting, and the state of delivery to each recipient."""
    recipients = _recipients()
    with report_errors():
        with lookup.database().reading() as connection:
            newest = alerts.newest(connection, most)
            states = alerts.delivery_states(connection, list(recipients))
        lines = [_line(queued, recipients.get(queued.recipient)) for queued in newest]
    if as_json:
        rows = [_row(queued, recipients.get(queued.recipient)) for queued in newest]
        click.echo(json.dumps(rows, indent=2))
        return
    for key, state in states.items():
        fault = f" {state.fault}" if state.fault else ""
        lines.append(f"{recipients[key].name}: {state.waiting} waiting.{fault}")
    for line in lines:
        click.echo(line)


def _line(queued: QueuedAlert, recipient: Recipient | None) -> str:
    state = "sent   " if queued.sent_at else "waiting"
    noticed = dates.format_datetime(queued.noticed_at, lookup.staff_locale())
    name = recipient.name if recipient else "a recipient that is no longer in the settings"
    return f"{state}  {noticed}, to {name}: {queued.alert.text}"


def _row(queued: QueuedAlert, recipient: Recipient | None) -> dict[str, str | None]:
    return {
        "kind": queued.alert.kind,
        "title": queued.alert.title,
        "text": queued.alert.text,
        "to": recipient.name if recipient else None,
        "noticed_at": queued.noticed_at.isoformat(),
        "sent_at": queued.sent_at.isoformat() if queued.sent_at else None,
    }


def _recipients() -> dict[str, Recipient]:
    recipients = alert_recipients.recipients(current_app.config)
    return {recipient.key: recipient for recipient in recipients}


def _check_settings() -> bool:
    """Return whether the settings are complete, else print what is missing.

    Exit with status 1 if they name no recipient.
    """
    missing = alert_recipients.missing_settings(current_app.config)
    if missing is not None:
        click.echo(f"Error: {missing}", err=True)
        if not _recipients():
            sys.exit(1)
    return missing is None
