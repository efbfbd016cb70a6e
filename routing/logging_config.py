"""The log: one redacted line per event on stderr, for our own code and every library."""

import atexit
import json
import logging
import os
import queue
import re
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener
from typing import Any

MAX_QUEUED_LINES = 1000
"""How many lines may wait to be written in one process; further lines are dropped."""

MAX_EVENT_CHARS = 2000
MAX_TRACEBACK_CHARS = 16_000

FLUSH_TIMEOUT_SECONDS = 1.0
"""How long a process that exits waits for its last lines to be written."""

OVERLAP_CHARS = 500
"""How many characters beyond a limit are redacted too. This is longer than any number, address or
token, so that none is cut in two before it is recognised."""


class StderrHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Write records to the current sys.stderr, if there is one."""

    def emit(self, record: logging.LogRecord) -> None:
        if sys.stderr is not None:
            self.stream = sys.stderr
            super().emit(record)


class DescriptorHandler(logging.Handler):
    """Write finished lines to a file descriptor; for one thread, so without a lock.

    Neither a fork nor the end of the process waits for a lock that a blocked write holds.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self.descriptor = descriptor

    def handle(self, record: logging.LogRecord) -> bool:
        """Write a record. It is dropped if the disk is full or nobody reads the pipe."""
        line = f"{record.getMessage()}\n".encode(errors="backslashreplace")
        with suppress(OSError):
            while line:
                line = line[os.write(self.descriptor, line) :]
        return True


class _Formatter(logging.Formatter):
    """Write a record as one redacted event: JSON or, in a terminal, text.

    No input can begin a line of the text: each line of a traceback is marked.
    """

    def format(self, record: logging.LogRecord) -> str:
        try:
            message = record.getMessage()
        except Exception:  # the values do not fit the message: log the message without them
            message = str(record.msg)
        event = redact(message, MAX_EVENT_CHARS)
        traceback = self.formatException(record.exc_info) if record.exc_info else ""
        traceback = redact(traceback, MAX_TRACEBACK_CHARS)
        at = f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        level = record.levelname.lower()
        if sys.stderr is None or not sys.stderr.isatty():
            fields: dict[str, Any] = {"timestamp": at, "level": level, "logger": record.name}
            fields |= {"process": record.process, "event": event}
            return json.dumps(fields | ({"exception": traceback} if traceback else {}))
        head = f"{at} {level:<8} {_printable(event)}  [{record.name} {record.process}]"
        return "\n".join([head, *(f"  | {_printable(line)}" for line in traceback.splitlines())])


def configure() -> None:
    """Write every record of WARNING and above to stderr, one line each. It may be called again."""
    if _handler() is None:
        handler = StderrHandler()
        handler.setFormatter(_Formatter())
        logging.getLogger().addHandler(handler)
        logging.raiseExceptions = False  # a log that cannot be written must not print tracebacks
        logging.getLogger("werkzeug").setLevel(logging.WARNING)  # its access log has addresses
        logging.captureWarnings(True)
        _log_uncaught_exceptions()


def write_in_background() -> None:
    """Have a thread write the log from now on, here and in each process forked from here."""
    if not isinstance(_handler(), QueueHandler):
        os.register_at_fork(after_in_child=_start_listener)
        atexit.register(_flush)
        _start_listener()


def redact(text: str, max_chars: int) -> str:
    """Return ``text`` without anything that identifies somebody or gives access.

    That is a telephone number in any spelling (but not a date), an email or network address (but
    not this machine's own), a password, a token, or the id of a call or a person. The text is
    redacted first and cut to ``max_chars`` then, so that no part of a number is left at its end.
    """
    is_long = len(text) > max_chars + OVERLAP_CHARS
    text = text[: max_chars + OVERLAP_CHARS]
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    text = _TOKEN.sub("[secret]", text)
    # Letters of the keypad count as digits: together eight or more may be a number.
    text = _SPELT_NUMBER.sub(
        lambda match: "[number]" if sum(map(str.isalnum, match[0])) >= 8 else match[0], text
    )
    text = _NUMBER.sub(lambda match: match["not_a_number"] or "[number]", text)
    if is_long:
        text = text[: max(0, len(text) - OVERLAP_CHARS)]
    if is_long or len(text) > max_chars:
        text = f"{text[:max_chars]} ..."
    return text


