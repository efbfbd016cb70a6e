"""The kinds of value that directory.yaml has: each reads a text, or says what to write instead."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

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

from routing.core.directory import Text
from routing.directory import hours, phone
from routing.errors import FieldError, FieldErrors

MAX_ERRORS = 1000
"""After so many errors the rest is not validated: each takes 2 KB, and 200 are told."""


@dataclass(slots=True)
class Context:
    """What validation needs to know: the file's languages, and how many errors there were."""

    languages: Sequence[str]
    errors: int = 0


class StrictModel(BaseModel):
    """A part of the file, over values that are all text."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

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


LANGUAGES = ("en", "cy")
_NO_WORDS = "there are no words here. Write a text, or one for each language."


def _text(found: object, info: ValidationInfo) -> Text:
    """Read a text, or one for each language, the directory's first language first."""
    if not isinstance(found, Mapping):
        return Text((("", _filled(found)),))
    languages = info.context.languages if isinstance(info.context, Context) else LANGUAGES
    faults = [fault for each in found.items() for fault in _text_faults(*each, languages)]
    if faults:
        raise FieldErrors(faults)
    if not found:
        raise ValueError(_NO_WORDS)
    return Text(tuple((each, found[each].strip()) for each in languages if each in found))


def _text_faults(language: str, words: object, languages: Sequence[str]) -> Iterator[FieldError]:
    if language not in languages:
        known = " or ".join(languages)
        message = f"'{language}' is not one of the file's languages. Write {known}."
        yield FieldError(language, message, of_key=True)
    if not isinstance(words, str) or not words.strip():
        yield FieldError(language, _NO_WORDS)


def _filled(found: object) -> str:
    if not isinstance(found, str) or not found.strip():
        raise ValueError(_NO_WORDS)
    return found.strip()


def require_unique(found: list[str]) -> list[str]:
    if len(set(found)) < len(found):
        raise ValueError("a language is named twice. Name each once.")
    return found


def _matching(pattern: str, form: str) -> Callable[[object], str]:
    def check(found: object) -> str:
        if not isinstance(found, str) or not re.fullmatch(pattern, found, re.ASCII):
            raise ValueError(f"{found!r} cannot be used. Write {form}.")
        return found

    return check


def _boolean(found: object) -> bool:
    words = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
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
        return ZoneInfo(str(found)[:60])  # it looks a long one up without end
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


def _as(read: Callable[..., object], description: str, **schema: object) -> Any:
    """Return what a kind of value is to pydantic, and to an editor of the file.

    An editor reads YAML 1.2, where 999 and 01632960001 are numbers and 17:00, yes and dates are
    text: whatever reads as text here may be a number there.
    """
    written = WithJsonSchema({"description": description, **schema})
    return Annotated[Any, BeforeValidator(read), written]


_PLAIN = {"type": ["string", "number", "boolean"]}
_RANGES = r"[0-9]{2}:[0-9]{2}\s*-\s*[0-9]{2}:[0-9]{2}"
_DAY_HOURS = {"type": "string", "pattern": rf"^(closed|always|{_RANGES}(\s*,\s*{_RANGES})*)$"}
_WEEKDAY = f"({'|'.join(hours.DAYS)})"
_DAYS = rf"{_WEEKDAY}(-{_WEEKDAY})?"
_YES_NO = "|".join(f"{a.upper()}|{a}|{a.capitalize()}" for a in ("yes", "no", "true", "false"))


def _whole(low: int, high: int) -> dict[str, object]:
    return {"type": ["integer", "string"], "minimum": low, "maximum": high, "pattern": "^[0-9]+$"}


LocalisedText = _as(
    _text,
    "A text, or one for each language: {en: ..., cy: ...}.",
    anyOf=[
        _PLAIN,
        {
            "type": "object",
            "properties": dict.fromkeys(LANGUAGES, _PLAIN),
            "additionalProperties": False,
            "minProperties": 1,
        },
    ],
)
NonEmptyText = _as(_filled, "A text.", **_PLAIN)
YesNo = _as(
    _boolean,
    "yes or no.",
    anyOf=[
        {"type": "boolean"},
        {"type": "string", "pattern": f"^({_YES_NO}|on|off|On|Off|ON|OFF)$"},
    ],
)
IsoDate = _as(
    _date, "A date, as 2026-12-24.", type="string", pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
)
Url = _as(
    _matching(r"https?://[^\s<>\"]+", "https://..."),
    "An address, beginning https://",
    type="string",
    pattern="^https?://",
)
Email = _as(
    _matching(r"[^@\s<>]+@[^@\s<>]+", "name@council.gov.uk"),
    "An e-mail address.",
    type="string",
    pattern="@",
)
PhoneNumber = _as(
    phone.parse_phone,
    "A telephone number, shown as written: 01632 960001.",
    type=["string", "integer"],
    pattern=r"^\s*\+?[0-9 ()-]+$",
)
DisplayPhone = _as(
    phone.parse_display_phone,
    "A telephone number; 999, 101 and text numbers may stand here too.",
    type=["string", "integer"],
    pattern=r"^\s*\+?[0-9 ()-]+$",
)
DayHours = _as(
    hours.parse_day_hours, "closed, always, or 08:30-17:00; several with commas.", **_DAY_HOURS
)
Week = _as(
    hours.parse_week,
    "always, or days and their hours. A close at or before its open runs into the next day.",
    anyOf=[
        {"const": "always"},
        {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": rf"^({hours.BANK_HOLIDAY}|{_DAYS}(\s*,\s*{_DAYS})*)$"},
            "additionalProperties": _DAY_HOURS,
        },
    ],
)
Id = _as(
    _matching(r"[a-z0-9][a-z0-9-]*", "small letters, digits, -"),
    "A name of your choice: small letters, digits and hyphens.",
    type="string",
    pattern="^[a-z0-9][a-z0-9-]*$",
)
Colour = _as(
    _colour, "A dark colour, as #1d4f91 in quotes.", type="string", pattern="^#[0-9a-fA-F]{6}$"
)
Zone = _as(_zone, "A time zone: Europe/London.", type="string")
Seconds = _as(_number(5, 300), "Seconds, 5 to 300.", **_whole(5, 300))
People = _as(_number(1, 50), "How many, 1 to 50.", **_whole(1, 50))
Reference = Annotated[str, WithJsonSchema({"type": ["string", "integer"]})]
Days = _as(_number(1, 3650), "Days, 1 to 3650.", **_whole(1, 3650))


def contrast_with_white(colour: str) -> float:
    """Return the contrast of ``#rrggbb`` with white, 1 to 21 (WCAG 2.2, relative luminance)."""
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
