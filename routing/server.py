"""What gunicorn does not do by itself: keep slow senders out of the way, send an answer in one
piece, refuse in words of ours, and log as everybody here does.
"""

import os
import socket
import time
from contextlib import suppress
from typing import Any

from gunicorn import util
from gunicorn.glogging import Logger
from gunicorn.http import wsgi
from gunicorn.workers import gthread

from routing import logs
from routing.headers import SECURITY_HEADERS

LONGEST_REQUEST = 15
"""Seconds in which a request's head must be here; and then its body, and its answer be sent. Our
own waits end far sooner: what takes longer is sent or read too slowly."""

LONGEST_HEAD = 8192
FIXED = frozenset(SECURITY_HEADERS.items())


class Worker(gthread.ThreadWorker):  # type: ignore[misc]
    """A worker in which slow senders wait in the loop, where they are in nobody's way.

    gunicorn's own waits for them in its threads: for 5 seconds while nothing is sent, for ever once
    a byte was. As many such connections as there are threads would silence it.
    """

    def init_process(self) -> None:
        self.since: dict[Any, float] = {}
        super().init_process()

    def handle(self, conn: Any) -> Any:
        self.since.setdefault(conn, time.monotonic())
        if not has_head(conn):
            return gthread._DEFER
        self.since[conn] = time.monotonic()
        try:
            return super().handle(conn)
        finally:
            self.since.pop(conn, None)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Any) -> None:
        super().handle_error(req, client, None, exc)  # whose address it was is nobody's to log

    def murder_pending(self) -> None:
        super().murder_pending()
        late = time.monotonic() - LONGEST_REQUEST
        for conn, since in self.since.copy().items():
            if conn.sock.fileno() < 0:
                self.since.pop(conn, None)
            elif since < late:
                with suppress(OSError):
                    conn.sock.shutdown(socket.SHUT_RDWR)


def has_head(conn: Any) -> bool:
    """Say whether a request's head is here, or no more of it comes; if not, wake for more alone."""
    held = conn.parser.unreader.buf.getvalue() if conn.initialized else b""
    if conn.cfg.is_ssl or b"\r\n\r\n" in held:
        return True
    try:
        more = conn.sock.recv(LONGEST_HEAD, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        ended = len(more) in (getattr(conn, "seen", 0), LONGEST_HEAD)
        ended = ended or b"\r\n\r\n" in held + more
        conn.seen = 0 if ended else len(more)
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, conn.seen + 1)
    except BlockingIOError:
        return False
    except OSError:  # it was reset: gunicorn closes it
        return True
    return ended


class Pieces(list[bytes]):
    """What would have been sent, in place of a socket."""

    sendall = list.append


class Whole(wsgi.Response):  # type: ignore[misc]
    """An answer whose head and body are sent at once.

    gunicorn sends one after the other; if a worker is killed between them, the proxy has passed the
    head on and cannot ask another.
    """

    sock: Any

    def process_headers(self, headers: list[tuple[str, str]]) -> None:
        """Check headers, but for those that every answer has and no request changes."""
        super().process_headers([each for each in headers if each not in FIXED])
        self.headers.extend(each for each in headers if each in FIXED)

    def write(self, arg: bytes) -> None:
        if self.headers_sent:
            super().write(arg)
            return
        to, pieces = self.sock, Pieces()
        self.sock = pieces
        try:
            super().write(arg)
        finally:
            self.sock = to
        to.sendall(b"".join(pieces))


def refuse(sock: socket.socket, status: int, reason: str, said: str) -> None:
    """Answer what is no request, in gunicorn's place: it would send what was sent back, and none of
    our headers.
    """
    body = f"{reason}. In immediate danger call 999.\n"
    own = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body))}
    every = {"Connection": "close", "Cache-Control": "no-store", **own, **SECURITY_HEADERS}
    head = "".join(f"{name}: {value}\r\n" for name, value in every.items())
    util.write_nonblock(sock, f"HTTP/1.1 {status} {reason}\r\n{head}\r\n{body}".encode("latin-1"))


class OurLogger(Logger):  # type: ignore[misc]
    """gunicorn's own log among ours: one line an event, masked, and nobody waits for the disk."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        form = os.environ.get("LOG_FORMAT")
        logs.set_up(form if form in logs.FORMS else None, waits=False)
