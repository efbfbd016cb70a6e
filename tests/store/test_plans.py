"""Every query of the store, as both databases plan it: none reads all of a table that grows."""

import inspect
import json
import pkgutil
import re
from datetime import timedelta
from importlib import import_module

import grown
import sqlalchemy as sa

from routing import store
from routing.core.instants import Span
from routing.rota.roster import NewCover, NewShift
from routing.store import (
    accounts,
    alerts,
    audit_log,
    calls,
    db,
    diverts,
    holiday_lists,
    jobs,
    retention,
    rota,
    rota_people,
    setup_steps,
    tables,
)
from routing.store.accounts import Account, Role
from routing.store.alerts import Alert
from routing.store.calls import CallStart, LegEnd, LegStart
from routing.store.diverts import NewDivert

GROWING_TABLES = {
    "audit_log",
    "calls",
    "counters",
    "covers",
    "diverts",
    "legs",
    "rota_changes",
    "sessions",
    "shifts",
    "sign_in_failures",
}
READS_ALL_OF = {rota_people.purge: {"covers"}, retention.purge_notes: {"covers"}}
"""Once a day they look for old notes and names, wherever they are."""

NOT_PLANNED = {db.counts, tables.lock_writers, tables.create_tables, holiday_lists.save}
"""The first counts every row, the others read no table."""

SETTINGS = {"CALL_RETENTION_DAYS": 90, "NOTE_RETENTION_DAYS": 90, "ROTA_RETENTION_DAYS": 210}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PASSWORD = "correct horse battery"
VIEW = frozenset([Role.VIEW])
ACCOUNT = Account(3, "local", "p2", "P2", VIEW)
ACTOR = "account:1"


def arguments(now):
    """Return what to call each public function of the store with, after the connection."""
    call, key = CallStart("s0", "day-0", "in_hours", now), f"{9:064}"
    during = Span(now, now + HOUR)
    return {
        accounts.active_accounts: (),
        accounts.add: ("new", VIEW, PASSWORD, now, ACTOR),
        accounts.all_accounts: (),
        accounts.create_password_link: (1, now, ACTOR),
        accounts.end_session: ("token",),
        accounts.ensure_admin_remains: (3,),
        accounts.ensure_name_free: ("new",),
        accounts.find_by_password_link: ("token", now),
        accounts.find_by_session: ("token", now, "local"),
        accounts.find: (3,),
        accounts.find_local: ("p2",),
        accounts.purge_unused: (now - 700 * DAY, now, ACTOR),
        accounts.remove: ("p2", now, ACTOR),
        accounts.revoke_roles: ("local", "p2", now),
        accounts.set_password: ("p2", PASSWORD, now, ACTOR),
        accounts.set_roles: (1, VIEW, now, ACTOR),
        accounts.sign_out: (1, now, ACTOR),
        accounts.start_session: (ACCOUNT, now),
        accounts.upsert_sso_account: ("local", "p2", "P", VIEW, now),
        alerts.database_time: (),
        alerts.delivery_states: (["r"],),
        alerts.enqueue: (["r"], [Alert("k", "kind", "t", "x")], now, now),
        alerts.lease: ("r", now),
        alerts.mark_failed: ("r", "down", now),
        alerts.mark_sent: ("r", [1], now),
        alerts.newest: (10,),
        alerts.purge: (["r"], ["k"], now - 90 * DAY),
        audit_log.newest: (50, 1000),
        audit_log.notes: ([],),
        audit_log.record: (now, ACTOR, "a", "rota:1"),
        audit_log.record_if_changed: (now, "a", "rota:1", {}),
        rota_people.create_calendar: (1, None, 1, now, ACTOR),
        rota_people.find_calendar: ("token",),
        rota_people.revoke_calendar: (1, now, ACTOR),
        rota_people.unrevoked_calendars: (),
        calls.calls_between: (now - HOUR, now, now),
        calls.counts: (now - DAY, now, now),
        calls.counts_of_ended: (now - DAY, now),
        calls.counts_by_period: ((now - DAY, now), now),
        calls.missed: (now - HOUR, now, now, 100),
        calls.accept: (key, call, LegStart(1, "day-0", now)),
        calls.begin: ("new", call),
        calls.finish: (key, now),
        calls.purge: (now - 90 * DAY, now, ACTOR),
        calls.step: (
            key,
            call,
            LegEnd(1, "day-0", "busy", now, None),
            LegStart(3, "x", now),
            "answered",
        ),
        calls.was_accepted: (key, 1),
        calls.check_write: (now,),
        calls.increment: ("faults", now),
        calls.count_since: ("faults", now - HOUR),
        calls.delete_old_senders: (now,),
        calls.hours_counted: ("faults", now - HOUR),
        diverts.create: ([NewDivert("s0", "x", during, "")], now, ACTOR, "form"),
        diverts.current_and_future: (now,),
        diverts.get: (7,),
        diverts.move_end: (990, now + HOUR, now - 9 * DAY, ACTOR),
        diverts.overlapping: (now - DAY, now + DAY),
        diverts.recently_ended: (now, 20),
        db.current_revision: (),
        jobs.claim: ("purge", "machine", now, now, HOUR),
        jobs.finish: ("purge", "machine", now, now, "failed"),
        jobs.states: (),
        accounts.check_rate_limit: ("new", now),
        accounts.clear_failures: ("new",),
        retention.overdue: (SETTINGS, now),
        retention.purge_notes: (now - 90 * DAY, now, ACTOR),
        rota.add: (
            "added",
            [NewShift("role-9", 1, during), NewCover(1, 2, during)],
            now,
            ACTOR,
            "another form",
        ),
        rota.cancel: (now, ACTOR, 5),
        rota.count_ever_added: ("role-1", during),
        rota.find_change_by_key: ("form",),
        rota.find_undone_by: (7,),
        rota.get: (5,),
        rota.get_change: (7,),
        rota.newest_changes: (10,),
        rota.read: (now, now + DAY),
        rota.read_shifts: ([5],),
        rota.revision: (),
        rota.shifts_of: (7,),
        rota.undo: (7, now, ACTOR),
        rota_people.add: ("New One", None, now, ACTOR),
        rota_people.add_all: ([("New One", None)], now, ACTOR),
        rota_people.all_people: (),
        rota_people.change: (1, "New One", None, 1, now, ACTOR),
        rota_people.find_by_account: (1,),
        rota.imports_of: ("rota.csv",),
        rota_people.get: (1,),
        rota_people.leave: (1, now, ACTOR),
        rota_people.mark_added_by: ([1], 7),
        rota_people.remove_added_by: (7, [1], now, ACTOR),
        rota_people.restore_added_by: (7, now),
        rota_people.purge: (now - 210 * DAY, now, ACTOR),
        setup_steps.set_needed: ("rota", False, now, ACTOR),
        setup_steps.unneeded: (),
    }


