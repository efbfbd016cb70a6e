"""Diverts as staff set them: all or none, newest last, each with its record."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from conftest import Clock
from divert_to import divert_to

from routing.core.instants import Span
from routing.errors import UnknownDivert
from routing.store import audit_log, db, diverts
from routing.store.db import Database
from routing.store.diverts import DivertCache, DivertFile, DivertReading

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def wanted(now, line="eds", start=timedelta(0), length=HOUR):
    return divert_to(line, Span(now + start, now + start + length))


@pytest.fixture
def put(write, now):
    def put(*new_diverts, at=now, once=""):
        new = new_diverts or [wanted(now)]
        return write(diverts.create, new, "the phones are down", at, "account:1", once)

    return put


@pytest.fixture
def move(write):
    return lambda divert, end, at: write(diverts.move_end, divert.id, end, at, "account:2")


@pytest.fixture
def unended(read):
    return lambda at: read(diverts.current_and_future, at)


@pytest.fixture
def record(read):
    return lambda: read(audit_log.newest, 100)[::-1]


def test_a_divert_is_read_as_it_was_set_and_recorded_without_its_note(put, unended, record, now):
    (stored,) = put()
    (entry,) = record()

    assert unended(now) == (stored,)
    assert (stored.service, stored.line, stored.note) == ("children", "eds", "the phones are down")
    assert stored.during == Span(now, now + HOUR)
    assert (stored.set_at, stored.set_by) == (now, "account:1")
    assert (entry.at, entry.actor, entry.action) == (now, "account:1", "divert.set")
    assert (entry.before, entry.after) == (
        None,
        {
            "service": "children",
            "line": "eds",
            "from": now.isoformat(),
            "to": (now + HOUR).isoformat(),
        },
    )


def test_it_is_read_until_its_end_and_in_periods_that_it_overlaps(put, unended, read, now):
    (stored,) = put()

    def overlapping(start, end):
        return read(diverts.overlapping, now + start, now + end)

    for at, left in ((HOUR - SECOND, 1), (HOUR, 0), (HOUR + SECOND, 0)):
        assert len(unended(now + at)) == left
    assert overlapping(-HOUR, timedelta(0)) == overlapping(HOUR, 2 * HOUR) == ()
    assert overlapping(-HOUR, SECOND) == overlapping(HOUR - SECOND, 2 * HOUR) == (stored,)


def test_a_divert_set_now_is_in_force_now_whatever_the_microsecond(put, now):
    (stored,) = put(wanted(now + timedelta(microseconds=700_000)))

    assert now in stored.during


def test_the_one_set_last_is_newest_whatever_the_clock_of_its_machine(put, unended, now):
    put(wanted(now, "first"), at=now)
    put(wanted(now, "second"), at=now - timedelta(minutes=5))
    put(wanted(now, "third"), at=now)

    stored = unended(now)
    assert [divert.line for divert in stored] == ["first", "second", "third"]


def test_a_form_sent_twice_sets_its_diverts_once(put, unended, now):
    first = put(wanted(now), wanted(now, "mash"), once="abc_")
    again = put(wanted(now), wanted(now, "mash"), once="abc_")
    other = put(wanted(now), once="abcd")
    like = put(wanted(now), once="ab__")

    assert first == again
    assert list(unended(now)) == [*first, *other, *like]


def test_several_diverts_are_set_all_or_none(put, unended, now, record):
    backwards = divert_to("eds", Span(now + HOUR, now))
    with pytest.raises(Exception, match="ends_after_it_starts"):
        put(wanted(now), backwards)

    assert unended(now) == ()
    assert record() == []


def test_another_end_is_kept_and_the_old_one_recorded(put, move, unended, record, now):
    (stored,) = put()
    moved = move(stored, now + 3 * HOUR, at=now + SECOND)

    assert unended(now) == (moved,)
    assert moved.during == Span(now, now + 3 * HOUR)
    last = record()[-1]
    assert (last.action, last.actor, last.entity) == ("divert.changed", "account:2", "divert:1")
    assert last.before["to"] == (now + HOUR).isoformat()
    assert last.after["to"] == (now + 3 * HOUR).isoformat()


def test_one_that_is_ended_is_over_at_that_instant_or_never_in_force(put, move, now, record):
    running, later = put(wanted(now), wanted(now, start=HOUR))
    ended = move(running, now + SECOND, at=now + SECOND)
    never = move(later, now, at=now)

    assert now in ended.during
    assert now + SECOND not in ended.during
    assert never.during.start == never.during.end
    assert [entry.action for entry in record()[-2:]] == ["divert.ended"] * 2


def test_one_that_has_ended_stays_as_it_was_and_nothing_is_recorded(put, move, record, now):
    (stored,) = put()

    assert move(stored, now + 5 * HOUR, at=now + HOUR) == stored
    assert len(record()) == 1


def test_an_unknown_divert_is_refused(put, move, now):
    (stored,) = put()
    with pytest.raises(UnknownDivert, match="There is no divert 99"):
        move(replace(stored, id=99), now, at=now)


def test_those_who_divert_at_once_all_do_and_one_is_the_newest(put, unended, record, now):
    with ThreadPoolExecutor(2) as threads:  # as many as there are connections
        list(threads.map(lambda line: put(wanted(now, line)), ["a", "b", "c"]))

    stored = unended(now)
    assert len(stored) == 3
    assert [row.entity for row in record()] == [f"divert:{row.id}" for row in stored]


SAFETY_NET_SECONDS = 15
NONE = DivertReading()


@pytest.fixture
def divert_file(tmp_path):
    return DivertFile(tmp_path / "diverts.json")


@pytest.fixture
def readings(database, divert_file):
    readings = DivertCache(database, divert_file, Clock())
    readings.current(0, timeout=10)  # connected: on a busy machine that takes longer than patience
    yield readings
    readings.close()


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
    until(lambda: [divert.line for divert in (divert_file.load() or NONE).diverts] == lines)


def test_a_reading_from_now_on_has_what_was_just_set(readings, put, now):
    for number in range(20):
        put(wanted(now, f"line-{number}"))
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
    (stored,) = put()
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

    assert "phones are down" not in divert_file.file.read_text()
    assert oct(divert_file.file.stat().st_mode)[-3:] == "600"


def test_an_older_reading_never_replaces_a_newer_one(divert_file, readings, put):
    put()
    new = readings.current(0)
    on_disk(divert_file, ["eds"])
    divert_file.save(DivertReading((), new.began - 1))
    assert lines(divert_file.load()) == ["eds"]
    divert_file.save(DivertReading((), new.began + 1))
    assert divert_file.load() == DivertReading((), pytest.approx(new.began + 1))


def test_a_kept_file_that_is_broken_costs_nothing(divert_file, readings, put, caplog):
    put()
    readings.current(0)
    on_disk(divert_file, ["eds"])
    without_zone = divert_file.file.read_text().replace("Z", "")
    for text in (without_zone, "{", "{}", '[{"id": 1}]', "3", "\x00"):
        caplog.clear()
        divert_file.file.write_text(text)

        assert divert_file.load() is None
        assert ("has no zone" if text is without_zone else "cannot use the diverts") in caplog.text
    divert_file.file.write_bytes(b"\xff\xfe")
    assert divert_file.load() is None
    divert_file.save(DivertReading((), time.time() + 1))
    assert divert_file.load().diverts == ()


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
