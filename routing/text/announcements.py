"""What callers hear, and the reply to a text message. Numbers are spoken digit by digit."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from textwrap import shorten

from routing.core.answer import Decision
from routing.core.directory import Directory, Line, Phone, Service
from routing.text.locale import N_, Locale
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
    number = spell_digits(decision.phone.display)
    return " ".join(
        [
            *_spoken_emergency(directory, locale),
            call_sentence(decision, number, at, locale),
            locale.translate(_NEXT_LINE)
            if rings
            else locale.translate("Please hang up, and dial that number."),
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


def _spoken_emergency(directory: Directory, locale: Locale) -> list[str]:
    advice = _emergency(directory, locale, spell_digits(EMERGENCY_NUMBER))
    return [spell_numbers(sentence) for sentence in advice]


def _emergency(directory: Directory, locale: Locale, number: str) -> list[str]:
    """Return the council's advice in an emergency, with 999 added where it is not named."""
    advice = directory.emergency.get(locale.language)
    if names_emergency_number(advice):
        return [advice]
    return [advice, locale.translate("Call {number}.", number=number)]
