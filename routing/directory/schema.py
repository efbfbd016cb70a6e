"""The schema of directory.yaml: how each value, which is all text, is read; its parts; and its JSON
Schema for editors. What is wrong with a value comes with what to write instead.
"""

import json
import re
from calendar import day_name, month_name, monthrange
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import fields
from datetime import date, timedelta
from difflib import get_close_matches
from functools import lru_cache, partial
from inspect import isclass
from typing import Annotated, Any, ClassVar, Literal, Self, get_args, get_origin
from zoneinfo import ZoneInfo

import phonenumbers
from dateutil.relativedelta import relativedelta
from dateutil.rrule import MONTHLY, WEEKLY, YEARLY, rrule, weekday
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import PydanticCustomError, core_schema

from routing.core import directory as core
from routing.core.directory import ALL_DAY, EMERGENCY_NUMBERS, Hours, Phone, Text, TimeRange
from routing.errors import PathProblem

MAX_SHORT_DIGITS = 6
"""Of 999, 116 123, and the numbers of text messages."""

MAX_NAMES_SEARCHED = 100
"""How many names are searched for a similar one: with more, that takes too long."""

MAX_SHOWN_CHARS = 30
"""How much of a value an error shows, to be one line of 160 characters."""

LANGUAGES = ("en", "cy")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
BANK_HOLIDAY = "bank-holiday"
UK_ZONE = "Europe/London"
ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
DAY_NAMES = tuple(day_name)
MONTHS = tuple(month_name)[1:]
MAX_WEEKS = 52

MAX_SPECIAL_DAYS = 1000
"""Of one line. Each is looked at for every date: a month with 9,000 took 0.65 s to compile."""

HALF_A_YEAR = timedelta(days=183)
"""How long a run may be for the year of its end to be taken for the slip."""

TIME_RANGE = re.compile(r"(\d\d):(\d\d)\s*-\s*(\d\d):(\d\d)", re.ASCII)

_NO_TEXT = "there are no words here. Write a text, or one for each language."
_FORBIDDEN_PREFIXES = {
    "+4484": "084 numbers cost the caller extra",
    "+4487": "087 numbers cost the caller extra",
    "+449": "09 numbers are premium rate",
    "+4470": "070 numbers are personal numbers, at premium rates",
}
_FIRST_DATE, _LAST_DATE = date(1999, 12, 1), date(2102, 12, 31)
"""For an `every` to be right for any instant from 2000 to 2100, and the 400 days after it."""


class FieldErrors(ValueError):
    """Problems of one mapping: its ``args`` are a PathProblem each, with a path below it."""


class StrictModel(BaseModel):
    """A part of the file, whose values are all text."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, defer_build=True
    )

    core_type: ClassVar[type]
    """The class of the core that has fields of the same names."""

    def __init_subclass__(cls, core_type: type = object) -> None:
        cls.core_type = core_type

    def build(self, **values: object) -> Any:
        """Return the core's object, with these ``values`` in place of the fields of their names."""
        names = {field.name for field in fields(self.core_type)} - values.keys()
        return self.core_type(**{k: _build(v) for k, v in self if k in names}, **values)

    @model_validator(mode="before")
    @classmethod
    def leave_out_empty_collections(cls, value: Any) -> Any:
        """Leave out each key whose entries were all deleted, where it may be left out."""
        if not isinstance(value, Mapping) or "" not in value.values():
            return value
        optional = {k: f.annotation for k, f in cls.model_fields.items() if not f.is_required()}
        return {k: v for k, v in value.items() if v != "" or not _has_entries(optional.get(k))}


def _has_entries(kind: Any) -> bool:
    """Return whether values of a type are lists, or mappings of keys to values."""
    is_part = isclass(kind) and issubclass(kind, StrictModel)
    return is_part or get_origin(kind) in (list, dict) or any(map(_has_entries, get_args(kind)))


def _build(value: object) -> object:
    """Return a value as the core has it: parts, and tuples of them or of pairs."""
    if isinstance(value, StrictModel):
        return value.build()
    if isinstance(value, dict):
        entries = value.items()
        return tuple(v.build(id=k) if isinstance(v, StrictModel) else (k, v) for k, v in entries)
    return tuple(map(_build, value)) if isinstance(value, list) else value


