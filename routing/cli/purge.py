"""flask purge: nothing about people is kept for longer than it is needed."""

from itertools import zip_longest

import click
from flask import current_app
from flask.cli import with_appcontext

from routing import lookup
from routing.cli.common import actor, report_errors
from routing.store.retention import RULES, RetentionRule


@click.command("purge")
@with_appcontext
def purge() -> None:
    """Delete or forget all that was kept long enough. Run it every day.

    That is calls, notes, names, accounts that nobody uses, and what has ended by itself.
    """
    run(*RULES)


def run(*rules: RetentionRule) -> None:
    """Purge by some rules, one after another, so that nobody waits long. Tell what is gone."""
    with report_errors():
        database, settings = lookup.database(), current_app.config
        for rule in rules:
            at, more = lookup.now(), True
            before, counts = rule.cutoff(settings, at), tuple[int, ...]()
            while more:
                with database.writing() as connection:
                    gone = rule.purge(connection, before, at, actor())
                    more = any(gone) and rule.is_overdue(connection, before)
                counts = tuple(map(sum, zip_longest(counts, gone, fillvalue=0)))
            click.echo(rule.summary(settings, counts))
        if not database.scrub():
            click.echo("The database is busy: the disk forgets it the next time.", err=True)
