"""The schema of directory.yaml: how each value, which is all text, is read; its parts; and its JSON
Schema for editors. What is wrong with a value comes with what to write instead.
"""

import json
import re
from calendar import day_name, month_name, monthrange
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import date, timedelta
from functools import lru_cache
from inspect import isclass
from typing import Annotated, Any, ClassVar, Generic, Literal, Self, TypeVar, get_args, get_origin
from zoneinfo import ZoneInfo

import phonenumbers
from annotated_types import GroupedMetadata
from dateutil.relativedelta import relativedelta
from dateutil.rrule import MONTHLY, WEEKLY, YEARLY, rrule, weekday
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import GenerateJsonSchema

from routing.core import directory as core
from routing.core.directory import ALL_DAY, EMERGENCY_NUMBERS, Hours, Phone, Text, TimeRange
from routing.directory import suggestions

T = TypeVar("T")

MAX_ERRORS = 1000
"""After so many errors the rest is not validated: each takes 2 KB, and 200 are shown."""

MAX_SHORT_DIGITS = 6
"""Of 999, 116 123, and the numbers of text messages."""

MAX_SHOWN_CHARS = 30
"""How much of a value an error shows, to be one line of 160 characters."""

MAX_MEANT_CHARS = 64
"""Of a value in another form that is read for what it means, and of what it means."""

LANGUAGES = ("en", "cy")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
BANK_HOLIDAY = "bank-holiday"
UK_ZONE = "Europe/London"

_NO_TEXT = "there are no words here. Write a text, or one for each language."
TIME_RANGE = re.compile(r"(\d\d):(\d\d)\s*-\s*(\d\d):(\d\d)", re.ASCII)
_HOURS_FORM = "Write 08:30-17:00, several with commas between, closed or always."

_RELAY_PREFIX = re.compile(r"\b1800[0-3]\s*(?=0\d)", re.ASCII)
_NUMBER = re.compile(r"(?:\+ ?)?\(?\d(?:(?:[ )./_-]|\((?=0)){0,2}\d){8,}", re.ASCII)
"""A number within a text."""