def shown(value: object) -> str:
    """Return a value as an error shows it: a text in quotes, anything else by what it is."""
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= MAX_SHOWN_CHARS else f"'{value[:MAX_SHOWN_CHARS]}...'"
    return "a list" if isinstance(value, list) else "a group of keys"


def nearest(name: str, words: Iterable[str]) -> str:
    """Return which of the words that may stand here is meant, or the first few."""
    known = list(words)
    if similar := get_close_matches(name.casefold(), known[:MAX_NAMES_SEARCHED], 1):
        return f"Did you mean '{similar[0]}'?"
    first = [shown(word) for word in known[:3]] or ["one that is in the file"]
    return f"Write {' or '.join(first)}{' or another' * (len(known) > len(first))}."


def _require_known(kind: str) -> AfterValidator:
    """Return the validator of a reference to a ``kind`` of part: a line or a service."""

    def check(name: str, info: ValidationInfo[Mapping[str, Any]]) -> str:
        known = info.context.get(f"{kind}s")
        if not isinstance(known, Mapping) or name not in known:
            message = f"there is no {kind} {shown(name)}. {nearest(name, known or ())}"
            raise PydanticCustomError(f"unknown_{kind}", message)
        return name

    return AfterValidator(check)


def parse_week(value: object) -> Hours:
    """Parse a week's hours: ``always``, or a mapping of days to hours.

    Raise FieldErrors with every key and value that is wrong, or ValueError, which says what to
    write.
    """
    if value == "always":
        return Hours((ALL_DAY,) * 7, None, (("", "always"),))
    if not isinstance(value, Mapping) or not value:
        raise ValueError(f"{shown(value)} is not hours. Write always, or `mon-fri: 08:30-17:00`.")
    hours: dict[str, tuple[TimeRange, ...]] = {}
    errors: list[PathProblem] = []
    for key, text in value.items():
        if reason := lone_key_reason(key, text):
            errors.append(PathProblem((key,), "bad_value", reason))
            continue
        ranges: tuple[TimeRange, ...] = ()
        days: list[str] = []
        try:
            ranges = parse_day_hours(text)
        except ValueError as error:
            errors.append(PathProblem((key,), "bad_value", str(error), 0))
        try:
            days = parse_days(key)
        except ValueError as error:
            errors.append(PathProblem((key,), "bad_value", str(error)))
        for day in dict.fromkeys(days):
            if day in hours or days.count(day) > 1:
                message = f"{day} is named twice. Name it once."
                errors.append(PathProblem((key,), "bad_value", message))
            hours[day] = ranges
    if errors:
        raise FieldErrors(*errors)
    as_written = tuple((str(days), str(text).strip()) for days, text in value.items())
    return Hours(tuple(hours.get(day, ()) for day in WEEKDAYS), hours.get(BANK_HOLIDAY), as_written)


def parse_days(key: str) -> list[str]:
    """Parse a key of a week: days, or ``bank-holiday``. Raise ValueError with what to write."""
    if key == BANK_HOLIDAY:
        return [key]
    days: list[str] = []
    for part in key.split(","):
        names = part.strip().split("-")
        if len(names) > 2 or any(name not in WEEKDAYS for name in names):
            raise ValueError(f"it is not a day. Write mon, mon-fri, mon,wed,fri or {BANK_HOLIDAY}.")
        first, last = WEEKDAYS.index(names[0]), WEEKDAYS.index(names[-1])
        last += 7 if last < first else 0
        days += [WEEKDAYS[index % 7] for index in range(first, last + 1)]
    return days


def parse_day_hours(value: object) -> tuple[TimeRange, ...]:
    """Parse a day's hours: closed, always or ranges. Raise ValueError, which says what to write."""
    text = value.strip() if isinstance(value, str) else ""
    if not re.fullmatch(_DAY_HOURS, text, re.ASCII):
        form = "Write always, closed, or hours as 08:30-17:00, up to 100 with commas between."
        raise ValueError(f"{shown(value)} is not hours. {form}")
    ranges = sorted(map(_time_range, TIME_RANGE.finditer(text)), key=lambda hours: hours.opens)
    return ALL_DAY if text == "always" else tuple(ranges)


