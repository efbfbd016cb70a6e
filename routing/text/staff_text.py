"""Sentences for staff, in English: where calls go, until when, and what comes next."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from routing.core.decision import Divert, Outcome, ReasonCode, Timetables, decide, handovers
from routing.core.directory import (
    MINUTES_PER_DAY,
    Directory,
    Line,
    Phone,
    Service,
    TimeRange,
    date_range,
)
from routing.core.instants import Span
from routing.text import dates
from routing.text.locale import Locale

MAX_DATES = 8
"""How many dates a sentence names before it counts the rest."""

MIN_WEEKLY = 3
"""How often something happens on a weekday before a sentence says "every"."""

ACTION_LABELS = {
    "divert.set": "Divert set",
    "divert.changed": "Divert given another end",
    "divert.ended": "Divert ended early",
    "account.added": "Account added",
    "account.changed": "Roles changed",
    "account.password_changed": "Password changed",
    "account.removed": "Account removed",
    "account.signed_out": "Signed out everywhere",
    "account.link_created": "Link for a new password made",
    "setup.not_needed": "Step of setting up not needed",
    "setup.needed": "Step of setting up needed",
    "directory.read": "Directory read",
    "bank_holidays.refreshed": "Bank holidays refreshed",
    "calls.purged": "Old calls deleted",
    "notes.purged": "Old notes emptied",
    "rota.added": "Shift added",
    "rota.covered": "Cover set",
    "rota.absence": "Absence covered or left open",
    "rota.swapped": "Shifts swapped",
    "rota.removed": "Shift removed",
    "rota.uncovered": "Cover removed",
    "rota.filled": "Rota filled",
    "rota.imported": "Shifts imported",
    "rota.replaced": "Period of the rota replaced by a spreadsheet",
    "rota.undone": "Change of the rota undone",
    "rota.restored": "Put back on the rota",
    "rota.purged": "Old names of the rota forgotten",
    "rota_person.added": "Person put on the rota",
    "rota_person.changed": "Person on the rota changed",
    "rota_person.left": "Person taken off the rota",
    "calendar.created": "Calendar created",
    "calendar.revoked": "Calendar revoked",
}
"""What staff pages call the actions of the audit log."""

CALL_OUTCOMES: Mapping[str | None, str] = {
    Outcome.ANSWERED: "Answered",
    Outcome.UNANSWERED: "Nobody answered",
    Outcome.ABANDONED: "The caller hung up",
    Outcome.UNKNOWN: "The end was not reported",
    None: "Going on",
}
"""How a call ended, in the order in which tables show it; None while it goes on."""

LEG_OUTCOMES: Mapping[str | None, str] = {
    Outcome.ANSWERED: "answered",
    Outcome.ABANDONED: "the caller hung up",
    Outcome.BUSY: "busy",
    Outcome.NO_ANSWER: "no answer",
    Outcome.FAILED: "could not be reached",
    Outcome.DECLINED: "not accepted",
    Outcome.UNKNOWN: "outcome unknown",
    None: "its end was not reported",
}
"""How ringing a line ended; None if nothing was reported."""


def calls_go_to(
    timetables: Timetables,
    service_id: str,
    diverts: Sequence[Divert],
    at: datetime,
    locale: Locale,
    internal_numbers: bool = True,
) -> str:
    """Say where a service's calls go: "Calls go to EDS on 01632 960002 until 5pm today ...".

    While they are diverted, that is until the divert ends, also where the line goes on to take
    them by its hours, or has another number from midnight. Without ``internal_numbers`` an
    internal line is named without its number.
    """
    decision = decide(timetables, service_id, at, diverts)
    is_diverted = decision.reason.code is ReasonCode.DIVERT
    verb = "are diverted" if is_diverted else "go"
    line = line_with_number(decision.line, decision.phone, internal_numbers)
    for ends, following in handovers(timetables, service_id, at, diverts):
        is_same_line = following.line.id == decision.line.id
        if is_diverted and is_same_line and following.reason == decision.reason:
            continue
        next_line = line_with_number(following.line, following.phone, internal_numbers)
        if is_same_line and following.phone == decision.phone:
            cause = "the directory’s hours" if is_diverted else "a divert"
            next_line = f"the same line, by {cause}"
        until, time_left = format_relative(ends, at, locale), format_time_left(ends - at)
        return f"Calls {verb} to {line} until {until} ({time_left}), then to {next_line}."
    return f"Calls {verb} to {line}. Nothing else is planned in the next 400 days."


def service_name(directory: Directory, service_id: str) -> str:
    """Return a service's name; its id if the directory has it no more."""
    service = directory.service(service_id)
    return service.name.get("en") if service else service_id


