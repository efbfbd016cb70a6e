"""Every callback of a call dropped, repeated or reordered: always a way on, and one outcome."""

import random
from itertools import permutations

import malformed
import pytest
from histories import play
from telephone import Telephone, call_sid
from telephony.conftest import EDS, NUMBERS, read_log

from routing.store import calls

NIGHT = "2026-11-23T22:00:00Z"


class RecordingTelephone(Telephone):
    """Remembers what it sent."""

    def __init__(self, client):
        super().__init__(client, NUMBERS)
        self.sent = {}

    def document(self, address, form, **kind):
        step = address.partition("?")[0].rpartition("/")[2]
        self.sent[step] = (address, form, kind)
        return super().document(address, form, **kind)


def callbacks(app):
    """Return, by step, what is sent of a call that the first line misses and the second accepts."""
    twilio = RecordingTelephone(app.test_client())
    missed = twilio.ends(twilio.call("SID"), "SID", "no-answer")
    twilio.sent["missed"] = twilio.sent["after"]
    twilio.picked_up(missed, "SID", "1")
    twilio.ends(missed, "SID", "completed", DialBridged="true", DialCallDuration="60")
    return {step: sent for step, sent in twilio.sent.items() if step != "screen"}


def test_callbacks_in_any_order_have_a_way_on_and_give_one_outcome(app, clock, logged):
    clock.set(NIGHT)
    sent, twilio = callbacks(app), Telephone(app.test_client(), NUMBERS)
    orders = [*permutations(sent, 1), *permutations(sent, 2), *permutations(sent)]
    orders = [(*order, order[0]) for order in orders]  # the first of them comes twice
    for number, order in enumerate(orders):
        sid = call_sid(f"call {number}")
        for step in order:
            address, form, kind = sent[step]
            address = address.replace(calls.call_key(call_sid("SID")), calls.call_key(sid))
            if form["CallSid"] == call_sid("SID"):
                form = {**form, "CallSid": sid}
            document = twilio.document(address, form, **kind)  # valid, or this fails
            assert step != "children" or document.number == EDS
    by_key = {call.sid_sha256: (call, legs) for call, legs in logged()}

    for number, order in enumerate(orders):
        call, legs = by_key[calls.call_key(call_sid(f"call {number}"))]
        if "accept" in order and "after" in order[order.index("accept") :]:
            assert (call.outcome, call.answered_by) == ("answered", "duty-manager"), order
        else:
            assert call.outcome != "answered", order
        assert len({leg.position for leg in legs}) == len(legs) <= 3


SEEDS = range(4)  # bin/prove plays 120 directories


@pytest.mark.parametrize("seed", SEEDS)
def test_every_call_is_rung_as_the_contract_says(make_telephoned, clock, tmp_path, seed):
    documents, histories, app = play(
        make_telephoned, clock, tmp_path, random.Random(f"calls {seed}"), calls=25
    )

    assert documents >= len(histories)
    for (call, legs), history in zip(read_log(app), histories, strict=True):
        if history.rung:
            assert call.line == history.rung[0] or history.barred
        assert len(legs) >= len(history.rung)
        assert (call.outcome == "answered") is history.answered, history.sid


def test_whatever_is_sent_has_a_way_on_or_is_refused(app):
    draw, client = random.Random("malformed"), app.test_client()
    problems = [fault for _ in range(500) for fault in malformed.faults(client, draw, NUMBERS)]

    assert problems == []
