"""who-to-call rota: who is on duty, gaps, and the rota as a spreadsheet."""

from datetime import date, timedelta
from typing import BinaryIO

import click

from routing import lookup, rota_service
from routing.cli.common import (
    AT_FORMATS,
    EXIT_FOUND,
    CommandGroup,
    actor,
    count_of,
    days_option,
    format_option,
    from_option,
    local_period,
    parse_date,
    print_report,
)
from routing.cli.maintenance import run_purge
from routing.formats import span_json, timestamp
from routing.rota import filling, spreadsheet
from routing.rota.descriptions import RotaText
from routing.rota.roster import CONTEXT_MARGIN
from routing.store.retention import ROTA_RULE
from routing.text import time_parsing

group = CommandGroup("rota", help="Who is on duty, and when nobody is.")

_NO_ROLES = "The directory has no `rota`, so it does not say who must be on duty."


@group.command("who")
@click.option("--at", "time", metavar="T", help=f"Another time: {AT_FORMATS}. [default: now]")
@format_option
def who(time: str | None, as_json: bool) -> None:
    """Show who is on duty in each role, until when, and who is next."""
    locale = lookup.staff_locale()
    at = lookup.now() if time is None else time_parsing.parse_local(time, locale.zone)
    end = at + rota_service.GAP_LOOKAHEAD
    rota = rota_service.read_rota(at, end)
    rows, lines = [], []
    for role in rota.roles.values():
        span, staffing = next(iter(rota.merged_staffing(role.id, at, end)))
        rows.append(
            {
                "role": role.id,
                "needed": staffing.needed,
                "people": [rota.names[person_id] for person_id in staffing.person_ids],
                "until": timestamp(span.end, locale) if span.end < end else None,
            }
        )
        now = ", ".join(RotaText(rota, at).now(role))
        lines.append(f"{rota.role_names[role.id]}: {now}.")
    print_report(as_json, rows, lines or [_NO_ROLES])


@group.command("gaps")
@from_option
@days_option(28, "Gaps that start within this many days.")
@format_option
def gaps(first: date | None, days: int, as_json: bool) -> None:
    """List gaps: times when fewer people are on duty than the directory requires.

    This covers gaps that start within DAYS days of now (or of D). The text output also lists
    clashes, and people who are on duty when nobody is needed. Exit status 1 if there is a gap.
    """
    at, locale = lookup.now().replace(microsecond=0), lookup.staff_locale()
    start, end = at, at + timedelta(days=days)
    if first is not None:
        period = local_period(lookup.snapshot(), first, days)
        start, end = period.start, period.end
    rota = rota_service.read_rota(start, end + CONTEXT_MARGIN)
    rota_gaps, text, lines = rota.gaps(start, end), RotaText(rota, at), []
    for gap in rota_gaps:
        hours = round((gap.during.end - gap.during.start) / timedelta(hours=1), 2)
        lines.append(f"{text.gap(*gap)} ({hours:g} hours).")
    lines += [f"{surplus}." for surplus in text.surplus(start, end)]
    lines += [f"Clash: {text.clash(clash)}." for clash in rota.clashes(start, end)]
    if not rota_gaps:
        lines.append(f"No gaps in {count_of(days, 'day')}." if rota.roles else _NO_ROLES)
    rows = [{"role": gap.role.id, **span_json(gap.during, locale)} for gap in rota_gaps]
    print_report(as_json, rows, lines)
    raise SystemExit(EXIT_FOUND if rota_gaps else 0)


@group.command("export")
@from_option
@days_option(400, "How many days to export.")
def export(first: date | None, days: int) -> None:
    """Print who is on duty as CSV, with covers applied."""
    period = local_period(lookup.snapshot(), first, days)
    click.echo(rota_service.export_csv(period), nl=False)


