"""flask calls ...: what became of calls, and what is kept of them for no longer than needed."""

import json
from datetime import datetime, timedelta

import click
from flask import current_app
from flask.cli import AppGroup

from routing import enquiry
from routing.commands import options
from routing.commands.terminal import actor, in_words
from routing.storage import call_report
from routing.storage import calls as log
from routing.storage.changes import record
from routing.wording.calls import OUTCOMES

group = AppGroup("calls", help="The call log: counts, and deleting what is old. Never who rang.")

_AHEAD = timedelta(days=1)
"""In a rehearsal each process has a clock of its own: one that answers calls may be ahead."""

days = click.option(
    "--days", type=click.IntRange(1, 9999), default=30, show_default=True, help="So many days back."
)


@group.command("summary")
@days
@options.form
def summary(days: int, form: str) -> None:
    """Count calls by service, by the line rung first, and by how they ended."""
    with in_words():
        at = enquiry.now()
        with enquiry.database().reading() as connection:
            first = at - timedelta(days=days)
            found = call_report.counts(connection, first, at + _AHEAD, at)
    rows = sorted(found.items(), key=lambda each: (*each[0][:2], list(OUTCOMES).index(each[0][2])))
    if form == "json":
        told = [
            {"service": service, "line": line, "outcome": outcome, "calls": count}
            for (service, line, outcome), count in rows
        ]
        click.echo(json.dumps(told, indent=2))
        return
    for (service, line, outcome), count in rows:
        click.echo(f"{count:>6}  {service}, first to {line}: {OUTCOMES[outcome].lower()}")
    total = sum(found.values())
    missed = sum(n for (_, _, outcome), n in found.items() if outcome not in (log.ANSWERED, None))
    click.echo(f"{total:>6}  calls in the last {days} days; {missed} that nobody answered.")


@group.command("purge")
def purge() -> None:
    """Delete every call older than CALL_RETENTION_DAYS. Run it every day."""
    kept = int(current_app.config["CALL_RETENTION_DAYS"])
    before = enquiry.now() - timedelta(days=kept)
    total = 0
    with in_words():
        while gone := _purge(before):
            total += gone
    click.echo(f"{total} calls older than {kept} days are deleted.")


def _purge(before: datetime) -> int:
    with enquiry.database().writing() as connection:
        gone = log.purge(connection, before)
        if gone:
            told = {"before": before.isoformat(timespec="seconds"), "calls": gone}
            record(connection, enquiry.now(), actor(), "calls.purged", "calls", after=told)
    return gone
