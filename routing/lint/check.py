"""All the errors of a directory file, or else all its warnings."""

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from textwrap import shorten

from routing.directory.load import load
from routing.errors import InvalidDirectory, Problem
from routing.lint import hours, numbers, slips, texts
from routing.snapshot import build_snapshot

ERROR_CODES = {"safety_words_missing"}
"""Warnings that are errors: a life may depend on words that only the council can write."""

MAX_WARNING_CHARS = 160
"""How long a warning may be with its line and column, before the rest becomes its details."""


def check(file: Path, folder: Path, at: datetime) -> tuple[Problem, ...]:
    """Return every error in ``file``; if it has none, every warning at ``at``.

    Bank holidays are those in use, from the copy in ``folder``. It never raises.
    """
    try:
        directory, source = load(file)
    except InvalidDirectory as error:
        return error.problems
    snapshot = build_snapshot(directory, folder, at)
    warnings = {
        Problem(*source.key_place(path), code, message, _level(code))
        for module in (numbers, hours, texts)
        for path, code, message in module.warnings(snapshot, at)
    }
    warnings |= set(slips.warnings(snapshot, source, at))
    return tuple(_shorten(warning) for warning in sorted(warnings))


def _level(code: str) -> str:
    return "error" if code in ERROR_CODES else "warning"


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
