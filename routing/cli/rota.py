"""flask rota ...: who is on duty, what is not covered, and the rota as a spreadsheet."""

import json
from datetime import datetime, timedelta
from typing import BinaryIO

import click
from flask.cli import AppGroup

from routing import lookup, rota_service
from routing.cli import common
from routing.cli import purge as purging
from routing.cli.common import actor, report_errors
from routing.core.instants import Span
from routing.errors import InvalidSpreadsheet
from routing.formats.json import timestamp as written
from routing.rota import descriptions, spreadsheet
from routing.rota import filling as filling
from routing.rota.filling import DayKind, TurnLength
from routing.rota.roster import CONTEXT_MARGIN, NewShift
from routing.store.retention import ROTA_RULE
from routing.text import staff_text, time_parsing

group = AppGroup("rota", help="Who is on duty, and when nobody is.")

_DATE = click.DateTime(["%Y-%m-%d"])


@group.command("who")
@click.option("--at", "asked", metavar="T", help="At 2026-12-24T17:00:00Z or '2026-12-24 17:00'.")
def who(asked: str | None) -> None:
    """Tell who is on duty now, or at T, by role, until when, and who then."""
    with report_errors():
        locale = lookup.staff_locale()
        at = time_parsing.parse_local(asked, locale.zone) if asked else lookup.now()
        found = rota_service.read_rota(at, at + rota_service.GAP_LOOKAHEAD)
    for role in found.roles:
        name, when = descriptions.describe_now(found.roster, role, found.names, at, locale)
        click.echo(f"{descriptions.role_name(role)}: {name}, {when}.")
    if not found.roles:
        click.echo("The directory has no `rota`: nobody must be on duty.")


@group.command("gaps")
@common.from_option
@click.option("--days", type=click.IntRange(1, 3650), default=28, show_default=True)
@common.format_option
def gaps(first: datetime | None, days: int, form: str) -> None:
    """Tell every gap: when fewer people are on duty than the directory says must be.

    Those that begin from now on, or from the midnight that begins D, and before so many days are
    over; each is told whole. Told too, in words alone: who is on duty though nobody is needed.
    Exit status 1 when there is a gap.
    """
    with report_errors():
        at, locale = lookup.now().replace(microsecond=0), lookup.staff_locale()
        period = Span(at, at + timedelta(days=days))
        if first is not None:
            period = common.local_period(lookup.snapshot(), first, days)
        found = rota_service.read_rota(period.start, period.end + CONTEXT_MARGIN)
        gaps_ahead = found.gaps(period.start, period.end)
        idle = found.surplus(period.start, period.end)
    if form == "json":
        rows = [
            {"role": role.id, "from": written(x.start, locale), "to": written(x.end, locale)}
            for role, x, _ in gaps_ahead
        ]
        click.echo(json.dumps(rows, indent=2))
    else:
        for role, span, missing in gaps_ahead:
            hours = f"{round((span.end - span.start) / timedelta(hours=1), 2):g} hours"
            click.echo(f"{descriptions.describe_gap(role, span, missing, at, locale)} ({hours}).")
        for role, span in idle:
            click.echo(
                f"{descriptions.describe_surplus(found.roster, role, span, found.names, at, locale)}."
            )
        if not gaps_ahead:
            click.echo(f"No gap in {days} {'day' if days == 1 else 'days'}.")
    raise SystemExit(common.EXIT_FOUND if gaps_ahead else 0)


@group.command("export")
@common.from_option
@click.option("--days", type=click.IntRange(1, 3650), default=400, show_default=True)
def export(first: datetime | None, days: int) -> None:
    """Write who is really on duty as CSV: from today, or from D, those who are on it meanwhile."""
    with report_errors():
        period = common.local_period(lookup.snapshot(), first, days)
        click.echo(rota_service.export_csv(period), nl=False)


@group.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--add-people", is_flag=True, help="Put whoever is not on the rota yet there.")
def import_(file: BinaryIO, add_people: bool) -> None:
    """Add the shifts of a CSV file with the columns role,starts,ends,person: all, or none.

    Times are local, 2026-12-24 17:00 or 24/12/2026 17:00. FILE may be - for standard input. A shift
    that is on the rota already is passed over.
    """
    with report_errors():
        data = file.read(spreadsheet.MAX_BYTES + 1)
        try:
            result = rota_service.import_spreadsheet(data, actor(), add_people)
        except InvalidSpreadsheet as error:
            raise click.ClickException(f"Nothing is imported.\n{error}") from error
    there = f" {result.known} were there already." if result.known else ""
    change = result.change.id if result.change else None
    click.echo(f"{result.added} shifts are added.{there}{_undone_by(change)}")


@group.command("fill")
@click.option("--role", required=True, help="The role, by its key in the directory.")
@click.option("--from", "first", required=True, metavar="D", type=_DATE, help="The first day.")
@click.option("--to", "last", required=True, metavar="D", type=_DATE, help="The last day.")
@click.option("--people", required=True, metavar="A,B,C", help="Who takes turns, in their order.")
@click.option("--turn", type=click.Choice(["week", "slot"]), default="week", show_default=True)
@click.option("--working-day", metavar="T,T", help="When shifts begin on working days, as 17:00.")
@click.option("--weekend", metavar="T,T", help="And on Saturdays and Sundays.")
@click.option("--bank-holiday", metavar="T,T", help="And on bank holidays.")
@click.option("--yes", is_flag=True, help="Add the shifts; without it they are only told.")
def fill(
    role: str,
    first: datetime,
    last: datetime,
    people: str,
    turn: str,
    working_day: str | None,
    weekend: str | None,
    bank_holiday: str | None,
    yes: bool,
) -> None:
    """Fill the gaps of a role with people in turn: a week each, or a slot each.

    What must be covered follows from the directory. It is cut into shifts where a shift usually
    begins or ends, or at the times that you give for a kind of day.
    """
    own = dict(zip(DayKind, (working_day, weekend, bank_holiday), strict=True))
    with report_errors():
        times = {kind: filling.parse_times(text) for kind, text in own.items() if text}
        found, planned = rota_service.propose_fill(
            role, first.date(), last.date(), people.split(","), TurnLength(turn), times
        )
        at, locale, names = lookup.now(), lookup.staff_locale(), found.names
        for each in planned:
            name = names[each.person_id] if each.person_id is not None else "nobody is free"
            click.echo(f"{staff_text.format_span(each.during, at, locale)}: {name}")
        shifts = [NewShift(role, x.person_id, x.during) for x in planned if x.person_id is not None]
        for clash in found.new_clashes(shifts):
            said = descriptions.describe_clash(clash, found.roster.roles, names, at, locale)
            click.echo(f"Look again: {said}.")
        if not yes:
            click.echo(f"{len(shifts)} shifts would be added. Add --yes to add them.")
            return
        batch = rota_service.save_change("filled", shifts, found, actor())
    click.echo(f"{len(shifts)} shifts are added.{_undone_by(batch.id)}")


@group.command("undo")
@click.argument("change", type=int)
def undo(change: int) -> None:
    """Undo a change of the rota by its number. What it did until now stays."""
    with report_errors():
        rota_service.undo_change(change, actor())
    click.echo(f"Change {change} is undone.")


@group.command("purge")
def purge() -> None:
    """Forget who did what past ROTA_RETENTION_DAYS, and leavers. `flask purge` does this too."""
    purging.run(ROTA_RULE)


def _undone_by(batch: int | None) -> str:
    return f" `flask rota undo {batch}` takes them back." if batch is not None else ""
