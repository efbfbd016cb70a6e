"""The last good directory: a broken file never silences the service."""

import fcntl
import os
import threading
from datetime import UTC, datetime

import pytest
from conftest import ANYSHIRE

from routing.directory.last_good import LastGoodDirectory
from routing.errors import InvalidDirectory

GOOD = ANYSHIRE.read_text()
BETTER = GOOD.replace("01632 960001", "01632 960077")


def test_after_good_better_and_broken_the_better_one_answers(tmp_path):
    file, kept = tmp_path / "directory.yaml", LastGoodDirectory(tmp_path / "instance")
    for text in (GOOD, BETTER):
        file.write_text(text)
        assert kept.load(file).problems == ()
    file.write_text("lines: [")

    for keeper in (kept, LastGoodDirectory(tmp_path / "instance")):
        loaded = keeper.load(file)
        assert loaded.directory.lines[0].phone.display == "01632 960077"
        assert loaded.problems
        assert loaded.kept_at is not None


def test_a_broken_file_with_none_kept_is_refused_with_every_problem(tmp_path):
    file = tmp_path / "directory.yaml"
    file.write_text("zone: nowhere")

    with pytest.raises(InvalidDirectory, match="services"):
        LastGoodDirectory(tmp_path / "instance").load(file)


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path):
    blocked = tmp_path / "a-file"
    blocked.write_text("")

    assert LastGoodDirectory(blocked / "instance").load(ANYSHIRE).kept_at is None


def test_the_kept_one_says_when_it_was_last_known_to_be_good(tmp_path):
    file, kept = tmp_path / "directory.yaml", LastGoodDirectory(tmp_path / "instance")
    file.write_text(GOOD)
    kept.load(file)
    os.utime(kept.file, (1_800_000_000, 1_800_000_000))
    file.unlink()

    assert kept.load(file).kept_at == datetime.fromtimestamp(1_800_000_000, UTC)


def test_a_kept_one_that_is_itself_broken_leaves_the_files_own_problems(tmp_path):
    file, kept = tmp_path / "directory.yaml", LastGoodDirectory(tmp_path)
    file.write_text("zone: nowhere")
    kept.file.write_text("lines: [")

    with pytest.raises(InvalidDirectory) as caught:
        kept.load(file)
    assert caught.value.path == str(file)


def test_what_cannot_be_kept_is_logged_and_leaves_nothing_behind(tmp_path, caplog):
    kept = LastGoodDirectory(tmp_path / "instance")
    kept.file.mkdir(parents=True)

    assert kept.load(ANYSHIRE).problems == ()
    assert "cannot keep the directory" in caplog.text
    assert sorted(each.name for each in kept.folder.iterdir()) == [
        "directory.lock",
        "last-good-directory.yaml",
    ]


def test_one_who_reads_while_another_keeps_waits_and_reads_what_is_there_then(tmp_path):
    file, kept = tmp_path / "directory.yaml", LastGoodDirectory(tmp_path)
    file.write_text(GOOD)
    with (tmp_path / "directory.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = threading.Thread(target=kept.load, args=[file])
        waiting.start()
        waiting.join(0.1)
        assert not kept.file.exists()
        file.write_text(BETTER)
    waiting.join()

    assert kept.file.read_text() == BETTER


def test_a_process_that_hangs_with_the_lock_keeps_nobody_waiting_long(tmp_path, monkeypatch):
    monkeypatch.setattr("routing.directory.last_good.LOCK_TIMEOUT_SECONDS", 0.1)
    kept = LastGoodDirectory(tmp_path)
    with (tmp_path / "directory.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        assert kept.load(ANYSHIRE).problems == ()
        assert not kept.file.exists()
