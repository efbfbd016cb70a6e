"""The database: connections with bounded waits, and transactions for reading and writing."""

import atexit
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.pool import QueuePool

from routing.errors import ConstraintViolation, DatabaseUnavailable, InvalidSetting
from routing.store import sqlite

TIMEOUT_SECONDS = 2.0
"""How long one statement may take, and how long a writer waits for another."""

POOL_SIZE = 2
"""Connections per process, so that a hung database holds up at most this many of its threads."""

POOL_TIMEOUT_SECONDS = 0.25
"""How long a thread waits for another thread's connection."""

MAX_WAL_BYTES = 8 * 1024**2
"""The size to which SQLite cuts its write-ahead log (-wal) when it starts the log again.

A checkpoint runs every 1,000 pages (4 MiB, SQLite's default). The log grows past this only while a
reader, such as a backup, keeps it from being started again.
"""

EXIT_TIMEOUT_SECONDS = 0.25
"""How long a process that ends waits for others before it leaves the log to them."""

_WRITERS_LOCK = 0x726F7574

log = logging.getLogger(__name__)


class Database:
    """A database by its URL. Nothing connects before the first statement.

    ``timeout`` bounds each statement, in seconds; ``connections`` is the size of the pool.
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
        self.file = Path(self.url.database or "") if self.is_sqlite else None
        self.engine = _engine(self.url, self.file, timeout, connections)
        sa.event.listen(self.engine, "connect", self._close_at_exit)

    def with_own_connection(self, timeout: float) -> "Database":
        """Return the same database with a pool of one connection, which nobody else waits for."""
        return Database(self.url, Path(), timeout=timeout, connections=1)

    @property
    def is_sqlite(self) -> bool:
        """Whether it is SQLite, in a file of this machine."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def exists(self) -> bool:
        """Whether there can be anything in it: False until SQLite's file has been created."""
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
        both write the same row. Raise ConstraintViolation, or DatabaseUnavailable; if the commit itself raises,
        the change may have been kept.
        """
        with _translated_errors(), self.engine.connect() as connection:
            connection = connection.execution_options(writing=True)
            with connection.begin():
                if exclusive:
                    lock_writers(connection)
                yield connection

    def scrub(self) -> bool:
        """Leave nothing on the disk of what was deleted; return False if the database is too busy.

        SQLite overwrites what it deletes once its write-ahead log is checkpointed: this does it
        now. On PostgreSQL that is the work of vacuum and the server's disks. Raise DatabaseUnavailable.
        """
        if self.file is None:
            return True
        try:
            return _empty_log(self.file, TIMEOUT_SECONDS)
        except sqlite3.Error as error:
            raise DatabaseUnavailable(error_text(error)) from error

    def close(self) -> None:
        """Close the pool's connections and empty SQLite's write-ahead log, unless others hold it.

        A process that has used the database does this when it ends. It can be used again.
        """
        atexit.unregister(self.close)
        self.engine.dispose()
        if self.file is not None and self.exists:
            try:
                _empty_log(self.file, EXIT_TIMEOUT_SECONDS)
            except sqlite3.Error as error:
                log.info("the write-ahead log stays for the next process: %s", error)

    def _close_at_exit(self, *_: Any) -> None:
        atexit.unregister(self.close)
        atexit.register(self.close)


def _empty_log(file: Path, timeout: float) -> bool:
    """Checkpoint SQLite's write-ahead log and cut it to nothing; return False if it is in use."""
    with closing(sqlite.connect(file, timeout)) as connection:
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return bool(busy == 0)


def lock_writers(connection: Connection) -> None:
    """Wait until no other transaction holds this lock; keep it until the end of this transaction.

    SQLite has one writer anyway.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_WRITERS_LOCK)))


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except (sa.exc.IntegrityError, sa.exc.DataError) as error:
        raise ConstraintViolation(
            _first_line(error)
        ) from None  # PostgreSQL's text has values in it
    except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
        raise DatabaseUnavailable(error_text(error)) from error


def error_text(error: BaseException) -> str:
    """Say in one line what the database said, without the statement or its values."""
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
    """Return the first line of what the database said: it holds no values."""
    return (str(getattr(error, "orig", None) or error).strip().splitlines() or [""])[0]


def _url(text: str | URL) -> URL:
    """Read DATABASE_URL. Raise InvalidSetting."""
    try:
        url = make_url(text)
    except sa.exc.ArgumentError:
        url = None
    if url is None or url.get_backend_name() not in ("sqlite", "postgresql", "postgres"):
        kind = url.get_backend_name() if url else "that"
        raise InvalidSetting(
            f"DATABASE_URL: {kind} is no database that this service knows. Write "
            "postgresql://user:password@host/name, or unset it for SQLite."
        )
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database == ":memory:":
            raise InvalidSetting(
                "DATABASE_URL: SQLite needs a file: sqlite:////var/lib/routing.sqlite"
            )
        return url
    return url.set(drivername="postgresql+psycopg")


def _engine(url: URL, file: Path | None, timeout: float, connections: int) -> sa.Engine:
    """Return an engine whose every statement ends within ``timeout`` seconds."""

    def connect() -> Any:
        if file is not None:
            return _sqlite(file, timeout)
        from routing.store import postgresql  # psycopg is not loaded where it is not used

        names = url.translate_connect_args(username="user", database="dbname")
        return postgresql.connect(timeout, names | dict(url.query))

    options = {} if file is not None else {"use_native_hstore": False}
    engine = sa.create_engine(
        url,
        creator=connect,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        pool_pre_ping=file is None,
        hide_parameters=True,  # they hold names, and errors are logged
        **options,
    )
    if file is not None:
        sa.event.listen(engine, "begin", _begin)
        sqlite.reconnect_when_replaced(engine, file)
    return engine


def _sqlite(file: Path, timeout: float) -> sqlite3.Connection:
    connection = sqlite.connect(file, timeout)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA journal_size_limit = {MAX_WAL_BYTES}")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")  # not every build does by itself
    return connection


def _begin(connection: Connection) -> None:
    """Begin by hand, as SQLAlchemy's documentation says: sqlite3 by itself would begin late."""
    options = connection.get_execution_options()
    if options.get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writing") else "BEGIN")
