"""flask alerts ...: telling a person what should not wait until somebody looks."""

import json
import sys

import click
from flask import current_app
from flask.cli import AppGroup

from routing import lookup
from routing.alerts import delivery, messages, recipients, rounds
from routing.cli import common
from routing.cli.common import report_errors
from routing.config import base_url
from routing.store import alerts
from routing.text import dates

group = AppGroup("alerts", help="Tell a person, by email or webhook, what should not wait.")


@group.command("send")
@click.option("--now", "impatient", is_flag=True, help="Wait for no pause: once it is mended.")
def send(impatient: bool) -> None:
    """Send what is new, and what could not be sent before. Run it every minute.

    Each recipient is told of each thing once, with what else happened within ten minutes. Exit
    status 1 while any recipient cannot be told, or where nobody is to be told.
    """
    complete = _complete()
    with report_errors():
        found = rounds.send(impatient)
    for each in found:
        if each.sent:
            click.echo(f"{each.recipient.name}: told of {each.sent}.")
        if each.fault is not None:
            said = f"{each.recipient.name}: not told of {each.waiting} yet. {each.fault}"
            click.echo(said, err=True)
    if not any(each.sent or each.fault for each in found):
        click.echo("Nothing to tell just now.")
    sys.exit(0 if complete and all(each.fault is None for each in found) else 1)


@group.command("test")
def test() -> None:
    """Send a test to every recipient at once, and say of each whether it was taken.

    It needs neither the directory nor the database, and changes nothing.
    """
    well = _complete()
    base, rehearsing = base_url(current_app.config), lookup.is_rehearsal()
    message = messages.test(lookup.now(), base, rehearsing)
    known = recipients.recipients(current_app.config)
    for each, fault in delivery.send(current_app.config, dict.fromkeys(known, message)):
        well = well and fault is None
        click.echo(f"{each.name}: {fault or 'taken. See that it has arrived.'}")
    sys.exit(0 if well else 1)


@group.command("list")
@click.option("--most", type=click.IntRange(1, 1000), default=50, show_default=True)
@common.format_option
def tell(most: int, as_json: bool) -> None:
    """List the newest alerts, sent or waiting, and how sending to each recipient stands."""
    known = {each.key: each for each in recipients.recipients(current_app.config)}
    with report_errors():
        locale = lookup.staff_locale()
        with lookup.database().reading() as connection:
            found = alerts.newest(connection, most)
            states = alerts.delivery_states(connection, list(known))
    names = {key: each.name for key, each in known.items()}
    if as_json:
        told = [
            {
                "kind": each.alert.kind,
                "title": each.alert.title,
                "text": each.alert.text,
                "to": names.get(each.recipient),
                "noticed_at": each.noticed_at.isoformat(),
                "sent_at": each.sent_at and each.sent_at.isoformat(),
            }
            for each in found
        ]
        click.echo(json.dumps(told, indent=2))
        return
    for each in found:
        state = "sent   " if each.sent_at else "waiting"
        noticed = dates.format_datetime(each.noticed_at, locale)
        to = names.get(each.recipient, "somebody whom the settings do not name any more")
        click.echo(f"{state}  {noticed}, to {to}: {each.alert.text}")
    for key, state_of in states.items():
        fault = f" {state_of.fault}" if state_of.fault else ""
        click.echo(f"{names[key]}: {state_of.waiting} waiting.{fault}")


def _complete() -> bool:
    """Say whether the settings lack nothing, and what they lack; end where they name nobody."""
    lacking = recipients.lacking(current_app.config)
    if lacking is not None:
        click.echo(f"Error: {lacking}", err=True)
        if not recipients.recipients(current_app.config):
            sys.exit(1)
    return lacking is None
