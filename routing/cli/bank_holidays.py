"""flask bank-holidays ...: the dates in force and their sources; taking GOV.UK's list anew."""

import hashlib
import json
from collections.abc import Iterator
from datetime import date

import click
from flask import current_app
from flask.cli import AppGroup

from routing import lookup
from routing.bank_holidays.calendar import BankHolidays, build_calendar
from routing.bank_holidays.govuk import HolidayList
from routing.bank_holidays.refresh import RefreshResult
from routing.bank_holidays.refresh import refresh as take
from routing.cli import common, findings
from routing.cli.common import actor
from routing.core.diff import compare
from routing.core.directory import BankHoliday
from routing.core.timetable import Timetables
from routing.errors import DatabaseUnavailable, InvalidBankHolidays, InvalidDirectory
from routing.formats.json import bank_holidays_json as written
from routing.snapshot import Snapshot
from routing.store import audit_log as changes_made
from routing.text import dates
from routing.text.locale import Locale

group = AppGroup("bank-holidays", help="The bank holidays in force, and where they come from.")

_AHEAD = 400
"""Days ahead for which changed answers are told."""


@group.command("show")
@common.format_option
def show(form: str) -> None:
    """Tell the bank holidays ahead, their sources, their age, and where the sources differ."""
    try:
        facts, locale = lookup.snapshot(), lookup.staff_locale()
    except InvalidDirectory as error:
        raise click.ClickException(str(error)) from error
    if form == "json":
        click.echo(json.dumps(written(facts), ensure_ascii=False, indent=2))
        return
    click.echo("\n".join([*_sources(facts.holidays, locale), *_ahead(facts, locale)]))


@group.command("refresh")
@click.option("--accept-fewer", is_flag=True, help="Take a list with fewer dates than are known.")
def refresh(accept_fewer: bool) -> None:
    """Fetch GOV.UK's list, keep it, and tell what changes. Run it every day.

    A list that makes no sense, or that has fewer dates for a year than are known, is refused with
    exit status 1, and nothing changes. The service picks a new list up by itself within 5 seconds.
    """
    url, folder = current_app.config["BANK_HOLIDAYS_URL"], lookup.instance_path()
    try:
        found = take(folder, url, lookup.now(), accept_fewer)
    except InvalidBankHolidays as error:
        raise click.ClickException(f"{error} The dates in force stay as they are.") from error
    if found.before is not None and found.before.feed == found.after.feed:
        click.echo(f"{url} has not changed since {found.before.fetched_at:%-d %B %Y}.")
        return
    click.echo(f"{url} is kept in {folder}.")
    _record(found)
    try:
        click.echo("\n".join(_changed(found, lookup.snapshot(), lookup.staff_locale())))
    except InvalidDirectory as error:
        raise click.ClickException(f"Which answers change is not known: {error}") from error


def _record(found: RefreshResult) -> None:
    """Put the new list into the record; a database that is down costs nobody the list."""
    if not lookup.database().exists:
        return
    before, after = (
        None if x is None else {"sha256": _mark(x)} for x in (found.before, found.after)
    )
    try:
        with lookup.database().writing() as connection:
            changes_made.record(
                connection,
                lookup.now(),
                actor(),
                "bank_holidays.refreshed",
                "bank-holidays",
                before,
                after,
            )
    except DatabaseUnavailable as error:
        click.echo(f"The list is in use, but the record does not tell of it: {error}", err=True)


def _mark(found: HolidayList) -> str:
    return hashlib.sha256(found.feed.model_dump_json().encode()).hexdigest()[:12]


def _sources(found: BankHolidays, locale: Locale) -> Iterator[str]:
    yield f"Bank holidays of {found.division}: {found.source}."
    if found.fault is not None:
        yield found.fault
    elif found.published is None:
        yield "GOV.UK's list was never fetched. Run `flask bank-holidays refresh` every day."
    if found.published is not None:
        days = (lookup.now() - found.published.checked_at).days
        age = {0: "today", 1: "yesterday"}.get(days, f"{days} days ago")
        yield f"Last fetched {age}, from {found.published.url}."
    yield f"Published through {found.covered_through}; the usual ones are assumed after that."
    for day, (theirs, ours) in found.disagreements.items():
        holiday, has, lacks = (
            (theirs, "GOV.UK", "the package") if theirs else (ours, "the package", "GOV.UK")
        )
        if holiday is not None:
            yield f"{dates.format_full_date(day, locale)}: {has} has {holiday.name}, {lacks} does not."


def _ahead(facts: Snapshot, locale: Locale) -> Iterator[str]:
    today = lookup.now().astimezone(locale.zone).date()
    rules = facts.directory.holiday_rules
    for day, holiday in sorted(facts.holidays.dates.items()):
        added = day in dict(rules.add)
        if day >= today and (added or not facts.holidays.is_assumed(day)):
            yield f"  {_said(day, holiday, locale)}{' (added by the directory)' if added else ''}"
    for day in sorted(rules.remove):
        if day >= today:
            yield f"  {dates.format_full_date(day, locale)} is not one: removed by the directory"


def _changed(found: RefreshResult, facts: Snapshot, locale: Locale) -> Iterator[str]:
    """Yield the dates that are new, gone or renamed, then the answers that change with them."""
    rules = facts.directory.holiday_rules
    old, new = (build_calendar(rules, each) for each in (found.before, found.after))
    today = lookup.now().astimezone(locale.zone).date()
    yield from _dates_changed(old, new, today, locale)
    period = common.local_period(facts, None, _AHEAD)
    tables = [Timetables(facts.directory, each.dates) for each in (old, new)]
    for service in facts.directory.services:
        differ = compare(tables[0], tables[1], service.id, period.start, period.end)
        lines = findings.changes_text(differ, period, locale)
        yield f"{service.name.get(locale.language)} ({service.id})"
        yield from (f"  {line}" for line in lines or ["the same answers at all hours"])


def _dates_changed(
    old: BankHolidays, new: BankHolidays, today: date, locale: Locale
) -> Iterator[str]:
    for day in sorted(old.listed.keys() | new.listed.keys()):
        before, after = old.listed.get(day), new.listed.get(day)
        if day < today or before == after:
            continue
        if after is None and before is not None:
            yield f"gone: {_said(day, before, locale)}"
        elif after is not None:
            yield f"{'new' if before is None else 'renamed'}: {_said(day, after, locale)}"


def _said(day: date, holiday: BankHoliday, locale: Locale) -> str:
    return f"{dates.format_full_date(day, locale)}, {holiday.name}" + (
        " (substitute)" * holiday.substitute
    )
