"""What answers rest on: read again when a file changes, never while it is written or broken."""

import os
import resource
import socket
import time
from datetime import UTC, date, datetime, timedelta

import govuk_feed
import pytest
from conftest import ANYSHIRE

from routing import snapshot as snapshot_module
from routing.bank_holidays import govuk
from routing.bank_holidays.refresh import refresh
from routing.errors import InvalidDirectory
from routing.snapshot import SnapshotLoader

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
GOOD = ANYSHIRE.read_text()
BETTER = GOOD.replace("01632 960001", "01632 960077")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(snapshot_module, "POLL_INTERVAL_SECONDS", 0.05)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "directory.yaml"
    path.write_text(GOOD)
    return path


@pytest.fixture
def sources(file, tmp_path):
    found = SnapshotLoader(file, tmp_path / "instance", lambda: AT)
    found.current()
    return found


def settled(sources):
    """Return the facts once every change has lain still, long enough after the last look."""
    time.sleep(0.12)
    return sources.current()


def number(found):
    return found.directory.lines[0].phone.display


def test_a_changed_file_is_in_use_at_the_first_question_after_it_has_lain_still(sources, file):
    settled(sources)
    file.write_text(BETTER)

    assert number(settled(sources)) == "01632 960077"


def test_a_file_that_is_replaced_by_another_is_in_use(sources, file, tmp_path):
    (tmp_path / "new.yaml").write_text(BETTER)
    settled(sources)
    os.replace(tmp_path / "new.yaml", file)

    assert number(settled(sources)) == "01632 960077"


def test_a_file_that_is_being_written_is_not_read(sources, file, monkeypatch):
    settled(sources)
    monkeypatch.setattr(snapshot_module, "POLL_INTERVAL_SECONDS", 0.3)
    time.sleep(0.3)
    for count in range(6):
        file.write_text(BETTER + f"# {count}\n")
        assert number(sources.current()) == "01632 960001"
        time.sleep(0.1)
    time.sleep(0.4)

    assert number(sources.current()) == "01632 960077"


