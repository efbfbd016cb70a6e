"""The schema of directory.yaml, in which every value is text; and its JSON Schema for editors."""

import json
from calendar import isleap
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator
from pydantic.json_schema import GenerateJsonSchema

from routing.core import directory as core
from routing.directory.field_types import (
    Colour,
    DayHoursOrWeek,
    Days,
    DisplayPhone,
    Email,
    Every,
    FieldError,
    FieldErrors,
    Id,
    IsoDate,
    KeyPresses,
    LinePhone,
    LocalisedText,
    NonEmptyText,
    People,
    PhoneNumber,
    Reference,
    Seconds,
    StrictModel,
    Url,
    Week,
    YesNo,
    Zone,
    require_unique,
)


class NeededWhenModel(StrictModel):
    """When somebody must be on duty: give one of the two."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["line"]}, {"required": ["out_of_hours_of"]}]}
    )

    line: Reference | None = None
    """Whenever that line is open."""
    out_of_hours_of: Reference | None = None
    """Whenever that service's calls go to its out-of-hours line."""

    @model_validator(mode="after")
    def check(self) -> Self:
        if (self.line is None) == (self.out_of_hours_of is None):
            raise ValueError("give either `line` or `out_of_hours_of`.")
        return self


class RotaRoleModel(StrictModel):
    """Somebody who must be on duty."""

    name: LocalisedText
    """What the post is called."""
    needed_when: NeededWhenModel
    """When."""
    people: People = 1
    """How many at once."""

    core_type: ClassVar = core.RotaRole


class AccessibilityModel(StrictModel):
    """What only the council knows for its accessibility statement."""

    email: Email
    """Who answers when somebody cannot use a page."""
    prepared: IsoDate
    """When the council wrote or last reviewed the statement."""
    compliance: Literal["full", "partial"] = "partial"
    """full: only after somebody tested the pages against WCAG 2.2 AA and found nothing."""

    core_type: ClassVar = core.AccessibilityStatement


class PrivacyModel(StrictModel):
    """What only the council knows for its privacy notice."""

    email: Email
    """Of the data protection officer."""
    url: Url
    """The council's own privacy notice."""

    core_type: ClassVar = core.PrivacyNotice


class CouncilModel(StrictModel):
    """Whose directory it is."""

    name: LocalisedText
    """The council's name, as pages show it."""
    website: Url
    """The address of its website: https://..."""
    colour: Colour | None = None
    """Of the header, as #1d4f91 in quotes; dark enough for white letters."""
    logo: NonEmptyText | None = None
    """A file, for the header."""
    accessibility: AccessibilityModel | None = None
    """For the accessibility statement, which the law requires."""
    privacy: PrivacyModel | None = None
    """For the privacy notice, which the law requires."""

    core_type: ClassVar = core.Council


class BankHolidaysModel(StrictModel):
    """Which bank holidays count."""

    division: Literal["england-and-wales", "scotland", "northern-ireland"]
    """Which of GOV.UK's lists."""
    add: dict[IsoDate, NonEmptyText] = {}
    """Dates proclaimed since, with their names."""
    remove: list[IsoDate] = []
    """Dates that are no bank holiday after all."""


