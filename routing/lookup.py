"""Who to call: the rule in ``core``, asked with the current clock, directory and diverts.

Other modules get the snapshot, the diverts, the locale and the database of a request here.
"""

import threading
import time
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from flask import current_app, g

from routing import divert_rules
from routing.core import decision as core
from routing.core.decision import Answer, Decision, Divert
from routing.core.instants import whole_second
from routing.errors import InvalidDivert
from routing.snapshot import Snapshot, SnapshotLoader
from routing.store import holiday_lists
from routing.store.calls import CallLog
from routing.store.db import Database
from routing.store.diverts import TIMEOUT_SECONDS, DivertCache, DivertReading, DivertRow
from routing.text.locale import Locale, get_locale

MAX_DIVERT_AGE_SECONDS = 1.0
"""How old the diverts behind a page or a JSON answer may be."""

STARTUP_TIMEOUT_SECONDS = 1.0
"""How long a new process waits for the database: connecting takes longer than reading."""

HOLIDAY_LIST_SECONDS = 60.0
"""How often a worker looks for a newer list of bank holidays in the database."""


def who_to_call(service: str | None = None, at: datetime | None = None) -> Decision:
    """Return who to call about ``service`` at ``at``: by default the first service, and now.

    Raise UnknownService, NaiveTime, InvalidDirectory.
    """
    timetables = snapshot().timetables
    return core.decide(timetables, service or first_service_id(), at or now(), diverts())


def dial_order(
    decision: Decision, at: datetime, excluded_numbers: Collection[str] = ()
) -> tuple[Answer, ...]:
    """Return the lines to ring at ``at``, in order, but those with an excluded number."""
    return core.dial_order(snapshot().timetables, decision, at, excluded_numbers)


def now() -> datetime:
    """Return the current instant in UTC, by the service's clock."""
    at: datetime = current_app.config["CLOCK"]()
    return at


def snapshot() -> Snapshot:
    """Return the data behind answers: the same throughout a request, current at the next one.

    Raise InvalidDirectory when neither the file nor its last good copy can be used.
    """
    if "snapshot" not in g:
        g.snapshot = _snapshot_loader().current()
    current: Snapshot = g.snapshot
    return current


def first_service_id() -> str:
    """Return the id of the directory's first service."""
    return snapshot().directory.services[0].id


def diverts() -> tuple[Divert, ...]:
    """Return the diverts that answers take into account, in the order in which they were set."""
    reading = latest_diverts()
    if "diverts" not in g:
        g.diverts = active_diverts(reading.diverts)
    active: tuple[Divert, ...] = g.diverts
    return active


def latest_diverts() -> DivertReading:
    """Return the diverts as last read: the same throughout a request."""
    reading: DivertReading = g.reading if "reading" in g else read_diverts()
    return reading


def read_diverts(
    max_age: float = MAX_DIVERT_AGE_SECONDS, timeout: float = TIMEOUT_SECONDS
) -> DivertReading:
    """Return the diverts, read ``max_age`` seconds ago at most; the rest of the request uses them.

    If the database does not answer within ``timeout`` seconds, these are the diverts last read.
    """
    divert_cache: DivertCache = current_app.extensions["divert_cache"]
    g.pop("diverts", None)
    reading: DivertReading = divert_cache.current(max_age, timeout)
    g.reading = reading
    return reading


def active_diverts(rows: Iterable[DivertRow]) -> tuple[Divert, ...]:
    """Return the diverts in ``rows`` that the directory still allows."""
    directory = snapshot().directory
    return tuple(
        Divert(
            row.service,
            line,
            row.during,
            avoid=directory.line(row.avoid or ""),
        )
        for row in rows
        if (line := directory.line(row.line)) and divert_error(row) is None
    )


def propose_new_end(row: DivertRow, until: datetime | timedelta | None) -> Divert:
    """Return a divert with another end: an instant, a duration from now, or the next handover.

    Of a divert that has not begun it is a time from its start. Raise InvalidDivert, which names the
    field to change, also where it has ended or has no effect.
    """
    timetables, at = snapshot().timetables, now()
    if error := divert_error(row):
        raise InvalidDivert("until", f"{error} Set a new divert instead.")
    if row.during.end <= at:
        raise InvalidDivert("until", "This divert has ended. Set a new one instead.")
    (divert,) = active_diverts([row])
    service, start = timetables.service(row.service), max(row.during.start, whole_second(at))
    during = divert_rules.check_period(timetables, service, divert.line, start, until, at)
    return replace(divert, during=during)


def divert_error(divert: DivertRow) -> str | None:
    """Return why a divert has no effect since the directory changed; None when it has one."""
    timetables = snapshot().timetables
    service = timetables.services.get(divert.service)
    if service is None:
        return f"The directory has no service '{divert.service}' any more."
    line = timetables.directory.line(divert.line)
    if line is None:
        return f"The directory has no line '{divert.line}' any more."
    return divert_rules.target_error(service, line, divert.during, timetables.directory.zone)


def locale(language: str | None = None) -> Locale:
    """Return the locale of ``language``, or else the request's, if the directory has one of them.

    Otherwise it is that of the directory's first language.
    """
    directory = snapshot().directory
    for candidate in (language, g.get("language")):
        code = (candidate or "").partition("-")[0].lower()  # en of en-GB
        if code in directory.languages:
            return get_locale(code, directory.zone)
    return get_locale(directory.languages[0], directory.zone)


def staff_locale(of: Snapshot | None = None) -> Locale:
    """Return the locale of staff pages and commands: English."""
    return get_locale("en", (of or snapshot()).directory.zone)


def is_rehearsal() -> bool:
    """Return whether the service's clock is set for a rehearsal."""
    return current_app.config.get("CLOCK_STARTS_AT") is not None


def instance_path() -> Path:
    """Return the folder in which the service keeps its own files."""
    return Path(current_app.config["INSTANCE_PATH"])


def database() -> Database:
    """Return the database."""
    database: Database = current_app.extensions["database"]
    return database


def copy_holiday_list() -> None:
    """Copy GOV.UK's list from the database into the instance folder, if it is newer there."""
    holiday_lists.copy_newer(database(), instance_path())


def warm_up() -> None:
    """Load the data behind answers in a worker, after the fork, and start what keeps it current.

    One thread watches the files, another copies GOV.UK's list from the database, where
    `who-to-call timers` saves it. Each directory read is recorded in the audit log. Raise
    InvalidDirectory as ``snapshot``; a corrected file is used without a restart all the same.
    """
    loader = _snapshot_loader()
    loader.on_read = partial(_record_directory, current_app.extensions["call_log"])
    loader.watch()
    arguments = database(), instance_path()
    threading.Thread(target=_copy_forever, args=arguments, name="holidays", daemon=True).start()
    loader.current()
    read_diverts(max_age=0, timeout=STARTUP_TIMEOUT_SECONDS)


def _snapshot_loader() -> SnapshotLoader:
    loader: SnapshotLoader = current_app.extensions["snapshot_loader"]
    return loader


def _record_directory(call_log: CallLog, loaded: Snapshot) -> None:
    if loaded.kept_at is None:
        call_log.record("directory.read", "directory", {"sha256": loaded.sha256[:12]})


def _copy_forever(database: Database, folder: Path) -> None:
    while True:
        holiday_lists.copy_newer(database, folder)
        time.sleep(HOLIDAY_LIST_SECONDS)
