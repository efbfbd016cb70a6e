"""The log: one line an event, on stderr, masked; ours, Flask's, gunicorn's, SQLAlchemy's alike."""

import atexit
import logging
import os
import queue
import sys
import threading
import time
from contextlib import suppress
from logging.handlers import QueueHandler, QueueListener
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from routing.redaction import redact

FORMATS = ("json", "text")
"""How a line is written: for programs; for people, each line of a traceback being marked."""

MAX_QUEUED_LINES = 1000
"""Lines that wait to be written, in one process; beyond them they are lost."""

MAX_EVENT_CHARS = 2000
MAX_TRACEBACK_CHARS = 16_000

FLUSH_TIMEOUT_SECONDS = 1.0
"""For which a process that ends waits until its last lines are written."""

_NOT_MASKED = ("timestamp", "level", "logger", "process")
_STAMP = structlog.processors.TimeStamper(fmt="iso", utc=True)


class StderrHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes records to what sys.stderr is at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, if there is a stderr."""
        if sys.stderr is not None:
            self.setStream(sys.stderr)
            super().emit(record)


class BackgroundHandler(QueueHandler):
    """Formats and masks records at once, and leaves the writing to a thread.

    Lines that the queue has no room for are lost: nobody waits for a full disk or a stuck pipe.
    """

    queue: "queue.Queue[logging.LogRecord]"

    def enqueue(self, record: logging.LogRecord) -> None:
        """Put a record into the queue, if there is room."""
        with suppress(queue.Full):
            self.queue.put_nowait(record)


class DescriptorHandler(logging.Handler):
    """Writes finished lines to a file descriptor; for one thread, so without a lock.

    Neither a fork nor the end of the process waits for a lock that a stuck write holds.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self.descriptor = descriptor

    def handle(self, record: logging.LogRecord) -> bool:
        """Write a record whole, or lose it: to a full disk, or a pipe that nobody reads."""
        line = f"{record.getMessage()}\n".encode(errors="backslashreplace")
        with suppress(OSError):
            while line:
                line = line[os.write(self.descriptor, line) :]
        return True


class _Formatter(structlog.stdlib.ProcessorFormatter):
    def format(self, record: logging.LogRecord) -> str:
        try:
            return super().format(record)
        except Exception:  # its values do not fit its words: masked words are better than none
            return super().format(logging.makeLogRecord({**record.__dict__, "args": ()}))


def configure(form: str | None = None) -> None:
    """Write every record of WARNING and above to stderr, one line each.

    ``form`` is one of FORMS; None means text in a terminal, and JSON otherwise. It may be called
    again, to change the form.
    """
    root, handler = logging.getLogger(), _handler()
    if handler is None:
        handler = StderrHandler()
        root.addHandler(handler)
        logging.raiseExceptions = False  # a log that cannot be written must not print tracebacks
        logging.getLogger("werkzeug").setLevel(logging.WARNING)  # its access log has addresses
        logging.captureWarnings(True)
        _log_uncaught_exceptions()
    terminal = sys.stderr is not None and sys.stderr.isatty()
    handler.setFormatter(_formatter(form or ("text" if terminal else "json")))


def write_in_background() -> None:
    """Have a thread write the log from now on, here and in each process forked from here."""
    if not isinstance(_handler(), BackgroundHandler):
        os.register_at_fork(after_in_child=_start_listener)
        atexit.register(_wait_until_written)
        _start_listener()


def _handler() -> logging.Handler | None:
    handlers = logging.getLogger().handlers
    ours = (StderrHandler, BackgroundHandler)
    return next((handler for handler in handlers if isinstance(handler, ours)), None)


def _start_listener() -> None:
    """Replace the handler by one with a new queue and thread: a fork copies neither."""
    root, before = logging.getLogger(), _handler()
    if before is None or sys.stderr is None:
        return
    handler = BackgroundHandler(queue.Queue(MAX_QUEUED_LINES))
    handler.setFormatter(before.formatter)
    QueueListener(handler.queue, DescriptorHandler(sys.stderr.fileno())).start()
    root.removeHandler(before)
    root.addHandler(handler)


def _wait_until_written() -> None:
    handler, end = _handler(), time.monotonic() + FLUSH_TIMEOUT_SECONDS
    if isinstance(handler, BackgroundHandler):
        while not handler.queue.empty() and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.01)  # the thread writes the line that it took last


def _formatter(form: str) -> logging.Formatter:
    return _Formatter(
        processors=[
            _describe,
            structlog.processors.ExceptionRenderer(),
            _mask,
            _Formatter.remove_processors_meta,
            structlog.processors.JSONRenderer() if form == "json" else _readable,
        ],
    )


def _describe(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Add the time, the level, the logger and the process."""
    record: logging.LogRecord = event["_record"]
    head = {"level": record.levelname.lower(), "logger": record.name, "process": record.process}
    return {**_STAMP(logger, name, {}), **head, **event}


def _mask(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    return {key: _masked(key, value) for key, value in event.items()}


def _masked(key: str, value: object) -> object:
    if key in _NOT_MASKED or key.startswith("_"):
        return value
    return redact(str(value), MAX_TRACEBACK_CHARS if key == "exception" else MAX_EVENT_CHARS)


def _readable(logger: WrappedLogger, name: str, event: EventDict) -> str:
    """Write for people. No text from outside begins a line or controls a terminal."""
    head = f"{event['timestamp']} {event['level']:<8} {_plain(event['event'])}"
    lines = event.get("exception", "").splitlines()
    tail = f"  [{event['logger']} {event['process']}]"
    return "\n".join([head + tail, *(f"  | {_plain(line)}" for line in lines)])


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _log_uncaught_exceptions() -> None:
    """Log exceptions that nothing catches: Python would write them to stderr unmasked."""
    log = logging.getLogger(__name__)

    def log_uncaught(kind: Any, error: BaseException, traceback: Any) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, traceback)
        else:
            log.critical("nobody caught this", exc_info=(kind, error, traceback))

    def log_uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
            log_uncaught(args.exc_type, args.exc_value, args.exc_traceback)

    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = log_uncaught
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = log_uncaught_in_thread
