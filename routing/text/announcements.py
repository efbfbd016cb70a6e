"""What callers hear, and the reply to a text message. Numbers are spoken digit by digit.

Times, dates, ages and years are no telephone numbers: "8:30 - 17:00", "24-12-2026", "2026-27".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from textwrap import shorten

from routing.core.answer import Decision
from routing.core.directory import Directory, Line, Phone, Service
from routing.text.locale import N_, Locale
from routing.text.sentences import call_sentence, line_phrase

EMERGENCY_NUMBER = "999"

_GAP = r"[ \u00a0().-]{0,3}"
_COUNTRY = rf"(?:\+|00){_GAP}44{_GAP}(?:0{_GAP})?"
_DATE = r"\d{1,2}[-./ ]\d{1,2}[-./ ]\d{2,4}(?!\d)"
_HOURS = r"\d{4}[ ]?-[ ]?\d{4}(?!\d)"
_PHONE_NUMBER = re.compile(
    rf"""(?<![\d£])(?<!\d[.,:])(?!{_DATE})(?!{_HOURS})(?:
        (?:1800[0-3]{_GAP})?(?:            # Relay UK's prefix
            {_COUNTRY}[1-9](?:{_GAP}\d){{8,9}}
            | 0(?:{_GAP}\d){{9,10}}
            | 0800[ ]?1111
        )
        | \+[1-9](?:{_GAP}\d){{7,14}}      # of another country
        | (?:999|112|101|111|119)(?![.,]\d)
        | 116[ ]?\d{{3}}                   # the Samaritans and others
        | 1800[0-3]
        | [6-8]\d{{4}}                     # a text number
        | \d{{6,}}                         # a local number
    )(?!\d)(?!:\d)""",
    re.VERBOSE | re.ASCII,
)

MAX_SPOKEN_NAME_CHARACTERS = 60
"""Of a service, to whoever picks up a screened line."""


@dataclass(frozen=True, slots=True)
class SpokenMessage:
    """What callers hear between rings: an opening, the advice in an emergency, and a closing.

    Called with the directory, the lines that a caller may ring directly, and a locale, it returns
    the text. The lines are read out if ``reads_numbers``.
    """

    opening: str
    closing: str
    reads_numbers: bool = False

    def __call__(
        self, directory: Directory, numbers: Iterable[tuple[Line, Phone]], locale: Locale
    ) -> str:
        lines = [
            locale.translate(
                "You can call {line} yourself on {phone}.",
                line=line_phrase(line, locale),
                phone=spell_digits(phone.display),
            )
            for line, phone in (numbers if self.reads_numbers else ())
        ]
        opening, closing = locale.translate(self.opening), locale.translate(self.closing)
        return " ".join([opening, *_spoken_emergency(directory, locale), *lines, closing])


_NEXT_LINE = N_("Please stay on the line. We are calling somebody else.")
_CALL_AGAIN = N_("Or hang up, and call this number again.")

no_answer_yet = SpokenMessage(
    N_("Sorry, nobody has answered yet."),
    N_("Please stay on the line. We are calling again."),
    reads_numbers=True,
)
next_line = SpokenMessage(N_("Sorry, nobody has answered yet."), _NEXT_LINE)
engaged = SpokenMessage(
    N_("Sorry, everybody is on another call."),
    N_("Please stay on the line. We will call again in 20 seconds."),
)
no_answer = SpokenMessage(N_("Sorry, nobody has answered."), _CALL_AGAIN, reads_numbers=True)
outcome_unknown = SpokenMessage(
    N_("If you have not spoken to anybody yet, this is what to do."),
    _CALL_AGAIN,
    reads_numbers=True,
)
"""Where it is not known whether anybody answered; so is the next."""
outcome_unknown_next_line = SpokenMessage(
    N_("If you have spoken to somebody, please hang up."), _NEXT_LINE
)


def greeting(service: Service, locale: Locale) -> str | None:
    """Return what callers hear before a line rings; None where the council wrote nothing."""
    if service.greeting is None:
        return None
    return spell_numbers(service.greeting.get(locale.language))


def call_yourself(
    decision: Decision, directory: Directory, at: datetime, locale: Locale, rings: bool
) -> str:
    """Say which of 999 and 101 to dial while it answers, and until when.

    ``rings`` says that another line rings next.
    """
    call = call_sentence(decision, spell_digits(decision.phone.display), at, locale)
    closing = _NEXT_LINE if rings else N_("Please hang up, and dial that number.")
    return " ".join([*_spoken_emergency(directory, locale), call, locale.translate(closing)])


def accept_prompt(service: Service, locale: Locale) -> str:
    """Tell the person who picks up a screened line what the call is, and how to accept it.

    A long name is cut at a word: the caller hears ringing meanwhile.
    """
    name = shorten(service.name.get(locale.language), MAX_SPOKEN_NAME_CHARACTERS, placeholder="")
    return locale.translate("A call for {service}. To take it, press 1.", service=name)


def sms_reply(
    decision: Decision, directory: Directory, at: datetime, locale: Locale, is_brief: bool = False
) -> str:
    """Answer a text message: which number to ring, until when, Relay UK, and 999.

    A brief reply leaves out the council's own advice in an emergency, which may be long.
    """
    phone = decision.service.public_phone(decision.phone)
    number = to_national(phone.display)
    if is_brief:
        emergency = [locale.translate("In an emergency, call 999.")]
    else:
        emergency = [to_national(text) for text in _emergency(directory, locale, EMERGENCY_NUMBER)]
    relay = []
    if decision.line.relay_uk and not phone.is_emergency:
        relay = [locale.translate("With Relay UK, dial 18001 {number}.", number=number)]
    register = locale.translate(
        "You can text 999 if your phone is registered: text the word register to 999."
    )
    unread = locale.translate("Nobody reads texts sent to this number.")
    call = call_sentence(decision, number, at, locale)
    return " ".join([call, *emergency, *relay, register, unread])


def to_national(text: str) -> str:
    """Return ``text`` with each number as people dial it here: 01632 960001 for +44 1632 960001."""
    return _PHONE_NUMBER.sub(lambda match: _national(match[0]), text)


def spell_digits(number: str) -> str:
    """Space out a number, with a pause where it has a space: 0 1 6 3 2, 9 6 0 0 0 1."""
    return ", ".join(" ".join(group) for group in re.findall(r"\d+", _national(number)))


def spell_numbers(text: str) -> str:
    """Return ``text`` with every telephone number in it digit by digit."""
    return _PHONE_NUMBER.sub(lambda match: spell_digits(match[0]), text)


def _national(number: str) -> str:
    national = re.sub(_COUNTRY, "0", number.strip(), count=1)
    return re.sub(r"^\+", "00", national)


def _spoken_emergency(directory: Directory, locale: Locale) -> list[str]:
    advice = _emergency(directory, locale, spell_digits(EMERGENCY_NUMBER))
    return [spell_numbers(sentence) for sentence in advice]


def _emergency(directory: Directory, locale: Locale, number: str) -> list[str]:
    """Return the council's advice in an emergency, with 999 added where it is not named.

    As part of another number 999 is not named.
    """
    advice = directory.emergency.get(locale.language)
    is_named = any(
        match[0] == EMERGENCY_NUMBER
        and not re.search(r"\d[ .-]?$", advice[: match.start()])
        and not re.match(r"[ .-]?\d", advice[match.end() :])
        for match in _PHONE_NUMBER.finditer(advice)
    )
    return [advice] if is_named else [advice, locale.translate("Call {number}.", number=number)]
