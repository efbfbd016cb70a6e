"""TwiML: documents that tell Twilio what to do with a call or a text message.

Each document is complete and has one way on. Attributes: https://www.twilio.com/docs/voice/twiml.
"""

import re
import textwrap
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from urllib.parse import urlencode

from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import Gather, VoiceResponse

from routing.core.answer import Decision
from routing.core.decision import dial_order
from routing.core.directory import (
    KEY_PROMPT_SECONDS,
    Directory,
    Line,
    Phone,
    Service,
    ring_seconds,
    send_digits,
)
from routing.core.timetable import Timetables
from routing.telephony.call_flow import (
    ENGAGED_WAIT,
    MAX_SILENCE_SECONDS,
    TWILIO_EXTRA_RING,
    Announcement,
    Dial,
    GiveUp,
    Step,
)
from routing.text import announcements
from routing.text.locale import Locale, get_locale

MAX_SPOKEN_NUMBERS = 2
"""Numbers that a message reads out: nobody can note down more."""

VOICES = {"en": ("Polly.Amy-Neural", "en-GB"), "cy": ("Polly.Gwyneth", "cy-GB")}
"""By language: the voice unless the directory chooses another, and the language code for Twilio."""

MAX_NUMBERS = 10
"""Numbers in one document: as many as Twilio allows in one Dial."""

MAX_SAY_CHARACTERS = 3000
"""Twilio refuses an utterance of more than 4,000 characters (its error 32018), written as XML."""

KEY_TIMEOUT_SECONDS = 6
"""How long we wait for the key after the last word that asks for it."""

SPEECH_CHARACTERS_PER_SECOND = 14

MAX_PROMPT_CHARACTERS = SPEECH_CHARACTERS_PER_SECOND * (KEY_PROMPT_SECONDS - KEY_TIMEOUT_SECONDS)
"""What is said in the rest of KEY_PROMPT_SECONDS."""

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

NamedLines = Sequence[tuple[Line, Phone]]
Message = Callable[[Directory, NamedLines, Locale], str]


MESSAGES: dict[Announcement, Message] = {
    Announcement.NEXT_LINE: announcements.next_line,
    Announcement.NEW_ROUND: announcements.no_answer_yet,
    Announcement.ENGAGED: announcements.engaged,
}


@dataclass(frozen=True, slots=True)
class DialSettings:
    """How calls are placed.

    ``base_url`` is where Twilio reaches this service. ``call_key`` stands for the call in callback
    URLs. ``rehearsal_number`` is rung in place of every other; None rings those of the directory.
    ``caller_id`` returns the number that a line is shown, None for the caller's.
    """

    base_url: str
    call_key: str
    rehearsal_number: str | None
    caller_id: Callable[[Line], str | None]


@dataclass(frozen=True, slots=True)
class Utterance:
    """Text to speak, the voice that speaks it, and the language code that Twilio knows."""

    text: str
    voice: str
    language_code: str


def for_step(
    step: Step,
    decision: Decision,
    at: datetime,
    directory: Directory,
    named_lines: Callable[[], NamedLines],
    settings: DialSettings,
) -> str:
    """Return the TwiML of a step. ``named_lines`` returns the lines that a message may read out.

    While 999 or 101 answers, ``decision`` is spoken first, and before the message.
    """
    service, first = decision.service, []
    if decision.phone.is_emergency:
        rings = isinstance(step, Dial)
        first = _in_each_language(
            lambda locale: announcements.call_yourself(decision, directory, at, locale, rings),
            directory,
        )
    response = VoiceResponse()
    if isinstance(step, GiveUp):
        lines = () if first else named_lines()
        no_answer = partial(announcements.no_answer, directory, lines)
        _say_twice(response, first or _in_each_language(no_answer, directory))
    if not isinstance(step, Dial):
        response.hangup()
        return str(response)
    if step.announcement:
        message = partial(MESSAGES[step.announcement], directory, named_lines())
        _say(response, _in_each_language(message, directory))
    elif step.state.leg == 1:
        greeting = partial(announcements.greeting, service)
        _say(response, first or _in_each_language(greeting, directory))
    if step.announcement is Announcement.ENGAGED:
        response.pause(length=ENGAGED_WAIT.seconds)
    url = f"{settings.base_url}/twilio/voice/{service.id}"
    query = step.state.to_query()
    caller_id = settings.caller_id(step.line)
    verb = response.dial(
        answer_on_bridge=True,
        timeout=step.seconds,
        action=f"{url}/after?{urlencode(query)}",
        method="POST",
        **({} if caller_id is None else {"caller_id": caller_id}),
    )
    screening = {}
    if step.state.screened:
        screen_query = urlencode({**query, "call": settings.call_key})
        screening = {"url": f"{url}/screen?{screen_query}", "method": "POST"}
    number = settings.rehearsal_number or step.phone.e164
    verb.number(number, send_digits=send_digits(step.line, step.phone), **screening)
    return str(response)


