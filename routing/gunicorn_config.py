"""How gunicorn runs the application. gunicorn.conf.py reads this; without a checkout, write

``gunicorn --config python:routing.gunicorn_config "routing:create_app()"``.
"""

import os
import sys
import time
from typing import Any

workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
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
logger_class = "routing.gunicorn_logger.GunicornLogger"
# Not preloaded: every worker loads the directory after the fork, so that one that replaces a
# killed worker has the current directory, not that of the master's start.
preload_app = False

# One rehearsal clock for every worker, whenever it is started.
os.environ.setdefault("CLOCK_STARTED_AT", str(time.time()))


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
