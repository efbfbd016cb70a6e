"""flask calls ...: what became of calls, and what is kept of them for no longer than needed."""

import json
from datetime import timedelta

import click
from flask.cli import AppGroup

from routing import lookup
from routing.cli import common
from routing.cli import purge as purging
from routing.cli.common import report_errors
from routing.store import call_report
from routing.store import calls as log
from routing.store.retention import CALL_RULE
from routing.text.staff_text import CALL_OUTCOMES

group = AppGroup("calls", help="The call log: counts, and deleting what is old. Never who rang.")

_AHEAD = timedelta(days=1)
"""In a rehearsal each process has a clock of its own: one that answers calls may be ahead."""

days = click.option(
    "--days", type=click.IntRange(1, 9999), default=30, show_default=True, help="So many days back."
)


@group.command("summary")
@days
@common.format_option
def summary(days: int, form: str) -> None:
    """Count calls by service, by the line rung first, and by how they ended."""
    with report_errors():
        at = lookup.now()
        with lookup.database().reading() as connection:
            first = at - timedelta(days=days)
            found = call_report.counts(connection, first, at + _AHEAD, at)
    rows = sorted(
        found.items(), key=lambda each: (*each[0][:2], list(CALL_OUTCOMES).index(each[0][2]))
    )
    if form == "json":
        told = [
            {"service": service, "line": line, "outcome": outcome, "calls": count}
            for (service, line, outcome), count in rows
        ]
        click.echo(json.dumps(told, indent=2))
        return
    for (service, line, outcome), count in rows:
        click.echo(f"{count:>6}  {service}, first to {line}: {CALL_OUTCOMES[outcome].lower()}")
    total = sum(found.values())
    missed = sum(n for (_, _, outcome), n in found.items() if outcome not in (log.ANSWERED, None))
    click.echo(f"{total:>6}  calls in the last {days} days; {missed} that nobody answered.")


@group.command("purge")
def purge() -> None:
    """Delete every call older than CALL_RETENTION_DAYS. `flask purge` does this too."""
    purging.run(CALL_RULE)
