"""The diverts as last read: as fresh as asked for, and never waited for longer than agreed."""

import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from conftest import Clock

from routing.core.instants import Span
from routing.store import db, diverts
from routing.store.db import Database
from routing.store.diverts import DivertCache, DivertFile, NewDivert

SAFETY_NET_SECONDS = 15


@pytest.fixture
def divert_file(tmp_path):
    return DivertFile(tmp_path / "diverts.json")


@pytest.fixture
def readings(database, divert_file):
    readings = DivertCache(database, divert_file, Clock())
    readings.current(0, timeout=10)  # connected: on a busy machine that takes longer than patience
    yield readings
    readings.close()


@pytest.fixture
def put(write, now):
    def put(line="eds"):
        wanted = NewDivert("children", line, Span(now, now + timedelta(hours=1)), "secret words")
        return write(diverts.create, [wanted], now, "account:1")[0]

    return put


def lines(reading):
    return [divert.line for divert in reading.diverts]


def until(condition):
    """Wait until a condition holds."""
    end = time.monotonic() + SAFETY_NET_SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def on_disk(divert_file, lines):
    """Wait until a reading is on disk, which callers do not wait for."""
    until(lambda: [divert.line for divert in (divert_file.load() or [()])[0]] == lines)


def test_a_reading_from_now_on_has_what_was_just_set(readings, put):
    for number in range(20):
        put(f"line-{number}")
        assert lines(readings.current(0, timeout=10))[-1] == f"line-{number}"


def test_a_reading_may_be_as_old_as_is_said_and_no_older(readings, put):
    assert lines(readings.current(0)) == []
    put()
    assert lines(readings.current(60)) == []
    time.sleep(0.1)
    assert lines(readings.current(0.05, timeout=10)) == ["eds"]


def test_requests_that_arrive_during_a_reading_share_the_next(readings):
    statements, began, release = [], threading.Event(), threading.Event()

    def hold(connection, cursor, statement, *more):
        if "FROM diverts" in statement:
            statements.append(statement)
            began.set()
            assert release.wait(SAFETY_NET_SECONDS)

    sa.event.listen(sa.Engine, "before_cursor_execute", hold)
    try:
        assert readings.current(0, timeout=0).fault is not None
        assert began.wait(SAFETY_NET_SECONDS)
        for _ in range(50):
            assert readings.current(0, timeout=0).fault is not None
        release.set()
        until(lambda: readings.current(0, timeout=1).fault is None)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", hold)

    assert len(statements) <= 5  # of 53 requests


@pytest.mark.parametrize("kind", ["sqlite"])  # a server's database is there or it is a fault
def test_a_database_that_is_not_made_holds_no_diverts_and_is_no_fault(bare, divert_file):
    reading = DivertCache(bare, divert_file, Clock()).current(0)

    assert (reading.diverts, reading.fault) == ((), None)
    assert not bare.file.exists()


@pytest.mark.parametrize("kind", ["sqlite"])  # a server's database is no file of this machine
def test_a_file_that_is_gone_is_a_fault_and_its_diverts_stay_in_force(readings, put, tmp_path):
    put()
    readings.current(0)
    on_disk(readings.saved, ["eds"])
    readings.database.file.rename(tmp_path / "elsewhere")
    for cache in (readings, DivertCache(readings.database, readings.saved, Clock())):
        reading = cache.current(0)
        assert lines(reading) == ["eds"]
        assert "is not there" in reading.fault
    (tmp_path / "elsewhere").rename(readings.database.file)
    until(lambda: readings.current(0).fault is None)


def test_a_database_without_tables_is_a_fault_until_they_are_made(bare, divert_file):
    if bare.file is not None:
        bare.file.touch()
    readings = DivertCache(bare, divert_file, Clock())
    assert "not made yet" in readings.current(0, timeout=SAFETY_NET_SECONDS).fault
    db.upgrade(bare)

    until(lambda: readings.current(0).fault is None)


def test_another_process_that_starts_without_the_database_has_the_last_reading(
    readings, put, divert_file, tmp_path
):
    stored = put()
    readings.current(0)
    on_disk(divert_file, ["eds"])
    gone = Database("postgresql://routing@127.0.0.1:9/none", tmp_path)
    reading = DivertCache(gone, divert_file, Clock()).current(0)

    assert lines(reading) == ["eds"]
    assert (reading.diverts[0].during, reading.diverts[0].set_at) == (stored.during, stored.set_at)
    assert reading.fault is not None


def test_the_note_is_not_kept_on_disk(readings, put, divert_file):
    put()
    readings.current(0)
    on_disk(divert_file, ["eds"])

    assert "secret" not in divert_file.file.read_text()
    assert oct(divert_file.file.stat().st_mode)[-3:] == "600"


def test_an_older_reading_never_replaces_a_newer_one(divert_file, readings, put):
    put()
    new = readings.current(0)
    on_disk(divert_file, ["eds"])
    divert_file.save((), new.began - 1)
    assert [divert.line for divert in divert_file.load()[0]] == ["eds"]
    divert_file.save((), new.began + 1)
    assert divert_file.load() == ((), pytest.approx(new.began + 1))


def test_a_kept_divert_whose_times_have_no_zone_is_not_used(divert_file, readings, put, caplog):
    put()
    readings.current(0)
    on_disk(divert_file, ["eds"])
    divert_file.file.write_text(divert_file.file.read_text().replace("Z", ""))

    assert divert_file.load() is None
    assert "has no zone" in caplog.text


def test_a_kept_file_that_is_broken_costs_nothing(divert_file, tmp_path, caplog):
    for text in ("{", "{}", '[{"id": 1}]', "3", "\x00"):
        divert_file.file.write_text(text)
        assert divert_file.load() is None
        assert "cannot use the diverts" in caplog.text
        caplog.clear()
    divert_file.file.write_bytes(b"\xff\xfe")
    assert divert_file.load() is None
    divert_file.save((), time.time() + 1)
    assert divert_file.load()[0] == ()


def test_a_folder_that_cannot_be_written_is_logged_and_stops_nothing(database, put, caplog):
    readings = DivertCache(database, DivertFile(Path("/proc/none/diverts.json")), Clock())
    put()

    assert lines(readings.current(0, timeout=10)) == ["eds"]
    until(lambda: "cannot save the diverts" in caplog.text)


def test_a_machine_without_another_thread_or_handle_to_give_costs_no_answer(
    readings, put, monkeypatch, caplog
):
    put()
    readings.current(0)

    def none_left(*words, **more):
        raise RuntimeError("can't start new thread")

    fresh = DivertCache(readings.database, readings.saved, Clock())
    on_disk(readings.saved, ["eds"])
    monkeypatch.setattr(threading.Thread, "start", none_left)
    reading = fresh.current(0)
    assert lines(reading) == ["eds"]
    assert "can't start new thread" in reading.fault

    monkeypatch.setattr(type(readings.database), "exists", property(none_left))
    assert lines(readings.current(0)) == ["eds"]


def test_a_server_that_stops_and_starts_again_is_found_again(postgresql, tmp_path, caplog):
    database = Database(postgresql.database(), tmp_path)
    db.upgrade(database)
    readings = DivertCache(database, DivertFile(tmp_path / "kept.json"), Clock())
    assert readings.current(0, timeout=10).fault is None
    postgresql.stop()
    try:
        fault = readings.current(0).fault
    finally:
        postgresql.start()
    until(lambda: readings.current(0).fault is None)
    readings.close()
    database.close()

    assert "does not answer" in fault
    assert "\n" not in fault
    assert "the database answers again" in caplog.text
