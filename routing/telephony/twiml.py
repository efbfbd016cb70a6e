"""TwiML: what Twilio is to do with a call or a text message, and the words that callers hear.

Each document is complete and has one way on. Attributes: https://www.twilio.com/docs/voice/twiml.
Telephone numbers are spoken digit by digit. Times, dates, ages and years are none: "8:30 - 17:00",
"24-12-2026", "2026-27".
"""

import re
import textwrap
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from datetime import date, datetime
from functools import partial
from urllib.parse import urlencode

import phonenumbers
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import Gather, VoiceResponse

from routing.core.decision import Decision, Outcome, Timetables, dial_order
from routing.core.directory import (
    KEY_PROMPT_SECONDS,
    Directory,
    Line,
    Phone,
    Service,
    ring_seconds,
    send_digits,
)
from routing.telephony import call_flow
from routing.telephony.call_flow import Announcement, Dial, End, Step
from routing.text.locale import N_, Locale, get_locale
from routing.text.sentences import CALL_999, call_sentence, line_phrase

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

WITHHELD_NUMBERS = frozenset({"+266696687", "+86282452253", "+8656696", "+2562533", "+7378742833"})
"""ANONYMOUS, UNAVAILABLE, UNKNOWN, BLOCKED and RESTRICTED, typed on a telephone's keys: how
networks write a number that is withheld."""

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_DASH = r"[-\u2010-\u2014]"
_GAP = r"[ \u00a0\u2009\u202f().\u2010-\u2014-]{0,3}"
_COUNTRY = rf"(?:\+|00){_GAP}44{_GAP}(?:0{_GAP})?"
_TIME = r"(?:[01]\d|2[0-4])[0-5]\d"
_AREA_CODE = r"0(?=\)?[1-9]\d|[1-9][ ]\d{3})"
_PHONE_NUMBER = re.compile(
    rf"""(?<![\d£])(?<!\d[.:])(?:
        (?:1800[0-3]{_GAP})?               # Relay UK's prefix
        (?:\((?=[+\d]+\)))?               # (01632) 960001
        (?:
            0800{_GAP}1111
            | {_COUNTRY}[1-9](?:{_GAP}\d){{8}}\d?
            | (?!{_TIME}[ ]?{_DASH}[ ]?{_TIME}(?!\d)){_AREA_CODE}(?:(?:/|{_GAP})\d){{9}}\d?
            | (?:\+|00{_GAP})[1-9](?:{_GAP}\d){{7,14}}    # of another country
        )
        | (?<!\d,)(?:
            (?:999|112|101|111|119)(?![.,]\d)
            | 9[ -]9[ -]9
            | 116[ -]?\d{{3}}              # the Samaritans and others
            | 1800[0-3]
            | [6-8]\d{{4}}                 # a text number
            | \d{{6,}}                     # a local number
        )
    )(?!\d)(?!:\d)""",
    re.VERBOSE | re.ASCII,
)

MAX_SPOKEN_NAME_CHARACTERS = 60
"""Of a service, to whoever picks up a screened line."""


Utterances = dict[str, dict[str, str]]
"""Texts to speak, each with the attributes of its Say: voice and language."""


Message = tuple[str, str]
"""What callers hear between rings, first and last: ``message`` has what comes between."""

_NEXT_LINE = N_("Please stay on the line. We are calling somebody else.")
_CALL_AGAIN = N_("Or hang up, and call this number again.")

NO_ANSWER_YET = (
    N_("Sorry, nobody has answered yet."),
    N_("Please stay on the line. We are calling again."),
)
NEXT_LINE = N_("Sorry, nobody has answered yet."), _NEXT_LINE
ENGAGED = (
    N_("Sorry, everybody is on another call."),
    N_("Please stay on the line. We will call again in 20 seconds."),
)
NO_ANSWER = N_("Sorry, nobody has answered."), _CALL_AGAIN
OUTCOME_UNKNOWN = N_("If you have not spoken to anybody yet, this is what to do."), _CALL_AGAIN
"""Where it is not known whether anybody answered; so is the next."""
OUTCOME_UNKNOWN_NEXT_LINE = N_("If you have spoken to somebody, please hang up."), _NEXT_LINE

