"""TwiML: documents that tell Twilio what to do with a call or a text message.

Each document is complete and has one way on. Attributes: https://www.twilio.com/docs/voice/twiml.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import Gather, VoiceResponse

from routing.core.directory import Directory

VOICES = {"en": ("Polly.Amy-Neural", "en-GB"), "cy": ("Polly.Gwyneth", "cy-GB")}
"""By language: the voice unless the directory chooses another, and the language code for Twilio."""

MAX_SAY_CHARACTERS = 3000
"""Twilio refuses an utterance of more than 4,000 characters (its error 32018), written as XML."""

KEY_TIMEOUT_SECONDS = 8
"""How long we wait for the key, each of the two times that it is asked for."""

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Utterance:
    """Text to speak, the voice that speaks it, and the language code that Twilio knows."""

    text: str
    locale: str
    language_code: str


def utterance(text: str, language: str, directory: Directory) -> Utterance:
    """Return ``text`` as it is spoken in one of the directory's languages."""
    locale, language_code = VOICES[language]
    return Utterance(text, dict(directory.voices).get(language, locale), language_code)


def dial(
    number: str,
    seconds: int,
    action: str,
    caller_id: str | None = None,
    screen: str | None = None,
    before: Sequence[Utterance] = (),
) -> str:
    """Ring a number, and ask ``action`` what comes next, however that ends.

    The caller hears it ring; the call is not taken until somebody answers, unless something is
    spoken ``before``. ``caller_id`` is the number to show; None shows the caller's. ``screen`` is
    the URL of what whoever picks up hears first.
    """
    response = VoiceResponse()
    _say(response, before)
    shown = {} if caller_id is None else {"caller_id": caller_id}
    verb = response.dial(
        answer_on_bridge=True, timeout=seconds, action=action, method="POST", **shown
    )
    verb.number(number, **({} if screen is None else {"url": screen, "method": "POST"}))
    return str(response)


def dial_in_turn(numbers: Sequence[str], seconds: int, message: Sequence[Utterance]) -> str:
    """Ring numbers one after another with no further question, then say the message twice.

    For another host, and for when all else has failed. It has no ``action``, so what follows is
    heard after an answered call too, by a caller who has not hung up.
    """
    response = VoiceResponse()
    if numbers:
        verb = response.dial(answer_on_bridge=True, timeout=seconds, sequential=True)
        for number in numbers:
            verb.number(number)
    for _ in range(2):
        _say(response, message)
        response.pause(length=1)
    response.hangup()
    return str(response)


def give_up(message: Sequence[Utterance]) -> str:
    """Say the message twice, and hang up."""
    response = VoiceResponse()
    _say(response, message)
    response.pause(length=1)
    _say(response, message)
    response.hangup()
    return str(response)


def ask_to_accept(prompt: Sequence[Utterance], action: str) -> str:
    """Ask whoever picked up to press a key, twice; without one, hang up on them."""
    response = VoiceResponse()
    for _ in range(2):
        gather = Gather(num_digits=1, timeout=KEY_TIMEOUT_SECONDS, action=action, method="POST")
        _say(gather, prompt)
        response.append(gather)
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


def _say(verb: VoiceResponse | Gather, utterances: Iterable[Utterance]) -> None:
    for utterance in utterances:
        text = _clean(utterance.text)[:MAX_SAY_CHARACTERS]
        verb.say(text, voice=utterance.locale, language=utterance.language_code)


def _clean(text: str) -> str:
    """Leave out what no XML can hold, and join what white space separates."""
    return " ".join(_NOT_XML.sub("", text).split())