def _parse_day_hours_or_week(value: object) -> tuple[TimeRange, ...] | Hours:
    return parse_week(value) if isinstance(value, Mapping) else parse_day_hours(value)


def _time_range(match: re.Match[str]) -> TimeRange:
    open_hour, open_minute, close_hour, close_minute = map(int, match.groups())
    opens, closes = open_hour * 60 + open_minute, close_hour * 60 + close_minute
    if open_hour > 23 or closes > core.MINUTES_PER_DAY or max(open_minute, close_minute) > 59:
        raise ValueError(f"'{match[0]}' has a time that no clock shows. Write 00:00 to 24:00.")
    return TimeRange(opens, closes if closes > opens else closes + core.MINUTES_PER_DAY)


def parse_phone(value: object, short: str | None = None) -> Phone:
    """Parse a number that can be rung, or a short one that matches a pattern and is only shown.

    Any number of a possible length passes, and so do Ofcom's drama numbers, which nobody uses.
    Raise ValueError, which says what to write.
    """
    text = value.strip() if isinstance(value, str) else ""
    if short and re.fullmatch(short, text, re.ASCII):
        return Phone(text.replace(" ", ""), text)
    if re.fullmatch(r"\+?[\d ()-]+", text, re.ASCII):
        return _parse_number(text)
    raise ValueError(
        f"{shown(value)} is not a telephone number. Write one, as 01632 960001, and another in a "
        "second line."
    )


parse_line_phone = partial(parse_phone, short="|".join(EMERGENCY_NUMBERS))
"""Parse the number of a line: one that can be rung, or 999 or 101. Raise as parse_phone."""

parse_display_phone = partial(parse_phone, short=rf"(\d *){{3,{MAX_SHORT_DIGITS}}}")
"""Parse a number that is shown and never rung: a short one, or any that can be rung."""


@lru_cache(maxsize=4096)
def _parse_number(written: str) -> Phone:
    """Return a number as parse_phone; cached, since several parts of a file are checked by it."""
    with suppress(phonenumbers.NumberParseException):
        number = phonenumbers.parse(written, "GB")
        has_area_code = number.country_code != 44 or not number.italian_leading_zero
        result = phonenumbers.is_possible_number_with_reason(number)
        if result == phonenumbers.ValidationResult.IS_POSSIBLE and has_area_code:
            e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            return Phone(e164, _dialable(written, number, e164))
    if len(written.replace(" ", "")) <= MAX_SHORT_DIGITS:
        remedy = "It may stand only under helplines; 999 and 101 on an `out_of_hours` line too."
        raise ValueError(f"{shown(written)} is too short to be rung. {remedy}")
    raise ValueError(
        f"{shown(written)} has too few or too many digits. Write the number in full, as "
        "01632 960001."
    )


def _dialable(written: str, number: phonenumbers.PhoneNumber, e164: str) -> str:
    """Return a number as written if its digits can be dialled: those of +44 (0)1632 cannot."""
    plain = re.sub(r"[ ()-]", "", written)
    if e164 in (plain, re.sub("^0", "+44", plain)):
        return written
    forms = phonenumbers.PhoneNumberFormat
    is_british = number.country_code == 44
    return phonenumbers.format_number(number, forms.NATIONAL if is_british else forms.INTERNATIONAL)


def forbidden_reason(e164: str) -> str | None:
    """Return why a service may not ring this number, or None if it may."""
    if e164 in EMERGENCY_NUMBERS:
        return f"{e164} is shown, and callers ring it themselves"
    return next(
        (why for prefix, why in _FORBIDDEN_PREFIXES.items() if e164.startswith(prefix)), None
    )


def _read_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        year, month, day = map(int, text.split("-"))
        name = f"{day} {month_name[month]} {year}"
        raise ValueError(f"there is no {name}. Write the date that was meant.") from error


