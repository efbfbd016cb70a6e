"""Text messages: the line, until when, and 999; never to whom no answer may go."""

import pytest
from conftest import ROOT
from telephone import CALLED, CALLER, Telephone

from routing.telephony import sms


@pytest.fixture(autouse=True)
def nobody_has_written():
    sms._answered.clear()


def test_a_text_is_answered_with_the_line_until_when_and_999(twilio, clock):
    clock.set("2026-11-23T22:00:00Z")

    assert twilio.texts().root.find("Message").text == (
        "Call 01632 960100, Emergency Duty Service (EDS), until 8:30am on Tuesday 24 November. "
        "If a child is in immediate danger, call 999. Nobody reads texts sent to this number."
    )


def test_a_service_without_a_number_gives_the_lines(twilio):
    assert "Call 01632 960003" in twilio.texts(service="professionals").root.find("Message").text


def test_999_is_said_though_the_council_does_not(make_telephoned, tmp_path):
    text = (ROOT / "examples" / "anyshire.yaml").read_text()
    file = tmp_path / "plain.yaml"
    file.write_text(text.replace("in immediate danger, call 999.", "in danger, act."))
    twilio = Telephone(make_telephoned(file).test_client())

    assert "call 999." in twilio.texts().root.find("Message").text.lower()
    told = twilio.call("CA1")
    while told.dial is not None:
        told = twilio.ends(told, "CA1", "busy")
    assert "Call 9 9 9." in told.said


@pytest.mark.parametrize(
    "sender",
    ["anonymous", "", None, "+266696687", "60123", "+4460123", "AnyCouncil", "01632960123", CALLED],
)
def test_who_cannot_be_answered_is_not(twilio, sender):
    assert twilio.texts(caller=sender).verbs == []


def test_another_service_of_ours_is_not_answered(twilio):
    assert twilio.texts(caller=CALLED, called="+441632960199").verbs == []


def test_two_machines_do_not_answer_each_other_for_ever(twilio):
    answered = [twilio.texts().verbs for _ in range(10)]

    assert answered == [["Message"]] * 3 + [[]] * 7
    assert twilio.texts(caller="+447700900124").verbs == ["Message"]


def test_a_sender_is_answered_again_later(twilio, monkeypatch):
    for _ in range(4):
        twilio.texts()
    monkeypatch.setattr(sms, "WITHIN", -1.0)

    assert twilio.texts().verbs == ["Message"]


def test_a_sender_is_remembered_by_a_hash_alone(twilio):
    twilio.texts()

    assert CALLER not in repr(sms._answered)
    assert len(sms._answered) == 1


def test_every_language_of_the_directory_is_written(make_telephoned):
    twilio = Telephone(make_telephoned(ROOT / "examples" / "swansea.yaml").test_client())

    assert "Ffoniwch" in twilio.texts().root.find("Message").text
    assert "Call " in twilio.texts().root.find("Message").text


def test_a_fault_of_ours_is_answered_with_999(twilio, app, monkeypatch):
    monkeypatch.setattr(app.extensions["sources"], "current", None)

    assert "999" in twilio.texts().root.find("Message").text
