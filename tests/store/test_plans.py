"""Every query of storage as both databases plan it: none reads the whole of a table that grows."""

import inspect
import json
import re
from datetime import timedelta
from types import SimpleNamespace

import grown
import sqlalchemy as sa

from routing.core.instants import Span
from routing.rota.roster import NewCover, NewShift
from routing.store import (
    accounts,
    alerts,
    audit_log,
    calendars,
    call_report,
    calls,
    diverts,
    migrate,
    passwords,
    retention,
    rota,
    rota_people,
)
from routing.store.accounts import Account, Role
from routing.store.alerts import Alert
from routing.store.calendars import CalendarFeed
from routing.store.calls import CallStart, LegEnd, LegStart
from routing.store.diverts import NewDivert

GROWS = {
    "calls",
    "legs",
    "tallies",
    "shifts",
    "covers",
    "changes",
    "sessions",
    "sign_in_failures",
    "batches",
    "diverts",
}
WHOLE = {"workers.purge": {"covers"}, "notes.purge": {"covers"}}
"""Once a day they look for old notes, wherever they are."""

SETTINGS = {"CALL_RETENTION_DAYS": 90, "NOTE_RETENTION_DAYS": 90, "ROTA_RETENTION_DAYS": 210}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PASSWORD = "correct horse battery"
VIEW = frozenset([Role.VIEW])
PERSON = Account(3, "local", "p2", "P2", VIEW)
ME = "person:1"


def queries(now):
    """Return every public function of storage that takes a connection, by name, ready to call."""
    call = CallStart("s0", "day-0", "in_hours", now)
    during = Span(now, now + HOUR)
    return {
        "accounts.add": lambda c: accounts.add(c, "new", VIEW, PASSWORD, now, ME),
        "accounts.free": lambda c: accounts.ensure_name_free(c, "new"),
        "accounts.came_in": lambda c: accounts.upsert_sso_account(c, "local", "p2", "P", VIEW, now),
        "accounts.give_password": lambda c: accounts.set_password(c, "p2", PASSWORD, now, ME),
        "accounts.refuse": lambda c: accounts.revoke_roles(c, "local", "p2", now),
        "accounts.end_access": lambda c: accounts.end_access(c, 3, now, ME),
        "accounts.remove": lambda c: accounts.remove(c, "p2", now, ME),
        "accounts.named": lambda c: accounts.find_local(c, "p2"),
        "accounts.everyone": accounts.all_accounts,
        "accounts.purge": lambda c: accounts.purge_unused(c, now - 700 * DAY, now, ME),
        "alerts.clock": alerts.database_time,
        "alerts.look": lambda c: alerts.enqueue(c, ["r"], [Alert("k", "kind", "t", "x")], now, now),
        "alerts.claim": lambda c: _claimed(c, now),
        "alerts.sent": lambda c: alerts.mark_sent(c, "r", [1], now),
        "alerts.failed": lambda c: (_claimed(c, now), alerts.mark_failed(c, "r", "down", now)),
        "alerts.states": lambda c: alerts.delivery_states(c, ["r"]),
        "alerts.newest": lambda c: alerts.newest(c, 10),
        "alerts.purge": lambda c: alerts.purge(c, ["r"], ["k"], now - 90 * DAY),
        "accounts.present": accounts.active_accounts,
        "call_report.between": lambda c: call_report.calls_between(c, now - HOUR, now, now),
        "call_report.by_period": lambda c: call_report.counts_by_period(c, (now - DAY, now), now),
        "call_report.counts": lambda c: call_report.counts(c, now - DAY, now, now),
        "call_report.missed": lambda c: call_report.missed(c, now - HOUR, now, now, 100),
        "calls.begin": lambda c: calls.begin(c, "new", call),
        "calls.step": lambda c: calls.step(
            c,
            f"{9:064}",
            call,
            LegEnd(1, "day-0", "busy", now, None),
            LegStart(3, "x", now),
            "answered",
        ),
        "calls.finish": lambda c: calls.finish(c, f"{9:064}", now),
        "calls.accept": lambda c: calls.accept(c, f"{9:064}", call, LegStart(1, "day-0", now)),
        "calls.accepted": lambda c: calls.was_accepted(c, f"{9:064}", 1),
        "calls.count": lambda c: calls.count(c, "faults", now),
        "calls.hours": lambda c: calls.hours_counted(c, "faults", now - HOUR),
        "calls.attempt": lambda c: calls.attempt(c, now),
        "calls.counted": lambda c: calls.count_since(c, "faults", now - HOUR),
        "calls.purge": lambda c: calls.purge(c, now - 90 * DAY, now, "t"),
        "changes.record": lambda c: audit_log.record(c, now, ME, "a", "rota:1"),
        "changes.record_once": lambda c: audit_log.record_if_changed(c, now, "a", "rota:1", {}),
        "changes.newest": lambda c: audit_log.newest(c, 50, before=1000),
        "diverts.put": lambda c: diverts.create(
            c, [NewDivert("s0", "x", during, "")], now, ME, "form"
        ),
        "diverts.move_end": lambda c: diverts.move_end(c, 990, now + HOUR, now - 9 * DAY, ME),
        "diverts.get": lambda c: diverts.get(c, 7),
        "diverts.unended": lambda c: diverts.current_and_future(c, now),
        "diverts.ended": lambda c: diverts.recently_ended(c, now, 20),
        "diverts.overlapping": lambda c: diverts.overlapping(c, now - DAY, now + DAY),
        "feeds.make": lambda c: calendars.create(c, 1, None, 1, now, ME),
        "feeds.by": lambda c: calendars.find_by_token(c, "token"),
        "feeds.used": lambda c: calendars.mark_polled(
            c, CalendarFeed(1, None, None, 1, now, None, "P", "", now), now
        ),
        "feeds.every": calendars.unrevoked,
        "feeds.revoke": lambda c: calendars.revoke(c, _feed(c, now), now, ME),
        "notes.purge": lambda c: retention.purge_notes(c, now - 90 * DAY, now, ME),
        "passwords.attempt": lambda c: passwords.check_rate_limit(c, "new", now),
        "passwords.forget": lambda c: passwords.clear_failures(c, "new"),
        "rota.add": lambda c: rota.add(
            c,
            "added",
            [NewShift("role-9", 1, during), NewCover(1, 2, during)],
            now,
            ME,
            "another form",
        ),
        "rota.cancel": lambda c: rota.cancel(c, now, ME, shift=5),
        "rota.undo": lambda c: rota.undo(c, 7, now, ME),
        "rota.saved_by": lambda c: rota.find_change_by_key(c, "form"),
        "rota.revision": rota.revision,
        "rota.read_shifts": lambda c: rota.read_shifts(c, [5]),
        "rota.shifts_of": lambda c: rota.shifts_of(c, 7),
        "rota.read": lambda c: rota.read(c, now, now + DAY),
        "rota.get": lambda c: rota.get(c, 5),
        "rota.entered": lambda c: rota.count_ever_added(c, "role-1", during),
        "rota.newest": lambda c: rota.newest_changes(c, 10),
        "rota.batch": lambda c: rota.get_change(c, 7),
        "retention.overdue": lambda c: retention.overdue(c, SETTINGS, now),
        "sessions.start": lambda c: accounts.start_session(c, PERSON, now),
        "sessions.whose": lambda c: accounts.find_by_session(c, "token", now, "local"),
        "sessions.end": lambda c: accounts.end_session(c, "token"),
        "upgrade.stands_at": migrate.current_revision,
        "workers.add": lambda c: rota_people.add(c, "New One", None, now, ME),
        "workers.add_all": lambda c: rota_people.add_all(c, [("New One", None)], now, ME),
        "workers.change": lambda c: rota_people.change(c, 1, "New One", None, 1, now, ME),
        "workers.leave": lambda c: rota_people.leave(c, 1, now, ME),
        "workers.get": lambda c: rota_people.get(c, 1),
        "workers.of_account": lambda c: rota_people.find_by_account(c, 1),
        "workers.everyone": rota_people.all_people,
        "workers.named": lambda c: rota_people.find_ids_by_name(c, ["Worker 1"]),
        "workers.purge": lambda c: rota_people.purge(c, now - 210 * DAY, now, ME),
    }


