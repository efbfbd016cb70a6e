"""Inserts that every call waits for: compiled once, and then run by the driver."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing.storage.driver import run

Values = Mapping[str, Any]
_Kind = Any  # one of the two: an insert that can say what to do on a conflict


def into(table: sa.Table, connection: Connection) -> _Kind:
    """Return an insert that can say what to do on a conflict: both databases know how.

    What the other database needs is not loaded.
    """
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


@dataclass(frozen=True, slots=True)
class _Compiled:
    text: str
    order: tuple[str, ...] | None
    written: Mapping[str, Callable[[Any], Any]]

    def values(self, row: Values) -> Any:
        """Return what the driver is given: values by their place, or by their name."""
        written = {**row, **{name: write(row[name]) for name, write in self.written.items()}}
        return written if self.order is None else tuple(written[name] for name in self.order)


class Insert:
    """An insert of one row with all the columns of some names. ``finish`` says what happens on a
    conflict, and what is returned.
    """

    def __init__(self, table: sa.Table, columns: str, finish: Callable[[_Kind], _Kind]) -> None:
        self.table, self.columns, self.finish = table, columns.split(), finish
        self._compiled: dict[str, _Compiled] = {}

    def run(self, connection: Connection, row: Values) -> Any | None:
        """Insert a row; return the one value that comes back, None where none does.

        Raise sqlalchemy.exc.DBAPIError, without the values.
        """
        compiled = self._compiled.get(connection.dialect.name) or self._compile(connection)
        found = run(connection, compiled.text, compiled.values(row))
        return found[0][0] if found else None

    def _compile(self, connection: Connection) -> _Compiled:
        statement = self.finish(into(self.table, connection))
        dialect = connection.dialect
        made = cast(Any, statement.compile(dialect=dialect, column_keys=self.columns))
        kinds = {name: self.table.c[name].type.dialect_impl(dialect) for name in self.columns}
        written = {name: kind.bind_processor(dialect) for name, kind in kinds.items()}
        order = tuple(made.positiontup) if made.positional else None
        known = {name: write for name, write in written.items() if write is not None}
        return self._compiled.setdefault(dialect.name, _Compiled(str(made), order, known))
