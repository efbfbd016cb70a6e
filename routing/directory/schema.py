"""The shape of directory.yaml (the contract, section 2), over values that are all text."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from routing.core import directory as core
from routing.core.hours import Hours, Range, SpecialDay
from routing.core.words import Phone, Text
from routing.directory import hours, phone
from routing.directory.colour import contrast_with_white

LANGUAGES = ("en", "cy")


def _text(found: object) -> Text:
    pairs = found.items() if isinstance(found, Mapping) else [("", found)]
    for language, words in pairs:
        if not isinstance(words, str) or not words.strip():
            raise ValueError("there are no words here. Write a text, or one for each language.")
        if isinstance(found, Mapping) and language not in LANGUAGES:
            raise ValueError(f"'{language}' is not a language. Write en or cy.")
    if not pairs:
        raise ValueError("there are no words here. Write a text, or one for each language.")
    return Text(tuple((language, str(words).strip()) for language, words in pairs))


def _matching(pattern: str, form: str) -> Callable[[object], str]:
    def check(found: object) -> str:
        if not isinstance(found, str) or not re.fullmatch(pattern, found, re.ASCII):
            raise ValueError(f"{found!r} cannot be used. Write {form}.")
        return found

    return check


def _boolean(found: object) -> bool:
    words = {
        "yes": True,
        "true": True,
        "on": True,
        "no": False,
        "false": False,
        "off": False,
    }
    if not isinstance(found, str) or found.lower() not in words:
        raise ValueError(f"{found!r} is neither yes nor no. Write yes or no.")
    return words[found.lower()]


def _date(found: object) -> date:
    try:
        return date.fromisoformat(_matching(r"\d{4}-\d\d-\d\d", "it as 2026-12-24")(found))
    except ValueError as error:
        raise ValueError(f"{found!r} is not a date. Write it as 2026-12-24.") from error


def _number(low: int, high: int) -> Callable[[object], int]:
    def check(found: object) -> int:
        if not isinstance(found, str) or not re.fullmatch(r"\d{1,6}", found, re.ASCII):
            raise ValueError(f"{found!r} is not a whole number. Write {low} to {high}.")
        if not low <= int(found) <= high:
            raise ValueError(f"{found} is out of range. Write {low} to {high}.")
        return int(found)

    return check


def _zone(found: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(found))
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{found!r} is not a zone. Write Europe/London.") from error


def _colour(found: object) -> str:
    colour = _matching(r"#[0-9a-fA-F]{6}", 'it as "#1d4f91"')(found)
    ratio = contrast_with_white(colour)
    if ratio < 4.5:
        raise ValueError(
            f"{colour} is too pale: its contrast with white is {ratio:.1f}. Take a darker one, 4.5 "
            "or more."
        )
    return colour


Words = Annotated[Any, BeforeValidator(_text)]
YesNo = Annotated[bool, BeforeValidator(_boolean)]
Day = Annotated[Any, BeforeValidator(_date)]
Url = Annotated[str, BeforeValidator(_matching(r"https?://[^\s<>\"]+", "https://..."))]
Email = Annotated[str, BeforeValidator(_matching(r"[^@\s<>]+@[^@\s<>]+", "name@council.gov.uk"))]
Number = Annotated[Any, BeforeValidator(phone.phone)]
Shown = Annotated[Any, BeforeValidator(phone.shown)]
Week = Annotated[Any, BeforeValidator(hours.week)]
DayHours = Annotated[Any, BeforeValidator(hours.day)]
Id = Annotated[str, BeforeValidator(_matching(r"[a-z0-9][a-z0-9-]*", "small letters, digits, -"))]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class CouncilShape(Shape):
    name: Words
    website: Url
    colour: Annotated[str, BeforeValidator(_colour)] | None = None
    logo: str | None = None


class HolidaysShape(Shape):
    division: Literal["england-and-wales", "scotland", "northern-ireland"]
    add: dict[Day, Annotated[str, Field(min_length=1)]] = {}
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
            raise ValueError(f"`to` {self.last} is before `from` {self.first}. Swap them.")
        if self.hours is None and self.phone is None:
            raise ValueError("this changes nothing. Give `hours`, or `phone`, or both.")
        return self

    def build(self) -> SpecialDay:
        day_hours: tuple[Range, ...] | None = self.hours
        number: Phone | None = self.phone
        first: Any = self.on or self.first
        last: Any = self.on or self.last
        return SpecialDay(first, last, self.name, day_hours, number)


class VerifiedShape(Shape):
    on: Day
    source: Annotated[str, Field(min_length=1)]
    days: Annotated[int, BeforeValidator(_number(1, 3650))]

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
    ring_seconds: Annotated[int, BeforeValidator(_number(5, 300))] | None = None
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
    people: Annotated[int, BeforeValidator(_number(1, 50))] = 1


class DirectoryShape(Shape):
    council: CouncilShape
    zone: Annotated[Any, BeforeValidator(_zone)]
    languages: Annotated[list[Literal["en", "cy"]], Field(min_length=1)]
    emergency: Words
    bank_holidays: HolidaysShape
    lines: Annotated[dict[Id, LineShape], Field(min_length=1)]
    services: Annotated[dict[Id, ServiceShape], Field(min_length=1)]
    helplines: list[HelplineShape] = []
    rota: dict[Id, RoleShape] = {}
