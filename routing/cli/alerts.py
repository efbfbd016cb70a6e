"""who-to-call alerts: send what cannot wait to people, by email or webhook."""

import sys

import click
from flask import current_app
from sqlalchemy.engine import Connection

from routing import alert_delivery, health, lookup
from routing.cli.common import (
    DIVERT_TIMEOUT_SECONDS,
    CommandGroup,
    format_option,
    print_report,
)
from routing.config import alert_recipients, alerts_fault, base_url
from routing.store import alerts
from routing.text import dates

group = CommandGroup("alerts", help="Send alerts by email or webhook, and list them.")

MAX_LISTED = 50


@group.command("send")
def send() -> None:
    """Send new alerts, and those that could not be sent before; print what was sent, if anything.

    `who-to-call timers` does this every minute. Each recipient gets each alert once, together with
    whatever else happened within ten minutes. Exit status 1 if any recipient cannot be reached, or
    if there is none.
    """
    is_complete = _check_settings()
    lookup.read_diverts(max_age=0, timeout=DIVERT_TIMEOUT_SECONDS)
    for recipient, count in alert_delivery.send_alerts(health.conditions()).items():
        click.echo(f"{recipient.name}: {count} sent.")
    with lookup.database().reading() as connection:
        faults = _delivery_faults(connection)
    for fault in faults:
        click.echo(fault, err=True)
    sys.exit(1 if faults or not is_complete else 0)


@group.command("test")
def test() -> None:
    """Send a test to every recipient now, and print each one's channel and what came back.

    This needs neither the directory nor the database, and changes nothing. Exit status 1 if any
    recipient did not accept it.
    """
    is_well, settings = _check_settings(), current_app.config
    message = alert_delivery.build_test(lookup.now(), base_url(settings))
    recipients = dict.fromkeys(alert_recipients(settings), message)
    for outcome in alert_delivery.deliver(settings, recipients):
        is_well = is_well and outcome.is_accepted
        webhook = f"webhook, {settings['ALERT_WEBHOOK_FORMAT']}"
        channel = "email" if outcome.recipient.address else webhook
        advice = " Check that it has arrived." if outcome.is_accepted else ""
        click.echo(f"{outcome.recipient.name} ({channel}): {outcome.reply}{advice}")
    sys.exit(0 if is_well else 1)


@group.command("list")
@format_option
def list_alerts(as_json: bool) -> None:
    """List the newest 50 alerts, sent or waiting, and why any recipient gets none."""
    names = {recipient.key: recipient.name for recipient in alert_recipients(current_app.config)}
    removed = "a recipient that is no longer in the settings"
    with lookup.database().reading() as connection:
        newest, faults = alerts.newest(connection, MAX_LISTED), _delivery_faults(connection)
    locale = lookup.staff_locale()
    rows, lines = [], []
    for queued in newest:
        recipient, noticed_at = names.get(queued.recipient, removed), queued.noticed_at
        rows.append(
            {
                "kind": queued.kind,
                "text": queued.text,
                "to": recipient,
                "noticed_at": noticed_at.isoformat(),
                "sent_at": queued.sent_at and queued.sent_at.isoformat(),
            }
        )
        lines.append(
            f"{'sent   ' if queued.sent_at else 'waiting'}  "
            f"{dates.format_datetime(noticed_at, locale)}, to {recipient}: {queued.text}"
        )
    print_report(as_json, rows, [*lines, *faults])


def _delivery_faults(connection: Connection) -> list[str]:
    failing = alerts.failing(connection, alert_recipients(current_app.config))
    return [f"{job.name}: not sent yet. {job.fault}" for job in failing]


def _check_settings() -> bool:
    """Return whether the settings are complete, else print what is missing.

    Exit with status 1 if they name no recipient.
    """
    fault, recipients = alerts_fault(current_app.config), alert_recipients(current_app.config)
    if fault is None and not recipients:
        fault = "Nobody is alerted: unset ALERTS or, in a rehearsal, CLOCK_STARTS_AT."
    if fault is not None:
        click.echo(f"Error: {fault}", err=True)
    if not recipients:
        sys.exit(1)
    return fault is None