class SpecialDayModel(StrictModel):
    """A date, a run of dates, or a date that comes again, that breaks the week. The later in the
    list wins."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [{"required": ["date"]}, {"required": ["from"]}, {"required": ["every"]}],
            "not": {"anyOf": [{"required": ["date", key]} for key in ("from", "to", "every")]},
        }
    )

    on: IsoDate | None = Field(None, alias="date")
    """One date, as 2026-12-24; or give `from`, or `every`."""
    every: Every | None = None
    """24 December, of each year; first Wednesday or last Friday, of each month; 2 weeks."""
    first: IsoDate | None = Field(None, alias="from")
    """The first of several dates."""
    last: IsoDate | None = Field(None, alias="to")
    """The last of them, included; until further notice if left out."""
    name: LocalisedText
    """What the day is called: Christmas Eve."""
    hours: DayHoursOrWeek | None = None
    """closed, always, or as 08:30-15:30; for a run also days and hours; the usual if left out."""
    phone: LinePhone | None = None
    """Another number, from midnight to midnight."""

    core_type: ClassVar = core.SpecialDay

    @model_validator(mode="after")
    def check(self) -> Self:
        errors = list(self._errors())
        if errors:
            raise FieldErrors(errors)
        if self.on is None and self.first is None and self.every is None:
            raise ValueError("give either `date`, `from` or `every`.")
        return self

    def _errors(self) -> Iterator[FieldError]:
        if self.on is not None and self.every is not None:
            message = "a special day has either `date` or `every`. Delete one of the two."
            yield FieldError("every", message, of_key=True)
        elif self.on is not None and (self.first is not None or self.last is not None):
            key = "from" if self.first is not None else "to"
            message = "give either `date`, or `from` and `to`. Delete `date`, or this."
            yield FieldError(key, message, of_key=True)
        elif self.last is not None and self.first is None and self.every is None:
            message = "`from` is missing. Write the first date, as `from: 2026-12-24`."
            yield FieldError("to", message, of_key=True)
        if self.first is not None and self.last is not None and self.last < self.first:
            remedy = _same_date_later(self.last, self.first)
            message = f"{self.last} is before `from` {self.first}. Did you mean {remedy}?"
            yield FieldError("to", message)
        is_weekly = self.every is not None and isinstance(self.every.rule, core.Weekly)
        if is_weekly and self.first is None:
            message = "weeks need a date to count from. Add the first one, as `from: 2027-01-04`."
            yield FieldError("every", message)
        if isinstance(self.hours, core.Hours) and (self.first is None or self.every is not None):
            message = (
                "a week of hours belongs to a run with `from`. Write the hours of the day, as "
                "08:30-15:30."
            )
            yield FieldError("hours", message)

    def build(self, **values: object) -> Any:
        week = self.hours if isinstance(self.hours, core.Hours) else None
        return super().build(
            first=self.on or self.first,
            last=self.on or self.last,
            hours=self.hours if week is None else None,
            is_run=self.on is None and self.every is None,
            week=week,
            recurrence=self.every,
        )


def _same_date_later(day: date, first: date) -> date:
    """Return ``day`` in the first later year in which it is not before ``first``."""
    years = range(first.year, first.year + 9)  # 29 February may be eight years away
    is_leap_day = (day.month, day.day) == (2, 29)
    dates = (day.replace(year=year) for year in years if not is_leap_day or isleap(year))
    return next(later for later in dates if later >= first)


class VerificationModel(StrictModel):
    """That somebody confirmed the number."""

    on: IsoDate
    """The day."""
    source: NonEmptyText | None = None
    """The page, or who, confirmed it."""
    days: Days
    """For how many days that holds."""

    core_type: ClassVar = core.Verification


WAYS_WITH_A_URL = ("bsl", "chat")


class OtherWayModel(StrictModel):
    """Another way to reach a line: shown, and never rung."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["phone"]}, {"required": ["url"]}]}
    )

    kind: Literal["textphone", "text", "welsh", "relay", "bsl", "chat"]
    """bsl and chat have a `url`, the others a `phone`."""
    phone: DisplayPhone | None = None
    """Shown as written; text numbers may stand here."""
    url: Url | None = None
    """The page of the video or chat service."""

    core_type: ClassVar = core.OtherWay

    @model_validator(mode="after")
    def check(self) -> Self:
        needed, other = ("url", "phone") if self.kind in WAYS_WITH_A_URL else ("phone", "url")
        if getattr(self, other) is not None:
            message = (
                f"'{self.kind}' has a `{needed}` only. Write `{needed}`, and delete `{other}`."
            )
            raise FieldErrors([FieldError(other, message, of_key=True)])
        if getattr(self, needed) is None:
            raise ValueError(f"'{self.kind}' needs a `{needed}`. Add it.")
        return self


class LineModel(StrictModel):
    """A number that can be rung, and the hours it keeps."""

    name: LocalisedText
    """What callers see and hear."""
    called: LocalisedText | None = None
    """How a sentence refers to it, with its article: our day team; the name if left out."""
    aliases: list[LocalisedText] = []
    """Other names that people search for."""
    phone: LinePhone
    """Shown as written; 999 or 101 only on a line that is only ever an `out_of_hours`."""
    options: LocalisedText | None = None
    """What to press: press 1, then 2."""
    send_digits: KeyPresses | None = None
    """What the exchange presses after the answer: ww1ww2; w waits half a second."""
    also: list[OtherWayModel] = []
    """Other ways to reach it, shown and never rung."""
    you_will_hear: LocalisedText | None = None
    """What a caller hears first."""
    email: Email | None = None
    """Shown beside the number."""
    relay_uk: YesNo = True
    """Whether to show 18001 and the number."""
    visibility: Literal["public", "internal"] = "public"
    """internal: never shown, only rung."""
    hours: Week
    """When it answers: always, or days and hours, as mon-fri: 08:30-17:00."""
    special_days: list[SpecialDayModel] = []
    """Dates that break the week."""
    ring_seconds: Seconds | None = None
    """How long it rings before the next is tried."""
    press_1_to_accept: YesNo = False
    """Whether whoever answers must press 1: voicemail never does."""
    verified: VerificationModel | None = None
    """Without it, pages say "Not yet confirmed by the council"."""

    core_type: ClassVar = core.Line

    def build(self, **values: object) -> Any:
        return super().build(internal=self.visibility == "internal", **values)


class FormModel(StrictModel):
    """A way that is not a phone call."""

    name: LocalisedText
    """What it is called."""
    url: Url
    """Where it is."""
    when: LocalisedText
    """When to use it."""

    core_type: ClassVar = core.OnlineForm


class PagesModel(StrictModel):
    """The council's own words on a service's pages, in Markdown."""

    after: LocalisedText | None = None
    """What happens after a call."""
    professionals: LocalisedText | None = None
    """For people who work with children."""
    confidential: LocalisedText | None = None
    """What happens with the caller's name."""


