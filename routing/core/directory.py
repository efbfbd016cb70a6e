"""What directory.yaml says, as values: lines, services, helplines, and whose they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from routing.core.instants import BankHoliday, Hours, SpecialDay, TimeRange
from routing.core.values import Phone, Text


@dataclass(frozen=True, slots=True)
class Verification:
    """That a number was confirmed: the day, the source, and for how many days that holds.

    ``source`` is None where nobody wrote it down.
    """

    on: date
    source: str | None
    days: int

    @property
    def until(self) -> date:
        """The last day on which the confirmation holds."""
        return self.on + timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class Line:
    """A number that can be rung, with the name a caller sees and the hours it keeps."""

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
        """Return the special day that sets the hours on ``day``: the later in the file wins."""
        return next(
            (s for s in reversed(self.special_days) if s.hours is not None and day in s), None
        )

    def phone_on(self, day: date) -> Phone:
        """Return the number that holds on the local date ``day``, midnight to midnight."""
        other = (s.phone for s in reversed(self.special_days) if s.phone is not None and day in s)
        return next(other, self.phone)

    def ranges_on(self, day: date, holidays: Mapping[date, BankHoliday]) -> tuple[TimeRange, ...]:
        """Return what starts on ``day``: by special day, then bank holiday, then the week."""
        special = self.special_day_on(day)
        if special is not None and special.hours is not None:
            return special.hours
        if day in holidays and self.hours.bank_holiday is not None:
            return self.hours.bank_holiday
        return self.hours.week[day.weekday()]


@dataclass(frozen=True, slots=True)
class OnlineForm:
    """A way that is not a phone call."""

    name: Text
    url: str
    when: Text


@dataclass(frozen=True, slots=True)
class Service:
    """What a caller needs help with.

    The first of ``lines`` that is open takes the call; ``out_of_hours`` whenever none is, whatever
    its own hours say. ``number`` is what callers ring when this service answers the telephone.
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
        """Every line this service can ring by itself, each once, in order."""
        chain = (*self.lines, self.out_of_hours, *self.if_unanswered)
        return tuple({line.id: line for line in chain}.values())

    @property
    def confirmed(self) -> bool:
        """True when somebody at the council has confirmed every line that this service can ring."""
        return all(line.verified is not None for line in self.reachable)

    def page(self, name: str) -> Text | None:
        """Return the council's own words for a part of the page, or None if it wrote none."""
        return dict(self.pages).get(name)


@dataclass(frozen=True, slots=True)
class Helpline:
    """A number that is shown and never rung; 999, 101 and text numbers stand only here."""

    name: Text
    phone: Phone
    hours: Hours
    audience: Text


@dataclass(frozen=True, slots=True)
class RotaRole:
    """Somebody who must be on duty: whenever ``line`` is open, or that service is out of hours.

    Just one of ``line`` and ``out_of_hours_of`` is given.
    """

    id: str
    name: Text
    line: str | None
    out_of_hours_of: str | None
    people: int = 1


@dataclass(frozen=True, slots=True)
class Council:
    """Whose directory it is."""

    name: Text
    website: str
    colour: str | None = None
    logo: str | None = None


@dataclass(frozen=True, slots=True)
class HolidayRules:
    """Which bank holidays count: a division of GOV.UK's list, less ``remove``, and ``add``."""

    division: str
    add: tuple[tuple[date, str], ...] = ()
    remove: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Directory:
    """A whole directory, valid in itself.

    ``unanswered`` is what to do when nobody answers; None leaves it to the pages' own words.
    ``voices`` are by language the voices that speak on the telephone, where the council chose one.
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
        """Return the line of that id, or None if the directory lacks it."""
        return next((line for line in self.lines if line.id == line_id), None)

    def service(self, service_id: str) -> Service | None:
        """Return the service of that id, or None if the directory lacks it."""
        return next((service for service in self.services if service.id == service_id), None)
