"""A step of a telephone call as a document for Twilio, in the directory's languages."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from urllib.parse import urlencode

from routing import calling
from routing.calling import GiveUp, Progress, Ring, Step
from routing.core.answer import Decision
from routing.core.decision import to_try
from routing.core.directory import Directory, Line, Service
from routing.core.timetable import Timetables
from routing.core.values import Phone
from routing.formats import twiml
from routing.formats.twiml import Spoken
from routing.wording import spoken
from routing.wording.voice import Voice, speaking

MOST_SPOKEN = 2
"""How many numbers a message reads out: nobody can note down more."""

_BEGAN, _CALL = "when.this.call.began", "what.this.call.is.known.by"
"""What differs from call to call in a document that is made once for all that ring the same."""

Shown = Sequence[tuple[Line, Phone]]
Words = Callable[[Directory, Shown, Voice], str]


@dataclass(frozen=True, slots=True)
class Exchange:
    """How calls are placed: what this service is reached at, and how numbers are rung.

    ``known_by`` stands for the call in addresses. ``rehearsal`` is the number that is rung in place
    of every other, None where those of the directory are. ``own`` returns the number that a line is
    shown, None for the caller's.
    """

    base: str
    known_by: str
    rehearsal: str | None
    own: Callable[[Line], str | None]

    def dialled(self, phone: Phone) -> str:
        """Return the number to ring for one of the directory."""
        return self.rehearsal or phone.e164


def document(
    step: Step,
    service: Service,
    directory: Directory,
    shown: Callable[[], Shown],
    exchange: Exchange,
) -> str:
    """Return what Twilio does next. ``shown`` returns the numbers that a message may read out."""
    if isinstance(step, GiveUp):
        return twiml.give_up(in_each(spoken.given_up, directory, shown()))
    if not isinstance(step, Ring):
        return twiml.hang_up()
    before: list[Spoken] = []
    if step.again:
        before = in_each(spoken.trying_again, directory, shown())
    elif step.progress.leg == 1:
        before = greeting(service, directory)
    made = _ringing(
        exchange.dialled(step.phone),
        step.seconds,
        f"{exchange.base}/twilio/voice/{service.id}",
        replace(step.progress, began=0),
        exchange.own(step.line),
        tuple(before),
    )
    return made.replace(_BEGAN, str(step.progress.began)).replace(_CALL, exchange.known_by)


@lru_cache(maxsize=256)
def _ringing(
    number: str,
    seconds: int,
    address: str,
    progress: Progress,
    own: str | None,
    before: tuple[Spoken, ...],
) -> str:
    """Return the document that rings a number, with marks for what differs from call to call."""
    state = calling.written(progress) | {"began": _BEGAN}
    screen = urlencode({**state, "call": _CALL}) if progress.screened else None
    return twiml.ring(
        number,
        seconds,
        f"{address}/after?{urlencode(state)}",
        own=own,
        screen=screen and f"{address}/screen?{screen}",
        before=before,
    )


def fallback(
    service: Service, directory: Directory, day: date, rehearsal: str | None = None
) -> str:
    """Return a document that is safe at any hour, and asks nothing more of anybody.

    It rings the out-of-hours line first, then the others, each as long as it rings before another.
    A screened line, which nobody could screen there, comes only where there is no other. Where a
    line has another number on ``day``, that is rung, and then its usual one: the document may be
    heard on a later day. No number comes twice, nor one that leads back here.
    """
    here = {each.number.e164 for each in directory.services if each.number}
    chain = {line.id: line for line in (service.out_of_hours, *service.reachable)}.values()
    plain = [line for line in chain if not line.press_1_to_accept] or list(chain)
    found = [(line, phone) for line in plain for phone in (line.phone_on(day), line.phone)]
    found = [each for each in found if each[1].e164 not in here]
    numbers = [rehearsal] if rehearsal else dict.fromkeys(phone.e164 for _, phone in found)
    shown: dict[str, tuple[Line, Phone]] = {}
    for line, phone in found:
        if not line.internal:
            shown.setdefault(line.id, (line, phone))
    message = in_each(spoken.afterwards, directory, list(shown.values())[:MOST_SPOKEN])
    seconds = max((line.ring_seconds or calling.RING for line in plain), default=calling.RING)
    return twiml.in_turn(tuple(numbers), seconds, message)


def acceptance(service: Service, directory: Directory, action: str) -> str:
    """Return what whoever picks up a screened line is asked."""
    prompt = [
        twiml.spoken(spoken.accept(service, speaking(each, directory.zone)), each, directory)
        for each in directory.languages
    ]
    return twiml.ask_to_accept(prompt, action)


def shown(
    timetables: Timetables, decision: Decision, at: datetime, barred: Collection[str]
) -> Shown:
    """Return the lines that a message names: those to try that are public, two at most."""
    return [
        (each.line, each.phone)
        for each in to_try(timetables, decision, at)
        if not each.line.internal and each.phone.e164 not in barred
    ][:MOST_SPOKEN]


def greeting(service: Service, directory: Directory) -> list[Spoken]:
    """Return what callers hear before the line is rung, in each language; nothing if unwritten."""
    said = []
    for language in directory.languages:
        words = spoken.greeting(service, speaking(language, directory.zone))
        if words:
            said.append(twiml.spoken(words, language, directory))
    return list({each.words: each for each in said}.values())


def in_each(words: Words, directory: Directory, shown: Shown) -> list[Spoken]:
    """Return a message in each language of the directory, in its order."""
    return [
        twiml.spoken(words(directory, shown, speaking(each, directory.zone)), each, directory)
        for each in directory.languages
    ]
