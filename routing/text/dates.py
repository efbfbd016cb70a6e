"""Times, dates and hours in words, as GOV.UK writes them: 5pm on Thursday 24 December.

Dates are absolute, so that a sentence stays true however long it is kept. Every function takes a
Locale: times are read in its zone.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import groupby

from routing.core.directory import (
    ALL_DAY,
    MINUTES_PER_DAY,
    BankHoliday,
    HolidayDates,
    Hours,
    Line,
    SpecialDay,
    TimeRange,
)
from routing.text.locale import N_, Locale

WEEKDAYS = (
    *(N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday")),
    *(N_("Friday"), N_("Saturday"), N_("Sunday")),
)
MONTHS = (
    *(N_("January"), N_("February"), N_("March"), N_("April"), N_("May"), N_("June"), N_("July")),
    *(N_("August"), N_("September"), N_("October"), N_("November"), N_("December")),
)
_MONTHLY = {
    "first": N_("First {weekday} of each month"),
    "second": N_("Second {weekday} of each month"),
    "third": N_("Third {weekday} of each month"),
    "fourth": N_("Fourth {weekday} of each month"),
    "last": N_("Last {weekday} of each month"),
}
_YEAR_NAMED_AFTER = timedelta(days=180)
_TONIGHT_FROM_HOUR = 18


def format_time(minute: int, locale: Locale) -> str:
    """Format minutes after midnight: 8:30am, 5pm, midday, midnight. 1440 is midnight too."""
    minute %= MINUTES_PER_DAY
    if minute == 0:
        return locale.translate("midnight")
    if minute == MINUTES_PER_DAY // 2:
        return locale.translate("midday")
    hour, minutes = divmod(minute, 60)
    time = f"{(hour - 1) % 12 + 1}" + (f":{minutes:02}" if minutes else "")
    if hour < 12:
        return locale.translate("{time}am", time=time)
    return locale.translate("{time}pm", time=time)


def format_day(day: date, locale: Locale) -> str:
    """Format a date with its weekday and without its year: Thursday 24 December."""
    return locale.translate(
        "{weekday} {day} {month}",
        weekday=locale.translate(WEEKDAYS[day.weekday()]),
        day=str(day.day),
        month=locale.translate(MONTHS[day.month - 1]),
    )


def format_date(day: date, locale: Locale) -> str:
    """Format a date without its weekday: 24 December 2026."""
    month = locale.translate(MONTHS[day.month - 1])
    return locale.translate(
        "{day} {month} {year}", day=str(day.day), month=month, year=str(day.year)
    )


def format_full_date(day: date, locale: Locale) -> str:
    """Format a date with its weekday and year: Thursday 24 December 2026."""
    return f"{format_day(day, locale)} {day.year}"


def format_datetime(
    at: datetime, locale: Locale, now: datetime | None = None, with_year: bool = False
) -> str:
    """Format an instant: 5pm on Thursday 24 December. Midnight belongs to the day that it ends.

    The year is added ``with_year``, or when the instant is more than 180 days after ``now``.
    """
    date, time = local_date_and_time(at, locale)
    day = format_day(date, locale)
    if with_year or (now is not None and at - now > _YEAR_NAMED_AFTER):
        day = f"{day} {date.year}"
    if time is None:
        return locale.translate("midnight at the end of {day}", day=day)
    return locale.translate("{time} on {day}", time=time, day=day)


def format_moment(at: datetime, locale: Locale, now: datetime, *, is_live: bool = True) -> str:
    """Format an instant for a page that is read at once: 5pm today, Thursday 24 December.

    It says today, tonight (from 6pm) and tomorrow, and is else, and for a page that is not live, as
    ``format_datetime`` has it.
    """
    date, time = local_date_and_time(at, locale)
    days_ahead = (date - now.astimezone(locale.zone).date()).days
    if not is_live:
        return format_datetime(at, locale, now)
    if days_ahead == 0 and time is None:
        message = N_("midnight tonight, {day}")
    elif days_ahead == 0 and at.astimezone(locale.zone).hour >= _TONIGHT_FROM_HOUR:
        message = N_("{time} tonight, {day}")
    elif days_ahead == 0:
        message = N_("{time} today, {day}")
    elif days_ahead == 1 and time is not None:
        message = N_("{time} tomorrow, {day}")
    else:
        return format_datetime(at, locale, now)
    return locale.translate(message, time=time or "", day=format_day(date, locale))


@lru_cache(maxsize=4_096)
def local_date_and_time(at: datetime, locale: Locale) -> tuple[date, str | None]:
    """Return the date and time on the wall clock; no time at the midnight that ends the date.

    A time that comes twice, as the clocks go back, has its zone: 1:30am GMT. Cached because a page
    of the rota has hundreds of edges, each twice.
    """
    local = at.astimezone(locale.zone)
    minute = local.hour * 60 + local.minute
    if not minute:
        return local.date() - timedelta(days=1), None
    time = format_time(minute, locale)
    if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        time = f"{time} {local.tzname()}"
    return local.date(), time


def format_range(time_range: TimeRange, locale: Locale) -> str:
    """Format one range: 8:30am to 5pm; 5pm to 8:30am the next day."""
    opens, closes = format_time(time_range.opens, locale), format_time(time_range.closes, locale)
    if time_range.closes > MINUTES_PER_DAY:
        return locale.translate("{opens} to {closes} the next day", opens=opens, closes=closes)
    return locale.translate("{opens} to {closes}", opens=opens, closes=closes)


def format_ranges(ranges: tuple[TimeRange, ...], locale: Locale) -> str:
    """Format a day's hours: 8:30am to midday and 1pm to 5pm; 24 hours; closed."""
    if not ranges:
        return locale.translate("closed")
    if ranges == ALL_DAY:
        return locale.translate("24 hours")
    return join_words([format_range(time_range, locale) for time_range in ranges], locale)