_LENGTH_REASONS = {
    phonenumbers.ValidationResult.TOO_LONG: "is too long for a telephone number",
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

MAX_SPECIAL_DAYS = 1000
"""Of one line. Each is looked at for every date: a month with 9,000 took 0.65 s to compile."""

HALF_A_YEAR = timedelta(days=183)
"""How long a run may be for the year of its end to be taken for the slip."""

_FIRST_DATE, _LAST_DATE = date(1999, 12, 1), date(2102, 12, 31)
"""For an `every` to be right for any instant from 2000 to 2100, and the 400 days after it."""

_PHONE = {"type": ["string", "integer"], "pattern": r"^\s*\+?[0-9 ()-]+$"}
_SCALAR = {"type": ["string", "number", "boolean"]}
_RANGE = r"[0-9]{2}:[0-9]{2}\s*-\s*[0-9]{2}:[0-9]{2}"
_HOURS = {"type": "string", "pattern": rf"^(closed|always|{_RANGE}(\s*,\s*{_RANGE})*)$"}
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


@dataclass(frozen=True, slots=True)
class FieldError:
    """A problem below ``key`` of a mapping: with its value, or with the key itself."""

    key: str
    message: str
    of_key: bool = False


class FieldErrors(ValueError):
    """Several problems of one mapping, each with a place of its own."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(" ".join(f"'{error.key}': {error.message}" for error in errors))
        self.errors = tuple(errors)


@dataclass(slots=True)
class Context:
    """What validation needs to know: the file's languages, and the number of errors so far."""

    languages: Sequence[str]
    errors: int = 0


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
        if not isinstance(value, Mapping):
            return value
        return {key: entry for key, entry in value.items() if entry != "" or cls._needs_value(key)}

    @classmethod
    def _needs_value(cls, key: str) -> bool:
        """Return whether a key must have a value: it is required, or it holds no entries."""
        field = cls.model_fields.get(key)
        if field is None or field.is_required():
            return True
        kinds = (field.annotation, *get_args(field.annotation))
        return not any(get_origin(kind) in (list, dict) or is_model(kind) for kind in kinds)

    @model_validator(mode="wrap")
    @classmethod
    def stop_after_many_errors(
        cls, value: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo
    ) -> Self:
        context = info.context or Context(LANGUAGES)  # none for a default
        if context.errors > MAX_ERRORS:
            return cls.model_construct()
        try:
            return handler(value)
        except ValidationError as error:
            context.errors += error.error_count()
            raise


def is_model(annotation: object) -> bool:
    """Return whether an annotation is a part of the file, rather than one of its values."""
    return isclass(annotation) and issubclass(annotation, BaseModel)


def _build(value: object) -> object:
    if isinstance(value, StrictModel):
        return value.build()
    return tuple(map(_build, value)) if isinstance(value, list) else value


def shown(value: object) -> str:
    """Return a value as an error shows it: a text in quotes, anything else by what it is."""
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= MAX_SHOWN_CHARS else f"'{value[:MAX_SHOWN_CHARS]}...'"
    return "a list" if isinstance(value, list) else "a group of keys"


def _what_to_write(value: object, suggest: Callable[[str], object], form: str) -> str:
    """Return what to write for a value in another form than the directory's, or else its form."""
    text = ", ".join(map(str, value)) if isinstance(value, list) else value
    is_short = isinstance(text, str) and len(text) <= MAX_MEANT_CHARS
    suggestion = suggest(str(text)) if is_short else None
    meant = re.sub(r"'([^',]*)'", r"\1", str(suggestion))  # quotes only around commas
    is_new = suggestion not in (None, value) and len(meant) <= MAX_MEANT_CHARS
    return f"Write {meant}." if is_new else form


class Value(GroupedMetadata, Generic[T]):
    """A function that reads a value, with the JSON Schema of the value for editors of the file.

    An editor reads YAML 1.2, in which 999 and 01632960001 are numbers and 17:00, yes and dates are
    text: what is read as text here may be a number there.
    """

    def __init__(self, parse: Callable[..., T], schema: Mapping[str, object]) -> None:
        self.parse, self.schema = parse, dict(schema)

    def __call__(self, value: object) -> T:
        return self.parse(value)

    def __iter__(self) -> Iterator[object]:
        yield PlainValidator(self.parse)
        yield WithJsonSchema(self.schema)


def _value(description: str, **schema: object) -> Callable[[Callable[..., T]], Value[T]]:
    """Return a decorator for the function that reads a value of this JSON Schema."""
    return lambda parse: Value(parse, {"description": description} | schema)


def _pattern(
    pattern: str, form: str, description: str, json_pattern: str, **schema: object
) -> Value[str]:
    """Return how a text is read that has to match, with the ``form`` to write instead."""

    @_value(description, **{"type": "string", "pattern": json_pattern, **schema})
    def parse(value: object) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value, re.ASCII):
            text = value if isinstance(value, str) and len(value) <= MAX_MEANT_CHARS else ""
            within = re.findall(rf"(?:{pattern})(?!\w)", text)
            is_clear = len(within) == 1 and re.search("@|://", within[0])
            remedy = within[0] if is_clear else form
            raise ValueError(f"{shown(value)} cannot be used. Write {remedy}.")
        return value

    return parse


def _whole_number(unit: str, low: int, high: int) -> Value[int]:
    limits = f"{low} to {high}"

    @_value(
        f"{unit}, {limits}.",
        type=["integer", "string"],
        minimum=low,
        maximum=high,
        pattern="^[0-9]+$",
    )
    def parse(value: object) -> int:
        text = value if isinstance(value, str) else ""
        if not re.fullmatch(r"\d{1,6}", text, re.ASCII):
            number = re.fullmatch(rf"(?ai)(\d{{1,6}})(\.0+)? ?({unit[0]}[a-z]*)?", text)
            remedy = f"a whole number, {limits}"
            if number and low <= int(number[1]) <= high:
                remedy = number[1]
            raise ValueError(f"{shown(value)} cannot be used. Write {remedy}.")
        if not low <= int(text) <= high:
            raise ValueError(f"{int(text)} is out of range. Write {limits}.")
        return int(text)

    return parse