def line_name(directory: Directory, line_id: str) -> str:
    """Return a line's name; its id if the directory has it no more."""
    line = directory.line(line_id)
    return line.name.get("en") if line else line_id


def line_with_number(line: Line, phone: Phone, internal_numbers: bool = True) -> str:
    """Name a line with its number: "EDS on 01632 960002".

    Without ``internal_numbers`` an internal line is named without its number.
    """
    name = line.name.get("en")
    return f"{name} on {phone.display}" if internal_numbers or not line.internal else name


def closed_warnings(
    timetables: Timetables, diverts: Iterable[Divert], at: datetime, locale: Locale
) -> list[str]:
    """Warn of diverts to a line while it is closed by its own hours, and give those; each once."""
    warnings = []
    for divert in diverts:
        line, during = divert.line, divert.during
        closed = [span for span, lines in timetables.open_lines([line], during) if not lines]
        if closed:
            when = ", and ".join(format_span(span, at, locale) for span in closed[:3])
            more = ", and at other times" if len(closed) > 3 else ""
            name, week = line.name.get("en"), dates.format_week(line.hours, locale)
            warnings.append(
                f"By its own hours {name} is shut {when}{more}. Its hours are: {week} Callers "
                "would hear it ring with nobody there."
            )
    return list(dict.fromkeys(warnings))


def explain_lines(
    service: Service,
    at: datetime,
    timetables: Timetables,
    locale: Locale,
    internal_numbers: bool = True,
) -> list[str]:
    """Say of each line of a service, in order, whether it is open at ``at`` and why.

    Without ``internal_numbers`` an internal line is named without its number.
    """
    sentences, is_taken = [], False
    for line in service.lines:
        if not timetables.is_open(line, at):
            verdict = "is shut"
        elif is_taken:
            verdict = "is open, but a line before it is too"
        else:
            verdict, is_taken = "is open: it takes the calls", True
        hours = _hours_sentence(line, at, timetables, locale)
        phone = line.phone_on(at.astimezone(locale.zone).date())
        if phone != line.phone and (internal_numbers or not line.internal):
            hours += f" Its number on that date is {phone.display}."
        sentences.append(f"{line.name.get('en')} {verdict}. {hours}")
    name = service.out_of_hours.name.get("en")
    when = " whenever" if is_taken else ", since"
    return [*sentences, f"{name} takes the calls{when} none of these is open."]


def describe_leg(
    line: str, outcome: str | None, ring_seconds: int | None, talk_seconds: int | None
) -> str:
    """Say how ringing a line ended: "EDS: answered after 5 seconds, talked for 3 minutes".

    None: the outcome or the duration was not reported.
    """
    sentence = f"{line}: {LEG_OUTCOMES.get(outcome, outcome)}"
    if ring_seconds is not None:
        sentence += f" after {format_duration(ring_seconds)}"
    if talk_seconds is not None:
        sentence += f", talked for {format_duration(talk_seconds)}"
    return sentence


def format_relative(when: datetime, at: datetime, locale: Locale) -> str:
    """Format an instant as seen from ``at``: 5pm today; 8:30am tomorrow; other days by date."""
    (day, time), today = dates.local_date_and_time(when, locale), at.astimezone(locale.zone).date()
    days_later = (day - today).days
    if time is None or days_later not in (0, 1):
        return dates.format_datetime(when, locale, at)
    return f"{time} {'tomorrow' if days_later else 'today'}"


