"""Fill a database as after years of use: calls by the thousand, a rota and all that goes with it.

Rows are inserted directly, in the same way on both kinds of database.
"""

from datetime import timedelta

import sqlalchemy as sa

from routing.store import tables

DAY = timedelta(days=1)
OUTCOMES = ("answered", "answered", "answered", "unanswered", "abandoned")


def fill(database, now, calls=20_000, people=20, roles=4, days=400, others=3000):
    """Fill a database up to ``now``, the rota half a year further.

    Every role has a shift by day and one by night on each of ``days``; people take turns.
    ``others`` is the number of rows in each table of something else.
    """
    with database.writing() as connection:
        _add_rota_changes(connection, now, others)
        _add_people(connection, now, people, others)
        _add_calls(connection, now, calls)
        _add_rota(connection, now, people, roles, days)
        _add_diverts_and_audit_log(connection, now, others)


def analyze(database):
    """Update the statistics for the query planner, as the database does on its own in time."""
    with database.writing() as connection:
        connection.exec_driver_sql("ANALYZE")


def _insert(connection, table, count, row):
    """Insert ``row(n)`` for n from 0 to before ``count``, thousands at a time."""
    for first in range(0, count, 10_000):
        rows = [row(n) for n in range(first, min(count, first + 10_000))]
        connection.execute(table.insert(), rows)


def _add_rota_changes(connection, now, count):
    def change(n):
        made_at = now - (count - n) * DAY / 10
        made = {"made_at": made_at, "made_by": "account:1", "idempotency_key": f"form {n}"}
        return {"kind": "added", "summary": "", **made}

    _insert(connection, tables.rota_changes, count, change)


def _add_people(connection, now, people, others):
    signed_in = {"issuer": "local", "roles": "rota", "added_at": now, "signed_in_at": now}

    def account(n):
        return {"subject": f"p{n}", "name": f"P{n}", **signed_in}

    def person(n):
        return {"name": f"Worker {n}", "name_key": f"worker {n}", "added_at": now - 5000 * DAY}

    def session(n):
        ends_at = now + DAY / 2 * (n + 1) / others
        account_id = n % people + 1
        whose = {"account_id": account_id, "created_by": f"account:{account_id}"}
        return {"token_sha256": f"{n:064}", "kind": "session", "ends_at": ends_at, **whose}

    def failure(n):
        return {"name_sha256": f"{n % 100:064}", "at": now - DAY / 24 * n / others}

    _insert(connection, tables.accounts, people, account)
    _insert(connection, tables.rota_people, people, person)
    _insert(connection, tables.tokens, others, session)
    _insert(connection, tables.sign_in_failures, others, failure)


def _add_calls(connection, now, count):
    """Add ninety days of calls with two legs each, and counters of every hour."""
    began_at = [now - 90 * DAY * (count - n) / max(count, 1) for n in range(count)]

    def call(n):
        ended_at = began_at[n] + timedelta(minutes=5)
        first = {"service": f"s{n % 3}", "line": f"day-{n % 3}", "reason": "in_hours"}
        times = {"began_at": began_at[n], "ended_at": ended_at}
        return {"sid_sha256": f"{n:064}", "outcome": OUTCOMES[n % len(OUTCOMES)], **first, **times}

    def leg(n):
        end = {"outcome": "answered", "talk_seconds": 200}
        if n % 2 == 0:
            end = {"outcome": "no_answer", "talk_seconds": None}
        rung = {"line": f"day-{n % 3}", "rung_at": began_at[n // 2], "ring_seconds": 20}
        return {"call_id": n // 2 + 1, "position": n % 2 + 1, **rung, **end}

    def counter(n):
        return {"hour": _hour(now) - n * DAY / 24, "name": "telephone_faults", "count": 1}

    _insert(connection, tables.calls, count, call)
    _insert(connection, tables.legs, 2 * count, leg)
    _insert(connection, tables.counters, min(count, 90 * 24), counter)


def _add_rota(connection, now, people, roles, days):
    """Add a shift by day and by night in each role; somebody else covers every other shift."""
    first = _hour(now) - (days - 184) * DAY
    last_change = connection.scalar(sa.select(sa.func.max(tables.rota_changes.c.id)))

    def change(n):
        return {"created_by_change_id": n % last_change + 1}

    def shift(n):
        turn, role = divmod(n, roles)
        starts_at = first + turn * DAY / 2
        who = {"duty_role": f"role-{role}", "rota_person_id": n % people + 1}
        during = {"starts_at": starts_at, "ends_at": starts_at + DAY / 2}
        return {"sequence": 0, "changed_at": first, **who, **during, **change(n)}

    def cover(n):
        covered = shift(2 * n)
        during = {"starts_at": covered["starts_at"], "ends_at": covered["ends_at"]}
        who = {"shift_id": 2 * n + 1, "rota_person_id": 7 * n % people + 1}
        return {"note": "", **who, **during, **change(n)}

    count = days * roles * 2
    _insert(connection, tables.shifts, count, shift)
    _insert(connection, tables.covers, count // 2, cover)


def _add_diverts_and_audit_log(connection, now, count):
    def entry(n):
        return {"at": now, "actor": "service", "action": "a", "entity": f"rota:{n}"}

    def divert(n):
        starts_at = now - (count - n) * DAY / 4
        during = {"starts_at": starts_at, "ends_at": starts_at + DAY / 8}
        made = {"set_at": starts_at, "set_by": "account:1", "idempotency_key": f"form{n}/0"}
        return {"service": "s0", "line": "night-0", "note": "", **during, **made}

    _insert(connection, tables.audit_log, count, entry)
    _insert(connection, tables.diverts, count, divert)


def _hour(at):
    return at.replace(minute=0, second=0, microsecond=0)
