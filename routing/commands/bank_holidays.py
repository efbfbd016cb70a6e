"""flask bank-holidays ...: the dates in force and their sources; taking GOV.UK's list anew."""

import hashlib
import json
from collections.abc import Iterator
from datetime import date

import click
from flask import current_app
from flask.cli import AppGroup

from routing import enquiry
from routing.bank_holidays.in_force import BankHolidays, bank_holidays
from routing.bank_holidays.published import Published
from routing.bank_holidays.refresh import Refreshed
from routing.bank_holidays.refresh import refresh as take
from routing.commands import options
from routing.commands.terminal import actor
from routing.core.diff import changes
from routing.core.hours import BankHoliday
from routing.core.timetable import Timetables
from routing.errors import BadHolidays, DirectoryInvalid, StorageDown
from routing.facts import Facts
from routing.formats import findings
from routing.formats.json import bank_holidays as written
from routing.storage import changes as changes_made
from routing.wording import times
from routing.wording.voice import Voice

group = AppGroup("bank-holidays", help="The bank holidays in force, and where they come from.")

_AHEAD = 400
"""Days ahead for which changed answers are told."""


@group.command("show")
@options.form
def show(form: str) -> None:
    """Tell the bank holidays ahead, their sources, their age, and where the sources differ."""
    try:
        facts, voice = enquiry.facts(), enquiry.staff_voice()
    except DirectoryInvalid as error:
        raise click.ClickException(str(error)) from error
    if form == "json":
        click.echo(json.dumps(written(facts), ensure_ascii=False, indent=2))
        return
    click.echo("\n".join([*_sources(facts.holidays, voice), *_ahead(facts, voice)]))


@group.command("refresh")
@click.option("--accept-fewer", is_flag=True, help="Take a list with fewer dates than are known.")
def refresh(accept_fewer: bool) -> None:
    """Fetch GOV.UK's list, keep it, and tell what changes. Run it every day.

    A list that makes no sense, or that has fewer dates for a year than are known, is refused with
    exit status 1, and nothing changes. The service picks a new list up by itself within 5 seconds.
    """
    url, folder = current_app.config["BANK_HOLIDAYS_URL"], enquiry.instance()
    try:
        found = take(folder, url, enquiry.now(), accept_fewer)
    except BadHolidays as error:
        raise click.ClickException(f"{error} The dates in force stay as they are.") from error
    if found.before is not None and found.before.feed == found.after.feed:
        click.echo(f"{url} has not changed since {found.before.fetched_at:%-d %B %Y}.")
        return
    click.echo(f"{url} is kept in {folder}.")
    _record(found)
    try:
        click.echo("\n".join(_changed(found, enquiry.facts(), enquiry.staff_voice())))
    except DirectoryInvalid as error:
        raise click.ClickException(f"Which answers change is not known: {error}") from error


def _record(found: Refreshed) -> None:
    """Put the new list into the record; a database that is down costs nobody the list."""
    if not enquiry.database().exists:
        return
    before, after = (
        None if x is None else {"sha256": _mark(x)} for x in (found.before, found.after)
    )
    try:
        with enquiry.database().writing() as connection:
            changes_made.record(
                connection,
                enquiry.now(),
                actor(),
                "bank_holidays.refreshed",
                "bank-holidays",
                before,
                after,
            )
    except StorageDown as error:
        click.echo(f"The list is in use, but the record does not tell of it: {error}", err=True)


def _mark(found: Published) -> str:
    return hashlib.sha256(found.feed.model_dump_json().encode()).hexdigest()[:12]


def _sources(found: BankHolidays, voice: Voice) -> Iterator[str]:
    yield f"Bank holidays of {found.division}: {found.source}."
    if found.fault is not None:
        yield found.fault
    elif found.published is None:
        yield "GOV.UK's list was never fetched. Run `flask bank-holidays refresh` every day."
    if found.published is not None:
        days = (enquiry.now() - found.published.checked_at).days
        age = {0: "today", 1: "yesterday"}.get(days, f"{days} days ago")
        yield f"Last fetched {age}, from {found.published.url}."
    yield f"Published through {found.covered_through}; the usual ones are assumed after that."
    for day, (theirs, ours) in found.disagreements.items():
        holiday, has, lacks = (
            (theirs, "GOV.UK", "the package") if theirs else (ours, "the package", "GOV.UK")
        )
        if holiday is not None:
            yield f"{times.dated(day, voice)}: {has} has {holiday.name}, {lacks} does not."


def _ahead(facts: Facts, voice: Voice) -> Iterator[str]:
    today = enquiry.now().astimezone(voice.zone).date()
    rules = facts.directory.holiday_rules
    for day, holiday in sorted(facts.holidays.dates.items()):
        added = day in dict(rules.add)
        if day >= today and (added or not facts.holidays.assumed(day)):
            yield f"  {_said(day, holiday, voice)}{' (added by the directory)' if added else ''}"
    for day in sorted(rules.remove):
        if day >= today:
            yield f"  {times.dated(day, voice)} is not one: removed by the directory"


def _changed(found: Refreshed, facts: Facts, voice: Voice) -> Iterator[str]:
    """Yield the dates that are new, gone or renamed, then the answers that change with them."""
    rules = facts.directory.holiday_rules
    old, new = (bank_holidays(rules, each) for each in (found.before, found.after))
    today = enquiry.now().astimezone(voice.zone).date()
    yield from _dates_changed(old, new, today, voice)
    period = options.period(facts, None, _AHEAD)
    tables = [Timetables(facts.directory, each.dates) for each in (old, new)]
    for service in facts.directory.services:
        differ = changes(tables[0], tables[1], service.id, period.start, period.end)
        lines = findings.changes_text(differ, period, voice)
        yield f"{service.name.in_(voice.language)} ({service.id})"
        yield from (f"  {line}" for line in lines or ["the same answers at all hours"])


def _dates_changed(
    old: BankHolidays, new: BankHolidays, today: date, voice: Voice
) -> Iterator[str]:
    for day in sorted(old.listed.keys() | new.listed.keys()):
        before, after = old.listed.get(day), new.listed.get(day)
        if day < today or before == after:
            continue
        if after is None and before is not None:
            yield f"gone: {_said(day, before, voice)}"
        elif after is not None:
            yield f"{'new' if before is None else 'renamed'}: {_said(day, after, voice)}"


def _said(day: date, holiday: BankHoliday, voice: Voice) -> str:
    return f"{times.dated(day, voice)}, {holiday.name}" + (" (substitute)" * holiday.substitute)
