"""The types of value in directory.yaml: each reads a text, or says what to write instead."""

import re
from calendar import day_name, month_name, monthrange
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, ClassVar, NamedTuple, Self
from zoneinfo import ZoneInfo

import phonenumbers
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from routing.core.directory import (
    ALL_DAY,
    EMERGENCY_NUMBERS,
    MINUTES_PER_DAY,
    Hours,
    Monthly,
    Phone,
    Recurrence,
    Text,
    TimeRange,
    Weekly,
    Yearly,
)

MAX_ERRORS = 1000
"""After so many errors the rest is not validated: each takes 2 KB, and 200 are shown."""

LANGUAGES = ("en", "cy")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
BANK_HOLIDAY = "bank-holiday"
UK_ZONE = "Europe/London"

_NO_TEXT = "there are no words here. Write a text, or one for each language."
_TIME_RANGE = re.compile(r"(\d\d):(\d\d)\s*-\s*(\d\d):(\d\d)", re.ASCII)
_ROUND_THE_CLOCK = re.compile(
    r"24\s*(/|x|-|hours?,?)\s*7|24\s*-?(h|hrs?|hours?)(\s*(a|per)\s*day)?|all day|any ?time",
    re.IGNORECASE,
)
_HOURS_FORM = "Write it as 08:30-17:00, or several with commas, or closed, or always."

_LENGTH_REASONS = {
    phonenumbers.ValidationResult.TOO_SHORT: "is too short for a telephone number",
    phonenumbers.ValidationResult.TOO_LONG: "is too long for a telephone number",
    phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "is too short for a telephone number",
    phonenumbers.ValidationResult.INVALID_LENGTH: "has a digit too few or too many",
    phonenumbers.ValidationResult.INVALID_COUNTRY_CODE: "begins with no country's code",
}
_FORBIDDEN_PREFIXES = {
    "+4484": "084 numbers cost the caller extra",
    "+4487": "087 numbers cost the caller extra",
    "+449": "09 numbers are premium rate",
    "+4470": "070 numbers are personal numbers, at premium rates",
}


ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
DAY_NAMES = tuple(day_name)
MONTHS = tuple(month_name)[1:]
MAX_WEEKS = 52

_EVERY_FORM = "Write it as 24 December, first Wednesday, last Friday, or 2 weeks."
_A_LEAP_YEAR = 2000


class FieldError(NamedTuple):
    """A problem below ``key`` of a mapping: with its value, or with the key itself."""

    key: str
    message: str
    of_key: bool = False


class FieldErrors(ValueError):
    """Several problems of one mapping, each with a place of its own."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(" ".join(error.message for error in errors))
        self.errors = tuple(errors)


@dataclass(slots=True)
class Context:
    """What validation needs to know: the file's languages, and the number of errors so far."""

    languages: Sequence[str]
    errors: int = 0


class StrictModel(BaseModel):
    """A part of the file, whose values are all text."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    core_type: ClassVar[type]
    """The class of the core that has fields of the same names."""

    def build(self, **values: object) -> Any:
        """Return the core's object, with these ``values`` in place of the fields of their names."""
        names = {field.name for field in fields(self.core_type)} - values.keys()
        return self.core_type(**{k: _build(v) for k, v in self if k in names}, **values)

    @model_validator(mode="before")
    @classmethod
    def leave_out_empty_collections(cls, value: Any) -> Any:
        """Leave out each key whose entries were all deleted, where it may be left out."""
        if not isinstance(value, Mapping):
            return value
        fields = cls.model_fields
        return {
            key: entry
            for key, entry in value.items()
            if entry != "" or key not in fields or fields[key].default not in ([], {})
        }

    @model_validator(mode="wrap")
    @classmethod
    def stop_after_many_errors(
        cls, value: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo
    ) -> Self:
        context = info.context
        if not isinstance(context, Context):
            return handler(value)
        if context.errors > MAX_ERRORS:
            return cls.model_construct()
        try:
            return handler(value)
        except ValidationError as error:
            context.errors += error.error_count()
            raise


def _build(value: object) -> object:
    if isinstance(value, StrictModel):
        return value.build()
    return tuple(map(_build, value)) if isinstance(value, list) else value


