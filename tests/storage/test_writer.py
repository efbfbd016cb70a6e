"""Notes, each whole or not there; and that what others wrote to SQLite's file is never missed."""

import shutil
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from routing.core.hours import Span
from routing.storage import calls, diverts, tables, upgrade
from routing.storage.db import Database
from routing.storage.diverts import Wanted
from routing.storage.insert import Insert
from routing.storage.kept import Kept
from routing.storage.readings import Readings
from routing.storage.writer import Writer

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def file(tmp_path):
    database = Database("", tmp_path)
    upgrade.upgrade(database)
    database.engine.dispose()
    return database.file


@pytest.fixture
def writer(file):
    writer = Writer(Database(f"sqlite:///{file}", file.parent))
    writer.version(opening=True)
    return writer


def put(url, folder, count=1):
    """Set diverts as another process would: by a database of its own."""
    with Database(url, folder).writing() as connection:
        wanted = [Wanted("children", "eds", Span(AT, AT + timedelta(hours=1)), "x")] * count
        diverts.put(connection, wanted, AT, "person:1")


def note(writer):
    """Write as a call does."""
    with writer.transaction() as connection:
        calls.count(connection, calls.FAULTS, AT)


def tally(file):
    """Return what a file holds of the tally that notes add to."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return connection.execute("SELECT sum(count) FROM tallies").fetchone()[0]


def test_it_is_the_same_while_nobody_writes_and_another_after_each_write(writer, file):
    seen = [writer.version(), writer.version()]
    for _ in range(2):
        put(f"sqlite:///{file}", file.parent)
        seen.append(writer.version())

    assert seen[0] == seen[1] is not None
    assert len(set(seen)) == 3


def test_its_own_notes_are_no_change_and_what_was_written_before_one_still_is(writer, file):
    before = writer.version()
    note(writer)
    assert writer.version() == before

    put(f"sqlite:///{file}", file.parent)
    note(writer)
    assert writer.version() not in (before, None)


def test_a_note_that_fails_leaves_nothing_and_the_next_is_kept(writer, file):
    legs = Insert(tables.legs, "call number line rung_at", lambda insert: insert)
    leg = {"call": None, "number": 1, "line": "secret words", "rung_at": AT}
    with pytest.raises(IntegrityError) as raised, writer.transaction() as connection:
        calls.count(connection, calls.FAULTS, AT)
        legs.run(connection, leg)
    assert "secret" not in str(raised.value)
    note(writer)

    assert tally(file) == 1


def test_what_was_noted_is_written_back_while_nobody_waits(writer, file, tmp_path, monkeypatch):
    monkeypatch.setattr("routing.storage.writer.WRITE_BACK", 5)
    for _ in range(5):
        note(writer)
    for _ in range(200):  # seconds, at most
        if tally(shutil.copy(file, tmp_path / "alone.sqlite")) == 5:
            return
        time.sleep(0.1)
    pytest.fail("the log was not written back")


def test_whoever_reads_for_long_holds_up_no_note_by_what_is_written_back(writer, file):
    with closing(sqlite3.connect(file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM tallies").fetchall()
        note(writer)
        began = time.monotonic()
        writer.database.write_back()
        assert time.monotonic() - began < 1.5
        note(writer)

    assert tally(file) == 2


def test_while_a_note_hangs_nothing_is_known_and_nobody_waits_for_it(writer):
    with writer.transaction():
        began = time.monotonic()
        assert writer.version() is None
        assert writer.version(opening=True) is None
        assert time.monotonic() - began < 5


def test_a_copy_in_the_place_of_the_file_is_another(writer, file, tmp_path):
    before = writer.version()
    copy = shutil.copy(file, tmp_path / "copy.sqlite")
    copy.rename(file)

    assert writer.version() is None
    assert writer.version(opening=True) not in (before, None)


def test_it_is_not_known_where_the_file_is_gone_or_none(writer, file, tmp_path):
    writer.version()
    file.write_bytes(b"no database at all" * 100)
    file.rename(tmp_path / "away")

    assert writer.version() is None
    assert writer.version(opening=True) is None
    assert Writer(Database("postgresql://x@127.0.0.1:1/x", tmp_path)).version(True) is None


def test_a_reading_from_now_on_reads_again_only_what_was_written_to(file):
    url = f"sqlite:///{file}"
    readings = Readings(
        Writer(Database(url, file.parent)), Kept(file.parent / "kept.json"), lambda: AT
    )
    first = readings.current(0, patience=10)
    again = readings.current(0, patience=10)
    assert again.diverts is first.diverts
    assert again.began >= first.began

    for count in range(1, 6):
        put(url, file.parent)
        assert len(readings.current(0, patience=10).diverts) == count


def test_what_holds_the_file_does_not_hold_whoever_asks(writer, file):
    writer.version()
    with sqlite3.connect(file, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert writer.version() is not None
        other.execute("ROLLBACK")
