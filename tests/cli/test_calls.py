"""flask calls: counts, and deleting what is older than it may be."""

import json
from datetime import timedelta

import pytest
from conftest import ANYSHIRE

from routing import lookup
from routing.errors import InvalidSetting
from routing.store import audit_log, calls
from routing.store.calls import CallStart, LegEnd


@pytest.fixture
def app(make_app):
    app = make_app(ANYSHIRE, CALL_RETENTION_DAYS="30")
    assert app.test_cli_runner().invoke(args=["db", "upgrade"]).exit_code == 0
    with app.app_context(), lookup.database().writing() as connection:
        for days, outcome in ((0, "answered"), (1, "unanswered"), (29, "abandoned"), (31, "busy")):
            at = lookup.now() - timedelta(days=days, hours=1)
            ended = LegEnd(1, "mash", outcome, at, None)
            over = outcome if outcome != "busy" else "unanswered"
            begun = CallStart("children", "mash", "in_hours", at)
            calls.step(connection, f"call {days}", begun, ended, outcome=over)
    return app


def run(app, *arguments):
    return app.test_cli_runner().invoke(args=["calls", *arguments])


def test_the_summary_counts_by_line_and_outcome(app):
    done = run(app, "summary", "--days", "2")

    assert done.exit_code == 0
    assert "     1  children, first to mash: answered\n" in done.output
    assert "     1  children, first to mash: nobody answered\n" in done.output
    assert "     2  calls in the last 2 days; 1 that nobody answered.\n" in done.output


def test_the_summary_is_json_for_programs(app):
    found = json.loads(run(app, "summary", "--format", "json").output)

    assert found[0] == {"service": "children", "line": "mash", "outcome": "answered", "calls": 1}
    assert sum(each["calls"] for each in found) == 3


def test_a_purge_deletes_what_is_older_than_the_setting_and_says_so(app):
    done = run(app, "purge")

    assert done.output == "1 calls older than 30 days are deleted.\n"
    assert run(app, "purge").output == "0 calls older than 30 days are deleted.\n"
    with app.app_context(), lookup.database().reading() as connection:
        found = audit_log.newest(connection, 9)
    assert [(each.action, each.after["calls"]) for each in found] == [("calls.purged", 1)]


def test_what_is_kept_for_too_long_is_warned_of(app, clock):
    clock.at += timedelta(days=2)
    told = app.test_cli_runner().invoke(args=["status"]).output

    assert "kept_too_long: Kept for longer than the privacy notice says: calls. Run" in told
    run(app, "purge")
    clock.at -= timedelta(days=2)
    assert "kept_too_long" not in app.test_cli_runner().invoke(args=["status"]).output


def test_a_database_of_an_older_version_is_warned_of(app):
    with app.app_context(), lookup.database().writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    told = app.test_cli_runner().invoke(args=["status"]).output

    assert told.startswith("degraded")
    assert "database_behind" in told
    assert "flask db upgrade" in told


def test_without_a_database_the_words_say_what_to_do(make_app):
    done = run(make_app(ANYSHIRE), "summary")

    assert done.exit_code == 1
    assert "flask db upgrade" in done.output


def test_the_metrics_tell_what_became_of_calls(make_app, app):
    app.config["OPS_TOKEN"] = "ops"
    told = app.test_client().get("/metrics", headers={"Authorization": "Bearer ops"}).text

    assert 'routing_calls_unanswered_last_day{service="children"} 0.0' in told
    assert 'calls_last_day{line="mash",outcome="answered",service="children"} 1.0' in told
    assert "routing_signatures_refused_last_day 0.0" in told
    assert "routing_telephone_open 0.0" in told


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CALLER_ID", "both"),
        ("REHEARSAL_NUMBER", "07700900123"),
        ("CALL_RETENTION_DAYS", "0"),
        ("CALL_RETENTION_DAYS", "ninety"),
        ("PUBLIC_BASE_URL", "who.example"),
        ("PUBLIC_BASE_URL", "https://who.example/?x=1"),
    ],
)
def test_a_setting_of_another_form_is_refused_with_what_to_write(make_app, name, value):
    with pytest.raises(InvalidSetting, match=f"{name} is .*Write "):
        make_app(**{name: value})
