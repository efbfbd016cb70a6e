"""Who to call: gather the facts, ask the core. The only reader of the clock and the directory."""

import gettext
import logging
import threading
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from flask import current_app

from routing import bank_holidays
from routing.bank_holidays import BankHolidays
from routing.core import decision as core
from routing.core.answer import Answer, Decision
from routing.core.directory import Directory
from routing.core.timetable import Timetables
from routing.core.wording import Voice
from routing.directory.kept import Kept
from routing.errors import DirectoryInvalid, Problem

log = logging.getLogger(__name__)
_loading = threading.Lock()


@dataclass(frozen=True, slots=True)
class Facts:
    """All that an answer rests on, loaded together.

    ``problems`` is what is wrong with the file when the kept directory answers in its stead, and
    ``kept_at`` since when that one was kept; empty and None when the file itself is in use.
    """

    directory: Directory
    holidays: BankHolidays
    timetables: Timetables
    loaded_at: datetime
    problems: tuple[Problem, ...]
    kept_at: datetime | None


def now() -> datetime:
    """Return the instant it is, in UTC, by the service's clock."""
    at: datetime = current_app.config["CLOCK"]()
    return at


def facts() -> Facts:
    """Return what the answers rest on, loading it at the first question in this process.

    Raise DirectoryInvalid when neither the file nor a kept one can be used.
    """
    found: Facts | None = current_app.extensions.get("facts")
    return found or _load_once()


def who_to_call(service: str | None = None, at: datetime | None = None) -> Decision:
    """Answer who to call about a service (the directory's first one) at an instant (now).

    Raise UnknownService, NaiveTime.
    """
    timetables = facts().timetables
    return core.decide(timetables, service or first_service(), at or now())


def to_try(decision: Decision, at: datetime) -> tuple[Answer, ...]:
    """Return the lines to ring at ``at``, in order."""
    return core.to_try(facts().timetables, decision, at)


def first_service() -> str:
    """Return the id of the directory's first service."""
    return facts().directory.services[0].id


def voice(language: str | None = None) -> Voice:
    """Return how to speak in a language of the directory; in its first one for any other."""
    languages = facts().directory.languages
    chosen = language if language in languages else languages[0]
    return Voice(gettext.NullTranslations(), chosen, facts().directory.zone)


def rehearsing() -> bool:
    """Say whether the service's clock is set for a rehearsal."""
    return current_app.config.get("CLOCK_STARTS_AT") is not None


def inherit(facts: Facts) -> None:
    """Load what the answers rest on; where that cannot be had, answer from ``facts``, and say so.

    For a process that replaces another: it must not fall silent because the file has been broken
    since, where no directory could be kept on disk.
    """
    try:
        _load_once()
    except DirectoryInvalid as error:
        log.error("%s\nNone is kept: answering from what was loaded at start.", error)
        current_app.extensions["facts"] = replace(
            facts, problems=error.problems, kept_at=facts.kept_at or facts.loaded_at
        )


def _load_once() -> Facts:
    with _loading:
        found: Facts = current_app.extensions.get("facts") or _load()
        current_app.extensions["facts"] = found
    return found


def _load() -> Facts:
    path = Path(current_app.config["DIRECTORY"])
    loaded = Kept(Path(current_app.config["INSTANCE_PATH"])).load(path)
    for problem in loaded.problems:
        log.error("%s: %s", path, problem)
    if loaded.kept_at is not None:
        log.error(
            "%s is broken: answering from the last good one, kept at %s. "
            "Mend it, see `flask directory check`, and restart.",
            path,
            loaded.kept_at.isoformat(timespec="seconds"),
        )
    holidays = bank_holidays.bank_holidays(loaded.directory.holiday_rules)
    timetables = Timetables(loaded.directory, holidays.dates)
    return Facts(loaded.directory, holidays, timetables, now(), loaded.problems, loaded.kept_at)
