"""The database: instants as they were given, one writer at a time, migrations all or none."""

import inspect
import shutil
import sqlite3
import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from serving import poll

from routing.errors import ConstraintViolation, DatabaseUnavailable, InvalidSetting, NaiveTime
from routing.store import audit_log, calls, db, tables
from routing.store.calls import Call, Leg
from routing.store.db import Database
from routing.store.sqlite import MAX_WAL_BYTES

FIRST_SCHEMA = Path(__file__).with_name("schema-0001.sql")


def test_a_time_without_a_zone_is_refused(write, now):
    with pytest.raises(sa.exc.StatementError) as refusal:
        write(audit_log.record, now.replace(tzinfo=None), "service", "tried", "test")

    assert isinstance(refusal.value.orig, NaiveTime)


def test_an_instant_is_the_same_whatever_zone_it_was_given_in(write, read):
    summer = datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("Europe/London"))
    write(audit_log.record, summer, "service", "tried", "test")
    (entry,) = read(audit_log.newest, 1)
    is_equal = tables.audit_log.c.at == datetime(2026, 7, 1, 11, tzinfo=UTC)

    assert entry.at == summer
    assert entry.at.tzinfo is UTC
    assert len(read(sa.Connection.execute, tables.audit_log.select().where(is_equal)).all()) == 1


def test_what_is_raised_while_writing_undoes_all_of_it(database, now):
    with pytest.raises(RuntimeError), database.writing() as connection:
        audit_log.record(connection, now, "service", "tried", "test")
        raise RuntimeError
    with database.reading() as connection:
        assert audit_log.newest(connection, 1) == []


def test_one_writes_at_a_time_and_the_next_sees_what_it_wrote(database, read, now):
    def count(_):
        for _ in range(5):
            with database.writing() as connection:
                (last,) = audit_log.newest(connection, 1) or [None]
                time.sleep(0.01)
                number = (last.after["n"] if last else 0) + 1
                audit_log.record(connection, now, "service", "counted", "test", after={"n": number})

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(count, range(2)))
    assert [entry.after["n"] for entry in read(audit_log.newest, 20)] == list(range(10, 0, -1))


def test_a_new_database_has_the_tables_that_the_code_knows(database):
    assert missing_changes(database) == []


def test_a_database_of_the_first_version_is_upgraded_to_what_a_new_one_has(tmp_path):
    old, new = (Database("", tmp_path / name) for name in ("old", "new"))
    old.file.parent.mkdir()
    with closing(sqlite3.connect(old.file)) as connection:
        connection.executescript(FIRST_SCHEMA.read_text("utf-8"))

    for database in (old, new):
        db.upgrade(database)

    assert missing_changes(old) == [], f"store/tables.py needs a migration: see {FIRST_SCHEMA}"
    assert schema_names(old) == schema_names(new)


def missing_changes(database):
    """Return how the tables of a database differ from those in the code."""
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, tables.METADATA)


def schema_names(database):
    """Return the names of an SQLite database's tables, indexes and triggers."""
    with database.reading() as connection:
        return set(connection.scalars(sa.text("SELECT name FROM sqlite_master")))


def test_a_database_that_a_newer_version_has_upgraded_lacks_nothing_and_is_left_as_it_is(database):
    with database.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    assert not db.needs_upgrade(database)
    assert db.upgrade(database) == "9999"


def test_two_that_upgrade_at_once_both_succeed(url, tmp_path):
    databases, newest = [Database(url, tmp_path) for _ in range(2)], db.latest_revision()
    assert db.needs_upgrade(databases[0])
    with ThreadPoolExecutor(2) as threads:
        revisions = list(threads.map(db.upgrade, databases))
    assert revisions == [newest, newest]
    assert not db.needs_upgrade(databases[0])
    for database in databases:
        database.engine.dispose()


