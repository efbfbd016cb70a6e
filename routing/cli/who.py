"""flask who: who takes a call, now or at another time."""

import json as text

import click
from flask.cli import with_appcontext

from routing import lookup
from routing.cli import plain
from routing.cli.common import DIVERT_TIMEOUT_SECONDS
from routing.errors import InvalidDirectory, InvalidTime, UnknownService
from routing.formats import json
from routing.text import time_parsing


@click.command("who")
@click.argument("service", required=False)
@click.option("--at", metavar="T", help="Another time: 2026-12-24T17:00:00Z or '2026-12-24 17:00'.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@with_appcontext
def who(service: str | None, at: str | None, form: str) -> None:
    """Say who takes a call about SERVICE (the first one), why, and until when."""
    try:
        facts, locale = lookup.snapshot(), lookup.locale()
        lookup.read_diverts(max_age=0, patience=DIVERT_TIMEOUT_SECONDS)
        asked = time_parsing.parse_local(at, locale.zone) if at else lookup.now()
        found = lookup.who_to_call(service, asked)
    except (InvalidTime, UnknownService) as error:
        raise click.UsageError(str(error)) from error
    except InvalidDirectory as error:
        raise click.ClickException(str(error)) from error
    if form == "json":
        body = json.decision_json(found, asked, facts, locale, lookup.is_rehearsal())
        click.echo(text.dumps(body, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(plain.decision_lines(found, asked, facts, locale)))
