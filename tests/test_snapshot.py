"""Snapshots: read again when a file changes, never while it is being written or is broken."""

import os
import resource
import shutil
import socket
import time
from datetime import UTC, date, datetime, timedelta
from itertools import count

import govuk_feed
import pytest
from conftest import ANYSHIRE
from serving import poll

from routing import bank_holidays
from routing import snapshot as snapshot_module
from routing.bank_holidays import refresh
from routing.directory import load
from routing.directory.load import parse
from routing.errors import InvalidDirectory
from routing.snapshot import SnapshotLoader

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
GOOD = ANYSHIRE.read_text()
BETTER = GOOD.replace("01632 960001", "01632 960077")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(snapshot_module, "POLL_INTERVAL_SECONDS", 0.02)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "directory.yaml"
    path.write_text(GOOD)
    return path


@pytest.fixture
def loader(file, tmp_path):
    hours = count()
    loader = SnapshotLoader(file, tmp_path / "instance", lambda: AT + timedelta(hours=next(hours)))
    loader.current()
    return loader


def settled(loader):
    """Return the snapshot once every change has been still, long enough after the last look."""
    time.sleep(0.05)
    return loader.current()


def number(snapshot):
    return snapshot.directory.lines[0].phone.display


WAYS = {
    "written": lambda new, file: shutil.copyfile(new, file),
    "written with an older date": lambda new, file: shutil.copy2(new, file),
    "replaced by a file of an older date": os.replace,
    "linked elsewhere": lambda new, file: (file.unlink(), file.symlink_to(new)),
}


@pytest.mark.parametrize("seconds", [-3600, 3600], ids=["past", "future"])
@pytest.mark.parametrize("change", WAYS.values(), ids=WAYS)
def test_a_changed_file_is_in_use_at_the_first_request_after_it_has_been_still(
    loader, file, tmp_path, change, seconds
):
    new = tmp_path / "new.yaml"
    new.write_text(BETTER)
    os.utime(new, (time.time() + seconds,) * 2)
    settled(loader)
    change(new, file)

    assert number(settled(loader)) == "01632 960077"


def test_a_number_that_is_spelt_in_another_way_is_shown_so(loader, file):
    file.write_text(GOOD.replace("01632 960002", "(01632) 960 002"))
    decision = settled(loader).timetables.decision("children", AT.replace(hour=22))

    assert decision.phone.display == "(01632) 960 002"


def test_a_file_that_is_being_written_is_not_read(loader, file, monkeypatch):
    settled(loader)
    with monkeypatch.context() as patched:
        patched.setattr(snapshot_module, "POLL_INTERVAL_SECONDS", 60)
        for count in range(6):
            file.write_text(BETTER + f"# {count}\n")
            assert number(loader.refresh()) == "01632 960001"
    time.sleep(0.12)

    assert number(loader.refresh()) == "01632 960077"


