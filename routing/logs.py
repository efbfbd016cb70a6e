"""One line an event, on stderr, masked: ours, Flask's, gunicorn's, SQLAlchemy's, everybody's."""

import atexit
import json
import logging
import os
import queue
import sys
import threading
import time
from datetime import UTC, datetime
from typing import Any, TextIO

from routing.masking import masked

FORMS = ("json", "text")
"""How a line is written: for programs; for people, each line of a traceback being marked."""

MOST = 1000
"""Lines that wait to be written, in one process; beyond them they are lost, and counted."""


def set_up(form: str | None = None, waits: bool = True) -> None:
    """Have every record of WARNING and above written to stderr, and every one that is let through.

    ``form`` is one of FORMS; None means text in a terminal, and JSON otherwise. Where ``waits`` is
    False nobody who logs waits for a disk or a pipe: a thread of its own writes. May be called
    again; one that does not wait stays so.
    """
    root = logging.getLogger()
    handler = next((each for each in root.handlers if isinstance(each, Lines)), None)
    if handler is None:
        handler = Lines()
        root.addHandler(handler)
        logging.getLogger("werkzeug").setLevel(logging.WARNING)  # its access log has addresses
        logging.captureWarnings(True)
        _take_faults()
    if not waits:
        handler.do_not_wait()
    handler.setFormatter(_Line(form or ("text" if sys.stderr.isatty() else "json")))


class Lines(logging.Handler):
    """Writes lines to what stderr is at that moment. Whatever goes wrong costs nobody anything."""

    def __init__(self) -> None:
        super().__init__()
        self._lost = 0
        self._waiting: queue.Queue[str] | None = None
        self._thread: threading.Thread | None = None

    def do_not_wait(self) -> None:
        """From now on let a thread write, here and in every process that is forked from here."""
        if self._waiting is None:
            os.register_at_fork(after_in_child=self._begin)
            atexit.register(self.finish)
            self._begin()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or put it into the queue."""
        try:
            line = self._line(record)
            if self._waiting is None:
                _write(line)
                return
            self._waiting.put_nowait(line)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="log", daemon=True)
                self._thread.start()
        except queue.Full:
            self._lost += 1
        except Exception:  # there is nowhere left to say so
            self._lost += 1

    def finish(self, patience: float = 1.0) -> None:
        """Wait until what was logged is written, as long as ``patience`` says."""
        until = time.monotonic() + patience
        while self._waiting and self._waiting.unfinished_tasks and time.monotonic() < until:
            time.sleep(0.005)

    def _line(self, record: logging.LogRecord) -> str:
        try:
            return self.format(record)
        except Exception:  # its values do not fit its words
            return self.format(logging.makeLogRecord({**record.__dict__, "args": ()}))

    def _begin(self) -> None:
        self._waiting, self._thread, self._lost = queue.Queue(MOST), None, 0

    def _run(self) -> None:
        waiting = self._waiting
        while waiting is not None:
            line = waiting.get()
            if not _write(line):
                self._lost += 1
            elif self._lost:
                lost, self._lost = self._lost, 0
                said = {"name": __name__, "levelname": "WARNING", "process": os.getpid()}
                said["msg"] = f"{lost} lines could not be written"
                _write(self._line(logging.makeLogRecord(said)))
            waiting.task_done()


def _write(line: str) -> bool:
    """Write a line at once; say whether that went well."""
    try:
        stream: TextIO = sys.stderr
        stream.write(f"{line}\n")
        stream.flush()
    except Exception:  # a full disk, a pipe that nobody reads any more
        return False
    return True


class _Line(logging.Formatter):
    """Writes a record as one line: when (UTC), how bad, who says so, what; masked, but for those.

    The standard library, not structlog: that takes 11 MiB of each worker and 0.1 s of each
    command (measured with 26.1), for what these twenty lines do.
    """

    def __init__(self, form: str) -> None:
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat("T", "milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "event": masked(record.getMessage()),
        }
        if record.exc_info:
            told["exception"] = masked(self.formatException(record.exc_info))
        return json.dumps(told) if self._form == "json" else _readable(**told)


def _readable(
    timestamp: str, level: str, logger: str, process: int, event: str, exception: str = ""
) -> str:
    """Write for people. No text from outside begins a line, or steers a terminal."""
    head = f"{timestamp} {level:<8} {_plain(event)}  [{logger} {process}]"
    return "\n".join([head, *(f"  | {_plain(line)}" for line in exception.splitlines())])


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _take_faults() -> None:
    """Log what nobody catches, too: Python would write it to stderr as it is."""
    log = logging.getLogger(__name__)

    def fault(kind: Any, error: BaseException, trace: Any) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            log.critical("nobody caught this", exc_info=(kind, error, trace))

    def thread_fault(found: threading.ExceptHookArgs) -> None:
        if found.exc_value is not None and not issubclass(found.exc_type, SystemExit):
            fault(found.exc_type, found.exc_value, found.exc_traceback)

    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = fault
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = thread_fault
