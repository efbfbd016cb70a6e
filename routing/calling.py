"""A telephone call, step by step: whom to ring next, by what really happened. It reads no clock.

All that a step needs stands in its Progress, which travels in the addresses that a call asks next:
no later step needs the database.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from routing.core.answer import Decision
from routing.core.decision import to_try
from routing.core.directory import Line, Service
from routing.core.timetable import Timetables
from routing.core.values import Phone

ROUNDS = 3
LONGEST = timedelta(minutes=8)
"""After so many rounds, or so long, a call is given up (the contract, section 5)."""

RING, RING_LAST = 25, 120
"""Seconds that a line rings unless the directory says otherwise: before another, and as the last.

Twilio adds 5 to what it is told; a mobile's voicemail commonly answers after 15 to 30.
"""

TWILIO_ADDS = timedelta(seconds=5)
A_MESSAGE = timedelta(seconds=25)

Redecide = Callable[[datetime], Decision]


class Outcome(StrEnum):
    """How ringing a line ended."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"  # the caller hung up
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    DECLINED = "declined"  # not accepted by whoever, or whatever, picked up
    UNKNOWN = "unknown"


_OUTCOMES = {
    "canceled": Outcome.ABANDONED,
    "busy": Outcome.BUSY,
    "no-answer": Outcome.NO_ANSWER,
    "failed": Outcome.FAILED,
}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a call has come: when it began, its round, its leg, and whom this round has rung.

    ``began`` is in Unix seconds. ``leg`` counts those rung through all rounds, from 1. ``tried``
    holds ids of lines, the one that is rung now coming last; ``screened`` says that whoever picks
    it up must press a key, whatever the directory says by then.
    """

    began: int
    round: int
    leg: int
    tried: tuple[str, ...]
    screened: bool = False


@dataclass(frozen=True, slots=True)
class Ring:
    """Ring a line for so many seconds. ``again`` says that a round begins again, with a message."""

    line: Line
    phone: Phone
    seconds: int
    progress: Progress
    again: bool = False


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Nobody is left to ring: say the message, and hang up."""


@dataclass(frozen=True, slots=True)
class Over:
    """Somebody answered, or the caller has hung up: there is nothing left to do."""


Step = Ring | GiveUp | Over


def outcome(status: str, bridged: bool | None, screened: bool, accepted: bool) -> Outcome:
    """Say how ringing a line ended, by Twilio's DialCallStatus and DialBridged (None: not told).

    ``completed`` alone is no answer: a voicemail completes a call too, and so does somebody who
    declines it. On a ``screened`` line it is one only when we know that the key was pressed.
    """
    if status != "completed":
        return _OUTCOMES.get(status, Outcome.UNKNOWN)
    if bridged is False or (screened and not accepted):
        return Outcome.DECLINED
    return Outcome.ANSWERED


def first(
    timetables: Timetables,
    decision: Decision,
    at: datetime,
    began: datetime,
    barred: Collection[str] = (),
) -> Step:
    """Return the first step at ``at`` of a call that began with a decision, perhaps a little ago.

    ``barred`` are the numbers never to be rung, such as the one that was called.
    """
    return _round(timetables, decision, at, Progress(_seconds(began), 1, 1, ()), barred)


def after(
    timetables: Timetables,
    service: Service,
    progress: Progress,
    ended: Outcome,
    at: datetime,
    redecide: Redecide,
    barred: Collection[str] = (),
) -> Step:
    """Return the step that follows when ringing the last of ``progress.tried`` has ended.

    The next of ``if_unanswered`` that this round has not rung and that its own hours do not say is
    shut; then another round, which asks ``redecide`` who answers by then.
    """
    if ended in (Outcome.ANSWERED, Outcome.ABANDONED):
        return Over()
    if _seconds(at) - progress.began >= LONGEST.total_seconds():
        return GiveUp()
    left = _left(timetables, service, progress.tried, at, barred)
    leg = progress.leg + 1
    if left:
        return _ring(left, Progress(progress.began, progress.round, leg, progress.tried))
    if progress.round >= ROUNDS:
        return GiveUp()
    following = Progress(progress.began, progress.round + 1, leg, ())
    return _round(timetables, redecide(at), at, following, barred)


def unanswered(
    timetables: Timetables, at: datetime, redecide: Redecide, barred: Collection[str] = ()
) -> Iterator[tuple[datetime, Step]]:
    """Yield each step of a call that nobody answers, with when it is: until it is given up."""
    decision = redecide(at)
    step = first(timetables, decision, at, at, barred)
    while isinstance(step, Ring):
        yield at, step
        at += timedelta(seconds=step.seconds) + TWILIO_ADDS + A_MESSAGE * step.again
        step = after(
            timetables,
            decision.service,
            step.progress,
            Outcome.NO_ANSWER,
            at,
            redecide,
            barred,
        )
    yield at, step


def written(progress: Progress) -> dict[str, str]:
    """Write a progress as the values of an address: letters, digits, - and _ alone."""
    return {
        "began": str(progress.began),
        "round": str(progress.round),
        "leg": str(progress.leg),
        "tried": "_".join(progress.tried),
        "screened": str(int(progress.screened)),
    }


def read(given: Mapping[str, str]) -> Progress | None:
    """Read what ``written`` wrote; None for anything else."""
    numbers = [given.get(key, "") for key in ("began", "round", "leg")]
    if not all(each.isascii() and each.isdecimal() and len(each) < 12 for each in numbers):
        return None
    began, round_, leg = map(int, numbers)
    tried = tuple(filter(None, given.get("tried", "").split("_")))
    return Progress(began, round_, leg, tried, screened=given.get("screened") == "1")


def _round(
    timetables: Timetables,
    decision: Decision,
    at: datetime,
    progress: Progress,
    barred: Collection[str],
) -> Step:
    """Begin a round with the line that answers at ``at``."""
    found = to_try(timetables, decision, at)
    left = [(each.line, each.phone) for each in found if each.phone.e164 not in barred]
    return _ring(left, progress, again=progress.round > 1) if left else GiveUp()


def _left(
    timetables: Timetables,
    service: Service,
    tried: Collection[str],
    at: datetime,
    barred: Collection[str],
) -> list[tuple[Line, Phone]]:
    """Return whom a round may still ring: no line twice, no number twice, none that is shut."""
    day = at.astimezone(timetables.directory.zone).date()
    lines = {line.id: line for line in timetables.directory.lines}
    rung = {lines[each].phone_on(day).e164 for each in tried if each in lines}
    left: list[tuple[Line, Phone]] = []
    for line in service.if_unanswered:
        phone = line.phone_on(day)
        known = line.id in tried or phone.e164 in rung or phone.e164 in barred
        if not known and timetables.is_open(line, at):
            rung.add(phone.e164)
            left.append((line, phone))
    return left


def _ring(left: list[tuple[Line, Phone]], progress: Progress, again: bool = False) -> Ring:
    line, phone = left[0]
    usual = RING if len(left) > 1 or line.press_1_to_accept else RING_LAST
    tried = (*progress.tried, line.id)
    reached = replace(progress, tried=tried, screened=line.press_1_to_accept)
    return Ring(line, phone, line.ring_seconds or usual, reached, again)


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
