"""The last good directory answers while the file is broken."""

import fcntl
import os
import threading
from datetime import UTC, datetime

import pytest
from conftest import ANYSHIRE

from routing.directory.load import LastGoodDirectory
from routing.errors import InvalidDirectory

GOOD = ANYSHIRE.read_text()
BETTER = GOOD.replace("01632 960001", "01632 960077")


def test_after_good_better_and_broken_the_better_one_answers(tmp_path):
    file, last_good = tmp_path / "directory.yaml", LastGoodDirectory(tmp_path / "instance")
    for text in (GOOD, BETTER):
        file.write_text(text)
        assert last_good.load(file).problems == ()
    file.write_text("lines: [")

    for directories in (last_good, LastGoodDirectory(tmp_path / "instance")):
        result = directories.load(file)
        assert result.directory.lines[0].phone.display == "01632 960077"
        assert result.problems
        assert result.kept_at is not None


def test_a_broken_file_without_a_last_good_one_is_refused_with_every_problem(tmp_path):
    file = tmp_path / "directory.yaml"
    file.write_text("zone: nowhere")

    with pytest.raises(InvalidDirectory, match="services"):
        LastGoodDirectory(tmp_path / "instance").load(file)


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path):
    blocked = tmp_path / "a-file"
    blocked.write_text("")

    assert LastGoodDirectory(blocked / "instance").load(ANYSHIRE).kept_at is None


def test_the_last_good_one_says_when_it_was_last_known_to_be_good(tmp_path):
    file, last_good = tmp_path / "directory.yaml", LastGoodDirectory(tmp_path / "instance")
    file.write_text(GOOD)
    last_good.load(file)
    os.utime(last_good.file, (1_800_000_000, 1_800_000_000))
    file.unlink()

    assert last_good.load(file).kept_at == datetime.fromtimestamp(1_800_000_000, UTC)


def test_a_broken_last_good_one_leaves_the_problems_of_the_file(tmp_path):
    file, last_good = tmp_path / "directory.yaml", LastGoodDirectory(tmp_path)
    file.write_text("zone: nowhere")
    last_good.file.write_text("lines: [")

    with pytest.raises(InvalidDirectory) as caught:
        last_good.load(file)
    assert caught.value.path == str(file)


def test_a_copy_that_cannot_be_written_is_logged_and_leaves_nothing_behind(tmp_path, caplog):
    last_good = LastGoodDirectory(tmp_path / "instance")
    last_good.file.mkdir(parents=True)

    assert last_good.load(ANYSHIRE).problems == ()
    assert "cannot write" in caplog.text
    assert sorted(path.name for path in last_good.folder.iterdir()) == [
        "directory.lock",
        "last-good-directory.yaml",
    ]


def test_a_load_waits_for_another_and_reads_the_file_as_it_is_then(tmp_path):
    file, last_good = tmp_path / "directory.yaml", LastGoodDirectory(tmp_path)
    file.write_text(GOOD)
    with (tmp_path / "directory.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = threading.Thread(target=last_good.load, args=[file])
        waiting.start()
        waiting.join(0.1)
        assert not last_good.file.exists()
        file.write_text(BETTER)
    waiting.join()

    assert last_good.file.read_text() == BETTER


def test_a_process_that_hangs_with_the_lock_does_not_stop_a_load(tmp_path, monkeypatch):
    monkeypatch.setattr("routing.directory.load.LOCK_TIMEOUT_SECONDS", 0.1)
    last_good = LastGoodDirectory(tmp_path)
    with (tmp_path / "directory.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        assert last_good.load(ANYSHIRE).problems == ()
        assert not last_good.file.exists()
