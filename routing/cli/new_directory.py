"""who-to-call directory new: eight answers, typed or from a file, as a directory."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template

from routing.core.directory import Phone, TimeRange
from routing.directory.load import parse
from routing.directory.schema import (
    BANK_HOLIDAY,
    UK_ZONE,
    parse_line_phone,
    parse_url,
    parse_week,
)
from routing.directory.yaml_source import UnreadableFile, read_yaml
from routing.errors import InvalidDirectory, Problem
from routing.lint.check import warnings
from routing.lint.hours import clock_time, days_to_confirm
from routing.snapshot import build_snapshot

Answers = dict[str, Any]
"""What each question was answered, by its key, as the template needs it."""

NOT_ASKED = {"accessibility_missing", "privacy_missing", "unverified", "bank_holidays_end"}
"""Warnings about what the council completes later, or no answer could mend."""

_DIVISIONS = {
    **dict.fromkeys(("england-and-wales", "england", "wales", "cymru"), "england-and-wales"),
    **{name: name for name in ("scotland", "northern-ireland")},
}
_LANGUAGES = {
    "english": "en",
    "saesneg": "en",
    "welsh": "cy",
    "cymraeg": "cy",
    "en": "en",
    "cy": "cy",
}
_FIXED_DAYS = {
    (12, 24): ("Christmas Eve", "Noswyl Nadolig"),
    (12, 25): ("Christmas Day", "Dydd Nadolig"),
    (12, 26): ("Boxing Day", "Gŵyl San Steffan"),
    (12, 31): ("New Year's Eve", "Nos Galan"),
    (1, 1): ("New Year's Day", "Dydd Calan"),
}


@dataclass(frozen=True, slots=True)
class Question:
    """A question, its answer's key, and what reads the answer or raises ValueError."""

    key: str
    words: str
    parse: Callable[[object], object]
    default: str | None = None


@dataclass(frozen=True, slots=True)
class LineAnswer:
    """The name and the number of a line."""

    name: str
    phone: Phone


def _council(value: object) -> str:
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if not text:
        raise ValueError("Write the council's name, as Anyshire County Council.")
    return text


def _website(value: object) -> str:
    text = str(value).strip()
    return parse_url(f"https://{text}" if re.match(r"[\w-]+\.[\w.-]+", text) else text)


def _division(value: object) -> str:
    division = _DIVISIONS.get("-".join(str(value).lower().replace("&", "and").split()))
    if division is None:
        raise ValueError(f"{value!r}: write england-and-wales, scotland or northern-ireland.")
    return division


def _line(value: object) -> LineAnswer:
    if isinstance(value, Mapping):
        value = f"{value.get('name', '')}, {value.get('phone', '')}"
    match = re.fullmatch(r"\s*([^\[{].*?)\s*[,:]\s*(\+?[\d(][\d ()+-]*)\s*", str(value))
    if match is None:
        raise ValueError(f"{value!r} is no line. Write its name and number, as MASH, 01632 960001.")
    if re.search(r"\d[\d ]{8}", match[1]):
        raise ValueError(
            f"{value!r} is more than one number. Write one here, the other afterwards."
        )
    return LineAnswer(match[1], parse_line_phone(match[2]))


def _day_line(value: object) -> LineAnswer:
    line = _line(value)
    if line.phone.is_emergency:
        raise ValueError(f"{line.phone.display} may be the night line only. Write another number.")
    return line


def _hours(value: object) -> list[tuple[str, str]]:
    """Read a week's hours: a mapping, or one text with a semicolon between days."""
    week: object = value
    if not isinstance(value, Mapping):
        week = text = str(value).strip().lower()
        parts = [part.strip() for part in re.split(r"[;\n]", text) if part.strip()]
        pairs = [re.fullmatch(r"([a-z][a-z, -]*?)\s*[: ]\s*(\S.*)", part) for part in parts]
        if all(pairs):
            week = {pair[1]: pair[2] for pair in pairs if pair}
    return list(parse_week(week).as_written)


def _languages(value: object) -> list[str]:
    words = value if isinstance(value, list) else re.findall(r"\w+", str(value).lower())
    languages = [_LANGUAGES.get(str(word)) for word in words if word != "and"]
    known = [language for language in languages if language]
    if not known or len(set(known)) < len(languages):
        raise ValueError(f"{value!r} is not understood. Write en, or cy, en for Welsh first.")
    return known


QUESTIONS = (
    Question("council", "The council's name", _council),
    Question("website", "Its website", _website),
    Question(
        "division",
        "Its bank holidays: england-and-wales, scotland or northern-ireland",
        _division,
        "england-and-wales",
    ),
    Question("day_line", "The day line: its name and number, as MASH, 01632 960001", _day_line),
    Question(
        "day_hours",
        "Its hours, as mon-thu: 08:30-17:00; fri: 08:30-16:30. On bank holidays it is closed, "
        "unless you add `bank-holiday: 10:00-16:00`",
        _hours,
    ),
    Question("night_line", "Who answers at all other times: name and number, perhaps 101", _line),
    Question("night_hours", "Its hours: always, or days and hours as before", _hours, "always"),
    Question("languages", "Languages of pages: en, or cy, en for Welsh first", _languages, "en"),
)


