"""who-to-call bank-holidays: the dates in use, their sources, and fetching GOV.UK's list."""

from collections.abc import Iterator
from datetime import date
from hashlib import sha256

import click
from flask import current_app

from routing import bank_holidays, lookup
from routing.bank_holidays import DIVISIONS, BankHolidays, HolidayList, build_calendar
from routing.cli.common import CommandGroup, actor, format_option, print_report
from routing.core.directory import BankHoliday, HolidayRules
from routing.errors import DatabaseUnavailable, InvalidBankHolidays
from routing.formats import bank_holidays_json
from routing.snapshot import Snapshot
from routing.store import audit_log, holiday_lists

group = CommandGroup("bank-holidays", help="Bank holidays and where their dates come from.")


@group.command("show")
@format_option
def show(as_json: bool) -> None:
    """Show future bank holidays and their sources."""
    lookup.copy_holiday_list()
    snapshot = lookup.snapshot()
    lines = [*_source_lines(snapshot.holidays), *_date_lines(snapshot)]
    print_report(as_json, bank_holidays_json(), lines)


@group.command("refresh")
@click.option("--accept-fewer", is_flag=True, help="Accept a list with fewer dates than before.")
def refresh(accept_fewer: bool) -> None:
    """Fetch GOV.UK's list, save it and show which dates change: `timers` does this every day.

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
    for line in _change_lines(before, after):
        click.echo(line)


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
    last = holidays.covered_through
    yield f"Published to the end of {last}; after that the usual ones are assumed."


def _date_lines(snapshot: Snapshot) -> Iterator[str]:
    today = lookup.now().astimezone(snapshot.directory.zone).date()
    rules = snapshot.directory.holiday_rules
    for day, holiday in sorted(snapshot.holidays.dates.items()):
        is_added = day in dict(rules.add)
        if day >= today and (is_added or not snapshot.holidays.is_assumed(day)):
            source = " (added by the directory)" if is_added else ""
            yield f"  {_format_holiday(day, holiday)}{source}"
    for day in sorted(rules.remove):
        if day >= today:
            yield f"  {_format_day(day)}: removed by the directory"


def _change_lines(before: HolidayList | None, after: HolidayList) -> Iterator[str]:
    today = lookup.now().date()
    for division in DIVISIONS:
        old, new = (
            build_calendar(HolidayRules(division), known).dates for known in (before, after)
        )
        for day in sorted(old.keys() | new.keys()):
            if day >= today and old.get(day) != new.get(day):
                for label, dates in (("removed", old), ("new", new)):
                    if day in dates:
                        yield f"{label} in {division}: {_format_holiday(day, dates[day])}"


def _format_holiday(day: date, holiday: BankHoliday) -> str:
    return f"{_format_day(day)}, {holiday.name}{' (substitute)' if holiday.substitute else ''}"


def _format_day(day: date) -> str:
    return f"{day:%A %-d %B %Y}"
