"""Every error in a file; every warning when it has none."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path as File

from routing.directory.build import Complaint
from routing.directory.load import load
from routing.errors import DirectoryInvalid, Problem
from routing.facts import Facts, gather
from routing.lint import calendar, cover, numbers, texts

DOUBTS: tuple[Callable[[Facts, datetime], Iterator[Complaint]], ...] = (
    numbers.doubts,
    calendar.doubts,
    cover.doubts,
)


def check(file: File, folder: File, at: datetime) -> tuple[Problem, ...]:
    """Return every error in ``file``; every warning there is at ``at`` when it has none.

    Bank holidays are those in use, kept in ``folder``. Never raises.
    """
    try:
        directory, source = load(file)
    except DirectoryInvalid as error:
        return error.problems
    facts = gather(directory, folder, at)
    found = [each for doubts in DOUBTS for each in doubts(facts, at)]
    found += texts.doubts(source.root, directory.languages)
    return tuple(
        sorted(
            Problem(*source.key_place(path), code, message, level)
            for path, code, message in dict.fromkeys(found)
            for level in ("error" if code == texts.SAFETY else "warning",)
        )
    )