def parse_repetition(value: object) -> str:
    """Parse the value of `every`. Raise ValueError, which says what to write."""
    words = value.lower().split() if isinstance(value, str) else []
    first, name = (words[0], words[1].capitalize()) if len(words) == 2 else ("", "")
    count = int(first) if re.fullmatch(r"\d{1,2}", first, re.ASCII) else 0
    if name in ("Week", "Weeks") and 1 <= count <= MAX_WEEKS:
        return f"{count} {words[1]}"
    if name in MONTHS and count:
        days = monthrange(2000, MONTHS.index(name) + 1)[1]
        if count <= days:
            return f"{count} {name}"
        raise ValueError(f"there is no {count} {name}. Write 1 to {days} {name}.")
    if name in DAY_NAMES and first in ORDINALS:
        return f"{first} {name}"
    raise ValueError(
        f"{shown(value)} cannot be used. Write 24 December, first Wednesday (to fourth, or last), "
        f"or 1 to {MAX_WEEKS} weeks."
    )


@lru_cache(maxsize=1024)
def _recurrence(every: str, start: date) -> tuple[date, ...]:
    """Return the dates of an `every`, weeks counted from ``start``; cached, to be shared."""
    word, name = every.split()
    rule: dict[str, Any]
    if name in MONTHS:
        rule = {"freq": YEARLY, "bymonth": MONTHS.index(name) + 1, "bymonthday": int(word)}
    elif name in DAY_NAMES:
        rule = {"freq": MONTHLY, "byweekday": weekday(DAY_NAMES.index(name), ORDINALS[word])}
    else:
        rule = {"freq": WEEKLY, "interval": int(word)}
    return tuple(at.date() for at in rrule(dtstart=start, until=_LAST_DATE, **rule))


def lone_key_reason(key: str, value: object) -> str | None:
    """Return why a key within {} has no value, where that shows: a blank or quotes are missing."""
    if value == "" and (match := re.match(r"([a-z_-]+):(\S.*)", key)):
        return f"a blank is missing after a colon. Write `{match[1]}: {match[2]}`."
    if value == "" and re.search(r"[ :]", key):
        return "a comma or {} splits the text here. Put the whole text in quotes."
    return None


def _parse_text(value: object, info: ValidationInfo[Mapping[str, Any]]) -> Text:
    """Parse a text, or one for each language; the directory's first language comes first."""
    if not isinstance(value, Mapping):
        return Text((("", _parse_non_empty(value)),))
    listed = info.context.get("languages")
    languages = [name for name in listed if name in LANGUAGES] if isinstance(listed, list) else []
    languages = languages or list(LANGUAGES)
    errors = []
    for language, text in value.items():
        if language not in languages:
            form = f"'{language}' is no language of the file. Write {' or '.join(languages)}."
            reason = lone_key_reason(language, text) or form
            errors.append(PathProblem((language,), "bad_value", reason))
        elif not isinstance(text, str) or not text.strip():
            errors.append(PathProblem((language,), "bad_value", _NO_TEXT, 0))
    if errors:
        raise FieldErrors(*errors)
    if not value:
        raise ValueError(_NO_TEXT)
    return Text(
        tuple((language, value[language].strip()) for language in languages if language in value)
    )


def _without_full_stop(text: Text) -> Text:
    return Text(tuple((code, words.rstrip(".") or words) for code, words in text.by_language))


