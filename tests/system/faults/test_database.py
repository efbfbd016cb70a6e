"""A real PostgreSQL broken under load: callers notice nothing of it."""

import pytest
import storage_faults
from doors import Load
from faulted import endured, served
from service_faults import FAULTS, name

QUICK = (storage_faults.hung, storage_faults.killed, storage_faults.read_only)
STAFF = "This page cannot be shown just now"


@pytest.fixture(scope="module")
def service(postgresql, tmp_path_factory):
    with served(tmp_path_factory.mktemp("served"), postgresql) as running:
        yield running


@pytest.mark.parametrize("fault", QUICK, ids=lambda fault: fault.__name__)
def test_no_answer_is_wrong_or_missing_and_no_divert_lost_while_a_database_breaks(service, fault):
    row = endured(name(fault), service, fault, FAULTS["postgresql"][fault])

    assert row.bad() == {}
    assert row.tally.answered == row.tally.made
    assert row.tally.slow <= row.tally.made / 20
    assert row.staff == STAFF


def test_a_service_that_is_told_to_stop_leaves_sqlites_log_empty(tmp_path):
    with served(tmp_path) as service:
        log = service.database.file.with_name(f"{service.database.file.name}-wal")
        with Load(service) as load:
            load.settled()
        assert load.tally.calls
        service.database.engine.dispose()  # this process's own connections
        assert log.stat().st_size > 0
        service.server.stop()

        left = log.stat().st_size if log.exists() else 0
        service.run()

    assert left == 0