def format_time_left(time: timedelta) -> str:
    """Format a duration, in minutes rounded up: 1 hour 20 minutes; 3 days 2 hours."""
    minutes = -(-int(time.total_seconds()) // 60)
    days, minutes_of_day = divmod(minutes, 24 * 60)
    hours, minutes_of_hour = divmod(minutes_of_day, 60)
    units = [(days, "day"), (hours, "hour"), (minutes_of_hour if not days else 0, "minute")]
    parts = [f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in units if count]
    return " ".join(parts) or "less than a minute"


def format_duration(seconds: int) -> str:
    """Format how long something lasted: 5 seconds; from 90 seconds on in minutes: 3 minutes."""
    if seconds < 90:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    return f"{round(seconds / 60)} minutes"


def format_span(span: Span, at: datetime, locale: Locale) -> str:
    """Format a span as seen from ``at``: from now until 5pm today."""
    start = "now" if at in span else format_relative(span.start, at, locale)
    return f"from {start} until {format_relative(span.end, at, locale)}"


def format_periods(spans: Iterable[Span], period: Span, locale: Locale) -> list[str]:
    """Describe many spans in sentences, in the order in which they begin; those alike share one.

    "Every Friday" means at least half of the Fridays of ``period``, and three or more; the Fridays
    left out are named. Spans on other days are described by their dates.
    """
    spans = list(spans)
    if spans == [period]:
        return ["at all hours"]
    last = period.end - timedelta(microseconds=1)
    first_day, last_day = (at.astimezone(locale.zone).date() for at in (period.start, last))
    period_days = list(date_range(first_day, last_day))
    days_by_times: dict[str, list[date]] = defaultdict(list)
    for span in spans:
        start, end = span.start.astimezone(locale.zone), span.end.astimezone(locale.zone)
        days_by_times[_format_times(start, end, locale)].append(start.date())
    possible, sentences = Counter(day.weekday() for day in period_days), []
    for times, days in days_by_times.items():
        counts = Counter(day.weekday() for day in days).items()
        weekdays = {day for day, n in counts if n >= MIN_WEEKLY and 2 * n >= possible[day]}
        weekly = [day for day in days if day.weekday() in weekdays]
        others = [day for day in days if day.weekday() not in weekdays]
        if weekly:
            sentences.append((weekly[0], _weekly_sentence(weekly, times, period_days, locale)))
        if others:
            sentences.append((others[0], _dates_sentence(others, times, locale)))
    return [sentence for _, sentence in sorted(sentences, key=lambda pair: pair[0])]


def _weekly_sentence(
    days: Sequence[date], times: str, period_days: Iterable[date], locale: Locale
) -> str:
    listed, weekdays = set(days), {day.weekday() for day in days}
    every = "day" if len(weekdays) == 7 else dates.format_weekdays(weekdays, locale)
    first = dates.format_date(days[0], locale)
    sentence = f"every {every} {times}, {len(days)} times, first {first}"
    between = (day for day in period_days if days[0] <= day <= days[-1])
    left_out = [day for day in between if day.weekday() in weekdays and day not in listed]
    return f"{sentence}, but not on {_format_dates(left_out, locale)}" if left_out else sentence


def _dates_sentence(days: Sequence[date], times: str, locale: Locale) -> str:
    if len(days) == 1:
        return f"{dates.format_full_date(days[0], locale)}, {times}"
    count = "twice" if len(days) == 2 else f"{len(days)} times"
    return f"{times}, {count}: {_format_dates(days, locale)}"


def _format_dates(days: Sequence[date], locale: Locale) -> str:
    names = [dates.format_date(day, locale) for day in days[:MAX_DATES]]
    if len(days) > MAX_DATES:
        names[-1] = f"{len(days) - MAX_DATES + 1} more to {dates.format_date(days[-1], locale)}"
    return dates.join_words(names, locale)


def _format_times(start: datetime, end: datetime, locale: Locale) -> str:
    """Return when a span opens and closes by the wall clock, with the day if it is a later one."""
    opens, closes, last_day = _minute(start), _minute(end), end.date()
    if not closes:
        closes, last_day = MINUTES_PER_DAY, last_day - timedelta(days=1)
    days_later = (last_day - start.date()).days
    if (opens, days_later, closes) == (0, 0, MINUTES_PER_DAY):
        return "all day"
    if not days_later and closes <= opens:
        return f"{dates.format_range(TimeRange(opens, closes), locale)}, as the clocks go back"
    if days_later <= 1:
        return dates.format_range(TimeRange(opens, closes + days_later * MINUTES_PER_DAY), locale)
    day = dates.WEEKDAYS[last_day.weekday()]
    if days_later >= 7:
        day = dates.format_full_date(last_day, locale)
    return f"{dates.format_time(opens, locale)} to {dates.format_time(closes, locale)} on {day}"


def _minute(at: datetime) -> int:
    return at.hour * 60 + at.minute


def _hours_sentence(line: Line, at: datetime, timetables: Timetables, locale: Locale) -> str:
    """Say which hours a line keeps on the local date of ``at``, and what sets them."""
    today = at.astimezone(locale.zone).date()
    day_hours, holiday = line.hours_on(today, timetables.holidays), timetables.holidays.get(today)
    special_day = day_hours.special_day
    if special_day is not None:
        cause = f"special day, {special_day.name.get('en')}"
    elif holiday is not None and line.hours.bank_holiday is not None:
        cause = f"bank holiday, {holiday.name}"
    else:
        cause = f"every {locale.translate(dates.WEEKDAYS[today.weekday()])}"
        if holiday is not None:
            cause += f"; {holiday.name} makes no difference to this line"
    hours = dates.format_ranges(day_hours.ranges, locale)
    return f"Its hours on {dates.format_full_date(today, locale)}: {hours} ({cause})."