def test_the_plans_of_all_public_functions_are_checked(now):
    modules = [
        import_module(f"routing.store.{module.name}")
        for module in pkgutil.iter_modules(store.__path__)
        if not module.ispkg
    ]
    functions = {
        function
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if not name.startswith("_") and "connection" in inspect.signature(function).parameters
    }

    assert functions == arguments(now).keys() | NOT_PLANNED


def test_no_query_reads_all_of_a_table_that_grows(database, now):
    grown.fill(database, now, calls=1000, people=10, days=200, others=1000)
    with database.writing() as connection:
        alerts.enqueue(connection, ["r"], [], now, now)
        rota_people.create_calendar(connection, 1, None, 1, now, ACTOR)
    scans = []
    with database.engine.connect().execution_options(writing=True) as connection:
        for function, given in arguments(now).items():
            allowed = READS_ALL_OF.get(function, set())
            with connection.begin() as transaction:
                scans += [
                    f"{function.__module__}.{function.__name__} reads all of {table}: {statement}"
                    for statement, values in statements(connection, function, given)
                    for table in scanned_tables(connection, statement, values) - allowed
                ]
                transaction.rollback()

    assert not scans, "\n".join(scans)


def statements(connection, function, given):
    """Call a function and return the statements that it executes, with their values."""
    executed = []

    def note(connection, cursor, statement, values, context, many):
        if not statement.startswith("PRAGMA"):
            executed.append((statement, values))

    sa.event.listen(connection, "before_cursor_execute", note)
    function(connection, *given)
    sa.event.remove(connection, "before_cursor_execute", note)
    return executed


def scanned_tables(connection, statement, values):
    """Return the growing tables of which a statement reads every row, by its plan."""
    # SQLite's plan of an insert includes checks of foreign keys that it does not run.
    if not re.match(r"SELECT|UPDATE|DELETE", statement):
        return set()
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
        plan = "\n".join(row[3] for row in rows)
        is_bounded = "LIMIT" in statement and "TEMP B-TREE" not in plan
        scanned = set(re.findall(r"^SCAN ([a-z_]+?)(?:_\d+)?\b", plan, re.MULTILINE))
        return set() if is_bounded else scanned & GROWING_TABLES
    for method in ("seqscan", "hashjoin", "mergejoin"):  # best for 1,000 rows, not for a million
        connection.exec_driver_sql(f"SET LOCAL enable_{method} = off")
    plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).scalar()
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return set(fully_read_tables(plan[0]["Plan"], is_bounded=False)) & GROWING_TABLES


def fully_read_tables(node, is_bounded):
    """Yield the tables that a node of PostgreSQL's plan reads from end to end."""
    kind = node["Node Type"]
    is_bounded = (is_bounded or kind == "Limit") and kind not in ("Sort", "Hash", "Aggregate")
    reads_all = kind == "Seq Scan" or ("Index" in kind and "Index Cond" not in node)
    if reads_all and not is_bounded and "Relation Name" in node:
        yield node["Relation Name"]
    for child in node.get("Plans", ()):
        yield from fully_read_tables(child, is_bounded)
