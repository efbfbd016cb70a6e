"""Many stretches of time as a few sentences: every Friday 4:30pm to 5pm, 54 times."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from routing.core.hours import DAY, Range, Span, dates
from routing.wording import times
from routing.wording.voice import Voice

MOST_DATES = 8
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


def periods(spans: Iterable[Span], period: Span, voice: Voice) -> list[str]:
    """Say when ``spans`` are, those of one kind together, in the order in which they begin.

    "Every Friday" is said of what is on at least half of the Fridays of ``period``, three or more;
    the Fridays on which it is not are named. What is on other days is said by its dates.
    """
    found = list(spans)
    if found == [period]:
        return [voice.say("at all hours")]
    whole = list(dates(*_days(period, voice)))
    by_weekday: dict[tuple[int, int, int, int], list[_Stretch]] = defaultdict(list)
    for each in (_stretch(span, voice) for span in found):
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
        (days[0], _every(days, clocks, whole, voice))
        for days, clocks in _alike(weekly.values(), voice)
    ]
    said += [(days[0], _on(days, clocks, voice)) for days, clocks in _alike(rest.values(), voice)]
    return [sentence for _, sentence in sorted(said, key=lambda each: each[0])]


def _alike(
    groups: Iterable[list[_Stretch]], voice: Voice
) -> Iterator[tuple[tuple[date, ...], str]]:
    """Yield the dates of groups, in order, with what is on them, together where they are equal."""
    alike: dict[tuple[date, ...], list[_Stretch]] = defaultdict(list)
    for group in groups:
        alike[tuple(sorted(each.first for each in group))].append(group[0])
    for days, stretches in alike.items():
        in_order = sorted(stretches, key=lambda each: each.opens)
        yield days, times.listed([_clocks(each, voice) for each in in_order], voice)


def _every(days: Sequence[date], clocks: str, whole: Sequence[date], voice: Voice) -> str:
    weekdays = {day.weekday() for day in days}
    but = [day for day in whole if day.weekday() in weekdays and day not in set(days)]
    but = [day for day in but if days[0] <= day <= days[-1]]
    sentence = voice.say(
        "{days} {clocks}, {times}, first {date}",
        days=_each(weekdays, voice),
        clocks=clocks,
        times=_times(len(days), voice),
        date=times.date_alone(days[0], voice),
    )
    if not but:
        return sentence
    return voice.say("{sentence}, but not on {dates}", sentence=sentence, dates=_named(but, voice))


def _each(found: set[int], voice: Voice) -> str:
    if len(found) == len(times.DAYS):
        return voice.say("every day")
    return voice.say("every {days}", days=times.weekdays(found, voice))


def _on(days: Sequence[date], clocks: str, voice: Voice) -> str:
    if len(days) == 1:
        return f"{times.dated(days[0], voice)}, {clocks}"
    return voice.say(
        "{clocks}, {times}: {dates}",
        clocks=clocks,
        times=_times(len(days), voice),
        dates=_named(days, voice),
    )


def _named(days: Sequence[date], voice: Voice) -> str:
    said = [times.date_alone(day, voice) for day in days[:MOST_DATES]]
    if len(days) > MOST_DATES:
        last = times.date_alone(days[-1], voice)
        more = str(len(days) - MOST_DATES + 1)
        said[-1] = voice.say("{count} more to {date}", count=more, date=last)
    return times.listed(said, voice)


def _times(count: int, voice: Voice) -> str:
    return voice.say("twice") if count == 2 else voice.say("{count} times", count=str(count))


def _clocks(found: _Stretch, voice: Voice) -> str:
    opens, later, closes = found.form
    if (opens, later, closes) == (0, 0, DAY):
        return voice.say("all day")
    if not later and closes <= opens:
        clocks = times.clocks(Range(opens, closes), voice)
        return voice.say("{clocks}, as the clocks go back", clocks=clocks)
    if later <= 1:
        return times.clocks(Range(opens, closes + later * DAY), voice)
    weekday = voice.say(times.DAYS[found.last.weekday()])
    ends = times.dated(found.last, voice) if later > 6 else weekday
    return voice.say(
        "{opens} to {closes} on {day}",
        opens=times.clock(opens, voice),
        closes=times.clock(closes, voice),
        day=ends,
    )


def _stretch(span: Span, voice: Voice) -> _Stretch:
    start, end = (edge.astimezone(voice.zone) for edge in (span.start, span.end))
    closes, last = end.hour * 60 + end.minute, end.date()
    if not closes:
        closes, last = DAY, last - _DAY
    return _Stretch(start.date(), start.hour * 60 + start.minute, last, closes)


def _days(period: Span, voice: Voice) -> Iterator[date]:
    """Return the first and last local date of a period."""
    last = period.end - timedelta(microseconds=1)
    return (edge.astimezone(voice.zone).date() for edge in (period.start, last))