def test_a_database_without_tables_says_what_to_run(bare, tmp_path):
    if bare.file is not None:
        bare.file.touch()
    with pytest.raises(DatabaseUnavailable, match="not made yet"), bare.reading() as connection:
        audit_log.newest(connection, 1)


def test_the_record_is_only_ever_added_to_by_order_of_the_database(database, write, read, now):
    write(audit_log.record, now, "service", "tried", "test")
    statements = ["UPDATE audit_log SET actor = 'nobody'", "DELETE FROM audit_log"]
    if database.file is None:
        statements.append("TRUNCATE audit_log")
    for statement in statements:
        with pytest.raises(ConstraintViolation, match="append-only"):
            write(sa.Connection.execute, sa.text(statement))

    assert [entry.actor for entry in read(audit_log.newest, 5)] == ["service"]


def test_what_every_worker_notices_is_told_once(write, read, now):
    for text in ("a", "a", "b", "b", "a"):
        state = {"sha256": text}
        write(audit_log.record_if_changed, now, "directory.read", "directory", state)

    a, b = {"sha256": "a"}, {"sha256": "b"}
    changes = [(entry.before, entry.after) for entry in read(audit_log.newest, 9)]
    assert changes == [(b, a), (a, b), (None, a)]


def test_older_entries_are_asked_for_by_the_oldest_that_was_shown(write, read, now):
    for number in range(5):
        write(audit_log.record, now, "service", str(number), "x")
    first = read(audit_log.newest, 3)
    rest = read(audit_log.newest, 3, before=first[-1].id)

    assert [entry.action for entry in (*first, *rest)] == ["4", "3", "2", "1", "0"]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://root@127.0.0.1/x", "mysql is not supported"),
        ("not a url", "Write postgresql://"),
        ("sqlite://", "SQLite needs a file"),
        ("postgresql://127.0.0.1:port/x", "Write postgresql://"),
        ("postgresql://routing:p@ss@127.0.0.1/x", "write %40 for @"),
    ],
)
def test_another_kind_of_database_is_refused_with_what_to_write(url, message, tmp_path):
    with pytest.raises(InvalidSetting, match=message):
        Database(url, tmp_path)


def test_what_a_database_refuses_is_told_without_the_values(write, now):
    row = {"issuer": None, "subject": "priya-shah", "name": "Priya", "roles": "", "added_at": now}
    with pytest.raises(ConstraintViolation) as refusal:
        write(sa.Connection.execute, tables.accounts.insert().values(**row))

    assert "issuer" in str(refusal.value)
    assert "priya" not in "".join(traceback.format_exception(refusal.value)).lower()


def test_what_a_database_says_never_holds_its_password(tmp_path):
    database = Database("postgres://routing:hush@127.0.0.1:9/none", tmp_path)
    with pytest.raises(DatabaseUnavailable) as refusal, database.reading():
        pass

    assert "hush" not in str(refusal.value)


AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
SAFETY_NET_SECONDS = 60


only_sqlite = pytest.mark.parametrize("kind", ["sqlite"])


@pytest.fixture
def log_bytes(database):
    """Return the size of the write-ahead log; 0 where there is none."""
    file = database.file.with_name(f"{database.file.name}-wal")
    return lambda: file.stat().st_size if file.exists() else 0


def write_calls(database, name, count):
    """Write so many calls, each as large as calls are, 20 in a transaction."""
    for first in range(0, count, 20):
        with database.writing(exclusive=False) as connection:
            for number in range(first, first + 20):
                call = Call("children", "eds", "out_of_hours", AT, legs=(Leg(1, "eds", AT),))
                calls.begin(connection, f"{name}-{number}", call)


def count_calls(database):
    with database.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(tables.calls))


@only_sqlite
def test_the_log_grows_while_a_backup_reads_and_is_cut_afterwards(database, log_bytes):
    with database.reading() as connection:
        connection.execute(tables.calls.select()).all()
        while log_bytes() <= MAX_WAL_BYTES:
            write_calls(database, log_bytes(), 500)
    write_calls(database, "after", 40)

    assert log_bytes() <= MAX_WAL_BYTES


