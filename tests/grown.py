"""A database that has grown: calls by the thousand, a rota of years, all that goes with them.

Made row by row, as no page makes it, in the same way on both kinds of database.
"""

from datetime import timedelta

import sqlalchemy as sa

from routing.store import tables

DAY = timedelta(days=1)
OUTCOMES = ("answered", "answered", "answered", "unanswered", "abandoned")


def fill(database, now, calls=20_000, people=20, roles=4, days=400, others=3000):
    """Fill a database up to ``now`` (the rota half a year beyond).

    Every role has a shift by day and one by night on each of ``days``; people take turns.
    """
    with database.writing() as connection:
        _batches(connection, now, others)
        _people(connection, now, people, others)
        _calls(connection, now, calls)
        _rota(connection, now, people, roles, days)
        _record(connection, now, others)


def analyze(database):
    """Let the database count its rows, as it does by itself in time."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _many(connection, table, count, row):
    """Insert ``row(n)`` for n from 0: thousands at a time."""
    for first in range(0, count, 10_000):
        rows = [row(n) for n in range(first, min(count, first + 10_000))]
        connection.execute(table.insert(), rows)


def _batches(connection, now, count):
    _many(
        connection,
        tables.rota_changes,
        count,
        lambda n: {
            "kind": "added",
            "made_at": now - (count - n) * DAY / 10,
            "made_by": "person:1",
            "asked": f"form {n}",
        },
    )


def _people(connection, now, people, others):
    row = {"issuer": "local", "roles": "rota", "added_at": now, "signed_in_at": now}
    names = [{**row, "subject": f"p{n}", "name": f"P{n}"} for n in range(people)]
    connection.execute(tables.accounts.insert(), names)
    worker = {"added_at": now - 5000 * DAY}
    names = [{**worker, "name": f"Worker {n}", "key": f"worker {n}"} for n in range(people)]
    connection.execute(tables.rota_people.insert(), names)
    _many(
        connection,
        tables.sessions,
        others,
        lambda n: {
            "token_sha256": f"{n:064}",
            "person": n % people + 1,
            "roles": "rota",
            "started_at": now,
            "ends_at": now + DAY / 2 * (n + 1) / others,
        },
    )
    _many(
        connection,
        tables.sign_in_failures,
        others,
        lambda n: {"name_sha256": f"{n % 100:064}", "at": now - DAY / 24 * n / others},
    )


def _calls(connection, now, count):
    """Ninety days of calls, each with two lines rung."""
    at = [now - 90 * DAY * (count - n) / max(count, 1) for n in range(count)]
    _many(
        connection,
        tables.calls,
        count,
        lambda n: {
            "sid_sha256": f"{n:064}",
            "service": f"s{n % 3}",
            "line": f"day-{n % 3}",
            "reason": "in_hours",
            "began_at": at[n],
            "ended_at": at[n] + timedelta(minutes=5),
            "outcome": OUTCOMES[n % len(OUTCOMES)],
        },
    )
    _many(
        connection,
        tables.legs,
        2 * count,
        lambda n: {
            "call": n // 2 + 1,
            "number": n % 2 + 1,
            "line": f"day-{n % 3}",
            "rung_at": at[n // 2],
            "outcome": "no_answer" if n % 2 == 0 else "answered",
            "rang": 20,
            "talked": None if n % 2 == 0 else 200,
        },
    )
    _many(
        connection,
        tables.counters,
        min(count, 90 * 24),
        lambda n: {"hour": _hour(now) - n * DAY / 24, "name": "faults", "count": 1},
    )


def _rota(connection, now, people, roles, days):
    """By day and by night somebody in each role; every other shift is covered by somebody else."""
    first = _hour(now) - (days - 184) * DAY
    batch = connection.scalar(sa.select(sa.func.max(tables.rota_changes.c.id)))

    def shift(n):
        turn, role = divmod(n, roles)
        start = first + turn * DAY / 2
        own = {"role": f"role-{role}", "worker": (turn * roles + role) % people + 1}
        edges = {"starts_at": start, "ends_at": start + DAY / 2}
        return {**own, **edges, "added_in": n % batch + 1, "sequence": 0, "changed_at": first}

    count = days * roles * 2
    _many(connection, tables.shifts, count, shift)
    _many(
        connection,
        tables.covers,
        count // 2,
        lambda n: {
            "shift": 2 * n + 1,
            "worker": 7 * n % people + 1,
            "starts_at": shift(2 * n)["starts_at"],
            "ends_at": shift(2 * n)["ends_at"],
            "note": "",
            "added_in": n % batch + 1,
        },
    )


def _record(connection, now, count):
    _many(
        connection,
        tables.audit_log,
        count,
        lambda n: {"at": now, "actor": "service", "action": "a", "entity": f"rota:{n}"},
    )
    _many(
        connection,
        tables.diverts,
        count,
        lambda n: {
            "service": "s0",
            "line": "night-0",
            "starts_at": now - (count - n) * DAY / 4,
            "ends_at": now - (count - n) * DAY / 4 + DAY / 8,
            "note": "",
            "set_at": now - (count - n) * DAY / 4,
            "set_by": "person:1",
            "asked": f"form{n}/0",
        },
    )


def _hour(at):
    return at.replace(minute=0, second=0, microsecond=0)