def _parse_non_empty(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(_NO_TEXT)
    return value.strip()


def _require_contrast(colour: str) -> str:
    """Return ``#rrggbb``, whose contrast with white must be 4.5 (WCAG 2.2, relative luminance)."""
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    contrast = 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
    if contrast < 4.5:
        raise ValueError(
            f"{colour} is too pale: its contrast with white is {contrast:.1f}. Choose a darker "
            "one, of 4.5 or more."
        )
    return colour


def require_unique(languages: list[str]) -> list[str]:
    """Return ``languages``. Raise ValueError if one is there twice."""
    if len(set(languages)) < len(languages):
        raise ValueError("a language is named twice. Name each once.")
    return languages


def _pattern(
    pattern: str, form: str, convert: Callable[[str], object] = str
) -> Callable[[object], Any]:
    """Return the parser of a text that has to match, with the ``form`` to write instead."""

    def parse(value: object) -> object:
        if not isinstance(value, str) or not re.fullmatch(pattern, value, re.ASCII):
            raise ValueError(f"{shown(value)} cannot be used. Write {form}.")
        return convert(value)

    return parse


_parse_url = _pattern(
    r"https?://[^\s<>\"]*[^\s<>\".,;)]", "it in full, as https://www.anyshire.example"
)
_parse_email = _pattern(
    r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+", "it as name@council.gov.uk"
)
_parse_keys = _pattern(r"[0-9*#w]+", "digits, * and #, and w for half a second's wait: ww1ww2")
_parse_id = _pattern(r"[a-z0-9][a-z0-9-]*", "small letters, digits, -")
_parse_yes_no = _pattern(
    "(?i)yes|true|on|no|false|off", "yes or no", lambda text: text.lower() in ("yes", "true", "on")
)
_parse_date = _pattern(r"\d{4}-(0[1-9]|1[0-2])-\d\d", "it as 2026-12-24", _read_date)
_parse_zone = _pattern(UK_ZONE, f"{UK_ZONE}, the zone of the United Kingdom", ZoneInfo)
_parse_colour = _pattern("#[0-9a-fA-F]{6}", 'it as "#1d4f91"')

# An editor reads YAML 1.2, in which 999 and 01632960001 are numbers and 17:00, yes and dates are
# text: what is read as text here may be a number in the JSON Schema.
_PHONE = WithJsonSchema({"type": ["string", "integer"], "pattern": r"^\s*\+?[0-9 ()-]+$"})
_SCALAR = {"type": ["string", "number", "boolean"]}
_RANGE = r"[0-9]{2}:[0-9]{2}\s*-\s*[0-9]{2}:[0-9]{2}"
_DAY_HOURS = rf"^(closed|always|{_RANGE}(\s*,\s*{_RANGE}){{0,99}})$"
# A month of a line that opens 150,000 times on a day took 4 seconds to compile.
_HOURS = {"type": "string", "pattern": _DAY_HOURS}
_DAY = f"({'|'.join(WEEKDAYS)})"
_DAYS = rf"{_DAY}(-{_DAY})?"
_WEEK = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"pattern": rf"^({BANK_HOLIDAY}|{_DAYS}(\s*,\s*{_DAYS})*)$"},
    "additionalProperties": _HOURS,
}
_TEXT_BY_LANGUAGE = {
    "type": "object",
    "properties": dict.fromkeys(LANGUAGES, _SCALAR),
    "additionalProperties": False,
    "minProperties": 1,
}
_YES_NO = "^(YES|yes|Yes|NO|no|No|TRUE|true|True|FALSE|false|False|on|off|On|Off|ON|OFF)$"
_RECURRENCE = (
    rf"^([0-9]{{1,2}} ({'|'.join(MONTHS)})|({'|'.join(ORDINALS)}) ({'|'.join(DAY_NAMES)})"
    r"|[0-9]{1,2} weeks?)$"
)


def _text_schema(pattern: str, *types: str) -> WithJsonSchema:
    return WithJsonSchema({"type": ["string", *types], "pattern": pattern})