WRITE_AND_END = """
import pathlib, sys
from routing.store import calls
from routing.store.calls import Call
from routing.store.db import Database
from datetime import UTC, datetime

with Database(sys.argv[1], pathlib.Path()).writing() as connection:
    calls.begin(connection, "x", Call("children", "eds", "out_of_hours", datetime.now(UTC)))
"""


@only_sqlite
def test_a_process_that_ends_leaves_its_log_empty_and_loses_nothing(database, log_bytes, tmp_path):
    with closing(sqlite3.connect(database.file)) as other:  # or SQLite itself would empty it
        other.execute("SELECT count(*) FROM calls").fetchall()
        command = [sys.executable, "-c", WRITE_AND_END, str(database.url)]
        subprocess.run(command, check=True, timeout=SAFETY_NET_SECONDS)

        assert log_bytes() == 0
        alone = Database(f"sqlite:///{shutil.copy(database.file, tmp_path / 'copy')}", tmp_path)
        assert count_calls(alone) == 1


@only_sqlite
def test_a_copy_in_the_place_of_the_file_is_used_from_then_on(database, tmp_path):
    write_calls(database, "before", 20)
    database.close()
    copy = Path(shutil.copy(database.file, tmp_path / "copy.sqlite"))
    write_calls(database, "lost", 20)
    assert count_calls(database) == 40
    for suffix in ("-wal", "-shm"):
        database.file.with_name(database.file.name + suffix).unlink()
    copy.rename(database.file)

    assert count_calls(database) == 20
    write_calls(database, "after", 20)
    database.close()
    with closing(sqlite3.connect(database.file)) as other:
        assert other.execute("SELECT count(*) FROM calls").fetchone() == (40,)


@only_sqlite
def test_a_file_that_is_gone_is_neither_read_nor_created_again(database, tmp_path):
    count_calls(database)
    database.file.rename(tmp_path / "away")
    with pytest.raises(DatabaseUnavailable):
        count_calls(database)

    assert not database.file.exists()


def test_psycopg_waits_for_answers_where_this_service_bounds_the_wait():
    """If this fails, see that routing/store/postgresql.py still bounds every wait."""
    parameters = inspect.signature(psycopg.Connection.wait).parameters

    assert list(parameters) == ["self", "gen", "interval", "timeout"]


def test_a_database_in_sql_ascii_answers_in_utf_8(postgresql, tmp_path):
    url = postgresql.database("template0 ENCODING SQL_ASCII LC_COLLATE 'C' LC_CTYPE 'C'")
    with Database(url, tmp_path).reading() as connection:
        assert connection.scalar(sa.text("SELECT 'Siân'")) == "Siân"


def test_a_server_that_stands_still_is_given_up_and_found_again(postgresql, tmp_path):
    database = Database(postgresql.database(), tmp_path)

    def answers():
        try:
            with database.reading() as connection:
                return connection.scalar(sa.text("SELECT 1")) == 1
        except DatabaseUnavailable:
            return False

    poll(answers)  # a busy machine may not answer in time at first
    with ThreadPoolExecutor(1) as thread:
        postgresql.hang()
        try:
            assert thread.submit(answers).result(SAFETY_NET_SECONDS) is False
        finally:
            postgresql.go_on()
    poll(answers)
    database.close()


def test_a_statement_that_is_given_up_leaves_no_connection_behind_that_hangs(postgresql, tmp_path):
    database = Database(postgresql.database(), tmp_path, timeout=0.5, connections=1)
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable), database.reading() as connection:
            connection.execute(sa.text("SET statement_timeout = 0"))
            connection.execute(sa.text("SELECT pg_sleep(30)"))
    with database.reading() as connection:
        assert connection.scalar(sa.text("SELECT 1")) == 1
    database.close()
