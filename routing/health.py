"""Every warning, in words, each with what to do: for flask status, /readyz and /metrics."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy.engine import Connection

from routing import config, lookup, rota_service
from routing.alerts import recipients
from routing.divert_rules import END_WARNING_PERIOD
from routing.errors import DatabaseUnavailable
from routing.lint.numbers import verification_warnings
from routing.snapshot import Snapshot
from routing.store import calls, migrate, retention
from routing.store.call_log import CallLog
from routing.text import staff_text

_ENOUGH_COVER = timedelta(days=365)
_LATELY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that staff should know. A ``serious`` one makes the service degraded."""

    code: str
    text: str
    serious: bool = False


def conditions() -> tuple[Condition, ...]:
    """Return every warning there is now, the serious ones first."""
    facts, at = lookup.snapshot(), lookup.now()
    found = [*_directory(facts), *_diverts(at), *_lines(facts, at), *_holidays(facts, at)]
    found += [*_settings(), *_storage(), *_calls(at), *_rota(facts, at), *_alerts()]
    return tuple(sorted(found, key=lambda each: not each.serious))


def readiness() -> str:
    """Return ``ready``, or ``degraded`` when a warning is serious: it answers either way."""
    return "degraded" if any(each.serious for each in conditions()) else "ready"


def _directory(facts: Snapshot) -> Iterator[Condition]:
    if facts.kept_at is None:
        return
    yield Condition(
        "directory_broken",
        f"{current_app.config['DIRECTORY']} is broken. Answers come from the last good one, of "
        f"{facts.kept_at.astimezone(facts.directory.zone):%H:%M on %-d %B %Y}. Mend the file, see "
        "`flask directory check`: it is picked up within 5 seconds.",
        serious=True,
    )
    for problem in facts.problems:
        code = "directory_not_read" if problem.code == "not_read" else "directory_problem"
        yield Condition(code, str(problem), serious=True)


def _diverts(at: datetime) -> Iterator[Condition]:
    locale, found = lookup.staff_locale(), lookup.latest_diverts()
    for each in found.diverts:
        if each.during.end <= at:
            continue
        trouble = lookup.divert_error(each)
        name = f"Divert {each.id} of {each.service} to {each.line}"
        if trouble is not None:
            text = f"{name} has no effect. {trouble} End it, and set another if need be."
            yield Condition("divert_without_effect", text, serious=True)
        elif at in each.during:
            left, end = (
                each.during.end - at,
                staff_text.format_relative(each.during.end, at, locale),
            )
            if left <= END_WARNING_PERIOD:
                text = f"{name} ends in {staff_text.format_time_left(left)}, {end}. Extend it if it is still needed."
                yield Condition("divert_ends_soon", text, serious=True)
            else:
                yield Condition(
                    "diverted",
                    f"{name} is in force until {end} ({staff_text.format_time_left(left)}).",
                )


def _storage() -> Iterator[Condition]:
    found, database = lookup.latest_diverts(), lookup.database()
    if found.fault is not None:
        since = found.began and datetime.fromtimestamp(found.began, lookup.staff_locale().zone)
        last = f"last read at {since:%H:%M on %-d %B %Y}" if since else "never read"
        yield Condition(
            "database_down",
            f"{found.fault} Answers rest on the directory and on the diverts {last}; staff can "
            "change nothing. Start the database, or see what `flask db upgrade` says.",
            serious=True,
        )
    elif not database.exists:
        yield Condition(
            "database_not_made",
            "Staff cannot sign in or divert calls: the database is not made. Run `flask db "
            "upgrade`.",
        )


def _lines(facts: Snapshot, at: datetime) -> Iterator[Condition]:
    today = at.astimezone(facts.directory.zone).date()
    for line in facts.directory.lines:
        for code, text in verification_warnings(line, today):
            yield Condition(code, text)


def _holidays(facts: Snapshot, at: datetime) -> Iterator[Condition]:
    found, zone = facts.holidays, facts.directory.zone
    if found.fault is not None:
        yield Condition("bank_holidays_broken", found.fault, serious=True)
    elif found.published is None:
        yield Condition(
            "bank_holidays_never_fetched",
            "A bank holiday proclaimed at short notice would be missed: GOV.UK's list was never "
            "fetched. Run `flask bank-holidays refresh` every day.",
        )
    if found.published is not None and found.is_stale(at):
        yield Condition(
            "bank_holidays_stale",
            "A bank holiday proclaimed since would be missed: GOV.UK's list was last fetched on "
            f"{found.published.checked_at.astimezone(zone):%-d %B %Y}. Run `flask bank-holidays "
            "refresh`, and see that it runs every day.",
        )
    ahead = [day for day in found.disagreements if day >= at.astimezone(zone).date()]
    if ahead:
        yield Condition(
            "bank_holidays_disagree",
            f"GOV.UK's list and the holidays package differ on {ahead[0]:%-d %B %Y}: GOV.UK's list "
            "counts. See `flask bank-holidays show`.",
        )
    if found.is_assumed((at + _ENOUGH_COVER).astimezone(zone).date()):
        yield Condition(
            "bank_holidays_end",
            f"Bank holidays are published through {found.covered_through} only; later ones are "
            "assumed. Run `flask bank-holidays refresh`.",
        )


