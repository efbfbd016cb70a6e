"""Connections to PostgreSQL that are given up when an answer takes too long."""

from collections.abc import Mapping
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus

T = TypeVar("T")


class _Bounded(psycopg.Connection[Any]):
    """A connection whose every question ends within ``longest`` seconds.

    A stopped server answers nothing, not even that it cannot: neither its statement_timeout nor
    TCP's would end the wait, so the wait itself has an end.
    """

    longest = 2.0

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        try:
            return super().wait(gen, interval, timeout or self.longest)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()
            raise


def connect(longest: float, words: Mapping[str, Any]) -> psycopg.Connection[Any]:
    """Connect, and wait ``longest`` seconds for each answer. ``words`` are libpq's.

    Connecting itself takes 2 seconds at most unless ``connect_timeout`` says otherwise: libpq's
    own least. Raise psycopg.OperationalError.
    """
    usual = {
        "connect_timeout": "2",
        "tcp_user_timeout": "5000",
        "options": f"-c statement_timeout={int(longest * 1000)}",
        "application_name": "routing",
    }
    connection = _Bounded.connect(**{**usual, **words})
    connection.longest = longest
    return connection
