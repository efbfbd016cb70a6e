"""What makes a valid directory doubtful: warnings, each at its place."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path as File

from routing.core.directory import Directory
from routing.directory.load import load
from routing.directory.source import Source
from routing.errors import DirectoryInvalid, Problem


def check(file: File, today: date) -> tuple[Problem, ...]:
    """Return every error in ``file``; every warning when it has none. Never raises."""
    try:
        directory, source = load(file)
    except DirectoryInvalid as error:
        return error.problems
    return warnings(directory, source, today)


def warnings(directory: Directory, marks: Source, today: date) -> tuple[Problem, ...]:
    """Return what is doubtful on ``today`` in a directory that is valid, by its place."""
    found = [*_unconfirmed(directory, marks, today), *_idle_special_days(directory, marks)]
    return tuple(sorted(found))


def _unconfirmed(directory: Directory, marks: Source, today: date) -> Iterator[Problem]:
    for line in directory.lines:
        place = marks.key_place(("lines", line.id))
        if line.verified is None:
            message = (
                f"nobody has confirmed {line.phone.display} ('{line.id}'), and pages say so. Ring "
                f"it, then write: verified: {{on: {today}, source: https://..., days: 90}}."
            )
            yield Problem(*place, "unverified", message, "warning")
        elif today > line.verified.until:
            message = (
                f"{line.phone.display} ('{line.id}') was last confirmed on {line.verified.on}, "
                f"which held for {line.verified.days} days. Check it at {line.verified.source}, "
                "then write the new date."
            )
            yield Problem(*place, "verification_expired", message, "warning")


def _idle_special_days(directory: Directory, marks: Source) -> Iterator[Problem]:
    for line in directory.lines:
        for n, special in enumerate(line.special_days):
            if special.changes_nothing:
                place = marks.place(("lines", line.id, "special_days", n))
                message = "this special day changes nothing. Give it `hours`, or a `phone`."
                yield Problem(*place, "idle_special_day", message, "warning")
