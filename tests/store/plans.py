"""How a database plans what the store asks it: nothing reads all of a table that grows."""

import json
import re
from contextlib import contextmanager

import sqlalchemy as sa

from routing.store import db, retention, rota_people

GROWING_TABLES = {
    "audit_log",
    "calls",
    "counters",
    "covers",
    "diverts",
    "legs",
    "rota_changes",
    "shifts",
    "sign_in_failures",
    "tokens",
}
READS_ALL_OF = {
    rota_people.purge: {"covers"},
    retention.purge_notes: {"covers"},
    db.counts: GROWING_TABLES,
}
"""Once a day the first two look for old notes and names, wherever they are; the last counts."""


_PLANNED: set[tuple[str, str]] = set()
"""Statements, by database, whose plan is known."""


@contextmanager
def planned(connection, function):
    """Fail if a statement that a function of the store sends reads all of a table that grows."""
    sent = []

    def note(connection, cursor, statement, values, context, many):
        # SQLite's plan of an insert includes checks of foreign keys that it does not run.
        if re.match(r"SELECT|UPDATE|DELETE", statement) and not many:
            sent.append((statement, values))

    sa.event.listen(connection, "before_cursor_execute", note)
    yield
    sa.event.remove(connection, "before_cursor_execute", note)
    if function.__module__.startswith("routing.store."):
        for statement, values in sent:
            if (connection.dialect.name, statement) in _PLANNED:
                continue
            _PLANNED.add((connection.dialect.name, statement))
            scanned = _scanned_tables(connection, statement, values) & GROWING_TABLES
            assert scanned <= READS_ALL_OF.get(function, set()), statement


def _scanned_tables(connection, statement, values):
    """Return the tables of which a statement reads every row, by its plan."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
        plan = "\n".join(row[3] for row in rows)
        is_bounded = "LIMIT" in statement and "TEMP B-TREE" not in plan
        scanned = re.findall(r"^SCAN ([a-z_]+?)(?:_\d+)?\b", plan, re.MULTILINE)
        return set() if is_bounded else set(scanned)
    for method in ("seqscan", "hashjoin", "mergejoin"):  # best for a few rows, not for a million
        connection.exec_driver_sql(f"SET LOCAL enable_{method} = off")
    plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).scalar()
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return set(_fully_read_tables(plan[0]["Plan"], is_bounded=False))


def _fully_read_tables(node, is_bounded):
    """Yield the tables that a node of PostgreSQL's plan reads from end to end."""
    kind = node["Node Type"]
    is_bounded = (is_bounded or kind == "Limit") and kind not in ("Sort", "Hash", "Aggregate")
    reads_all = kind == "Seq Scan" or ("Index" in kind and "Index Cond" not in node)
    if reads_all and not is_bounded and "Relation Name" in node:
        yield node["Relation Name"]
    for child in node.get("Plans", ()):
        yield from _fully_read_tables(child, is_bounded)