_ANNOUNCEMENTS = {
    Announcement.NEXT_LINE: NEXT_LINE,
    Announcement.NEW_ROUND: NO_ANSWER_YET,
    Announcement.ENGAGED: ENGAGED,
}


def for_step(
    step: Step,
    decision: Decision,
    at: datetime,
    timetables: Timetables,
    excluded_numbers: Collection[str],
    *,
    base_url: str,
    rehearsal_number: str | None,
    caller_id: str | None,
) -> str:
    """Return the TwiML of a step of a call, with its ``spoken_words``.

    ``base_url`` is where Twilio reaches this service. ``rehearsal_number`` is rung in place of
    every other; None rings the line's. Without ``caller_id`` the line is shown the caller's number.
    """
    words = partial(spoken_words, step, decision, at, timetables, excluded_numbers)
    response, utterances = VoiceResponse(), _in_each_language(words, timetables.directory)
    if isinstance(step, End):
        if utterances:
            _say_twice(response, utterances)
        response.hangup()
        return str(response)
    _say(response, utterances)
    if step.announcement is Announcement.ENGAGED:
        response.pause(length=call_flow.ENGAGED_WAIT.seconds)
    url = f"{base_url}/twilio/voice/{decision.service.id}"
    query = urlencode(step.state.to_query())
    verb = response.dial(
        answer_on_bridge=True,
        timeout=step.seconds,
        action=f"{url}/after?{query}",
        method="POST",
        caller_id=caller_id,
    )
    screening = {"url": f"{url}/screen?{query}", "method": "POST"} if step.state.screened else {}
    number = rehearsal_number or step.phone.e164
    verb.number(number, send_digits=send_digits(step.line, step.phone), **screening)
    return str(response)


def spoken_words(
    step: Step,
    decision: Decision,
    at: datetime,
    timetables: Timetables,
    excluded_numbers: Collection[str],
    locale: Locale,
) -> str | None:
    """Return what a caller hears as a step begins, before a line rings; None for nothing.

    While 999 or 101 answers, callers hear that first, and in place of the last message. A message
    names the public ones of the lines to ring, two at most.
    """
    directory, is_first = timetables.directory, False
    if isinstance(step, Dial):
        is_first = step.state.leg == 1 and step.announcement is None
        which = step.announcement and _ANNOUNCEMENTS[step.announcement]
    else:
        which = NO_ANSWER if step.outcome == Outcome.UNANSWERED else None
    if decision.phone.is_emergency and (is_first or which == NO_ANSWER):
        return call_yourself(decision, directory, at, locale, is_first)
    if is_first:
        return greeting(decision.service, locale)
    if which is None:
        return None
    order = dial_order(timetables, decision, at, excluded_numbers)
    public = [(answer.line, answer.phone) for answer in order if not answer.line.internal]
    reads_numbers = which in (NO_ANSWER, NO_ANSWER_YET)
    return message(which, directory, public[:MAX_SPOKEN_NUMBERS] if reads_numbers else (), locale)


def is_presentable(number: str) -> bool:
    """Return whether a number can be shown as caller ID: E.164, possible, and not withheld.

    Networks reject calls from any other (Twilio's error 13214).
    """
    if number in WITHHELD_NUMBERS or not re.fullmatch(r"\+[1-9][0-9]{6,14}", number):
        return False
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False


