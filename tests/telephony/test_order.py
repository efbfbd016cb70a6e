"""Calls at random, with callbacks sent again, and requests at random: always a way on."""

import random

import malformed
import pytest
from histories import play
from telephony.conftest import NUMBERS, read_log

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
