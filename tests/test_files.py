"""Files: written atomically, also by a process that is killed; read only if that cannot hang."""

import os
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from conftest import ANYSHIRE

from routing import bank_holidays, files
from routing.errors import InvalidBankHolidays, InvalidDirectory
from routing.snapshot import SnapshotLoader
from routing.store.diverts import DivertFile, DivertReading

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "name", ["bank-holidays.json", "last-good-directory.yaml", "directory.lock"]
)
def test_a_process_starts_where_a_pipe_is_in_place_of_a_file_of_the_instance_folder(tmp_path, name):
    os.mkfifo(tmp_path / name)
    loader = SnapshotLoader(ANYSHIRE, tmp_path, lambda: AT)
    # In a thread: whoever waits for the other end of the pipe waits for ever.
    start = threading.Thread(target=loader.current, daemon=True)
    start.start()
    start.join(20)

    assert loader.snapshot is not None


def test_a_list_of_holidays_that_is_a_device_is_refused_with_its_path(tmp_path):
    bank_holidays.copy_path(tmp_path).symlink_to("/dev/zero")
    with pytest.raises(InvalidBankHolidays, match=r"bank-holidays\.json cannot be read"):
        bank_holidays.load_copy(tmp_path)


def test_nobody_waits_for_saved_diverts_that_are_a_pipe(tmp_path):
    saved = DivertFile(tmp_path / "diverts.json")
    for file in (saved.file, saved.file.with_suffix(".lock")):
        os.mkfifo(file)
    readings = []

    def read():
        readings.append(saved.load())
        saved.save(DivertReading((), AT.timestamp()))
        readings.append(saved.load())

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(20)

    assert readings == [None, None]


def test_a_file_system_that_hangs_is_given_up_and_occupies_one_thread_however_often(
    tmp_path, hang_below
):
    hanging = hang_below(tmp_path / "directory.yaml")
    before = set(threading.enumerate())
    for _ in range(5):
        with pytest.raises(TimeoutError, match="does not answer"):
            files.read_bytes(hanging)

    assert len(set(threading.enumerate()) - before) == 1


def test_nobody_waits_for_saved_diverts_or_a_key_where_the_file_system_hangs(tmp_path, hang_below):
    folder = hang_below(tmp_path / "instance")

    assert DivertFile(folder / "diverts.json").load() is None
    assert len(files.load_secret_key(folder)) > 40


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff" * 64], ids=["empty", "blank", "no text"])
def test_a_file_that_holds_no_key_is_named_and_no_key_is_read_from_it(tmp_path, caplog, content):
    (tmp_path / "secret-key").write_bytes(content)

    assert len(files.load_secret_key(tmp_path)) > 40
    assert f"delete {tmp_path / 'secret-key'}" in caplog.text


def test_a_command_leaves_a_file_system_to_another_process_as_long_as_it_hangs(
    tmp_path, monkeypatch
):
    """A thread that looks at it could keep the command's own process from ending."""
    look = tmp_path / "sh"
    look.write_text("#!/bin/sh\nexec sleep 1\n")
    look.chmod(0o755)
    monkeypatch.setattr(files, "IO_TIMEOUT_SECONDS", 0.2)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    before = set(threading.enumerate())
    with pytest.raises(InvalidDirectory, match="does not answer"):
        SnapshotLoader(ANYSHIRE, tmp_path, lambda: AT).current()
    assert set(threading.enumerate()) <= before

    for _ in range(100):  # it answers after a second
        with suppress(TimeoutError):
            files.read_bytes(ANYSHIRE)
            break
        time.sleep(0.1)
    assert files.read_bytes(ANYSHIRE)
