"""The database, processes, files and clock broken under load: callers notice nothing of it."""

import fault_types
import pytest
from fault_runs import run_fault, running_service, stepped_service
from mixed_load import Load

from routing.store import audit_log

POSTGRESQL = (fault_types.hung, fault_types.killed, fault_types.read_only)
QUICK = (fault_types.no_space, fault_types.workers_killed, fault_types.back_an_hour)
STAFF = "This page cannot be shown just now"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with stepped_service(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture(scope="module")
def on_postgresql(postgresql, tmp_path_factory):
    with running_service(tmp_path_factory.mktemp("served"), postgresql) as running:
        yield running


def break_by(fault, service):
    """Break a service; return what staff were told meanwhile. Callers notice nothing."""
    (codes,) = (faults[fault] for faults in fault_types.FAULTS.values() if fault in faults)
    row = run_fault(fault_types.name(fault), service, fault, codes)
    assert row.bad() == {}
    assert row.tally.answered == row.tally.made
    return row.staff


@pytest.mark.parametrize("fault", QUICK, ids=lambda fault: fault.__name__)
def test_no_answer_is_wrong_or_missing_and_no_divert_lost_while_a_part_breaks(service, fault):
    break_by(fault, service)


@pytest.mark.parametrize("fault", POSTGRESQL, ids=lambda fault: fault.__name__)
def test_nor_while_a_real_postgresql_breaks_and_the_staff_page_says_so(on_postgresql, fault):
    assert break_by(fault, on_postgresql) == STAFF


def test_a_changed_directory_is_in_every_workers_answers_within_5_seconds_and_recorded_once(
    service,
):
    break_by(fault_types.swapped, service)

    with service.database.reading() as connection:
        made = audit_log.newest(connection, 10**6)
    read = [entry for entry in made if entry.action == "directory.read"]
    assert {entry.actor for entry in read} == {"service"}
    assert [entry.before for entry in read] == [*(entry.after for entry in read[1:]), None]
    assert all(entry.before != entry.after for entry in read)


def test_a_service_that_is_told_to_stop_leaves_sqlites_log_empty(service):
    log = service.database.file.with_name(f"{service.database.file.name}-wal")
    with Load(service) as load:
        load.settled()
    assert load.tally.calls
    service.database.engine.dispose()  # this process's own connections
    assert log.stat().st_size > 0
    service.server.stop()
    left = log.stat().st_size if log.exists() else 0
    service.server.start().decision()

    assert left == 0