@_value(
    "always, or days and their hours. A close at or before its open runs into the next day.",
    anyOf=[{"const": "always"}, _WEEK],
)
def parse_week(value: object) -> Hours:
    """Parse a week's hours: ``always``, or a mapping of days to hours.

    Raise FieldErrors with every key and value that is wrong, or ValueError, which says what to
    write.
    """
    if value == "always":
        return Hours((ALL_DAY,) * 7, None, (("", "always"),))
    if not isinstance(value, Mapping) or not value:
        remedy = _what_to_write(value, suggestions.suggest_week, "Write `mon-fri: 08:30-17:00`.")
        raise ValueError(f"{shown(value)} is not hours. {remedy}")
    hours: dict[str, tuple[TimeRange, ...]] = {}
    errors = [error for days, text in value.items() for error in _add_hours(hours, days, text)]
    if errors:
        raise FieldErrors(errors)
    as_written = tuple((str(days), str(text).strip()) for days, text in value.items())
    return Hours(tuple(hours.get(day, ()) for day in WEEKDAYS), hours.get(BANK_HOLIDAY), as_written)


def parse_day_hours(value: object) -> tuple[TimeRange, ...]:
    """Parse a day's hours: closed, always or ranges. Raise ValueError, which says what to write."""
    if value == "closed":
        return ()
    if value == "always":
        return ALL_DAY
    parts = [part.strip() for part in value.split(",")] if isinstance(value, str) else [""]
    if not all(map(TIME_RANGE.fullmatch, parts)):
        remedy = _what_to_write(value, suggestions.suggest_hours, _HOURS_FORM)
        raise ValueError(f"{shown(value)} is not hours. {remedy}")
    return _time_ranges(", ".join(parts))


@_value(
    "closed, always, or 08:30-17:00, several with commas; for a run also days and their hours.",
    anyOf=[_HOURS, _WEEK],
)
def parse_day_hours_or_week(value: object) -> tuple[TimeRange, ...] | Hours:
    """Parse a day's hours, or a mapping of days to hours. Raise as the parser of either."""
    return parse_week(value) if isinstance(value, Mapping) else parse_day_hours(value)


@_value("A telephone number, shown as written: 01632 960001.", **_PHONE)
def parse_phone(value: object) -> Phone:
    """Parse a number that can be rung. Raise ValueError, which says what to write.

    Any number of a possible length passes, and so do Ofcom's drama numbers, which nobody uses.
    """
    text = value if isinstance(value, str) else ""
    plain = _RELAY_PREFIX.sub("", text)
    numbers = {re.sub(r"\D", "", number): number for number in _NUMBER.findall(plain)}
    if len(numbers) > 1:
        raise ValueError(
            f"{shown(text)} is more than one number. Write one, and the other in a second line, "
            "for `if_unanswered`."
        )
    if plain == text and re.fullmatch(r"\+?[\d ()-]+", text.strip(), re.ASCII):
        return _parse_number(text)
    remedy = "it as 01632 960001"
    with suppress(ValueError):
        remedy = _parse_number(re.sub(r"[._/]", " ", "".join(numbers.values()))).display
        remedy += ": `relay_uk: yes` shows it with 18001" if plain != text else ""
    raise ValueError(f"{shown(value)} is not a telephone number. Write {remedy}.")


@_value(
    "A telephone number, shown as written: 01632 960001; 999 or 101 on an out-of-hours line.",
    **_PHONE,
)
def parse_line_phone(value: object) -> Phone:
    """Parse the number of a line: one that can be rung, or 999 or 101. Raise as parse_phone."""
    if isinstance(value, str) and value.strip() in EMERGENCY_NUMBERS:
        return Phone(value.strip(), value.strip())
    return parse_phone(value)


@_value("A telephone number; 999, 101 and text numbers may stand here too.", **_PHONE)
def parse_display_phone(value: object) -> Phone:
    """Parse a number that is shown and never rung: a short one, or any that can be rung."""
    digits = value.replace(" ", "") if isinstance(value, str) else ""
    if re.fullmatch(rf"\d{{3,{MAX_SHORT_DIGITS}}}", digits, re.ASCII):
        return Phone(digits, str(value).strip())
    return parse_phone(value)