@pytest.mark.parametrize("bad", ["services: [", "", GOOD[: len(GOOD) // 2], None])
def test_a_broken_or_missing_file_changes_no_answer_and_says_what_is_wrong_until_it_is_mended(
    loader, file, bad
):
    before = settled(loader)
    if bad is None:
        file.unlink()
        settled(loader)
    else:
        file.write_text(bad)
    snapshot = settled(loader)

    assert snapshot.directory == before.directory
    assert snapshot.problems
    assert settled(loader) is snapshot  # it is not read again and again
    file.write_text("lines: [")
    assert settled(loader).kept_at == snapshot.kept_at == before.loaded_at
    file.write_text(BETTER)
    mended = settled(loader)
    assert (number(mended), mended.problems, mended.kept_at) == ("01632 960077", (), None)


def test_a_file_that_was_just_written_is_read_once_more_when_it_is_still(
    file, tmp_path, monkeypatch
):
    loader = SnapshotLoader(file, tmp_path / "instance", lambda: AT)
    with monkeypatch.context() as patched:
        patched.setattr(snapshot_module, "POLL_INTERVAL_SECONDS", 60)
        first = loader.current()
    time.sleep(0.12)
    second = loader.refresh()

    assert second is not first
    assert settled(loader) is second


def test_a_file_broken_while_nothing_can_be_kept_changes_no_answer(loader, file, tmp_path):
    shutil.rmtree(tmp_path / "instance")
    (tmp_path / "instance").write_text("")
    before = settled(loader)
    file.write_text("services: [")
    snapshot = settled(loader)

    assert (number(snapshot), bool(snapshot.problems)) == ("01632 960001", True)
    assert snapshot.kept_at == before.loaded_at


@pytest.mark.parametrize("text", [GOOD, "services: ["], ids=["good", "broken directory"])
def test_a_new_list_of_bank_holidays_is_in_use_and_stays_so_while_its_copy_is_broken(
    loader, feed, file, tmp_path, text
):
    file.write_text(text)
    day = date(2026, 12, 2)
    assert day not in settled(loader).holidays.dates
    feed.send(govuk_feed.added(govuk_feed.events(), day.isoformat(), "Proclaimed"))
    refresh(tmp_path / "instance", feed.url, AT)
    assert day in settled(loader).timetables.holidays

    bank_holidays.copy_path(tmp_path / "instance").write_text("{")
    snapshot = settled(loader)

    assert day in snapshot.holidays.dates
    assert "refresh" in snapshot.holidays.fault


def test_a_request_sees_one_snapshot_from_its_beginning_to_its_end(make_app, file):
    from routing import lookup

    app = make_app(file)
    with app.app_context():
        lookup.snapshot()
        file.write_text(BETTER)
        settled(app.extensions["snapshot_loader"])
        assert number(lookup.snapshot()) == "01632 960001"
    with app.app_context():
        assert number(lookup.snapshot()) == "01632 960077"


@pytest.mark.parametrize("kind", ["pipe", "socket", "folder", "device"])
def test_what_is_no_regular_file_is_not_opened_and_changes_no_answer(loader, file, kind):
    settled(loader)
    file.unlink()
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "folder":
        file.mkdir()
    elif kind == "device":
        file.symlink_to("/dev/zero")
    else:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(str(file))
    snapshot = settled(loader)

    assert number(snapshot) == "01632 960001"
    assert "not a regular file" in snapshot.problems[0].message


def test_a_file_that_could_not_be_opened_for_a_while_is_in_use_without_being_touched(
    loader, file, monkeypatch, caplog
):
    settled(loader)
    monkeypatch.setattr(snapshot_module, "RETRY_SECONDS", 0.04)
    file.write_text(BETTER)
    time.sleep(0.12)
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limit[1]))
    try:
        snapshot = loader.current()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    assert (number(snapshot), snapshot.problems[0].line) == ("01632 960001", 0)
    caplog.clear()

    assert number(settled(loader)) == "01632 960077"
    assert "is in order again" in caplog.text


def test_a_fault_of_ours_while_reading_again_costs_no_answer_and_is_tried_again(
    file, tmp_path, monkeypatch, caplog
):
    monkeypatch.setattr(snapshot_module, "RETRY_SECONDS", 0.04)
    loader = SnapshotLoader(file, tmp_path / "instance", lambda: AT)
    loader.current()
    settled(loader)
    loader.clock = lambda: 1 / 0
    file.write_text(BETTER)
    for _ in range(2):
        snapshot = settled(loader)
        assert (number(snapshot), snapshot.problems[0].code) == ("01632 960001", "fault")
    assert caplog.text.count("fault while reading") == 1
    loader.clock = lambda: AT

    assert number(settled(loader)) == "01632 960077"
    assert settled(loader).problems == ()


def test_a_fault_of_ours_at_the_start_leaves_the_last_good_directory_in_use(
    loader, file, tmp_path, monkeypatch
):
    file.write_text(BETTER)
    monkeypatch.setattr(load, "parse", lambda text, at: parse(text, at) if text == GOOD else 1 / 0)
    snapshot = SnapshotLoader(file, tmp_path / "instance", lambda: AT).current()

    assert (number(snapshot), snapshot.problems[0].code) == ("01632 960001", "fault")


def test_a_change_is_in_use_without_any_request_since(loader, file):
    settled(loader)
    loader.watch()
    try:
        file.write_text(BETTER)
        poll(lambda: number(loader.snapshot) == "01632 960077")
        assert number(loader.current()) == "01632 960077"
    finally:
        loader.stop()


@pytest.mark.parametrize("is_watched", [True, False])
def test_a_mended_file_is_in_use_though_there_was_no_directory_at_the_start(tmp_path, is_watched):
    file = tmp_path / "directory.yaml"
    loader = SnapshotLoader(file, tmp_path / "instance", lambda: AT)
    with pytest.raises(InvalidDirectory):
        loader.current()
    if is_watched:
        loader.watch()
    try:
        file.write_text(GOOD)
        poll(lambda: (is_watched or loader.current()) and loader.snapshot is not None)
    finally:
        loader.stop()
