"""who-to-call purge: says what it deleted, and fails if it could not."""

from datetime import timedelta

import pytest
from conftest import ANYSHIRE

from routing import lookup
from routing.core.instants import Span
from routing.store import calls, diverts
from routing.store.calls import CallStart
from routing.store.diverts import NewDivert

DAY = timedelta(days=1)


@pytest.fixture
def app(make_app):
    return make_app(ANYSHIRE, NOTE_RETENTION_DAYS="7")


def test_purge_applies_every_retention_rule_and_says_what_it_deleted(app):
    runner = app.test_cli_runner()
    runner.invoke(args=["db", "upgrade"])
    with app.app_context(), lookup.database().writing() as connection:
        at = lookup.now()
        calls.begin(connection, "x", CallStart("children", "eds", "out_of_hours", at - 91 * DAY))
        during = Span(at - 9 * DAY, at - 8 * DAY)
        wanted = NewDivert("children", "eds", during, "Siân has flu")
        diverts.create(connection, [wanted], at - 9 * DAY, "account:1")
    before = runner.invoke(args=["status"]).output
    result = runner.invoke(args=["purge"])

    assert "kept_too_long" not in before
    assert result.exit_code == 0
    assert result.output.splitlines()[:2] == [
        "1 calls older than 90 days are deleted.",
        "1 notes of diverts and covers that ended more than 7 days ago are emptied.",
    ]
    with app.app_context(), lookup.database().reading() as connection:
        assert diverts.get(connection, 1).note == ""
    assert runner.invoke(args=["purge"]).output.startswith("0 calls")


def test_a_retention_period_of_the_wrong_form_deletes_nothing(make_app):
    runner = make_app(ANYSHIRE, CALL_RETENTION_DAYS="10000").test_cli_runner()
    result = runner.invoke(args=["purge"])

    assert result.exit_code == 1
    assert "Error: Nothing is deleted. CALL_RETENTION_DAYS is '10000'" in result.output
