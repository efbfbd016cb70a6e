"""The call log as calls write it: before the answer, at no caller's cost, and never who rang."""

import logging
import sqlite3
import threading
import time

import pytest
from conftest import ANYSHIRE
from telephone import CALLER, Telephone
from telephony.conftest import EDS, MANAGER, NUMBERS

from routing import enquiry
from routing.commands import status as command
from routing.storage import call_log, calls

NIGHT = "2026-11-23T22:00:00Z"


def shape(found):
    call, legs = found
    return (
        (call.service, call.line, call.reason, call.outcome, call.answered_by),
        [(leg.number, leg.line, leg.outcome, leg.rang, leg.talked) for leg in legs],
    )


def test_a_call_is_one_row_and_each_line_it_rings_another(twilio, clock, logged):
    clock.set(NIGHT)
    told = twilio.call("CA1")
    clock.set("2026-11-23T22:00:20Z")
    told = twilio.ends(told, "CA1", "no-answer")
    twilio.picked_up(told, "CA1", "1")
    clock.set("2026-11-23T22:03:25Z")
    twilio.ends(told, "CA1", "completed", DialBridged="true", DialCallDuration="180")

    assert [shape(each) for each in logged()] == [
        (
            ("children", "eds", "out_of_hours", "answered", "duty-manager"),
            [(1, "eds", "no_answer", 20, None), (2, "duty-manager", "answered", 5, 180)],
        )
    ]


def test_it_is_written_before_the_answer_goes_out(twilio, app, clock):
    clock.set(NIGHT)
    twilio.call("CA1")
    file = app.extensions["database"].file
    rows = sqlite3.connect(f"file:{file}?mode=ro", uri=True).execute("SELECT line FROM legs")

    assert rows.fetchall() == [("eds",)]


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        (["canceled"], "abandoned"),
        (["busy", "canceled"], "abandoned"),
        (["busy"] * 6, "unanswered"),
        (["completed"], "answered"),
        (["busy"], None),
    ],
)
def test_how_a_call_ended_is_known(twilio, clock, logged, statuses, outcome):
    clock.set(NIGHT)
    told = twilio.call("CA1")
    for status in statuses:
        told = twilio.ends(told, "CA1", status)

    assert logged()[0][0].outcome == outcome


def test_a_caller_who_has_gone_is_rung_for_no_more_in_the_log(twilio, clock, logged):
    clock.set(NIGHT)
    told = twilio.call("CA1")
    twilio.ends(told, "CA1", "no-answer", CallStatus="completed")

    (call, legs), *_ = logged()
    assert call.outcome == "abandoned"
    assert [leg.number for leg in legs] == [1]


def test_twilios_own_callback_closes_a_call_that_nobody_closed(twilio, clock, logged):
    clock.set(NIGHT)
    twilio.call("CA1")
    told = twilio.document(
        f"{twilio.base}/twilio/voice/children/ended",
        twilio.form("CA1", CALLER, "+441632960100", CallStatus="completed"),
        whisper=True,
    )

    assert told.verbs == []
    assert logged()[0][0].outcome == "unknown"


def test_a_call_without_an_id_is_put_through_and_not_written(twilio, clock, logged):
    clock.set(NIGHT)
    told = twilio.call(None)

    assert told.number == EDS
    assert twilio.ends(told, None, "busy").number == MANAGER
    assert logged() == []


class Broken:
    """A database whose file has been swapped for one that takes nothing."""

    def __init__(self, app):
        self.file = app.extensions["database"].file

    def __enter__(self):
        self.held = sqlite3.connect(self.file, isolation_level=None, check_same_thread=False)
        self.held.execute("BEGIN IMMEDIATE")
        return self

    def __exit__(self, *error):
        self.held.rollback()
        self.held.close()