@pytest.mark.parametrize("bad", ["services: [", "", GOOD[: len(GOOD) // 2], None])
def test_a_broken_or_missing_file_changes_no_answer_and_says_what_is_wrong(sources, file, bad):
    before = settled(sources)
    if bad is None:
        file.unlink()
        settled(sources)
    else:
        file.write_text(bad)
    found = settled(sources)

    assert found.directory == before.directory
    assert found.problems
    assert found.kept_at == AT


def test_a_file_that_stays_broken_is_not_read_again_and_again(sources, file):
    settled(sources)
    file.write_text("services: [")
    found = settled(sources)

    assert settled(sources) is found


def test_a_file_just_written_is_read_once_more_when_it_lies_still(file, tmp_path):
    file.write_text(GOOD)
    sources = SnapshotLoader(file, tmp_path / "instance", lambda: AT)
    first = sources.current()
    second = settled(sources)

    assert second is not first
    assert settled(sources) is second


def test_the_last_good_directory_keeps_its_own_time_however_often_the_file_is_broken(
    file, tmp_path
):
    times = iter(AT + timedelta(hours=n) for n in range(9))
    sources = SnapshotLoader(file, tmp_path / "instance", lambda: next(times))
    sources.current()
    good = settled(sources)
    for bad in ("services: [", "lines: ["):
        file.write_text(bad)
        assert settled(sources).kept_at == good.loaded_at


def test_a_mended_file_is_in_use_and_has_no_problems(sources, file):
    settled(sources)
    file.write_text("services: [")
    assert settled(sources).problems
    file.write_text(BETTER)
    found = settled(sources)

    assert (number(found), found.problems, found.kept_at) == ("01632 960077", (), None)


def test_a_file_broken_while_nothing_can_be_kept_changes_no_answer(file, tmp_path):
    (tmp_path / "blocked").write_text("")
    sources = SnapshotLoader(file, tmp_path / "blocked" / "instance", lambda: AT)
    sources.current()
    settled(sources)
    file.write_text("services: [")
    found = settled(sources)

    assert number(found) == "01632 960001"
    assert (bool(found.problems), found.kept_at) == (True, AT)


def test_the_directory_in_use_goes_on_though_another_process_kept_an_older_one(
    sources, file, tmp_path
):
    settled(sources)
    (tmp_path / "instance" / "last-good-directory.yaml").write_text(BETTER)
    file.write_text("services: [")

    assert number(settled(sources)) == "01632 960001"


def test_without_any_directory_the_first_question_is_refused_and_the_next_tries_again(tmp_path):
    file = tmp_path / "directory.yaml"
    sources = SnapshotLoader(file, tmp_path / "instance", lambda: AT)
    with pytest.raises(InvalidDirectory):
        sources.current()
    file.write_text(GOOD)

    assert number(sources.current()) == "01632 960001"


def test_a_new_list_of_bank_holidays_is_in_use_without_a_restart(sources, tmp_path):
    day = date(2026, 12, 2)
    assert day not in settled(sources).holidays.dates
    with govuk_feed.serving() as feed:
        feed.send(govuk_feed.added(govuk_feed.events(), day.isoformat(), "Proclaimed"))
        refresh(tmp_path / "instance", feed.url, AT)

    assert day in settled(sources).timetables.holidays


def test_a_list_that_is_broken_on_disk_leaves_the_one_in_use(sources, tmp_path):
    day = date(2026, 12, 2)
    with govuk_feed.serving() as feed:
        feed.send(govuk_feed.added(govuk_feed.events(), day.isoformat(), "Proclaimed"))
        refresh(tmp_path / "instance", feed.url, AT)
    settled(sources)
    govuk.copy_path(tmp_path / "instance").write_text("{")
    found = settled(sources)

    assert day in found.holidays.dates
    assert "refresh" in found.holidays.fault


def test_a_file_that_says_the_same_as_before_costs_no_timetable(sources, file):
    before = settled(sources)
    file.write_text(GOOD + "# another remark\n")
    found = settled(sources)

    assert found is not before
    assert found.timetables is before.timetables


def test_a_request_sees_one_set_of_facts_from_its_beginning_to_its_end(make_app, file):
    from routing import lookup

    app = make_app(file)
    with app.app_context():
        lookup.snapshot()
        file.write_text(BETTER)
        settled(app.extensions["snapshot_loader"])
        assert number(lookup.snapshot()) == "01632 960001"
    with app.app_context():
        assert number(lookup.snapshot()) == "01632 960077"


def test_a_file_from_the_future_is_read_once_it_has_lain_still(sources, file):
    settled(sources)
    file.write_text(BETTER)
    ahead = time.time() + 3600
    os.utime(file, (ahead, ahead))

    assert number(settled(sources)) == "01632 960077"


@pytest.mark.parametrize("kind", ["pipe", "socket", "folder", "device"])
def test_what_is_no_regular_file_is_not_opened_and_changes_no_answer(sources, file, kind):
    settled(sources)
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
    facts = settled(sources)

    assert number(facts) == "01632 960001"
    assert "not a regular file" in facts.problems[0].message


def test_a_new_process_that_finds_a_pipe_answers_from_the_last_good_copy(sources, file, tmp_path):
    file.unlink()
    os.mkfifo(file)
    facts = SnapshotLoader(file, tmp_path / "instance", lambda: AT).current()

    assert number(facts) == "01632 960001"
    assert facts.problems


def test_a_file_that_could_not_be_opened_for_a_while_is_in_use_without_being_touched(
    sources, file, monkeypatch, caplog
):
    settled(sources)
    monkeypatch.setattr(snapshot_module, "RETRY_SECONDS", 0.1)
    file.write_text(BETTER)
    time.sleep(0.12)
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limit[1]))
    try:
        facts = sources.current()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    assert (number(facts), facts.problems[0].line) == ("01632 960001", 0)
    caplog.clear()

    assert number(settled(sources)) == "01632 960077"
    assert "is in order again" in caplog.text


def test_a_fault_of_ours_while_reading_again_costs_no_answer_and_is_tried_again(
    file, tmp_path, monkeypatch, caplog
):
    monkeypatch.setattr(snapshot_module, "RETRY_SECONDS", 0.1)
    sources = SnapshotLoader(file, tmp_path / "instance", lambda: AT)
    sources.current()
    settled(sources)
    sources.clock = lambda: 1 / 0
    file.write_text(BETTER)
    for _ in range(2):
        facts = settled(sources)
        assert (number(facts), facts.problems[0].code) == ("01632 960001", "fault")
    assert caplog.text.count("fault while reading") == 1
    sources.clock = lambda: AT

    assert number(settled(sources)) == "01632 960077"
    assert settled(sources).problems == ()


def test_a_change_is_in_use_though_nobody_asked_since(sources, file):
    settled(sources)
    sources.watch()
    try:
        file.write_text(BETTER)
        wait_for(lambda: number(sources.snapshot) == "01632 960077")
        assert number(sources.current()) == "01632 960077"
    finally:
        sources.stop()


def test_a_mended_file_is_in_use_though_there_was_no_directory_at_the_start(tmp_path):
    file = tmp_path / "directory.yaml"
    sources = SnapshotLoader(file, tmp_path / "instance", lambda: AT)
    sources.watch()
    try:
        with pytest.raises(InvalidDirectory):
            sources.current()
        file.write_text(GOOD)
        wait_for(lambda: sources.snapshot is not None)
    finally:
        sources.stop()


def wait_for(is_done):
    give_up = time.monotonic() + 20
    while not is_done() and time.monotonic() < give_up:
        time.sleep(0.02)
