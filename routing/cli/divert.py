"""flask divert ...: the staff page's diverts, for when the page or the provider is down."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import click
from flask.cli import AppGroup

from routing import divert_rules, lookup
from routing.cli import common
from routing.cli.common import DIVERT_TIMEOUT_SECONDS, actor, report_errors
from routing.core.decision import decide
from routing.divert_rules import ProposedDivert
from routing.errors import InvalidDivert
from routing.formats.json import timestamp as written
from routing.store import diverts
from routing.store.diverts import DivertRow, NewDivert
from routing.text import staff_text, time_parsing

group = AppGroup("divert", help="Send a service's calls to another line, until a time.")

UNTIL = "T, or 'handover', or '1h', '4h'. T is 2026-12-24T17:00:00Z or '2026-12-24 17:00'."
_LENGTHS = {"1h": timedelta(hours=1), "4h": timedelta(hours=4)}

until_option = click.option("--until", required=True, metavar="T", help=UNTIL)
although = click.option(
    "--although-closed", is_flag=True, help="Divert to a line although its hours say it is shut."
)


@group.command("set")
@click.argument("service")
@click.argument("line")
@until_option
@click.option("--note", required=True, help="Why, for colleagues; callers never see it.")
@click.option("--from", "start", metavar="T", help="From then on (now).")
@although
def put(
    service: str, line: str, until: str, note: str, start: str | None, although_closed: bool
) -> None:
    """Divert the calls of SERVICE, or of 'all' services, to LINE. 72 hours at most."""
    with report_errors():
        zone = lookup.staff_locale().zone
        begins = time_parsing.parse_local(start, zone) if start else None
        at = lookup.now()
        found = divert_rules.propose(
            lookup.snapshot().timetables,
            service,
            line,
            begins,
            _until(until),
            note,
            at,
            lookup.staff_locale(),
        )
        _confirm_closed(found, although_closed)
        wanted = [NewDivert(x.service.id, x.line.id, x.during, x.note) for x in found]
        with lookup.database().writing() as connection:
            kept = diverts.create(connection, wanted, lookup.now(), actor())
    _tell(kept, "set")


@group.command("extend")
@click.argument("divert_id", metavar="ID", type=int)
@until_option
@although
def extend(divert_id: int, until: str, although_closed: bool) -> None:
    """Give divert ID another end, later or earlier."""
    with report_errors():
        at, locale, facts = lookup.now(), lookup.staff_locale(), lookup.snapshot()
        with lookup.database().reading() as connection:
            stored = diverts.get(connection, divert_id)
        trouble = lookup.divert_error(stored) or (
            "It has ended." if stored.during.end <= at else None
        )
        line = facts.directory.line(stored.line)
        if trouble is not None or line is None:
            raise InvalidDivert("until", f"{trouble} Set a new divert instead.")
        service = facts.timetables.service(stored.service)
        start = stored.during.start
        plan = divert_rules.propose_new_end(
            facts.timetables, service, line, start, _until(until), at, locale
        )
        _confirm_closed([plan], although_closed)
        with lookup.database().writing() as connection:
            found = diverts.move_end(connection, divert_id, plan.during.end, lookup.now(), actor())
    _tell([found], "changed")


@group.command("end")
@click.argument("divert_id", metavar="ID", type=int)
def end(divert_id: int) -> None:
    """End divert ID now. One that has not begun will not begin."""
    with report_errors(), lookup.database().writing() as connection:
        at = lookup.now()
        before = diverts.get(connection, divert_id)
        diverts.move_end(connection, divert_id, at, at, actor())
    had = "had ended already" if before.during.end <= at else "is ended"
    click.echo(f"Divert {divert_id} {had}.")
    lookup.read_diverts(max_age=0, patience=DIVERT_TIMEOUT_SECONDS)
    _tell_now({before.service})


@group.command("list")
@common.format_option
def listed(form: str) -> None:
    """Tell every divert that is in force or to come, those set last first."""
    with report_errors():
        at, locale = lookup.now(), lookup.staff_locale()
        with lookup.database().reading() as connection:
            found = diverts.current_and_future(connection, at)[::-1]
    if form == "json":
        rows = [
            {
                "id": each.id,
                "service": each.service,
                "line": each.line,
                "from": written(each.during.start, locale),
                "to": written(each.during.end, locale),
                "note": each.note,
            }
            for each in found
        ]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for each in found:
        click.echo(_line(each))
        trouble = lookup.divert_error(each)
        if trouble:
            click.echo(f"      It has no effect: {trouble}")
    if not found:
        click.echo("There are no diverts: calls go by the directory's hours.")


def _until(text: str) -> datetime | timedelta | None:
    if text == "handover":
        return None
    return _LENGTHS.get(text) or time_parsing.parse_local(text, lookup.staff_locale().zone)


def _confirm_closed(found: Sequence[ProposedDivert], confirmed: bool) -> None:
    """Ask again before calls go to a line that is shut, naming its hours."""
    shut = [each for each in found if each.closed]
    if not shut or confirmed:
        return
    locale, at = lookup.staff_locale(), lookup.now()
    for each in shut:
        click.echo(staff_text.closed_warning(each.line, each.closed, at, locale), err=True)
    if not sys.stdin.isatty():
        raise InvalidDivert("line", "If somebody answers it all the same, add --although-closed.")
    click.confirm("Does somebody answer it all the same?", abort=True)


def _tell(found: Sequence[DivertRow], what: str) -> None:
    for each in found:
        click.echo(f"Divert {each.id} is {what}: {_line(each).split(maxsplit=1)[1]}")
    lookup.read_diverts(max_age=0, patience=DIVERT_TIMEOUT_SECONDS)
    _tell_now({each.service for each in found})


def _tell_now(services: Iterable[str]) -> None:
    facts, at, locale = lookup.snapshot(), lookup.now(), lookup.staff_locale()
    for each in facts.directory.services:
        if each.id in services:
            found = decide(facts.timetables, each.id, at, lookup.diverts())
            click.echo(f"{each.name.get('en')}: {staff_text.calls_go_to(found, at, locale)}")


def _line(found: DivertRow) -> str:
    at, locale = lookup.now(), lookup.staff_locale()
    when = staff_text.format_span(found.during, at, locale)
    return f"{found.id:>4}  {found.service} to {found.line}, {when}. {found.note}"
