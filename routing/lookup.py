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
from routing.divert_rules import target_error
from routing.snapshot import Snapshot, SnapshotLoader, build_snapshot
from routing.store.call_log import CallLog
from routing.store.db import Database
from routing.store.divert_cache import TIMEOUT_SECONDS, DivertCache, DivertReading
from routing.store.diverts import DivertRow
from routing.text.locale import Locale, get_locale

MAX_DIVERT_AGE_SECONDS = 1.0
"""Seconds that a divert takes at most to be in the web's answers (the contract, section 4)."""

STARTUP_TIMEOUT_SECONDS = 1.0
"""Seconds that a new process waits for the database: connecting takes longer than reading."""


def now() -> datetime:
    """Return the instant it is, in UTC, by the service's clock."""
    at: datetime = current_app.config["CLOCK"]()
    return at


def snapshot() -> Snapshot:
    """Return what the answers rest on: the same throughout a request, fresh at the next one.

    Raise InvalidDirectory when neither the file nor a kept one can be used.
    """
    if "facts" not in g:
        g.facts = _sources().current()
    found: Snapshot = g.facts
    return found


def read_diverts(
    max_age: float = MAX_DIVERT_AGE_SECONDS, patience: float = TIMEOUT_SECONDS
) -> DivertReading:
    """Return the diverts as read ``max_age`` seconds ago at most; the request goes on with them.

    0 means from now on: for the telephone, and for what is shown after a change. It waits for the
    database for ``patience`` seconds at most, and then answers from the last reading.
    """
    g.pop("diverts", None)
    g.reading = _readings().current(max_age, patience)
    found: DivertReading = g.reading
    return found


def latest_diverts() -> DivertReading:
    """Return the diverts as last read: the same throughout a request."""
    found: DivertReading = g.reading if "reading" in g else read_diverts()
    return found


def diverts() -> tuple[Divert, ...]:
    """Return the diverts that answers count with, in the order in which they were set."""
    found = latest_diverts()
    if "diverts" not in g:
        g.diverts = active_diverts(found.diverts)
    counted: tuple[Divert, ...] = g.diverts
    return counted


def active_diverts(found: Iterable[DivertRow]) -> tuple[Divert, ...]:
    """Return those of some diverts that the directory still allows."""
    return tuple(
        Divert(each.service, line, each.during, each.set_at)
        for each in found
        if (line := _line_of(each)) and divert_error(each) is None
    )


def divert_error(found: DivertRow) -> str | None:
    """Say why a divert has no effect since the directory changed; None when it has one."""
    timetables, line = snapshot().timetables, _line_of(found)
    service = timetables.services.get(found.service)
    if service is None:
        return f"The directory has no service '{found.service}' any more."
    if line is None:
        return f"The directory has no line '{found.line}' any more."
    return target_error(service, line, found.during, timetables.directory.zone)


def who_to_call(service: str | None = None, at: datetime | None = None) -> Decision:
    """Answer who to call about a service (the directory's first one) at an instant (now).

    Raise UnknownService, NaiveTime.
    """
    timetables = snapshot().timetables
    return core.decide(timetables, service or first_service_id(), at or now(), diverts())


def dial_order(decision: Decision, at: datetime) -> tuple[Answer, ...]:
    """Return the lines to ring at ``at``, in order."""
    return core.dial_order(snapshot().timetables, decision, at)


def first_service_id() -> str:
    """Return the id of the directory's first service."""
    return snapshot().directory.services[0].id


def locale(language: str | None = None) -> Locale:
    """Return how to speak in a language of the directory.

    For any other, and for None, that is the language of the request, if it set one in
    ``g.language``, or else the directory's first.
    """
    directory = snapshot().directory
    for chosen in (language, g.get("language")):
        if chosen in directory.languages:
            return get_locale(chosen, directory.zone)
    return get_locale(directory.languages[0], directory.zone)


def staff_locale(of: Snapshot | None = None) -> Locale:
    """Return how to speak to staff: in English, as all that commands say to them is."""
    return get_locale("en", (of or snapshot()).directory.zone)


def is_rehearsal() -> bool:
    """Say whether the service's clock is set for a rehearsal."""
    return current_app.config.get("CLOCK_STARTS_AT") is not None


def warm_up() -> None:
    """Load what the answers rest on, and watch the files for changes in a thread from now on.

    For a worker, after the fork. From then on the record tells of each directory that this process
    reads. Raise InvalidDirectory when neither the file nor its last good copy can be used; the
    thread watches all the same, so that a mended file is in use without a restart.
    """
    call_log, sources = current_app.extensions["call_log"], _sources()
    sources.on_read = lambda facts: _record_directory(call_log, facts)
    sources.watch()
    sources.current()
    read_diverts(max_age=0, patience=STARTUP_TIMEOUT_SECONDS)


def load_file(file: Path) -> Snapshot:
    """Return what answers from the directory in ``file`` would rest on.

    Raise InvalidDirectory, with every problem, when it cannot be used: no kept one stands in.
    """
    directory, _ = load(file)
    return build_snapshot(directory, instance_path(), now())


def instance_path() -> Path:
    """Return the folder in which the service keeps what it makes."""
    return Path(current_app.config["INSTANCE_PATH"])


def database() -> Database:
    """Return the database."""
    found: Database = current_app.extensions["database"]
    return found


def _line_of(found: DivertRow) -> Line | None:
    """Return the line of a divert; None where the directory has none of that id."""
    return snapshot().directory.line(found.line)


def _readings() -> DivertCache:
    found: DivertCache = current_app.extensions["divert_cache"]
    return found


def _record_directory(call_log: CallLog, facts: Snapshot) -> None:
    if facts.kept_at is None:
        call_log.record("directory.read", "directory", {"sha256": facts.sha256[:12]})


def _sources() -> SnapshotLoader:
    found: SnapshotLoader = current_app.extensions["snapshot_loader"]
    return found
