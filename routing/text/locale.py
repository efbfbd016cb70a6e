"""How to speak: a translator, its language, and the zone in which times are read."""

import gettext
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from markupsafe import Markup

CATALOGUES = Path(__file__).parent.parent / "translations"


def N_(message: str) -> str:
    """Mark a message that is translated where it is said, and return it as it is."""
    return message


class Translator(Protocol):
    """What turns English into the reader's language; ``gettext.NullTranslations`` is one."""

    def gettext(self, message: str, /) -> str: ...


@dataclass(frozen=True, slots=True)
class Locale:
    """How to speak: the translator, its language for the council's own words, and the zone."""

    translator: Translator
    language: str
    zone: ZoneInfo

    def translate(self, message: str, **values: str) -> str:
        """Return ``message`` in this language with its ``{values}`` filled in."""
        return self.translator.gettext(message).format(**values)

    def translate_html(self, message: str, **values: object) -> Markup:
        """Return the same as HTML: values are escaped, unless they are HTML already."""
        return Markup.escape(self.translator.gettext(message)).format(**values)


def get_locale(language: str, zone: ZoneInfo) -> Locale:
    """Return how to speak in a language; what has no translation there is said in English."""
    return Locale(_translator(language), language, zone)


@cache
def _translator(language: str) -> Translator:
    return gettext.translation("messages", CATALOGUES, [language], fallback=True)


HOLIDAY_NAMES: Sequence[str] = (
    N_("New Year’s Day"),
    N_("2nd January"),
    N_("St Patrick’s Day"),
    N_("Good Friday"),
    N_("Easter Monday"),
    N_("Early May bank holiday"),
    N_("Spring bank holiday"),
    N_("Summer bank holiday"),
    N_("Battle of the Boyne (Orangemen’s Day)"),
    N_("St Andrew’s Day"),
    N_("Christmas Day"),
    N_("Boxing Day"),
    N_("World Cup bank holiday"),
)
"""The names of bank holidays that GOV.UK uses: those that can be said in another language."""
