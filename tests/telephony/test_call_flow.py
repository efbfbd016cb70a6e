"""A call as a pure function: what ended how, who is next, and how far it has come."""

from datetime import timedelta

import pytest
from conftest import ANYSHIRE
from hypothesis import given
from hypothesis import strategies as st
from sweep import timetables

from routing import typed
from routing.core.decision import decide
from routing.core.outcome import Outcome
from routing.telephony import call_flow
from routing.telephony.call_flow import CallState, Dial, GiveUp

TABLES = timetables(ANYSHIRE)
NIGHT = typed.read("2026-11-23T22:00:00Z")


@pytest.mark.parametrize(
    ("status", "bridged", "screened", "accepted", "outcome"),
    [
        ("completed", True, False, False, Outcome.ANSWERED),
        ("completed", None, False, False, Outcome.ANSWERED),
        ("completed", False, False, False, Outcome.DECLINED),
        ("completed", True, True, True, Outcome.ANSWERED),
        ("completed", None, True, True, Outcome.ANSWERED),
        ("completed", False, True, True, Outcome.DECLINED),
        ("completed", True, True, False, Outcome.DECLINED),
        ("completed", None, True, False, Outcome.DECLINED),
        ("canceled", None, False, False, Outcome.ABANDONED),
        ("busy", None, False, False, Outcome.BUSY),
        ("no-answer", True, True, True, Outcome.NO_ANSWER),
        ("failed", None, False, False, Outcome.FAILED),
        ("answered", None, False, False, Outcome.UNKNOWN),
        ("", None, False, False, Outcome.UNKNOWN),
    ],
)
def test_what_really_happened(status, bridged, screened, accepted, outcome):
    assert call_flow.dial_outcome(status, bridged, screened, accepted) is outcome


def answers(at):
    return decide(TABLES, "children", at)


def test_a_call_that_nobody_answers_is_told_step_by_step():
    steps = list(call_flow.unanswered_call(TABLES, NIGHT, answers))
    rings = [step for _, step in steps[:-1]]

    assert [each.line.id for each in rings] == ["eds", "duty-manager"] * 3
    assert [dial.new_round for dial in rings] == [False, False, True, False, True, False]
    assert [each.state.round for each in rings] == [1, 1, 2, 2, 3, 3]
    assert [each.state.leg for each in rings] == [1, 2, 3, 4, 5, 6]
    assert isinstance(steps[-1][1], GiveUp)
    assert steps[1][0] - steps[0][0] == timedelta(seconds=30)  # Twilio adds 5 to 25


def test_no_number_is_rung_that_is_barred():
    everybody = {line.phone.e164 for line in TABLES.directory.lines}
    steps = list(call_flow.unanswered_call(TABLES, NIGHT, answers, everybody))

    assert [type(step) for _, step in steps] == [GiveUp]


@given(
    st.integers(0, 10**11 - 1),
    st.integers(1, 3),
    st.integers(1, 99),
    st.lists(st.sampled_from([line.id for line in TABLES.directory.lines]), unique=True),
    st.booleans(),
)
def test_a_call_state_is_read_as_it_was_written(began, rounds, leg, tried, screened):
    state = CallState(began, rounds, leg, tuple(tried), screened)

    assert CallState.from_query(state.to_query()) == state


QUERY = {"began": "1", "round": "1", "leg": "1", "tried": "mash_eds", "screened": "0"}


@pytest.mark.parametrize(
    "changed",
    [
        *({"began": text} for text in ("", "x", "-1", "1.5", "٣", "9" * 12, " 1")),
        {"round": "x"},
        {"leg": ""},
        {"tried": "mash,eds"},
        {"screened": "1AccountSidAC1"},
        {"screened": ""},
    ],
    ids=str,
)
def test_a_query_that_is_not_a_call_state_is_none(changed):
    assert CallState.from_query(QUERY) == CallState(1, 1, 1, ("mash", "eds"))
    assert CallState.from_query(QUERY | changed) is None


def test_a_clock_that_is_behind_does_not_end_a_call():
    begun = call_flow.first_step(TABLES, answers(NIGHT), NIGHT, NIGHT + timedelta(minutes=1))
    assert isinstance(begun, Dial)
    service = TABLES.service("children")
    step = call_flow.next_step(TABLES, service, begun.state, Outcome.BUSY, NIGHT, answers)

    assert isinstance(step, Dial)
