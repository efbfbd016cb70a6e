"""Jobs in the background: in order, done later if they must be, and nobody waits long for them."""

import subprocess
import sys
import threading
from functools import partial

import pytest
import sqlalchemy as sa
from serving import poll

from routing.errors import DatabaseUnavailable
from routing.store import audit_log, db, tables
from routing.store.db import Background

SAFETY_NET_SECONDS = 30


@pytest.fixture
def writer(database):
    writer = Background("writer", database, writes=True)
    writer.wait(writer.submit(lambda connection: None), SAFETY_NET_SECONDS)  # connected
    yield writer
    writer.close(SAFETY_NET_SECONDS)


@pytest.fixture
def hang(writer):
    """Give the writer a job that hangs, until ``release`` or the end of the test."""
    has_begun, may_end = threading.Event(), threading.Event()

    def job(connection):
        has_begun.set()
        assert may_end.wait(SAFETY_NET_SECONDS)

    def hang():
        writer.submit(job)
        assert has_begun.wait(SAFETY_NET_SECONDS)

    hang.release = may_end.set
    yield hang
    may_end.set()


def actions(database):
    with database.reading() as connection:
        return [change.action for change in reversed(audit_log.newest(connection, 99))]


def record(now, action):
    return partial(audit_log.record, at=now, actor="service", action=action, entity="test")


def test_jobs_are_done_in_the_order_in_which_they_came_and_return_their_results(
    writer, database, now, hang
):
    hang()
    futures = [writer.submit(record(now, str(number))) for number in range(20)]
    last = writer.submit(lambda connection: 7)
    hang.release()

    assert writer.wait(last, SAFETY_NET_SECONDS) == 7
    assert all(future.done() for future in futures)
    assert actions(database) == [str(number) for number in range(20)]


def test_a_job_that_fails_by_itself_leaves_nothing_and_is_not_tried_again(writer, database, now):
    tries = []

    def fail(connection):
        tries.append(1)
        audit_log.record(connection, now, "service", "half", "test")
        raise RuntimeError("a fault of this job")

    failed = writer.submit(fail)
    writer.wait(writer.submit(record(now, "next")), SAFETY_NET_SECONDS)
    with pytest.raises(RuntimeError, match="a fault of this job"):
        writer.wait(failed, SAFETY_NET_SECONDS)

    assert (tries, actions(database)) == ([1], ["next"])


def test_nobody_waits_long_for_a_database_that_hangs_nor_at_all_after_a_second(writer, hang):
    hang()
    with pytest.raises(DatabaseUnavailable, match="did not answer"):
        writer.wait(writer.submit(lambda connection: None), timeout=0.02)
    poll(lambda: writer.fault is not None)
    with pytest.raises(DatabaseUnavailable, match="has not answered"):
        writer.wait(writer.submit(lambda connection: None), timeout=SAFETY_NET_SECONDS)

    hang.release()
    poll(lambda: writer.fault is None)
    assert writer.wait(writer.submit(lambda connection: 7), SAFETY_NET_SECONDS) == 7


def test_a_database_that_hangs_holds_up_one_thread_whatever_is_asked_of_it(writer, hang):
    before = threading.active_count()
    hang()
    for _ in range(200):
        writer.submit(lambda connection: None)

    assert threading.active_count() <= before


@pytest.mark.parametrize("kind", ["sqlite"])  # a server's database is no file of this machine
def test_what_a_database_that_is_gone_could_not_take_is_done_in_order_once_it_is_back(
    writer, database, now, tmp_path
):
    database.file.rename(tmp_path / "away")
    first = writer.submit(record(now, "first"))
    with pytest.raises(DatabaseUnavailable):
        writer.wait(first, SAFETY_NET_SECONDS)
    with pytest.raises(DatabaseUnavailable):  # it is known by now: nobody waits
        writer.wait(writer.submit(record(now, "second")), timeout=SAFETY_NET_SECONDS)
    assert "not made yet" in writer.fault
    (tmp_path / "away").rename(database.file)
    poll(lambda: actions(database) == ["first", "second"])

    assert writer.fault is None


def test_of_more_jobs_than_there_is_room_for_the_newest_are_kept(
    writer, database, now, hang, monkeypatch, caplog
):
    monkeypatch.setattr(db, "MAX_JOBS", 3)
    hang()
    futures = [writer.submit(record(now, str(number))) for number in range(6)]
    hang.release()
    futures[-1].result(SAFETY_NET_SECONDS)

    assert actions(database) == ["3", "4", "5"]
    assert "the oldest is dropped" in caplog.text


def test_a_machine_without_a_thread_to_give_says_so_and_the_job_is_done_later(
    database, now, monkeypatch
):
    def none_left(thread):
        raise RuntimeError("can't start new thread")

    writer = Background("writer", database, writes=True)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", none_left)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            writer.submit(record(now, "first"))
    writer.wait(writer.submit(record(now, "second")), SAFETY_NET_SECONDS)
    writer.close()

    assert actions(database) == ["first", "second"]


def test_closing_finishes_what_waits_and_takes_no_more(writer, database, now):
    for number in range(10):
        writer.submit(record(now, str(number)))
    writer.close(SAFETY_NET_SECONDS)

    assert len(actions(database)) == 10
    with pytest.raises(RuntimeError, match="no job is taken"):
        writer.submit(record(now, "late"))


ENDING = """
import pathlib, sys, threading
from datetime import UTC, datetime
from functools import partial
from routing.store import calls
from routing.store.db import Background, Database

database = Database(sys.argv[1], pathlib.Path())
writer = Background("writer", database, writes=True)
writer.wait(writer.submit(lambda connection: None), 60)  # connected
job = partial(calls.increment, name="written", at=datetime.now(UTC))
if sys.argv[2] == "hangs":
    writer.wait(writer.submit(job), 60)
    job = lambda connection: threading.Event().wait()
writer.submit(job)
"""


@pytest.mark.parametrize("kind", ["sqlite"])  # the threads are alike on both
@pytest.mark.parametrize("how", ["ends", "hangs"])
def test_a_process_that_ends_finishes_its_jobs_and_waits_for_none_that_hangs(database, now, how):
    url = database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", ENDING, url, how]
    subprocess.run(command, check=True, timeout=120)

    with database.reading() as connection:
        assert connection.scalar(sa.select(tables.counters.c.count)) == 1