class ServiceModel(StrictModel):
    """What a caller needs help with."""

    name: LocalisedText
    """As a caller would say it: Worried about a child."""
    lines: Annotated[list[Reference], Field(min_length=1)]
    """Lines in order: the first one open takes the call."""
    out_of_hours: Reference
    """The line that takes the call whenever none of them is open."""
    if_unanswered: list[Reference] | None = None
    """Lines to try next, in order; the out-of-hours line if left out."""
    number: PhoneNumber | None = None
    """What callers ring, when this service answers the telephone."""
    greeting: LocalisedText | None = None
    """Spoken before the line is rung."""
    forms: list[FormModel] = []
    """Ways that are not a phone call."""
    pages: PagesModel = PagesModel()
    """The council's own words."""

    core_type: ClassVar = core.Service

    def build_with(self, service_id: str, known: dict[str, core.Line]) -> Any:
        """Return the core's service, with the lines of its ids."""
        backups = [self.out_of_hours] if self.if_unanswered is None else self.if_unanswered
        return self.build(
            id=service_id,
            lines=tuple(known[line_id] for line_id in self.lines),
            out_of_hours=known[self.out_of_hours],
            if_unanswered=tuple(known[line_id] for line_id in backups),
            pages=tuple((name, text) for name, text in self.pages if text is not None),
        )


class HelplineModel(StrictModel):
    """A number that is shown and never rung."""

    name: LocalisedText
    """What it is called."""
    phone: DisplayPhone
    """999, 101 and text numbers may stand here."""
    hours: Week
    """When it answers: always, or days and hours, as mon-fri: 08:30-17:00."""
    audience: LocalisedText = Field(alias="for")
    """Whom it is for."""

    core_type: ClassVar = core.Helpline


class DirectoryModel(StrictModel):
    """Who to call, and when: the directory of a council."""

    council: CouncilModel
    """Whose directory it is."""
    zone: Zone
    """In which all hours are read."""
    languages: Annotated[
        list[Literal["en", "cy"]], Field(min_length=1), AfterValidator(require_unique)
    ]
    """The first one comes first on pages."""
    emergency: LocalisedText
    """Shown first on every page."""
    unanswered: LocalisedText | None = None
    """What to do if a child is in danger and nobody answers; shown beside a link to call 999."""
    voices: dict[Literal["en", "cy"], NonEmptyText] = {}
    """Who speaks on the telephone, by language: as Polly.Amy-Neural."""
    bank_holidays: BankHolidaysModel
    """Which bank holidays count."""
    lines: Annotated[dict[Id, LineModel], Field(min_length=1)]
    """Every number that can be rung."""
    services: Annotated[dict[Id, ServiceModel], Field(min_length=1)]
    """What callers need help with; the first one is the home page."""
    helplines: list[HelplineModel] = []
    """Numbers that are shown and never rung."""
    rota: dict[Id, RotaRoleModel] = {}
    """Who must be on duty."""

    core_type: ClassVar = core.Directory

    def build(self, **values: object) -> Any:
        lines = {line_id: line.build(id=line_id) for line_id, line in self.lines.items()}
        services = self.services.items()
        holidays = self.bank_holidays
        return super().build(
            voices=tuple(self.voices.items()),
            holiday_rules=core.HolidayRules(
                holidays.division, tuple(holidays.add.items()), frozenset(holidays.remove)
            ),
            lines=tuple(lines.values()),
            services=tuple(service.build_with(key, lines) for key, service in services),
            rota=tuple(
                role.build(id=role_id, **dict(role.needed_when))
                for role_id, role in self.rota.items()
            ),
        )


_LEFT_OUT = ("title", "default")


def json_schema() -> str:
    """Return the JSON Schema for editors, which is routing/directory.schema.json.

    It accepts what an editor that reads YAML 1.2 sees. What one part of a directory says of another
    is left to ``who-to-call directory check``.
    """
    schema = _simplify(DirectoryModel.model_json_schema())
    head = {"$schema": GenerateJsonSchema.schema_dialect, "title": "directory.yaml"}
    return json.dumps(head | schema, indent=1, ensure_ascii=False) + "\n"


def _simplify(schema: Any) -> Any:
    """Leave out pydantic's own names and null: an empty value is not the same as a missing one."""
    if isinstance(schema, list):
        return [_simplify(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    simple = {
        key: {name: _simplify(part) for name, part in value.items()}
        if key in ("properties", "patternProperties", "$defs")
        else _simplify(value)
        for key, value in schema.items()
        if key not in _LEFT_OUT
    }
    if schema.get("default") in ([], {}) and isinstance(simple.get("type"), str):
        simple["type"] = [simple["type"], "null"]
    forms = [form for form in simple.get("anyOf", ()) if form != {"type": "null"}]
    if len(forms) == 1 and len(simple["anyOf"]) == 2:
        del simple["anyOf"]
        simple = forms[0] | simple
    if "patternProperties" in simple:
        simple["additionalProperties"] = False
    return simple
