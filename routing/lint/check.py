"""All the errors of a directory file, or else all its warnings.

To add a warning, write a function that yields a PathProblem for each, and call it in ``warnings``
of ``hours`` or ``numbers``, or in ``_text_warnings`` here.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from textwrap import shorten

from routing.core.directory import Council, Directory
from routing.directory.load import load
from routing.directory.schema import LANGUAGES
from routing.directory.yaml_source import HIDDEN_CHARACTER, YamlSource, first_character
from routing.errors import InvalidDirectory, KeyPath, PathProblem, Problem
from routing.lint import hours, numbers
from routing.snapshot import build_snapshot

MAX_WARNING_CHARS = 160
"""How long a warning may be with its line and column, before the rest becomes its details."""

_SAFETY_WORDS_MISSING = "safety_words_missing"
"""A warning that is an error: a life may depend on words that only the council can write."""

_TEXT_KEYS = {
    *("name", "options", "you_will_hear", "called", "greeting", "when", "for", "emergency"),
    *("after", "professionals", "confidential", "unanswered"),
}
_COMMENT = re.compile(r"\s{2,}#+\s+\w")
"""What can only be a comment: after two blanks, with a blank of its own."""


def check(file: Path, folder: Path, at: datetime) -> tuple[tuple[Problem, ...], Directory | None]:
    """Return every error in ``file``, and None; or else all ``warnings``, and its directory."""
    try:
        directory, source = load(file)
    except InvalidDirectory as error:
        return error.problems, None
    return warnings(directory, source, folder, at), directory


def warnings(
    directory: Directory, source: YamlSource, folder: Path, at: datetime
) -> tuple[Problem, ...]:
    """Return every warning at ``at`` about a directory that is valid, and what is no less an error.

    Bank holidays are those in use, from the copy in ``folder``.
    """
    snapshot = build_snapshot(directory, folder, at)
    problems = [
        *numbers.warnings(snapshot, at, source),
        *hours.warnings(snapshot, at, source),
        *_text_warnings(directory, source),
    ]
    levels = {_SAFETY_WORDS_MISSING: "error"}
    described = {
        Problem(*source.place_of(p), p.code, p.message, levels.get(p.code, "warning"))
        for p in problems
    }
    return tuple(_shorten(warning) for warning in sorted(described))


def _shorten(problem: Problem) -> Problem:
    """Return a warning with the first of its sentences that fit, and all of them as details."""
    room = MAX_WARNING_CHARS - len(str(replace(problem, message="")))
    if len(problem.message) <= room or problem.level != "warning":
        return problem
    sentences = re.split(r"(?<=[.?]) (?=[A-Z])", problem.message)
    while len(sentences) > 1 and len(" ".join(sentences)) > room:
        sentences.pop()
    message = shorten(" ".join(sentences), room, placeholder=" ...")
    return replace(problem, message=message, details=problem.message)


def _text_warnings(directory: Directory, source: YamlSource) -> Iterator[PathProblem]:
    if directory.languages != ("en",) and directory.unanswered is None:
        message = (
            "`unanswered` is missing: what to do if a child is in danger and nobody answers. Write "
            f"it in each language: unanswered: {_form(directory)}."
        )
        yield PathProblem(("languages",), _SAFETY_WORDS_MISSING, message)
    if len(directory.languages) > 1:
        yield from _check_languages(directory, source)
    yield from _check_statements(directory.council)
    for path, text in source.scalars():
        if hidden := first_character(HIDDEN_CHARACTER, text):
            offset, description = hidden
            message = f"{path[-1]}: there is {description}."
            yield PathProblem(path, "hidden_character", message, offset)
        if _text_path(path) is not None or path[-1] == "send_digits":
            rest = source.rest_of_line(path, text)
            comment = re.match(r"\s+#", rest)
            if comment and not _COMMENT.match(rest):
                message = (
                    "the text ends before this #. Put the whole text in quotes; before a comment, "
                    "write two blanks."
                )
                offset = len(text) + comment.end() - 1
                yield PathProblem(path, "text_cut_by_hash", message, offset)


def _check_languages(directory: Directory, source: YamlSource) -> Iterator[PathProblem]:
    languages_by_path: dict[KeyPath, set[str | int]] = defaultdict(set)
    for scalar_path, _ in source.scalars():
        if (path := _text_path(scalar_path)) is not None:
            languages_by_path[path].update(scalar_path[len(path) :])
    for path, written in languages_by_path.items():
        missing = [language for language in directory.languages if language not in written]
        if missing:
            reason = f"there are no words in {' and '.join(missing)}"
            if len(missing) == len(directory.languages):
                reason = "these words are for every language alike"
            form = f"Write {_form(directory)}, the same words twice if they are the same."
            is_for_safety = path[0] in ("emergency", "unanswered")
            code = _SAFETY_WORDS_MISSING if is_for_safety else "language_missing"
            yield PathProblem(path, code, f"{reason}. {form}")


def _check_statements(council: Council) -> Iterator[PathProblem]:
    contents = {
        "accessibility": "{email: ..., prepared: 2026-11-30}, the day it was prepared",
        "privacy": "{email: ..., url: https://...}, of the data protection officer and your notice",
    }
    for key, content in contents.items():
        if getattr(council, key) is None:
            message = f"this statement is missing. Write {key}: {content}."
            yield PathProblem(("council",), f"{key}_missing", message)


def _form(directory: Directory) -> str:
    return f"{{{', '.join(f'{language}: ...' for language in directory.languages)}}}"


def _text_path(path: KeyPath) -> KeyPath | None:
    """Return the path of the text that a scalar is, or is in one language; None if it is none."""
    path = path[:-1] if path[-1] in LANGUAGES else path
    return path if path[-1] in _TEXT_KEYS or path[-2:-1] == ("aliases",) else None
