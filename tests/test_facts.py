"""What answers rest on: read again when a file changes, never while it is written or broken."""

import errno
import fcntl
import os
import threading
import time
from datetime import UTC, date, datetime, timedelta

import feed as govuk
import pytest
from conftest import ANYSHIRE
from reread import reread

from routing import facts
from routing.bank_holidays import published
from routing.bank_holidays.refresh import refresh
from routing.errors import DirectoryInvalid
from routing.facts import Sources

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
GOOD = ANYSHIRE.read_text()
BETTER = GOOD.replace("01632 960001", "01632 960077")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(facts, "LOOK_EVERY", 0.05)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "directory.yaml"
    path.write_text(GOOD)
    return path


@pytest.fixture
def sources(file, tmp_path):
    found = Sources(file, tmp_path / "instance", lambda: AT)
    found.current()
    return found


def settled(sources):
    """Ask when every change has lain still, and long enough after the last look."""
    time.sleep(0.12)
    return reread(sources)


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
    monkeypatch.setattr(facts, "LOOK_EVERY", 0.3)
    time.sleep(0.3)
    for count in range(6):
        file.write_text(BETTER + f"# {count}\n")
        assert number(reread(sources)) == "01632 960001"
        time.sleep(0.1)
    time.sleep(0.4)

    assert number(reread(sources)) == "01632 960077"


def test_a_file_from_the_future_is_read_when_two_looks_find_it_the_same(sources, file, monkeypatch):
    settled(sources)
    file.write_text(BETTER)
    monkeypatch.setattr(facts, "_still", lambda found: False)  # its clock is ahead of ours

    assert number(settled(sources)) == "01632 960001"
    assert number(settled(sources)) == "01632 960077"


def test_files_are_looked_at_once_a_second_at_most_however_many_ask(sources, monkeypatch):
    looks = []
    real = facts._mark
    monkeypatch.setattr(facts, "LOOK_EVERY", 1.0)
    monkeypatch.setattr(facts, "_mark", lambda path: looks.append(path) or real(path))
    time.sleep(0.06)
    for _ in range(1000):
        sources.current()

    assert len(looks) == 2  # the directory, and the bank holidays


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
    sources = Sources(file, tmp_path / "instance", lambda: AT)
    first = sources.current()
    second = settled(sources)

    assert second is not first
    assert settled(sources) is second


def test_the_last_good_directory_keeps_its_own_time_however_often_the_file_is_broken(
    file, tmp_path
):
    times = iter(AT + timedelta(hours=n) for n in range(9))
    sources = Sources(file, tmp_path / "instance", lambda: next(times))
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
    sources = Sources(file, tmp_path / "blocked" / "instance", lambda: AT)
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
    sources = Sources(file, tmp_path / "instance", lambda: AT)
    with pytest.raises(DirectoryInvalid):
        sources.current()
    file.write_text(GOOD)

    assert number(sources.current()) == "01632 960001"


def test_a_new_list_of_bank_holidays_is_in_use_without_a_restart(sources, tmp_path):
    day = date(2026, 12, 2)
    assert day not in settled(sources).holidays.dates
    with govuk.serving() as feed:
        feed.send(govuk.added(govuk.events(), day.isoformat(), "Proclaimed"))
        refresh(tmp_path / "instance", feed.url, AT)

    assert day in settled(sources).timetables.holidays


def test_a_list_that_is_broken_on_disk_leaves_the_one_in_use(sources, tmp_path):
    day = date(2026, 12, 2)
    with govuk.serving() as feed:
        feed.send(govuk.added(govuk.events(), day.isoformat(), "Proclaimed"))
        refresh(tmp_path / "instance", feed.url, AT)
    settled(sources)
    published.file_in(tmp_path / "instance").write_text("{")
    found = settled(sources)

    assert day in found.holidays.dates
    assert "refresh" in found.holidays.fault


def test_a_file_that_says_the_same_as_before_costs_no_timetable(sources, file):
    before = settled(sources)
    file.write_text(GOOD + "# another remark\n")
    found = settled(sources)

    assert found is not before
    assert found.timetables is before.timetables


def test_a_fault_of_ours_while_reading_again_costs_no_answer_and_is_tried_again(
    sources, file, monkeypatch, caplog
):
    settled(sources)
    monkeypatch.setattr(facts, "RETRY_AFTER", 0.1)
    with monkeypatch.context() as broken:
        broken.setattr(facts, "Timetables", None)
        file.write_text(BETTER)
        found = settled(sources)
        settled(sources)
        assert number(found) == "01632 960001"
        assert found.problems[0].code == "fault"
        assert caplog.text.count("fault while reading") == 1

    assert number(settled(sources)) == "01632 960077"
    assert settled(sources).problems == ()


def test_a_file_that_could_not_be_opened_for_a_while_is_in_use_without_being_touched(
    sources, file, monkeypatch, caplog
):
    settled(sources)
    monkeypatch.setattr(facts, "RETRY_AFTER", 0.1)
    file.write_text(BETTER)
    with monkeypatch.context() as full:
        opened = type(file).open
        full.setattr(
            type(file),
            "open",
            lambda path, *words: _no_handle() if path == file else opened(path, *words),
        )
        found = settled(sources)
        assert (number(found), found.problems[0].line) == ("01632 960001", 0)
    caplog.clear()

    assert number(settled(sources)) == "01632 960077"
    assert "is in order again" in caplog.text


def _no_handle():
    raise OSError(errno.EMFILE, "Too many open files")


def test_nobody_who_asks_waits_for_a_changed_file_not_even_who_finds_it(sources, file, tmp_path):
    settled(sources)
    file.write_text(BETTER)
    time.sleep(0.12)
    with (tmp_path / "instance" / "directory.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for _ in range(2):
            assert number(sources.current()) == "01632 960001"
        assert sources._turn.locked()

    assert number(reread(sources)) == "01632 960077"


def test_a_machine_without_a_thread_to_spare_answers_and_reads_later(sources, file, monkeypatch):
    settled(sources)
    file.write_text(BETTER)
    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", _no_thread)
        assert number(settled(sources)) == "01632 960001"

    assert number(settled(sources)) == "01632 960077"


def _no_thread(thread):
    raise RuntimeError("can't start new thread")


def test_a_request_sees_one_set_of_facts_from_its_beginning_to_its_end(make_app, file):
    from routing import enquiry

    app = make_app(file)
    with app.app_context():
        enquiry.facts()
        file.write_text(BETTER)
        settled(app.extensions["sources"])
        assert number(enquiry.facts()) == "01632 960001"
    with app.app_context():
        assert number(enquiry.facts()) == "01632 960077"
