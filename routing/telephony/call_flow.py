"""A telephone call, step by step: which line to ring next, by what really happened. Pure.

All that a step needs is in its CallState, which travels in the callback URLs, so that no later
step of a call needs the database.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from routing.core.decision import Answer, Decision, Outcome, Timetables, dial_order
from routing.core.directory import Line, Phone, acceptance_seconds, ring_seconds

MAX_ROUNDS = 3
MAX_CALL_DURATION = timedelta(minutes=8)
"""A call is given up after so many rounds, not counting those that found the lines engaged, or so
long."""

MAX_SILENCE_SECONDS = 60
"""How long a caller hears ringing without a word: networks cut off calls that ring for longer than
two to three minutes."""

TWILIO_EXTRA_RING = timedelta(seconds=5)
"""Seconds that Twilio adds to the ringing time it is given."""

ENGAGED_WAIT = timedelta(seconds=20)
"""The pause before the next round when the lines were engaged."""


class Announcement(Enum):
    """What a caller hears before a line rings; the value is about how long it takes."""

    NEXT_LINE = timedelta(seconds=15)
    NEW_ROUND = timedelta(seconds=25)
    ENGAGED = timedelta(seconds=15) + ENGAGED_WAIT


_LISTS = ("tried", "forwarded")
_FLAGS = ("screened", "engaged", "rang")
_NUMBERS = ("began", "round", "leg", "waits", "silence", "rings", "dialled")

DecideAt = Callable[[datetime], Decision]

_OUTCOMES = {
    "canceled": Outcome.ABANDONED,
    "busy": Outcome.BUSY,
    "no-answer": Outcome.NO_ANSWER,
    "failed": Outcome.FAILED,
}


@dataclass(frozen=True, slots=True)
class CallState:
    """How far a call has come.

    ``call`` is the key of the call in the log; "" without one. ``began`` and ``dialled`` are in
    Unix seconds: ``dialled`` is when the line that rings now was dialled. ``rings`` is how many
    seconds a caller hears it ring at most, and ``silence`` how many seconds of ringing came before
    it since the last word. ``round`` and ``leg`` count from 1: ``leg`` through all rounds,
    ``round`` without those in which lines were engaged and none rang, which ``waits`` counts.
    ``tried`` holds the ids of the lines that this round has rung, the one that rings now last;
    ``engaged`` and ``rang`` say whether one before it was or did. ``screened`` says that whoever
    picks it up must press 1, whatever the directory says by then. ``forwarded`` holds the ids of
    the lines that forwarded the call here: Twilio says so at its beginning alone.
    """

    began: int
    round: int = 1
    leg: int = 1
    tried: tuple[str, ...] = ()
    call: str = ""
    screened: bool = False
    waits: int = 0
    engaged: bool = False
    rang: bool = False
    silence: int = 0
    rings: int = 0
    dialled: int = 0
    forwarded: tuple[str, ...] = ()

    def to_query(self) -> dict[str, str]:
        """Return the state as query parameters: letters, digits, - and _ only.

        A number is last: nothing that follows the address in what Twilio signs could lengthen it.
        """
        query = {"call": self.call} | {name: "_".join(getattr(self, name)) for name in _LISTS}
        return query | {name: str(int(getattr(self, name))) for name in (*_FLAGS, *_NUMBERS)}

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "CallState | None":
        """Read what ``to_query`` wrote; None for anything else."""
        patterns = {_LISTS: "[A-Za-z0-9_-]*", _FLAGS: "[01]", _NUMBERS: "[0-9]{1,11}"}
        patterns |= {("call",): "([0-9a-f]{64})?"}
        for names, pattern in patterns.items():
            if not all(re.fullmatch(pattern, query.get(name, "")) for name in names):
                return None
        values: dict[str, Any] = {name: int(query[name]) for name in _NUMBERS}
        values |= {name: query[name] == "1" for name in _FLAGS}
        values |= {name: tuple(filter(None, query.get(name, "").split("_"))) for name in _LISTS}
        return cls(call=query.get("call", ""), **values)


@dataclass(frozen=True, slots=True)
class Dial:
    """Ring a line for ``seconds``, after an announcement if there is one."""

    line: Line
    phone: Phone
    seconds: int
    state: CallState
    announcement: Announcement | None = None


@dataclass(frozen=True, slots=True)
class End:
    """The call is over: it was answered, abandoned, or unanswered, which the caller is told."""

    outcome: Outcome


Step = Dial | End


def dial_outcome(status: str, bridged: str, is_accepted: bool) -> Outcome:
    """Return how ringing a line ended, by Twilio's DialCallStatus and DialBridged ("": not sent).

    ``completed`` alone is no answer: a voicemail completes a call too, and so does somebody who
    declines it. On a screened line only our own record of the key press makes it one: there
    ``is_accepted`` is False without one.
    """
    if status != "completed":
        return _OUTCOMES.get(status, Outcome.UNKNOWN)
    is_answered = is_accepted and bridged.lower() in ("true", "")
    return Outcome.ANSWERED if is_answered else Outcome.DECLINED


def first_step(
    timetables: Timetables,
    decision: Decision,
    at: datetime,
    state: CallState,
    excluded_numbers: Collection[str] = (),
) -> Step:
    """Return the first step at ``at`` of a call that began with ``decision``, perhaps a little ago.

    ``excluded_numbers`` are never rung, such as the number that was called: see ``is_excluded``.
    """
    return _dial(dial_order(timetables, decision, at, excluded_numbers), state, at)


def next_step(
    timetables: Timetables,
    state: CallState,
    outcome: Outcome,
    at: datetime,
    decision: Decision,
    excluded_numbers: Collection[str] = (),
) -> Step:
    """Return the step that follows when ringing the last of ``state.tried`` has ended.

    That is the next of ``if_unanswered`` that this round has not rung and that is not shut by its
    own hours; then another round, which begins with the line of the ``decision`` at ``at``, and
    with a wait if lines were engaged and none rang (one that fails at once does not ring).
    Before a leg that could end more than MAX_SILENCE_SECONDS after the last word, something is
    said.
    """
    if outcome in (Outcome.ANSWERED, Outcome.ABANDONED):
        return End(outcome)
    now = int(at.timestamp())
    # The waits count too, should the clock have been put back.
    elapsed = max(now - state.began, ENGAGED_WAIT.seconds * state.waits)
    if elapsed >= MAX_CALL_DURATION.total_seconds():
        return End(Outcome.UNANSWERED)
    heard = state.rings
    if outcome in (Outcome.BUSY, Outcome.FAILED):  # perhaps after ringing: somebody refused it
        heard = min(heard, max(0, now - state.dialled))
    state = replace(
        state,
        leg=state.leg + 1,
        engaged=state.engaged or outcome is Outcome.BUSY,
        rang=state.rang or outcome not in (Outcome.BUSY, Outcome.FAILED),
        silence=state.silence + heard,
    )
    remaining = dial_order(timetables, decision, at, excluded_numbers, state.tried)
    if remaining:
        return _dial(remaining, state, at)
    following = replace(state, tried=(), engaged=False, rang=False)
    if state.engaged and not state.rang:
        following = replace(following, waits=state.waits + 1)
        announcement = Announcement.ENGAGED
    elif state.round < MAX_ROUNDS:
        following = replace(following, round=state.round + 1)
        announcement = Announcement.NEW_ROUND
    else:
        return End(Outcome.UNANSWERED)
    order = dial_order(timetables, decision, at, excluded_numbers)
    return _dial(order, following, at, announcement)


def unanswered_call(
    timetables: Timetables,
    at: datetime,
    decide_at: DecideAt,
    excluded_numbers: Collection[str] = (),
) -> Iterator[tuple[datetime, Step]]:
    """Yield each step of a call that nobody answers, and when it comes, until it is given up."""
    state = CallState(int(at.timestamp()))
    step = first_step(timetables, decide_at(at), at, state, excluded_numbers)
    while isinstance(step, Dial):
        yield at, step
        at += timedelta(seconds=step.seconds) + TWILIO_EXTRA_RING
        if step.announcement:
            at += step.announcement.value
        ended = step.state, Outcome.NO_ANSWER, at
        step = next_step(timetables, *ended, decide_at(at), excluded_numbers)
    yield at, step


def _dial(
    remaining: Sequence[Answer],
    state: CallState,
    at: datetime,
    announcement: Announcement | None = None,
) -> Step:
    if not remaining:
        return End(Outcome.UNANSWERED)
    line, phone = remaining[0].line, remaining[0].phone
    seconds = ring_seconds(line, len(remaining) == 1)
    duration = seconds + TWILIO_EXTRA_RING.seconds + acceptance_seconds(line)
    if announcement is None and state.silence + duration > MAX_SILENCE_SECONDS:
        announcement = Announcement.NEXT_LINE
    wait = ENGAGED_WAIT if announcement is Announcement.ENGAGED else timedelta(0)
    reached = replace(
        state,
        tried=(*state.tried, line.id),
        screened=line.press_1_to_accept,
        silence=0 if announcement else state.silence,
        rings=duration,
        dialled=int((at + wait).timestamp()),
    )
    return Dial(line, phone, seconds, reached, announcement)