def test_a_database_that_takes_nothing_costs_a_moment_and_then_none(app, twilio, clock, logged):
    clock.set(NIGHT)
    with Broken(app):
        took = []
        for number in range(8):
            began = time.monotonic()
            assert twilio.call(f"CA{number}").number == EDS
            took.append(time.monotonic() - began)
            time.sleep(0.2)
    for _ in range(50):
        if len(found := logged()) == 8 and all(legs for _, legs in found):
            break
        time.sleep(0.1)

    assert sum(took) < 8 * 2 * call_log.PATIENCE + 2
    assert sorted(took)[3] < call_log.PATIENCE  # most waited for nothing
    assert len(found) == 8  # and all of them were written once it could be


def test_what_calls_write_while_the_file_is_gone_is_written_once_it_is_back(
    app, twilio, clock, logged, tmp_path
):
    clock.set(NIGHT)
    file, away = app.extensions["database"].file, tmp_path / "away"
    twilio.call("CA1")
    file.rename(away)
    assert twilio.call("CA2").number == EDS
    away.rename(file)
    for _ in range(100):
        if len(found := logged()) == 2:
            break
        time.sleep(0.1)

    assert len(found) == 2


def test_status_says_that_nothing_can_be_written_though_diverts_can_be_read(app, monkeypatch):
    monkeypatch.setattr(call_log, "TRY_EVERY", 0.1)
    monkeypatch.setattr(command, "PATIENCE", 1.0)
    time.sleep(0.2)
    with Broken(app):
        told = app.test_cli_runner().invoke(args=["status"]).stdout

    assert told.startswith("degraded\n")
    assert "database_refuses: The database does not answer (database is locked)." in told
    time.sleep(0.5)
    assert "database_refuses" not in app.test_cli_runner().invoke(args=["status"]).output


def test_a_fault_in_the_log_is_logged_and_nobodys_concern(app, twilio, monkeypatch, caplog):
    def fault(*arguments, **more):
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(calls, "begin", fault)
    monkeypatch.setattr(calls, "step", fault)
    with caplog.at_level(logging.ERROR):
        assert twilio.call("CA1").number in NUMBERS

    assert "an entry of the call log is lost" in caplog.text


def test_a_log_that_cannot_even_be_written_to_changes_no_answer(app, twilio, clock, monkeypatch):
    def fault(*arguments, **more):
        raise RuntimeError("no thread is to be had")

    clock.set(NIGHT)
    monkeypatch.setattr(app.extensions["call_log"], "_wake", fault)
    told = twilio.call("CA1")

    assert told.number == EDS
    assert twilio.ends(told, "CA1", "busy").number == MANAGER


def test_a_database_that_was_never_made_costs_nothing(make_app, clock):
    clock.set(NIGHT)
    settings = {"TWILIO_AUTH_TOKEN": "12345", "PUBLIC_BASE_URL": "https://who.example"}
    twilio = Telephone(make_app(ANYSHIRE, **settings).test_client(), NUMBERS)
    told = twilio.call("CA1")

    assert told.number == EDS
    assert twilio.ends(told, "CA1", "busy").number == MANAGER


def test_many_calls_at_once_are_all_written(app, clock, logged):
    clock.set(NIGHT)

    def ring(first):
        twilio = Telephone(app.test_client(), NUMBERS)
        for number in range(first, first + 20):
            twilio.ends(twilio.call(f"CA{number}"), f"CA{number}", "completed")

    threads = [threading.Thread(target=ring, args=[n * 20]) for n in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    time.sleep(0.1)

    assert [(call.outcome, len(legs)) for call, legs in logged()] == [("answered", 1)] * 160


def test_what_is_refused_is_counted_exactly_and_logged_once(app, twilio, caplog):
    for _ in range(25):
        twilio.client.post("/twilio/voice/children", headers={"X-Twilio-Signature": "forged"})
    twilio.client.post("/twilio/check", headers={"X-Twilio-Signature": "forged"})  # the doctor's
    time.sleep(call_log.TRY_EVERY + 0.3)
    with app.app_context(), enquiry.database().reading() as connection:
        counted = calls.counted(connection, calls.REFUSED, enquiry.now())

    told = [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]

    assert counted == 25
    assert told == ["counted within a second: {'signature_refused': 25}"]