def _handler() -> logging.Handler | None:
    ours = (StderrHandler, QueueHandler)
    return next((h for h in logging.getLogger().handlers if isinstance(h, ours)), None)


def _start_listener() -> None:
    """Replace the handler by one with a new queue and thread: a fork copies neither.

    Records are formatted and redacted at once. Those that do not fit in the queue are dropped, so
    that nobody waits for a full disk or a pipe that nobody reads.
    """
    root, previous = logging.getLogger(), _handler()
    if previous is None or sys.stderr is None:
        return
    handler = QueueHandler(queue.Queue(MAX_QUEUED_LINES))
    handler.setFormatter(previous.formatter)
    QueueListener(handler.queue, DescriptorHandler(sys.stderr.fileno())).start()
    root.removeHandler(previous)
    root.addHandler(handler)


def _flush() -> None:
    """Wait until the thread has written the queue, or FLUSH_TIMEOUT_SECONDS are over."""
    handler, deadline = _handler(), time.monotonic() + FLUSH_TIMEOUT_SECONDS
    lines = handler.queue if isinstance(handler, QueueHandler) else None
    while isinstance(lines, queue.Queue) and not lines.empty() and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.01)  # for the line that the thread took last


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _log_uncaught_exceptions() -> None:
    log = logging.getLogger(__name__)

    def log_uncaught(kind: type[BaseException], error: Any, traceback: Any) -> None:
        if not issubclass(kind, KeyboardInterrupt | SystemExit):
            log.critical("uncaught exception", exc_info=(kind, error, traceback))

    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = log_uncaught
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = lambda args: log_uncaught(*args[:3])


_RULES = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"(://)[^\s/@]*@", r"\1[secret]@"),
        (r"\b(bearer|basic)(\s|%20)+[^\s'\",]+", r"\1 [secret]"),
        (
            r"\b(password|passwd|pwd|secret|token|signature|api_?key|cookie)"
            r"(['\"]?\s*[=:]\s*)(\[secret\]|'[^'\n]*'?|\"[^\"\n]*\"?|[^\s&;,)}\]]+)",
            r"\1\2[secret]",
        ),
        (r"(/calendars/)[^\s/'\"?]+", r"\1[secret]"),
        # What PostgreSQL says of the row that it refuses.
        (r"(\bKey \([^)\n]*\)=|\bFailing row contains )(?:\([^\n]*\)|\([^\n]*$)", r"\1[row]"),
        (r"[\w.+%-]{1,64}(?:@|%40)[\w-]+(?:\.[\w-]+)+", "[e-mail]"),
        (r"(?<![\d.])(?!127\.|0\.0\.0\.0)(?:\d{1,3}\.){3}\d{1,3}(?![\d.])", "[address]"),
        (r"(?<![\w:])(?=[0-9a-f:]*::|(?:[0-9a-f]+:){4})[0-9a-f:]{6,}(?!\w)", "[address]"),
    )
)
_TOKEN = re.compile(r"(?<![\w-])(?=[\w-]*[A-Z0-9])[A-Za-z0-9_-]{32,}")

_DIGIT = r"(?:\d|%3\d)"
_GAP = r"(?:[ \t\xa0()./\-\u2010-\u2015]|%2[0589DEF]|%C2%A0)"
_DATE = r"(?<!\d)(?:19|20)\d\d-[01]\d-[0-3]\d(?!\d)(?:[T ][0-2]\d:[0-5]\d(?::[0-5]\d(?:\.\d+)?)?)?"
_SPELT_NUMBER = re.compile(rf"(?:\+|%2B|(?<!\w)0)\d{{2,}}(?:{_GAP}{{0,3}}[A-Z\d])+(?![a-z])")
_NUMBER = re.compile(
    rf"(?P<not_a_number>{_DATE}|(?:127\.\d+\.\d+\.\d+|0\.0\.0\.0):\d{{1,5}}(?!\d))"
    rf"|(?:\+|%2B){_GAP}{{0,3}}{_DIGIT}(?:{_GAP}{{0,3}}{_DIGIT}){{5,}}"
    rf"|{_DIGIT}(?:{_GAP}{{0,3}}{_DIGIT}){{7,}}",
    re.IGNORECASE,
)
