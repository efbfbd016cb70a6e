"""The kinds of value that directory.yaml has: each reads a text, or says what to write instead."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, ValidationInfo

from routing.core.words import Text
from routing.directory import hours, phone
from routing.directory.colour import contrast_with_white
from routing.directory.faults import Fault, Faults

LANGUAGES = ("en", "cy")
_NO_WORDS = "there are no words here. Write a text, or one for each language."


def _text(found: object, info: ValidationInfo) -> Text:
    """Read a text, or one for each language, the directory's first language first."""
    if not isinstance(found, Mapping):
        return Text((("", _filled(found)),))
    languages: Sequence[str] = info.context or LANGUAGES
    faults = [fault for each in found.items() for fault in _text_faults(*each, languages)]
    if faults:
        raise Faults(faults)
    if not found:
        raise ValueError(_NO_WORDS)
    return Text(tuple((each, found[each].strip()) for each in languages if each in found))


def _text_faults(language: str, words: object, languages: Sequence[str]) -> Iterator[Fault]:
    if language not in languages:
        known = " or ".join(languages)
        message = f"'{language}' is not one of the file's languages. Write {known}."
        yield Fault(language, message, of_key=True)
    if not isinstance(words, str) or not words.strip():
        yield Fault(language, _NO_WORDS)


def _filled(found: object) -> str:
    if not isinstance(found, str) or not found.strip():
        raise ValueError(_NO_WORDS)
    return found.strip()


def each_once(found: list[str]) -> list[str]:
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
Filled = Annotated[str, BeforeValidator(_filled)]
YesNo = Annotated[bool, BeforeValidator(_boolean)]
Day = Annotated[Any, BeforeValidator(_date)]
Url = Annotated[str, BeforeValidator(_matching(r"https?://[^\s<>\"]+", "https://..."))]
Email = Annotated[str, BeforeValidator(_matching(r"[^@\s<>]+@[^@\s<>]+", "name@council.gov.uk"))]
Number = Annotated[Any, BeforeValidator(phone.phone)]
Shown = Annotated[Any, BeforeValidator(phone.shown)]
Week = Annotated[Any, BeforeValidator(hours.week)]
DayHours = Annotated[Any, BeforeValidator(hours.day)]
Id = Annotated[str, BeforeValidator(_matching(r"[a-z0-9][a-z0-9-]*", "small letters, digits, -"))]
Colour = Annotated[str, BeforeValidator(_colour)]
Zone = Annotated[Any, BeforeValidator(_zone)]
Seconds = Annotated[int, BeforeValidator(_number(5, 300))]
People = Annotated[int, BeforeValidator(_number(1, 50))]
Days = Annotated[int, BeforeValidator(_number(1, 3650))]