def format_hours(hours: Hours, locale: Locale) -> tuple[tuple[str, str], ...]:
    """Format a week as pairs of days and hours: ("Monday to Friday", "8:30am to 5pm")."""
    if hours.is_always:
        always = locale.translate("24 hours, bank holidays included")
        return ((locale.translate("Every day"), always),)
    weekdays: dict[tuple[TimeRange, ...], list[int]] = {}
    for weekday, ranges in enumerate(hours.week):
        weekdays.setdefault(ranges, []).append(weekday)
    pairs = [
        (format_weekdays(days, locale), format_ranges(ranges, locale))
        for ranges, days in weekdays.items()
    ]
    if hours.bank_holiday is not None:
        pairs.append((locale.translate("Bank holidays"), format_ranges(hours.bank_holiday, locale)))
    return tuple((capitalise(days), times) for days, times in pairs)


def format_week(hours: Hours, locale: Locale) -> str:
    """Format a week as one sentence: Monday to Friday: 9am to 5pm; Saturday and Sunday: closed."""
    return "; ".join(f"{days}: {times}" for days, times in format_hours(hours, locale)) + "."


def format_holiday(day: date, holiday: BankHoliday, locale: Locale) -> str:
    """Format a bank holiday: Monday 28 December 2026, Boxing Day (substitute day)."""
    name = locale.translate(holiday.name)
    if holiday.substitute:
        name = locale.translate("{name} (substitute day)", name=name)
    return f"{capitalise(format_full_date(day, locale))}, {name}"


def format_weekdays(weekdays: Iterable[int], locale: Locale) -> str:
    """Format days of the week, Monday being 0: Monday to Thursday and Saturday; Every day.

    Of days in a row both of two are named, and the first and last of more.
    """
    in_order = groupby(enumerate(sorted(weekdays)), lambda place: place[1] - place[0])
    runs = [[day for _, day in run] for _, run in in_order]
    if len(runs[0]) == len(WEEKDAYS):
        return locale.translate("Every day")
    parts: list[str] = []
    for run in runs:
        first, last = (locale.translate(WEEKDAYS[day]) for day in (run[0], run[-1]))
        if len(run) <= 2:
            parts += [first, last][: len(run)]
        else:
            parts.append(locale.translate("{first} to {last}", first=first, last=last))
    return join_words(parts, locale)


