"""A signed request that was cut again into others: it is answered, and not logged as a call."""

from urllib.parse import urlencode

import pytest
from serving import poll
from telephone import BASE, CALLED, CALLER, Telephone, call_sid, sign
from telephony.conftest import MASH

from routing.store.calls import call_key

URL = f"{BASE}/twilio/voice/children"
FORM = {"CallSid": call_sid("a call"), "From": CALLER, "To": CALLED, "CallStatus": "ringing"}


def test_a_call_of_twilios_own_shape_is_logged(twilio, logged):
    documented = {"AccountSid": "AC" + "0" * 32, "FromCity": "", "StirVerstat": "TN-Validation"}
    more = {"SipHeader_X-Reason": "x", "AddOns": '"{é}"' * 1200}

    assert twilio.document(URL, FORM | documented | more).number == MASH
    assert len(logged()) == 1


CUT = [
    {"CallSid": FORM["CallSid"] + "0"},
    {"CallSid": FORM["CallSid"].upper()},
    {"CallSid": None},
    {"From": None},
    {"From": ""},
    {"To": None},
    {"CallStatusringing": "", "CallStatus": None},
    {"callSid": FORM["CallSid"]},
    {"AddedYesterday": "1"},
]


def test_a_request_of_another_shape_is_answered_counted_and_not_logged(twilio, app, logged):
    for changed in CUT:
        form = {name: value for name, value in (FORM | changed).items() if value is not None}
        first = twilio.document(URL, form)
        after = twilio.document(first.dial.get("action"), form | {"DialCallStatus": "busy"})

        assert (first.number, logged()) == (MASH, []), changed
        assert after.number
    counted = f"requests_unrecognised: {2 * len(CUT)} signed"
    poll(lambda: counted in app.test_cli_runner().invoke(args=["status"]).output)


ANOTHER, ACCOUNT = call_sid("another"), "AC" + "0" * 32
STATE = "began=1&round=1&leg=1&tried=mash&forwarded=&screened=0&waits=0&engaged=0&rang=0"
QUERY = f"?{STATE}&silence=0&rings=30&dialled=1"
NUMBERS_OF_CALL = {"From": CALLER, "To": CALLED}
DIALLED = {**FORM, "DialCallSid": ANOTHER, "Direction": "inbound"}
BUSY = {**DIALLED, "AccountSid": ACCOUNT, "DialCallStatus": "busy"}
MOVED = f"CallSid{FORM['CallSid']}CallStatusringingDial"
NAMES_ANOTHER = {"CallSid": ANOTHER, "Direction": "inbound", **NUMBERS_OF_CALL}
CUT_AGAIN = {
    "the caller and the called within another value": (
        "",
        {"CallSid": FORM["CallSid"], "CallStatus": f"ringingFrom{CALLER}To{CALLED}"},
        sign(URL, FORM),
    ),
    "the call within the query": (
        f"/after{QUERY}{MOVED}",
        NAMES_ANOTHER,
        sign(f"{URL}/after{QUERY}", DIALLED),
    ),
    "the call within another value": (
        "",
        {**NAMES_ANOTHER, "DialCallStatus": "busy", "AccountSid": f"{ACCOUNT}{MOVED}"},
        sign(URL, BUSY),
    ),
    "the call within the path": (
        f"AccountSid{ACCOUNT}{MOVED}",
        {**NAMES_ANOTHER, "DialCallStatus": "busy"},
        sign(URL, BUSY),
    ),
    "a parameter repeated": (
        "",
        FORM | {"CallStatus": ["queued", "ringing"]},
        sign(URL, FORM | {"CallStatus": "queuedCallStatusringing"}),
    ),
}


@pytest.mark.parametrize(("address", "form", "signature"), CUT_AGAIN.values(), ids=CUT_AGAIN)
def test_a_request_that_was_cut_again_is_answered_and_not_logged(
    twilio, logged, address, form, signature
):
    headers = {"X-Twilio-Signature": signature}
    answer = twilio.client.post(f"/twilio/voice/children{address}", data=form, headers=headers)

    assert f"<Number>{MASH}</Number>" in answer.text
    assert logged() == []


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({f"p{n}": "x" for n in range(100)}, "application/x-www-form-urlencoded"),
        ({}, "multipart/form-data"),
        ({"CallerName": "Jos\udce9"}, "application/x-www-form-urlencoded"),
    ],
    ids=["too many parameters", "several parts", "not UTF-8"],
)
def test_a_form_that_twilio_never_sends_and_that_is_slow_to_read_is_refused(twilio, values, kind):
    form = FORM | values
    signature = sign(URL, {name: value.replace("\udce9", "%E9") for name, value in form.items()})
    answer = twilio.client.post(
        "/twilio/voice/children",
        data=urlencode(form, errors="surrogateescape") if "urlencoded" in kind else form,
        content_type=kind,
        headers={"X-Twilio-Signature": signature},
    )

    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")


def test_what_is_added_to_a_form_beside_what_was_signed_is_not_read(twilio, logged):
    answer = twilio.client.post(
        "/twilio/voice/children",
        data=f"{urlencode(FORM)}#&CallSid={ANOTHER}&AddedYesterday=1",
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": sign(URL, FORM)},
    )

    assert f"<Number>{MASH}</Number>" in answer.text
    assert [call.sid_sha256 for call, _ in logged()] == [call_key(FORM["CallSid"])]


def test_the_key_counts_though_twilio_has_added_a_parameter(app, clock):
    clock.set("2026-11-23T22:00:00Z")
    added = {"AddedYesterday": "1"}
    twilio = Telephone(app.test_client())
    document = twilio.ends(twilio.call("CA1", **added), "CA1", "busy", **added)
    twilio.picked_up(document, "CA1", "1")

    assert twilio.ends(document, "CA1", "completed", **added).verbs == ["Hangup"]
