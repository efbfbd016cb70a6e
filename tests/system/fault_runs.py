"""The real service under load, broken in the middle: what callers got, what staff were told, what
was lost. Each fault is a few lines of fault_types.py; each makes one row.
"""

import re
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import sqlalchemy as sa
from allowed_answers import Truth
from colleague import NAME, PASSWORD
from conftest import ROOT
from load import Caller
from mixed_load import NO_CONNECTION, Load
from serving import OPEN, Server, poll, prepare
from telephone import call_sid

from routing.store import accounts
from routing.store.accounts import Role
from routing.store.calls import call_key
from routing.store.db import Database
from routing.store.tables import audit_log, calls, diverts

STORAGE = {"database_down", "database_refuses"}
SET = "The divert is set."


@dataclass
class RunningService:
    """A service that runs, and all of it that can break.

    ``postgresql`` is its database's server; None where it has SQLite.
    ``down``: it is meant not to listen.
    """

    server: Server
    database: Database
    postgresql: object = None
    truth: Truth = field(default_factory=Truth)
    down: bool = False

    def __post_init__(self):
        self.folder, self.base = self.server.folder, self.server.base
        self.file = self.folder / "directory.yaml"
        self.truth.directory(self.file)

    def workers(self):
        """Return the ids of its workers, once there are two."""
        return poll(lambda: len(pids := self.server.workers) >= 2 and pids)

    def words(self):
        """Return what /readyz says to whoever keeps the service running."""
        with Caller(self.base) as caller:
            return caller.get("/readyz", {"Authorization": "Bearer ops"}).text

    def codes(self):
        """Return the codes of the warnings that callers' load does not make by itself."""
        codes = set(re.findall(r"^(\w+): ", self.words(), re.MULTILINE))
        return codes - {"call_unanswered", "diverted", "rota_gaps", "rota_next_day"}


def stepped_service(folder):
    """Serve on a machine whose clock can be stepped."""
    step = folder / "step"
    step.write_bytes(bytes(8))
    environ = {"CLOCK_STEP": str(step), "PYTHONPATH": str(ROOT / "tests/system")}
    return running_service(folder, app="stepped_clock:app", **environ)


@contextmanager
def running_service(folder, postgresql=None, app="app:app", **environ):
    """Serve Anyshire's directory by two workers, with a database and somebody who may divert."""
    url = postgresql.database() if postgresql else ""
    database = prepare(folder, url)
    with database.writing() as connection:
        role = frozenset({Role.DIVERT})
        accounts.add(connection, NAME, role, PASSWORD, datetime.now(UTC), "terminal:0")
    given = OPEN | {"WEB_CONCURRENCY": "2", "DATABASE_URL": url} | environ
    try:
        with Server(folder, app, **given) as server:
            yield RunningService(server, database, postgresql)
    finally:
        database.engine.dispose()


@dataclass
class Row:
    """What a fault did: a row of the table. ``warnings`` has the codes of those that it made,
    ``staff`` what a page said meanwhile to somebody who diverts, ``unwritten`` how many calls the
    log has not, ``alone`` how many diverts have no entry in the audit log, or the reverse.
    """

    fault: str
    tally: object
    acknowledged: int = 0
    lost: list = field(default_factory=list)
    alone: int = 0
    unwritten: int = 0
    warnings: frozenset = frozenset()
    staff: str = ""

    def bad(self):
        """Return what no fault may do: answers wrong or missing, calls silent, writes lost."""
        outcomes = {"wrong": self.tally.wrong, "silent": self.tally.silent}
        outcomes |= {"lost": self.lost, "without its record": self.alone}
        return {name: value for name, value in outcomes.items() if value}


def run_fault(name, service, fault, codes=(), during=1.0, patience=3):
    """Break a service by ``fault``, a context manager, under load; return a Row once it is mended.

    It stays broken for ``during`` seconds at least, and until staff are told all of ``codes``.
    Raise AssertionError when they are not, or when it does not mend by itself, within 90
    seconds.
    """
    earlier = len(service.truth.writes)
    with Load(service) as load:
        load.settled()
        before, row, refusals = service.codes(), Row(name, load.tally), load.tally.refusals
        with fault(service):
            time.sleep(during)
            poll(lambda: service.codes() >= {*codes}, otherwise=service.words)
            if STORAGE & {*codes}:
                poll(lambda: {*refusals} - {NO_CONNECTION})
            row.warnings = frozenset(service.codes() - before)
            pages = [words for words in refusals if words != NO_CONNECTION]
            row.staff = [SET, *refusals[-1:], *pages][-1]
        load.settled()
        poll(lambda: all(service.codes() <= before for _ in range(4)), otherwise=service.words)
    return complete_row(row, service, earlier, patience)


def complete_row(row, service, earlier, patience):
    """Complete a row by what the database holds once the load is over, or so many seconds later
    where calls are not written yet.
    """

    def column(column, *conditions):
        with service.database.reading() as connection:
            return set(connection.scalars(sa.select(column).where(*conditions)))

    sent = [write for write in service.truth.writes[earlier:] if write.confirmed and write.sure]
    wanted = {call_key(call_sid(sid)) for sid in row.tally.calls}
    with suppress(AssertionError):
        poll(lambda: wanted <= column(calls.c.sid_sha256), patience)
    row.unwritten = len(wanted - column(calls.c.sid_sha256))
    row.acknowledged, held = len(sent), column(diverts.c.note)
    row.lost = [write.note for write in sent if write.note not in held]
    entities = column(audit_log.c.entity, audit_log.c.action == "divert.set")
    row.alone = len({f"divert:{key}" for key in column(diverts.c.id)} ^ entities)
    return row
