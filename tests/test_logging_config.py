"""One line an event, masked; and a log that cannot be written costs nobody an answer."""

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


HANDLERS = (logging_config.StderrHandler, logging_config.BackgroundHandler)


@pytest.fixture
def written(monkeypatch):
    """Return what is written to stderr in a form, and leave the log as it was."""
    handlers = logging.getLogger().handlers
    before = [handler for handler in handlers if isinstance(handler, HANDLERS)]
    for handler in before:
        handlers.remove(handler)

    def written(form, stream=None):
        stream = stream or io.StringIO()
        monkeypatch.setattr(sys, "stderr", stream)
        logging_config.configure(form)
        return stream

    yield written
    handlers[:] = [handler for handler in handlers if not isinstance(handler, HANDLERS)] + before


def fails(number):
    raise ValueError(f"{number} is\n2026-11-28T00:00:00Z critical forged")


def test_an_event_is_one_line_of_json_with_an_instant_in_utc(written):
    stream = written("json")
    log.warning("asked for %r", "a\r\n{} \x1b[2J\x9b")
    (line,) = stream.getvalue().splitlines()
    told = json.loads(line)

    assert told.pop("timestamp").endswith("Z")
    assert told.pop("process") == os.getpid()
    assert told == {
        "level": "warning",
        "logger": "routing.tests",
        "event": "asked for 'a\\r\\n{} \\x1b[2J\\x9b'",
    }
    assert line.isascii()


@pytest.mark.parametrize("form", logging_config.FORMATS)
def test_a_traceback_is_masked_too_and_forges_no_line(written, form):
    stream = written(form)
    try:
        fails("+447700900123")
    except ValueError:
        log.exception("a fault at \x1b[2J\n2026 from %s", "07700 900123")
    lines = stream.getvalue().splitlines()

    assert "ValueError: [number] is" in stream.getvalue()
    assert "900" not in stream.getvalue() and "\x1b" not in stream.getvalue()
    assert len(lines) == 1 or all(line.startswith("  | ") for line in lines[1:])


def test_values_that_do_not_fit_their_words_are_left_out(written):
    stream = written("json")
    log.warning("%d calls", "07700 900123")

    assert json.loads(stream.getvalue())["event"] == "%d calls"


@pytest.mark.parametrize("name", ["flask.app", "sqlalchemy.pool", "alembic", "gunicorn.error"])
def test_everybody_is_heard_in_the_same_way(written, name):
    stream = written("json")
    logging.getLogger(name).error("from %s", "07700 900123")

    assert json.loads(stream.getvalue())["event"] == "from [number]"


def test_no_access_log_is_kept_by_flask_run_either(written):
    stream = written("json")
    logging.getLogger("werkzeug").info('192.0.2.7 - - "GET / HTTP/1.1" 200 -')

    assert stream.getvalue() == ""


def test_a_full_disk_and_a_closed_log_are_survived(written, monkeypatch):
    written("json")
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stderr", full)
        log.error("to a full disk")
        monkeypatch.setattr(sys, "stderr", None)
        logging_config.configure()
        log.error("to nothing at all")
        with pytest.raises(OSError, match="No space left"):
            full.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())


def test_nobody_waits_for_a_pipe_that_is_not_read():
    """The process logs more than the pipe and the queue hold, and ends all the same."""
    program = (
        "import logging; from routing import logging_config\n"
        "logging_config.configure('json')\n"
        "logging_config.write_in_background()\n"
        "for number in range(3 * logging_config.MAX_QUEUED_LINES): logging.error('x' * 100)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.PIPE
    ) as process:
        assert process.wait(60) == 0


def test_every_process_and_every_thread_is_heard_and_masked_to_its_end():
    """What nobody catches too: Python itself would write it as it is."""
    program = (
        "import logging, os, threading; from routing import logging_config\n"
        "logging_config.configure('json')\n"
        "logging_config.write_in_background()\n"
        "logging.error('parent')\n"
        "child = os.fork()\n"
        "logging.error('parent again' if child else 'child')\n"
        "child and os.waitpid(child, 0)\n"
        "def fails(): raise ValueError('07700 900123')\n"
        "each = threading.Thread(target=fails); child and (each.start(), each.join(), fails())"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    told = [json.loads(line) for line in done.stderr.splitlines()]
    uncaught = [each["exception"] for each in told if each["event"] == "nobody caught this"]

    assert done.returncode == 1
    assert {"parent", "parent again", "child"} <= {each["event"] for each in told}
    assert len(uncaught) == 2
    assert all("ValueError: [number]" in each for each in uncaught)
