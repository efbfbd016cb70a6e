"""Documents that tell Twilio what to do with a call or a text message (TwiML).

Each is whole and short, and has one way on. Attributes are those of twilio.com/docs/voice/twiml.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import Gather, VoiceResponse

from routing.core.directory import Directory

VOICES = {"en": ("Polly.Amy-Neural", "en-GB"), "cy": ("Polly.Gwyneth", "cy-GB")}
"""By language: who speaks unless the directory chooses another, and which tongue Twilio is told."""

LONGEST_SAY = 3000
"""Twilio refuses an utterance of more than 4,000 characters (its error 32018), written as XML."""

KEY_WAIT = 8
"""Seconds in which the key must be pressed, each of the two times that it is asked for."""

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Spoken:
    """Words in a voice, in a tongue that Twilio knows."""

    words: str
    voice: str
    tongue: str


def spoken(words: str, language: str, directory: Directory) -> Spoken:
    """Return words as they are spoken in a language of a directory."""
    voice, tongue = VOICES[language]
    return Spoken(words, dict(directory.voices).get(language, voice), tongue)


def ring(
    number: str,
    seconds: int,
    action: str,
    own: str | None = None,
    screen: str | None = None,
    before: Sequence[Spoken] = (),
) -> str:
    """Ring a number, and ask ``action`` what comes next, however that ends.

    The caller hears it ring; the call is not taken until somebody answers, unless words come
    ``before``. ``own`` is the number to show; None shows the caller's. ``screen`` is asked for what
    whoever picks up is told first.
    """
    response = VoiceResponse()
    _say(response, before)
    shown = {} if own is None else {"caller_id": own}
    dial = response.dial(
        answer_on_bridge=True, timeout=seconds, action=action, method="POST", **shown
    )
    dial.number(number, **({} if screen is None else {"url": screen, "method": "POST"}))
    return str(response)


def give_up(message: Sequence[Spoken]) -> str:
    """Say the message twice, and hang up."""
    response = VoiceResponse()
    _say(response, message)
    response.pause(length=1)
    _say(response, message)
    response.hangup()
    return str(response)


def ask_to_accept(prompt: Iterable[Spoken], action: str) -> str:
    """Ask whoever picked up to press a key, twice; without one, hang up on them."""
    response, said = VoiceResponse(), tuple(prompt)
    for _ in range(2):
        gather = Gather(num_digits=1, timeout=KEY_WAIT, action=action, method="POST")
        _say(gather, said)
        response.append(gather)
    response.hangup()
    return str(response)


def nothing() -> str:
    """Do nothing more: connect whoever picked up; or, of a call that is over, end it."""
    return str(VoiceResponse())


def hang_up() -> str:
    """Hang up: on whoever picked up, so that the next is rung; or on a call that is over."""
    response = VoiceResponse()
    response.hangup()
    return str(response)


def in_turn(numbers: Sequence[str], seconds: int, message: Sequence[Spoken]) -> str:
    """Ring numbers one after another with no further question, then say the message twice.

    For another host, and for when all else has failed. It has no ``action``, so what follows is
    heard after an answered call too, by a caller who has not hung up.
    """
    response = VoiceResponse()
    if numbers:
        dial = response.dial(answer_on_bridge=True, timeout=seconds, sequential=True)
        for number in numbers:
            dial.number(number)
    for _ in range(2):
        _say(response, message)
        response.pause(length=1)
    response.hangup()
    return str(response)


def text_message(words: str) -> str:
    """Answer a text message."""
    response = MessagingResponse()
    response.message(_clean(words))
    return str(response)


def no_text_message() -> str:
    """Leave a text message unanswered."""
    return str(MessagingResponse())


def _say(verb: VoiceResponse | Gather, said: Iterable[Spoken]) -> None:
    for each in said:
        verb.say(_clean(each.words)[:LONGEST_SAY], voice=each.voice, language=each.tongue)


def _clean(words: str) -> str:
    """Leave out what no XML can hold."""
    return " ".join(_NOT_XML.sub("", words).split())
