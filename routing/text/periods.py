"""Many stretches of time as a few sentences: every Friday 4:30pm to 5pm, 54 times."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from routing.core.directory import MINUTES_PER_DAY, TimeRange
from routing.core.instants import Span, date_range
from routing.text import dates as dates_module
from routing.text.locale import Locale

MAX_DATES = 8
"""How many dates a sentence names before it counts them."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A stretch by the clock: ``closes`` is 1 to 1440 minutes into the last day."""

    first: date
    opens: int
    last: date
    closes: int

    @property
    def form(self) -> tuple[int, int, int]:
        """Return when it begins and ends by the clock, and how many days later."""
        return self.opens, (self.last - self.first).days, self.closes


def format_periods(spans: Iterable[Span], period: Span, locale: Locale) -> list[str]:
    """Say when ``spans`` are, those of one kind together, in the order in which they begin.

    "Every Friday" is said of what is on at least half of the Fridays of ``period``, three or more;
    the Fridays on which it is not are named. What is on other days is said by its dates.
    """
    found = list(spans)
    if found == [period]:
        return [locale.translate("at all hours")]
    whole = list(date_range(*_days(period, locale)))
    by_weekday: dict[tuple[int, int, int, int], list[_Stretch]] = defaultdict(list)
    for each in (_stretch(span, locale) for span in found):
        by_weekday[each.first.weekday(), *each.form].append(each)
    weekly: dict[tuple[int, ...], list[_Stretch]] = defaultdict(list)
    rest: dict[tuple[int, int, int], list[_Stretch]] = defaultdict(list)
    for (weekday, *form), stretches in by_weekday.items():
        of_all = sum(day.weekday() == weekday for day in whole)
        if len(stretches) >= 3 and 2 * len(stretches) >= of_all:
            # A stretch over several days ends on another weekday for each on which it begins.
            weekly[(*form, weekday if form[1] > 1 else -1)] += stretches
        else:
            rest[stretches[0].form] += stretches
    said = [
        (days[0], _every(days, clocks, whole, locale))
        for days, clocks in _alike(weekly.values(), locale)
    ]
    said += [(days[0], _on(days, clocks, locale)) for days, clocks in _alike(rest.values(), locale)]
    return [sentence for _, sentence in sorted(said, key=lambda each: each[0])]


def _alike(
    groups: Iterable[list[_Stretch]], locale: Locale
) -> Iterator[tuple[tuple[date, ...], str]]:
    """Yield the dates of groups, in order, with what is on them, together where they are equal."""
    alike: dict[tuple[date, ...], list[_Stretch]] = defaultdict(list)
    for group in groups:
        alike[tuple(sorted(each.first for each in group))].append(group[0])
    for days, stretches in alike.items():
        in_order = sorted(stretches, key=lambda each: each.opens)
        yield days, dates_module.join_words([_clocks(each, locale) for each in in_order], locale)


def _every(days: Sequence[date], clocks: str, whole: Sequence[date], locale: Locale) -> str:
    weekdays = {day.weekday() for day in days}
    but = [day for day in whole if day.weekday() in weekdays and day not in set(days)]
    but = [day for day in but if days[0] <= day <= days[-1]]
    sentence = locale.translate(
        "{days} {clocks}, {times}, first {date}",
        days=_each(weekdays, locale),
        clocks=clocks,
        times=_times(len(days), locale),
        date=dates_module.format_date(days[0], locale),
    )
    if not but:
        return sentence
    return locale.translate(
        "{sentence}, but not on {dates}", sentence=sentence, dates=_named(but, locale)
    )


def _each(found: set[int], locale: Locale) -> str:
    if len(found) == len(dates_module.WEEKDAYS):
        return locale.translate("every day")
    return locale.translate("every {days}", days=dates_module.format_weekdays(found, locale))


def _on(days: Sequence[date], clocks: str, locale: Locale) -> str:
    if len(days) == 1:
        return f"{dates_module.format_full_date(days[0], locale)}, {clocks}"
    return locale.translate(
        "{clocks}, {times}: {dates}",
        clocks=clocks,
        times=_times(len(days), locale),
        dates=_named(days, locale),
    )


def _named(days: Sequence[date], locale: Locale) -> str:
    said = [dates_module.format_date(day, locale) for day in days[:MAX_DATES]]
    if len(days) > MAX_DATES:
        last = dates_module.format_date(days[-1], locale)
        more = str(len(days) - MAX_DATES + 1)
        said[-1] = locale.translate("{count} more to {date}", count=more, date=last)
    return dates_module.join_words(said, locale)


def _times(count: int, locale: Locale) -> str:
    return (
        locale.translate("twice")
        if count == 2
        else locale.translate("{count} times", count=str(count))
    )


def _clocks(found: _Stretch, locale: Locale) -> str:
    opens, later, closes = found.form
    if (opens, later, closes) == (0, 0, MINUTES_PER_DAY):
        return locale.translate("all day")
    if not later and closes <= opens:
        clocks = dates_module.format_range(TimeRange(opens, closes), locale)
        return locale.translate("{clocks}, as the clocks go back", clocks=clocks)
    if later <= 1:
        return dates_module.format_range(TimeRange(opens, closes + later * MINUTES_PER_DAY), locale)
    weekday = locale.translate(dates_module.WEEKDAYS[found.last.weekday()])
    ends = dates_module.format_full_date(found.last, locale) if later > 6 else weekday
    return locale.translate(
        "{opens} to {closes} on {day}",
        opens=dates_module.format_time(opens, locale),
        closes=dates_module.format_time(closes, locale),
        day=ends,
    )


def _stretch(span: Span, locale: Locale) -> _Stretch:
    start, end = (edge.astimezone(locale.zone) for edge in (span.start, span.end))
    closes, last = end.hour * 60 + end.minute, end.date()
    if not closes:
        closes, last = MINUTES_PER_DAY, last - _DAY
    return _Stretch(start.date(), start.hour * 60 + start.minute, last, closes)


def _days(period: Span, locale: Locale) -> Iterator[date]:
    """Return the first and last local date of a period."""
    last = period.end - timedelta(microseconds=1)
    return (edge.astimezone(locale.zone).date() for edge in (period.start, last))