def _settings() -> Iterator[Condition]:
    if lookup.is_rehearsal():
        yield Condition(
            "rehearsal",
            f"Rehearsal: the clock says {lookup.now():%H:%M on %-d %B %Y} UTC. Answers are not "
            "about now. Unset CLOCK_STARTS_AT to end it.",
            serious=True,
        )
    disabled = config.telephony_disabled_reason(current_app.config)
    if disabled is not None:
        yield Condition("telephone_off", disabled)


def _calls(at: datetime) -> Iterator[Condition]:
    """Warn of what went wrong with calls lately, and is kept too long, while there is an answer."""
    if not lookup.database().exists or lookup.latest_diverts().fault is not None:
        return
    try:
        if migrate.needs_upgrade(lookup.database()):
            yield Condition(
                "database_behind",
                "The database is not made for this version: calls are put through, but not "
                "written. Run `flask db upgrade`.",
                serious=True,
            )
            return
        log: CallLog = current_app.extensions["call_log"]
        if fault := log.fault():
            raise DatabaseUnavailable(fault)
        with lookup.database().reading() as connection:
            refused = calls.count_since(connection, calls.SIGNATURE_REFUSED, at - _LATELY)
            faults = calls.count_since(connection, calls.FAULTS, at - _LATELY)
            unrecognised = calls.count_since(connection, calls.UNRECOGNISED, at - _LATELY)
            texts_limited = calls.count_since(connection, calls.TEXTS_LIMITED, at - _LATELY)
            over_limit = calls.count_since(connection, calls.OVER_LIMIT, at - _LATELY)
            kept = retention.overdue(connection, current_app.config, at)
    except DatabaseUnavailable as error:
        text = f"{error} Nothing can be changed. See that its disk is neither full nor read-only."
        yield Condition("database_refuses", text, serious=True)
        return
    if refused:
        yield Condition(
            "signatures_refused",
            f"{refused} requests in the last two hours were not signed by Twilio for this address. "
            "If callers hear an error, the token or PUBLIC_BASE_URL is wrong: run `flask twilio "
            "doctor`.",
        )
    if unrecognised:
        yield Condition(
            "requests_unrecognised",
            f"{unrecognised} signed requests in the last two hours did not have the shape of "
            "Twilio's own: callers were put through, but the calls are not in the log. Twilio may "
            "have added a parameter: see the warnings in the log, and update this service.",
        )
    if texts_limited:
        yield Condition(
            "texts_limited",
            f"{texts_limited} text messages in the last two hours were not answered, because too "
            "many had come within the hour. Look at Twilio's message log for where they come from, "
            "and block what is abuse there (docs/telephony.md).",
            serious=True,
        )
    if over_limit:
        yield Condition(
            "requests_refused",
            f"{over_limit} requests for staff pages, sign-in, calendars or long lists were refused "
            "in the last two hours: too many ran at the same time. Callers are answered. If staff "
            "cannot sign in, divert with `flask divert set` at the server. If it goes on, see that "
            "the limits of deploy/nginx.conf are in force, and block whoever floods this service "
            "at the firewall.",
        )
    if kept:
        yield Condition(
            "kept_too_long",
            f"Kept for longer than the privacy notice says: {', '.join(kept)}. Run `flask purge`, "
            "and see that it runs every day.",
        )
    if faults:
        yield Condition(
            "telephone_faults",
            f"{faults} calls or texts in the last two hours met a fault of ours: callers were put "
            "through by the last resort, which knows no hours. See the log.",
            serious=True,
        )


def _rota(facts: Snapshot, at: datetime) -> Iterator[Condition]:
    """Warn of the rota, where there is one: callers' answers never rest on it."""
    if facts.directory.rota:
        yield from _asked(lambda connection: rota_service.rota_warnings(connection, at))


def _alerts() -> Iterator[Condition]:
    """Warn that nobody would be told of what should not wait."""
    lacking = recipients.lacking(current_app.config)
    if lacking is not None:
        yield Condition("alerts_off", lacking)
    config, locale = current_app.config, lookup.staff_locale()
    yield from _asked(lambda asked: recipients.warnings(asked, config, locale), serious=True)


def _asked(
    question: Callable[[Connection], Iterable[tuple[str, str]]], serious: bool = False
) -> Iterator[Condition]:
    """Warn of what the database knows; of nothing while it does not answer."""
    database = lookup.database()
    if not database.exists or lookup.latest_diverts().fault is not None:
        return
    try:
        if migrate.needs_upgrade(database):
            return
        with database.reading() as connection:
            found = tuple(question(connection))
    except DatabaseUnavailable:
        return
    yield from (Condition(code, text, serious) for code, text in found)
