"""Who takes the call, worked out a second way, for the service to be held against.

Written from the contract alone: it shares no code with the service, neither for reading the file,
nor for hours, nor for bank holidays. Where the service looks an instant up among spans of UTC,
this asks what the clock on the wall says in that minute, and whether a range that started today,
or yesterday and ran on past midnight, covers it. The zone's data answers one question only: what
does the clock say at this instant. It knows no diverts, and takes the file to be without mistakes.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import yaml

PUBLISHED = Path(__file__).parent / "data" / "bank-holidays.json"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 24 * 60  # minutes
ONE_DAY, ONE_MINUTE = timedelta(days=1), timedelta(minutes=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Proclaimed between 2000 and GOV.UK's first year, for the whole of the United Kingdom.
PROCLAIMED = {date(2002, 6, 3), date(2002, 6, 4), date(2011, 4, 29)}
MOVED_AWAY = {date(2002, 5, 27)}

Ranges = tuple[tuple[int, int], ...]  # minutes after the midnight that begins the day; half-open
Answer = tuple[str, str, str]  # line, number in E.164, reason


@cache
def published_holidays(division: str) -> dict[int, frozenset[date]]:
    """Return the dates of GOV.UK's list by year, as frozen in tests/data."""
    events = json.loads(PUBLISHED.read_text("utf-8"))[division]["events"]
    days = [date.fromisoformat(event["date"]) for event in events]
    return {year: frozenset(d for d in days if d.year == year) for year in {d.year for d in days}}


@cache
def lawful_holidays(division: str, year: int) -> frozenset[date]:
    """Compute the dates that law and custom give a year, days off only.

    A fixed day on a Saturday or Sunday gives way to the next weekday that is not a holiday. Of
    one-offs it knows those between 2000 and GOV.UK's first year.
    """
    days = {easter(year) - 2 * ONE_DAY, monday(year, 5, 1), monday(year, 5, 25)}
    fixed = [date(year, 1, 1), date(year, 12, 25), date(year, 12, 26)]
    if division == "scotland":
        days.add(monday(year, 8, 1))
        fixed += [date(year, 1, 2)] + [date(year, 11, 30)] * (year >= 2007)
    else:
        days |= {easter(year) + ONE_DAY, monday(year, 8, 25)}
    if division == "northern-ireland":
        fixed += [date(year, 3, 17), date(year, 7, 12)]
    for day in sorted(fixed, key=lambda day: (day.weekday() >= 5, day)):
        while day.weekday() >= 5 or day in days:
            day += ONE_DAY
        days.add(day)
    return frozenset(days - MOVED_AWAY | {day for day in PROCLAIMED if day.year == year})


