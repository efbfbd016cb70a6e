"""Times and hours in words, as GOV.UK writes them: 5pm on Thursday 24 December.

Dates are absolute, so that a sentence stays true however long somebody keeps it. Every function
takes a Voice; times are read in its zone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from routing.core.directory import Line
from routing.core.hours import ALL_DAY, DAY, BankHoliday, Hours, Range, SpecialDay, dates
from routing.wording.voice import N_, Voice

DAYS = (
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


def clock(minute: int, voice: Voice) -> str:
    """Say a time of day as GOV.UK does: 8:30am, 5pm, midday, midnight."""
    minute %= DAY
    if minute == 0:
        return voice.say("midnight")
    if minute == DAY // 2:
        return voice.say("midday")
    hour, past = divmod(minute, 60)
    digits = f"{(hour - 1) % 12 + 1}" + (f":{past:02}" if past else "")
    return voice.say("{time}am", time=digits) if hour < 12 else voice.say("{time}pm", time=digits)


def day(on: date, voice: Voice) -> str:
    """Say a date: Thursday 24 December."""
    return voice.say(
        "{weekday} {day} {month}",
        weekday=voice.say(DAYS[on.weekday()]),
        day=str(on.day),
        month=voice.say(MONTHS[on.month - 1]),
    )


def date_alone(on: date, voice: Voice) -> str:
    """Say a date without its weekday: 24 December 2026."""
    month = voice.say(MONTHS[on.month - 1])
    return voice.say("{day} {month} {year}", day=str(on.day), month=month, year=str(on.year))


def dated(on: date, voice: Voice) -> str:
    """Say a date with its year: Thursday 24 December 2026."""
    return f"{day(on, voice)} {on.year}"


def moment(at: datetime, voice: Voice, asked: datetime | None = None) -> str:
    """Say an instant: 5pm on Thursday 24 December. Midnight belongs to the day that it ends.

    The year is said when the instant is more than half a year after ``asked``.
    """
    local = at.astimezone(voice.zone)
    minute = local.hour * 60 + local.minute
    on = local.date() if minute else local.date() - timedelta(days=1)
    said = day(on, voice)
    if asked is not None and at - asked > _YEAR_IS_SAID_AFTER:
        said = f"{said} {on.year}"
    if not minute:
        return voice.say("midnight at the end of {day}", day=said)
    return voice.say("{time} on {day}", time=clock(minute, voice), day=said)


def ranges(found: tuple[Range, ...], voice: Voice) -> str:
    """Say a day's hours: 8:30am to 5pm; closed; all day and night."""
    if not found:
        return voice.say("closed")
    if found == ALL_DAY:
        return voice.say("24 hours")
    said = [clocks(each, voice) for each in found]
    return listed(said, voice)


def hours(found: Hours, voice: Voice) -> tuple[tuple[str, str], ...]:
    """Say a week as pairs of days and hours: ("Monday to Friday", "8:30am to 5pm")."""
    if found.always:
        return ((voice.say("Every day"), voice.say("24 hours a day, bank holidays included")),)
    alike: dict[tuple[Range, ...], list[int]] = {}
    for weekday, on_that_day in enumerate(found.week):
        alike.setdefault(on_that_day, []).append(weekday)
    said = [(weekdays(each, voice), ranges(of_each, voice)) for of_each, each in alike.items()]
    if found.bank_holiday is not None:
        said.append((voice.say("Bank holidays"), ranges(found.bank_holiday, voice)))
    return tuple(said)


def special(found: SpecialDay, voice: Voice) -> str:
    """Say a special day: Thursday 24 December (Christmas Eve): 8:30am to 3:30pm."""
    on = day(found.first, voice)
    if found.last != found.first:
        on = voice.say("{first} to {last}", first=on, last=day(found.last, voice))
    said = [] if found.hours is None else [ranges(found.hours, voice)]
    if found.phone is not None:
        said.append(voice.say("call {phone}", phone=found.phone.display))
    name = found.name.in_(voice.language)
    return voice.say("{days} ({name}): {what}", days=on, name=name, what=", ".join(said))


def other_numbers(line: Line, first: date, last: date, voice: Voice) -> list[str]:
    """Say each other number that holds for a line on some date from ``first`` to ``last``."""
    return [
        special(replace(each, hours=None), voice)
        for each in line.special_days
        if each.phone is not None and each.first <= last and each.last >= first
    ]


def unusual(
    line: Line, first: date, last: date, holidays: Mapping[date, BankHoliday], voice: Voice
) -> list[tuple[str, str]]:
    """Say each date from ``first`` to ``last`` that is not as usual for a line, and what it is.

    ("Thursday 24 December 2026 (Christmas Eve)", "8:30am to 3:30pm").
    """
    return [
        (_named_day(line, on, holidays, voice), _that_day(line, on, holidays, voice))
        for on in unusual_days(line, first, last, holidays)
    ]


def unusual_days(
    line: Line, first: date, last: date, holidays: Mapping[date, BankHoliday]
) -> Iterator[date]:
    """Yield each date on which a line has other hours than its week's, or another number."""
    broken = {day for day in holidays if first <= day <= last}
    for each in line.special_days:
        broken.update(dates(max(first, each.first), min(last, each.last)))
    for day in sorted(broken):
        usual = line.hours.week[day.weekday()]
        if line.ranges_on(day, holidays) != usual or line.phone_on(day) != line.phone:
            yield day


def _named_day(line: Line, on: date, holidays: Mapping[date, BankHoliday], voice: Voice) -> str:
    names = [each.name.in_(voice.language) for each in line.special_days if on in each]
    if not names and on in holidays:
        names = [voice.say(holidays[on].name)]
    return f"{dated(on, voice)} ({', '.join(names)})"


def _that_day(line: Line, on: date, holidays: Mapping[date, BankHoliday], voice: Voice) -> str:
    hours_then, phone = ranges(line.ranges_on(on, holidays), voice), line.phone_on(on)
    if phone == line.phone:
        return hours_then
    return voice.say("{hours}, call {phone}", hours=hours_then, phone=phone.display)


def clocks(found: Range, voice: Voice) -> str:
    """Say one range: 8:30am to 5pm; 5pm to 8:30am the next day."""
    opens, closes = clock(found.opens, voice), clock(found.closes, voice)
    if found.closes > DAY:
        return voice.say("{opens} to {closes} the next day", opens=opens, closes=closes)
    return voice.say("{opens} to {closes}", opens=opens, closes=closes)


def weekdays(found: Iterable[int], voice: Voice) -> str:
    """Say some days of the week, Monday being 0: Monday to Thursday and Saturday; Every day."""
    days = sorted(found)
    if len(days) == len(DAYS):
        return voice.say("Every day")
    runs: list[list[int]] = []
    for each in days:
        if runs and runs[-1][-1] == each - 1:
            runs[-1].append(each)
        else:
            runs.append([each])
    said = [part for run in runs for part in _run(run, voice)]
    return listed(said, voice)


def listed(said: Sequence[str], voice: Voice) -> str:
    """Say several things: one, two and three."""
    if len(said) == 1:
        return said[0]
    return voice.say("{most} and {last}", most=", ".join(said[:-1]), last=said[-1])


def _run(run: list[int], voice: Voice) -> list[str]:
    """Say days in a row: each of two, the first and last of more."""
    first, *_, last = (voice.say(DAYS[each]) for each in (run[0], run[-1]))
    if len(run) <= 2:
        return [first, last][: len(run)]
    return [voice.say("{first} to {last}", first=first, last=last)]
