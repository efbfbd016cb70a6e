"""How gunicorn runs the application: ``gunicorn app:app`` reads this file by itself."""

import gc
import os
import sys
import time

from gunicorn import util
from gunicorn.http import wsgi

from routing.server import OurLogger, Whole, Worker, refuse

workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = Worker
threads = 16
timeout = 30
# For which a connection waits for a first byte too: over a bad network that takes some seconds.
keepalive = 10
graceful_timeout = 20
control_socket_disable = True
# No access log: an address beside "worried about a child" is nobody's to keep.
accesslog = None
logger_class = OurLogger
wsgi.Response = Whole
util.write_error = refuse
# Not preloaded: every worker loads the directory after the fork, so that one that replaces a
# killed worker has the directory of now, not that of the master's start.
preload_app = False

# One rehearsal clock for every worker, whenever it is started.
os.environ.setdefault("CLOCK_STARTED_AT", str(time.time()))


def on_starting(server):
    """Refuse to start, with every problem, when nobody could be answered."""
    from routing import create_app, enquiry
    from routing.errors import RoutingError

    try:
        app = create_app()
        with app.app_context():
            server.facts = enquiry.facts()
    except RoutingError as error:
        for line in str(error).splitlines():
            server.log.critical("%s", line)
        sys.exit(1)


def pre_fork(server, worker):
    """Give a worker what the master loaded: it falls back on that where the file is broken and none
    could be kept. The master outlives a reload; what this file holds does not.
    """
    worker.facts = server.facts


def post_worker_init(worker):
    """Ask a first question in each worker, so that no caller waits for the directory to load."""
    from routing import enquiry, telephony

    try:
        with worker.wsgi.app_context():
            enquiry.inherit(worker.facts)
            telephony.at_start()
        gc.freeze()  # it stays: a search for garbage among it would hold up a caller
    except Exception:  # one worker that does not come up would end the whole service
        worker.log.exception("fault while making ready: the first callers wait instead")


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
