"""Every error in a file; every warning when it has none."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path as File

from routing.directory.load import CrossCheckError, load
from routing.errors import InvalidDirectory, Problem
from routing.lint import calendar, cover, numbers, texts
from routing.snapshot import Snapshot, build_snapshot

CHECKS: tuple[Callable[[Snapshot, datetime], Iterator[CrossCheckError]], ...] = (
    numbers.warnings,
    calendar.warnings,
    cover.warnings,
)


def check(file: File, folder: File, at: datetime) -> tuple[Problem, ...]:
    """Return every error in ``file``; every warning there is at ``at`` when it has none.

    Bank holidays are those in use, kept in ``folder``. Never raises.
    """
    try:
        directory, source = load(file)
    except InvalidDirectory as error:
        return error.problems
    facts = build_snapshot(directory, folder, at)
    found = [each for doubts in CHECKS for each in doubts(facts, at)]
    found += texts.warnings(source.root, directory.languages)
    return tuple(
        sorted(
            Problem(*source.key_place(path), code, message, level)
            for path, code, message in dict.fromkeys(found)
            for level in ("error" if code == texts.SAFETY else "warning",)
        )
    )
