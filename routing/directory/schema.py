"""The shape of directory.yaml (the contract, section 2), over values that are all text."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from routing.core import directory as core
from routing.core.hours import SpecialDay
from routing.directory.faults import Fault, Faults
from routing.directory.rota import RoleShape
from routing.directory.scalars import (
    Colour,
    Day,
    DayHours,
    Days,
    Email,
    Filled,
    Id,
    Number,
    Ref,
    Seconds,
    Shown,
    Url,
    Week,
    Words,
    YesNo,
    Zone,
    each_once,
)
from routing.directory.shape import Shape


class CouncilShape(Shape):
    """Whose directory it is."""

    name: Words
    """The council's name, as pages show it."""
    website: Url
    """The address of its website: https://..."""
    colour: Colour | None = None
    """Of the header, as #1d4f91 in quotes; dark enough for white letters."""
    logo: Filled | None = None
    """A file, for the header."""


class HolidaysShape(Shape):
    """Which bank holidays count."""

    division: Literal["england-and-wales", "scotland", "northern-ireland"]
    """Which of GOV.UK's lists."""
    add: dict[Day, Filled] = {}
    """Dates proclaimed since, with their names."""
    remove: list[Day] = []
    """Dates that are no bank holiday after all."""


class SpecialDayShape(Shape):
    """A date, or a run of dates, that breaks the week. The later in the list wins."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["date"]}, {"required": ["from", "to"]}]}
    )

    on: Day | None = Field(None, alias="date")
    """One date, as 2026-12-24; or give `from` and `to`."""
    first: Day | None = Field(None, alias="from")
    """The first of several dates."""
    last: Day | None = Field(None, alias="to")
    """The last of them, included."""
    name: Words
    """What the day is called: Christmas Eve."""
    hours: DayHours | None = None
    """closed, always, or as 08:30-15:30; the usual hours if left out."""
    phone: Number | None = None
    """Another number, from midnight to midnight."""

    @model_validator(mode="after")
    def check(self) -> Self:
        if (self.on is None) == (self.first is None) or (self.first is None) != (self.last is None):
            raise ValueError("give either `date`, or `from` and `to`.")
        if self.first is not None and self.last < self.first:
            raise Faults([Fault("to", f"{self.last} is before `from` {self.first}. Swap them.")])
        return self

    def build(self) -> SpecialDay:
        first: Any = self.on or self.first
        last: Any = self.on or self.last
        return SpecialDay(first, last, self.name, self.hours, self.phone)


class VerifiedShape(Shape):
    """That somebody confirmed the number."""

    on: Day
    """The day."""
    source: Filled | None = None
    """The page, or who, confirmed it."""
    days: Days
    """For how many days that holds."""

    def build(self) -> core.Verified:
        return core.Verified(self.on, self.source, self.days)


class LineShape(Shape):
    """A number that can be rung, and the hours it keeps."""

    name: Words
    """What callers see and hear."""
    aliases: list[Words] = []
    """Other names that people search for."""
    phone: Number
    """Shown as written; 999 and the like stand only under helplines."""
    options: Words | None = None
    """What to press: press 1, then 2."""
    you_will_hear: Words | None = None
    """What a caller hears first."""
    email: Email | None = None
    """Shown beside the number."""
    relay_uk: YesNo = True
    """Whether to show 18001 and the number."""
    visibility: Literal["public", "internal"] = "public"
    """internal: never shown, only rung."""
    hours: Week
    """When it answers: always, or days and hours, as mon-fri: 08:30-17:00."""
    special_days: list[SpecialDayShape] = []
    """Dates that break the week."""
    ring_seconds: Seconds | None = None
    """How long it rings before the next is tried."""
    press_1_to_accept: YesNo = False
    """Whether whoever answers must press 1: voicemail never does."""
    verified: VerifiedShape | None = None
    """Without it, pages say "Not yet confirmed by the council"."""


class FormShape(Shape):
    """A way that is not a phone call."""

    name: Words
    """What it is called."""
    url: Url
    """Where it is."""
    when: Words
    """When to use it."""


class PagesShape(Shape):
    """The council's own words on a service's pages, in Markdown."""

    after: Words | None = None
    """What happens after a call."""
    professionals: Words | None = None
    """For people who work with children."""
    confidential: Words | None = None
    """What happens with the caller's name."""


class ServiceShape(Shape):
    """What a caller needs help with."""

    name: Words
    """As a caller would say it: Worried about a child."""
    lines: Annotated[list[Ref], Field(min_length=1)]
    """Lines in order: the first one open takes the call."""
    out_of_hours: Ref
    """The line that takes the call whenever none of them is open."""
    if_unanswered: list[Ref] | None = None
    """Lines to try next, in order; the out-of-hours line if left out."""
    number: Number | None = None
    """What callers ring, when this service answers the telephone."""
    greeting: Words | None = None
    """Spoken before the line is rung."""
    forms: list[FormShape] = []
    """Ways that are not a phone call."""
    pages: PagesShape = PagesShape()
    """The council's own words."""


class HelplineShape(Shape):
    """A number that is shown and never rung."""

    name: Words
    """What it is called."""
    phone: Shown
    """999, 101 and text numbers may stand here."""
    hours: Week
    """When it answers: always, or days and hours, as mon-fri: 08:30-17:00."""
    audience: Words = Field(alias="for")
    """Whom it is for."""

    def build(self) -> core.Helpline:
        return core.Helpline(self.name, self.phone, self.hours, self.audience)


class DirectoryShape(Shape):
    """Who to call, and when: the directory of a council."""

    council: CouncilShape
    """Whose directory it is."""
    zone: Zone
    """In which all hours are read."""
    languages: Annotated[list[Literal["en", "cy"]], Field(min_length=1), AfterValidator(each_once)]
    """The first one comes first on pages."""
    emergency: Words
    """Shown first on every page."""
    unanswered: Words | None = None
    """What to do if a child is in danger and nobody answers; shown beside a link to call 999."""
    voices: dict[Literal["en", "cy"], Filled] = {}
    """Who speaks on the telephone, by language: as Polly.Amy-Neural."""
    bank_holidays: HolidaysShape
    """Which bank holidays count."""
    lines: Annotated[dict[Id, LineShape], Field(min_length=1)]
    """Every number that can be rung."""
    services: Annotated[dict[Id, ServiceShape], Field(min_length=1)]
    """What callers need help with; the first one is the home page."""
    helplines: list[HelplineShape] = []
    """Numbers that are shown and never rung."""
    rota: dict[Id, RoleShape] = {}
    """Who must be on duty."""
