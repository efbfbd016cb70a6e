"""A reader's language and zone, and the translation of messages."""

import gettext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from markupsafe import Markup

CATALOGUES = Path(__file__).parent.parent / "translations"


def N_(message: str) -> str:
    """Return ``message`` unchanged, marked for bin/translate: it is translated where it is used."""
    return message


@dataclass(frozen=True, slots=True)
class Locale:
    """The language and zone of a reader.

    ``language`` chooses among the council's own texts; ``translator`` translates the service's.
    """

    translator: gettext.NullTranslations
    language: str
    zone: ZoneInfo

    def translate(self, message: str, **values: str) -> str:
        """Translate ``message`` and fill in its ``{values}``."""
        return self.translator.gettext(message).format(**values)

    def translate_html(self, message: str, **values: object) -> Markup:
        """Translate ``message`` as HTML: values are escaped unless they are Markup."""
        return Markup.escape(self.translator.gettext(message)).format(**values)


def get_locale(language: str, zone: ZoneInfo) -> Locale:
    """Return a locale. A message without a translation in ``language`` stays English."""
    return Locale(get_translator(language), language, zone)


@cache
def get_translator(language: str) -> gettext.NullTranslations:
    """Return the translations into a language; without any, messages stay English."""
    return gettext.translation("messages", CATALOGUES, [language], fallback=True)
