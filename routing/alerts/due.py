"""What a person should be told of: the facts are gathered, then each kind has its rule."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from flask import current_app
from sqlalchemy.engine import Connection

from routing import lookup, rota_service
from routing.alerts.messages import alert
from routing.core import instants
from routing.core.decision import decide
from routing.core.directory import RotaRole
from routing.core.instants import Span
from routing.divert_rules import END_WARNING_PERIOD
from routing.lint.numbers import verification_warnings
from routing.rota import descriptions as rota_words
from routing.rota.validation import CONTEXT_MARGIN
from routing.snapshot import Snapshot
from routing.store import call_report, calls, diverts, rota
from routing.store.alerts import Alert
from routing.store.call_report import Call
from routing.store.diverts import DivertRow
from routing.text import dates
from routing.text.locale import Locale
from routing.text.staff_text import describe_leg, format_duration

LOOK_BACK = timedelta(days=7)
"""Calls older than this are not told any more, had nothing looked for so long."""

PATIENT = timedelta(seconds=30)
"""Who hung up sooner has not waited for more than one line: that happens every day."""

STEADY = timedelta(seconds=90)
"""A file that is being written while it is read is broken for less than this."""

_DAY = timedelta(days=1)


def due(connection: Connection, at: datetime) -> list[Alert]:
    """Return all that a person should be told of ``at``, told already or not. Raise DatabaseUnavailable."""
    facts = lookup.snapshot()
    locale, zone = lookup.staff_locale(facts), facts.directory.zone
    ended = (calls.UNANSWERED, calls.ABANDONED)
    missed = call_report.calls_between(connection, at - LOOK_BACK, at + _DAY, at, ended)
    set_now = diverts.current_and_future(connection, at)
    faults = calls.hours_counted(connection, calls.FAULTS, at - _DAY)
    holes: list[tuple[RotaRole, Span, int, int]] = []
    if facts.directory.rota:
        end = next_working_day_ends(facts, at)
        found = rota_service.load_rota(connection, at - CONTEXT_MARGIN, end + CONTEXT_MARGIN)
        for role, span, missing in found.gaps(at - CONTEXT_MARGIN, end):
            if at < span.end:
                holes.append(
                    (role, span, missing, rota.count_ever_added(connection, role.id, span))
                )
    file = Path(current_app.config["DIRECTORY"]).name
    return [
        *unanswered(missed, facts, locale),
        *(_fault(hour, locale) for hour in faults),
        *(x for each in set_now if (x := _divert(each, set_now, facts, at, locale)) is not None),
        *gaps(holes, at, locale),
        *directory(facts, file, locale),
        *bank_holidays(facts, at),
        *numbers(facts, {each.line for each in set_now}, at.astimezone(zone)),
    ]


def unanswered(found: Iterable[Call], facts: Snapshot, locale: Locale) -> Iterator[Alert]:
    """Yield the calls that nobody answered, and those given up after PATIENT or more."""
    for each in found:
        waited = (each.ended_at or each.began_at) - each.began_at
        if each.outcome == calls.ABANDONED and waited < PATIENT:
            continue
        said = f"a call at {dates.format_datetime(each.began_at, locale)} was not answered."
        if each.outcome == calls.ABANDONED:
            seconds = format_duration(int(waited.total_seconds()))
            said = f"who rang at {dates.format_datetime(each.began_at, locale)} gave up after {seconds}."
        rung = "; ".join(
            describe_leg(_line(facts, x.line), x.outcome, x.rang, x.talked) for x in each.legs
        )
        service = _service(facts, each.service)
        text = f"{service}: {said} {rung + '.' if rung else ''}"
        yield alert("call_unanswered", str(each.id), service, text)


def gaps(
    found: Iterable[tuple[RotaRole, Span, int, int]], at: datetime, locale: Locale
) -> Iterator[Alert]:
    """Yield each gap: its role, its stretch, how many are missing, how often shifts were entered.

    One that was filled and is empty again is another. One that has lasted for longer than
    CONTEXT_MARGIN is told every day.
    """
    for role, span, missing, entered in found:
        name = rota_words.role_name(role)
        begins = f"from {dates.format_datetime(span.start, locale)}"
        key = f"{role.id} {span.start.isoformat()} {entered}"
        if span.start <= at - CONTEXT_MARGIN:
            begins = f"for more than {CONTEXT_MARGIN.days} days already,"
            key = f"{role.id} {at.astimezone(locale.zone).date()}"
        who = rota_words.describe_shortfall(role, missing)
        text = f"{name}: {who} {begins} until {dates.format_datetime(span.end, locale)}."
        yield alert("rota_gap", key, name, text)


def next_working_day_ends(facts: Snapshot, at: datetime) -> datetime:
    """Return the midnight that ends the next local day that is neither at a weekend nor a bank
    holiday: before Christmas, gaps until after it are told while somebody is there to fill them.
    """
    zone, holidays = facts.directory.zone, facts.holidays.dates
    day = at.astimezone(zone).date() + _DAY
    while day.weekday() > 4 or day in holidays:
        day += _DAY
    return instants.midnight(day + _DAY, zone)


def directory(facts: Snapshot, file: str, locale: Locale) -> Iterator[Alert]:
    """Yield that the directory's file is broken, once for each time that it was good before."""
    if facts.kept_at is None or facts.loaded_at - facts.kept_at < STEADY:
        return
    since = dates.format_datetime(facts.kept_at, locale)
    text = (
        f"{file} cannot be used: {len(facts.problems)} mistakes. Answers come from the last good "
        f"one, of {since}: what has been changed since does not reach callers."
    )
    yield alert("directory_broken", facts.kept_at.isoformat(), "", text)