def parse_week(value: object) -> Hours:
    """Parse a week's hours: ``always``, or a mapping of days to hours.

    Raise FieldErrors with every key and value that is wrong, or ValueError, which says what to
    write.
    """
    if value == "always":
        return Hours((ALL_DAY,) * 7, None, (("", "always"),))
    if isinstance(value, str) and _ROUND_THE_CLOCK.fullmatch(value):
        raise ValueError(f"'{value}' is not hours. Write always.")
    if not isinstance(value, Mapping) or not value:
        raise ValueError(f"{value!r} is not a week's hours. Write `mon-fri: 08:30-17:00` below it.")
    hours: dict[str, tuple[TimeRange, ...]] = {}
    errors = [error for days, text in value.items() for error in _add_hours(hours, days, text)]
    if errors:
        raise FieldErrors(errors)
    as_written = tuple((str(days), str(text)) for days, text in value.items())
    return Hours(tuple(hours.get(day, ()) for day in WEEKDAYS), hours.get(BANK_HOLIDAY), as_written)


def parse_day_hours(value: object) -> tuple[TimeRange, ...]:
    """Parse a day's hours: closed, always or ranges. Raise ValueError, which says what to write."""
    if value == "closed":
        return ()
    if value == "always":
        return ALL_DAY
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not hours. {_HOURS_FORM}")
    if _ROUND_THE_CLOCK.fullmatch(value):
        raise ValueError(f"'{value}' is not hours. Write always.")
    ranges = (_time_range(part.strip()) for part in value.split(","))
    return tuple(sorted(ranges, key=lambda hours: hours.opens))


def parse_day_hours_or_week(value: object) -> tuple[TimeRange, ...] | Hours:
    """Parse a day's hours, or a mapping of days to hours. Raise as the parser of either."""
    return parse_week(value) if isinstance(value, Mapping) else parse_day_hours(value)


def parse_phone(value: object) -> Phone:
    """Parse a number that can be rung. Raise ValueError, which says what to write.

    Any number of a possible length passes, and so do Ofcom's drama numbers, which nobody uses.
    """
    if isinstance(value, str) and len(re.findall(r"[\d (]{9,}", value, re.ASCII)) > 1:
        raise ValueError(
            f"'{value}' is more than one number. Write one here, and the other in a second line of "
            "its own, which `if_unanswered` may name."
        )
    if isinstance(value, str) and (relay := re.match(r"\s*1800[0-3]\s*(0\d.*)", value, re.ASCII)):
        raise ValueError(
            f"'{value}' has Relay UK's prefix. Write {relay[1]}: `relay_uk: yes` shows it with "
            "18001."
        )
    if not isinstance(value, str) or not re.fullmatch(r"\+?[\d ()-]+", value.strip(), re.ASCII):
        raise ValueError(f"{value!r} is not a telephone number. Write it as 01632 960001.")
    return _parse_number(value)


def parse_line_phone(value: object) -> Phone:
    """Parse the number of a line: one that can be rung, or 999 or 101. Raise as parse_phone."""
    if isinstance(value, str) and value.strip() in EMERGENCY_NUMBERS:
        return Phone(value.strip(), value.strip())
    return parse_phone(value)


def parse_display_phone(value: object) -> Phone:
    """Parse a number that is shown and never rung: a short one, or any that can be rung."""
    if isinstance(value, str) and re.fullmatch(r"\d{3,6}", value.replace(" ", ""), re.ASCII):
        return Phone(value.replace(" ", ""), value.strip())
    return parse_phone(value)


