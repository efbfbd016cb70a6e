"""flask divert ...: the staff page's diverts, for when the page or the provider is down."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import click
from flask.cli import AppGroup

from routing import diverting, enquiry, typed
from routing.commands import options
from routing.commands.terminal import PATIENCE, actor, in_words
from routing.core.decision import decide
from routing.diverting import Plan
from routing.errors import DivertRefused
from routing.formats.json import moment as written
from routing.storage import diverts
from routing.storage.diverts import Stored, Wanted
from routing.wording import duty

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
    with in_words():
        zone = enquiry.staff_voice().zone
        begins = typed.read_local(start, zone) if start else None
        at = enquiry.now()
        found = diverting.plans(
            enquiry.facts().timetables,
            service,
            line,
            begins,
            _until(until),
            note,
            at,
            enquiry.staff_voice(),
        )
        _confirm_closed(found, although_closed)
        wanted = [Wanted(x.service.id, x.line.id, x.during, x.note) for x in found]
        with enquiry.database().writing() as connection:
            kept = diverts.put(connection, wanted, enquiry.now(), actor())
    _tell(kept, "set")


@group.command("extend")
@click.argument("divert_id", metavar="ID", type=int)
@until_option
@although
def extend(divert_id: int, until: str, although_closed: bool) -> None:
    """Give divert ID another end, later or earlier."""
    with in_words():
        at, voice, facts = enquiry.now(), enquiry.staff_voice(), enquiry.facts()
        with enquiry.database().reading() as connection:
            stored = diverts.get(connection, divert_id)
        trouble = enquiry.unusable(stored) or ("It has ended." if stored.during.end <= at else None)
        line = facts.directory.line(stored.line)
        if trouble is not None or line is None:
            raise DivertRefused("until", f"{trouble} Set a new divert instead.")
        service = facts.timetables.service(stored.service)
        start = stored.during.start
        plan = diverting.moved(facts.timetables, service, line, start, _until(until), at, voice)
        _confirm_closed([plan], although_closed)
        with enquiry.database().writing() as connection:
            found = diverts.move_end(connection, divert_id, plan.during.end, enquiry.now(), actor())
    _tell([found], "changed")


@group.command("end")
@click.argument("divert_id", metavar="ID", type=int)
def end(divert_id: int) -> None:
    """End divert ID now. One that has not begun will not begin."""
    with in_words(), enquiry.database().writing() as connection:
        at = enquiry.now()
        before = diverts.get(connection, divert_id)
        diverts.move_end(connection, divert_id, at, at, actor())
    had = "had ended already" if before.during.end <= at else "is ended"
    click.echo(f"Divert {divert_id} {had}.")
    enquiry.read_diverts(max_age=0, patience=PATIENCE)
    _tell_now({before.service})


@group.command("list")
@options.form
def listed(form: str) -> None:
    """Tell every divert that is in force or to come, those set last first."""
    with in_words():
        at, voice = enquiry.now(), enquiry.staff_voice()
        with enquiry.database().reading() as connection:
            found = diverts.unended(connection, at)[::-1]
    if form == "json":
        rows = [
            {
                "id": each.id,
                "service": each.service,
                "line": each.line,
                "from": written(each.during.start, voice),
                "to": written(each.during.end, voice),
                "note": each.note,
            }
            for each in found
        ]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for each in found:
        click.echo(_line(each))
        trouble = enquiry.unusable(each)
        if trouble:
            click.echo(f"      It has no effect: {trouble}")
    if not found:
        click.echo("There are no diverts: calls go by the directory's hours.")


def _until(text: str) -> datetime | timedelta | None:
    if text == "handover":
        return None
    return _LENGTHS.get(text) or typed.read_local(text, enquiry.staff_voice().zone)


def _confirm_closed(found: Sequence[Plan], confirmed: bool) -> None:
    """Ask again before calls go to a line that is shut, naming its hours."""
    shut = [each for each in found if each.closed]
    if not shut or confirmed:
        return
    voice, at = enquiry.staff_voice(), enquiry.now()
    for each in shut:
        click.echo(duty.shut(each.line, each.closed, at, voice), err=True)
    if not sys.stdin.isatty():
        raise DivertRefused("line", "If somebody answers it all the same, add --although-closed.")
    click.confirm("Does somebody answer it all the same?", abort=True)


def _tell(found: Sequence[Stored], what: str) -> None:
    for each in found:
        click.echo(f"Divert {each.id} is {what}: {_line(each).split(maxsplit=1)[1]}")
    enquiry.read_diverts(max_age=0, patience=PATIENCE)
    _tell_now({each.service for each in found})


def _tell_now(services: Iterable[str]) -> None:
    facts, at, voice = enquiry.facts(), enquiry.now(), enquiry.staff_voice()
    for each in facts.directory.services:
        if each.id in services:
            found = decide(facts.timetables, each.id, at, enquiry.diverts())
            click.echo(f"{each.name.in_('en')}: {duty.now(found, at, voice)}")


def _line(found: Stored) -> str:
    at, voice = enquiry.now(), enquiry.staff_voice()
    when = duty.from_to(found.during, at, voice)
    return f"{found.id:>4}  {found.service} to {found.line}, {when}. {found.note}"
