"""How gunicorn runs the application: ``gunicorn app:app`` reads this file by itself."""

import os
import socket
import sys
import time
from contextlib import suppress

from gunicorn.workers import gthread

LONGEST_REQUEST = 15
"""Seconds in which a request's head must be here; and then its body, and its answer be sent. Our
own waits end far sooner: what takes longer is sent or read too slowly."""

LONGEST_HEAD = 8192


class Worker(gthread.ThreadWorker):
    """A worker in which slow senders wait in the loop, where they are in nobody's way.

    gunicorn's own waits for them in its threads: for 5 seconds while nothing is sent, for ever once
    a byte was. As many such connections as there are threads would silence it.
    """

    def init_process(self):
        self.since = {}
        super().init_process()

    def handle(self, conn):
        self.since.setdefault(conn, time.monotonic())
        if not has_head(conn):
            return gthread._DEFER
        self.since[conn] = time.monotonic()
        try:
            return super().handle(conn)
        finally:
            self.since.pop(conn, None)

    def handle_error(self, req, client, addr, exc):
        super().handle_error(req, client, None, exc)  # whose address it was is nobody's to log

    def murder_pending(self):
        super().murder_pending()
        late = time.monotonic() - LONGEST_REQUEST
        for conn, since in self.since.copy().items():
            if conn.sock.fileno() < 0:
                self.since.pop(conn, None)
            elif since < late:
                with suppress(OSError):
                    conn.sock.shutdown(socket.SHUT_RDWR)


def has_head(conn):
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


workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = Worker
threads = 4
timeout = 30
# For which a connection waits for a first byte too: over a bad network that takes some seconds.
keepalive = 10
graceful_timeout = 20
control_socket_disable = True
# No access log: an address beside "worried about a child" is nobody's to keep.
accesslog = None
# Not preloaded: every worker loads the directory after the fork, so that one that replaces a
# killed worker has the directory of now, not that of the master's start.
preload_app = False

# One rehearsal clock for every worker, whenever it is started.
os.environ.setdefault("CLOCK_STARTED_AT", str(time.time()))


# What the master loaded: a worker falls back on it where the file is broken and none could be kept.
at_start = {}


def on_starting(server):
    """Refuse to start, with every problem, when nobody could be answered."""
    from routing import create_app, enquiry
    from routing.errors import RoutingError

    try:
        app = create_app()
        with app.app_context():
            at_start["facts"] = enquiry.facts()
    except RoutingError as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(1)


def post_worker_init(worker):
    """Ask a first question in each worker, so that no caller waits for the directory to load."""
    from routing import enquiry, telephony

    with worker.wsgi.app_context():
        enquiry.inherit(at_start["facts"])
        telephony.at_start()


def when_ready(server):
    """Greet whoever ran bin/serve: the address, the answer now, and where to go next."""
    if not os.environ.get("ROUTING_WELCOME"):
        return
    from routing import create_app
    from routing.commands.staff import first_account
    from routing.commands.who import answer_now

    app = create_app()
    lines = answer_now(app)
    staff = first_account(app)
    address = f"http://{server.address[0][0]}:{server.address[0][1]}"
    print(  # noqa: T201
        "\n".join(
            [
                "",
                *lines,
                "",
                f"The page        {address}/",
                f"All contacts    {address}/contacts",
                f"For programs    {address}/api/v1/services   {address}/openapi.json",
                f"For staff       {address}/staff   {staff}",
                "In a terminal   .venv/bin/flask who --at '2026-12-25 09:00'",
                "Your council    edit directory.yaml, then .venv/bin/flask directory check",
                "",
            ]
        ),
        flush=True,
    )
