"""who-to-call calls: counts, and deleting after a retention period, also with purge."""

import json
from datetime import timedelta

import pytest
from conftest import ANYSHIRE
from divert_to import divert_to

from routing import lookup
from routing.core.instants import Span
from routing.store import audit_log, calls, diverts
from routing.store.calls import Call, Leg


@pytest.fixture
def app(make_app):
    app = make_app(ANYSHIRE, CALL_RETENTION_DAYS="30")
    assert app.test_cli_runner().invoke(args=["db", "upgrade"]).exit_code == 0
    with app.app_context(), lookup.database().writing() as connection:
        for days, outcome in ((0, "answered"), (1, "unanswered"), (29, "abandoned"), (31, "busy")):
            at = lookup.now() - timedelta(days=days, hours=1)
            leg = Leg(1, "mash", at, outcome=outcome)
            over = outcome if outcome != "busy" else "unanswered"
            call = Call("children", "mash", "in_hours", at, at, over, legs=(leg,))
            calls.write(connection, f"call {days}", call)
    return app


def run(app, *arguments):
    return app.test_cli_runner().invoke(args=["calls", *arguments])


def test_the_summary_counts_by_line_and_outcome_also_as_json(app):
    output = run(app, "summary", "--days", "2").output
    rows = json.loads(run(app, "summary", "--format", "json").output)

    assert output.splitlines() == [
        "     1  children, first to mash: answered",
        "     1  children, first to mash: nobody answered",
        "     2  calls in the last 2 days; nobody answered 1 of them.",
    ]
    assert rows[0] == {"service": "children", "line": "mash", "outcome": "answered", "calls": 1}
    assert sum(row["calls"] for row in rows) == 3


def test_a_purge_deletes_calls_older_than_the_setting_and_status_says_when_it_is_due(app, clock):
    clock.at += timedelta(days=2)
    status = app.test_cli_runner().invoke(args=["status"]).output
    first, second = run(app, "purge").output, run(app, "purge").output
    with app.app_context(), lookup.database().reading() as connection:
        (entry,) = audit_log.newest(connection, 9)

    assert "kept_too_long: Kept for longer than the privacy notice says: calls. Run" in status
    assert first == "calls: 2 deleted or anonymised.\n"
    assert second == "calls: 0 deleted or anonymised.\n"
    assert (entry.action, entry.after["calls"]) == ("calls.purged", 2)
    assert "kept_too_long" not in app.test_cli_runner().invoke(args=["status"]).output


def test_status_warns_of_a_database_of_an_older_version(app):
    with app.app_context(), lookup.database().writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    result = app.test_cli_runner().invoke(args=["status"]).output

    assert result.startswith("degraded")
    assert "database_behind" in result
    assert "who-to-call db upgrade" in result


def test_the_metrics_count_calls_by_outcome(app):
    app.config["OPS_TOKEN"] = "ops"
    result = app.test_client().get("/metrics", headers={"Authorization": "Bearer ops"}).text

    assert 'routing_calls_unanswered_total{service="children"} 0.0' in result
    assert 'routing_calls_total{line="mash",outcome="answered",service="children"} 1.0' in result
    assert "routing_signatures_refused_total 0.0" in result


DAY = timedelta(days=1)


def test_purge_applies_every_retention_rule_and_says_what_it_deleted(make_app):
    app = make_app(ANYSHIRE, NOTE_RETENTION_DAYS="7")
    runner = app.test_cli_runner()
    runner.invoke(args=["db", "upgrade"])
    with app.app_context(), lookup.database().writing() as connection:
        at = lookup.now()
        calls.begin(connection, "x", Call("children", "eds", "out_of_hours", at - 91 * DAY))
        during = Span(at - 9 * DAY, at - 8 * DAY)
        new = divert_to("eds", during)
        diverts.create(connection, [new], "Siân has flu", at - 9 * DAY, "account:1")
    before = runner.invoke(args=["status"]).output
    result = runner.invoke(args=["purge"])

    assert "kept_too_long" not in before
    assert result.exit_code == 0
    assert result.output.splitlines()[:2] == [
        "calls: 1 deleted or anonymised.",
        "notes: 1 deleted or anonymised.",
    ]
    with app.app_context(), lookup.database().reading() as connection:
        assert diverts.get(connection, 1).note == ""
    assert runner.invoke(args=["purge"]).output.startswith("calls: 0 ")


def test_a_retention_period_of_the_wrong_form_deletes_nothing(make_app):
    runner = make_app(ANYSHIRE, CALL_RETENTION_DAYS="10000").test_cli_runner()
    result = runner.invoke(args=["purge"])

    assert result.exit_code == 1
    assert "Error: Nothing is deleted. CALL_RETENTION_DAYS is '10000'" in result.output
