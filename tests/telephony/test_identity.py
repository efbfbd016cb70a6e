"""Whose number a line sees, and numbers that would bring the call back."""

import pytest
from telephone import CALLED, CALLER, Telephone
from telephony.conftest import EDS, MANAGER, MASH, NUMBERS, night_manager

DAY = "2026-11-23T12:00:00Z"
NIGHT = "2026-11-23T22:00:00Z"


WITHHELD = [
    "anonymous", "Anonymous", "unknown", "restricted", "unavailable", "private", "", None,
    "+266696687", "+86282452253", "+8656696", "+2562533", "+7378742833",
    "01632960123", "+44", "+0441632960123", "sip:x@example.org", "+441632960123;ext=1", "999",
]  # fmt: skip


@pytest.mark.parametrize("caller", WITHHELD)
def test_a_withheld_number_is_replaced_by_the_one_that_was_called(twilio, caller):
    assert twilio.call("CA1", caller=caller).dial.get("callerId") == CALLED


def test_a_callers_number_is_passed_on(twilio):
    assert twilio.call("CA1", caller=CALLER).dial.get("callerId") is None


def test_a_screened_line_is_never_shown_who_rings(twilio, clock):
    assert night_manager(twilio, clock).dial.get("callerId") == CALLED


def test_the_council_may_show_its_own_number_to_all(make_telephoned):
    twilio = Telephone(make_telephoned(CALLER_ID="own").test_client(), NUMBERS)

    assert twilio.call("CA1").dial.get("callerId") == CALLED
    assert twilio.call("CA2", called="sip:who@example.org").dial.get("callerId") == CALLED


SPELLINGS = [
    "+441632960001",
    "00441632960001",
    "441632960001",
    "01632960001",
    "1632960001",
    "01632 960001",
    "+44 (0)1632 960001",
    "sip:+441632960001@192.0.2.7:5060;user=phone",
    '"MASH" <sip:01632960001@sbc.example>;reason=user-busy;counter=1',
    "tel:+44-1632-960001|tel:+441632960111",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_number_that_was_called_is_never_rung_however_it_is_spelled(twilio, spelling):
    assert twilio.call("CA1", called=spelling).number == MANAGER


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    "parameter",
    ["ForwardedFrom", "CalledVia", "SipHeader_Diversion", "SipHeader_X-History-Info"],
)
def test_a_line_that_forwarded_the_call_is_not_rung_however_it_is_spelled(
    twilio, parameter, spelling
):
    document = twilio.call("CA1", **{parameter: spelling})

    assert document.number == MANAGER
    assert "9 6 0 0 0 1" not in twilio.ends(document, "CA1", "busy", **{parameter: spelling}).speech


def test_a_call_that_was_forwarded_twice_rings_neither_line(twilio, clock):
    clock.set(NIGHT)
    header = "<sip:01632960001@a.example>;reason=busy, <tel:+44-1632-960002>;reason=no-answer"

    assert twilio.call("CA1", SipHeader_Diversion=header).number == MANAGER


@pytest.mark.parametrize("value", ["", "anonymous", "999", "960001", "+441632960000", "sip:x@y"])
def test_a_forwarding_number_of_nobody_here_changes_nothing(twilio, value):
    assert twilio.call("CA1", ForwardedFrom=value).number == MASH


def test_a_call_that_could_only_come_back_is_told_what_to_do(twilio, clock):
    clock.set(DAY)
    document = twilio.call(
        "CA1", service="professionals", called="+441632960003", ForwardedFrom=MASH
    )
    while document.dial is not None:
        assert document.number not in ("+441632960003", MASH)
        document = twilio.ends(document, "CA1", "busy", called="+441632960003", ForwardedFrom=MASH)

    assert "9 9 9" in document.speech


@pytest.mark.parametrize("parameter", ["SipHeader_Diversion", "SipHeader_History-Info"])
def test_a_line_that_forwarded_the_call_is_not_rung_in_later_rounds_either(
    twilio, clock, parameter
):
    clock.set(NIGHT)
    header = "<sip:01632960002@a.example>;reason=no-answer"
    document, speech = twilio.call("CA1", **{parameter: header}), ""
    rung = []
    while document.dial is not None:
        rung.append(document.number)
        document = twilio.ends(document, "CA1", "no-answer")  # Twilio sends the header no more
        speech += document.speech

    assert rung == [MANAGER] * 3
    assert "9 6 0 0 0 2" not in speech


def test_no_number_that_forwarded_a_call_is_in_an_address(twilio):
    document = twilio.call("CA1", ForwardedFrom="+447700900876", CalledVia=EDS)

    assert "forwarded=eds" in document.dial.get("action")
    assert "7700900876" not in document.text
