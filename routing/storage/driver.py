"""Statements given to the database's driver as they are: what every call waits for.

SQLAlchemy takes several times as long to have a short one run as SQLite takes to run it.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError


def run(connection: Connection, text: str, values: Any = ()) -> Sequence[Any]:
    """Run a statement, and return its rows. Raise DBAPIError, which does not tell the values."""
    opened: Any = connection.connection.driver_connection
    try:
        cursor = opened.execute(text, values)
        return cursor.fetchall() if cursor.description else ()
    except Exception as error:
        kinds = connection.dialect.loaded_dbapi.Error
        if not isinstance(error, kinds):
            raise
        raise DBAPIError.instance(
            text, None, error, kinds, hide_parameters=True, dialect=connection.dialect
        ) from error
