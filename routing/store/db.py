"""The database: bounded waits, transactions, jobs in the background, migrations and backups."""

import atexit
import logging
import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.pool import QueuePool

from routing.errors import ConstraintViolation, DatabaseUnavailable, InvalidSetting
from routing.store import sqlite
from routing.store.tables import create_tables, lock_writers

TIMEOUT_SECONDS = 2.0
"""How long one statement may take, and how long a writer waits for another one."""

POOL_SIZE = 2
"""Connections per process: a database that hangs blocks at most this many of its threads."""

POOL_TIMEOUT_SECONDS = 0.25
"""How long a thread waits for a free connection."""

EXIT_TIMEOUT_SECONDS = 0.25
"""How long a process that exits waits to truncate the write-ahead log, which others may hold."""

JOB_TIMEOUT_SECONDS = 1.0
"""How long one statement of a job may take."""

RETRY_SECONDS = 1.0
"""How long to wait before a job is retried while the database is down."""

BREAKER_SECONDS = 1.0
"""After this long without a finished job, callers no longer wait for queued ones."""

MAX_JOBS = 5000
"""How many jobs a process queues while the database is down. Beyond that the oldest is dropped."""

JOBS_EXIT_TIMEOUT_SECONDS = 1.0
"""How long a process that exits waits for unfinished jobs."""

_MIGRATIONS = Path(__file__).with_name("migrations")

log = logging.getLogger(__name__)
T = TypeVar("T")
Job = Callable[[Connection], T]


