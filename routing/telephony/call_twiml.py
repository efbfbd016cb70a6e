"""A step of a telephone call as TwiML, in the directory's languages."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode

from routing.core.answer import Decision
from routing.core.decision import dial_order
from routing.core.directory import Directory, Line, Phone, Service
from routing.core.timetable import Timetables
from routing.telephony import twiml
from routing.telephony.call_flow import RING_SECONDS, Dial, GiveUp, Step
from routing.telephony.twiml import Utterance
from routing.text import announcements
from routing.text.locale import Locale, get_locale

MAX_SPOKEN_NUMBERS = 2
"""Numbers that a message reads out: nobody can note down more."""

NamedLines = Sequence[tuple[Line, Phone]]
Message = Callable[[Directory, NamedLines, Locale], str]


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


def for_step(
    step: Step,
    service: Service,
    directory: Directory,
    named_lines: Callable[[], NamedLines],
    settings: DialSettings,
) -> str:
    """Return the TwiML of a step. ``named_lines`` returns the lines that a message may read out."""
    if isinstance(step, GiveUp):
        return twiml.give_up(_in_each_language(announcements.no_answer, directory, named_lines()))
    if not isinstance(step, Dial):
        return twiml.hang_up()
    before: list[Utterance] = []
    if step.new_round:
        before = _in_each_language(announcements.no_answer_yet, directory, named_lines())
    elif step.state.leg == 1:
        before = greeting(service, directory)
    url = f"{settings.base_url}/twilio/voice/{service.id}"
    query = step.state.to_query()
    screen_query = urlencode({**query, "call": settings.call_key})
    return twiml.dial(
        settings.rehearsal_number or step.phone.e164,
        step.seconds,
        f"{url}/after?{urlencode(query)}",
        caller_id=settings.caller_id(step.line),
        screen=f"{url}/screen?{screen_query}" if step.state.screened else None,
        before=before,
    )


def fallback(
    service: Service, directory: Directory, day: date, rehearsal_number: str | None = None
) -> str:
    """Return TwiML that is safe at any hour, and asks nothing more of this service.

    It rings the out-of-hours line first, then the others, each as long as it rings before another.
    A screened line, which nobody could screen there, comes only where there is no other. Where a
    line has another number on ``day``, that is rung, and then its usual one: the document may be
    used on a later day. No number comes twice, nor one that leads back to a service.
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
    numbers = dict.fromkeys(phone.e164 for _, phone in phones)
    public: dict[str, tuple[Line, Phone]] = {}
    for line, phone in phones:
        if not line.internal:
            public.setdefault(line.id, (line, phone))
    message = _in_each_language(
        announcements.outcome_unknown, directory, list(public.values())[:MAX_SPOKEN_NUMBERS]
    )
    seconds = max((line.ring_seconds or RING_SECONDS for line in lines), default=RING_SECONDS)
    dialled = (rehearsal_number,) if rehearsal_number else tuple(numbers)
    return twiml.dial_in_turn(dialled, seconds, message)


def acceptance(service: Service, directory: Directory, action: str) -> str:
    """Return what whoever picks up a screened line is asked."""
    prompt = [
        twiml.utterance(
            announcements.accept_prompt(service, get_locale(language, directory.zone)),
            language,
            directory,
        )
        for language in directory.languages
    ]
    return twiml.ask_to_accept(prompt, action)


def named_lines(
    timetables: Timetables, decision: Decision, at: datetime, excluded_numbers: Collection[str]
) -> NamedLines:
    """Return the lines that a message names: the public ones of those to ring, two at most."""
    return [
        (answer.line, answer.phone)
        for answer in dial_order(timetables, decision, at)
        if not answer.line.internal and answer.phone.e164 not in excluded_numbers
    ][:MAX_SPOKEN_NUMBERS]


def greeting(service: Service, directory: Directory) -> list[Utterance]:
    """Return what callers hear before the line rings, in each language; nothing if unwritten.

    A text that is the same in two languages is spoken once.
    """
    utterances: dict[str, Utterance] = {}
    for language in directory.languages:
        text = announcements.greeting(service, get_locale(language, directory.zone))
        if text:
            utterances[text] = twiml.utterance(text, language, directory)
    return list(utterances.values())


def _in_each_language(
    message: Message, directory: Directory, named_lines: NamedLines
) -> list[Utterance]:
    return [
        twiml.utterance(
            message(directory, named_lines, get_locale(language, directory.zone)),
            language,
            directory,
        )
        for language in directory.languages
    ]