class BadAnswers(ValueError):
    """Answers that cannot be used; ``errors`` says why, by key."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("\n".join(f"{key}: {error}" for key, error in errors.items()))
        self.errors = dict(errors)


def read_answers(text: str) -> Answers:
    """Return the answers in a YAML file with the key of each question. Raise BadAnswers."""
    try:
        root = read_yaml(text).root
    except UnreadableFile as error:
        raise BadAnswers({f"line {error.problem.line}": error.problem.message}) from error
    answers, errors = {}, {}
    for question in QUESTIONS:
        value = root.get(question.key, question.default)
        if value is None:
            errors[question.key] = f"it is missing. {question.words}."
            continue
        try:
            answers[question.key] = question.parse(value)
        except ValueError as error:
            errors[question.key] = str(error)
    for key in root.keys() - {question.key for question in QUESTIONS}:
        errors[key] = f"there is no such question. They are {', '.join(q.key for q in QUESTIONS)}."
    if errors:
        raise BadAnswers(errors)
    return answers


def directory_text(answers: Answers, folder: Path, at: datetime) -> str:
    """Return the directory that answers make at ``at``, with comments for whoever edits it.

    Its numbers are not confirmed, and ``check`` has nothing to say about it but NOT_ASKED, with the
    bank holidays of ``folder``. Dates around Christmas on which the day line opens as usual are
    written out. Raise BadAnswers.
    """
    today = at.astimezone(ZoneInfo(UK_ZONE)).date()
    text, name = _render(answers, (), today), Path("directory.yaml")
    try:
        directory, _ = parse(text, name)
        line, holidays = directory.lines[0], build_snapshot(directory, folder, at).holidays
        days = [] if line.hours.is_always else days_to_confirm(line, holidays, today)
        special_days = [(day, _written(line.ranges_on(day, holidays.dates))) for day in days]
        text = _render(answers, special_days, today)
        problems = warnings(*parse(text, name), folder, at)
    except InvalidDirectory as error:
        problems = error.problems
    errors = {
        _key_at(text, problem): problem.message
        for problem in problems
        if problem.code not in NOT_ASKED
    }
    if errors:
        raise BadAnswers(errors)
    return text


def _render(answers: Answers, special_days: Sequence[tuple[date, str]], today: date) -> str:
    languages, day_hours = answers["languages"], answers["day_hours"]
    if not any(days in ("", BANK_HOLIDAY) for days, _ in day_hours):
        day_hours = [*day_hours, (BANK_HOLIDAY, "closed")]

    def words(text: str, welsh: str = "") -> str:
        """Return a text for each language; one without a translation stands in both."""
        texts = {"en": text, "cy": welsh or text}
        if not welsh and " / " in text:
            texts = dict(zip(languages, text.split(" / ", 1) * len(languages), strict=False))
        if languages == ["en"]:
            return quote(text)
        return f"{{{', '.join(f'{language}: {quote(texts[language])}' for language in languages)}}}"

    text = render_template(
        "directory.yaml",
        **answers | {"day_hours": day_hours},
        special_days=[
            (day, words(*_FIXED_DAYS[day.month, day.day]), hours) for day, hours in special_days
        ],
        today=today,
        words=words,
        quote=quote,
    )
    return f"{text}\n"


def quote(text: str) -> str:
    """Return a text as YAML, in quotes only where it needs them."""
    is_plain = re.fullmatch(r"[A-Za-z][^\x00-\x1f:#{}\[\],&*!|>'\"%@`\x7f-\x9f]*", text)
    return text if is_plain and text == text.strip() else json.dumps(text, ensure_ascii=False)


def _written(ranges: Sequence[TimeRange]) -> str:
    """Return the hours of a day as the directory writes them."""
    return ", ".join(f"{clock_time(hours.opens)}-{clock_time(hours.closes)}" for hours in ranges)


def _key_at(text: str, problem: Problem) -> str:
    """Return the question whose answer stands where a problem is."""
    if problem.code == "gap":
        return "night_hours"
    above = "\n".join(text.split("\n")[: problem.line])
    keys = {"\n  day:": "day_line", "\n  night:": "night_line"}
    keys |= {f"\n{question.key}:": question.key for question in QUESTIONS}
    last = max(keys, key=above.rfind)
    if above.rfind("\n    hours:") > above.rfind(last):
        return keys[last].replace("_line", "_hours")
    return keys[last] if last in above else "council"
