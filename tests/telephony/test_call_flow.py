"""A call as a pure function: how ringing ended, who is next, and how far the call has come."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import cycle, islice, pairwise

import pytest
from conftest import ANYSHIRE
from core.test_decision import compiled
from hypothesis import given
from hypothesis import strategies as st
from sweep import timetables

from routing.core.decision import Outcome, decide
from routing.core.directory import LAST_RING_SECONDS, RING_SECONDS, ring_seconds
from routing.telephony import call_flow
from routing.telephony.call_flow import Announcement, CallState, Dial, End
from routing.text import time_parsing

TABLES = timetables(ANYSHIRE)
NIGHT = time_parsing.parse_rfc3339("2026-11-23T22:00:00Z")
NOON = time_parsing.parse_rfc3339("2026-05-22T11:00:00Z")


@pytest.mark.parametrize(
    ("status", "bridged", "is_accepted", "outcome"),
    [
        ("completed", "true", True, Outcome.ANSWERED),
        ("completed", "True", True, Outcome.ANSWERED),
        ("completed", "", True, Outcome.ANSWERED),
        ("completed", "false", True, Outcome.DECLINED),
        ("completed", "x", True, Outcome.DECLINED),
        ("completed", "true", False, Outcome.DECLINED),
        ("completed", "", False, Outcome.DECLINED),
        ("canceled", "", True, Outcome.ABANDONED),
        ("busy", "", True, Outcome.BUSY),
        ("no-answer", "true", True, Outcome.NO_ANSWER),
        ("failed", "", True, Outcome.FAILED),
        ("answered", "", True, Outcome.UNKNOWN),
        ("", "", True, Outcome.UNKNOWN),
    ],
)
def test_how_ringing_a_line_ended_follows_from_status_bridge_and_key(
    status, bridged, is_accepted, outcome
):
    assert call_flow.dial_outcome(status, bridged, is_accepted) is outcome


def answers(at):
    return decide(TABLES, "children", at)


def test_a_call_that_nobody_answers_rings_every_line_in_three_rounds():
    steps = list(call_flow.unanswered_call(TABLES, NIGHT, answers))
    rings = [step for _, step in steps[:-1]]

    assert [dial.line.id for dial in rings] == ["eds", "duty-manager"] * 3
    assert [dial.announcement for dial in rings] == [
        *(None, Announcement.NEXT_LINE),
        *(Announcement.NEW_ROUND, Announcement.NEXT_LINE) * 2,
    ]
    assert [dial.state.round for dial in rings] == [1, 1, 2, 2, 3, 3]
    assert [dial.state.leg for dial in rings] == [1, 2, 3, 4, 5, 6]
    assert steps[-1][1] == End(Outcome.UNANSWERED)
    begins = [at for at, _ in steps]
    assert begins[1] - begins[0] == timedelta(seconds=30)  # Twilio adds 5 to 25
    assert begins[3] - begins[2] == timedelta(seconds=30) + Announcement.NEW_ROUND.value


LINES = st.lists(st.sampled_from([line.id for line in TABLES.directory.lines]), unique=True)


@given(
    st.builds(
        CallState,
        **dict.fromkeys(("began", "dialled"), st.integers(0, 10**11 - 1)),
        **dict.fromkeys(("round", "leg", "waits", "silence", "rings"), st.integers(0, 99)),
        **dict.fromkeys(("tried", "forwarded"), LINES.map(tuple)),
        **dict.fromkeys(("screened", "engaged", "rang"), st.booleans()),
        call=st.sampled_from(("", "0a" * 32)),
    )
)
def test_a_call_state_is_read_as_it_was_written(state):
    assert CallState.from_query(state.to_query()) == state


STATE = CallState(1, 1, 1, ("mash", "eds"), silence=30, rings=40, dialled=1)
QUERY = STATE.to_query()


@pytest.mark.parametrize(
    "changed",
    [
        *({"began": text} for text in ("", "x", "-1", "1.5", "٣", "9" * 12, " 1")),
        {"round": "x"},
        {"leg": ""},
        {"tried": "mash,eds"},
        {"screened": "1AccountSidAC1"},
        {"screened": ""},
        {"engaged": "2"},
        {"silence": "x"},
        {"forwarded": "mash,eds"},
        {"call": "a" * 63},
    ],
    ids=str,
)
def test_a_query_that_is_not_a_call_state_is_none(changed):
    assert CallState.from_query(QUERY) == STATE
    assert CallState.from_query(QUERY | changed) is None


def test_a_clock_that_is_behind_does_not_end_a_call():
    state = CallState(int(NIGHT.timestamp()) + 60, tried=("eds",))
    step = call_flow.next_step(TABLES, state, Outcome.BUSY, NIGHT, answers(NIGHT))

    assert isinstance(step, Dial)


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
UNSCREENED = SHARED.replace(", press_1_to_accept: true", "")


def rings(tables, at, excluded=()):
    """Return each ring of a call that nobody answers, with when it begins."""
    steps = call_flow.unanswered_call(tables, at, partial(decide, tables, "s"), excluded)
    return [(begins, step) for begins, step in steps if isinstance(step, Dial)]


def test_a_number_that_rang_in_this_round_does_not_ring_again_as_another_line():
    assert [step.line.id for _, step in rings(compiled(SHARED), NOON)][:6] == ["a", "c", "d"] * 2


def test_a_number_that_is_excluded_is_passed_over_in_every_round():
    for number, line_ids in (("+441632960003", ["a", "d"]), ("+441632960001", ["c", "d"])):
        assert [step.line.id for _, step in rings(compiled(SHARED), NOON, {number})] == line_ids * 3


def test_the_last_line_of_a_round_rings_longer_and_one_that_must_accept_does_not():
    steps = [step for _, step in rings(compiled(SHARED), NIGHT)][:3]

    assert [(step.line.id, step.seconds, step.state.screened) for step in steps] == [
        *(("b", RING_SECONDS, False), ("c", RING_SECONDS, True), ("d", LAST_RING_SECONDS, False))
    ]


def test_a_line_is_the_last_of_a_round_where_only_its_own_number_would_follow():
    text = UNSCREENED.replace("phone: 01632 960004", "phone: 01632 960003")
    steps = [step for _, step in rings(compiled(text), NIGHT)][:2]

    assert [(step.line.id, step.seconds) for step in steps] == [
        *(("b", RING_SECONDS), ("c", LAST_RING_SECONDS))
    ]


@pytest.mark.parametrize(
    ("at", "phone"),
    [
        ("2026-06-30T22:59:59Z", "01632 960004"),
        ("2026-06-30T23:00:00Z", "01632 960009"),
        ("2026-06-30T23:00:01Z", "01632 960009"),
    ],
)
def test_a_backup_rings_on_the_number_of_the_local_date(at, phone):
    tables, at = compiled(SHARED), time_parsing.parse_rfc3339(at)
    progress = CallState(int(at.timestamp()), 1, 1, ("b", "c"))
    step = call_flow.next_step(tables, progress, Outcome.BUSY, at, decide(tables, "s", at))

    assert step.phone.display == phone


@pytest.mark.parametrize(("seconds", "step"), [(-1, Dial), (0, End), (1, End)])
def test_a_call_is_given_up_eight_minutes_after_it_began(seconds, step):
    began = int(NIGHT.timestamp())
    progress = CallState(began, 1, 1, ("eds",))
    at = NIGHT + call_flow.MAX_CALL_DURATION + timedelta(seconds=seconds)

    assert type(call_flow.next_step(TABLES, progress, Outcome.BUSY, at, answers(at))) is step


def play(tables, outcomes, seconds=1, clock_runs=True):
    """Yield each ring, and when, of a call in which ringing ends as ``outcomes`` say, in turn."""
    at, decide_at = NIGHT, partial(decide, tables, "s")
    state, endings = CallState(int(at.timestamp())), cycle(outcomes)
    step = call_flow.first_step(tables, decide_at(at), at, state)
    while isinstance(step, Dial):
        if step.announcement and clock_runs:
            at += step.announcement.value
        yield at, step
        at += timedelta(seconds=seconds)
        step = call_flow.next_step(tables, step.state, next(endings), at, decide_at(at))


TWO_LINES = """
lines:
  a: {name: A, phone: 01632 960001, hours: always}
  b: {name: B, phone: 01632 960002, hours: always}
