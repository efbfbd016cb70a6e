"""The call log as calls write it: before the answer, without delaying it, and never who rang."""

import logging
import sqlite3
from contextlib import closing, contextmanager

import pytest
from conftest import ANYSHIRE
from serving import poll
from telephone import BASE, TOKEN, Telephone
from telephony.conftest import EDS, MANAGER, NUMBERS

from routing import lookup
from routing.store import calls

NIGHT = "2026-11-23T22:00:00Z"


def test_a_call_is_one_row_and_each_line_it_rings_another(twilio, clock, logged):
    clock.set(NIGHT)
    document = twilio.call("CA1")
    clock.set("2026-11-23T22:00:20Z")
    document = twilio.ends(document, "CA1", "no-answer")
    twilio.picked_up(document, "CA1", "1")
    clock.set("2026-11-23T22:03:25Z")
    twilio.ends(document, "CA1", "completed", DialBridged="true", DialCallDuration="180")

    ((call, legs),) = logged()
    written = (call.service, call.line, call.reason, call.outcome, call.answered_by)
    assert written == ("children", "eds", "out_of_hours", "answered", "duty-manager")
    assert [
        (leg.position, leg.line, leg.outcome, leg.ring_seconds, leg.talk_seconds) for leg in legs
    ] == [(1, "eds", "no_answer", 20, None), (2, "duty-manager", "answered", 5, 180)]


def test_a_call_is_written_before_its_answer_is_sent(twilio, app, clock):
    clock.set(NIGHT)
    twilio.call("CA1")
    with closing(sqlite3.connect(app.extensions["database"].file)) as connection:
        assert connection.execute("SELECT line FROM legs").fetchall() == [("eds",)]


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        (["canceled"], "abandoned"),
        (["busy", "canceled"], "abandoned"),
        (["no-answer"] * 6, "unanswered"),
        (["completed"], "answered"),
        (["busy"], None),
    ],
)
def test_the_log_says_how_a_call_ended(twilio, clock, logged, statuses, outcome):
    clock.set(NIGHT)
    document = twilio.call("CA1")
    for status in statuses:
        document = twilio.ends(document, "CA1", status)

    assert logged()[0][0].outcome == outcome


def test_a_caller_who_has_gone_is_rung_for_no_more_in_the_log(twilio, clock, logged):
    clock.set(NIGHT)
    twilio.ends(twilio.call("CA1"), "CA1", "no-answer", CallStatus="completed")

    ((call, legs),) = logged()
    assert call.outcome == "abandoned"
    assert [leg.position for leg in legs] == [1]


def test_a_call_without_an_id_is_put_through_and_not_written(twilio, clock, logged):
    clock.set(NIGHT)
    document = twilio.call(None)

    assert document.number == EDS
    assert twilio.ends(document, None, "busy").number == MANAGER
    assert logged() == []


@contextmanager
def locked(app):
    """Hold the database as another program does that writes to SQLite's file and does not end."""
    file = app.extensions["database"].file
    held = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    held.execute("BEGIN IMMEDIATE")
    yield
    held.rollback()
    held.close()


def test_a_locked_database_delays_no_call_is_reported_and_has_them_all_in_the_end(
    app, twilio, clock, logged
):
    clock.set(NIGHT)
    with locked(app):
        for number in range(8):
            assert twilio.call(f"CA{number}").number == EDS
        assert app.extensions["call_log"].fault(timeout=10) is not None
        status = app.test_cli_runner().invoke(args=["status"]).stdout

    assert status.startswith("degraded\n")
    assert "database_refuses: The database does not answer (database is locked)." in status
    poll(lambda: [len(legs) for _, legs in logged()] == [1] * 8)
    assert "database_refuses" not in app.test_cli_runner().invoke(args=["status"]).output


def test_a_fault_in_the_call_log_is_logged_and_changes_no_answer(app, twilio, monkeypatch, caplog):
    def fault(*arguments, **more):
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(calls, "begin", fault)
    monkeypatch.setattr(calls, "write", fault)
    with caplog.at_level(logging.ERROR):
        assert twilio.call("CA1").number in NUMBERS

    assert "a job failed, and is not tried again" in caplog.text


@pytest.mark.parametrize("fault", ["closed", "no database"])
def test_a_call_log_that_cannot_write_changes_no_answer(make_app, make_telephoned, clock, fault):
    clock.set(NIGHT)
    settings = {"TWILIO_AUTH_TOKEN": TOKEN, "PUBLIC_BASE_URL": BASE}
    app = make_telephoned() if fault == "closed" else make_app(ANYSHIRE, **settings)
    if fault == "closed":
        app.extensions["call_log"].close()
    twilio = Telephone(app.test_client(), NUMBERS)
    document = twilio.call("CA1")

    assert document.number == EDS
    assert twilio.ends(document, "CA1", "busy").number == MANAGER


def test_what_is_refused_is_counted_exactly_and_logged_once(app, twilio, caplog):
    for _ in range(25):
        twilio.client.post("/twilio/voice/children", headers={"X-Twilio-Signature": "forged"})
    twilio.client.post("/twilio/check", headers={"X-Twilio-Signature": "forged"})  # the doctor's
    app.extensions["call_log"].close()
    with app.app_context(), lookup.database().reading() as connection:
        (counted,) = calls.counted(connection, calls.SIGNATURE_REFUSED, lookup.now()).values()

    warnings = [
        record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING
    ]

    assert counted == 25
    assert warnings == ["counted within a second: {'signatures_refused': 25}"]
