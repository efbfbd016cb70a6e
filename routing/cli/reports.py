"""flask directory gaps and diff: what nobody publishes, and what a change would do."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path

import click
from flask.cli import with_appcontext

from routing import lookup
from routing.cli import common, findings
from routing.core.diff import compare
from routing.core.gaps import find_gaps
from routing.core.instants import Span
from routing.directory.last_good import LastGoodDirectory
from routing.text import dates
from routing.text.locale import Locale


@click.command("gaps")
@click.argument("file", required=False, type=common.FILE_PATH)
@common.from_option
@common.days_option
@common.format_option
@with_appcontext
def tell_gaps(file: Path | None, first: datetime | None, days: int, form: str) -> None:
    """Tell when no line, or more than one, of a service in FILE says that it answers.

    In a gap the out-of-hours line takes the calls, but nobody has published that it answers then.
    Exit status 1 when anything is found, 2 when FILE cannot be read.
    """
    path = file or common.directory_path()
    facts = common.load_snapshot(path)
    locale, period = lookup.staff_locale(facts), common.local_period(facts, first, days)
    found = {
        service: list(find_gaps(facts.timetables, service.id, period.start, period.end))
        for service in facts.directory.services
    }
    _tell(
        form,
        [findings.gaps_json(service, each, locale) for service, each in found.items()],
        f"{path}, {_said(period, locale)}:",
        {
            f"{service.name.get(locale.language)} ({service.id})": (
                findings.gaps_text(each, period, locale) or ["no gap and no overlap"]
            )
            for service, each in found.items()
        },
    )
    raise SystemExit(common.EXIT_FOUND if any(found.values()) else 0)


@click.command("diff")
@click.argument("old", type=common.FILE_PATH)
@click.argument("new", required=False, type=common.FILE_PATH)
@common.from_option
@common.days_option
@common.format_option
@with_appcontext
def diff(old: Path, new: Path | None, first: datetime | None, days: int, form: str) -> None:
    """Tell every period in which the answer changes from OLD to NEW.

    With one file, that one is NEW, and OLD is the directory that the service runs on. Exit status
    1 when an answer changes, 2 when a file cannot be read.
    """
    if new is None:
        old, new = _running(), old
    before, after = common.load_snapshot(old), common.load_snapshot(new)
    locale, period = lookup.staff_locale(after), common.local_period(after, first, days)
    services = [*after.timetables.services, *before.timetables.services]
    found = {
        service: list(
            compare(before.timetables, after.timetables, service, period.start, period.end)
        )
        for service in dict.fromkeys(services)
    }
    _tell(
        form,
        [findings.changes_json(service, each, locale) for service, each in found.items()],
        f"From {old} to {new}, {_said(period, locale)}:",
        {
            service: findings.changes_text(each, period, locale) or ["the same at all hours"]
            for service, each in found.items()
        },
    )
    raise SystemExit(common.EXIT_FOUND if any(found.values()) else 0)


def _tell(
    form: str, rows: list[findings.Json], heading: str, sections: Mapping[str, Sequence[str]]
) -> None:
    if form == "json":
        click.echo(json.dumps(list(chain.from_iterable(rows))))
        return
    click.echo(heading)
    for title, lines in sections.items():
        click.echo("\n".join(["", title, *(f"  {line}" for line in lines)]))


def _running() -> Path:
    """Return the copy of the directory that the service runs on."""
    kept = LastGoodDirectory(lookup.instance_path()).file
    if not kept.exists():
        raise click.UsageError(
            f"There is no {kept}: the service has not run here. Name two files, OLD and NEW."
        )
    return kept


def _said(period: Span, locale: Locale) -> str:
    first, last = (edge.astimezone(locale.zone).date() for edge in (period.start, period.end))
    return f"{dates.format_date(first, locale)} to {dates.format_date(last, locale)}"
