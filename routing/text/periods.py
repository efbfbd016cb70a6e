"""Many spans of time as a few sentences: every Friday 4:30pm to 5pm, 54 times."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from routing.core.directory import MINUTES_PER_DAY, TimeRange
from routing.core.instants import Span, date_range
from routing.text.dates import (
    WEEKDAYS,
    format_date,
    format_full_date,
    format_range,
    format_time,
    format_weekdays,
    join_words,
)
from routing.text.locale import Locale

MAX_DATES = 8
"""How many dates a sentence names before it counts the rest."""

MIN_WEEKLY = 3
"""How often something happens on a weekday before a sentence says "every"."""


@dataclass(frozen=True, slots=True)
class _LocalSpan:
    """A span by the wall clock: from ``opens`` on ``first`` to ``closes`` on ``last``.

    Both are minutes after midnight; ``closes`` is 1 to 1440.
    """

    first: date
    opens: int
    last: date
    closes: int

    @property
    def times(self) -> tuple[int, int, int]:
        """When it opens, how many days later it closes, and when on that day."""
        return self.opens, (self.last - self.first).days, self.closes


def format_periods(spans: Iterable[Span], period: Span, locale: Locale) -> list[str]:
    """Describe ``spans`` in sentences, in the order in which they begin; those alike share one.

    "Every Friday" means at least half of the Fridays of ``period``, and three or more; the Fridays
    left out are named. Spans on other days are described by their dates.
    """
    spans = list(spans)
    if spans == [period]:
        return [locale.translate("at all hours")]
    period_days = list(date_range(*_local_dates(period, locale)))
    by_weekday: dict[tuple[int, int, int, int], list[_LocalSpan]] = defaultdict(list)
    for span in (_to_local(span, locale) for span in spans):
        by_weekday[span.first.weekday(), *span.times].append(span)
    weekly: dict[tuple[int, ...], list[_LocalSpan]] = defaultdict(list)
    dated: dict[tuple[int, int, int], list[_LocalSpan]] = defaultdict(list)
    for (weekday, *times), group in by_weekday.items():
        weekdays_in_period = sum(day.weekday() == weekday for day in period_days)
        if len(group) >= MIN_WEEKLY and 2 * len(group) >= weekdays_in_period:
            # A span of several days ends on a weekday of its own for each on which it begins.
            weekly[(*times, weekday if times[1] > 1 else -1)] += group
        else:
            dated[group[0].times] += group
    sentences = [
        (days[0], _weekly_sentence(days, times, period_days, locale))
        for days, times in _group_by_dates(weekly.values(), locale)
    ]
    sentences += [
        (days[0], _dated_sentence(days, times, locale))
        for days, times in _group_by_dates(dated.values(), locale)
    ]
    return [sentence for _, sentence in sorted(sentences, key=lambda pair: pair[0])]


def _group_by_dates(
    groups: Iterable[list[_LocalSpan]], locale: Locale
) -> Iterator[tuple[tuple[date, ...], str]]:
    """Yield the dates of each group, in order, with its times; groups of the same dates as one."""
    by_dates: dict[tuple[date, ...], list[_LocalSpan]] = defaultdict(list)
    for group in groups:
        by_dates[tuple(sorted(span.first for span in group))].append(group[0])
    for days, spans in by_dates.items():
        in_order = sorted(spans, key=lambda span: span.opens)
        yield days, join_words([_format_times(span, locale) for span in in_order], locale)


def _weekly_sentence(
    days: Sequence[date], times: str, period_days: Sequence[date], locale: Locale
) -> str:
    listed, weekdays = set(days), {day.weekday() for day in days}
    left_out = [
        day
        for day in period_days
        if days[0] <= day <= days[-1] and day.weekday() in weekdays and day not in listed
    ]
    sentence = locale.translate(
        "{days} {clocks}, {times}, first {date}",
        days=_every(weekdays, locale),
        clocks=times,
        times=_count(len(days), locale),
        date=format_date(days[0], locale),
    )
    if not left_out:
        return sentence
    return locale.translate(
        "{sentence}, but not on {dates}", sentence=sentence, dates=_format_dates(left_out, locale)
    )


def _dated_sentence(days: Sequence[date], times: str, locale: Locale) -> str:
    if len(days) == 1:
        return f"{format_full_date(days[0], locale)}, {times}"
    return locale.translate(
        "{clocks}, {times}: {dates}",
        clocks=times,
        times=_count(len(days), locale),
        dates=_format_dates(days, locale),
    )


def _every(weekdays: set[int], locale: Locale) -> str:
    if len(weekdays) == len(WEEKDAYS):
        return locale.translate("every day")
    return locale.translate("every {days}", days=format_weekdays(weekdays, locale))


def _format_dates(days: Sequence[date], locale: Locale) -> str:
    names = [format_date(day, locale) for day in days[:MAX_DATES]]
    if len(days) > MAX_DATES:
        last, more = format_date(days[-1], locale), str(len(days) - MAX_DATES + 1)
        names[-1] = locale.translate("{count} more to {date}", count=more, date=last)
    return join_words(names, locale)


def _count(count: int, locale: Locale) -> str:
    if count == 2:
        return locale.translate("twice")
    return locale.translate("{count} times", count=str(count))


def _format_times(span: _LocalSpan, locale: Locale) -> str:
    opens, days_later, closes = span.times
    if (opens, days_later, closes) == (0, 0, MINUTES_PER_DAY):
        return locale.translate("all day")
    if not days_later and closes <= opens:
        times = format_range(TimeRange(opens, closes), locale)
        return locale.translate("{clocks}, as the clocks go back", clocks=times)
    if days_later <= 1:
        closes += days_later * MINUTES_PER_DAY
        return format_range(TimeRange(opens, closes), locale)
    if days_later > 6:
        last_day = format_full_date(span.last, locale)
    else:
        last_day = locale.translate(WEEKDAYS[span.last.weekday()])
    return locale.translate(
        "{opens} to {closes} on {day}",
        opens=format_time(opens, locale),
        closes=format_time(closes, locale),
        day=last_day,
    )


def _to_local(span: Span, locale: Locale) -> _LocalSpan:
    start, end = span.start.astimezone(locale.zone), span.end.astimezone(locale.zone)
    closes, last = end.hour * 60 + end.minute, end.date()
    if not closes:
        closes, last = MINUTES_PER_DAY, last - timedelta(days=1)
    return _LocalSpan(start.date(), start.hour * 60 + start.minute, last, closes)


def _local_dates(period: Span, locale: Locale) -> tuple[date, date]:
    """Return the first and last local date of a period."""
    last = period.end - timedelta(microseconds=1)
    return period.start.astimezone(locale.zone).date(), last.astimezone(locale.zone).date()
