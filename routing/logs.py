"""One line an event, on stderr, masked: ours, Flask's, gunicorn's, SQLAlchemy's, everybody's."""

import atexit
import io
import logging
import os
import queue
import sys
import threading
import time
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from routing.masking import masked

FORMS = ("json", "text")
"""How a line is written: for programs; for people, each line of a traceback being marked."""

MOST = 1000
"""Lines that wait to be written, in one process; beyond them they are lost, and counted."""

_KEPT_AS_IS = ("timestamp", "level", "logger", "process")
_STAMP = structlog.processors.TimeStamper(fmt="iso", utc=True)


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
    terminal = sys.stderr is not None and sys.stderr.isatty()
    handler.setFormatter(_formatter(form or ("text" if terminal else "json")))


class Lines(logging.Handler):
    """Writes lines to what stderr is at that moment. Whatever goes wrong costs nobody anything."""

    def __init__(self) -> None:
        super().__init__()
        self._lost = 0
        self._waiting: queue.Queue[str] | None = None
        self._thread: threading.Thread | None = None
        self._stream: io.FileIO | None = None

    def do_not_wait(self) -> None:
        """From now on let a thread write, here and in every process that is forked from here.

        It writes to what stderr is now, past Python's own stream: of a lock that is held while a
        process forks, the child would never be free.
        """
        if self._waiting is None:
            os.register_at_fork(after_in_child=self._begin)
            atexit.register(self.finish)
            self._begin()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or put it into the queue."""
        try:
            line = self._line(record)
            if self._waiting is None:
                sys.stderr.write(f"{line}\n")
                sys.stderr.flush()
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
        if self._stream is None and sys.stderr is not None:
            self._stream = io.FileIO(sys.stderr.fileno(), "w", closefd=False)

    def _run(self) -> None:
        waiting = self._waiting
        while waiting is not None:
            line = waiting.get()
            if not self._write(line):
                self._lost += 1
            elif self._lost:
                lost, self._lost = self._lost, 0
                said = {"name": __name__, "levelname": "WARNING", "process": os.getpid()}
                said["msg"] = f"{lost} lines could not be written"
                self._write(self._line(logging.makeLogRecord(said)))
            waiting.task_done()

    def _write(self, line: str) -> bool:
        """Write a whole line; say whether that went well."""
        left = f"{line}\n".encode(errors="backslashreplace")
        try:
            while left and self._stream is not None:
                written = self._stream.write(left)
                if not written:  # a pipe that does not block, and is full
                    return False
                left = left[written:]
        except OSError:  # a full disk, a pipe that nobody reads any more
            return False
        return True


def _formatter(form: str) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            _called,
            structlog.processors.ExceptionRenderer(),
            _mask,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer() if form == "json" else _readable,
        ],
    )


def _called(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Name when, how bad, and who says so."""
    record: logging.LogRecord = event["_record"]
    head = {"level": record.levelname.lower(), "logger": record.name, "process": record.process}
    return {**_STAMP(logger, name, {}), **head, **event}


def _mask(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    return {
        key: masked(str(value)) if key not in _KEPT_AS_IS and key[0] != "_" else value
        for key, value in event.items()
    }


def _readable(logger: WrappedLogger, name: str, event: EventDict) -> str:
    """Write for people. No text from outside begins a line, or steers a terminal."""
    head = f"{event['timestamp']} {event['level']:<8} {_plain(event['event'])}"
    lines = event.get("exception", "").splitlines()
    tail = f"  [{event['logger']} {event['process']}]"
    return "\n".join([head + tail, *(f"  | {_plain(line)}" for line in lines)])


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
