"""What is said on the telephone and in a text message. Digits are said one by one."""

import re
from collections.abc import Iterable
from datetime import datetime

from routing.core.answer import Decision
from routing.core.directory import Directory, Line, Service
from routing.core.values import Phone
from routing.wording.sentences import until_when
from routing.wording.voice import Voice

EMERGENCY = "999"

_NUMBERS = re.compile(r"(?<!\d)(?:999|112|101|111|119|\+?\d[\d ()-]{4,}\d)(?!\d)")
"""In the council's own words: short numbers that are dialled, and long ones. 24 hours stays."""


def digits(number: str) -> str:
    """Say a number digit by digit, with a pause where it has a space: 0 1 6 3 2, 9 6 0 0 0 1."""
    groups = re.findall(r"\d+", number)
    return ", ".join(" ".join(group) for group in groups)


def spelled(words: str) -> str:
    """Return the council's words with every telephone number in them digit by digit."""
    return _NUMBERS.sub(lambda found: digits(found[0]), words)


def greeting(service: Service, voice: Voice) -> str | None:
    """Say what callers hear before the line is rung; None where the council wrote nothing."""
    return None if service.greeting is None else spelled(service.greeting.in_(voice.language))


def trying_again(directory: Directory, shown: Iterable[tuple[Line, Phone]], voice: Voice) -> str:
    """Say that nobody answered in this round, and that another begins."""
    said = [
        voice.say("Sorry, nobody has answered yet."),
        *_danger(directory, voice),
        *_other_ways(shown, voice),
        voice.say("Please stay on the line. We are calling again."),
    ]
    return " ".join(said)


def given_up(directory: Directory, shown: Iterable[tuple[Line, Phone]], voice: Voice) -> str:
    """Say that nobody answered at all, and what to do."""
    said = [
        voice.say("Sorry, nobody has answered."),
        *_danger(directory, voice),
        *_other_ways(shown, voice),
        voice.say("Or hang up, and call this number again."),
    ]
    return " ".join(said)


def afterwards(directory: Directory, shown: Iterable[tuple[Line, Phone]], voice: Voice) -> str:
    """Say the same where it is not known whether somebody answered."""
    said = [
        voice.say("If you have not spoken to anybody yet, this is what to do."),
        *_danger(directory, voice),
        *_other_ways(shown, voice),
        voice.say("Or hang up, and call this number again."),
    ]
    return " ".join(said)


def accept(service: Service, voice: Voice) -> str:
    """Say to whoever picks up a screened line what the call is, and how to take it."""
    return voice.say(
        "A call for {service}. To take it, press 1.", service=service.name.in_(voice.language)
    )


def text(decision: Decision, directory: Directory, at: datetime, voice: Voice) -> str:
    """Answer a text message: the line to ring, until when, and 999."""
    shown = decision.service.number or decision.phone
    said = [
        voice.say(
            "Call {phone}, {line}, {until}.",
            phone=shown.display,
            line=decision.line.name.in_(voice.language),
            until=until_when(decision, at, voice),
        ),
        *_emergency(directory, voice, EMERGENCY),
        voice.say("Nobody reads texts sent to this number."),
    ]
    return " ".join(said)


def _danger(directory: Directory, voice: Voice) -> list[str]:
    return [spelled(each) for each in _emergency(directory, voice, digits(EMERGENCY))]


def _emergency(directory: Directory, voice: Voice, number: str) -> list[str]:
    """Return the council's words for an emergency, with 999 added where they do not name it."""
    words = directory.emergency.in_(voice.language)
    if EMERGENCY in words:
        return [words]
    return [words, voice.say("Call {number}.", number=number)]


def _other_ways(shown: Iterable[tuple[Line, Phone]], voice: Voice) -> list[str]:
    return [
        voice.say(
            "You can call the {line} yourself on {phone}.",
            line=line.name.in_(voice.language),
            phone=digits(phone.display),
        )
        for line, phone in shown
    ]