@_value(
    "24 December, first Wednesday, last Friday, or 2 weeks.", type="string", pattern=_RECURRENCE
)
def parse_repetition(value: object) -> str:
    """Parse the value of `every`. Raise ValueError, which says what to write."""
    words = value.lower().split() if isinstance(value, str) else []
    text, name = " ".join(words), words[-1].capitalize() if words else ""
    form = "Write 24 December, first Wednesday, last Friday, or 2 weeks."
    if match := re.fullmatch(r"(\d{1,2}) weeks?", text, re.ASCII):
        weeks = int(match[1])
        if not 1 <= weeks <= MAX_WEEKS:
            raise ValueError(f"{weeks} weeks is out of range. Write 1 to {MAX_WEEKS} weeks.")
        return f"{weeks} {words[1]}"
    if name in MONTHS and re.fullmatch(r"\d{1,2} [a-z]+", text, re.ASCII):
        day, days = int(words[0]), monthrange(2000, MONTHS.index(name) + 1)[1]
        if not 1 <= day <= days:
            remedy = f"{name} has {days} days. Write 1 to {days} {name}."
            raise ValueError(f"there is no {day} {name}: {remedy}")
        return f"{day} {name}"
    if name in DAY_NAMES and len(words) == 2:
        if words[0] in ORDINALS:
            return f"{words[0]} {name}"
        form = f"Write {', '.join([*ORDINALS][:-1])} or last {name}, or 2 weeks with `from`."
    remedy = _what_to_write(value, suggestions.suggest_every, form)
    raise ValueError(f"{shown(value)} cannot be used. {remedy}")


@lru_cache(maxsize=1024)
def _recurrence(every: str, start: date) -> core.Recurrence:
    """Return the dates of an `every`, weeks counted from ``start``; cached, to be shared."""
    word, name = every.split()
    rule: dict[str, Any]
    if name in MONTHS:
        rule = {"freq": YEARLY, "bymonth": MONTHS.index(name) + 1, "bymonthday": int(word)}
    elif name in DAY_NAMES:
        rule = {"freq": MONTHLY, "byweekday": weekday(DAY_NAMES.index(name), ORDINALS[word])}
    else:
        rule = {"freq": WEEKLY, "interval": int(word)}
    dates = (at.date() for at in rrule(dtstart=start, until=_LAST_DATE, **rule))
    return core.Recurrence(tuple(dates), every)


def forbidden_reason(e164: str) -> str | None:
    """Return why a service may not ring this number, or None if it may."""
    if e164 in EMERGENCY_NUMBERS:
        return f"{e164} is shown, and callers ring it themselves"
    return next(
        (why for prefix, why in _FORBIDDEN_PREFIXES.items() if e164.startswith(prefix)), None
    )


def lone_key_reason(key: str, value: object) -> str | None:
    """Return why a key within {} has no value, where that shows: a blank or quotes are missing."""
    if value == "" and (match := re.match(r"([a-z_-]+):(\S.*)", key)):
        return f"a blank is missing after a colon. Write `{match[1]}: {match[2]}`."
    if value == "" and re.search(r"[ :]", key):
        return f"a comma or {{}} splits a text at '{key}'. Put the whole text in quotes."
    return None


def require_unique(languages: list[str]) -> list[str]:
    """Return ``languages``. Raise ValueError if one is there twice."""
    if len(set(languages)) < len(languages):
        raise ValueError("a language is named twice. Name each once.")
    return languages


def _add_hours(
    hours: dict[str, tuple[TimeRange, ...]], key: str, value: object
) -> Iterator[FieldError]:
    ranges: tuple[TimeRange, ...] = ()
    if (reason := lone_key_reason(key, value)) or key in LineModel.model_fields:
        message = "this is a key of the line. Indent it less, as the others."
        yield FieldError(key, reason or message, of_key=True)
        return
    try:
        ranges = parse_day_hours(value)
    except ValueError as error:
        yield FieldError(key, str(error))
    try:
        days = parse_days(key)
    except ValueError as error:
        yield FieldError(key, str(error), of_key=True)
        return
    for day in dict.fromkeys(days):
        if day in hours or days.count(day) > 1:
            yield FieldError(key, f"{day} is named twice. Name it once.", of_key=True)
        hours[day] = ranges