def fallback(
    service: Service, directory: Directory, day: date, rehearsal_number: str | None = None
) -> str:
    """Return TwiML that is safe at any hour, and asks nothing more of this service.

    It rings the out-of-hours line first, then the others, each as long as it rings before another,
    MAX_NUMBERS at most, with words before ringing would pass MAX_SILENCE_SECONDS.
    A screened line, which nobody could screen there, comes only where there is no other. Where a
    line has another number on ``day``, that is rung, and then its usual one: the document may be
    used on a later day. No number comes twice, nor one that leads back to a service. 999 and 101
    are spoken, and never rung.
    """
    service_numbers = {other.number.e164 for other in directory.services if other.number}
    chain = {line.id: line for line in (service.out_of_hours, *service.reachable)}.values()
    lines = [line for line in chain if not line.press_1_to_accept] or list(chain)
    phones = [
        (line, phone)
        for line in lines
        for phone in (line.phone_on(day), line.phone)
        if phone.e164 not in service_numbers
    ]
    numbers: dict[str, str | None] = {}
    for line, phone in phones:
        if not phone.is_emergency:
            numbers.setdefault(phone.e164, send_digits(line, phone))
    public: dict[str, tuple[Line, Phone]] = {}
    for line, phone in phones:
        if not line.internal:
            public.setdefault(line.id, (line, phone))
    named = list(public.values())[:MAX_SPOKEN_NUMBERS]
    message = partial(announcements.outcome_unknown, directory, named)
    next_line = partial(announcements.outcome_unknown_next_line, directory, ())
    seconds = max(ring_seconds(line, is_last=False) for line in lines)
    dialled = {rehearsal_number: None} if rehearsal_number else numbers
    return _dial_in_turn(
        list(dialled.items())[:MAX_NUMBERS],
        seconds,
        _in_each_language(message, directory),
        _in_each_language(next_line, directory),
    )


def acceptance(service: Service, directory: Directory, action: str) -> str:
    """Return what whoever picks up a screened line is asked, for KEY_PROMPT_SECONDS at most.

    It is asked in the first language, and in the others while MAX_PROMPT_CHARACTERS allow it.
    """
    prompt = _in_each_language(partial(announcements.accept_prompt, service), directory)
    while len(prompt) > 1 and sum(len(part.text) for part in prompt) > MAX_PROMPT_CHARACTERS:
        prompt.pop()
    response = VoiceResponse()
    gather = Gather(num_digits=1, timeout=KEY_TIMEOUT_SECONDS, action=action, method="POST")
    _say(gather, prompt)
    response.append(gather)
    response.hangup()
    return str(response)


def named_lines(
    timetables: Timetables, decision: Decision, at: datetime, excluded_numbers: Collection[str]
) -> NamedLines:
    """Return the lines that a message names: the public ones of those to ring, two at most."""
    return [
        (answer.line, answer.phone)
        for answer in dial_order(timetables, decision, at, excluded_numbers)
        if not answer.line.internal
    ][:MAX_SPOKEN_NUMBERS]


def _in_each_language(
    text_in: Callable[[Locale], str | None], directory: Directory
) -> list[Utterance]:
    """Return a text in each of the directory's languages; what two of them share is said once."""
    utterances: dict[str, Utterance] = {}
    for language in directory.languages:
        if text := text_in(get_locale(language, directory.zone)):
            voice, language_code = VOICES[language]
            voice = dict(directory.voices).get(language, voice)
            utterances[text] = Utterance(text, voice, language_code)
    return list(utterances.values())


def _dial_in_turn(
    numbers: Sequence[tuple[str, str | None]],
    seconds: int,
    message: Sequence[Utterance],
    next_line: Sequence[Utterance],
) -> str:
    """Ring numbers, each with the keys to press once it answers, then say the message twice.

    ``next_line`` is said before ringing would pass MAX_SILENCE_SECONDS. There is no ``action``, so
    what follows is heard after an answered call too, by a caller who has not hung up.
    """
    response = VoiceResponse()
    at_once = max(1, MAX_SILENCE_SECONDS // (seconds + TWILIO_EXTRA_RING.seconds))
    for first in range(0, len(numbers), at_once):
        if first:
            _say(response, next_line)
        verb = response.dial(answer_on_bridge=True, timeout=seconds, sequential=True)
        for number, digits in numbers[first : first + at_once]:
            verb.number(number, send_digits=digits)
    _say_twice(response, message)
    response.hangup()
    return str(response)


def do_nothing() -> str:
    """Connect whoever picked up; or, of a call that is over, end it."""
    return str(VoiceResponse())


def hang_up() -> str:
    """Hang up: on whoever picked up, so that the next line rings; or on a call that is over."""
    response = VoiceResponse()
    response.hangup()
    return str(response)


def text_message(text: str) -> str:
    """Answer a text message."""
    response = MessagingResponse()
    response.message(_clean(text))
    return str(response)


def no_text_message() -> str:
    """Leave a text message unanswered."""
    return str(MessagingResponse())


def _say_twice(response: VoiceResponse, message: Sequence[Utterance]) -> None:
    _say(response, message)
    response.pause(length=1)
    _say(response, message)


def _say(verb: VoiceResponse | Gather, utterances: Iterable[Utterance]) -> None:
    for utterance in utterances:
        for text in textwrap.wrap(_clean(utterance.text), MAX_SAY_CHARACTERS):
            verb.say(text, voice=utterance.voice, language=utterance.language_code)


def _clean(text: str) -> str:
    """Leave out what no XML can hold, and join what white space separates."""
    return " ".join(_NOT_XML.sub("", text).split())
