"""What callers hear, and the reply to a text message. Numbers are spoken digit by digit."""

import re
from collections.abc import Iterable
from datetime import datetime

from routing.core.answer import Decision
from routing.core.directory import Directory, Line, Phone, Service
from routing.text.locale import Locale
from routing.text.sentences import call_sentence, line_phrase

EMERGENCY_NUMBER = "999"

_NUMBERS = re.compile(r"(?<!\d)(?:999|112|101|111|119|\+?\d[\d ()-]{4,}\d)(?!\d)")
"""Telephone numbers in running text, short and long. "24 hours" is none."""


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


def no_answer(directory: Directory, numbers: Iterable[tuple[Line, Phone]], locale: Locale) -> str:
    """Say that nobody answered in any round, and what to do."""
    return " ".join(
        [
            locale.translate("Sorry, nobody has answered."),
            *_advice(directory, numbers, locale),
            locale.translate("Or hang up, and call this number again."),
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


def accept_prompt(service: Service, locale: Locale) -> str:
    """Tell the person who picks up a screened line what the call is, and how to accept it."""
    return locale.translate(
        "A call for {service}. To take it, press 1.", service=service.name.get(locale.language)
    )


def sms_reply(decision: Decision, directory: Directory, at: datetime, locale: Locale) -> str:
    """Answer a text message: which number to ring, until when, and 999."""
    phone = decision.service.number or decision.phone
    return " ".join(
        [
            call_sentence(decision, phone.display, at, locale),
            *_emergency(directory, locale, EMERGENCY_NUMBER),
            locale.translate("Nobody reads texts sent to this number."),
        ]
    )


def spell_digits(number: str) -> str:
    """Space out a number, with a pause where it has a space: 0 1 6 3 2, 9 6 0 0 0 1."""
    return ", ".join(" ".join(group) for group in re.findall(r"\d+", number))


def spell_numbers(text: str) -> str:
    """Return ``text`` with every telephone number in it digit by digit."""
    return _NUMBERS.sub(lambda match: spell_digits(match[0]), text)


def _advice(
    directory: Directory, numbers: Iterable[tuple[Line, Phone]], locale: Locale
) -> list[str]:
    """Return the advice in an emergency, and the lines that a caller may ring directly."""
    emergency = _emergency(directory, locale, spell_digits(EMERGENCY_NUMBER))
    return [
        *(spell_numbers(sentence) for sentence in emergency),
        *(
            locale.translate(
                "You can call {line} yourself on {phone}.",
                line=line_phrase(line, locale),
                phone=spell_digits(phone.display),
            )
            for line, phone in numbers
        ),
    ]


def _emergency(directory: Directory, locale: Locale, number: str) -> list[str]:
    """Return the council's advice in an emergency, with 999 added where it is not named."""
    advice = directory.emergency.get(locale.language)
    if EMERGENCY_NUMBER in advice:
        return [advice]
    return [advice, locale.translate("Call {number}.", number=number)]
