"""The units: what systemd makes of them, and that they and the pages name what there is."""

import fcntl
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import click
import code_blocks
import pytest
from conftest import ANYSHIRE, ROOT
from gunicorn.config import Config

from routing.cli.maintenance import EXIT_TIMEOUT_SECONDS

FOLDER = ROOT / "deploy/systemd"
UNITS = sorted(FOLDER.iterdir())
SERVICE, JOB = FOLDER / "who-to-call.service", FOLDER / "who-to-call-timers.service"
GUIDE = ROOT / "docs/deploy.md"
ANALYZE = shutil.which("systemd-analyze")

needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="needs systemd-analyze")


def lines(unit, name):
    return re.findall(rf"^{name}=(.*)$", unit.read_text("utf-8"), re.M)


def jobs():
    """Return each daily command of the unit by its variable."""
    return {
        name: command
        for line in lines(JOB, "Environment")
        for name, command in [line.strip('"').split("=", 1)]
        if command
    }


@pytest.fixture
def units(tmp_path):
    """The units as they are, with programs in place of those that a machine has under /srv."""
    for file in UNITS:
        text = re.sub(r"(?<==)/srv/\S+/bin/\w+", "/bin/true", file.read_text("utf-8"))
        (tmp_path / file.name.replace("@.", "@backup.")).write_text(text)
    return sorted(tmp_path.iterdir())


@needs_systemd
def test_systemd_finds_nothing_wrong_and_lets_services_do_little(units):
    verify = [ANALYZE, "verify", "--man=no", *units]
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for unit in units:
        if unit.name in (SERVICE.name, JOB.name):
            command = [ANALYZE, "security", "--offline=true", "--threshold=15", unit]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout


def test_jobs_are_confined_as_the_service_is():
    confined = [
        file.read_text("utf-8").partition("\n\n# Writes to its own folder")[2].partition("\n\n")[0]
        for file in (SERVICE, JOB)
    ]

    assert confined[0].strip() == confined[1].strip() != ""


@pytest.mark.parametrize("name", jobs())
def test_each_job_is_a_command_with_such_options(make_app, name):
    words = jobs()[name].split()
    command, context = make_app().cli, click.Context(click.Command("flask"))
    while isinstance(command, click.Group):
        command = command.get_command(context, words.pop(0))
    command.make_parser(context).parse_args(words)


def test_the_unit_gives_every_command_to_the_timers():
    (start,) = lines(JOB, "ExecStart")

    assert " timers --daily " in start
    assert sorted(re.findall(r"--daily \$\{(\w+)\}", start)) == sorted([*jobs(), "MORE"])


def test_every_place_that_units_and_programs_name_is_in_the_guides_table():
    rows = re.findall(r"^\| (`/.*?) \|", GUIDE.read_text("utf-8"), re.M)
    places = [Path(place) for row in rows for place in re.findall(r"`(/[^`]*)`", row)]
    texts = [file.read_text("utf-8") for file in [*UNITS, *(ROOT / "deploy").glob("who-to-call*")]]
    named = set(re.findall(r"/(?:srv|etc|var)/[^\s\"'*:]+", "\n".join(texts)))

    assert named != set()
    for name in named:
        assert any(Path(name).is_relative_to(place) for place in places), name


def test_what_the_guide_installs_is_there_and_is_installed_from_where_the_code_is():
    commands = [block.text for block in code_blocks.blocks(GUIDE)]
    wanted = set(re.findall(r"install -m \d+ ((?:deploy|docs)/[\w./-]+)", "".join(commands)))
    from_deploy = [command.splitlines()[0] for command in commands if " deploy/" in command]

    assert len(wanted) >= 2
    assert {path for path in wanted if not (ROOT / path).exists()} == set()
    assert set(from_deploy) == {"cd /srv/who-to-call/current"}


def test_answers_and_jobs_in_hand_have_their_time_before_systemd_kills():
    text = (ROOT / "routing/gunicorn_config.py").read_text("utf-8")
    (graceful,) = re.findall(r"^graceful_timeout = (\d+)$", text, re.M)

    assert int(lines(SERVICE, "TimeoutStopSec")[0]) > int(graceful)
    assert int(lines(JOB, "TimeoutStopSec")[0]) > EXIT_TIMEOUT_SECONDS


@pytest.mark.parametrize("unit", [SERVICE, JOB], ids=["service", "job"])
def test_units_bound_memory_and_files_and_leave_no_core_file(unit):
    assert lines(unit, "MemoryMax") in (["1G"], ["512M"])
    assert lines(unit, "LimitCORE") == ["0"]
    assert int(lines(unit, "LimitNOFILE")[0]) >= 1024


def test_a_worker_may_open_as_many_files_as_it_may_have_connections():
    """Two workers of gunicorn's default: each is a process with a limit of its own."""
    assert int(lines(SERVICE, "LimitNOFILE")[0]) >= 2 * Config().worker_connections


def test_the_service_never_gives_up():
    assert lines(SERVICE, "Restart") == ["always"]
    assert lines(SERVICE, "StartLimitIntervalSec") == ["0"]


def test_requests_wait_until_it_has_started_and_systemd_is_notified(tmp_path):
    shutil.copy(ANYSHIRE, tmp_path / "directory.yaml")
    with (
        socket.create_server(("127.0.0.1", 0)) as held,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd,
        socket.create_connection(held.getsockname(), timeout=120) as caller,
    ):
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(120)
        caller.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
        given = fcntl.fcntl(held, fcntl.F_DUPFD, 10)
        start = f"LISTEN_FDS=1 LISTEN_PID=$$ exec {sys.executable} -m gunicorn app:app 3<&{given}"
        settings = {
            "DIRECTORY": str(tmp_path / "directory.yaml"),
            "INSTANCE_PATH": str(tmp_path / "instance"),
            "NOTIFY_SOCKET": str(tmp_path / "notify"),
            "WEB_CONCURRENCY": "1",
        }
        with subprocess.Popen(
            ["bash", "-c", start], cwd=ROOT, env=os.environ | settings, pass_fds=[given]
        ) as gunicorn:
            try:
                notice, answer = systemd.recv(4096), caller.recv(4096)
            finally:
                gunicorn.terminate()
        os.close(given)

    assert b"READY=1" in notice
    assert answer.startswith(b"HTTP/1.0 200 OK")