def parse_repetition(value: object) -> Recurrence:
    """Parse the value of `every`. Raise ValueError, which says what to write."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a date that comes again. {_EVERY_FORM}")
    words = value.lower().split()
    text, name = " ".join(words), words[-1].capitalize() if words else ""
    if match := re.fullmatch(r"(\d{1,2}) weeks?", text, re.ASCII):
        weeks = int(match[1])
        if not 1 <= weeks <= MAX_WEEKS:
            raise ValueError(f"{weeks} weeks is out of range. Write 1 to {MAX_WEEKS} weeks.")
        return Recurrence(Weekly(weeks), text)
    if re.fullmatch(r"\d{1,2} [a-z]+", text, re.ASCII) and name in MONTHS:
        day, month = int(words[0]), MONTHS.index(name) + 1
        days = monthrange(_A_LEAP_YEAR, month)[1]
        if not 1 <= day <= days:
            raise ValueError(
                f"there is no {day} {name}: {name} has {days} days. Write 1 to {days} {name}."
            )
        return Recurrence(Yearly(month, day), f"{day} {name}")
    if len(words) == 2 and name in DAY_NAMES:
        if words[0] not in ORDINALS:
            raise ValueError(
                f"'{words[0]} {name}' is not in every month. Write first, second, third, fourth or "
                f"last: last {name}."
            )
        return Recurrence(Monthly(ORDINALS[words[0]], DAY_NAMES.index(name)), f"{words[0]} {name}")
    raise ValueError(f"{value!r} is not a date that comes again. {_EVERY_FORM}")


def forbidden_reason(e164: str) -> str | None:
    """Return why a service may not ring this number, or None if it may."""
    if e164 in EMERGENCY_NUMBERS:
        return f"{e164} is shown, and callers ring it themselves"
    return next(
        (why for prefix, why in _FORBIDDEN_PREFIXES.items() if e164.startswith(prefix)), None
    )


def require_unique(languages: list[str]) -> list[str]:
    """Return ``languages``. Raise ValueError if one is there twice."""
    if len(set(languages)) < len(languages):
        raise ValueError("a language is named twice. Name each once.")
    return languages


def _add_hours(
    hours: dict[str, tuple[TimeRange, ...]], key: str, value: object
) -> Iterator[FieldError]:
    """Add the hours of ``key: value`` to ``hours``; yield what is wrong with either."""
    ranges: tuple[TimeRange, ...] = ()
    try:
        ranges = parse_day_hours(value)
    except ValueError as error:
        yield FieldError(key, str(error))
    try:
        days = _days(key)
    except ValueError as error:
        yield FieldError(key, str(error), of_key=True)
        return
    for day in dict.fromkeys(days):
        if day in hours or days.count(day) > 1:
            message = f"{day} is named twice, again in '{key}'. Name it once."
            yield FieldError(key, message, of_key=True)
        hours[day] = ranges


def _days(key: str) -> list[str]:
    if key == BANK_HOLIDAY:
        return [key]
    days: list[str] = []
    for part in key.split(","):
        names = part.strip().split("-")
        if not 1 <= len(names) <= 2 or any(name not in WEEKDAYS for name in names):
            raise ValueError(
                f"'{key}' is not a day. Write mon, mon-fri, mon,wed,fri or bank-holiday."
            )
        first, last = WEEKDAYS.index(names[0]), WEEKDAYS.index(names[-1])
        last += 7 if last < first else 0
        days += [WEEKDAYS[index % 7] for index in range(first, last + 1)]
    return days


def _time_range(text: str) -> TimeRange:
    match = _TIME_RANGE.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is not a range of hours. {_HOURS_FORM}")
    open_hour, open_minute, close_hour, close_minute = map(int, match.groups())
    opens, closes = open_hour * 60 + open_minute, close_hour * 60 + close_minute
    if open_hour > 23 or open_minute > 59:
        raise ValueError(f"'{text}' opens at a time that no clock shows. Write 00:00 to 23:59.")
    if closes > MINUTES_PER_DAY or close_minute > 59:
        raise ValueError(f"'{text}' closes at a time that no clock shows. Write 00:00 to 24:00.")
    return TimeRange(opens, closes if closes > opens else closes + MINUTES_PER_DAY)


@lru_cache(maxsize=4096)
def _parse_number(value: str) -> Phone:
    """Return a number as parse_phone; cached, since several parts of a file are checked by it."""
    try:
        number = phonenumbers.parse(value, "GB")
    except phonenumbers.NumberParseException:
        number = None
    reason = "is not a telephone number" if number is None else _impossible_reason(number)
    if number is None or reason is not None:
        raise ValueError(
            f"'{value}' {reason}. Write it in full, as 01632 960001; text numbers may stand only "
            "under helplines, and 999 and 101 also on a line that is only an `out_of_hours`."
        )
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Phone(e164, _dialable(value.strip()))


def _dialable(written: str) -> str:
    """Return a number as it can be dialled: +44 (0)1632 960001 cannot, nor one without its 0."""
    national = re.sub(r"^(\+|00)\s?44[\s()-]*0[\s)]*", "0", written)
    return national if national[0] in "0+(" else f"0{national}"


def _impossible_reason(number: phonenumbers.PhoneNumber) -> str | None:
    """Return why no telephone can have this number, or None if one can."""
    result = phonenumbers.is_possible_number_with_reason(number)
    if result == phonenumbers.ValidationResult.IS_POSSIBLE:
        if number.country_code != 44 or not number.italian_leading_zero:
            return None
        result = phonenumbers.ValidationResult.TOO_SHORT  # an area code and a few digits
    return _LENGTH_REASONS.get(result, "is not a telephone number")


def _parse_text(value: object, info: ValidationInfo) -> Text:
    """Parse a text, or one for each language; the directory's first language comes first."""
    if not isinstance(value, Mapping):
        return Text((("", _parse_non_empty(value)),))
    languages = info.context.languages if isinstance(info.context, Context) else LANGUAGES
    errors = [error for entry in value.items() for error in _text_errors(*entry, languages)]
    if errors:
        raise FieldErrors(errors)
    if not value:
        raise ValueError(_NO_TEXT)
    return Text(
        tuple((language, value[language].strip()) for language in languages if language in value)
    )


