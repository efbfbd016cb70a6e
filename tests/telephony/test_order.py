"""Every callback of a call dropped, repeated or reordered: always a way on, and one outcome."""

from itertools import permutations

from telephone import CALLED, CALLER, Telephone, call_sid
from telephony.conftest import EDS, MANAGER, NUMBERS

from routing.store import calls

NIGHT = "2026-11-23T22:00:00Z"


class RecordingTelephone(Telephone):
    """Remembers what it sent."""

    def __init__(self, client):
        super().__init__(client, NUMBERS)
        self.sent = []

    def document(self, address, form, **kind):
        self.sent.append((address, form, kind))
        return super().document(address, form, **kind)


def callbacks(app):
    """Return what is sent of a call that the first line misses and the screened one accepts."""
    twilio = RecordingTelephone(app.test_client())
    document = twilio.call("SID")
    document = twilio.ends(document, "SID", "no-answer")
    assert document.number == MANAGER
    twilio.picked_up(document, "SID", "1")
    twilio.ends(document, "SID", "completed", DialBridged="true", DialCallDuration="60")
    twilio.document(
        f"{twilio.base}/twilio/voice/children/ended",
        twilio.form("SID", CALLER, CALLED, CallStatus="completed"),
        whisper=True,
    )
    return [request for request in twilio.sent if "/screen?" not in request[0]]


def orders(sent):
    """Return the callbacks in every order: all of them, up to three of them, and one sent twice."""
    for most in (1, 2, 3, len(sent)):
        yield from permutations(sent, most)
    for place, twice in enumerate(sent):
        for again in range(place, len(sent)):
            yield (*sent[: again + 1], twice, *sent[again + 1 :])


def test_callbacks_in_any_order_have_a_way_on_and_give_one_outcome(app, clock, logged):
    clock.set(NIGHT)
    sent, twilio = callbacks(app), Telephone(app.test_client(), NUMBERS)
    tried = list(orders(sent))
    for number, order in enumerate(tried):
        sid = call_sid(f"call {number}")
        for address, form, kind in order:
            address = address.replace(calls.call_key(call_sid("SID")), calls.call_key(sid))
            if form["CallSid"] == call_sid("SID"):
                form = {**form, "CallSid": sid}
            document = twilio.document(address, form, **kind)  # valid, or this fails
            if address.endswith("/voice/children"):
                assert document.number == EDS
    by_key = {call.sid_sha256: (call, legs) for call, legs in logged()}

    assert len(tried) == 5 + 20 + 60 + 120 + 15
    for number, order in enumerate(tried):
        call, legs = by_key.get(calls.call_key(call_sid(f"call {number}")), (None, []))
        steps = [address.partition("?")[0].rpartition("/")[2] for address, _, _ in order]
        if set(steps) == {"ended"}:
            assert call is None  # nothing else was ever heard of it
        elif _accepted_before_it_completed(order):
            assert (call.outcome, call.answered_by) == ("answered", "duty-manager"), steps
        else:
            assert call.outcome != "answered", steps
        assert len({leg.position for leg in legs}) == len(legs) <= 3


def _accepted_before_it_completed(order):
    accepted = [n for n, (address, _, _) in enumerate(order) if "/accept?" in address]
    statuses = [form.get("DialCallStatus") for _, form, _ in order]
    completed = [n for n, status in enumerate(statuses) if status == "completed"]
    return bool(accepted and completed) and accepted[0] < completed[-1]
