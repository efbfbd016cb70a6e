"""What staff are told of now: where calls go, until when, what then. In English, to the minute."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from routing.core.answer import Decision, ReasonCode
from routing.core.directory import Line, Phone, Service
from routing.core.instants import Span
from routing.core.timetable import Timetables
from routing.text.dates import (
    format_datetime,
    format_day,
    format_full_date,
    format_hours,
    format_ranges,
    format_time,
)
from routing.text.locale import Locale


def calls_go_to(
    decision: Decision, at: datetime, locale: Locale, internal_numbers: bool = True
) -> str:
    """Say where a service's calls go: "Calls go to the EDS on 01632 960002 until 5pm today...".

    Without ``internal_numbers`` an internal line is named without its number.
    """
    verb = "are diverted" if decision.reason.code is ReasonCode.DIVERT else "go"
    line = line_with_number(decision.line, decision.phone, internal_numbers)
    if decision.until is None or decision.next is None:
        return f"Calls {verb} to {line}. Nothing else is planned in the next 400 days."
    then = line_with_number(decision.next.line, decision.next.phone, internal_numbers)
    until = (
        f"{format_relative(decision.until, at, locale)} ({format_time_left(decision.until - at)})"
    )
    return f"Calls {verb} to {line} until {until}, then to {then}."


def line_with_number(line: Line, phone: Phone, internal_numbers: bool = True) -> str:
    """Say a line with its number: "the EDS on 01632 960002".

    Without ``internal_numbers`` an internal line is named without it.
    """
    name = line.name.get("en")
    return f"{name} on {phone.display}" if internal_numbers or not line.internal else name


def format_relative(when: datetime, at: datetime, locale: Locale) -> str:
    """Say an instant as whoever reads it now would: 5pm today, 8:30am tomorrow, or with its day."""
    local, today = when.astimezone(locale.zone), at.astimezone(locale.zone).date()
    minute = local.hour * 60 + local.minute
    if not minute:
        return format_datetime(when, locale, at)
    word = {0: "today", 1: "tomorrow"}.get((local.date() - today).days)
    return f"{format_time(minute, locale)} {word}" if word else format_datetime(when, locale, at)


def format_time_left(time: timedelta) -> str:
    """Say how long something still lasts, in minutes rounded up: 1 hour 20 minutes; 3 days."""
    minutes = -(-int(time.total_seconds()) // 60)
    days, rest = divmod(minutes, 24 * 60)
    parts = [(days, "day"), (rest // 60, "hour"), (rest % 60 if not days else 0, "minute")]
    said = [f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in parts if count]
    return " ".join(said) or "less than a minute"


def format_span(span: Span, at: datetime, locale: Locale) -> str:
    """Say a stretch of time: from now until 5pm today."""
    begins = "now" if span.start <= at else format_relative(span.start, at, locale)
    return f"from {begins} until {format_relative(span.end, at, locale)}"


def closed_warning(line: Line, closed: tuple[Span, ...], at: datetime, locale: Locale) -> str:
    """Warn that a line is shut while calls would go to it, and name its hours."""
    when = ", and ".join(format_span(each, at, locale) for each in closed[:3])
    more = ", and at other times" if len(closed) > 3 else ""
    week = "; ".join(f"{days}: {clocks}" for days, clocks in format_hours(line.hours, locale))
    name = line.name.get(locale.language)
    return (
        f"By its own hours {name} is shut {when}{more}. Its hours are: {week}. Callers would hear "
        "it ring with nobody there."
    )


def explain_lines(
    service: Service,
    at: datetime,
    timetables: Timetables,
    locale: Locale,
    internal_numbers: bool = True,
) -> list[str]:
    """Say of each line of a service, in order, whether it is open at ``at`` and why.

    Without ``internal_numbers`` no number of an internal line is said.
    """
    said, taken = [], False
    for line in service.lines:
        is_open = timetables.is_open(line, at)
        verdict = "is open" if is_open else "is shut"
        if is_open:
            verdict += ": it takes the calls" if not taken else ", but a line before it is too"
        taken = taken or is_open
        hours = _hours(line, at, timetables, locale)
        if internal_numbers or not line.internal:
            hours += _other_number(line, at, locale)
        said.append(f"{line.name.get('en')} {verdict}. {hours}")
    last = service.out_of_hours
    name = last.name.get("en")
    if taken:
        said.append(f"{name} takes the calls whenever none of these is open.")
    else:
        said.append(f"{name} takes the calls, since none of these is open.")
    return said


def _hours(line: Line, at: datetime, timetables: Timetables, locale: Locale) -> str:
    """Say which hours a line keeps on the local date of ``at``, and what sets them."""
    on = at.astimezone(locale.zone).date()
    special, holiday = line.special_day_on(on), timetables.holidays.get(on)
    if special is not None:
        cause = f"special day, {special.name.get('en')}"
    elif holiday is not None and line.hours.bank_holiday is not None:
        cause = f"bank holiday, {holiday.name}"
    else:
        cause = f"every {format_day(on, locale).partition(' ')[0]}"
        if holiday is not None:
            cause += f"; {holiday.name} makes no difference to this line"
    hours = format_ranges(line.ranges_on(on, timetables.holidays), locale)
    return f"Its hours on {format_full_date(on, locale)}: {hours} ({cause})."


def _other_number(line: Line, at: datetime, locale: Locale) -> str:
    phone = line.phone_on(at.astimezone(locale.zone).date())
    return f" Its number on that date is {phone.display}." if phone != line.phone else ""


CALL_OUTCOMES: Mapping[str | None, str] = {
    "answered": "Answered",
    "abandoned": "The caller hung up",
    "unanswered": "Nobody answered",
    "unknown": "The end was not reported",
    None: "Going on",
}
"""How a call ended, in the order in which tables show it."""

_LEGS: Mapping[str | None, str] = {
    "answered": "answered",
    "abandoned": "the caller hung up",
    "busy": "busy",
    "no_answer": "no answer",
    "failed": "could not be reached",
    "declined": "not accepted",
    "unknown": "no answer that we know of",
    None: "its end was not reported",
}

CALL_REASONS: Mapping[str, str] = {
    "divert": "diverted",
    "in_hours": "in hours",
    "special_day": "special day",
    "bank_holiday": "bank holiday",
    "out_of_hours": "out of hours",
}
"""Why the first line was rung."""


def describe_leg(line: str, outcome: str | None, rang: int | None, talked: int | None) -> str:
    """Say what became of a line: "EDS: answered after 5 seconds, talked for 3 minutes"."""
    said = f"{line}: {_LEGS.get(outcome, outcome)}"
    if rang is not None:
        said += f" after {format_duration(rang)}"
    return f"{said}, talked for {format_duration(talked)}" if talked is not None else said


def format_duration(seconds: int) -> str:
    """Say for how long something lasted: 5 seconds, 3 minutes."""
    if seconds < 90:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    return f"{round(seconds / 60)} minutes"