def format_special_day(special_day: SpecialDay, locale: Locale, today: date) -> str:
    """Format a special day: Thursday 24 December (Christmas Eve): 8:30am to 3:30pm.

    A date in another year than that of ``today`` has its year.
    """
    parts = []
    if special_day.week is not None:
        parts += [f"{days} {hours}" for days, hours in format_hours(special_day.week, locale)]
    elif special_day.hours is not None:
        hours = format_ranges(special_day.hours, locale)
        if special_day.is_run and special_day.hours:
            hours = locale.translate("{hours}, on days when it usually opens", hours=hours)
        parts.append(hours)
    if special_day.phone is not None:
        parts.append(locale.translate("call {phone}", phone=special_day.phone.display))
    return locale.translate(
        "{days} ({name}): {what}",
        days=capitalise(_format_dates(special_day, locale, today)),
        name=special_day.name.get(locale.language),
        what=", ".join(parts),
    )


def format_coming_special_days(
    special_days: Iterable[SpecialDay], today: date, locale: Locale
) -> list[str]:
    """Format each special day that is not over, in order of its next date."""
    coming = [
        (next_date, format_special_day(special_day, locale, today))
        for special_day in special_days
        if not special_day.changes_nothing
        and (next_date := special_day.next_date(today)) is not None
    ]
    return [sentence for _, sentence in sorted(coming, key=lambda entry: entry[0])]


def format_exceptions(
    line: Line, first: date, last: date, holidays: HolidayDates, locale: Locale
) -> list[tuple[str, str]]:
    """Format each date from ``first`` to ``last`` with other hours or another number than usual.

    Pairs such as ("Thursday 24 December 2026 (Christmas Eve)", "8:30am to 3:30pm"). In a season its
    week is the usual one.
    """
    pairs = []
    for day in line.special_dates(first, last, holidays):
        ranges, phone = line.ranges_on(day, holidays), line.phone_on(day)
        if phone == line.phone and ranges == line.week_on(day)[day.weekday()]:
            continue
        hours = format_ranges(ranges, locale)
        if phone != line.phone:
            hours = locale.translate("{hours}, call {phone}", hours=hours, phone=phone.display)
        names = [
            special_day.name.get(locale.language)
            for special_day in line.special_days
            if day in special_day and not special_day.is_season
        ]
        if day in holidays and not names:
            date_in_words = format_holiday(day, holidays[day], locale)
        else:
            date_in_words = capitalise(format_full_date(day, locale))
            date_in_words += f" ({', '.join(names)})" if names else ""
        pairs.append((date_in_words, hours))
    return pairs


def format_notices(line: Line, first: date, last: date, locale: Locale) -> list[str]:
    """Format each change of a line's week or number from ``first`` to ``last``."""
    return [
        format_special_day(special_day, locale, first)
        for special_day in line.special_days
        if (special_day.is_season or special_day.phone) and any(special_day.dates(first, last))
    ]


def capitalise(text: str) -> str:
    """Return ``text`` with a capital first letter: Welsh days begin with a small one."""
    return text[0].upper() + text[1:]


def join_words(words: Sequence[str], locale: Locale) -> str:
    """Join a list for a sentence: one, two and three. ``words`` has one item at least."""
    if len(words) == 1:
        return words[0]
    return locale.translate("{most} and {last}", most=", ".join(words[:-1]), last=words[-1])


def _format_dates(special_day: SpecialDay, locale: Locale, today: date) -> str:
    first, last = (
        None
        if day is None
        else (format_day if day.year == today.year else format_full_date)(day, locale)
        for day in (special_day.first, special_day.last)
    )
    if special_day.every is not None:
        parts = [_format_rule(special_day.every, locale)]
        if first is not None:
            parts.append(locale.translate("from {day}", day=first))
        if last is not None:
            parts.append(locale.translate("until {day}", day=last))
        return " ".join(parts)
    if last is None:
        return locale.translate("From {day}, until further notice", day=first or "")
    if first is None or first == last:
        return last
    return locale.translate("{first} to {last}", first=first, last=last)


def _format_rule(every: str, locale: Locale) -> str:
    word, name = every.split()
    if name in MONTHS:
        return locale.translate("Every {day} {month}", day=word, month=locale.translate(name))
    if name in WEEKDAYS:
        return locale.translate(_MONTHLY[word], weekday=locale.translate(name))
    if word == "1":
        return locale.translate("Every week")
    return locale.translate("Every {count} weeks", count=word)
