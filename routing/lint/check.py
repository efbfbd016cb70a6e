"""All the errors of a directory file, or else all its warnings."""

from datetime import datetime
from pathlib import Path

from routing.directory.load import load
from routing.errors import InvalidDirectory, Problem
from routing.lint import hours, numbers, texts
from routing.snapshot import build_snapshot

ERROR_CODES = {"safety_words_missing"}
"""Warnings that are errors: a life may depend on words that only the council can write."""


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
        warning for module in (numbers, hours, texts) for warning in module.warnings(snapshot, at)
    }
    return tuple(
        sorted(
            Problem(*source.key_place(path), code, message, level)
            for path, code, message in warnings
            for level in ("error" if code in ERROR_CODES else "warning",)
        )
    )
