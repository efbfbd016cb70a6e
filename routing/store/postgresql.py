"""Connections to PostgreSQL that are given up when an answer takes too long.

A server that stands still (stopped, or its disk hangs) answers nothing, while its kernel goes on
acknowledging: neither statement_timeout nor TCP's own time-outs end that wait. So this overrides
psycopg's ``Connection.wait``, which has a docstring but no page in psycopg's documentation: hence
the bound on psycopg in requirements.in, and tests/store/test_db.py.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus

T = TypeVar("T")


class TimeoutConnection(psycopg.Connection[Any]):
    """A connection on which every wait for an answer ends within ``timeout_seconds``."""

    timeout_seconds = 2.0

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        try:
            return super().wait(gen, interval, timeout or self.timeout_seconds)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()
            raise


def connect(timeout: float, options: Mapping[str, Any]) -> psycopg.Connection[Any]:
    """Connect with libpq's ``options``, and wait ``timeout`` seconds at most for each answer.

    Connecting itself takes 2 seconds at most unless ``connect_timeout`` says otherwise: libpq
    allows no less. Raise psycopg.OperationalError.
    """
    defaults = {
        "connect_timeout": "2",
        "tcp_user_timeout": "5000",
        "options": f"-c statement_timeout={int(timeout * 1000)}",
        "application_name": "routing",
        "client_encoding": "utf8",  # or a database in SQL_ASCII answers in bytes
    }
    connection = TimeoutConnection.connect(**{**defaults, **options})
    connection.timeout_seconds = timeout
    return connection
