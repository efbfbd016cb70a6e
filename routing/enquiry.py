"""Who to call: gather the facts, ask the core. The only reader of the clock and the directory."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from flask import current_app, g

from routing.core import decision as core
from routing.core.answer import Answer, Decision
from routing.core.decision import Divert
from routing.core.directory import Line
from routing.directory.load import load
from routing.diverting import why_not
from routing.facts import Facts, Sources, gather
from routing.storage.db import Database
from routing.storage.diverts import Stored
from routing.storage.readings import PATIENCE, Reading, Readings
from routing.storage.witness import Witness
from routing.wording.voice import Voice, speaking

OLDEST = 1.0
"""Seconds that a divert takes at most to be in the web's answers (the contract, section 4)."""

AT_START = 1.0
"""Seconds that a new process waits for the database: connecting takes longer than reading."""


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


def read_diverts(max_age: float = OLDEST, patience: float = PATIENCE) -> Reading:
    """Return the diverts as read ``max_age`` seconds ago at most; the request goes on with them.

    0 means from now on: for the telephone, and for what is shown after a change. It waits for the
    database for ``patience`` seconds at most, and then answers from the last reading.
    """
    g.pop("diverts", None)
    g.reading = _readings().current(max_age, patience)
    found: Reading = g.reading
    return found


def reading() -> Reading:
    """Return the diverts as last read: the same throughout a request."""
    found: Reading = g.reading if "reading" in g else read_diverts()
    return found


def diverts() -> tuple[Divert, ...]:
    """Return the diverts that answers count with, in the order in which they were set."""
    found = reading()
    if "diverts" not in g:
        g.diverts = in_use(found.diverts)
    counted: tuple[Divert, ...] = g.diverts
    return counted


def in_use(found: Iterable[Stored]) -> tuple[Divert, ...]:
    """Return those of some diverts that the directory still allows."""
    return tuple(
        Divert(each.service, line, each.during, each.set_at)
        for each in found
        if (line := _line_of(each)) and unusable(each) is None
    )


def unusable(found: Stored) -> str | None:
    """Say why a divert has no effect since the directory changed; None when it has one."""
    timetables, line = facts().timetables, _line_of(found)
    service = timetables.services.get(found.service)
    if service is None:
        return f"The directory has no service '{found.service}' any more."
    if line is None:
        return f"The directory has no line '{found.line}' any more."
    return why_not(service, line, found.during, timetables.directory.zone)


def who_to_call(service: str | None = None, at: datetime | None = None) -> Decision:
    """Answer who to call about a service (the directory's first one) at an instant (now).

    Raise UnknownService, NaiveTime.
    """
    timetables = facts().timetables
    return core.decide(timetables, service or first_service(), at or now(), diverts())


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


def warm_up() -> None:
    """Load what answers rest on, in a new worker, before its first request.

    From then on the audit log tells of each directory that this process reads.
    """
    witness, sources = Witness(database(), current_app.config["CLOCK"]), _sources()
    sources.on_read = lambda facts: _witnessed(witness, facts)
    sources.current()
    read_diverts(max_age=0, patience=AT_START)


def read(file: Path) -> Facts:
    """Return what answers from the directory in ``file`` would rest on.

    Raise DirectoryInvalid, with every problem, when it cannot be used: no kept one stands in.
    """
    directory, _ = load(file)
    return gather(directory, instance(), now())


def instance() -> Path:
    """Return the folder in which the service keeps what it makes."""
    return Path(current_app.config["INSTANCE_PATH"])


def database() -> Database:
    """Return the database."""
    found: Database = current_app.extensions["database"]
    return found


def _line_of(found: Stored) -> Line | None:
    """Return the line of a divert; None where the directory has none of that id."""
    return facts().directory.line(found.line)


def _readings() -> Readings:
    found: Readings = current_app.extensions["readings"]
    return found


def _witnessed(witness: Witness, found: Facts) -> None:
    if found.kept_at is None:
        witness.notice("directory.read", "directory", {"sha256": found.sha256[:12]})


def _sources() -> Sources:
    found: Sources = current_app.extensions["sources"]
    return found