services: {s: {name: S, lines: [a], out_of_hours: b}}
"""
ONE_LINE = """
lines: {a: {name: A, phone: 01632 960001, hours: always}}
services: {s: {name: S, lines: [a], out_of_hours: a}}
"""


@pytest.mark.parametrize("second", [Outcome.BUSY, Outcome.FAILED])
def test_an_engaged_line_is_rung_again_after_a_wait_for_eight_minutes(second):
    steps = list(play(compiled(TWO_LINES), [Outcome.BUSY, second]))
    rounds = steps[::2]
    waits = [at - earlier for (earlier, _), (at, _) in pairwise(rounds)]

    assert [step.line.id for _, step in steps] == ["a", "b"] * len(rounds)
    assert all(step.announcement is Announcement.ENGAGED for _, step in rounds[1:])
    assert min(waits) >= call_flow.ENGAGED_WAIT
    assert timedelta(minutes=7) < steps[-1][0] - NIGHT < timedelta(minutes=9)


def test_a_round_in_which_every_line_is_engaged_is_one_although_they_rang_before():
    outcomes = [Outcome.NO_ANSWER] * 3 + [Outcome.BUSY] * 3
    *_, (_, seventh) = islice(play(compiled(SHARED), outcomes), 7)

    assert seventh.announcement is Announcement.ENGAGED


BUSY, FAILED, NO_ANSWER = Outcome.BUSY, Outcome.FAILED, Outcome.NO_ANSWER


@pytest.mark.parametrize(
    ("lines", "outcomes", "legs"),
    [
        pytest.param(TWO_LINES, [FAILED], 6, id="every line failed"),
        pytest.param(TWO_LINES, [BUSY, NO_ANSWER, *[FAILED] * 8], 6, id="one was engaged before"),
        pytest.param(SHARED, [BUSY, NO_ANSWER, BUSY], 9, id="one rang, others were engaged"),
    ],
)
def test_a_call_is_given_up_after_three_rounds_in_which_not_every_line_was_engaged(
    lines, outcomes, legs
):
    assert len(list(play(compiled(lines), outcomes))) == legs


def test_an_engaged_call_ends_although_the_clock_stands_still():
    legs = list(play(compiled(ONE_LINE), [Outcome.BUSY], seconds=0, clock_runs=False))

    assert len(legs) == 1 + 8 * 60 // call_flow.ENGAGED_WAIT.seconds


@pytest.mark.parametrize("written", [None, 5, 25, 40, 55, 56, 120, 300])
@pytest.mark.parametrize("screened", [False, True])
@pytest.mark.parametrize("is_last", [False, True])
def test_no_line_rings_for_more_than_sixty_seconds(written, screened, is_last):
    line = replace(TABLES.directory.lines[0], ring_seconds=written, press_1_to_accept=screened)
    seconds = ring_seconds(line, is_last)

    assert seconds + 5 + 15 * screened <= call_flow.MAX_SILENCE_SECONDS
    assert seconds == min(written or (55 if is_last and not screened else 25), 55 - 15 * screened)


@pytest.mark.parametrize(
    ("screened", "keys", "seconds"),
    [(False, "wwww1ww2", 55), (True, "wwww1ww2", 55 - 15 - 4), (True, "w" * 200, 5)],
)
def test_dialling_through_a_menu_counts_as_ringing_where_somebody_must_press_1(
    screened, keys, seconds
):
    line = replace(TABLES.directory.lines[0], ring_seconds=55, send_digits=keys)

    assert ring_seconds(replace(line, press_1_to_accept=screened), is_last=True) == seconds


def test_words_come_before_a_leg_that_would_make_more_than_sixty_seconds_of_ringing_and_no_sooner():
    others = "".join(
        f"  {n}: {{name: N, phone: 01632 96001{n}, hours: always}}\n" for n in range(3)
    )
    text = UNSCREENED.replace("services:", f"{others}services:")
    steps = [step for _, step in rings(compiled(text.replace("d]", "d, 0, 1, 2]")), NIGHT)]

    assert [(step.state.silence, step.announcement) for step in steps[:6]] == [
        (0, None),
        (30, None),
        (0, Announcement.NEXT_LINE),
        (30, None),
        (0, Announcement.NEXT_LINE),
        (0, Announcement.NEXT_LINE),
    ]


def test_an_engaged_line_is_dialled_once_the_pause_is_over():
    _, (at, second) = islice(play(compiled(ONE_LINE), [Outcome.BUSY]), 2)
    heard_at = int(at.timestamp()) - second.announcement.value.seconds

    assert second.state.dialled == heard_at + call_flow.ENGAGED_WAIT.seconds


def test_the_lines_that_forwarded_a_call_are_known_at_every_later_step():
    state = CallState(int(NIGHT.timestamp()), forwarded=("mash", "eds"))
    begun = call_flow.first_step(TABLES, answers(NIGHT), NIGHT, state)
    later = call_flow.next_step(TABLES, begun.state, Outcome.BUSY, NIGHT, answers(NIGHT))

    assert later.state.forwarded == ("mash", "eds")


@pytest.mark.parametrize(
    ("seconds", "silence", "announcement"),
    [(0, 0, None), (1, 1, None), (31, 0, Announcement.NEXT_LINE)],
)
def test_a_line_that_declines_counts_as_ringing_for_as_long_as_it_rang(
    seconds, silence, announcement
):
    _, (_, second) = islice(play(compiled(SHARED), [Outcome.BUSY], seconds), 2)

    assert (second.state.silence, second.announcement) == (silence, announcement)