def easter(year: int) -> date:
    """Return Easter Sunday, by the calculation printed in Nature in 1876."""
    a, (b, c) = year % 19, divmod(year, 100)
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    month, day = divmod(h + k - 7 * ((a + 11 * h + 22 * k) // 451) + 114, 31)
    return date(year, month, day + 1)


def monday(year: int, month: int, earliest: int) -> date:
    """Return the first Monday of a month that is not before the day ``earliest``."""
    day = date(year, month, earliest)
    return day + (-day.weekday() % 7) * ONE_DAY


@dataclass(frozen=True)
class Special:
    """A special day as the file has it: on which dates, and what it says of them."""

    falls_on: Callable[[date], bool]
    kind: str  # "date", "run", "endless" or "every"
    hours: Ranges | None
    week: tuple[Ranges, ...] | None
    bank_holiday: Ranges | None
    number: str | None  # as written

    @classmethod
    def read(cls, entry: dict) -> "Special":
        """Read an entry of ``special_days``."""
        on, first, last = (
            date.fromisoformat(entry[key]) if key in entry else None
            for key in ("date", "from", "to")
        )
        hours, week, bank_holiday = entry.get("hours"), None, None
        if isinstance(hours, dict):
            week, bank_holiday = read_week(hours)
            hours = None
        kind = "date" if on else "every" if "every" in entry else "run" if last else "endless"
        repeats = comes_again(entry["every"], first) if kind == "every" else lambda day: True

        def falls_on(day: date) -> bool:
            return (on or first or day) <= day <= (on or last or day) and repeats(day)

        return cls(
            falls_on,
            kind,
            None if hours is None else ranges(hours),
            week,
            bank_holiday,
            entry.get("phone"),
        )


def comes_again(every: str, first: date | None) -> Callable[[date], bool]:
    """Return whether a date is one of ``24 December``, ``last Friday`` or ``2 weeks``."""
    word, name = every.split()
    if name.startswith("week"):
        return lambda day: (day - first).days % (7 * int(word)) == 0
    if word.isdigit():
        return lambda day: day.day == int(word) and f"{day:%B}" == name
    if word == "last":
        return lambda day: f"{day:%A}" == name and (day + 7 * ONE_DAY).month != day.month
    which = ("first", "second", "third", "fourth").index(word)
    return lambda day: f"{day:%A}" == name and 7 * which < day.day <= 7 * which + 7


@dataclass(frozen=True)
class Line:
    """A line as the file has it; ``bank_holiday`` is None without a key."""

    number: str  # as written
    week: tuple[Ranges, ...]
    bank_holiday: Ranges | None
    special: tuple[Special, ...]
    words: tuple[str | None, str | None]  # its name and its options

    @classmethod
    def read(cls, entry: dict) -> "Line":
        """Read a line of the file; one without hours is never open."""
        special = tuple(Special.read(special) for special in entry.get("special_days") or ())
        words = entry.get("name"), entry.get("options")
        return cls(entry["phone"], *read_week(entry.get("hours", {})), special, words)


def read_week(hours: dict | str) -> tuple[tuple[Ranges, ...], Ranges | None]:
    """Read a week: the hours of each day, and those of bank holidays, None without a key."""
    hours = {"mon-sun": "always"} if hours == "always" else dict(hours)
    bank_holiday = ranges(hours.pop("bank-holiday")) if "bank-holiday" in hours else None
    week: list[Ranges] = [()] * 7
    for key, value in hours.items():
        for weekday in weekdays(key):
            week[weekday] = ranges(value)
    return tuple(week), bank_holiday


def weekdays(key: str) -> Iterator[int]:
    """Yield the days of ``mon``, ``mon-fri``, ``mon,wed,fri`` or ``sat-mon``; Monday is 0."""
    for part in key.split(","):
        first, _, last = part.partition("-")
        start, end = DAYS.index(first.strip()), DAYS.index((last or first).strip())
        yield from (day % 7 for day in range(start, end + 1 + 7 * (end < start)))


def ranges(text: str) -> Ranges:
    """Read the hours of a day; a close at or before its open is counted on into the next day."""
    if text in ("closed", "always"):
        return ((0, DAY),) if text == "always" else ()
    pairs = [[minutes_past(end) for end in part.split("-")] for part in text.split(",")]
    return tuple((opens, closes + DAY * (closes <= opens)) for opens, closes in pairs)


def minutes_past(clock: str) -> int:
    """Return the minutes from midnight to ``HH:MM``; 24:00 is 1440."""
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def e164(written: str) -> str:
    """Return a United Kingdom number, however it is spaced, as +44 and the rest."""
    digits = "".join(c for c in written.replace("(0)", "") if c in "+0123456789")
    return "+44" + digits[1:] if digits.startswith("0") else digits


def is_police(number: str) -> bool:
    """Return whether a number is shown and never rung: 999 or 101."""
    return number in ("999", "101")


def offset(zone: ZoneInfo, at: datetime) -> timedelta:
    """Return how far the clock on the wall is ahead of UTC at an instant."""
    return at.astimezone(zone).utcoffset()


def readings(zone: ZoneInfo, day: date, minute: int) -> list[datetime]:
    """Return the instants at which the clock reads this: one, or none or two as clocks change."""
    as_utc = datetime.combine(day, time(), UTC) + minute * ONE_MINUTE
    offsets = {offset(zone, as_utc + days * ONE_DAY) for days in (-1, 1)}
    return sorted(as_utc - ahead for ahead in offsets if offset(zone, as_utc - ahead) == ahead)


@dataclass(frozen=True)
class Wall:
    """What the clock says in each minute of a period, as arrays of one length.

    A start has come when it is at or before ``reached``, an end when it is at or before
    ``passed``: of a wall time that exists twice a start is the first and an end the second. Both
    are the clock's own minute except in an hour that is read twice. The first time through it, no
    end in that hour has come; the second time, every start in it has. A wall time that is skipped
    needs no more: the clock's first minute after the jump is later than it.
    """

    dates: list[date]  # from the day before the first minute's to the last minute's
    day: np.ndarray  # where in ``dates`` the minute's own date is
    reached: np.ndarray
    passed: np.ndarray


@lru_cache(maxsize=4)
def wall(zone: ZoneInfo, first: int, end: int) -> Wall:
    """Return the wall clock for the minutes, counted from 1970 in UTC, from one up to another.

    The clock is asked day by day, and every minute of a day at whose ends it differs.
    """
    ask_from, ask_to = (first // DAY - 1) * DAY, (end // DAY + 2) * DAY

    def ahead(minute: int) -> int:
        return offset(zone, EPOCH + minute * ONE_MINUTE) // ONE_MINUTE

    shift = np.empty(ask_to - ask_from, np.int64)
    for midnight in range(ask_from, ask_to, DAY):
        day = slice(midnight - ask_from, midnight - ask_from + DAY)
        changes = ahead(midnight) != ahead(midnight + DAY)
        shift[day] = [ahead(midnight + m) for m in range(DAY)] if changes else ahead(midnight)
    days, minute = np.divmod(np.arange(ask_from, ask_to) + shift, DAY)
    if (np.diff(days) < 0).any() or (np.diff(days) > 1).any():
        raise ValueError(f"The clocks of {zone} change across midnight: not provided for.")
    reached, passed = minute.astype(np.int16), minute.astype(np.int16)
    for turn in np.flatnonzero(np.diff(shift) < 0) + 1:
        repeated = shift[turn - 1] - shift[turn]
        passed[turn - repeated : turn] = minute[turn] - 1
        reached[turn : turn + repeated] = minute[turn - 1]
    wanted = slice(first - ask_from, end - ask_from)
    days_before = int(days[wanted][0]) - 1
    dates = [EPOCH.date() + int(day) * ONE_DAY for day in range(days_before, days[wanted][-1] + 1)]
    return Wall(
        dates, (days[wanted] - days_before).astype(np.int32), reached[wanted], passed[wanted]
    )


def open_minutes(hours: list[Ranges], clock: Wall) -> np.ndarray:
    """Say for each minute whether a range covers it; ``hours`` has those of each of the dates."""
    covered = np.zeros(len(clock.day), bool)
    for opens, closes in {pair for of_day in hours for pair in of_day}:
        starts = np.array([(opens, closes) in of_day for of_day in hours])
        covered |= starts[clock.day] & (clock.reached >= opens) & (clock.passed < closes)
        if closes >= DAY:  # it runs on, or ends at a midnight that might be read twice
            covered |= starts[clock.day - 1] & (clock.passed < closes - DAY)
    return covered


class Oracle:
    """A directory file's answers; ``division`` replaces the one that the file names."""

    def __init__(self, path: Path, division: str | None = None) -> None:
        file = yaml.load(path.read_text("utf-8"), yaml.BaseLoader)
        holidays = file.get("bank_holidays") or {}
        self.division = division or holidays["division"]
        self.added = {date.fromisoformat(day) for day in holidays.get("add") or ()}
        self.removed = {date.fromisoformat(day) for day in holidays.get("remove") or ()}
        self.zone = ZoneInfo(file["zone"])
        self.lines = {name: Line.read(entry) for name, entry in file["lines"].items()}
        services = file["services"].items()
        self.order = {name: (entry["lines"], entry["out_of_hours"]) for name, entry in services}
        self.services: tuple[str, ...] = tuple(self.order)
        self.tried = {
            name: entry.get("if_unanswered", [entry["out_of_hours"]]) for name, entry in services
        }
        self.ringing = {
            name: e164(entry["number"]) if "number" in entry else None for name, entry in services
        }

    def is_bank_holiday(self, day: date) -> bool:
        """Say whether a date is one: in GOV.UK's list or else by computation; the file decides."""
        if day in self.added or day in self.removed:
            return day in self.added
        published = published_holidays(self.division).get(day.year)
        return day in (published or lawful_holidays(self.division, day.year))

    def hours_of(self, name: str, day: date) -> tuple[Ranges, str]:
        """Return the ranges that start on a date, and the reason for a line being shut then."""
        line, is_bank_holiday = self.lines[name], self.is_bank_holiday(day)
        usual = (line.week[day.weekday()], "out_of_hours")
        if is_bank_holiday and line.bank_holiday is not None:
            usual = (line.bank_holiday, "bank_holiday")
        result = usual
        for special in line.special:  # what is later in the file overwrites
            if not special.falls_on(day):
                continue
            reason = "special_day"
            if special.kind == "endless":  # it has become the usual thing
                of_its_own = is_bank_holiday and special.bank_holiday is not None
                reason = "bank_holiday" if of_its_own else usual[1]
            if special.week is not None:
                if is_bank_holiday and special.bank_holiday is not None:
                    result = (special.bank_holiday, reason)
                elif usual[1] == "bank_holiday":
                    result = usual
                else:
                    result = (special.week[day.weekday()], reason)
            elif special.hours is not None and not (
                special.kind in ("run", "endless") and result[0] == ()
            ):
                result = (special.hours, reason)
        return result

    def number_of(self, name: str, day: date) -> str:
        """Return the number of a line on a local date, from its midnight to the next."""
        return e164(self.written_number_of(name, day))

    def written_number_of(self, name: str, day: date) -> str:
        """Return the number of a line on a local date as the file has it."""
        line = self.lines[name]
        numbers = [special.number for special in line.special if special.falls_on(day)]
        return next(filter(None, reversed(numbers)), line.number)

    def answer(self, service: str, at: datetime) -> Answer:
        """Return who takes the call at an aware instant: line, number, reason.

        Ranges and offsets are whole minutes, so the seconds of an instant never matter.
        """
        minute = EPOCH + (at - EPOCH) // ONE_MINUTE * ONE_MINUTE
        today = minute.astimezone(self.zone).date()
        names, out_of_hours = self.order[service]
        for name in names:
            if self.is_open(name, minute):
                return name, self.number_of(name, today), "in_hours"
        _, reason = self.hours_of(names[0], today)
        return out_of_hours, self.number_of(out_of_hours, today), reason

    def is_open(self, name: str, at: datetime) -> bool:
        """Say whether a range that started today, or yesterday and ran on, covers a minute."""
        clock = at.astimezone(self.zone)
        today, minute = clock.date(), clock.hour * 60 + clock.minute
        passes = readings(self.zone, today, minute)
        first_of_two, second_of_two = at < passes[-1], at > passes[0]

        def twice(minute: int) -> bool:
            return len(readings(self.zone, today, minute)) == 2

        def started(opens: int) -> bool:
            return opens <= minute or (second_of_two and twice(opens))

        def ended(closes: int) -> bool:
            return closes <= minute and not (first_of_two and twice(closes))

        of_today, of_yesterday = (self.hours_of(name, today - n * ONE_DAY)[0] for n in (0, 1))
        tails = tuple((opens - DAY, closes - DAY) for opens, closes in of_yesterday)
        return any(started(opens) and not ended(closes) for opens, closes in of_today + tails)

    def minutes(self, service: str, start: datetime, end: datetime) -> tuple[np.ndarray, list]:
        """Return the answer in each minute of ``[start, end)``, as indexes into a list of answers.

        Both ends are aware, on a whole minute and not the same. This states the rule of ``answer``
        over again, for all minutes at once; a test holds the two against each other.
        """
        clock = wall(self.zone, *((edge - EPOCH) // ONE_MINUTE for edge in (start, end)))
        legend: dict[Answer, int] = {}

        def codes(name: str, reasons: list[str]) -> np.ndarray:
            numbers = [self.number_of(name, day) for day in clock.dates]
            answers = [(name, *rest) for rest in zip(numbers, reasons, strict=True)]
            by_date = [legend.setdefault(answer, len(legend)) for answer in answers]
            return np.array(by_date, np.uint16)[clock.day]

        names, out_of_hours = self.order[service]
        hours = {name: [self.hours_of(name, day) for day in clock.dates] for name in names}
        result = codes(out_of_hours, [reason for _, reason in hours[names[0]]])
        for name in reversed(names):
            covered = open_minutes([of_day for of_day, _ in hours[name]], clock)
            result = np.where(covered, codes(name, ["in_hours"] * len(clock.dates)), result)
        return result, list(legend)

    def shown(self, service: str, start: datetime, end: datetime) -> list[tuple]:
        """Return all that a caller notices in each minute: line, words, numbers.

        The second number is the one that callers of the service ring, None if it has none.
        """
        rung, legend = self.minutes(service, start, end)
        clock = wall(self.zone, *((edge - EPOCH) // ONE_MINUTE for edge in (start, end)))

        @cache
        def seen(code: int, day: int) -> tuple:
            name, number, _ = legend[code]
            own = None if is_police(number) else self.ringing[service]
            written = self.written_number_of(name, clock.dates[day])
            return name, *self.lines[name].words, number, written, own

        return [
            seen(code, day) for code, day in zip(rung.tolist(), clock.day.tolist(), strict=True)
        ]

    def open_in(self, name: str, start: datetime, end: datetime) -> np.ndarray:
        """Say for each minute of ``[start, end)`` whether a line's own hours cover it."""
        clock = wall(self.zone, *((edge - EPOCH) // ONE_MINUTE for edge in (start, end)))
        return open_minutes([self.hours_of(name, day)[0] for day in clock.dates], clock)

    def how_many_open(self, service: str, start: datetime, end: datetime) -> np.ndarray:
        """Count for each minute the lines that take a service's calls and are open."""
        names, out_of_hours = self.order[service]
        return sum(self.open_in(name, start, end).astype(int) for name in {*names, out_of_hours})

    def nobody_left(self, service: str, start: datetime, end: datetime) -> np.ndarray:
        """Say for each minute that no other line, with another number, is left to be tried.

        While 999 or 101 answers, nobody else is needed.
        """
        rung, legend = self.minutes(service, start, end)
        clock = wall(self.zone, *((edge - EPOCH) // ONE_MINUTE for edge in (start, end)))
        left = np.array([answer[1] in ("999", "101") for answer in legend])[rung]
        for name in self.tried[service]:
            numbers = np.array([self.number_of(name, day) for day in clock.dates])[clock.day]
            lines, others = (np.array([answer[n] for answer in legend])[rung] for n in (0, 1))
            is_rung = (numbers != "999") & (numbers != "101")
            others_differ = (lines != name) & (others != numbers)
            left |= self.open_in(name, start, end) & others_differ & is_rung
        return ~left
