"""Call histories made at random, against a second working-out; and malformed call states."""

import random

import malformed
import pytest
from histories import play
from telephony.conftest import NUMBERS

from routing import lookup
from routing.store import tables

SEEDS = range(4)  # bin/prove plays 120 directories


@pytest.mark.parametrize("seed", SEEDS)
def test_every_call_is_rung_as_the_contract_says(make_telephoned, clock, tmp_path, seed):
    documents, histories, app = play(
        make_telephoned, clock, tmp_path, random.Random(f"calls {seed}"), calls=25
    )

    assert documents >= len(histories)
    rows = written(app)
    for number, history in enumerate(histories):
        line, outcome, legs = rows[number]
        if history.rung:
            assert line == history.rung[0] or history.barred
        assert legs >= len(history.rung)
        assert (outcome == "answered") is history.answered, number


def written(app):
    """Return (line, outcome, how many legs) of each call, in the order in which they began."""
    app.extensions["call_log"].write(lambda connection: None, timeout=10)
    with app.app_context(), lookup.database().reading() as connection:
        calls = connection.execute(tables.calls.select().order_by("id")).all()
        legs = connection.execute(tables.legs.select()).all()
    return [
        (call.line, call.outcome, sum(leg.call_id == call.id for leg in legs)) for call in calls
    ]


def test_whatever_is_sent_has_a_way_on_or_is_refused(app):
    draw, client = random.Random("malformed"), app.test_client()
    problems = [fault for _ in range(500) for fault in malformed.faults(client, draw, NUMBERS)]

    assert problems == []