class Database:
    """A database by its URL. Nothing connects before the first statement.

    ``file`` is SQLite's, None with PostgreSQL. ``timeout`` bounds each statement, in seconds;
    ``connections`` is the size of the pool.
    """

    def __init__(
        self,
        url: str | URL,
        folder: Path,
        file: str = "routing.sqlite",
        timeout: float = TIMEOUT_SECONDS,
        connections: int = POOL_SIZE,
    ) -> None:
        self.url = _url(url) if url else make_url(f"sqlite:///{(folder / file).resolve()}")
        is_sqlite = self.url.get_backend_name() == "sqlite"
        self.file = Path(self.url.database or "") if is_sqlite else None
        self.engine = _engine(self.url, self.file, timeout, connections)
        sa.event.listen(self.engine, "connect", self._close_at_exit)

    def with_own_connection(self, timeout: float) -> "Database":
        """Return the same database with a pool of its own, of one connection."""
        return Database(self.url, Path(), timeout=timeout, connections=1)

    @property
    def exists(self) -> bool:
        """Whether there can be data in it: False until SQLite's file has been created."""
        return self.file is None or self.file.exists()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection that sees one state of the database. Raise DatabaseUnavailable."""
        with _translated_errors(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, exclusive: bool = True) -> Iterator[Connection]:
        """Yield a connection whose changes are committed together, or rolled back on any exception.

        One writer at a time. On PostgreSQL, ``exclusive=False`` waits for other writers only where
        both write the same row. Raise ConstraintViolation, or DatabaseUnavailable: if the commit
        itself fails, the change may have been stored.
        """
        with _translated_errors(), self.engine.connect() as connection:
            connection = connection.execution_options(writing=True)
            with connection.begin():
                if exclusive:
                    lock_writers(connection)
                yield connection

    def scrub(self) -> bool:
        """Remove deleted data from the disk; return False if the database is too busy.

        SQLite overwrites deleted data once the write-ahead log is checkpointed, which this does
        now. On PostgreSQL, vacuum and the server's disks do it. Raise DatabaseUnavailable.
        """
        if self.file is None:
            return True
        try:
            return sqlite.truncate_wal(self.file, TIMEOUT_SECONDS)
        except sqlite3.Error as error:
            raise DatabaseUnavailable(_error_text(error)) from error

    def close(self) -> None:
        """Close the pool's connections and truncate SQLite's write-ahead log, unless others use it.

        A process that has used the database does this when it exits. It can be used again.
        """
        atexit.unregister(self.close)
        self.engine.dispose()
        if self.file is not None and self.exists:
            try:
                sqlite.truncate_wal(self.file, EXIT_TIMEOUT_SECONDS)
            except sqlite3.Error as error:
                log.info("the write-ahead log stays for the next process: %s", error)

    def _close_at_exit(self, *_: Any) -> None:
        atexit.unregister(self.close)  # once, however many connections were opened
        atexit.register(self.close)


class Background:
    """Run slow jobs one after another, each in a transaction, in one thread and connection.

    With ``writes``, what a job changes is committed; its transaction waits for another only where
    both write the same row.

    A job that fails because the database is down stays first in the queue and is retried until it
    succeeds or the process ends. A job that raises anything else is dropped. A database that hangs
    blocks this one thread and no other.

    This is no ThreadPoolExecutor because Python waits for its threads at exit, even if they hang.
    """

    def __init__(self, name: str, database: Database, writes: bool) -> None:
        self.name, self.writes = name, writes
        self._database = database.with_own_connection(JOB_TIMEOUT_SECONDS)
        self._jobs: deque[_QueuedJob] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._fault: str | None = None
        self._closed = False
        self.last_success = float("-inf")
        """When a job last finished, by time.monotonic()."""

    def submit(self, job: Job[T]) -> Future[T]:
        """Queue a job; its future holds the result or the exception.

        If the database is down at the first attempt, the future holds DatabaseUnavailable and the
        job still runs later. Raise RuntimeError where the machine has no thread left, in which
        case the job stays queued, and after ``close``.
        """
        entry = _QueuedJob(job)
        with self._changed:
            if len(self._jobs) >= MAX_JOBS:
                self._jobs.popleft()
                log.error("%s: more than %d jobs wait: the oldest is dropped", self.name, MAX_JOBS)
            self._jobs.append(entry)
            self._changed.notify_all()
            if self._closed:
                raise RuntimeError(f"{self.name}: no job is taken while the process ends")
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
                self._thread.start()
                atexit.register(self.close)
        return entry.future

    def wait(self, future: Future[T], timeout: float) -> T:
        """Return a job's result within ``timeout`` seconds; do not wait while the database is down.

        Raise DatabaseUnavailable where there is no result yet, and whatever the job raised.
        """
        if not future.done() and (fault := self.fault):
            raise DatabaseUnavailable(fault)
        try:
            return future.result(timeout)
        except TimeoutError:
            raise DatabaseUnavailable(f"The database did not answer within {timeout} s.") from None

    @property
    def fault(self) -> str | None:
        """Why jobs do not finish at present, as a sentence; None while they do."""
        with self._changed:
            if self._fault is None and self._jobs:
                waiting_since = max(self.last_success, self._jobs[0].submitted)
                if time.monotonic() - waiting_since > BREAKER_SECONDS:
                    return f"The database has not answered for {BREAKER_SECONDS:.0f} s."
            return self._fault

    def close(self, timeout: float = JOBS_EXIT_TIMEOUT_SECONDS) -> None:
        """Finish the queued jobs within ``timeout`` seconds and close the connection.

        Jobs that are unfinished by then are lost. A process that exits calls this by itself.
        """
        atexit.unregister(self.close)
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(timeout)
        self._database.close()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._jobs or self._closed)
                if not self._jobs:
                    return
                entry = self._jobs[0]
            if not self._attempt(entry):
                with self._changed:
                    if self._changed.wait_for(lambda: self._closed, RETRY_SECONDS):
                        return

    def _attempt(self, entry: "_QueuedJob") -> bool:
        """Run a job; return False if it must be retried because the database is down."""
        database, fault = self._database, None
        try:
            with database.writing(False) if self.writes else database.reading() as connection:
                result = entry.job(connection)
        except DatabaseUnavailable as error:
            with self._changed:
                if self._fault is None:
                    log.error("%s: %s It is tried again every second.", self.name, error)
                self._fault = str(error)
            if not entry.future.done():
                entry.future.set_exception(error)
            return False
        except Exception as error:
            log.exception("%s: a job failed, and is not tried again", self.name)
            result, fault = None, error
        with self._changed:
            if self._fault is not None:
                log.warning("%s: the database answers again.", self.name)
            self._fault, self.last_success = None, time.monotonic()
            if self._jobs and self._jobs[0] is entry:  # unless it has been dropped
                self._jobs.popleft()
        if not entry.future.done() and fault is not None:
            entry.future.set_exception(fault)
        elif not entry.future.done():
            entry.future.set_result(result)
        return True


@dataclass(eq=False, slots=True)
class _QueuedJob:
    """A job, the future of its result, and when it was submitted, by time.monotonic()."""

    job: Job[Any]
    future: Future[Any] = field(default_factory=Future)
    submitted: float = field(default_factory=time.monotonic)


def upgrade(database: Database) -> str:
    """Create the tables of a new database, or apply the missing migrations: all or none.

    Return the revision that it has then. Concurrent upgrades wait for each other. A database that a
    newer version has upgraded is left as it is. Raise DatabaseUnavailable.
    """
    from alembic import command, config

    if database.file is not None:
        database.file.parent.mkdir(parents=True, exist_ok=True)
        database.file.touch(mode=0o600)
    settings = config.Config()
    settings.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with database.writing() as connection:
        settings.attributes["connection"] = connection
        before = _current_revision(connection)
        if before is None:
            create_tables(connection)
            command.stamp(settings, "head")
        elif before < latest_revision():
            command.upgrade(settings, "head")
        return max(before or "", latest_revision())


def needs_upgrade(database: Database) -> bool:
    """Return whether a migration is missing. Raise DatabaseUnavailable.

    False where a newer version has upgraded the database: migrations only add to it.
    """
    if not database.exists:
        return True
    with database.reading() as connection:
        return (_current_revision(connection) or "") < latest_revision()


@cache
def latest_revision() -> str:
    """Return the newest revision that this version of the service has."""
    from alembic.script import ScriptDirectory

    head = ScriptDirectory(_MIGRATIONS).get_current_head()
    assert head is not None
    return head


def counts(connection: Connection) -> Mapping[str, int]:
    """Return how many rows each table has, all counted at the same instant."""
    names = sorted(sa.inspect(connection).get_table_names())
    count = sa.func.count()
    queries = [sa.select(sa.literal(name), count).select_from(sa.table(name)) for name in names]
    if not queries:
        return {}
    return {name: rows for name, rows in connection.execute(sa.union_all(*queries))}


def backup(database: Database, file: Path) -> Mapping[str, int]:
    """Copy SQLite's database to ``file``, completely or not at all; return how many rows it has.

    The copy is one state of the database, even while others write. It is checked before it gets
    its name, only its owner can read it, and it needs no other file next to it. Raise
    FileExistsError, OSError, DatabaseUnavailable.
    """
    if file.exists():
        raise FileExistsError(f"There is a file {file} already: a copy never replaces another.")
    with NamedTemporaryFile(dir=file.parent, prefix=".new-", delete=False) as new:
        try:
            rows = _copy(database, new.name)
            os.fsync(new.fileno())
            os.replace(new.name, file)
        except (sqlite3.Error, sa.exc.DatabaseError) as error:
            raise DatabaseUnavailable(f"The copy cannot be made ({_first_line(error)}).") from error
        finally:
            Path(new.name).unlink(missing_ok=True)
    return rows


def _current_revision(connection: Connection) -> str | None:
    """Return the revision, not by Alembic: it would have a new table at each look, never freed."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return revision


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except (sa.exc.IntegrityError, sa.exc.DataError) as error:
        # Without its cause: PostgreSQL's text has values in it.
        raise ConstraintViolation(_first_line(error)) from None
    except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
        raise DatabaseUnavailable(_error_text(error)) from error