def _text_errors(language: str, text: object, languages: Sequence[str]) -> Iterator[FieldError]:
    if language not in languages:
        if text == "" and " " in language:
            message = (
                f"a comma within {{}} ends a text, before '{language}'. Put the whole text in "
                "quotes."
            )
            yield FieldError(language, message, of_key=True)
            return
        known = " or ".join(languages)
        message = f"'{language}' is not one of the file's languages. Write {known}."
        yield FieldError(language, message, of_key=True)
    if not isinstance(text, str) or not text.strip():
        yield FieldError(language, _NO_TEXT)


def _parse_non_empty(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(_NO_TEXT)
    return value.strip()


def _matching(pattern: str, form: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value, re.ASCII):
            raise ValueError(f"{value!r} cannot be used. Write {form}.")
        return value

    return parse


def _parse_yes_no(value: object) -> bool:
    words = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
    if not isinstance(value, str) or value.lower() not in words:
        raise ValueError(f"{value!r} is neither yes nor no. Write yes or no.")
    return words[value.lower()]


def _parse_date(value: object) -> date:
    try:
        return date.fromisoformat(_matching(r"\d{4}-\d\d-\d\d", "it as 2026-12-24")(value))
    except ValueError as error:
        if match := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", str(value), re.ASCII):
            year, month, day = map(int, match.groups())
            name = f"{day} {month_name[month]} {year}" if 1 <= month <= 12 else f"month {month}"
            raise ValueError(f"there is no {name}. Write the date that was meant.") from error
        raise ValueError(f"{value!r} is not a date. Write it as 2026-12-24.") from error


def _whole_number(low: int, high: int) -> Callable[[object], int]:
    def parse(value: object) -> int:
        if not isinstance(value, str) or not re.fullmatch(r"\d{1,6}", value, re.ASCII):
            raise ValueError(f"{value!r} is not a whole number. Write {low} to {high}.")
        if not low <= int(value) <= high:
            raise ValueError(f"{value} is out of range. Write {low} to {high}.")
        return int(value)

    return parse


def _parse_zone(value: object) -> ZoneInfo:
    if value != UK_ZONE:
        raise ValueError(
            f"{value!r} is not the zone of the United Kingdom, whose clocks change in March and "
            f"October. Write {UK_ZONE}."
        )
    return ZoneInfo(UK_ZONE)


def _parse_colour(value: object) -> str:
    colour = _matching(r"#[0-9a-fA-F]{6}", 'it as "#1d4f91"')(value)
    contrast = _contrast_with_white(colour)
    if contrast < 4.5:
        raise ValueError(
            f"{colour} is too pale: its contrast with white is {contrast:.1f}. Choose a darker "
            "one, of 4.5 or more."
        )
    return colour


def _contrast_with_white(colour: str) -> float:
    """Return the contrast of ``#rrggbb`` with white, 1 to 21 (WCAG 2.2, relative luminance)."""
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def _field_type(parse: Callable[..., object], description: str, **schema: object) -> Any:
    """Return the type of a value for pydantic, with its JSON Schema for editors of the file.

    An editor reads YAML 1.2, in which 999 and 01632960001 are numbers and 17:00, yes and dates are
    text: what is read as text here may be a number there.
    """
    json_schema = WithJsonSchema({"description": description, **schema})
    return Annotated[Any, BeforeValidator(parse), json_schema]


def _whole_number_schema(low: int, high: int) -> dict[str, object]:
    return {"type": ["integer", "string"], "minimum": low, "maximum": high, "pattern": "^[0-9]+$"}


_SCALAR_SCHEMA = {"type": ["string", "number", "boolean"]}
_RANGE_PATTERN = r"[0-9]{2}:[0-9]{2}\s*-\s*[0-9]{2}:[0-9]{2}"
_HOURS_SCHEMA = {
    "type": "string",
    "pattern": rf"^(closed|always|{_RANGE_PATTERN}(\s*,\s*{_RANGE_PATTERN})*)$",
}
_WEEKDAY_PATTERN = f"({'|'.join(WEEKDAYS)})"
_DAYS_PATTERN = rf"{_WEEKDAY_PATTERN}(-{_WEEKDAY_PATTERN})?"
_YES_NO_PATTERN = "|".join(
    f"{word.upper()}|{word}|{word.capitalize()}" for word in ("yes", "no", "true", "false")
)

LocalisedText = _field_type(
    _parse_text,
    "A text, or one for each language: {en: ..., cy: ...}.",
    anyOf=[
        _SCALAR_SCHEMA,
        {
            "type": "object",
            "properties": dict.fromkeys(LANGUAGES, _SCALAR_SCHEMA),
            "additionalProperties": False,
            "minProperties": 1,
        },
    ],
)
NonEmptyText = _field_type(_parse_non_empty, "A text.", **_SCALAR_SCHEMA)
YesNo = _field_type(
    _parse_yes_no,
    "yes or no.",
    anyOf=[
        {"type": "boolean"},
        {"type": "string", "pattern": f"^({_YES_NO_PATTERN}|on|off|On|Off|ON|OFF)$"},
    ],
)
IsoDate = _field_type(
    _parse_date, "A date, as 2026-12-24.", type="string", pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
)
parse_url = _matching(r"https?://[^\s<>\"]+", "https://...")
Url = _field_type(
    parse_url,
    "An address, beginning https://",
    type="string",
    pattern="^https?://",
)
Email = _field_type(
    _matching(r"[^@\s<>]+@[^@\s<>]+", "name@council.gov.uk"),
    "An email address.",
    type="string",
    pattern="@",
)
PhoneNumber = _field_type(
    parse_phone,
    "A telephone number, shown as written: 01632 960001.",
    type=["string", "integer"],
    pattern=r"^\s*\+?[0-9 ()-]+$",
)
LinePhone = _field_type(
    parse_line_phone,
    "A telephone number, shown as written: 01632 960001; 999 or 101 on an out-of-hours line.",
    type=["string", "integer"],
    pattern=r"^\s*\+?[0-9 ()-]+$",
)
DisplayPhone = _field_type(
    parse_display_phone,
    "A telephone number; 999, 101 and text numbers may stand here too.",
    type=["string", "integer"],
    pattern=r"^\s*\+?[0-9 ()-]+$",
)
_DAYS_AND_HOURS_SCHEMA = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"pattern": rf"^({BANK_HOLIDAY}|{_DAYS_PATTERN}(\s*,\s*{_DAYS_PATTERN})*)$"},
    "additionalProperties": _HOURS_SCHEMA,
}
DayHoursOrWeek = _field_type(
    parse_day_hours_or_week,
    "closed, always, or 08:30-17:00, several with commas; for a run also days and their hours.",
    anyOf=[_HOURS_SCHEMA, _DAYS_AND_HOURS_SCHEMA],
)
Week = _field_type(
    parse_week,
    "always, or days and their hours. A close at or before its open runs into the next day.",
    anyOf=[{"const": "always"}, _DAYS_AND_HOURS_SCHEMA],
)
Every = _field_type(
    parse_repetition,
    "24 December, first Wednesday, last Friday, or 2 weeks.",
    type="string",
    pattern=(
        rf"^([0-9]{{1,2}} ({'|'.join(MONTHS)})|({'|'.join(ORDINALS)}) ({'|'.join(DAY_NAMES)})"
        r"|[0-9]{1,2} weeks?)$"
    ),
)
KeyPresses = _field_type(
    _matching(r"[0-9*#w]+", "digits, * and #, and w for half a second's wait: ww1ww2"),
    "Digits, * and #; w waits half a second.",
    type=["string", "integer"],
    pattern="^[0-9*#w]+$",
)
Id = _field_type(
    _matching(r"[a-z0-9][a-z0-9-]*", "small letters, digits, -"),
    "A name of your choice: small letters, digits and hyphens.",
    type="string",
    pattern="^[a-z0-9][a-z0-9-]*$",
)
Colour = _field_type(
    _parse_colour,
    "A dark colour, as #1d4f91 in quotes.",
    type="string",
    pattern="^#[0-9a-fA-F]{6}$",
)
Zone = _field_type(_parse_zone, "The zone of the United Kingdom: Europe/London.", const=UK_ZONE)
Seconds = _field_type(_whole_number(5, 300), "Seconds, 5 to 300.", **_whole_number_schema(5, 300))
People = _field_type(_whole_number(1, 50), "How many, 1 to 50.", **_whole_number_schema(1, 50))
Days = _field_type(_whole_number(1, 3650), "Days, 1 to 3650.", **_whole_number_schema(1, 3650))
Reference = Annotated[str, WithJsonSchema({"type": ["string", "integer"]})]
