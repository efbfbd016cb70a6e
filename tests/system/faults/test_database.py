"""A real PostgreSQL broken under load: callers notice nothing of it."""

import breaking
import pytest
from faulted import endured, served

QUICK = {
    breaking.hung: {"database_down"},
    breaking.killed: {"database_down"},
    breaking.read_only: {"database_refuses"},
}
"""Each fault, and the warning that staff are told of it."""
STAFF = "This page cannot be shown just now"


@pytest.fixture(scope="module")
def service(postgresql, tmp_path_factory):
    with served(tmp_path_factory.mktemp("served"), postgresql) as running:
        yield running


@pytest.mark.parametrize("fault", QUICK, ids=lambda fault: fault.__name__)
def test_no_answer_is_wrong_or_missing_and_no_divert_lost_while_a_database_breaks(service, fault):
    row = endured(breaking.name(fault), service, fault, QUICK[fault])

    assert row.bad() == {}
    assert row.tally.answered == row.tally.made
    assert row.staff == STAFF
