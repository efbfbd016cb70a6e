"""Plans of the queries that no other test of the store sends: none reads all of a growing table."""

import inspect
import pkgutil
import re
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest

from routing import store
from routing.core.instants import Span
from routing.rota.roster import NewShift
from routing.store import (
    accounts,
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
from routing.store.diverts import NewDivert

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOT_PLANNED = {tables.lock_writers, tables.create_tables, holiday_lists.save}
"""They read no table."""


@pytest.fixture
def arguments(now):
    """Return what to call functions of the store with, after the connection."""
    return {
        accounts.end_session: ("token",),
        accounts.ensure_admin_remains: (Account(1, "local", "ada", "Ada", frozenset()),),
        accounts.find: (1,),
        accounts.get: ("1",),
        audit_log.notes: ([],),
        calls.calls_between: (now - HOUR, now, now),
        calls.counts: (now - DAY, now, now),
        calls.counts_of_ended: (now - DAY, now),
        calls.missed: (now - HOUR, now, now, 100),
        db.current_revision: (),
        diverts.get: (1,),
        jobs.claim: ("purge", "machine", now, now, HOUR),
        jobs.finish: ("purge", "machine", now, now, "failed"),
        jobs.states: (),
        rota.count_ever_added: ("role-1", Span(now, now + HOUR)),
        rota.find_change_by_key: ("form",),
        rota.find_undone_by: (7,),
        rota.imports_of: ("rota.csv",),
        rota.read_shifts: ([5],),
        rota.revision: (),
        rota.shifts_of: (7,),
        rota_people.add_all: ([("New One", None)], now, "account:1"),
        rota_people.mark_added_by: ([1], 1),
        rota_people.remove_added_by: (1, [1], now, "account:1"),
        rota_people.restore_added_by: (1, now),
        setup_steps.set_needed: ("rota", False, now, "account:1"),
        setup_steps.unneeded: (),
    }


def test_no_query_that_only_pages_and_commands_send_reads_all_of_a_growing_table(
    write, arguments, now
):
    during = Span(now, now + HOUR)
    for name in ("Ada", "Bob"):
        write(accounts.add, name, frozenset([Role.ADMIN]), "correct horse battery", now, "x")
    write(diverts.create, [NewDivert("s", "eds", during, "")], now, "account:1")
    write(rota_people.add, "Amara Owusu", None, now, "account:1")
    write(rota.add, "added", [NewShift("role-1", 1, during)], now, "account:1")

    for function, given in arguments.items():
        write(function, *given)


def test_every_public_function_of_the_store_is_planned(arguments):
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
    tests = "".join(file.read_text("utf-8") for file in Path(__file__).parent.glob("test_*.py"))

    assert {
        function
        for function in functions - NOT_PLANNED - {rule.purge for rule in retention.RULES}
        if not re.search(rf"\b{function.__name__}\b", tests)
    } == set()