def fallback(
    service: Service, directory: Directory, day: date, rehearsal_number: str | None = None
) -> str:
    """Return TwiML that is safe at any hour, and asks nothing more of this service.

    It rings the out-of-hours line first, then the others, MAX_NUMBERS at most, with words before
    ringing would pass MAX_SILENCE_SECONDS. A screened line, which nobody could screen there, comes
    only where there is no other. Where a line has another number on ``day``, that is rung, and then
    its usual one: the document may be used on a later day. No number comes twice, nor one that
    leads back to a service. 999 and 101 are spoken, and never rung. There is no ``action``: the
    message is heard after an answered call too.
    """
    service_numbers = {other.number.e164 for other in directory.services if other.number}
    chain = {line.id: line for line in (service.out_of_hours, *service.reachable)}.values()
    lines = [line for line in chain if not line.press_1_to_accept] or list(chain)
    public = [(line, line.phone_on(day)) for line in lines if not line.internal]
    named = [entry for entry in public if entry[1].e164 not in service_numbers]
    numbers: dict[str, str | None] = {}
    for line in lines:
        for phone in (line.phone_on(day), line.phone):
            if phone.e164 not in service_numbers and not phone.is_emergency:
                numbers.setdefault(phone.e164, send_digits(line, phone))
    words = partial(message, OUTCOME_UNKNOWN, directory, named[:MAX_SPOKEN_NUMBERS])
    words_between = partial(message, OUTCOME_UNKNOWN_NEXT_LINE, directory, ())
    last = _in_each_language(words, directory)
    between = _in_each_language(words_between, directory)
    seconds = max(ring_seconds(line, is_last=False) for line in lines)
    if rehearsal_number:
        numbers = {rehearsal_number: None}
    dialled = list(numbers.items())[:MAX_NUMBERS]
    response = VoiceResponse()
    longest_ring = seconds + call_flow.TWILIO_EXTRA_RING.seconds
    at_once = call_flow.MAX_SILENCE_SECONDS // longest_ring
    for first in range(0, len(dialled), at_once):
        if first:
            _say(response, between)
        verb = response.dial(answer_on_bridge=True, timeout=seconds, sequential=True)
        for number, digits in dialled[first : first + at_once]:
            verb.number(number, send_digits=digits)
    _say_twice(response, last)
    response.hangup()
    return str(response)


def acceptance(service: Service, directory: Directory, action: str) -> str:
    """Return what whoever picks up a screened line is asked, for KEY_PROMPT_SECONDS at most.

    It is asked in the first language, and in the others while MAX_PROMPT_CHARACTERS allow it.
    """
    prompt = _in_each_language(partial(accept_prompt, service), directory)
    while len(prompt) > 1 and sum(map(len, prompt)) > MAX_PROMPT_CHARACTERS:
        prompt.popitem()
    response = VoiceResponse()
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


def text_message(text: str = "") -> str:
    """Answer a text message; without a text, leave it unanswered."""
    response = MessagingResponse()
    if text:
        response.message(_clean(text))
    return str(response)


# The words


def message(
    which: Message, directory: Directory, numbers: Iterable[tuple[Line, Phone]], locale: Locale
) -> str:
    """Return what callers hear between rings: with the advice in an emergency, and some numbers."""
    lines = [
        locale.translate(
            "You can call {line} yourself on {phone}.",
            line=spell_numbers(line_phrase(line, locale)),
            phone=spell_digits(phone.display),
        )
        for line, phone in numbers
    ]
    first, last = map(locale.translate, which)
    return " ".join([first, *map(spell_numbers, _emergency(directory, locale)), *lines, last])


def greeting(service: Service, locale: Locale) -> str | None:
    """Return what callers hear before a line rings; None where the council wrote nothing."""
    if service.greeting is None:
        return None
    return spell_numbers(service.greeting.get(locale.language))


def call_yourself(
    decision: Decision, directory: Directory, at: datetime, locale: Locale, rings: bool
) -> str:
    """Say which of 999 and 101 to dial, and until when; and whether another line ``rings`` next."""
    call = spell_numbers(call_sentence(decision, decision.phone.display, at, locale))
    closing = _NEXT_LINE if rings else N_("Please hang up, and dial that number.")
    return " ".join(
        [*map(spell_numbers, _emergency(directory, locale)), call, locale.translate(closing)]
    )


def accept_prompt(service: Service, locale: Locale) -> str:
    """Tell the person who picks up a screened line what the call is, and how to accept it.

    A long name is cut at a word: the caller hears ringing meanwhile.
    """
    name = textwrap.shorten(
        service.name.get(locale.language), MAX_SPOKEN_NAME_CHARACTERS, placeholder=""
    )
    service_name = spell_numbers(name)
    return locale.translate("A call for {service}. To take it, press 1.", service=service_name)