LocalisedText = Annotated[
    Text, PlainValidator(_parse_text), WithJsonSchema({"anyOf": [_SCALAR, _TEXT_BY_LANGUAGE]})
]
Phrase = Annotated[LocalisedText, AfterValidator(_without_full_stop)]
"""Words within our sentences, which end with a full stop themselves."""
NonEmptyText = Annotated[str, PlainValidator(_parse_non_empty), WithJsonSchema(_SCALAR)]
YesNo = Annotated[
    bool,
    PlainValidator(_parse_yes_no),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"type": "string", "pattern": _YES_NO}]}),
]
IsoDate = Annotated[date, PlainValidator(_parse_date), _text_schema("^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Url = Annotated[str, PlainValidator(_parse_url), _text_schema("^https?://")]
Email = Annotated[str, PlainValidator(_parse_email), _text_schema("@")]
KeyPresses = Annotated[str, PlainValidator(_parse_keys), _text_schema("^[0-9*#w]+$", "integer")]
Colour = Annotated[
    str,
    PlainValidator(_parse_colour),
    AfterValidator(_require_contrast),
    _text_schema("^#[0-9a-fA-F]{6}$"),
]
PhoneNumber = Annotated[Phone, PlainValidator(parse_phone), _PHONE]
LinePhone = Annotated[Phone, PlainValidator(parse_line_phone), _PHONE]
DisplayPhone = Annotated[Phone, PlainValidator(parse_display_phone), _PHONE]
Week = Annotated[
    Hours, PlainValidator(parse_week), WithJsonSchema({"anyOf": [{"const": "always"}, _WEEK]})
]
DayHoursOrWeek = Annotated[
    tuple[TimeRange, ...] | Hours,
    PlainValidator(_parse_day_hours_or_week),
    WithJsonSchema({"anyOf": [_HOURS, _WEEK]}),
]
Repetition = Annotated[str, PlainValidator(parse_repetition), _text_schema(_RECURRENCE)]
Zone = Annotated[ZoneInfo, PlainValidator(_parse_zone), WithJsonSchema({"const": UK_ZONE})]
Id = Annotated[str, PlainValidator(_parse_id), _text_schema("^[a-z0-9][a-z0-9-]*$")]
_REFERENCE = WithJsonSchema({"type": ["string", "integer"]})
LineReference = Annotated[str, _require_known("line"), _REFERENCE]
ServiceReference = Annotated[str, _require_known("service"), _REFERENCE]


class NeededWhenModel(StrictModel):
    """When somebody must be on duty: give one of the two."""

    line: LineReference | None = None
    out_of_hours_of: ServiceReference | None = None
    """Whenever that service's calls go to its out-of-hours line."""

    @model_validator(mode="after")
    def check(self) -> Self:
        if (self.line is None) == (self.out_of_hours_of is None):
            raise ValueError("give either `line` or `out_of_hours_of`.")
        return self


class RotaRoleModel(StrictModel, core_type=core.RotaRole):
    """Somebody who must be on duty."""

    name: Phrase
    needed_when: NeededWhenModel
    people: Annotated[int, Field(ge=1, le=50)] = 1
    """How many at once."""

    def build(self, **values: object) -> Any:
        return super().build(**dict(self.needed_when), **values)


class AccessibilityModel(StrictModel, core_type=core.AccessibilityStatement):
    """What only the council knows for its accessibility statement."""

    email: Email
    """Who answers when somebody cannot use a page."""
    prepared: IsoDate
    """When the council wrote or last reviewed the statement."""
    compliance: Literal["full", "partial"] = "partial"
    """full: only after somebody tested the pages against WCAG 2.2 AA and found nothing."""


class PrivacyModel(StrictModel, core_type=core.PrivacyNotice):
    """What only the council knows for its privacy notice."""

    email: Email
    """Of the data protection officer."""
    url: Url


class CouncilModel(StrictModel, core_type=core.Council):
    """Whose directory it is."""

    name: Phrase
    """The council's name, as pages show it."""
    website: Url
    colour: Colour | None = None
    """Of the header, as #1d4f91 in quotes; dark enough for white letters."""
    logo: NonEmptyText | None = None
    """A file, for the header."""
    accessibility: AccessibilityModel | None = None
    """For the accessibility statement, which the law requires."""
    privacy: PrivacyModel | None = None
    """For the privacy notice, which the law requires."""


class BankHolidaysModel(StrictModel, core_type=core.HolidayRules):
    """Which bank holidays count."""

    division: Literal["england-and-wales", "scotland", "northern-ireland"]
    """Which of GOV.UK's lists."""
    add: dict[IsoDate, NonEmptyText] = {}
    """Dates proclaimed since, with their names."""
    remove: list[IsoDate] = []
    """Dates that are no bank holiday after all."""


class SpecialDayModel(StrictModel, core_type=core.SpecialDay):
    """A date, a run of dates, or a date that comes again, that breaks the week. The later in the
    list wins."""

    on: IsoDate | None = Field(None, alias="date")
    """One date, as 2026-12-24; or give `from`, or `every`."""
    every: Repetition | None = None
    """24 December, of each year; first Wednesday or last Friday, of each month; 2 weeks."""
    first: IsoDate | None = Field(None, alias="from")
    last: IsoDate | None = Field(None, alias="to")
    """The last of them, included; until further notice if left out."""
    name: Phrase
    """What the day is called: Christmas Eve."""
    hours: DayHoursOrWeek | None = None
    """closed, always, or as 08:30-15:30; for a run also days and hours; the usual if left out."""
    phone: LinePhone | None = None
    """Another number, from midnight to midnight."""

    @model_validator(mode="after")
    def check(self) -> Self:
        errors = []
        every, first, last = self.every, self.first, self.last
        for key, value in (("every", every), ("from", first), ("to", last)):
            if self.on and value:
                message = f"a special day has either `date` or `{key}`. Delete one of the two."
                errors.append(PathProblem((key,), "bad_value", message))
        if first and last and last < first:
            years = first.year - last.year
            dates = (last + relativedelta(years=count) for count in (years, years + 1))
            meant = next(day for day in dates if day >= first)
            is_likely = meant - first <= HALF_A_YEAR
            remedy = f"Did you mean {meant}?" if is_likely else "Correct one of the two."
            message = f"{last} is before `from` {first}. {remedy}"
            errors.append(PathProblem(("to",), "bad_value", message, 0))
        if every and "week" in every and not first:
            message = "weeks need a date to count from. Add the first one, as `from: 2027-01-04`."
            errors.append(PathProblem(("every",), "bad_value", message, 0))
        if isinstance(self.hours, core.Hours) and (every or not first):
            message = "a week belongs to a run with `from`. Write the hours of a day: 08:30-15:30."
            errors.append(PathProblem(("hours",), "bad_value", message, 0))
        if errors:
            raise FieldErrors(*errors)
        if not (self.on or first or every):
            raise ValueError(
                "give either `date`, `from` or `every`. If this belongs to the entry above, delete "
                "its dash."
            )
        return self

    def build(self, **values: object) -> Any:
        week = self.hours if isinstance(self.hours, core.Hours) else None
        start = _FIRST_DATE
        if self.every and "week" in self.every and self.first:  # equal rules share their dates
            start += (self.first - start) % timedelta(weeks=int(self.every.split()[0]))
        return super().build(
            first=self.on or self.first,
            last=self.on or self.last,
            hours=self.hours if week is None else None,
            is_run=self.on is None and self.every is None,
            week=week,
            recurs_on=_recurrence(self.every, start) if self.every else (),
        )


class VerificationModel(StrictModel, core_type=core.Verification):
    """That somebody confirmed the number."""

    on: IsoDate
    source: NonEmptyText | None = None
    """The page, or who, confirmed it."""
    days: Annotated[int, Field(ge=1, le=3650)]
    """For how many days that holds."""


class OtherWayModel(StrictModel, core_type=core.OtherWay):
    """Another way to reach a line: shown, and never rung."""

    kind: Literal["textphone", "text", "welsh", "relay", "bsl", "chat"]
    """bsl and chat have a `url`, the others a `phone`."""
    phone: DisplayPhone | None = None
    """Shown as written; text numbers may stand here."""
    url: Url | None = None
    """The page of the video or chat service."""

    @model_validator(mode="after")
    def check(self) -> Self:
        needed, other = ("url", "phone") if self.kind in ("bsl", "chat") else ("phone", "url")
        if getattr(self, other) is not None:
            message = (
                f"'{self.kind}' has a `{needed}` only. Write `{needed}`, and delete `{other}`."
            )
            raise FieldErrors(PathProblem((other,), "bad_value", message))
        if getattr(self, needed) is None:
            raise ValueError(f"'{self.kind}' needs a `{needed}`. Add it.")
        return self


class LineModel(StrictModel, core_type=core.Line):
    """A number that can be rung, and the hours it keeps."""

    name: Phrase
    """What callers see and hear."""
    called: Phrase | None = None
    """How a sentence refers to it, with its article: our day team; the name if left out."""
    aliases: list[Phrase] = []
    phone: LinePhone
    """Shown as written; 999 or 101 only on a line that is only ever an `out_of_hours`."""
    options: Phrase | None = None
    """What to press: press 1, then 2."""
    send_digits: KeyPresses | None = None
    """What the exchange presses after the answer: ww1ww2; w waits half a second."""
    also: list[OtherWayModel] = []
    """Other ways to reach it, shown and never rung."""
    you_will_hear: LocalisedText | None = None
    """What a caller hears first."""
    email: Email | None = None
    relay_uk: YesNo = True
    """Whether to show 18001 and the number, if it is one of the United Kingdom."""
    visibility: Literal["public", "internal"] = "public"
    """internal: never shown, only rung."""
    hours: Week
    """When it answers: always, or days and hours, as mon-fri: 08:30-17:00."""
    special_days: Annotated[list[SpecialDayModel], Field(max_length=MAX_SPECIAL_DAYS)] = []
    ring_seconds: Annotated[int, Field(ge=5, le=300)] | None = None
    """How long it rings before the next is tried."""
    press_1_to_accept: YesNo = False
    """Whether whoever answers must press 1: voicemail never does."""
    verified: VerificationModel | None = None
    """Without it, pages say "Not yet confirmed by the council"."""

    def build(self, **values: object) -> Any:
        return super().build(internal=self.visibility == "internal", **values)


class FormModel(StrictModel, core_type=core.OnlineForm):
    """A way that is not a phone call."""

    name: Phrase
    url: Url
    when: LocalisedText


class PagesModel(StrictModel):
    """The council's own words on a service's pages, in Markdown."""

    after: LocalisedText | None = None
    """What happens after a call."""
    professionals: LocalisedText | None = None
    """For people who work with children."""
    confidential: LocalisedText | None = None
    """What happens with the caller's name."""


class ServiceModel(StrictModel, core_type=core.Service):
    """What a caller needs help with."""

    name: Phrase
    """As a caller would say it: Worried about a child."""
    lines: Annotated[list[LineReference], Field(min_length=1)]
    """Lines in order: the first one open takes the call."""
    out_of_hours: LineReference
    """The line that takes the call whenever none of them is open."""
    if_unanswered: list[LineReference] | None = None
    """Lines to try next, in order; the out-of-hours line if left out."""
    number: PhoneNumber | None = None
    """What callers ring, when this service answers the telephone."""
    greeting: LocalisedText | None = None
    forms: list[FormModel] = []
    pages: PagesModel = PagesModel()

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


class HelplineModel(StrictModel, core_type=core.Helpline):
    """A number that is shown and never rung."""

    name: Phrase
    phone: DisplayPhone
    """999, 101 and text numbers may stand here."""
    hours: Week
    """When it answers: always, or days and hours, as mon-fri: 08:30-17:00."""
    audience: Phrase = Field(alias="for")


class DirectoryModel(StrictModel, core_type=core.Directory):
    """Who to call, and when: the directory of a council."""

    council: CouncilModel
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
    holiday_rules: BankHolidaysModel = Field(alias="bank_holidays")
    lines: Annotated[dict[Id, LineModel], Field(min_length=1)]
    services: Annotated[dict[Id, ServiceModel], Field(min_length=1)]
    """What callers need help with; the first one is the home page."""
    helplines: list[HelplineModel] = []
    rota: dict[Id, RotaRoleModel] = {}

    def build(self, **values: object) -> Any:
        lines = {line_id: line.build(id=line_id) for line_id, line in self.lines.items()}
        services = (service.build_with(key, lines) for key, service in self.services.items())
        return super().build(lines=tuple(lines.values()), services=tuple(services))


_FIELDS = [field for model in StrictModel.__subclasses__() for field in model.model_fields.items()]
KEYS = sorted({*(field.alias or name for name, field in _FIELDS), *WEEKDAYS, BANK_HOLIDAY})
"""Every key that the file may have somewhere."""


def json_schema() -> str:
    """Return the JSON Schema for editors, which is routing/directory.schema.json.

    It accepts what an editor that reads YAML 1.2 sees. What one part of a directory says of another
    is left to ``who-to-call directory check``.
    """
    schema = DirectoryModel.model_json_schema(schema_generator=_EditorSchema)
    head = {"$schema": GenerateJsonSchema.schema_dialect}
    return json.dumps(head | schema, indent=1, ensure_ascii=False) + "\n"


class _EditorSchema(GenerateJsonSchema):
    """JSON Schema without pydantic's own titles, and with null only for entries left empty."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        entries = super().dict_schema(schema)
        return entries | ({"additionalProperties": False} if "patternProperties" in entries else {})

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        inner = self.generate_inner(schema["schema"])
        if "$ref" in inner or inner.get("type") in ("array", "object"):
            return {"anyOf": [inner, {"type": "null"}]}
        return inner