def parse_days(key: str) -> list[str]:
    """Parse a key of a week: days, or ``bank-holiday``. Raise ValueError with what to write."""
    if key == BANK_HOLIDAY:
        return [key]
    days: list[str] = []
    for part in key.split(","):
        names = part.strip().split("-")
        if len(names) > 2 or any(name not in WEEKDAYS for name in names):
            remedy = f"Write mon, mon-fri, mon,wed,fri or {BANK_HOLIDAY}."
            remedy = _what_to_write(key, suggestions.suggest_days, remedy)
            raise ValueError(f"it is not a day. {remedy}")
        first, last = WEEKDAYS.index(names[0]), WEEKDAYS.index(names[-1])
        last += 7 if last < first else 0
        days += [WEEKDAYS[index % 7] for index in range(first, last + 1)]
    return days


@lru_cache(maxsize=4096)
def _time_ranges(text: str) -> tuple[TimeRange, ...]:
    """Return ranges as parse_day_hours; cached, since most lines of a council share their hours."""
    ranges = (_time_range(part) for part in text.split(", "))
    return tuple(sorted(ranges, key=lambda hours: hours.opens))


def _time_range(text: str) -> TimeRange:
    open_hour, open_minute, close_hour, close_minute = map(int, re.findall(r"\d\d", text))
    opens, closes = open_hour * 60 + open_minute, close_hour * 60 + close_minute
    if open_hour > 23 or open_minute > 59:
        raise ValueError(f"'{text}' opens at a time that no clock shows. Write 00:00 to 23:59.")
    if closes > core.MINUTES_PER_DAY or close_minute > 59:
        raise ValueError(f"'{text}' closes at a time that no clock shows. Write 00:00 to 24:00.")
    return TimeRange(opens, closes if closes > opens else closes + core.MINUTES_PER_DAY)


@lru_cache(maxsize=4096)
def _parse_number(value: str) -> Phone:
    """Return a number as parse_phone; cached, since several parts of a file are checked by it."""
    reason = "is not a telephone number"
    with suppress(phonenumbers.NumberParseException):
        number = phonenumbers.parse(value, "GB")
        result = phonenumbers.is_possible_number_with_reason(number)
        is_short = number.country_code == 44 and number.italian_leading_zero  # no area code
        if result == phonenumbers.ValidationResult.IS_POSSIBLE and not is_short:
            e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            return Phone(e164, _dialable(value.strip(), number, e164))
        reason = _LENGTH_REASONS.get(result, "is too short for a telephone number")
    remedy = "Write it in full, as 01632 960001"
    if len(value.replace(" ", "")) <= MAX_SHORT_DIGITS:
        remedy = "It may stand only under helplines; 999 and 101 on an `out_of_hours` line too"
    raise ValueError(f"{shown(value)} {reason}. {remedy}.")


def _dialable(written: str, number: phonenumbers.PhoneNumber, e164: str) -> str:
    """Return a number as written if its digits can be dialled: those of +44 (0)1632 cannot."""
    plain = re.sub(r"[ ()-]", "", written)
    if e164 in (plain, re.sub("^0", "+44", plain)):
        return written
    forms = phonenumbers.PhoneNumberFormat
    is_british = number.country_code == 44
    return phonenumbers.format_number(number, forms.NATIONAL if is_british else forms.INTERNATIONAL)


@_value("A text, or one for each language: {en: ..., cy: ...}.", anyOf=[_SCALAR, _TEXT_BY_LANGUAGE])
def _parse_text(value: object, info: ValidationInfo[Context]) -> Text:
    """Parse a text, or one for each language; the directory's first language comes first."""
    if not isinstance(value, Mapping):
        return Text((("", _parse_non_empty(value)),))
    languages = info.context.languages
    errors = [error for entry in value.items() for error in _text_errors(*entry, languages)]
    if errors:
        raise FieldErrors(errors)
    if not value:
        raise ValueError(_NO_TEXT)
    return Text(
        tuple((language, value[language].strip()) for language in languages if language in value)
    )


