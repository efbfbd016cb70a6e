"""A call as a pure function: what ended how, who is next, and how far it has come."""

from datetime import timedelta

import pytest
from conftest import ANYSHIRE
from core.test_decision import compiled
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


SHARED = """
lines:
  a: {name: A, phone: 01632 960001, hours: {mon-sun: 09:00-17:00}}
  b: {name: B, phone: 01632 960001, hours: always}
  c: {name: C, phone: 01632 960003, hours: always, press_1_to_accept: true}
  d:
    name: D
    phone: 01632 960004
    hours: always
    special_days: [{date: 2026-07-01, name: Moved, phone: 01632 960009}]
services: {s: {name: S, lines: [a], out_of_hours: b, if_unanswered: [b, c, d]}}
"""


def rings(tables, at, barred=()):
    """Return each ring of a call that nobody answers, with when it begins."""
    steps = calling.unanswered(tables, at, lambda at: decide(tables, "s", at), barred)
    return [(begins, step) for begins, step in steps if isinstance(step, Ring)]


def test_a_number_that_rang_in_this_round_does_not_ring_again_as_another_line():
    tables, noon = compiled(SHARED), typed.read("2026-05-22T11:00:00Z")

    assert [step.line.id for _, step in rings(tables, noon)][:6] == ["a", "c", "d"] * 2


def test_a_number_that_is_barred_is_passed_over_and_the_others_ring():
    tables, noon = compiled(SHARED), typed.read("2026-05-22T11:00:00Z")
    ids = [step.line.id for _, step in rings(tables, noon, {"+441632960003"})]

    assert ids == ["a", "d"] * 3


def test_the_last_line_of_a_round_rings_longer_and_one_that_must_accept_does_not():
    steps = [step for _, step in rings(compiled(SHARED), NIGHT)]

    assert [(step.line.id, step.seconds) for step in steps[:3]] == [
        ("b", calling.RING),
        ("c", calling.RING),
        ("d", calling.RING_LAST),
    ]
    assert [step.progress.screened for step in steps[:3]] == [False, True, False]


def test_a_later_round_begins_with_a_message_that_takes_its_time():
    steps = rings(compiled(SHARED), NIGHT)
    begins = [at for at, _ in steps]

    ring = timedelta(seconds=calling.RING) + calling.TWILIO_ADDS
    assert steps[3][1].again
    assert begins[4] - begins[3] == ring + calling.A_MESSAGE


@pytest.mark.parametrize(
    ("at", "phone"),
    [
        ("2026-06-30T22:59:59Z", "01632 960004"),
        ("2026-06-30T23:00:00Z", "01632 960009"),
        ("2026-06-30T23:00:01Z", "01632 960009"),
    ],
)
def test_a_backup_rings_on_the_number_of_the_local_date(at, phone):
    tables, at = compiled(SHARED), typed.read(at)
    progress = Progress(int(at.timestamp()), 1, 1, ("b", "c"))
    service = tables.service("s")
    step = calling.after(tables, service, progress, Outcome.BUSY, at, answers)

    assert step.phone.display == phone


@pytest.mark.parametrize(("seconds", "step"), [(-1, Ring), (0, GiveUp), (1, GiveUp)])
def test_a_call_is_given_up_eight_minutes_after_it_began(seconds, step):
    began = int(NIGHT.timestamp())
    progress, service = Progress(began, 1, 1, ("eds",)), TABLES.service("children")
    at = NIGHT + calling.LONGEST + timedelta(seconds=seconds)

    assert type(calling.after(TABLES, service, progress, Outcome.BUSY, at, answers)) is step


def test_that_a_key_must_be_pressed_is_read_as_it_was_written():
    progress = Progress(1, 1, 1, ("mash",), screened=True)

    assert calling.read(calling.written(progress)) == progress


def test_a_progress_without_lines_is_read_and_one_without_numbers_is_none():
    assert calling.read({"began": "1", "round": "1", "leg": "1"}) == Progress(1, 1, 1, ())
    assert calling.read({}) is None
