"""The contents of directory.yaml: lines with their hours, services, helplines and rota roles."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from math import ceil
from zoneinfo import ZoneInfo

EMERGENCY_NUMBERS = ("999", "101")
"""The numbers of the police that a line may have if it is only ever an out-of-hours line."""

MIN_RING_SECONDS, RING_SECONDS, LAST_RING_SECONDS, MAX_RING_SECONDS = 5, 25, 55, 55
"""How long a line rings: at least; by default before another and as the last; and at most.

Twilio adds 5 seconds to what it is told; a mobile's voicemail commonly answers after 15 to 30.
"""

KEY_PROMPT_SECONDS = 15
"""How long whoever picked up is asked to press a key, at most."""

KEY_PRESS_SECONDS = 0.5
"""How long the exchange takes to press a key, and to wait for a ``w``."""


@dataclass(frozen=True, slots=True)
class Text:
    """The council's own words by language, the directory's first language first."""

    by_language: tuple[tuple[str, str], ...]

    def get(self, language: str) -> str:
        """Return the words in ``language``, or in the first language that has any."""
        return dict(self.by_language).get(language, self.by_language[0][1])


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone number: ``e164`` to dial, ``display`` as people read it.

    Two spellings of a number are equal: 01632 960001 on a special day is +44 1632 960001 still.
    A short number (999, 101, a text number) has no E.164 form: its ``e164`` holds its digits.
    """

    e164: str
    display: str = field(compare=False)

    @property
    def is_emergency(self) -> bool:
        """True for 999 and 101, which are shown and spoken, and never rung."""
        return self.e164 in EMERGENCY_NUMBERS

    @property
    def national(self) -> str:
        """The digits to dial within the United Kingdom; of another country's number, its E.164."""
        return f"0{self.e164[3:]}" if self.e164.startswith("+44") else self.e164

    @property
    def url(self) -> str:
        """The address of a link to this number: ``tel:``, or ``sms:`` for a mobile short code."""
        if len(self.e164) in (5, 6) and self.e164[0] in "678":
            return f"sms:{self.e164}"
        # A freephone number may not connect with +44 before it.
        is_freephone = self.national.startswith(("0800", "0808", "0500"))
        return f"tel:{self.national if is_freephone else self.e164}"

    @property
    def national_display(self) -> str:
        """The number as people read it, without the United Kingdom's country code."""
        return re.sub(r"^\+44[ -]*", "0", self.display)

    @property
    def relay_uk_display(self) -> str | None:
        """18001 and the national number; None for 999, 101 and another country's numbers."""
        return f"18001 {self.national_display}" if self.e164.startswith("+44") else None


