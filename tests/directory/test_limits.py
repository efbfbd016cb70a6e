"""A large or hostile directory file: read within limits, or else the last good one answers."""

import os
import subprocess
import sys
import threading
from datetime import UTC, date, datetime, timedelta

import big
import pytest
from conftest import ANYSHIRE, ROOT

from routing.directory import load as loading
from routing.directory.load import (
    MAX_ATTEMPTS,
    LastGoodDirectory,
    ReaderEnded,
    load,
    parse,
    parse_in_child,
)
from routing.directory.yaml_source import MAX_BYTES
from routing.errors import InvalidDirectory
from routing.snapshot import SnapshotLoader

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
GOOD = ANYSHIRE.read_text()
MAX_MIB = 300


def wrong_items(size):
    """Return a directory of at most ``size`` bytes in which almost every item is a mistake."""
    line = "{aliases: [" + ",".join(['""'] * 5000) + "]}"
    count = (size - len(big.HEAD)) // (len(line) + 10)
    return big.HEAD + "lines:\n" + "".join(f"  l{number}: {line}\n" for number in range(count))


def cut_off(size):
    """Return the first ``size`` bytes of a longer directory that is good."""
    return big.directory(size // 900)[:size]


LARGE = big.directory(250)


@pytest.fixture
def no_memory(monkeypatch):
    """Give the process that parses a large file less memory than it needs."""
    monkeypatch.setattr(loading, "MAX_PARSE_BYTES", 2**20)


def days_that_come_again(size):
    """Return a directory with 900 days that come again; not much of ``size``."""
    first = date(2000, 1, 1)
    days = (
        f"      - {{every: 1 week, from: {first + timedelta(count)}, name: Team, hours: closed}}\n"
        for count in range(900)
    )
    before, entry, after = GOOD.partition("      - date: 2026-12-24")
    return f"{before}{''.join(days)}{entry}{after}"


@pytest.mark.parametrize(
    "make",
    [wrong_items, cut_off, lambda size: big.directory(1000), days_that_come_again],
    ids=["almost every item wrong", "cut off", "a thousand services", "900 recurrences"],
)
def test_a_file_within_the_limit_is_read_within_300_mib(make, tmp_path):
    file = tmp_path / "directory.yaml"
    file.write_text(make(MAX_BYTES - 1000))
    assert file.stat().st_size < MAX_BYTES

    assert peak_mib(file) < MAX_MIB


def test_a_file_of_more_than_two_million_bytes_is_refused(tmp_path):
    file = tmp_path / "directory.yaml"
    file.write_text("é" * (MAX_BYTES // 2 + 1))

    with pytest.raises(InvalidDirectory, match="larger than 2000000 bytes"):
        load(file)


def test_a_line_has_a_thousand_special_days_at_most():
    entry = "      - date: 2026-12-24"

    def directory(more):
        days = "      - {date: 2026-12-23, name: Team day, hours: closed}\n" * more
        return parse(GOOD.replace(entry, days + entry, 1), "d.yaml")[0]

    in_file = max(len(line.special_days) for line in directory(0).lines)
    directory(1000 - in_file)
    with pytest.raises(InvalidDirectory, match="write 1000 entries at most"):
        directory(1001 - in_file)


LOAD = r"""
import re, resource, sys
from pathlib import Path
from routing.directory.load import LastGoodDirectory
from routing.errors import InvalidDirectory
file = Path(sys.argv[1])
try:
    LastGoodDirectory(file.parent / "instance").load(file)
except InvalidDirectory:
    pass
# Its own peak is not ru_maxrss: at exec Linux starts that at the peak of the process that forked,
# which is this test run.
own = int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1])
children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(max(own, children) // 1024)
"""


def peak_mib(file):
    """Return the peak memory, in MiB, of a process that loads a file, or of its child process."""
    process = subprocess.run(
        [sys.executable, "-c", LOAD, file],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return int(process.stdout)


def test_a_large_directory_is_the_same_from_a_process_of_its_own(tmp_path):
    file = tmp_path / "directory.yaml"
    file.write_text(LARGE)
    path = ("lines", "day-200", "special_days", 1, "phone")

    directory, source = load(file)
    same_directory, same_source = parse(LARGE, file)
    assert directory == same_directory
    assert source.place(path) == same_source.place(path) != (1, 1)


def test_a_large_directory_that_is_broken_is_refused_with_every_problem(tmp_path):
    text = LARGE.replace("phone: 01632 960001", "phone: 1").replace("fri: 16:30", "x")
    with pytest.raises(InvalidDirectory) as inline:
        parse(text, tmp_path / "directory.yaml")
    with pytest.raises(InvalidDirectory) as in_child:
        parse_in_child(text, tmp_path / "directory.yaml")

    assert in_child.value.problems == inline.value.problems
    assert str(tmp_path) in str(in_child.value)


def test_a_file_that_ended_its_reader_twice_is_left_alone_until_it_changes(no_memory, tmp_path):
    file, folder = tmp_path / "directory.yaml", tmp_path / "instance"
    file.write_text(LARGE)
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(ReaderEnded):
            LastGoodDirectory(folder).load(file)

    with pytest.raises(InvalidDirectory, match="until it changes") as refused:
        LastGoodDirectory(folder).load(file)
    assert not isinstance(refused.value, ReaderEnded)
    file.write_text(LARGE + "# changed\n")
    with pytest.raises(ReaderEnded):
        LastGoodDirectory(folder).load(file)


def test_a_file_that_takes_too_much_cpu_time_is_given_up(monkeypatch, tmp_path):
    monkeypatch.setattr(loading, "PARSE_CPU_SECONDS", 0.01)

    with pytest.raises(ReaderEnded, match="CPU time"):
        parse_in_child(LARGE, tmp_path)


def test_a_busy_machine_does_not_count_against_a_good_file(monkeypatch, tmp_path):
    file, last_good = tmp_path / "directory.yaml", LastGoodDirectory(tmp_path / "instance")
    file.write_text(LARGE)
    with monkeypatch.context() as busy:
        busy.setattr(loading, "PARSE_TIMEOUT_SECONDS", 0.01)
        for _ in range(MAX_ATTEMPTS + 1):
            with pytest.raises(InvalidDirectory, match="takes too long"):
                last_good.load(file)

    assert len(last_good.load(file).directory.services) == 250


@pytest.fixture
def no_threads():
    """Let no thread be started: there is no room for its stack."""
    size = threading.stack_size(2**46)
    yield
    threading.stack_size(size)


def test_where_no_thread_can_be_started_files_are_read_all_the_same(tmp_path, no_threads):
    file = tmp_path / "directory.yaml"
    file.write_text(GOOD)
    with pytest.raises(RuntimeError):
        threading.Thread(target=print).start()

    loader = SnapshotLoader(file, tmp_path / "instance", lambda: AT)

    assert loader.refresh().problems == ()
    assert loader.refresh().problems == ()


def test_a_new_process_answers_from_the_last_good_copy_if_its_reader_is_ended(no_memory, tmp_path):
    file, folder = tmp_path / "directory.yaml", tmp_path / "instance"
    file.write_text(GOOD)
    LastGoodDirectory(folder).load(file)
    file.write_text(LARGE)
    snapshot = SnapshotLoader(file, folder, lambda: AT).current()

    assert snapshot.directory == parse(GOOD, file)[0]
    assert [problem.code for problem in snapshot.problems] == ["not_read"]


def test_a_new_process_reads_a_large_file_rather_than_the_last_good_copy(tmp_path):
    file, folder = tmp_path / "directory.yaml", tmp_path / "instance"
    file.write_text(GOOD)
    LastGoodDirectory(folder).load(file)
    file.write_text(LARGE)

    assert len(SnapshotLoader(file, folder, lambda: AT).current().directory.services) == 250


def test_readiness_says_that_the_file_is_not_read(no_memory, make_app, tmp_path):
    file = tmp_path / "directory.yaml"
    file.write_text(GOOD)
    make_app(file).test_client().get("/")
    file.write_text(LARGE)
    client = make_app(file, OPS_TOKEN="ops").test_client()
    response = client.get("/readyz", headers={"Authorization": "Bearer ops"})

    assert "directory_not_read" in response.text


@pytest.mark.parametrize("command", [["status"], ["directory", "check"], ["who"]])
def test_commands_end_where_the_file_is_a_pipe(make_app, tmp_path, command):
    file = tmp_path / "directory.yaml"
    file.write_text(GOOD)
    make_app(file).test_client().get("/")
    file.unlink()
    os.mkfifo(file)
    result = make_app(file).test_cli_runner().invoke(args=command)

    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert result.output
