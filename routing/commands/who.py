"""flask who: who takes a call, now or at another time."""

import json as text

import click
from flask.cli import with_appcontext

from routing import enquiry, typed
from routing.commands.terminal import PATIENCE
from routing.errors import BadTime, DirectoryInvalid, UnknownService
from routing.formats import json, plain


@click.command("who")
@click.argument("service", required=False)
@click.option("--at", metavar="T", help="Another time: 2026-12-24T17:00:00Z or '2026-12-24 17:00'.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@with_appcontext
def who(service: str | None, at: str | None, form: str) -> None:
    """Say who takes a call about SERVICE (the first one), why, and until when."""
    try:
        facts, voice = enquiry.facts(), enquiry.voice()
        enquiry.read_diverts(max_age=0, patience=PATIENCE)
        asked = typed.read_local(at, voice.zone) if at else enquiry.now()
        found = enquiry.who_to_call(service, asked)
    except (BadTime, UnknownService) as error:
        raise click.UsageError(str(error)) from error
    except DirectoryInvalid as error:
        raise click.ClickException(str(error)) from error
    if form == "json":
        body = json.decision(found, asked, facts, voice, enquiry.rehearsing())
        click.echo(text.dumps(body, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(plain.decision(found, asked, facts, voice)))
