"""The smallest words of the directory: a text in several languages, and a telephone number."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """The council's own words, by language, the directory's first language first."""

    by_language: tuple[tuple[str, str], ...]

    def get(self, language: str) -> str:
        """Return the words in ``language``, or in the first language that has any."""
        return dict(self.by_language).get(language, self.by_language[0][1])


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone number: ``e164`` to dial, ``display`` as people read it.

    A short number (999, 101, a text number) has no E.164 form: there ``e164`` holds its digits.
    """

    e164: str
    display: str