@group.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--add-people", is_flag=True, help="Add people who are not on the rota yet.")
@click.option(
    "--replace", is_flag=True, help="Leave exactly this file in its roles and its period."
)
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
def import_(file: BinaryIO, add_people: bool, replace: bool, dry_run: bool) -> None:
    """Import shifts from a CSV file with the columns role,starts,ends,person.

    Times are local, the day first: 24/12/2026 17:00 or 2026-12-24 17:00. If any row has an error,
    nothing is imported. Shifts that are on the rota already are skipped. A corrected file needs
    --replace: without it shifts are only added. It replaces what lies between the file's first
    shift and its last, and what an earlier file of the same name had. FILE may be - for standard
    input.
    """
    data = file.read(spreadsheet.MAX_BYTES + 1)
    name = getattr(file, "name", "").removeprefix("<stdin>")
    plan = rota_service.plan_import(data, add_people, replace, name)
    compared = plan.difference
    if replace or dry_run:
        for line in RotaText(plan.rota, lookup.now()).difference(compared):
            click.echo(line)
    for warning in plan.warnings:
        click.echo(f"Warning: {warning}")
    if plan.new_people:
        click.echo(f"New on the rota: {', '.join(plan.new_people.values())}.")
    counts = f"Added {count_of(len(compared.added), 'shift')}"
    if compared.changed or compared.removed:
        counts += f", changed {len(compared.changed)}, removed {len(compared.removed)}"
    if dry_run:
        click.echo(f"Nothing was saved. This would be: {counts}.")
        return
    change = None if compared.is_empty else rota_service.save_change(plan, actor())
    skipped = f" {compared.unchanged} were already on the rota." if compared.unchanged else ""
    click.echo(f"{counts}.{skipped}{_undo_hint(change.id) if change else ''}")


@group.command("fill")
@click.option("--role", "role_id", required=True, help="The key of a role in the directory.")
@click.option("--from", "first", required=True, metavar="D", type=parse_date, help="The first day.")
@click.option("--to", "last", required=True, metavar="D", type=parse_date, help="The last day.")
@click.option("--people", required=True, metavar="A,B,C", help="Who takes turns, in order.")
@click.option(
    "--turn",
    default="7",
    metavar="DAYS",
    show_default=True,
    help="How many days a turn lasts: 14 is a fortnight; or slot, for a shift each.",
)
@click.option(
    "--turn-begins",
    default="Monday",
    metavar="DAY [T]",
    show_default=True,
    help="When a turn begins, as 'friday 17:00'. Empty: on the first day.",
)
@click.option("--yes", is_flag=True, help="Add the shifts. Without it they are only shown.")
def fill(
    role_id: str,
    first: date,
    last: date,
    people: str,
    turn: str,
    turn_begins: str,
    yes: bool,
) -> None:
    """Fill the gaps in a role with people in turn.

    The directory says when somebody is needed. That time is cut into shifts at the usual handovers.
    Other times can be given on the page.
    """
    turns = filling.parse_turn(turn, turn_begins)
    proposal, slots = rota_service.propose_fill(role_id, first, last, people.split(","), turns)
    text, names = RotaText(proposal.rota, lookup.now()), proposal.rota.names
    for shift in slots:
        name = names[shift.person_id] if shift.person_id else "nobody is free"
        click.echo(f"{text.span(shift.during)}: {name}")
    for warning in proposal.warnings:
        click.echo(f"Warning: {warning}")
    count = count_of(len(proposal.changes), "shift")
    if not yes:
        click.echo(f"This would add {count}. To add, use --yes.")
        return
    change = rota_service.save_change(proposal, actor())
    click.echo(f"Added {count}.{_undo_hint(change.id)}")


@group.command("undo")
@click.argument("change", type=int)
def undo(change: int) -> None:
    """Undo a change of the rota by its number. Hours already worked stay as they were."""
    rota_service.undo_change(change, actor())
    click.echo(f"Change {change} is undone.")


@group.command("purge")
def purge() -> None:
    """Anonymise shifts older than ROTA_RETENTION_DAYS, and people who have left.

    `who-to-call purge` does this too.
    """
    run_purge(ROTA_RULE)


def _undo_hint(change_id: int) -> str:
    return f" To undo: who-to-call rota undo {change_id}"