def _claimed(connection, now):
    alerts.enqueue(connection, ["r"], [], now, now)
    return alerts.lease(connection, "r", now)


def _feed(connection, now):
    calendars.create(connection, 1, None, 1, now, ME)
    return connection.scalar(sa.text("SELECT max(id) FROM feeds"))


def test_every_query_of_storage_is_looked_at(now):
    modules = (
        accounts,
        alerts,
        call_report,
        calls,
        audit_log,
        diverts,
        calendars,
        retention,
        passwords,
    )
    found = {
        f"{module.__name__.rpartition('.')[2]}.{name}"
        for module in (*modules, retention, rota, accounts, migrate, rota_people)
        for name, each in inspect.getmembers(module, inspect.isfunction)
        if each.__module__ == module.__name__
        and not name.startswith("_")
        and "connection" in inspect.signature(each).parameters
    }

    assert found == set(queries(now))


def test_no_query_reads_the_whole_of_a_table_that_grows(database, now):
    grown.fill(database, now, calls=1000, people=10, days=200, others=1000)
    scans = []
    with database.engine.connect().execution_options(writing=True) as connection:
        for name, ask in queries(now).items():
            told = SimpleNamespace(asked=[])
            with connection.begin() as turn:
                sa.event.listen(connection, "before_cursor_execute", _noting(told))
                ask(connection)
                asked, told.asked = told.asked, None
                scans += [
                    f"{name} reads all of {table}: {' '.join(statement.split())}"
                    for statement, values in asked
                    for table in _scans(connection, statement, values) - WHOLE.get(name, set())
                ]
                turn.rollback()

    assert not scans, "\n".join(scans)


def _noting(told):
    def note(connection, cursor, statement, values, context, many):
        if told.asked is not None and not statement.startswith("PRAGMA"):
            told.asked.append((statement, values))

    return note


def _scans(connection, statement, values):
    """Return the tables that grow of which a statement reads every row, by the plan for it."""
    # What SQLite tells of an insert into a table that others refer to, it does not do.
    if not re.match(r"SELECT|UPDATE|DELETE", statement):
        return set()
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
        plan = [row[3] for row in rows]
        found = set(re.findall(r"^SCAN ([a-z_]+?)(?:_\d+)?\b", "\n".join(plan), re.M))
        bounded = "LIMIT" in statement and not any("TEMP B-TREE" in each for each in plan)
        return set() if bounded else found & GROWS
    for way in ("seqscan", "hashjoin", "mergejoin"):  # best for a thousand rows, not for a million
        connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
    explained = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).scalar()
    plan = json.loads(explained) if isinstance(explained, str) else explained
    return set(_read_whole(plan[0]["Plan"], bounded=False)) & GROWS


def _read_whole(node, bounded):
    """Yield the tables that a part of PostgreSQL's plan reads from end to end."""
    kind = node["Node Type"]
    bounded = (bounded or kind == "Limit") and kind not in ("Sort", "Hash", "Aggregate")
    whole = kind == "Seq Scan" or ("Index" in kind and "Index Cond" not in node)
    if whole and not bounded and "Relation Name" in node:
        yield node["Relation Name"]
    for each in node.get("Plans", ()):
        yield from _read_whole(each, bounded)
