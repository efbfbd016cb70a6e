"""The database: connections that never wait for long, and transactions for reading and writing."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.pool import NullPool, QueuePool

from routing.errors import BadSetting, StorageDown, StorageRefused
from routing.storage.driver import run

WAIT = 2.0
"""Seconds for one question to the database, at most; and for a writer to wait for another."""

AT_ONCE = 2
"""Connections of a process, so that a hung database holds up that many of its threads at most."""

MOST_PAGES = 100_000
"""Pages of SQLite's log, of 4 KiB, from which on a note writes them back: where ``write_back`` does
not."""

_TURN = 0.25
_WRITERS = 0x726F7574
"""The lock that writers share on PostgreSQL; on SQLite there is one writer anyway."""


class Database:
    """A database by its URL. Nothing is connected before the first question."""

    def __init__(self, url: str, folder: Path, file: str = "routing.sqlite") -> None:
        self.url = _url(url) if url else make_url(f"sqlite:///{(folder / file).resolve()}")
        self.file = Path(self.url.database or "") if self.is_sqlite else None
        self.engine = self.make_engine(QueuePool, pool_size=AT_ONCE, max_overflow=0)

    @property
    def is_sqlite(self) -> bool:
        """Say whether it is SQLite, in a file of this machine."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def exists(self) -> bool:
        """Say whether there can be anything in it: not so before SQLite's file is made."""
        return self.file is None or self.file.exists()

    def make_engine(self, pool: type[sa.Pool], wait: float = WAIT, **more: Any) -> sa.Engine:
        """Return an engine whose every question ends within ``wait`` seconds."""
        if pool is QueuePool:
            more |= {"pool_timeout": _TURN, "pool_pre_ping": not self.is_sqlite}
        more["hide_parameters"] = True  # names stand among them, and errors are logged
        if not self.is_sqlite:
            connect = _postgresql(self.url, wait)
            return sa.create_engine(
                self.url, creator=connect, poolclass=pool, use_native_hstore=False, **more
            )
        engine = sa.create_engine(
            self.url, creator=_sqlite(self.file, wait), poolclass=pool, **more
        )
        sa.event.listen(engine, "begin", _begin)
        sa.event.listen(engine, "checkout", self._look)
        return engine

    def inode(self) -> int | None:
        """Return what tells SQLite's file from another of its name; None when there is none."""
        return _inode(self.file)

    def holds(self, connection: Connection) -> bool:
        """Say whether a connection is to what the URL names now: a copy that is put in the place
        of SQLite's file is another file, and what is written to the old one is lost.
        """
        opened: Any = connection.connection.driver_connection
        return self.file is None or opened.inode == self.inode()

    def _look(self, opened: Any, *_: Any) -> None:
        if opened.inode != self.inode():
            raise sa.exc.DisconnectionError(f"{self.file} is another file now")

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection that sees one state of the database. Raise StorageDown."""
        with _told(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yield a connection whose changes are kept together, or not at all if anything is raised.

        One writer at a time. Raise StorageRefused, or StorageDown; a change may have been kept when
        that was raised while keeping it.
        """
        with _told(), self.engine.connect() as connection:
            connection = connection.execution_options(writing=True)
            with connection.begin():
                if not self.is_sqlite:
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_WRITERS)))
                yield connection

    def scrub(self) -> bool:
        """Leave nothing on the disk of what was deleted; False where that has to wait.

        SQLite overwrites what it deletes, once its log is written back: this does it now. On
        PostgreSQL it is for vacuum and the server's disks. Raise StorageDown.
        """
        if not self.is_sqlite:
            return True
        with self.reader(WAIT) as connection:
            busy: int = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]
            return busy == 0

    def write_back(self) -> None:
        """Have SQLite write its log back into its file, and begin it anew: nearly all of that waits
        for the disk alone, and nobody for it.

        The second step has writers wait, for a quarter of a second at most: where somebody reads
        for longer, as when a copy is made, the log begins anew another time. Raise sqlite3.Error.
        """
        with closing(_sqlite(self.file, _TURN / 2)()) as opened:
            for kind in ("PASSIVE", "RESTART"):
                opened.execute(f"PRAGMA wal_checkpoint({kind})").fetchall()

    def reader(self, wait: float) -> Connection:
        """Return a connection of one's own that answers each question as of now.

        Raise StorageDown. Its questions raise sqlalchemy.exc.SQLAlchemyError.
        """
        with _told():
            engine = self.make_engine(NullPool, wait)
            return engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def writer(self, wait: float) -> Connection:
        """Return a connection of one's own for short notes, which wait for no other writer but
        where both write the same row. Whoever uses it says where each transaction begins and ends.

        On SQLite a note outlives the process, whatever kills it, but the last ones not a machine
        that loses its power: the disk is not waited for. Raise StorageDown. What is done with it
        raises sqlalchemy.exc.SQLAlchemyError.
        """
        with _told():
            connection = self.make_engine(NullPool, wait).connect()
            if self.is_sqlite:
                cursor = connection.connection.cursor()
                cursor.execute("PRAGMA synchronous = NORMAL")
                cursor.execute(f"PRAGMA wal_autocheckpoint = {MOST_PAGES}")
            return connection.execution_options(isolation_level="AUTOCOMMIT")


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (sa.exc.IntegrityError, sa.exc.DataError) as error:
        raise StorageRefused(_said(error)) from None  # PostgreSQL tells the values, names too
    except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
        raise StorageDown(words(error)) from error