def _without_full_stop(text: Text) -> Text:
    return Text(tuple((code, words.rstrip(".") or words) for code, words in text.by_language))


def _text_errors(language: str, text: object, languages: Sequence[str]) -> Iterator[FieldError]:
    if language not in languages:
        if reason := lone_key_reason(language, text):
            yield FieldError(language, reason, of_key=True)
            return
        known = " or ".join(languages)
        message = f"'{language}' is not one of the file's languages. Write {known}."
        yield FieldError(language, message, of_key=True)
    if not isinstance(text, str) or not text.strip():
        yield FieldError(language, _NO_TEXT)


@_value("A text.", **_SCALAR)
def _parse_non_empty(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(_NO_TEXT)
    return value.strip()


@_value("yes or no.", anyOf=[{"type": "boolean"}, {"type": "string", "pattern": _YES_NO}])
def _parse_yes_no(value: object) -> bool:
    words = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
    if not isinstance(value, str) or value.lower() not in words:
        raise ValueError(f"{shown(value)} is neither yes nor no. Write yes or no.")
    return words[value.lower()]


@_value("A date, as 2026-12-24.", type="string", pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
def parse_date(value: object) -> date:
    text = value if isinstance(value, str) else ""
    if match := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", text, re.ASCII):
        year, month, day = map(int, match.groups())
        try:
            return date(year, month, day)
        except ValueError as error:
            name = f"{day} {month_name[month]} {year}" if 1 <= month <= 12 else f"month {month}"
            raise ValueError(f"there is no {name}. Write the date that was meant.") from error
    remedy = _what_to_write(value, suggestions.suggest_date, "Write it as 2026-12-24.")
    raise ValueError(f"{shown(value)} is not a date in this form. {remedy}")


@_value("The zone of the United Kingdom: Europe/London.", const=UK_ZONE)
def _parse_zone(value: object) -> ZoneInfo:
    if value != UK_ZONE:
        raise ValueError(
            f"{shown(value)} is not the zone of the United Kingdom, whose clocks change in March "
            f"and October. Write {UK_ZONE}."
        )
    return ZoneInfo(UK_ZONE)


@_value("A dark colour, as #1d4f91 in quotes.", type="string", pattern="^#[0-9a-fA-F]{6}$")
def _parse_colour(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch("#[0-9a-fA-F]{6}", value):
        raise ValueError(f'{shown(value)} cannot be used. Write it as "#1d4f91".')
    contrast = _contrast_with_white(value)
    if contrast < 4.5:
        raise ValueError(
            f"{value} is too pale: its contrast with white is {contrast:.1f}. Choose a darker "
            "one, of 4.5 or more."
        )
    return value


def _contrast_with_white(colour: str) -> float:
    """Return the contrast of ``#rrggbb`` with white, 1 to 21 (WCAG 2.2, relative luminance)."""
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


parse_url = _pattern(
    r"https?://[^\s<>\"]*[^\s<>\".,;)]",
    "it in full, as https://www.anyshire.example",
    *("An address, beginning https://", "^https?://"),
)
parse_email = _pattern(
    r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+",
    *("it as name@council.gov.uk", "An email address.", "@"),
)
_parse_key_presses = _pattern(
    r"[0-9*#w]+",
    "digits, * and #, and w for half a second's wait: ww1ww2",
    *("Digits, * and #; w waits half a second.", "^[0-9*#w]+$"),
    type=["string", "integer"],
)
_parse_id = _pattern(
    r"[a-z0-9][a-z0-9-]*",
    "small letters, digits, -",
    *("A name of your choice: small letters, digits and hyphens.", "^[a-z0-9][a-z0-9-]*$"),
)

LocalisedText = Annotated[Text, _parse_text]
Phrase = Annotated[LocalisedText, AfterValidator(_without_full_stop)]
"""Words within our sentences, which end with a full stop themselves."""
NonEmptyText = Annotated[str, _parse_non_empty]
YesNo = Annotated[bool, _parse_yes_no]
IsoDate = Annotated[date, parse_date]
Url = Annotated[str, parse_url]
Email = Annotated[str, parse_email]
PhoneNumber = Annotated[Phone, parse_phone]
LinePhone = Annotated[Phone, parse_line_phone]
DisplayPhone = Annotated[Phone, parse_display_phone]
Week = Annotated[Hours, parse_week]
Id = Annotated[str, _parse_id]
Reference = Annotated[str, WithJsonSchema({"type": ["string", "integer"]})]


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


class RotaRoleModel(StrictModel, core_type=core.RotaRole):
    """Somebody who must be on duty."""

    name: Phrase
    """What the post is called."""
    needed_when: NeededWhenModel
    """When."""
    people: Annotated[int, _whole_number("How many", 1, 50)] = 1
    """How many at once."""


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
    """The council's own privacy notice."""


class CouncilModel(StrictModel, core_type=core.Council):
    """Whose directory it is."""

    name: Phrase
    """The council's name, as pages show it."""
    website: Url
    """The address of its website: https://..."""
    colour: Annotated[str, _parse_colour] | None = None
    """Of the header, as #1d4f91 in quotes; dark enough for white letters."""
    logo: NonEmptyText | None = None
    """A file, for the header."""
    accessibility: AccessibilityModel | None = None
    """For the accessibility statement, which the law requires."""
    privacy: PrivacyModel | None = None
    """For the privacy notice, which the law requires."""


class BankHolidaysModel(StrictModel):
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

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [{"required": ["date"]}, {"required": ["from"]}, {"required": ["every"]}],
            "not": {"anyOf": [{"required": ["date", key]} for key in ("from", "to", "every")]},
        }
    )

    on: IsoDate | None = Field(None, alias="date")
    """One date, as 2026-12-24; or give `from`, or `every`."""
    every: Annotated[str, parse_repetition] | None = None
    """24 December, of each year; first Wednesday or last Friday, of each month; 2 weeks."""
    first: IsoDate | None = Field(None, alias="from")
    """The first of several dates."""
    last: IsoDate | None = Field(None, alias="to")
    """The last of them, included; until further notice if left out."""
    name: Phrase
    """What the day is called: Christmas Eve."""
    hours: Annotated[tuple[TimeRange, ...] | Hours, parse_day_hours_or_week] | None = None
    """closed, always, or as 08:30-15:30; for a run also days and hours; the usual if left out."""
    phone: LinePhone | None = None
    """Another number, from midnight to midnight."""

    @model_validator(mode="after")
    def check(self) -> Self:
        if errors := list(self._errors()):
            raise FieldErrors(errors)
        if not (self.on or self.first or self.every):
            raise ValueError(
                "give either `date`, `from` or `every`. If this belongs to the entry above, delete "
                "its dash."
            )
        return self

    def _errors(self) -> Iterator[FieldError]:
        on, every, first, last = self.on, self.every, self.first, self.last
        if on and every:
            message = "a special day has either `date` or `every`. Delete one of the two."
            yield FieldError("every", message, of_key=True)
        elif on and first:
            message = "a special day has either `date` or `from`. Delete `date`."
            yield FieldError("from", message, of_key=True)
        elif on and last:
            message = "`date` is one date. Write `from` instead of `date`, or delete `to`."
            yield FieldError("to", message, of_key=True)
        elif last and not first and not every:
            message = "`from` is missing. Write the first date, as `from: 2026-12-24`."
            yield FieldError("to", message, of_key=True)
        if first and last and last < first:
            years = first.year - last.year
            dates = (last + relativedelta(years=count) for count in (years, years + 1))
            meant = next(day for day in dates if day >= first)
            is_likely = meant - first <= HALF_A_YEAR and meant.year <= last.year + 4
            remedy = f"Did you mean {meant}?" if is_likely else "Correct one of the two."
            yield FieldError("to", f"{last} is before `from` {first}. {remedy}")
        if every and "week" in every and not first:
            message = "weeks need a date to count from. Add the first one, as `from: 2027-01-04`."
            yield FieldError("every", message)
        if isinstance(self.hours, core.Hours) and (every or not first):
            message = (
                "a week of hours belongs to a run with `from`. Write the hours of the day, as "
                "08:30-15:30."
            )
            yield FieldError("hours", message)

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
            recurrence=self.every and _recurrence(self.every, start),
        )


