"""A call as a pure function: what ended how, who is next, and how far it has come."""

from datetime import timedelta

import pytest
from conftest import ANYSHIRE
from hypothesis import given
from hypothesis import strategies as st
from sweep import timetables

from routing import calling, typed
from routing.calling import GiveUp, Outcome, Progress, Ring
from routing.core.decision import decide

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
    assert calling.outcome(status, bridged, screened, accepted) is outcome


def answers(at):
    return decide(TABLES, "children", at)


def test_a_call_that_nobody_answers_is_told_step_by_step():
    steps = list(calling.unanswered(TABLES, NIGHT, answers))
    rings = [step for _, step in steps[:-1]]

    assert [each.line.id for each in rings] == ["eds", "duty-manager"] * 3
    assert [each.again for each in rings] == [False, False, True, False, True, False]
    assert [each.progress.round for each in rings] == [1, 1, 2, 2, 3, 3]
    assert [each.progress.leg for each in rings] == [1, 2, 3, 4, 5, 6]
    assert isinstance(steps[-1][1], GiveUp)
    assert steps[1][0] - steps[0][0] == timedelta(seconds=30)  # Twilio adds 5 to 25


def test_no_number_is_rung_that_is_barred():
    everybody = {line.phone.e164 for line in TABLES.directory.lines}
    steps = list(calling.unanswered(TABLES, NIGHT, answers, everybody))

    assert [type(step) for _, step in steps] == [GiveUp]


@given(
    st.integers(0, 10**11 - 1),
    st.integers(1, 3),
    st.integers(1, 99),
    st.lists(st.sampled_from([line.id for line in TABLES.directory.lines]), unique=True),
)
def test_a_progress_is_read_as_it_was_written(began, rounds, leg, tried):
    progress = Progress(began, rounds, leg, tuple(tried))

    assert calling.read(calling.written(progress)) == progress


@pytest.mark.parametrize("began", ["", "x", "-1", "1.5", "٣", "9" * 12, " 1"])
def test_a_progress_that_was_not_written_here_is_none(began):
    assert calling.read({"began": began, "round": "1", "leg": "1", "tried": "mash"}) is None


def test_a_clock_that_is_behind_does_not_end_a_call():
    begun = calling.first(TABLES, answers(NIGHT), NIGHT, NIGHT + timedelta(minutes=1))
    assert isinstance(begun, Ring)
    service = TABLES.service("children")
    step = calling.after(TABLES, service, begun.progress, Outcome.BUSY, NIGHT, answers)

    assert isinstance(step, Ring)
