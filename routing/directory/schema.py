"""The shape of directory.yaml (the contract, section 2), over values that are all text."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from routing.core import directory as core
from routing.core.hours import Hours, Range, SpecialDay
from routing.core.words import Phone
from routing.directory.faults import Fault, Faults
from routing.directory.scalars import (
    Colour,
    Day,
    DayHours,
    Days,
    Email,
    Filled,
    Id,
    Number,
    People,
    Seconds,
    Shown,
    Url,
    Week,
    Words,
    YesNo,
    Zone,
    each_once,
)


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class CouncilShape(Shape):
    name: Words
    website: Url
    colour: Colour | None = None
    logo: Filled | None = None


class HolidaysShape(Shape):
    division: Literal["england-and-wales", "scotland", "northern-ireland"]
    add: dict[Day, Filled] = {}
    remove: list[Day] = []


class SpecialDayShape(Shape):
    on: Day | None = Field(None, alias="date")
    first: Day | None = Field(None, alias="from")
    last: Day | None = Field(None, alias="to")
    name: Words
    hours: DayHours | None = None
    phone: Number | None = None

    @model_validator(mode="after")
    def check(self) -> Self:
        if (self.on is None) == (self.first is None) or (self.first is None) != (self.last is None):
            raise ValueError("give either `date`, or `from` and `to`.")
        if self.first is not None and self.last < self.first:
            raise Faults([Fault("to", f"{self.last} is before `from` {self.first}. Swap them.")])
        return self

    def build(self) -> SpecialDay:
        day_hours: tuple[Range, ...] | None = self.hours
        number: Phone | None = self.phone
        first: Any = self.on or self.first
        last: Any = self.on or self.last
        return SpecialDay(first, last, self.name, day_hours, number)


class VerifiedShape(Shape):
    on: Day
    source: Filled | None = None
    days: Days

    def build(self) -> core.Verified:
        return core.Verified(self.on, self.source, self.days)


class LineShape(Shape):
    name: Words
    aliases: list[Words] = []
    phone: Number
    options: Words | None = None
    you_will_hear: Words | None = None
    email: Email | None = None
    relay_uk: YesNo = True
    visibility: Literal["public", "internal"] = "public"
    hours: Week
    special_days: list[SpecialDayShape] = []
    ring_seconds: Seconds | None = None
    press_1_to_accept: YesNo = False
    verified: VerifiedShape | None = None


class FormShape(Shape):
    name: Words
    url: Url
    when: Words


class PagesShape(Shape):
    after: Words | None = None
    professionals: Words | None = None
    confidential: Words | None = None


class ServiceShape(Shape):
    name: Words
    lines: Annotated[list[str], Field(min_length=1)]
    out_of_hours: str
    if_unanswered: list[str] | None = None
    number: Number | None = None
    greeting: Words | None = None
    forms: list[FormShape] = []
    pages: PagesShape = PagesShape()


class HelplineShape(Shape):
    name: Words
    phone: Shown
    hours: Week
    audience: Words = Field(alias="for")

    def build(self) -> core.Helpline:
        week: Hours = self.hours
        return core.Helpline(self.name, self.phone, week, self.audience)


class NeededShape(Shape):
    line: str | None = None
    out_of_hours_of: str | None = None

    @model_validator(mode="after")
    def check(self) -> Self:
        if (self.line is None) == (self.out_of_hours_of is None):
            raise ValueError("give either `line` or `out_of_hours_of`.")
        return self


class RoleShape(Shape):
    name: Words
    needed_when: NeededShape
    people: People = 1


class DirectoryShape(Shape):
    council: CouncilShape
    zone: Zone
    languages: Annotated[list[Literal["en", "cy"]], Field(min_length=1), AfterValidator(each_once)]
    emergency: Words
    bank_holidays: HolidaysShape
    lines: Annotated[dict[Id, LineShape], Field(min_length=1)]
    services: Annotated[dict[Id, ServiceShape], Field(min_length=1)]
    helplines: list[HelplineShape] = []
    rota: dict[Id, RoleShape] = {}
