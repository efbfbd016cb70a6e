"""A telephone call, step by step: which line to ring next, by what really happened. Pure.

All that a step needs is in its CallState, which travels in the callback URLs, so that no later
step of a call needs the database.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from routing.core.answer import Decision
from routing.core.decision import dial_order
from routing.core.directory import Line, Phone, Service
from routing.core.outcome import Outcome
from routing.core.timetable import Timetables

MAX_ROUNDS = 3
MAX_CALL_DURATION = timedelta(minutes=8)
"""A call is given up after so many rounds, or so long."""

RING_SECONDS, LAST_RING_SECONDS = 25, 120
"""How long a line rings unless the directory says otherwise: before another line, and as the last.

Twilio adds 5 seconds to what it is told; a mobile's voicemail commonly answers after 15 to 30.
"""

TWILIO_EXTRA_RING = timedelta(seconds=5)
MESSAGE_DURATION = timedelta(seconds=25)

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

    ``began`` is in Unix seconds. ``round`` and ``leg`` count from 1, ``leg`` through all rounds.
    ``tried`` holds the ids of the lines that this round has rung, the one that rings now last.
    ``screened`` says that whoever picks that one up must press 1, whatever the directory says by
    then.
    """

    began: int
    round: int
    leg: int
    tried: tuple[str, ...]
    screened: bool = False

    def to_query(self) -> dict[str, str]:
        """Return the state as query parameters: letters, digits, - and _ only."""
        return {
            "began": str(self.began),
            "round": str(self.round),
            "leg": str(self.leg),
            "tried": "_".join(self.tried),
            "screened": str(int(self.screened)),
        }

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "CallState | None":
        """Read what ``to_query`` wrote; None for anything else."""
        numbers = [query.get(name, "") for name in ("began", "round", "leg")]
        if not all(re.fullmatch(r"[0-9]{1,11}", number) for number in numbers):
            return None
        tried, screened = query.get("tried", ""), query.get("screened")
        if screened not in ("0", "1") or not re.fullmatch(r"[A-Za-z0-9_-]*", tried):
            return None
        began, round_number, leg = map(int, numbers)
        return cls(began, round_number, leg, tuple(filter(None, tried.split("_"))), screened == "1")


@dataclass(frozen=True, slots=True)
class Dial:
    """Ring a line for ``seconds``. ``new_round`` says that another round begins, with a message."""

    line: Line
    phone: Phone
    seconds: int
    state: CallState
    new_round: bool = False


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Nobody is left to ring: say the message, and hang up."""


@dataclass(frozen=True, slots=True)
class Done:
    """Somebody answered, or the caller has hung up: nothing is left to do."""


Step = Dial | GiveUp | Done


def dial_outcome(status: str, bridged: bool | None, screened: bool, accepted: bool) -> Outcome:
    """Return how ringing a line ended, by Twilio's DialCallStatus and DialBridged (None: not sent).

    ``completed`` alone is no answer: a voicemail completes a call too, and so does somebody who
    declines it. On a ``screened`` line only our own record of the key press (``accepted``) makes
    it one.
    """
    if status != "completed":
        return _OUTCOMES.get(status, Outcome.UNKNOWN)
    if bridged is False or (screened and not accepted):
        return Outcome.DECLINED
    return Outcome.ANSWERED


def first_step(
    timetables: Timetables,
    decision: Decision,
    at: datetime,
    began: datetime,
    excluded_numbers: Collection[str] = (),
) -> Step:
    """Return the first step at ``at`` of a call that began with ``decision``, perhaps a little ago.

    ``excluded_numbers`` are never rung, such as the number that was called.
    """
    state = CallState(_unix_seconds(began), 1, 1, ())
    return _start_round(timetables, decision, at, state, excluded_numbers)


def next_step(
    timetables: Timetables,
    service: Service,
    state: CallState,
    outcome: Outcome,
    at: datetime,
    decide_at: DecideAt,
    excluded_numbers: Collection[str] = (),
) -> Step:
    """Return the step that follows when ringing the last of ``state.tried`` has ended.

    That is the next of ``if_unanswered`` that this round has not rung and that is not shut by its
    own hours; then another round, which begins with the line that ``decide_at`` returns by then.
    """
    if outcome in (Outcome.ANSWERED, Outcome.ABANDONED):
        return Done()
    if _unix_seconds(at) - state.began >= MAX_CALL_DURATION.total_seconds():
        return GiveUp()
    remaining = _remaining(timetables, service, state.tried, at, excluded_numbers)
    leg = state.leg + 1
    if remaining:
        return _dial(remaining, CallState(state.began, state.round, leg, state.tried))
    if state.round >= MAX_ROUNDS:
        return GiveUp()
    following = CallState(state.began, state.round + 1, leg, ())
    return _start_round(timetables, decide_at(at), at, following, excluded_numbers)


def unanswered_call(
    timetables: Timetables,
    at: datetime,
    decide_at: DecideAt,
    excluded_numbers: Collection[str] = (),
) -> Iterator[tuple[datetime, Step]]:
    """Yield each step of a call that nobody answers, and when it comes, until it is given up."""
    decision = decide_at(at)
    step = first_step(timetables, decision, at, at, excluded_numbers)
    while isinstance(step, Dial):
        yield at, step
        at += (
            timedelta(seconds=step.seconds) + TWILIO_EXTRA_RING + MESSAGE_DURATION * step.new_round
        )
        step = next_step(
            timetables,
            decision.service,
            step.state,
            Outcome.NO_ANSWER,
            at,
            decide_at,
            excluded_numbers,
        )
    yield at, step


def _start_round(
    timetables: Timetables,
    decision: Decision,
    at: datetime,
    state: CallState,
    excluded_numbers: Collection[str],
) -> Step:
    """Begin a round with the line that answers at ``at``."""
    remaining = [
        (answer.line, answer.phone)
        for answer in dial_order(timetables, decision, at)
        if answer.phone.e164 not in excluded_numbers
    ]
    return _dial(remaining, state, new_round=state.round > 1) if remaining else GiveUp()


def _remaining(
    timetables: Timetables,
    service: Service,
    tried: Collection[str],
    at: datetime,
    excluded_numbers: Collection[str],
) -> list[tuple[Line, Phone]]:
    """Return what a round may still ring: no line twice, no number twice, none that is shut."""
    day = at.astimezone(timetables.directory.zone).date()
    lines = {line.id: line for line in timetables.directory.lines}
    rung = {lines[line_id].phone_on(day).e164 for line_id in tried if line_id in lines}
    remaining: list[tuple[Line, Phone]] = []
    for line in service.if_unanswered:
        phone = line.phone_on(day)
        skip = line.id in tried or phone.e164 in rung or phone.e164 in excluded_numbers
        if not skip and timetables.is_open(line, at):
            rung.add(phone.e164)
            remaining.append((line, phone))
    return remaining


def _dial(remaining: list[tuple[Line, Phone]], state: CallState, new_round: bool = False) -> Dial:
    line, phone = remaining[0]
    is_last = len(remaining) == 1 and not line.press_1_to_accept
    seconds = line.ring_seconds or (LAST_RING_SECONDS if is_last else RING_SECONDS)
    tried = (*state.tried, line.id)
    reached = replace(state, tried=tried, screened=line.press_1_to_accept)
    return Dial(line, phone, seconds, reached, new_round)


def _unix_seconds(at: datetime) -> int:
    return int(at.timestamp())
