"""A signed request that was cut again into others: it is answered, and not logged as a call."""

import re

import pytest
from telephone import BASE, CALLED, CALLER, Telephone, call_sid, sign
from telephony.conftest import MASH, eventually

URL = f"{BASE}/twilio/voice/children"
FORM = {"CallSid": call_sid("a call"), "From": CALLER, "To": CALLED, "CallStatus": "ringing"}


def test_a_call_of_twilios_own_shape_is_logged(twilio, logged):
    documented = {"AccountSid": "AC" + "0" * 32, "FromCity": "", "StirVerstat": "TN-Validation"}
    sip = {"SipHeader_X-Reason": "x"}

    assert twilio.document(URL, FORM | documented | sip).number == MASH
    assert len(logged()) == 1


CUT = [
    {"CallSid": FORM["CallSid"] + "0"},
    {"CallSid": FORM["CallSid"][:-1]},
    {"CallSid": FORM["CallSid"].upper()},
    {"CallSid": "CA1"},
    {"CallSid": None},
    {"From": None},
    {"From": ""},
    {"To": None},
    {"CallStatusringing": "", "CallStatus": None},
    {"callSid": FORM["CallSid"]},
    {"AddedYesterday": "1"},
]


@pytest.mark.parametrize("changed", CUT, ids=str)
def test_a_request_of_another_shape_is_answered_and_not_logged(twilio, app, logged, changed):
    form = {name: value for name, value in (FORM | changed).items() if value is not None}
    first = twilio.document(URL, form)
    after = twilio.document(first.dial.get("action"), form | {"DialCallStatus": "busy"})

    assert first.number == MASH
    assert after.number
    assert logged() == []
    eventually(lambda: unrecognised(app) == 2)


def unrecognised(app):
    status = app.test_cli_runner().invoke(args=["status"]).output
    count = re.search(r"requests_unrecognised: (\d+) signed", status)
    return int(count[1]) if count else 0


def post(twilio, target, form, signature):
    return twilio.client.post(target, data=form, headers={"X-Twilio-Signature": signature})


def test_a_request_cut_again_within_its_form_is_answered_and_not_logged(twilio, logged):
    cut = {name: value for name, value in FORM.items() if name != "To"}
    cut["CallStatus"] = f"ringingFrom{CALLER}To{CALLED}"
    del cut["From"]
    answer = post(twilio, "/twilio/voice/children", cut, sign(URL, FORM))

    assert f"<Number>{MASH}</Number>" in answer.text
    assert logged() == []


def test_a_request_cut_again_between_its_address_and_its_form_names_no_other_call(twilio, logged):
    state = "began=1&round=1&leg=1&tried=mash&forwarded=&screened=0&waits=0&engaged=1"
    query = f"?{state}&silence=0&rings=30&dialled=1"
    form = {**FORM, "DialCallSid": call_sid("another"), "Direction": "inbound"}
    moved = f"{query}CallSid{FORM['CallSid']}CallStatusringingDial"
    cut = {"CallSid": call_sid("another"), "Direction": "inbound", "From": CALLER, "To": CALLED}
    signature = sign(f"{URL}/after{query}", form)
    answer = post(twilio, f"/twilio/voice/children/after{moved}", cut, signature)

    assert f"<Number>{MASH}</Number>" in answer.text
    assert logged() == []


@pytest.mark.parametrize("moves_into_address", [False, True])
def test_the_call_that_was_dialled_cannot_be_named_as_the_callers(
    twilio, logged, moves_into_address
):
    account, another = "AC" + "0" * 32, call_sid("another")
    form = {**FORM, "AccountSid": account, "DialCallSid": another, "Direction": "inbound"}
    form["DialCallStatus"] = "busy"
    moved = f"{account}CallSid{FORM['CallSid']}CallStatusringingDial"
    cut = {"CallSid": another, "DialCallStatus": "busy", "Direction": "inbound"}
    cut |= {"From": CALLER, "To": CALLED}
    target = "/twilio/voice/children"
    if moves_into_address:
        target += f"AccountSid{moved}"
    else:
        cut["AccountSid"] = moved
    answer = post(twilio, target, cut, sign(URL, form))

    assert f"<Number>{MASH}</Number>" in answer.text
    assert logged() == []


def test_a_repeated_parameter_is_not_twilios(twilio, logged):
    form = FORM | {"CallStatus": ["queued", "ringing"]}
    signature = sign(URL, FORM | {"CallStatus": "queuedCallStatusringing"})
    answer = post(twilio, "/twilio/voice/children", form, signature)

    assert f"<Number>{MASH}</Number>" in answer.text
    assert logged() == []


def test_a_condition_counts_requests_of_another_shape(twilio, app):
    twilio.document(URL, FORM | {"AddedYesterday": "1"})
    eventually(lambda: unrecognised(app) == 1)


def test_the_key_counts_though_twilio_has_added_a_parameter(app, clock):
    clock.set("2026-11-23T22:00:00Z")
    added = {"AddedYesterday": "1"}
    twilio = Telephone(app.test_client())
    document = twilio.ends(twilio.call("CA1", **added), "CA1", "busy", **added)
    twilio.picked_up(document, "CA1", "1")

    assert twilio.ends(document, "CA1", "completed", **added).verbs == ["Hangup"]
