"""The contents of directory.yaml: lines with their hours, services, helplines and rota roles."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo


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

    A short number (999, 101, a text number) has no E.164 form: its ``e164`` holds its digits.
    """

    e164: str
    display: str


MINUTES_PER_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A range of wall-clock time, in minutes after the midnight of the day on which it starts.

    ``opens`` is 0 to 1439. ``closes`` is later, by 24 hours at most: 1440 is the midnight that
    ends the day, and more runs into the next day. Open at ``opens``, closed at ``closes``.
    """

    opens: int
    closes: int


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
        return all(ranges == ALL_DAY for ranges in self.week) and self.bank_holiday in (
            None,
            ALL_DAY,
        )


@dataclass(frozen=True, slots=True)
class BankHoliday:
    """A bank holiday by the name GOV.UK gives it; ``substitute`` if it stands for a weekend day."""

    name: str
    substitute: bool = False


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A date, or several in a row with both ends included, with hours or a number of its own.

    ``hours`` replaces the hours that start on those dates (empty: closed); None leaves them.
    ``phone`` replaces the number from midnight to midnight; None leaves it.
    """

    first: date
    last: date
    name: Text
    hours: tuple[TimeRange, ...] | None = None
    phone: Phone | None = None

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    @property
    def changes_nothing(self) -> bool:
        """True when it has neither hours nor a number of its own."""
        return self.hours is None and self.phone is None


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
class Line:
    """A number that can be rung, with the name that callers see and its hours."""

    id: str
    name: Text
    phone: Phone
    hours: Hours
    special_days: tuple[SpecialDay, ...] = ()
    aliases: tuple[Text, ...] = ()
    options: Text | None = None
    you_will_hear: Text | None = None
    email: str | None = None
    relay_uk: bool = True
    internal: bool = False
    ring_seconds: int | None = None
    press_1_to_accept: bool = False
    verified: Verification | None = None

    def special_day_on(self, day: date) -> SpecialDay | None:
        """Return the special day that sets the hours on ``day``, or None.

        Of several, the later in the file counts.
        """
        return next(
            (s for s in reversed(self.special_days) if s.hours is not None and day in s), None
        )

    def phone_on(self, day: date) -> Phone:
        """Return the number on the local date ``day``, from midnight to midnight."""
        special = (s.phone for s in reversed(self.special_days) if s.phone is not None and day in s)
        return next(special, self.phone)

    def ranges_on(self, day: date, holidays: Mapping[date, BankHoliday]) -> tuple[TimeRange, ...]:
        """Return the hours that start on ``day``.

        A special day comes before a bank holiday, and both come before the week.
        """
        special = self.special_day_on(day)
        if special is not None and special.hours is not None:
            return special.hours
        if day in holidays and self.hours.bank_holiday is not None:
            return self.hours.bank_holiday
        return self.hours.week[day.weekday()]


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
    whatever its own hours say. ``number`` is what callers ring when this service answers the
    telephone.
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
        return all(line.verified is not None for line in self.reachable)

    def page(self, name: str) -> Text | None:
        """Return the council's own words for a part of the page, or None if it wrote none."""
        return dict(self.pages).get(name)


@dataclass(frozen=True, slots=True)
class Helpline:
    """A number that is shown and never rung; 999, 101 and text numbers may stand only here."""

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
class Council:
    """The council whose directory it is."""

    name: Text
    website: str
    colour: str | None = None
    logo: str | None = None


@dataclass(frozen=True, slots=True)
class HolidayRules:
    """Which bank holidays count: a division's in GOV.UK's list, less ``remove``, plus ``add``."""

    division: str
    add: tuple[tuple[date, str], ...] = ()
    remove: frozenset[date] = frozenset()


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
