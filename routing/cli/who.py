"""who-to-call who: who takes a call, now or at another time."""

import json
from datetime import datetime

import click
from flask.cli import with_appcontext

from routing import lookup
from routing.cli.common import AT_FORMATS, DIVERT_TIMEOUT_SECONDS, format_option
from routing.core.answer import Decision
from routing.errors import InvalidDirectory, InvalidTime, UnknownService
from routing.formats import json as json_format
from routing.snapshot import Snapshot
from routing.text import dates, sentences, time_parsing
from routing.text.locale import Locale


@click.command("who")
@click.argument("service", required=False)
@click.option("--at", "time", metavar="T", help=f"Another time: {AT_FORMATS}. [default: now]")
@format_option
@with_appcontext
def who(service: str | None, time: str | None, as_json: bool) -> None:
    """Show who takes a call about SERVICE, why and until when.

    Without SERVICE, show the first service in the directory.
    """
    lookup.copy_holiday_list()
    try:
        snapshot, locale = lookup.snapshot(), lookup.locale()
        lookup.read_diverts(max_age=0, timeout=DIVERT_TIMEOUT_SECONDS)
        at = time_parsing.parse_local(time, locale.zone) if time else lookup.now()
        decision = lookup.who_to_call(service, at)
    except (InvalidTime, UnknownService) as error:
        raise click.UsageError(str(error)) from error
    except InvalidDirectory as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        body = json_format.decision_json(decision, at, snapshot, locale, lookup.is_rehearsal())
        click.echo(json.dumps(body, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_decision_lines(decision, at, snapshot, locale)))


def _decision_lines(
    decision: Decision, at: datetime, snapshot: Snapshot, locale: Locale
) -> list[str]:
    """Return the answer as lines: who to call, why, what comes next, and 999."""
    line, language = decision.line, locale.language
    options = "" if line.options is None else f" ({line.options.get(language)})"
    call = sentences.call_sentence(decision, f"{decision.phone.display}{options}", at, locale)
    is_confirmed = decision.service.confirmed
    details = [
        call,
        sentences.reason_sentence(decision, at, locale, snapshot.holidays.dates),
        sentences.next_sentence(decision, at, locale),
        None if is_confirmed else locale.translate("Not yet confirmed by the council."),
        json_format.assumption(decision, at, snapshot, locale),
        snapshot.directory.emergency.get(language),
    ]
    heading = f"{decision.service.name.get(language)}, {dates.format_datetime(at, locale)}:"
    return [heading, *(f"  {detail}" for detail in details if detail)]
