"""Whether SQLite's file was written to since, and that nothing written is missed."""

import shutil
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from routing.core.hours import Span
from routing.storage import diverts, upgrade
from routing.storage.db import Database
from routing.storage.diverts import Wanted
from routing.storage.kept import Kept
from routing.storage.readings import Readings
from routing.storage.watch import Watch

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def file(tmp_path):
    database = Database("", tmp_path)
    upgrade.upgrade(database)
    database.engine.dispose()
    return database.file


@pytest.fixture
def watch(file):
    return Watch(Database(f"sqlite:///{file}", file.parent))


def put(url, folder, count=1):
    """Set diverts as another process would: by a database of its own."""
    with Database(url, folder).writing() as connection:
        wanted = [Wanted("children", "eds", Span(AT, AT + timedelta(hours=1)), "x")] * count
        diverts.put(connection, wanted, AT, "person:1")


def test_it_is_the_same_while_nobody_writes_and_another_after_each_write(watch, file):
    seen = [watch.version(), watch.version()]
    for _ in range(2):
        put(f"sqlite:///{file}", file.parent)
        seen.append(watch.version())

    assert seen[0] == seen[1] is not None
    assert len(set(seen)) == 3


def test_a_copy_in_the_place_of_the_file_is_another(watch, file, tmp_path):
    before = watch.version()
    copy = shutil.copy(file, tmp_path / "copy.sqlite")
    copy.rename(file)

    assert watch.version() not in (before, None)


def test_it_is_not_known_where_the_file_is_gone_or_none(watch, file, tmp_path):
    watch.version()
    file.write_bytes(b"no database at all" * 100)
    file.rename(tmp_path / "away")

    assert watch.version() is None
    assert Watch(Database("postgresql://x@127.0.0.1:1/x", tmp_path)).version() is None


def test_a_reading_from_now_on_reads_again_only_what_was_written_to(file):
    url = f"sqlite:///{file}"
    readings = Readings(Database(url, file.parent), Kept(file.parent / "kept.json"), lambda: AT)
    first = readings.current(0, patience=10)
    again = readings.current(0, patience=10)
    assert again.diverts is first.diverts
    assert again.began >= first.began

    for count in range(1, 6):
        put(url, file.parent)
        assert len(readings.current(0, patience=10).diverts) == count


def test_what_holds_the_file_does_not_hold_whoever_asks(watch, file):
    watch.version()
    with sqlite3.connect(file, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert watch.version() is not None
        other.execute("ROLLBACK")
