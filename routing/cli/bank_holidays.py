"""who-to-call bank-holidays: the dates in use, their sources, and fetching GOV.UK's list."""

from collections.abc import Iterator
from datetime import date
from hashlib import sha256

import click
from flask import current_app

from routing import bank_holidays, lookup
from routing.bank_holidays import BankHolidays, HolidayList, build_calendar
from routing.cli.common import (
    CommandGroup,
    actor,
    changes_text,
    format_option,
    local_period,
    print_report,
)
from routing.core.decision import Timetables
from routing.core.directory import BankHoliday
from routing.core.gaps import compare
from routing.errors import DatabaseUnavailable, InvalidBankHolidays, InvalidDirectory
from routing.formats import bank_holidays_json
from routing.snapshot import Snapshot
from routing.store import audit_log, holiday_lists
from routing.text import dates
from routing.text.locale import Locale

group = CommandGroup("bank-holidays", help="Bank holidays and where their dates come from.")

_COMPARED_DAYS = 400


@group.command("show")
@format_option
def show(as_json: bool) -> None:
    """Show future bank holidays and their sources."""
    lookup.copy_holiday_list()
    snapshot, locale = lookup.snapshot(), lookup.staff_locale()
    lines = [*_source_lines(snapshot.holidays), *_date_lines(snapshot, locale)]
    print_report(as_json, bank_holidays_json(snapshot), lines)


@group.command("refresh")
@click.option("--accept-fewer", is_flag=True, help="Accept a list with fewer dates than before.")
def refresh(accept_fewer: bool) -> None:
    """Fetch GOV.UK's list, save it and show what changes. `who-to-call timers` does this every day.

    A list that is invalid, or has fewer dates for a year than before, is refused: exit status 1,
    and nothing changes. The service uses a new list within 5 seconds, and on other machines that
    share the database within a minute.
    """
    lookup.copy_holiday_list()
    url, folder = current_app.config["BANK_HOLIDAYS_URL"], lookup.instance_path()
    try:
        before, after = bank_holidays.refresh(folder, url, lookup.now(), accept_fewer)
    except InvalidBankHolidays as error:
        raise click.ClickException(f"{error} The dates in use stay as they are.") from error
    is_new = before is None or before.feed != after.feed
    _store(before, after, is_new)
    if before is not None and not is_new:
        click.echo(f"{url} has not changed since {before.checked_at:%-d %B %Y}.")
        return
    click.echo(f"{url} is saved in {folder}.")
    try:
        lines = list(_change_lines(before, after, lookup.snapshot(), lookup.staff_locale()))
    except InvalidDirectory as error:
        raise click.ClickException(f"Cannot show which answers change: {error}") from error
    click.echo("\n".join(lines))


def _store(before: HolidayList | None, after: HolidayList, is_new: bool) -> None:
    """Save the list in the database, for other machines, and a new one in the audit log too.

    It is in use here even if the database is down. A rehearsal keeps it from other machines.
    """
    if not lookup.database().exists or lookup.is_rehearsal():
        return
    old, new = (
        {"sha256": sha256(holidays.feed.model_dump_json().encode()).hexdigest()[:12]}
        if holidays
        else None
        for holidays in (before, after)
    )
    at, action, entity = lookup.now(), "bank_holidays.refreshed", "bank-holidays"
    try:
        with lookup.database().writing() as connection:
            holiday_lists.save(connection, after)
            if is_new:
                audit_log.record(connection, at, actor(), action, entity, old, new)
    except DatabaseUnavailable as error:
        click.echo(
            f"The list is in use here, but it is not in the database or the audit log: {error}",
            err=True,
        )


def _source_lines(holidays: BankHolidays) -> Iterator[str]:
    yield f"Bank holidays of {holidays.division}: {holidays.source}."
    if holidays.fault is not None:
        yield holidays.fault
    elif holidays.published is None:
        yield "GOV.UK's list was never fetched. Run `who-to-call bank-holidays refresh` every day."
    if holidays.published is not None:
        days = (lookup.now() - holidays.published.checked_at).days
        age = {0: "today", 1: "yesterday"}.get(days, f"{days} days ago")
        yield f"Last fetched {age}, from {holidays.published.url}."
    last = holidays.covered_through
    yield f"Published to the end of {last}; after that the usual ones are assumed."


def _date_lines(snapshot: Snapshot, locale: Locale) -> Iterator[str]:
    today = lookup.now().astimezone(locale.zone).date()
    rules = snapshot.directory.holiday_rules
    for day, holiday in sorted(snapshot.holidays.dates.items()):
        is_added = day in dict(rules.add)
        if day >= today and (is_added or not snapshot.holidays.is_assumed(day)):
            source = " (added by the directory)" if is_added else ""
            yield f"  {_format_holiday(day, holiday, locale)}{source}"
    for day in sorted(rules.remove):
        if day >= today:
            yield f"  {dates.format_full_date(day, locale)}: removed by the directory"


def _change_lines(
    before: HolidayList | None, after: HolidayList, snapshot: Snapshot, locale: Locale
) -> Iterator[str]:
    rules = snapshot.directory.holiday_rules
    old, new = (build_calendar(rules, holidays) for holidays in (before, after))
    today = lookup.now().astimezone(locale.zone).date()
    for day in sorted(day for day in old.listed.keys() | new.listed.keys() if day >= today):
        known, holiday = old.listed.get(day), new.listed.get(day)
        if holiday is None and known is not None:
            yield f"removed: {_format_holiday(day, known, locale)}"
        elif holiday is not None and holiday != known:
            label = "new" if known is None else "renamed"
            yield f"{label}: {_format_holiday(day, holiday, locale)}"
    period = local_period(snapshot, None, _COMPARED_DAYS)
    usual, changed = (Timetables(snapshot.directory, calendar.dates) for calendar in (old, new))
    for service in snapshot.directory.services:
        changes = compare(usual, changed, service.id, period.start, period.end)
        yield f"{service.name.get(locale.language)} ({service.id})"
        for line in changes_text(changes, period, locale) or ["no change"]:
            yield f"  {line}"


def _format_holiday(day: date, holiday: BankHoliday, locale: Locale) -> str:
    substitute = " (substitute)" if holiday.substitute else ""
    return f"{dates.format_full_date(day, locale)}, {holiday.name}{substitute}"
