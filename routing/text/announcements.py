"""What callers hear, and the reply to a text message. Numbers are spoken digit by digit."""

from collections.abc import Iterable
from datetime import datetime
from textwrap import shorten

from routing.core.answer import Decision
from routing.core.directory import Directory, Line, Phone, Service
from routing.text.locale import Locale
from routing.text.phone_numbers import (
    EMERGENCY_NUMBER,
    names_emergency_number,
    spell_digits,
    spell_numbers,
    to_national,
)
from routing.text.sentences import call_sentence, line_phrase

MAX_SPOKEN_NAME_CHARACTERS = 60
"""Of a service, to whoever picks up a screened line."""


def greeting(service: Service, locale: Locale) -> str | None:
    """Return what callers hear before a line rings; None where the council wrote nothing."""
    if service.greeting is None:
        return None
    return spell_numbers(service.greeting.get(locale.language))


def no_answer_yet(
    directory: Directory, numbers: Iterable[tuple[Line, Phone]], locale: Locale
) -> str:
    """Say that nobody answered in this round, and that another begins.

    ``numbers`` are the lines that a caller may ring directly.
    """
    return " ".join(
        [
            locale.translate("Sorry, nobody has answered yet."),
            *_advice(directory, numbers, locale),
            locale.translate("Please stay on the line. We are calling again."),
        ]
    )


def next_line(directory: Directory, numbers: Iterable[tuple[Line, Phone]], locale: Locale) -> str:
    """Say that nobody answered yet, and that another line rings; ``numbers`` are not read out."""
    return " ".join(
        [
            locale.translate("Sorry, nobody has answered yet."),
            *_spoken_emergency(directory, locale),
            locale.translate("Please stay on the line. We are calling somebody else."),
        ]
    )


def engaged(directory: Directory, numbers: Iterable[tuple[Line, Phone]], locale: Locale) -> str:
    """Say that every line is engaged, and that a wait follows; ``numbers`` are not read out."""
    return " ".join(
        [
            locale.translate("Sorry, everybody is on another call."),
            *_spoken_emergency(directory, locale),
            locale.translate("Please stay on the line. We will call again in 20 seconds."),
        ]
    )


def no_answer(directory: Directory, numbers: Iterable[tuple[Line, Phone]], locale: Locale) -> str:
    """Say that nobody answered in any round, and what to do."""
    return " ".join(
        [
            locale.translate("Sorry, nobody has answered."),
            *_advice(directory, numbers, locale),
            locale.translate("Or hang up, and call this number again."),
        ]
    )


def call_yourself(
    decision: Decision, directory: Directory, at: datetime, locale: Locale, rings: bool
) -> str:
    """Say which of 999 and 101 to dial while it answers, and until when.

    ``rings`` says that another line rings next.
    """
    number = spell_digits(decision.phone.display)
    return " ".join(
        [
            *_spoken_emergency(directory, locale),
            call_sentence(decision, number, at, locale),
            locale.translate("Please stay on the line. We are calling somebody else.")
            if rings
            else locale.translate("Please hang up, and dial that number."),
        ]
    )


def outcome_unknown(
    directory: Directory, numbers: Iterable[tuple[Line, Phone]], locale: Locale
) -> str:
    """Say what to do, where it is not known whether anybody answered."""
    return " ".join(
        [
            locale.translate("If you have not spoken to anybody yet, this is what to do."),
            *_advice(directory, numbers, locale),
            locale.translate("Or hang up, and call this number again."),
        ]
    )


def outcome_unknown_next_line(
    directory: Directory, numbers: Iterable[tuple[Line, Phone]], locale: Locale
) -> str:
    """Say that another line rings, where it is not known whether anybody answered.

    ``numbers`` are not read out.
    """
    return " ".join(
        [
            locale.translate("If you have spoken to somebody, please hang up."),
            *_spoken_emergency(directory, locale),
            locale.translate("Please stay on the line. We are calling somebody else."),
        ]
    )


def accept_prompt(service: Service, locale: Locale) -> str:
    """Tell the person who picks up a screened line what the call is, and how to accept it.

    A long name is cut at a word: the caller hears ringing meanwhile.
    """
    name = shorten(service.name.get(locale.language), MAX_SPOKEN_NAME_CHARACTERS, placeholder="")
    return locale.translate("A call for {service}. To take it, press 1.", service=name)


def sms_reply(
    decision: Decision,
    directory: Directory,
    at: datetime,
    locale: Locale,
    is_brief: bool = False,
) -> str:
    """Answer a text message: which number to ring, until when, Relay UK, and 999.

    A brief reply leaves out the council's own advice in an emergency, which may be long.
    """
    phone = decision.service.public_phone(decision.phone)
    number = to_national(phone.display)
    if is_brief:
        emergency = [locale.translate("In an emergency, call 999.")]
    else:
        emergency = _emergency(directory, locale, EMERGENCY_NUMBER)
    relay = []
    if decision.line.relay_uk and not phone.is_emergency:
        relay = [locale.translate("With Relay UK, dial 18001 {number}.", number=number)]
    return " ".join(
        [
            call_sentence(decision, number, at, locale),
            *(to_national(sentence) for sentence in emergency),
            *relay,
            locale.translate(
                "You can text 999 if your phone is registered: text the word register to 999."
            ),
            locale.translate("Nobody reads texts sent to this number."),
        ]
    )


def _advice(
    directory: Directory, numbers: Iterable[tuple[Line, Phone]], locale: Locale
) -> list[str]:
    """Return the advice in an emergency, and the lines that a caller may ring directly."""
    return [
        *_spoken_emergency(directory, locale),
        *(
            locale.translate(
                "You can call {line} yourself on {phone}.",
                line=line_phrase(line, locale),
                phone=spell_digits(phone.display),
            )
            for line, phone in numbers
        ),
    ]


def _spoken_emergency(directory: Directory, locale: Locale) -> list[str]:
    advice = _emergency(directory, locale, spell_digits(EMERGENCY_NUMBER))
    return [spell_numbers(sentence) for sentence in advice]


def _emergency(directory: Directory, locale: Locale, number: str) -> list[str]:
    """Return the council's advice in an emergency, with 999 added where it is not named."""
    advice = directory.emergency.get(locale.language)
    if names_emergency_number(advice):
        return [advice]
    return [advice, locale.translate("Call {number}.", number=number)]