def _error_text(error: BaseException) -> str:
    """Say in one line what the database reported, without the statement or its values."""
    text = _first_line(error)
    if any(sign in text for sign in ("no such table", "does not exist", "unable to open")):
        return f"The database is not made yet, or not for this version ({text})."
    if any(sign in text for sign in ("malformed", "not a database")):
        return f"The database is damaged: put a copy in its place, see docs/runbook.md ({text})."
    if isinstance(error, sa.exc.TimeoutError):
        return "The database does not answer: others wait for it already."
    if any(sign in text for sign in ("read-only", "readonly", "is full", "I/O", "No space")):
        return f"The database takes no changes ({text})."
    return f"The database does not answer ({text})."


def _first_line(error: BaseException) -> str:
    return (str(getattr(error, "orig", None) or error).strip().splitlines() or [""])[0]


def _url(text: str | URL) -> URL:
    try:
        url = make_url(text)
        kind = "such a host" if "@" in (url.host or "") else url.get_backend_name()
    except (sa.exc.ArgumentError, ValueError):  # ValueError: of a port that is no number
        kind = "a value of this form"
    if kind not in ("sqlite", "postgresql", "postgres"):
        raise InvalidSetting(
            f"DATABASE_URL: {kind} is not supported. Write postgresql://user:password@host/name "
            "(in a password write %40 for @, %3A for : and %2F for /), or unset it for SQLite."
        )
    if kind != "sqlite":
        return url.set(drivername="postgresql+psycopg")
    if not url.database or url.database == ":memory:":
        raise InvalidSetting("DATABASE_URL: SQLite needs a file: sqlite:////var/lib/routing.sqlite")
    return url


def _engine(url: URL, file: Path | None, timeout: float, connections: int) -> sa.Engine:
    """Return an engine on which every statement ends within ``timeout`` seconds."""

    def connect() -> Any:
        if file is not None:
            return sqlite.connect(file, timeout)
        from routing.store import postgresql  # psycopg is not loaded where it is not used

        names = url.translate_connect_args(username="user", database="dbname")
        return postgresql.connect(timeout, names | dict(url.query))

    engine = sa.create_engine(
        url,
        creator=connect,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        pool_pre_ping=file is None,
        hide_parameters=True,  # they contain names, and errors are logged
        **({"use_native_hstore": False} if file is None else {}),
    )
    if file is not None:
        sqlite.configure(engine, file)
    return engine


def _copy(database: Database, name: str) -> Mapping[str, int]:
    with closing(sqlite3.connect(name, isolation_level=None)) as copy:
        with database.reading() as connection:
            rows = counts(connection)
            source = connection.connection.driver_connection
            assert isinstance(source, sqlite3.Connection)
            source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
        (problem,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    if problem != "ok":
        raise DatabaseUnavailable(f"The copy is damaged, so the database must be too ({problem}).")
    return rows
