"""Any fault of ours still puts the caller through: the chain of last resorts, link by link."""

import threading

import pytest
from conftest import ANYSHIRE
from telephone import CALLED, CALLER, Telephone
from telephony.conftest import EDS, MANAGER, MASH, NUMBERS

from routing import calling, enquiry
from routing.formats import call, twiml
from routing.telephony import last_resort, voice

PARTS = [
    (enquiry, "who_to_call"),
    (enquiry, "read_diverts"),
    (enquiry, "now"),
    (calling, "first"),
    (call, "document"),
    (call, "greeting"),
    (call, "_ringing"),
    (voice.incoming, "read"),
    (voice.door, "let_in"),
    (voice.door, "service_id"),
    (voice.door, "base"),
    (voice, "_noted"),
]


def fault(*arguments, **more):
    raise RuntimeError("a fault of ours")


def in_turn(told):
    assert told.numbers == [EDS, MASH]
    assert told.dial.get("action") is None
    assert told.dial.get("sequential") == "true"
    assert "9 9 9" in told.said


@pytest.mark.parametrize(("module", "name"), PARTS, ids=[name for _, name in PARTS])
def test_whatever_breaks_the_caller_is_put_through(twilio, monkeypatch, module, name):
    before = twilio.call("CA1")
    if name == "base":
        monkeypatch.setattr(voice, "_document", fault)
    else:
        monkeypatch.setattr(module, name, fault)

    in_turn(twilio.call("CA2"))
    after = twilio.ends(before, "CA1", "busy")
    assert after.number in (EDS, MANAGER)


def test_the_document_is_there_though_making_it_breaks(twilio, monkeypatch):
    twilio.call("CA1")
    for module, name in ((call, "_ringing"), (twiml, "in_turn"), (call, "fallback")):
        monkeypatch.setattr(module, name, fault)
    monkeypatch.setattr(last_resort.LastResort, "make", fault)

    in_turn(twilio.call("CA2"))


def test_where_the_directory_is_gone_the_document_made_before_answers(twilio, app, monkeypatch):
    twilio.call("CA1")
    monkeypatch.setattr(app.extensions["sources"], "current", fault)

    in_turn(twilio.call("CA2"))


def test_where_there_never_was_a_directory_the_caller_hears_999(make_app, tmp_path):
    settings = {"TWILIO_AUTH_TOKEN": "12345", "PUBLIC_BASE_URL": "https://who.example"}
    app = make_app(tmp_path / "missing.yaml", **settings)
    told = Telephone(app.test_client()).call("CA1")

    assert told.verbs == ["Say", "Pause", "Say"]
    assert "dial 9 9 9" in told.said


def test_a_broken_file_changes_nothing(make_telephoned, tmp_path, clock):
    file = tmp_path / "directory.yaml"
    file.write_text(ANYSHIRE.read_text())
    before = Telephone(make_telephoned(file).test_client(), NUMBERS).call("CA1")
    file.write_text("services: {")
    after = Telephone(make_telephoned(file).test_client(), NUMBERS).call("CA2")

    assert before.number == after.number == MASH


def test_a_fault_in_what_the_one_who_picks_up_hears_rings_the_next(twilio, clock, monkeypatch):
    clock.set("2026-11-23T22:00:00Z")
    told = twilio.ends(twilio.call("CA1"), "CA1", "busy")
    monkeypatch.setattr(call, "acceptance", fault)

    assert twilio.picked_up(told, "CA1").verbs == ["Hangup"]


def test_another_services_callers_are_put_through_to_its_own_lines(twilio, monkeypatch):
    twilio.call("CA1")
    monkeypatch.setattr(enquiry, "who_to_call", fault)

    assert twilio.call("CA2", service="professionals").numbers[0] == EDS


def test_a_fault_is_counted(twilio, app, monkeypatch):
    told = []
    monkeypatch.setattr(app.extensions["call_log"], "count", told.append)
    monkeypatch.setattr(enquiry, "who_to_call", fault)
    twilio.call("CA1")

    assert told == ["faults"]


def test_a_fault_in_counting_is_no_fault_of_the_call(twilio, app, monkeypatch):
    monkeypatch.setattr(enquiry, "who_to_call", fault)
    monkeypatch.setattr(threading.Thread, "start", fault)  # none to be had

    in_turn(twilio.call("CA1"))


def test_a_rehearsals_last_resort_rings_the_rehearsals_number(make_telephoned, monkeypatch):
    settings = {"CLOCK_STARTS_AT": "2026-11-23T12:00:00Z", "REHEARSAL_NUMBER": "+447700900999"}
    twilio = Telephone(make_telephoned(**settings).test_client(), {"+447700900999"})
    monkeypatch.setattr(enquiry, "who_to_call", fault)

    assert twilio.call("CA1", CALLER, CALLED).numbers == ["+447700900999"]


def test_the_last_resort_rings_the_number_that_a_line_has_that_day(twilio, clock, monkeypatch):
    clock.set("2026-12-28T23:59:59Z")
    twilio.call("CA1")
    monkeypatch.setattr(enquiry, "who_to_call", fault)

    assert twilio.call("CA2").numbers == [EDS, MASH]
    clock.set("2026-12-29T00:00:00Z")
    assert twilio.call("CA3").numbers == [EDS, "+441632960009", MASH]
