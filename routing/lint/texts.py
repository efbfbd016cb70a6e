"""Doubts about words: a language of the directory in which something is not said."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import BaseModel

from routing.core.directory import Text
from routing.directory.field_types import Context
from routing.directory.load import CrossCheckError
from routing.directory.schema import DirectoryModel
from routing.directory.yaml_source import Node, Path

ENGLISH, WELSH = "en", "cy"
SAFETY = "safety_words_missing"
"""Nobody's life hangs on our translation: a check fails where the council has not said it."""

_SAFETY_KEYS = ("emergency", "unanswered")


def warnings(root: Mapping[str, Node], languages: Sequence[str]) -> Iterator[CrossCheckError]:
    """Yield each text of a valid directory that lacks one of its languages.

    The emergency, and what to do if nobody answers, must be said in every language but English,
    which the pages know themselves.
    """
    if WELSH in languages:
        message = (
            "no Welsh speaker has checked the Welsh words that pages add to yours. Have them read, "
            "and corrected in routing/translations/cy/LC_MESSAGES/messages.po."
        )
        yield ("languages",), "welsh_unreviewed", message
    form = ", ".join(f"{each}: ..." for each in languages)
    if set(languages) - {ENGLISH} and "unanswered" not in root:
        message = (
            "`unanswered` is missing: what to do if a child is in danger and nobody answers. Write "
            f"it in each language: unanswered: {{{form}}}."
        )
        yield ("languages",), SAFETY, message
    if len(languages) < 2:
        return
    shape = DirectoryModel.model_validate(root, context=Context(languages))
    for path, text in _texts(shape, ()):
        missing = [each for each in languages if each not in dict(text.by_language)]
        if missing:
            plain = len(missing) == len(languages)
            no_words = f"there are no words in {' and '.join(missing)}"
            what = "these words are for every language alike" if plain else no_words
            message = f"{what}. Write {{{form}}}, the same words twice if they are the same."
            yield path, SAFETY if path[0] in _SAFETY_KEYS else "language_missing", message


def _texts(found: object, path: Path) -> Iterator[tuple[Path, Text]]:
    if isinstance(found, Text):
        yield path, found
    elif isinstance(found, BaseModel):
        for name, field in type(found).model_fields.items():
            yield from _texts(getattr(found, name), (*path, field.alias or name))
    elif isinstance(found, dict):
        for key, value in found.items():
            yield from _texts(value, (*path, key))
    elif isinstance(found, list):
        for n, value in enumerate(found):
            yield from _texts(value, (*path, n))
