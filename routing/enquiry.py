"""Who to call: gather the facts, ask the core. The only reader of the clock and the directory."""

from datetime import datetime
from pathlib import Path

from flask import current_app, g

from routing.core import decision as core
from routing.core.answer import Answer, Decision
from routing.directory.load import load
from routing.facts import Facts, Sources, gather
from routing.wording.voice import Voice, speaking


def now() -> datetime:
    """Return the instant it is, in UTC, by the service's clock."""
    at: datetime = current_app.config["CLOCK"]()
    return at


def facts() -> Facts:
    """Return what the answers rest on: the same throughout a request, fresh at the next one.

    Raise DirectoryInvalid when neither the file nor a kept one can be used.
    """
    if "facts" not in g:
        g.facts = _sources().current()
    found: Facts = g.facts
    return found


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
    """Return how to speak in a language of the directory.

    For any other, and for None, that is the language of the request, if it set one in
    ``g.language``, or else the directory's first.
    """
    directory = facts().directory
    for chosen in (language, g.get("language")):
        if chosen in directory.languages:
            return speaking(chosen, directory.zone)
    return speaking(directory.languages[0], directory.zone)


def staff_voice(of: Facts | None = None) -> Voice:
    """Return how to speak to staff: in English, as all that commands say to them is."""
    return speaking("en", (of or facts()).directory.zone)


def rehearsing() -> bool:
    """Say whether the service's clock is set for a rehearsal."""
    return current_app.config.get("CLOCK_STARTS_AT") is not None


def inherit(facts: Facts) -> None:
    """Load what the answers rest on; where that cannot be had, answer from ``facts``, and say so.

    For a process that replaces another: it must not fall silent because the file has been broken
    since, where no directory could be kept on disk.
    """
    _sources().current(otherwise=facts)


def read(file: Path) -> Facts:
    """Return what answers from the directory in ``file`` would rest on.

    Raise DirectoryInvalid, with every problem, when it cannot be used: no kept one stands in.
    """
    directory, _ = load(file)
    return gather(directory, instance(), now())


def instance() -> Path:
    """Return the folder in which the service keeps what it makes."""
    return Path(current_app.config["INSTANCE_PATH"])


def _sources() -> Sources:
    found: Sources = current_app.extensions["sources"]
    return found