MINUTES_PER_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A range of wall-clock time, in minutes after the midnight of the day on which it starts.

    ``opens`` is 0 to 1439. ``closes`` is later, by 24 hours at most: 1440 is the midnight that
    ends the day, and more runs into the next day. Open at ``opens``, closed at ``closes``.
    """

    opens: int
    closes: int

    def __str__(self) -> str:
        """Return it as the directory writes it: 08:30-17:00."""
        is_next_day = self.closes > MINUTES_PER_DAY
        minutes = (self.opens, self.closes - MINUTES_PER_DAY * is_next_day)
        return "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in minutes)


ALL_DAY = (TimeRange(0, MINUTES_PER_DAY),)


@dataclass(frozen=True, slots=True)
class Hours:
    """A week of opening hours, Monday first; an empty day is closed.

    ``bank_holiday`` replaces the day's hours on a bank holiday; None means that a bank holiday is
    an ordinary day. ``as_written`` is the text of the directory: pairs of days and hours, or one
    pair without days.
    """

    week: tuple[tuple[TimeRange, ...], ...]
    bank_holiday: tuple[TimeRange, ...] | None = None
    as_written: tuple[tuple[str, str], ...] = ()

    @property
    def is_always(self) -> bool:
        """True when every day, bank holidays too, is open from midnight to midnight."""
        return set(self.week) == {ALL_DAY} and self.bank_holiday in (None, ALL_DAY)


@dataclass(frozen=True, slots=True)
class BankHoliday:
    """A bank holiday by the name GOV.UK gives it; ``substitute`` if it stands for a weekend day."""

    name: str
    substitute: bool = False


HolidayDates = Mapping[date, BankHoliday]
"""Bank holidays by date."""


SEASON_MIN_DAYS = 15
"""A run with hours of this many days or more changes the usual week, instead of single dates."""


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A date, a run of dates with both ends included, or a date that comes again.

    ``every`` is the rule by which it comes again, as written, and ``recurs_on`` has its dates.
    ``first`` is None only for such a day without a start, ``last`` for one without an end and for a
    run until further notice. ``hours`` replaces the hours that start on those dates
    (empty: closed), and ``week`` those of a run by day of the week; with neither, hours stay. A run
    with ``hours`` changes only dates on which the line would have opened. ``phone`` replaces the
    number from midnight to midnight; None leaves it.
    """

    first: date | None
    last: date | None
    name: Text
    hours: tuple[TimeRange, ...] | None = None
    phone: Phone | None = None
    is_run: bool = False
    week: Hours | None = None
    every: str | None = None
    recurs_on: tuple[date, ...] = field(default=(), compare=False, repr=False)

    def __contains__(self, day: date) -> bool:
        if not (self.first or day) <= day <= (self.last or day):
            return False
        return self.every is None or any(self.dates(day, day))

    def dates(self, first: date, last: date) -> Iterator[date]:
        """Yield its dates from ``first`` to ``last``, both included, in order."""
        first, last = max(first, self.first or first), min(last, self.last or last)
        if self.every is None:
            return date_range(first, last)
        days = self.recurs_on
        return iter(days[bisect_left(days, first) : bisect_right(days, last)])

    def next_date(self, day: date) -> date | None:
        """Return its first date on or after ``day``; None when it is over."""
        return next(self.dates(day, date.max), None)

    @property
    def sets_hours(self) -> bool:
        """True when it has hours or a week of its own."""
        return self.hours is not None or self.week is not None

    @property
    def changes_nothing(self) -> bool:
        """True when it has neither hours nor a number of its own."""
        return not self.sets_hours and self.phone is None

    @property
    def is_until_further_notice(self) -> bool:
        """True for a run without an end: it is never the reason why a line is shut."""
        return self.is_run and self.last is None

    @property
    def is_season(self) -> bool:
        """True for a run with hours that is so long that it reads as a change of the week."""
        if not self.is_run or not self.sets_hours or self.first is None:
            return False
        return self.last is None or (self.last - self.first).days + 1 >= SEASON_MIN_DAYS


@dataclass(frozen=True, slots=True)
class DayHours:
    """The hours that start on a date, and the special day that sets them, or None."""

    ranges: tuple[TimeRange, ...]
    special_day: SpecialDay | None


@dataclass(frozen=True, slots=True)
class Verification:
    """The confirmation of a number by somebody at the council, ``on`` a date, for ``days`` days.

    ``source`` is None when nobody wrote it down.
    """

    on: date
    source: str | None
    days: int

    @property
    def until(self) -> date:
        """The last day on which the confirmation is valid."""
        return self.on + timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class OtherWay:
    """Another way to reach a line, shown and never rung: exactly one of ``phone`` and ``url``.

    ``kind`` is textphone, text, welsh or relay, which have a number, or bsl or chat, which have an
    address.
    """

    kind: str
    phone: Phone | None = None
    url: str | None = None

    @property
    def link(self) -> str | None:
        """The address of a link to it: tel:, or sms: for text messages, or its own."""
        if self.phone is None:
            return self.url
        return f"sms:{self.phone.e164}" if self.kind == "text" else self.phone.url


