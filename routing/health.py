"""Which conditions hold at present, each in a sentence that is written here only.

`who-to-call status`, `/readyz`, `/metrics`, the staff page, alerts and `who-to-call twilio doctor`
show them. A condition's ``sentence`` may go out in an alert: it holds no telephone number, no
caller, no note and no colleague's name.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from flask import current_app
from sqlalchemy.engine import Connection

from routing import config, lint, lookup, rota_service
from routing.conditions import Condition
from routing.config import ALERTS_JOB
from routing.core import instants
from routing.core.decision import Outcome, decide
from routing.divert_rules import END_WARNING_PERIOD
from routing.errors import DatabaseUnavailable
from routing.rota import descriptions
from routing.rota.roster import Rota
from routing.rota_service import load_upcoming
from routing.snapshot import Snapshot
from routing.store import alerts, calls, db, jobs, retention, rota
from routing.store.calls import Call
from routing.store.diverts import DivertRow
from routing.text import dates, staff_text

RECENT_CALLS_PERIOD = timedelta(hours=12)
"""How long calls that nobody answered count: a night, or a day."""

MIN_WAIT = timedelta(seconds=30)
"""Callers who hang up sooner cause no alert: only one line has rung, as happens every day."""

MIN_BROKEN_TIME = timedelta(seconds=90)
"""A directory broken for less than this causes no alert: somebody may still be writing it."""

SENDER_TIMEOUT = timedelta(minutes=15)
"""How long after the last run of ALERTS_JOB to warn: the timers run it every minute."""

_DAY = timedelta(days=1)
_COUNTED_HOURS = timedelta(hours=1)
"""Counts are by the hour, from the hour that includes this long ago: "in the last two hours"."""


def conditions(upcoming: Rota | None = None) -> tuple[Condition, ...]:
    """Return every current condition, the most severe first.

    Those with an ``alert_key`` are worth an alert, whether one was sent before or not.
    ``upcoming`` is the rota as ``load_upcoming`` returns it, if it was read already.
    """
    snapshot, at = lookup.snapshot(), lookup.now()
    rows = lookup.latest_diverts().diverts
    current = [
        *_directory(snapshot),
        *_diverts(rows, snapshot, at),
        *_verification(snapshot, rows, at),
        *_bank_holidays(snapshot, at),
        *_settings(at),
        *_database(snapshot, at, upcoming),
    ]
    return tuple(sorted(current, key=lambda condition: condition.kind.severity))


def _directory(snapshot: Snapshot) -> Iterator[Condition]:
    good_at = snapshot.kept_at
    if good_at is None:
        return
    count = len(snapshot.problems)
    yield Condition(
        "directory_broken",
        f"{Path(current_app.config['DIRECTORY']).name} cannot be used: {count} "
        f"mistake{'s' if count != 1 else ''}. Answers come from the last good one, of "
        f"{_format_time(good_at)}: later changes do not reach callers.",
        alert_key=good_at.isoformat() if snapshot.loaded_at - good_at >= MIN_BROKEN_TIME else None,
    )
    for problem in snapshot.problems:
        code = "directory_not_read" if problem.code == "not_read" else "directory_problem"
        yield Condition(code, str(problem), quotes_directory=code == "directory_problem")


def _diverts(rows: tuple[DivertRow, ...], snapshot: Snapshot, at: datetime) -> Iterator[Condition]:
    directory = snapshot.directory
    for row in rows:
        end = row.during.end
        if end <= at:
            continue
        service = staff_text.service_name(directory, row.service)
        divert = f"Divert {row.id} of {service} to {staff_text.line_name(directory, row.line)}"
        error = lookup.divert_error(row)
        if error is not None:
            sentence = f"{divert} has no effect: callers are not sent there."
            yield Condition("divert_without_effect", sentence, error, str(row.id))
        elif at in row.during and end - at <= END_WARNING_PERIOD:
            active = lookup.active_diverts(rows)
            following = decide(snapshot.timetables, row.service, end, active).line.name.get("en")
            sentence = f"{divert} ends at {_format_time(end)}. Calls go to {following} then."
            key = f"{row.id} {end.isoformat()}"
            yield Condition("divert_ends_soon", sentence, alert_key=key)
        elif at in row.during:
            until = staff_text.format_relative(end, at, lookup.staff_locale())
            left = staff_text.format_time_left(end - at)
            yield Condition("diverted", f"{divert} is in force until {until} ({left}).")


def _verification(
    snapshot: Snapshot, rows: tuple[DivertRow, ...], at: datetime
) -> Iterator[Condition]:
    """Yield each line whose number nobody has confirmed lately.

    It is worth an alert where calls go there: by a service, or by a divert.
    """
    directory = snapshot.directory
    in_use = {line.id for service in directory.services for line in service.reachable}
    in_use |= {row.line for row in rows if row.during.end > at}
    for line in directory.lines:
        warning = lint.verification_warning(line, at.astimezone(directory.zone).date())
        if warning is not None:
            code, sentence = warning
            key = f"{line.id} {line.verified.on if line.verified else 'never'}"
            key_in_use = key if line.id in in_use else None
            yield Condition(code, sentence, alert_key=key_in_use)


def _bank_holidays(snapshot: Snapshot, at: datetime) -> Iterator[Condition]:
    holidays, zone = snapshot.holidays, snapshot.directory.zone
    missed = "One proclaimed since would be missed, and calls would go to a line that is closed."
    if holidays.fault is not None:
        key = hashlib.sha256(holidays.fault.encode()).hexdigest()[:12]
        yield Condition("bank_holidays_broken", holidays.fault, alert_key=key)
    elif holidays.published is None:
        sentence = f"GOV.UK's list of bank holidays was never fetched. {missed}"
        yield Condition("bank_holidays_never_fetched", sentence, alert_key="never")
    if holidays.published is not None and holidays.is_stale(at):
        fetched_at = holidays.published.checked_at
        sentence = (
            "GOV.UK's list of bank holidays was last fetched on "
            f"{fetched_at.astimezone(zone):%-d %B %Y}. {missed}"
        )
        yield Condition("bank_holidays_stale", sentence, alert_key=fetched_at.isoformat())
    horizon = lint.horizon_warning(holidays, at.astimezone(zone).date())
    if horizon is not None:
        yield Condition("bank_holidays_end", horizon)


def _settings(at: datetime) -> Iterator[Condition]:
    settings = current_app.config
    if lookup.is_rehearsal():
        clock = f"Rehearsal: the clock says {at:%H:%M on %-d %B %Y} UTC."
        yield Condition("rehearsal", f"{clock} Answers are for that time.")
    if fault := config.sign_in_fault(settings):
        yield Condition("sign_in_incomplete", fault)
    for sentence in settings["MALFORMED_SETTINGS"].values():
        yield Condition("setting_malformed", sentence)
    for sentence in settings["UNKNOWN_SETTINGS"]:
        yield Condition("setting_unknown", sentence)
    disabled = config.telephony_disabled_reason(settings)
    if disabled is not None and settings["TELEPHONE"] != "none":
        is_half = settings["TWILIO_AUTH_TOKEN"] or settings["TWILIO_AUTH_TOKEN_2"]
        yield Condition("telephone_incomplete" if is_half else "telephone_off", disabled)
    if fault := config.alerts_fault(settings):
        is_half = any(settings[name] for name in config.ALERT_SETTINGS)
        yield Condition("alerts_incomplete" if is_half else "alerts_off", fault)


def _database(snapshot: Snapshot, at: datetime, upcoming: Rota | None) -> Iterator[Condition]:
    """Yield the state of the database, and if it answers, every condition read from it."""
    reading, database = lookup.latest_diverts(), lookup.database()
    if reading.fault is not None:
        read_at = datetime.fromtimestamp(reading.began, snapshot.directory.zone)
        last = f"last read at {read_at:%H:%M on %-d %B %Y}" if reading.began else "never read"
        yield Condition(
            "database_down",
            f"{reading.fault} Answers come from the directory and the diverts {last}; staff cannot "
            "change anything.",
        )
        return
    if not database.exists:
        sentence = "Staff cannot sign in or divert calls: the database has not been created."
        yield Condition("database_not_made", sentence)
        return
    try:
        if db.needs_upgrade(database):
            sentence = "The database is not of this version: calls are put through, but not logged."
            yield Condition("database_behind", sentence)
            return
        with database.reading() as connection:
            overdue = retention.overdue(connection, current_app.config, at)
            yield from [
                *_counted_requests(connection, at),
                *_telephone_faults(connection, at),
                *_unanswered_calls(connection, snapshot, at),
                *_rota(connection, snapshot, upcoming or load_upcoming(connection, at), at),
                *_jobs(connection),
            ]
        if overdue:
            sentence = f"Kept for longer than the privacy notice says: {', '.join(overdue)}."
            yield Condition("kept_too_long", sentence)
        fault = current_app.extensions["call_log"].fault()
    except DatabaseUnavailable as error:
        fault = str(error)
    if fault is not None:
        yield Condition("database_refuses", f"{fault} Staff cannot change anything.")


_COUNTERS = {
    calls.SIGNATURE_REFUSED: "{} requests in the last two hours did not have Twilio's signature "
    "for this address.",
    calls.UNRECOGNISED: "{} signed requests in the last two hours did not look like Twilio's own: "
    "callers were put through, but the calls are not in the log.",
    calls.TEXTS_LIMITED: "{} text messages in the last two hours were not answered, because too "
    "many had come within the hour.",
    calls.OVER_LIMIT: "{} requests for staff pages, sign-in, calendars or long lists were refused "
    "in the last two hours: too many ran at the same time. Callers are answered.",
}


def _counted_requests(connection: Connection, at: datetime) -> Iterator[Condition]:
    for code, sentence in _COUNTERS.items():
        if count := sum(calls.counted(connection, code, at - _COUNTED_HOURS).values()):
            yield Condition(code, sentence.format(count))


def _telephone_faults(connection: Connection, at: datetime) -> Iterator[Condition]:
    for hour in calls.counted(connection, calls.FAULTS, at - _COUNTED_HOURS):
        sentence = (
            "This service failed to handle one or more calls or texts in the hour that began at "
            f"{_format_time(hour)}: callers were put through by the fallback, which takes no "
            "account of hours."
        )
        yield Condition(calls.FAULTS, sentence, alert_key=hour.isoformat())


def _unanswered_calls(
    connection: Connection, snapshot: Snapshot, at: datetime
) -> Iterator[Condition]:
    """Yield each service of which calls were not answered, or given up after MIN_WAIT or more."""
    missed: dict[str, list[tuple[datetime, Call]]] = {}
    since, outcomes = at - RECENT_CALLS_PERIOD, (Outcome.UNANSWERED, Outcome.ABANDONED)
    began_after = since - calls.UNREPORTED_AFTER
    for call in calls.calls_between(connection, began_after, at + _DAY, at, outcomes):
        ended_at = call.ended_at or call.began_at
        has_waited = call.outcome == Outcome.UNANSWERED or ended_at - call.began_at >= MIN_WAIT
        if ended_at >= since and has_waited:  # so the last to end is the last to be forgotten
            missed.setdefault(call.service, []).append((ended_at, call))
    for service_id, missed_calls in missed.items():
        _, last = max(missed_calls, key=lambda ended: (ended[0], ended[1].id))
        service = staff_text.service_name(snapshot.directory, service_id)
        count, hours = len(missed_calls), RECENT_CALLS_PERIOD // timedelta(hours=1)
        which = "a call" if count == 1 else f"{count} calls in the last {hours} hours, the last"
        legs = "; ".join(
            staff_text.describe_leg(
                staff_text.line_name(snapshot.directory, leg.line),
                leg.outcome,
                leg.ring_seconds,
                leg.talk_seconds,
            )
            for leg in last.legs
        )
        sentence = f"{service}: nobody answered {which} at {_format_time(last.began_at)}."
        sentence += f" {legs}." if legs else ""
        yield Condition("call_unanswered", sentence, alert_key=str(last.id))


def _rota(
    connection: Connection, snapshot: Snapshot, upcoming: Rota, at: datetime
) -> Iterator[Condition]:
    """Yield the gaps in the rota: each that begins before the next working day ends, for alerts.

    A gap that was filled and is empty again is a new occurrence, or lacks another person, and so is
    one of more than a day, once; one without an end is, every day.
    """
    if not upcoming.roles:
        return
    end, days = at + rota_service.GAP_LOOKAHEAD, rota_service.GAP_LOOKAHEAD.days
    soon = _end_of_next_working_day(snapshot, at)
    today = at.astimezone(snapshot.directory.zone).date()
    gaps = [gap for gap in upcoming.gaps(at - _DAY, end) if gap.during.end > at]
    for role in upcoming.roles.values():
        name = upcoming.role_names[role.id]
        gaps_of_role = [gap for gap in gaps if gap.role is role]
        if gaps_of_role and not upcoming.assignments(role.id, at, end):
            sentence = f"{name}: nobody is on the rota in the next {days} days."
            yield Condition("rota_empty", sentence, alert_key=f"{role.id} {today}")
            continue
        for _, span, missing in gaps_of_role:
            if span.start >= soon:
                break
            shortfall = descriptions.format_shortfall(role, missing)
            begins = "now" if span.start <= at else f"from {_format_time(span.start)}"
            sentence = f"{name}: {shortfall} {begins} until {_format_time(span.end)}."
            ends = span.end.isoformat() if span.end <= end else today
            is_whole = span.start > at - _DAY  # or else it begins elsewhere at each look
            added = rota.count_ever_added(connection, role.id, span) if is_whole else ""
            key = f"{role.id} {ends} {missing} {added}"
            yield Condition("rota_gap", sentence, alert_key=key)
        later = [gap for gap in gaps_of_role if gap.during.start >= soon]
        if later:
            count = f"{len(later)} gap{'s' if len(later) > 1 else ''}"
            first = _format_time(later[0].during.start)
            sentence = f"{name}: {count} later in the next {days} days, the first from {first}."
            yield Condition("rota_gap", sentence)
    known = set(upcoming.roles)
    shifts = [shift for shift in upcoming.shifts if shift.during.end > at]
    for role_id in sorted({shift.role_id for shift in shifts} - known):
        sentence = f"There are future shifts in the role '{role_id}', which the directory lacks."
        yield Condition("rota_role_unknown", sentence)


def _end_of_next_working_day(snapshot: Snapshot, at: datetime) -> datetime:
    """Return the midnight at the end of the next local day that is no weekend or bank holiday.

    So before Christmas, gaps over Christmas cause an alert while there is somebody to fill them.
    """
    zone, holidays = snapshot.directory.zone, snapshot.holidays.dates
    day = at.astimezone(zone).date() + _DAY
    while day.weekday() > 4 or day in holidays:
        day += _DAY
    return instants.midnight(day + _DAY, zone)


def _jobs(connection: Connection) -> Iterator[Condition]:
    """Yield the jobs that fail, and each recipient for whom alerts wait since delivery failed."""
    states, recipients = jobs.states(connection), config.alert_recipients(current_app.config)
    polled_at = states[ALERTS_JOB].ran_at if ALERTS_JOB in states else None
    is_late = polled_at is None or alerts.database_time(connection) - polled_at > SENDER_TIMEOUT
    if recipients and is_late:
        since = f"since {_format_time(polled_at)}" if polled_at else "yet"
        sentence = f"No alerts are sent: the job {ALERTS_JOB} has not run {since}."
        yield Condition("alerts_not_sent", sentence)
    delivery = f"{ALERTS_JOB} to "
    own = [("job_failing", job) for name, job in states.items() if not name.startswith(delivery)]
    waiting = [("alerts_failing", job) for job in alerts.failing(connection, recipients)]
    for code, job in (*own, *waiting):
        if job.failing_since is not None:
            since = _format_time(job.failing_since)
            yield Condition(code, f"The job {job.name} has failed since {since}. {job.fault}")


def _format_time(at: datetime) -> str:
    return dates.format_datetime(at, lookup.staff_locale())
