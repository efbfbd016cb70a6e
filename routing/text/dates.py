"""Times and hours in words, as GOV.UK writes them: 5pm on Thursday 24 December.

Dates are absolute, so that a sentence stays true however long somebody keeps it. Every function
takes a Locale; times are read in its zone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from routing.core.directory import (
    ALL_DAY,
    MINUTES_PER_DAY,
    BankHoliday,
    Hours,
    Line,
    SpecialDay,
    TimeRange,
)
from routing.core.instants import date_range
from routing.text.locale import N_, Locale

WEEKDAYS = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)
MONTHS = (
    N_("January"),
    N_("February"),
    N_("March"),
    N_("April"),
    N_("May"),
    N_("June"),
    N_("July"),
    N_("August"),
    N_("September"),
    N_("October"),
    N_("November"),
    N_("December"),
)
_YEAR_IS_SAID_AFTER = timedelta(days=180)


def format_time(minute: int, locale: Locale) -> str:
    """Say a time of day as GOV.UK does: 8:30am, 5pm, midday, midnight."""
    minute %= MINUTES_PER_DAY
    if minute == 0:
        return locale.translate("midnight")
    if minute == MINUTES_PER_DAY // 2:
        return locale.translate("midday")
    hour, past = divmod(minute, 60)
    digits = f"{(hour - 1) % 12 + 1}" + (f":{past:02}" if past else "")
    return (
        locale.translate("{time}am", time=digits)
        if hour < 12
        else locale.translate("{time}pm", time=digits)
    )


def format_day(on: date, locale: Locale) -> str:
    """Say a date: Thursday 24 December."""
    return locale.translate(
        "{weekday} {day} {month}",
        weekday=locale.translate(WEEKDAYS[on.weekday()]),
        day=str(on.day),
        month=locale.translate(MONTHS[on.month - 1]),
    )


def format_date(on: date, locale: Locale) -> str:
    """Say a date without its weekday: 24 December 2026."""
    month = locale.translate(MONTHS[on.month - 1])
    return locale.translate("{day} {month} {year}", day=str(on.day), month=month, year=str(on.year))


def format_full_date(on: date, locale: Locale) -> str:
    """Say a date with its year: Thursday 24 December 2026."""
    return f"{format_day(on, locale)} {on.year}"


def format_datetime(at: datetime, locale: Locale, asked: datetime | None = None) -> str:
    """Say an instant: 5pm on Thursday 24 December. Midnight belongs to the day that it ends.

    The year is said when the instant is more than half a year after ``asked``.
    """
    local = at.astimezone(locale.zone)
    minute = local.hour * 60 + local.minute
    on = local.date() if minute else local.date() - timedelta(days=1)
    said = format_day(on, locale)
    if asked is not None and at - asked > _YEAR_IS_SAID_AFTER:
        said = f"{said} {on.year}"
    if not minute:
        return locale.translate("midnight at the end of {day}", day=said)
    return locale.translate("{time} on {day}", time=format_time(minute, locale), day=said)


def format_ranges(found: tuple[TimeRange, ...], locale: Locale) -> str:
    """Say a day's hours: 8:30am to 5pm; closed; all day and night."""
    if not found:
        return locale.translate("closed")
    if found == ALL_DAY:
        return locale.translate("24 hours")
    said = [format_range(each, locale) for each in found]
    return join_words(said, locale)


def format_hours(found: Hours, locale: Locale) -> tuple[tuple[str, str], ...]:
    """Say a week as pairs of days and hours: ("Monday to Friday", "8:30am to 5pm")."""
    if found.is_always:
        return (
            (
                locale.translate("Every day"),
                locale.translate("24 hours a day, bank holidays included"),
            ),
        )
    alike: dict[tuple[TimeRange, ...], list[int]] = {}
    for weekday, on_that_day in enumerate(found.week):
        alike.setdefault(on_that_day, []).append(weekday)
    said = [
        (format_weekdays(each, locale), format_ranges(of_each, locale))
        for of_each, each in alike.items()
    ]
    if found.bank_holiday is not None:
        said.append((locale.translate("Bank holidays"), format_ranges(found.bank_holiday, locale)))
    return tuple(said)