class VerificationModel(StrictModel, core_type=core.Verification):
    """That somebody confirmed the number."""

    on: IsoDate
    """The day."""
    source: NonEmptyText | None = None
    """The page, or who, confirmed it."""
    days: Annotated[int, _whole_number("Days", 1, 3650)]
    """For how many days that holds."""


class OtherWayModel(StrictModel, core_type=core.OtherWay):
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

    @model_validator(mode="after")
    def check(self) -> Self:
        needed, other = ("url", "phone") if self.kind in ("bsl", "chat") else ("phone", "url")
        if getattr(self, other) is not None:
            message = (
                f"'{self.kind}' has a `{needed}` only. Write `{needed}`, and delete `{other}`."
            )
            raise FieldErrors([FieldError(other, message, of_key=True)])
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
    """Other names that people search for."""
    phone: LinePhone
    """Shown as written; 999 or 101 only on a line that is only ever an `out_of_hours`."""
    options: Phrase | None = None
    """What to press: press 1, then 2."""
    send_digits: Annotated[str, _parse_key_presses] | None = None
    """What the exchange presses after the answer: ww1ww2; w waits half a second."""
    also: list[OtherWayModel] = []
    """Other ways to reach it, shown and never rung."""
    you_will_hear: LocalisedText | None = None
    """What a caller hears first."""
    email: Email | None = None
    """Shown beside the number."""
    relay_uk: YesNo = True
    """Whether to show 18001 and the number, if it is one of the United Kingdom."""
    visibility: Literal["public", "internal"] = "public"
    """internal: never shown, only rung."""
    hours: Week
    """When it answers: always, or days and hours, as mon-fri: 08:30-17:00."""
    special_days: Annotated[list[SpecialDayModel], Field(max_length=MAX_SPECIAL_DAYS)] = []
    """Dates that break the week."""
    ring_seconds: Annotated[int, _whole_number("Seconds", 5, 300)] | None = None
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
    """What it is called."""
    url: Url
    """Where it is."""
    when: LocalisedText
    """When to use it."""


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
    """What it is called."""
    phone: DisplayPhone
    """999, 101 and text numbers may stand here."""
    hours: Week
    """When it answers: always, or days and hours, as mon-fri: 08:30-17:00."""
    audience: Phrase = Field(alias="for")
    """Whom it is for."""


