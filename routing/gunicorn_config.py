"""How gunicorn runs and logs it. gunicorn.conf.py reads this; without a checkout, write

``gunicorn --config python:routing.gunicorn_config "routing:create_app()"``.
"""

import gc
import logging
import os
import sys
import time
from typing import Any

from gunicorn.glogging import Logger

from routing import logging_config

# One at least: with none, gunicorn would take connections that nobody answers.
workers = max(1, int(os.environ.get("WEB_CONCURRENCY", "2")))
worker_class = "gthread"
# Staff requests use four of them at most, so that callers always have the rest.
threads = 16
timeout = 30
# Longer than nginx keeps an idle connection (1 second), so that nginx closes it first.
keepalive = 10
graceful_timeout = 20
control_socket_disable = True
# No access log: an address beside "worried about a child" must not be stored.
accesslog = None
# Not preloaded: every worker loads the directory after the fork, so that one that replaces a
# killed worker has the current directory, not that of the master's start.
preload_app = False

# One rehearsal clock for every worker, whenever it is started.
os.environ.setdefault("CLOCK_STARTED_AT", str(time.time()))

_MESSAGES = {
    "Invalid request": "Refused a malformed request.",
    "Error handling request": "gunicorn failed while it handled a request.",
}
"""Beginning of a message that quotes a request: what is logged in its place."""


class GunicornLogger(Logger):  # type: ignore[misc]
    """gunicorn's logger: redacted, one line per event, in the log of the application."""

    def setup(self, cfg: Any) -> None:
        """Send gunicorn's records to the root logger, which writes in the background."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        self.error_log.addFilter(_hide_request)
        logging_config.configure()
        logging_config.write_in_background()


def _hide_request(record: logging.LogRecord) -> bool:
    """Take out of a record a request's text, and its client's address."""
    for beginning, replacement in _MESSAGES.items():
        if str(record.msg).startswith(beginning):
            record.msg, record.args = replacement, ()
    return True


logger_class = GunicornLogger


def on_starting(server: Any) -> None:
    """Exit with status 1 and every problem when there is no directory to answer from."""
    from routing import config, create_app, lookup
    from routing.errors import RoutingError

    server.log.info("Version %s", config.VERSION)
    try:
        with create_app().app_context():
            lookup.snapshot()
    except RoutingError as error:
        for line in str(error).splitlines():
            server.log.critical("%s", line)
        sys.exit(1)


def post_worker_init(worker: Any) -> None:
    """Load the directory and the diverts before the worker's first request."""
    from routing import lookup, telephony

    try:
        with worker.wsgi.app_context():
            lookup.warm_up()
            telephony.warm_up()
    except Exception:  # a worker that fails to start would end the whole service
        worker.log.exception("the worker could not load in advance: its first request loads")


def worker_exit(server: Any, worker: Any) -> None:
    """Skip the interpreter's last collections: 1.7 s of the processor in all, and a restart waits.

    On a busy machine an exit took 3 to 4 s, longer than Twilio waits, and takes 0.5 to 0.8.
    """
    gc.freeze()


def on_exit(server: Any) -> None:
    """Skip the master's last collections too."""
    gc.freeze()
