"""SQLite's own: a write-ahead log that stays small, and a file that was replaced by a copy."""

import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from routing.errors import DatabaseUnavailable
from routing.store import calls, diverts, tables
from routing.store.calls import CallStart, LegStart
from routing.store.db import Database
from routing.store.sqlite import MAX_WAL_BYTES

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
SAFETY_NET_SECONDS = 60


@pytest.fixture
def kind():
    return "sqlite"


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
                call = CallStart("children", "eds", "out_of_hours", AT)
                calls.begin(connection, f"{name}-{number}", call, LegStart(1, "eds", AT))


def count_calls(database):
    with database.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(tables.calls))


def test_the_log_of_writes_stays_small_while_others_read(database, log_bytes):
    stop = threading.Event()

    def read():
        own = database.with_own_connection(timeout=10)
        while not stop.is_set():
            with own.reading() as connection:
                diverts.current_and_future(connection, AT)
        own.close()

    readers = [threading.Thread(target=read) for _ in range(2)]
    for thread in readers:
        thread.start()
    sizes = []
    for turn in range(60):
        write_calls(database, turn, 100)
        sizes.append(log_bytes())
    stop.set()
    for thread in readers:
        thread.join()

    assert count_calls(database) == 6000
    assert 0 < max(sizes) <= MAX_WAL_BYTES


def test_the_log_grows_while_a_backup_reads_and_is_cut_afterwards(database, log_bytes):
    with database.reading() as connection:
        connection.execute(tables.calls.select()).all()
        while log_bytes() <= MAX_WAL_BYTES:
            write_calls(database, log_bytes(), 500)
    write_calls(database, "after", 40)

    assert log_bytes() <= MAX_WAL_BYTES


def test_closing_empties_the_log_though_another_process_is_connected(database, log_bytes):
    with database.with_own_connection(timeout=10).reading() as other:
        other.execute(tables.calls.select()).all()
        other.rollback()
        write_calls(database, "x", 100)
        assert log_bytes() > 0
        database.close()

        assert log_bytes() == 0


WRITE_AND_END = """
import pathlib, sys
from routing.store import calls
from routing.store.calls import CallStart
from routing.store.db import Database
from datetime import UTC, datetime

with Database(sys.argv[1], pathlib.Path()).writing() as connection:
    calls.begin(connection, "x", CallStart("children", "eds", "out_of_hours", datetime.now(UTC)))
"""


def test_a_process_that_ends_leaves_its_log_empty_and_loses_nothing(database, log_bytes, tmp_path):
    with closing(sqlite3.connect(database.file)) as other:  # or SQLite itself would empty it
        other.execute("SELECT count(*) FROM calls").fetchall()
        command = [sys.executable, "-c", WRITE_AND_END, str(database.url)]
        subprocess.run(command, check=True, timeout=SAFETY_NET_SECONDS)

        assert log_bytes() == 0
        alone = Database(f"sqlite:///{shutil.copy(database.file, tmp_path / 'copy')}", tmp_path)
        assert count_calls(alone) == 1


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


def test_a_file_that_is_gone_is_neither_read_nor_created_again(database, tmp_path):
    count_calls(database)
    database.file.rename(tmp_path / "away")
    with pytest.raises(DatabaseUnavailable):
        count_calls(database)

    assert not database.file.exists()
