"""who-to-call divert: what the staff page does, for when it or the identity provider is down."""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import click

from routing import divert_rules, lookup
from routing.cli.common import (
    AT_FORMATS,
    DIVERT_TIMEOUT_SECONDS,
    CommandGroup,
    actor,
    format_option,
    print_report,
)
from routing.core.decision import Divert
from routing.divert_rules import DIVERT_ENDS
from routing.errors import InvalidDivert, InvalidTime
from routing.formats import span_json
from routing.store import diverts
from routing.store.diverts import DivertRow
from routing.text import staff_text, time_parsing

group = CommandGroup("divert", help="Send a service's calls to another line, until a time.")

until_option = click.option(
    "--until",
    required=True,
    metavar="T",
    help=f"1h, 4h, handover (when the line would change anyway), or a time: {AT_FORMATS}.",
)
although_closed_option = click.option(
    "--although-closed", is_flag=True, help="Divert to a line even if its hours say it is closed."
)


@group.command("set")
@click.argument("service")
@click.argument("line")
@until_option
@click.option("--note", required=True, help="The reason, for staff. Callers never see it.")
@click.option("--from", "start", metavar="T", help=f"When to start: {AT_FORMATS}. [default: now]")
@although_closed_option
@click.option(
    "--may-ring",
    is_flag=True,
    help="The line that took the calls before may still be tried: it is not out of order.",
)
def set_divert(
    service: str,
    line: str,
    until: str,
    note: str,
    start: str | None,
    although_closed: bool,
    may_ring: bool,
) -> None:
    """Divert calls for SERVICE to LINE, for up to 72 hours.

    SERVICE may be 'all'. The command prints where calls go now.
    """
    at, locale, timetables = lookup.now(), lookup.staff_locale(), lookup.snapshot().timetables
    start_at = None if start is None else time_parsing.parse_local(start, locale.zone)
    lookup.read_diverts(max_age=0, timeout=DIVERT_TIMEOUT_SECONDS)
    proposed = divert_rules.propose(
        timetables, lookup.diverts(), service, line, start_at, _parse_until(until), may_ring, at
    )
    note = divert_rules.check_note(note)
    if not although_closed:
        _confirm_closed(proposed)
    for divert in proposed:
        if lookup.who_to_call(divert.service, divert.during.start).line.id == line:
            service_name = staff_text.service_name(timetables.directory, divert.service)
            line_name = divert.line.name.get("en")
            click.echo(f"{service_name}: {line_name} takes these calls anyway.", err=True)
    with lookup.database().writing() as connection:
        created = diverts.create(connection, proposed, note, lookup.now(), actor())
    _print_changed(created, "set")


@group.command("extend")
@click.argument("divert_id", metavar="ID", type=int)
@until_option
@although_closed_option
def extend(divert_id: int, until: str, although_closed: bool) -> None:
    """Change when divert ID ends, to an earlier or a later time."""
    with lookup.database().reading() as connection:
        divert = diverts.get(connection, divert_id)
    proposed = lookup.propose_new_end(divert, _parse_until(until))
    if not although_closed:
        _confirm_closed([proposed])
    end = proposed.during.end
    if end < divert.during.end:
        earlier = staff_text.format_time_left(divert.during.end - end)
        click.echo(f"Divert {divert_id} ends {earlier} earlier than it was set for.", err=True)
    with lookup.database().writing() as connection:
        changed = diverts.move_end(connection, divert_id, end, lookup.now(), actor())
    _print_changed([changed], "changed")


@group.command("end")
@click.argument("divert_id", metavar="ID", type=int)
def end(divert_id: int) -> None:
    """End divert ID now, or cancel it if it has not started.

    The command prints where calls go now, which may be another divert.
    """
    with lookup.database().writing() as connection:
        at = lookup.now()
        divert = diverts.get(connection, divert_id)
        diverts.move_end(connection, divert_id, at, at, actor())
    had_ended = divert.during.end <= at
    click.echo(f"Divert {divert_id} {'had already ended' if had_ended else 'has ended'}.")
    _print_destinations({divert.service})


@group.command("list")
@format_option
def list_diverts(as_json: bool) -> None:
    """List current and future diverts, newest first."""
    locale = lookup.staff_locale()
    with lookup.database().reading() as connection:
        rows = diverts.current_and_future(connection, lookup.now())[::-1]
    lines = []
    for divert in rows:
        lines.append(f"{divert.id:>4}  {_describe(divert)}")
        if error := lookup.divert_error(divert):
            lines.append(f"      It has no effect: {error}")
    print_report(
        as_json,
        [
            {
                "id": divert.id,
                "service": divert.service,
                "line": divert.line,
                **span_json(divert.during, locale),
                "note": divert.note,
            }
            for divert in rows
        ],
        lines or ["There are no diverts: calls follow the hours in the directory."],
    )


def _parse_until(text: str) -> datetime | timedelta | None:
    """Return an end, or a duration; None for the next handover. Raise InvalidTime."""
    if text in DIVERT_ENDS:
        return DIVERT_ENDS[text]
    try:
        return time_parsing.parse_local(text, lookup.staff_locale().zone)
    except InvalidTime as error:
        raise InvalidTime(f"--until: {error} Or write 1h, 4h or handover.") from error


def _confirm_closed(proposed: Iterable[Divert]) -> None:
    timetables, locale = lookup.snapshot().timetables, lookup.staff_locale()
    warnings = staff_text.closed_warnings(timetables, proposed, lookup.now(), locale)
    for warning in warnings:
        click.echo(warning, err=True)
    if warnings and not sys.stdin.isatty():
        raise InvalidDivert("line", "If somebody will answer it anyway, add --although-closed.")
    if warnings:
        click.confirm("Will somebody answer it anyway?", abort=True)


def _print_changed(changed: Sequence[DivertRow], verb: str) -> None:
    for divert in changed:
        click.echo(f"Divert {divert.id} is {verb}: {_describe(divert)}")
        if divert.avoid:
            click.echo(f"The line '{divert.avoid}' is not rung meanwhile.")
    _print_destinations({divert.service for divert in changed})


def _print_destinations(service_ids: Iterable[str]) -> None:
    lookup.read_diverts(max_age=0, timeout=DIVERT_TIMEOUT_SECONDS)
    snapshot, at, locale = lookup.snapshot(), lookup.now(), lookup.staff_locale()
    for service in snapshot.directory.services:
        if service.id in service_ids:
            destination = staff_text.calls_go_to(
                snapshot.timetables, service.id, lookup.diverts(), at, locale
            )
            click.echo(f"{service.name.get('en')}: {destination}")


def _describe(divert: DivertRow) -> str:
    at, locale = lookup.now(), lookup.staff_locale()
    when = staff_text.format_span(divert.during, at, locale)
    return f"{divert.service} to {divert.line}, {when}. {divert.note}"