@dataclass(frozen=True, slots=True)
class Line:
    """A number that can be rung, with the name that callers see and its hours.

    ``called`` is how a sentence refers to it, with its article; None leaves that to its name.
    ``send_digits`` is what the exchange presses once somebody answers: digits, * and #, and w,
    which waits half a second.
    """

    id: str
    name: Text
    phone: Phone
    hours: Hours
    special_days: tuple[SpecialDay, ...] = ()
    called: Text | None = None
    aliases: tuple[Text, ...] = ()
    options: Text | None = None
    send_digits: str | None = None
    also: tuple[OtherWay, ...] = ()
    you_will_hear: Text | None = None
    email: str | None = None
    relay_uk: bool = True
    internal: bool = False
    ring_seconds: int | None = None
    press_1_to_accept: bool = False
    verified: Verification | None = None

    @property
    def confirmed(self) -> bool:
        """True when somebody at the council has confirmed the number; 999 and 101 need nobody."""
        return self.verified is not None or self.phone.is_emergency

    def phone_on(self, day: date) -> Phone:
        """Return the number on the local date ``day``, from midnight to midnight."""
        special = (s.phone for s in reversed(self.special_days) if s.phone is not None and day in s)
        return next(special, self.phone)

    def hours_on(self, day: date, holidays: HolidayDates) -> DayHours:
        """Return the hours that start on ``day``, and the special day that sets them.

        Special days come before a bank holiday, and both before the week. Of several special days
        the later in the file counts. A run with plain hours opens no date on which the line would
        have been shut; a bank holiday in a run with a week of its own has the hours of the run's
        ``bank-holiday`` key, or else of the line's.
        """
        bank_holiday = self.hours.bank_holiday if day in holidays else None
        usual = self.hours.week[day.weekday()] if bank_holiday is None else bank_holiday
        hours = DayHours(usual, None)
        for special_day in self.special_days:
            if day not in special_day:
                continue
            if special_day.week is not None:
                own = special_day.week.bank_holiday if day in holidays else None
                if own is None and bank_holiday is not None:
                    hours = DayHours(bank_holiday, None)
                else:
                    ranges = special_day.week.week[day.weekday()] if own is None else own
                    hours = DayHours(ranges, special_day)
            elif special_day.hours is not None and (hours.ranges or not special_day.is_run):
                hours = DayHours(special_day.hours, special_day)
        return hours

    def ranges_on(self, day: date, holidays: HolidayDates) -> tuple[TimeRange, ...]:
        """Return the hours that start on ``day``."""
        return self.hours_on(day, holidays).ranges

    def special_dates(self, first: date, last: date, holidays: HolidayDates) -> list[date]:
        """Return each bank holiday and date of a special day from ``first`` to ``last``."""
        days = {day for day in holidays if first <= day <= last}
        return sorted(days.union(*(special.dates(first, last) for special in self.special_days)))

    def week_on(self, day: date) -> tuple[tuple[TimeRange, ...], ...]:
        """Return the week in force on ``day``: the line's, as changed by the seasons of then."""
        week = self.hours.week
        for special_day in self.special_days:
            if special_day.is_season and day in special_day:
                if special_day.week is not None:
                    week = special_day.week.week
                elif special_day.hours is not None:
                    week = tuple(special_day.hours if ranges else () for ranges in week)
        return week


def ring_seconds(line: Line, is_last: bool) -> int:
    """Return for how long to ring a line, which is the last that a round has left or not."""
    is_longer = is_last and not line.press_1_to_accept
    seconds = line.ring_seconds or (LAST_RING_SECONDS if is_longer else RING_SECONDS)
    return min(seconds, max_ring_seconds(line))


def max_ring_seconds(line: Line) -> int:
    """Return for how long a line may ring, whatever the directory says."""
    return max(MIN_RING_SECONDS, MAX_RING_SECONDS - acceptance_seconds(line))


def acceptance_seconds(line: Line) -> int:
    """Return for how long at most a caller hears ringing after somebody picked up the line.

    That is while the exchange dials through a menu and they are asked to press 1.
    """
    if not line.press_1_to_accept:
        return 0
    return KEY_PROMPT_SECONDS + ceil(KEY_PRESS_SECONDS * len(line.send_digits or ""))


def send_digits(line: Line, phone: Phone) -> str | None:
    """Return the keys to press once ``phone`` answers: none on the number of a special day."""
    return line.send_digits if phone == line.phone else None


@dataclass(frozen=True, slots=True)
class OnlineForm:
    """A form on the council's website, for when it is not urgent."""

    name: Text
    url: str
    when: Text