class DirectoryModel(StrictModel, core_type=core.Directory):
    """Who to call, and when: the directory of a council."""

    council: CouncilModel
    """Whose directory it is."""
    zone: Annotated[ZoneInfo, _parse_zone]
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


def json_schema() -> str:
    """Return the JSON Schema for editors, which is routing/directory.schema.json.

    It accepts what an editor that reads YAML 1.2 sees. What one part of a directory says of another
    is left to ``who-to-call directory check``.
    """
    schema = _simplify(DirectoryModel.model_json_schema())
    head = {"$schema": GenerateJsonSchema.schema_dialect, "title": "directory.yaml"}
    return json.dumps(head | schema, indent=1, ensure_ascii=False) + "\n"


def _simplify(schema: Any) -> Any:
    """Leave out pydantic's own names, and null, but for what holds entries and may be empty."""
    if isinstance(schema, list):
        return [_simplify(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    simple = {
        key: {name: _simplify(part) for name, part in value.items()}
        if key in ("properties", "patternProperties", "$defs")
        else _simplify(value)
        for key, value in schema.items()
        if key not in ("title", "default")
    }
    if "default" in schema and simple.get("type") in ("array", "object"):
        simple["type"] = [simple["type"], "null"]
    if "default" in schema and "$ref" in simple:
        simple["anyOf"] = [{"$ref": simple.pop("$ref")}, {"type": "null"}]
    forms = [form for form in simple.get("anyOf", ()) if form != {"type": "null"}]
    holds_entries = any("$ref" in form or form.get("type") == "array" for form in forms)
    if len(forms) == 1 and len(simple["anyOf"]) == 2 and not holds_entries:
        del simple["anyOf"]
        simple = forms[0] | simple
    if "patternProperties" in simple:
        simple["additionalProperties"] = False
    return simple