def bank_holidays(facts: Snapshot, at: datetime) -> Iterator[Alert]:
    """Yield that GOV.UK's list is old, or not to be had: a new holiday would be missed."""
    found, zone = facts.holidays, facts.directory.zone
    missed = (
        "One proclaimed at short notice would be missed, and calls would go to a line that is shut."
    )
    if found.fault is not None:
        key, text = hashlib.sha256(found.fault.encode()).hexdigest()[:12], found.fault
    elif found.published is None:
        key, text = "never", f"GOV.UK's list was never fetched. {missed}"
    elif found.is_stale(at):
        when = found.published.checked_at
        key = when.isoformat()
        text = f"GOV.UK's list was last fetched on {when.astimezone(zone):%-d %B %Y}. {missed}"
    else:
        return
    yield alert("bank_holidays_stale", key, "", text)


def numbers(facts: Snapshot, diverted_to: set[str], local: datetime) -> Iterator[Alert]:
    """Yield each line that calls can go to whose number nobody has confirmed, or not lately.

    Lines of no service are no risk, unless calls are diverted to them.
    """
    used = {x.id for each in facts.directory.services for x in each.reachable} | diverted_to
    for line in facts.directory.lines:
        if line.id not in used or not list(verification_warnings(line, local.date())):
            continue
        name, on = f"{line.name.get('en')} (line '{line.id}')", line.verified and line.verified.on
        said = f"last confirmed on {on:%-d %B %Y}" if on else "never confirmed by the council"
        text = f"{name}: its number was {said}, and callers are sent to it."
        yield alert("number_unconfirmed", f"{line.id} {on or 'never'}", name, text)


def _divert(
    found: DivertRow, every: tuple[DivertRow, ...], facts: Snapshot, at: datetime, locale: Locale
) -> Alert | None:
    """Return that a divert has no effect any more, or ends soon; None for any other."""
    service, end = _service(facts, found.service), found.during.end
    name = f"divert {found.id} of {service} to {_line(facts, found.line)}"
    if lookup.divert_error(found) is not None:
        text = f"{name} has no effect since the directory changed: callers are not sent there."
        return alert("divert_without_effect", str(found.id), service, text)
    if at not in found.during or end - at > END_WARNING_PERIOD:
        return None
    then = decide(facts.timetables, found.service, end, lookup.active_diverts(every)).line
    said = f"Calls go to {then.name.get('en')} then."
    text = f"{name} ends at {dates.format_datetime(end, locale)}. {said}"
    return alert("divert_ends_soon", f"{found.id} {end.isoformat()}", service, text)


def _fault(hour: datetime, locale: Locale) -> Alert:
    text = (
        "One or more calls or texts met a fault of this service within the hour that began at "
        f"{dates.format_datetime(hour, locale)}."
    )
    return alert("telephone_faults", hour.isoformat(), "", text)


def _service(facts: Snapshot, service: str) -> str:
    found = facts.directory.service(service)
    return found.name.get("en") if found else service


def _line(facts: Snapshot, line: str) -> str:
    found = facts.directory.line(line)
    return found.name.get("en") if found else line