@dataclass(frozen=True, slots=True)
class Service:
    """What a caller needs help with.

    The first of ``lines`` that is open takes the call; when none is, ``out_of_hours`` takes it,
    whatever its own hours say; only that line may have the number 999 or 101. ``number`` is what
    callers ring when this service answers the telephone.
    """

    id: str
    name: Text
    lines: tuple[Line, ...]
    out_of_hours: Line
    if_unanswered: tuple[Line, ...]
    number: Phone | None = None
    greeting: Text | None = None
    forms: tuple[OnlineForm, ...] = ()
    pages: tuple[tuple[str, Text], ...] = ()

    @property
    def reachable(self) -> tuple[Line, ...]:
        """Every line that this service can ring without a divert, each once, in order."""
        lines = (*self.lines, self.out_of_hours, *self.if_unanswered)
        return tuple({line.id: line for line in lines}.values())

    @property
    def confirmed(self) -> bool:
        """True when somebody at the council has confirmed every line that this service can ring."""
        return all(line.confirmed for line in self.reachable)

    @property
    def is_always_on_its_number(self) -> bool:
        """True when callers ring ``number`` at all hours: 999 or 101 never takes their calls."""
        phones = (self.out_of_hours.phone, *(day.phone for day in self.out_of_hours.special_days))
        return self.number is not None and not any(phone and phone.is_emergency for phone in phones)

    def public_phone(self, phone: Phone) -> Phone:
        """Return what callers ring while a line answers on ``phone``: ``number`` if there is one.

        999 and 101 are rung as they are.
        """
        return phone if self.number is None or phone.is_emergency else self.number

    def public_line(self, line: Line, phone: Phone | None = None) -> Line:
        """Return a line as callers of this service see it: on the number that they ring.

        That is ``number``, or else ``phone``, on which the line answers: by default its usual one.
        Of an internal line only that, its name and its hours are left.
        """
        line = replace(line, phone=self.public_phone(phone or line.phone))
        if line.internal:
            line = replace(line, aliases=(), also=(), options=None, you_will_hear=None, email=None)
        if self.number is None:
            return line
        special_days = tuple(
            day if day.phone and day.phone.is_emergency else replace(day, phone=None)
            for day in line.special_days
        )
        return replace(line, special_days=special_days)


@dataclass(frozen=True, slots=True)
class Helpline:
    """A number that is shown and never rung; text numbers may stand only here."""

    name: Text
    phone: Phone
    hours: Hours
    audience: Text


@dataclass(frozen=True, slots=True)
class RotaRole:
    """A role for which ``people`` must be on duty while ``line`` is open, or out of hours.

    Exactly one of ``line`` and ``out_of_hours_of``, a service, is given.
    """

    id: str
    name: Text
    line: str | None
    out_of_hours_of: str | None
    people: int = 1


@dataclass(frozen=True, slots=True)
class AccessibilityStatement:
    """What only the council knows for its statement; ``compliance`` is full or partial."""

    email: str
    prepared: date
    compliance: str


@dataclass(frozen=True, slots=True)
class PrivacyNotice:
    """What only the council knows for its privacy notice: whom to ask, and its own notice."""

    email: str
    url: str


@dataclass(frozen=True, slots=True)
class Council:
    """The council whose directory it is."""

    name: Text
    website: str
    colour: str | None = None
    logo: str | None = None
    accessibility: AccessibilityStatement | None = None
    privacy: PrivacyNotice | None = None


@dataclass(frozen=True, slots=True)
class HolidayRules:
    """Which bank holidays count: a division's in GOV.UK's list, less ``remove``, plus ``add``."""

    division: str
    add: tuple[tuple[date, str], ...] = ()
    remove: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Directory:
    """A whole directory that is valid in itself.

    ``unanswered`` is what to do when nobody answers; None leaves that to the pages' own words.
    ``voices`` are pairs of language and voice on the telephone, where the council chose one.
    """

    council: Council
    zone: ZoneInfo
    languages: tuple[str, ...]
    emergency: Text
    holiday_rules: HolidayRules
    lines: tuple[Line, ...]
    services: tuple[Service, ...]
    helplines: tuple[Helpline, ...] = ()
    rota: tuple[RotaRole, ...] = ()
    unanswered: Text | None = None
    voices: tuple[tuple[str, str], ...] = ()

    def line(self, line_id: str) -> Line | None:
        """Return the line with that id, or None if the directory lacks it."""
        return next((line for line in self.lines if line.id == line_id), None)

    def service(self, service_id: str) -> Service | None:
        """Return the service with that id, or None if the directory lacks it."""
        return next((service for service in self.services if service.id == service_id), None)


def date_range(first: date, last: date) -> Iterator[date]:
    """Yield every date from ``first`` to ``last``, both included."""
    return (first + timedelta(days=count) for count in range((last - first).days + 1))
