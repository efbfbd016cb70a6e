"""One line an event, redacted; and a log that cannot be written costs nobody an answer."""

import io
import json
import logging
import os
import subprocess
import sys

import pytest
from serving import ROOT

from routing import logging_config

log = logging.getLogger("routing.tests")


@pytest.fixture
def capture_log(monkeypatch):
    """Return a stream that the log is written to until the test ends: a terminal, if so asked."""

    def capture_log(is_terminal=False):
        stream = io.StringIO()
        stream.isatty = lambda: is_terminal
        monkeypatch.setattr(sys, "stderr", stream)
        logging_config.configure()
        return stream

    return capture_log


def fails(number):
    raise ValueError(f"{number} is\n2026-11-28T00:00:00Z critical forged")


def test_an_event_is_one_line_of_json_with_an_instant_in_utc(capture_log):
    stream = capture_log()
    log.warning("asked for %r", "a\r\n{} \x1b[2J\x9b")
    (line,) = stream.getvalue().splitlines()
    event = json.loads(line)

    assert event.pop("timestamp").endswith("Z")
    assert event.pop("process") == os.getpid()
    assert event == {
        "level": "warning",
        "logger": "routing.tests",
        "event": "asked for 'a\\r\\n{} \\x1b[2J\\x9b'",
    }
    assert line.isascii()


@pytest.mark.parametrize("is_terminal", [False, True])
def test_a_traceback_is_redacted_too_and_forges_no_line(capture_log, is_terminal):
    stream = capture_log(is_terminal)
    try:
        fails("+447700900123")
    except ValueError:
        log.exception("a fault at \x1b[2J\n2026 from %s", "07700 900123")
    lines = stream.getvalue().splitlines()

    assert "ValueError: [number] is" in stream.getvalue()
    assert "900123" not in stream.getvalue() and "\x1b" not in stream.getvalue()
    assert (len(lines) > 1) is is_terminal
    assert all(line.startswith("  | ") for line in lines[1:])


def test_values_that_do_not_fit_their_message_are_left_out(capture_log):
    stream = capture_log()
    log.warning("%d calls", "07700 900123")

    assert json.loads(stream.getvalue())["event"] == "%d calls"


def test_every_library_logs_in_the_same_way_and_flask_run_writes_no_access_log(capture_log):
    stream = capture_log()
    names = ["flask.app", "sqlalchemy.pool", "alembic", "gunicorn.error"]
    for name in names:
        logging.getLogger(name).error("from %s", "07700 900123")
    logging.getLogger("werkzeug").info('192.0.2.7 - - "GET / HTTP/1.1" 200 -')
    events = [json.loads(line) for line in stream.getvalue().splitlines()]

    assert [(event["logger"], event["event"]) for event in events] == [
        (name, "from [number]") for name in names
    ]


def test_a_full_disk_or_a_missing_stderr_raises_nothing(capture_log, monkeypatch):
    capture_log()
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stderr", full)
        log.error("to a full disk")
        monkeypatch.setattr(sys, "stderr", None)
        log.error("to nothing at all")
        with pytest.raises(OSError, match="No space left"):
            full.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())


def test_nobody_waits_for_a_pipe_that_is_not_read():
    """The process logs more than the pipe and the queue hold, and ends all the same."""
    program = (
        "import logging; from routing import logging_config\n"
        "logging_config.configure()\n"
        "logging_config.write_in_background()\n"
        "for number in range(3 * logging_config.MAX_QUEUED_LINES): logging.error('x' * 100)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.PIPE
    ) as process:
        assert process.wait(60) == 0


def test_every_process_and_thread_is_logged_and_redacted_to_its_end():
    """Uncaught exceptions too: Python itself would write them as they are."""
    program = (
        "import logging, os, threading; from routing import logging_config\n"
        "logging_config.configure()\n"
        "logging_config.write_in_background()\n"
        "logging.error('parent')\n"
        "child = os.fork()\n"
        "logging.error('parent again' if child else 'child')\n"
        "child and os.waitpid(child, 0)\n"
        "def fails(): raise ValueError('07700 900123')\n"
        "thread = threading.Thread(target=fails)\n"
        "child and (thread.start(), thread.join(), fails())"
    )
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    events = [json.loads(line) for line in result.stderr.splitlines()]
    tracebacks = [event["exception"] for event in events if event["event"] == "uncaught exception"]

    assert result.returncode == 1
    assert {"parent", "parent again", "child"} <= {event["event"] for event in events}
    assert len(tracebacks) == 2
    assert all("ValueError: [number]" in traceback for traceback in tracebacks)