def words(error: BaseException) -> str:
    """Say in one line what the database said, without the statement or its values."""
    said = _said(error)
    if any(sign in said for sign in ("no such table", "does not exist", "unable to open")):
        return f"The database is not made yet, or not for this version ({said})."
    if any(sign in said for sign in ("malformed", "not a database")):
        return f"The database is damaged: put a copy in its place, see docs/runbook.md ({said})."
    if isinstance(error, sa.exc.TimeoutError):
        return "The database does not answer: others wait for it already."
    if any(sign in said for sign in ("read-only", "readonly", "is full", "I/O", "No space")):
        return f"The database takes no changes ({said})."
    return f"The database does not answer ({said})."


def _said(error: BaseException) -> str:
    """Return the first line of what the database said: it holds no values."""
    return (str(getattr(error, "orig", None) or error).strip().splitlines() or [""])[0]


def _url(text: str) -> URL:
    """Read DATABASE_URL. Raise BadSetting."""
    try:
        url = make_url(text)
    except sa.exc.ArgumentError:
        url = None
    if url is None or url.get_backend_name() not in ("sqlite", "postgresql", "postgres"):
        kind = url.get_backend_name() if url else "that"
        raise BadSetting(
            f"DATABASE_URL: {kind} is no database that this service knows. Write "
            "postgresql://user:password@host/name, or unset it for SQLite."
        )
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database == ":memory:":
            raise BadSetting("DATABASE_URL: SQLite needs a file: sqlite:////var/lib/routing.sqlite")
        return url
    return url.set(drivername="postgresql+psycopg")


class Opened(sqlite3.Connection):
    """A connection that knows which file it opened."""

    inode: int | None = None


def _sqlite(file: Path | None, wait: float) -> Callable[[], Opened]:
    def connect() -> Opened:
        assert file is not None
        inode = _inode(file)  # before it is opened: one put in its place meanwhile is another
        connection = sqlite3.connect(
            f"{file.resolve().as_uri()}?mode=rw",  # never makes the file: `flask db upgrade` does
            uri=True,
            timeout=wait,
            isolation_level=None,  # the "begin" event says which kind
            check_same_thread=False,
            factory=Opened,
        )
        connection.inode = inode
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")  # not every build does by itself
        return connection

    return connect


def _inode(file: Path | None) -> int | None:
    """Return what tells one file of a name from another; None when there is none."""
    try:
        return file.stat().st_ino if file else None
    except OSError:
        return None


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("isolation_level") != "AUTOCOMMIT":
        run(connection, "BEGIN IMMEDIATE" if options.get("writing") else "BEGIN")


def _postgresql(url: URL, wait: float) -> Callable[[], Any]:
    def connect() -> Any:
        from routing.storage import postgresql  # psycopg is not loaded where it is not used

        words = url.translate_connect_args(username="user", database="dbname")
        return postgresql.connect(wait, words | dict(url.query))

    return connect
