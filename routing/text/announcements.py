"""What is said on the telephone and in a text message. Digits are said one by one."""

import re
from collections.abc import Iterable
from datetime import datetime

from routing.core.answer import Decision
from routing.core.directory import Directory, Line, Phone, Service
from routing.text.locale import Locale
from routing.text.sentences import until_phrase

EMERGENCY = "999"

_NUMBERS = re.compile(r"(?<!\d)(?:999|112|101|111|119|\+?\d[\d ()-]{4,}\d)(?!\d)")
"""In the council's own words: short numbers that are dialled, and long ones. 24 hours stays."""


def spell_digits(number: str) -> str:
    """Say a number digit by digit, with a pause where it has a space: 0 1 6 3 2, 9 6 0 0 0 1."""
    groups = re.findall(r"\d+", number)
    return ", ".join(" ".join(group) for group in groups)


def spell_numbers(words: str) -> str:
    """Return the council's words with every telephone number in them digit by digit."""
    return _NUMBERS.sub(lambda found: spell_digits(found[0]), words)


def greeting(service: Service, locale: Locale) -> str | None:
    """Say what callers hear before the line is rung; None where the council wrote nothing."""
    return (
        None if service.greeting is None else spell_numbers(service.greeting.get(locale.language))
    )


def no_answer_yet(directory: Directory, shown: Iterable[tuple[Line, Phone]], locale: Locale) -> str:
    """Say that nobody answered in this round, and that another begins."""
    said = [
        locale.translate("Sorry, nobody has answered yet."),
        *_danger(directory, locale),
        *_other_ways(shown, locale),
        locale.translate("Please stay on the line. We are calling again."),
    ]
    return " ".join(said)


def no_answer(directory: Directory, shown: Iterable[tuple[Line, Phone]], locale: Locale) -> str:
    """Say that nobody answered at all, and what to do."""
    said = [
        locale.translate("Sorry, nobody has answered."),
        *_danger(directory, locale),
        *_other_ways(shown, locale),
        locale.translate("Or hang up, and call this number again."),
    ]
    return " ".join(said)


def outcome_unknown(
    directory: Directory, shown: Iterable[tuple[Line, Phone]], locale: Locale
) -> str:
    """Say the same where it is not known whether somebody answered."""
    said = [
        locale.translate("If you have not spoken to anybody yet, this is what to do."),
        *_danger(directory, locale),
        *_other_ways(shown, locale),
        locale.translate("Or hang up, and call this number again."),
    ]
    return " ".join(said)


def accept_prompt(service: Service, locale: Locale) -> str:
    """Say to whoever picks up a screened line what the call is, and how to take it."""
    return locale.translate(
        "A call for {service}. To take it, press 1.", service=service.name.get(locale.language)
    )


def sms_reply(decision: Decision, directory: Directory, at: datetime, locale: Locale) -> str:
    """Answer a text message: the line to ring, until when, and 999."""
    shown = decision.service.number or decision.phone
    said = [
        locale.translate(
            "Call {phone}, {line}, {until}.",
            phone=shown.display,
            line=decision.line.name.get(locale.language),
            until=until_phrase(decision, at, locale),
        ),
        *_emergency(directory, locale, EMERGENCY),
        locale.translate("Nobody reads texts sent to this number."),
    ]
    return " ".join(said)


def _danger(directory: Directory, locale: Locale) -> list[str]:
    return [spell_numbers(each) for each in _emergency(directory, locale, spell_digits(EMERGENCY))]


def _emergency(directory: Directory, locale: Locale, number: str) -> list[str]:
    """Return the council's words for an emergency, with 999 added where they do not name it."""
    words = directory.emergency.get(locale.language)
    if EMERGENCY in words:
        return [words]
    return [words, locale.translate("Call {number}.", number=number)]


def _other_ways(shown: Iterable[tuple[Line, Phone]], locale: Locale) -> list[str]:
    return [
        locale.translate(
            "You can call the {line} yourself on {phone}.",
            line=line.name.get(locale.language),
            phone=spell_digits(phone.display),
        )
        for line, phone in shown
    ]