def sms_reply(
    decision: Decision, directory: Directory, at: datetime, locale: Locale, is_brief: bool = False
) -> str:
    """Answer a text message: which number to ring, until when, Relay UK, and 999.

    A brief reply leaves out the council's own advice in an emergency, which may be long.
    """
    phone = decision.service.public_phone(decision.phone)
    number = phone.national_display
    if is_brief:
        emergency = [locale.translate("In an emergency, call 999.")]
    else:
        emergency = list(map(to_national, _emergency(directory, locale)))
    relay = []
    if decision.line.relay_uk and phone.relay_uk_display:
        relay = [locale.translate("With Relay UK, dial 18001 {number}.", number=number)]
    register = locale.translate(
        "You can text 999 if your phone is registered: text the word register to 999."
    )
    unread = locale.translate("Nobody reads texts sent to this number.")
    call = call_sentence(decision, number, at, locale)
    return " ".join([call, *emergency, *relay, register, unread])


def to_national(text: str) -> str:
    """Return ``text`` with each number as people dial it here: 01632 960001 for +44 1632 960001."""
    return _replace_numbers(text, _national)


def spell_numbers(text: str) -> str:
    """Return ``text`` with every telephone number in it digit by digit."""
    return _replace_numbers(text, spell_digits)


def spell_digits(number: str) -> str:
    """Space out a number, with a pause where it has a space: 0 1 6 3 2, 9 6 0 0 0 1."""
    return ", ".join(" ".join(group) for group in re.findall(r"\d+", _national(number)))


def _replace_numbers(text: str, replace: Callable[[str], str]) -> str:
    parts, position = [], 0
    while match := _PHONE_NUMBER.search(text, position):
        number = _first_number(match[0])
        parts += [text[position : match.start()], replace(number)]
        position = match.start() + len(number)
    return "".join([*parts, text[position:]])


def _first_number(text: str) -> str:
    """Return a number without what follows: one of another country ends by its numbering plan."""
    if text.startswith(("+", "00")):
        for end in sorted((blank.start() for blank in re.finditer(r"\D* |$", text)), reverse=True):
            with suppress(phonenumbers.NumberParseException):
                if phonenumbers.is_valid_number(phonenumbers.parse(text[:end], "GB")):
                    return text[:end]
    return text


def _national(number: str) -> str:
    """Return a number as it is dialled here: 01632 960001 for +44 1632 960001, 00353 for +353."""
    national = re.sub(rf"^(1800[0-3]{_GAP})?\(?{_COUNTRY}", r"\g<1>0", number.strip())
    return re.sub(r"^\+(\d+ ?)(\(0\))?", r"00\1", national)


def _emergency(directory: Directory, locale: Locale) -> list[str]:
    """Return the council's advice in an emergency, with 999 added where it does not say so."""
    advice = directory.emergency.get(locale.language)
    call_999 = locale.translate("Call {number}.", number="999")
    return [advice] if CALL_999.search(advice) else [advice, call_999]


# Speaking them


def _in_each_language(text_in: Callable[[Locale], str | None], directory: Directory) -> Utterances:
    """Return a text in each of the directory's languages; what two of them share is said once."""
    utterances, voices = Utterances(), dict(directory.voices)
    for language in directory.languages:
        if text := text_in(get_locale(language, directory.zone)):
            voice, language_code = VOICES[language]
            utterances[text] = {"voice": voices.get(language, voice), "language": language_code}
    return utterances


def _say_twice(response: VoiceResponse, message: Utterances) -> None:
    _say(response, message)
    response.pause(length=1)
    _say(response, message)


def _say(verb: VoiceResponse | Gather, utterances: Utterances) -> None:
    for utterance, attributes in utterances.items():
        for text in textwrap.wrap(_clean(utterance), MAX_SAY_CHARACTERS):
            verb.say(text, **attributes)


def _clean(text: str) -> str:
    """Leave out what no XML can hold, and join what white space separates."""
    return " ".join(_NOT_XML.sub("", text).split())