def format_special_day(found: SpecialDay, locale: Locale) -> str:
    """Say a special day: Thursday 24 December (Christmas Eve): 8:30am to 3:30pm."""
    on = format_day(found.first, locale)
    if found.last != found.first:
        on = locale.translate("{first} to {last}", first=on, last=format_day(found.last, locale))
    said = [] if found.hours is None else [format_ranges(found.hours, locale)]
    if found.phone is not None:
        said.append(locale.translate("call {phone}", phone=found.phone.display))
    name = found.name.get(locale.language)
    return locale.translate("{days} ({name}): {what}", days=on, name=name, what=", ".join(said))


def format_other_numbers(line: Line, first: date, last: date, locale: Locale) -> list[str]:
    """Say each other number that holds for a line on some date from ``first`` to ``last``."""
    return [
        format_special_day(replace(each, hours=None), locale)
        for each in line.special_days
        if each.phone is not None and each.first <= last and each.last >= first
    ]


def format_exceptions(
    line: Line, first: date, last: date, holidays: Mapping[date, BankHoliday], locale: Locale
) -> list[tuple[str, str]]:
    """Say each date from ``first`` to ``last`` that is not as usual for a line, and what it is.

    ("Thursday 24 December 2026 (Christmas Eve)", "8:30am to 3:30pm").
    """
    return [
        (_named_day(line, on, holidays, locale), _that_day(line, on, holidays, locale))
        for on in exception_dates(line, first, last, holidays)
    ]


def exception_dates(
    line: Line, first: date, last: date, holidays: Mapping[date, BankHoliday]
) -> Iterator[date]:
    """Yield each date on which a line has other hours than its week's, or another number."""
    broken = {day for day in holidays if first <= day <= last}
    for each in line.special_days:
        broken.update(date_range(max(first, each.first), min(last, each.last)))
    for day in sorted(broken):
        usual = line.hours.week[day.weekday()]
        if line.ranges_on(day, holidays) != usual or line.phone_on(day) != line.phone:
            yield day


def _named_day(line: Line, on: date, holidays: Mapping[date, BankHoliday], locale: Locale) -> str:
    names = [each.name.get(locale.language) for each in line.special_days if on in each]
    if not names and on in holidays:
        names = [locale.translate(holidays[on].name)]
    return f"{format_full_date(on, locale)} ({', '.join(names)})"


def _that_day(line: Line, on: date, holidays: Mapping[date, BankHoliday], locale: Locale) -> str:
    hours_then, phone = format_ranges(line.ranges_on(on, holidays), locale), line.phone_on(on)
    if phone == line.phone:
        return hours_then
    return locale.translate("{hours}, call {phone}", hours=hours_then, phone=phone.display)


def format_range(found: TimeRange, locale: Locale) -> str:
    """Say one range: 8:30am to 5pm; 5pm to 8:30am the next day."""
    opens, closes = format_time(found.opens, locale), format_time(found.closes, locale)
    if found.closes > MINUTES_PER_DAY:
        return locale.translate("{opens} to {closes} the next day", opens=opens, closes=closes)
    return locale.translate("{opens} to {closes}", opens=opens, closes=closes)


def format_weekdays(found: Iterable[int], locale: Locale) -> str:
    """Say some days of the week, Monday being 0: Monday to Thursday and Saturday; Every day."""
    days = sorted(found)
    if len(days) == len(WEEKDAYS):
        return locale.translate("Every day")
    runs: list[list[int]] = []
    for each in days:
        if runs and runs[-1][-1] == each - 1:
            runs[-1].append(each)
        else:
            runs.append([each])
    said = [part for run in runs for part in _run(run, locale)]
    return join_words(said, locale)


def join_words(said: Sequence[str], locale: Locale) -> str:
    """Say several things: one, two and three."""
    if len(said) == 1:
        return said[0]
    return locale.translate("{most} and {last}", most=", ".join(said[:-1]), last=said[-1])


def _run(run: list[int], locale: Locale) -> list[str]:
    """Say days in a row: each of two, the first and last of more."""
    first, *_, last = (locale.translate(WEEKDAYS[each]) for each in (run[0], run[-1]))
    if len(run) <= 2:
        return [first, last][: len(run)]
    return [locale.translate("{first} to {last}", first=first, last=last)]
