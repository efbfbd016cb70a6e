"""Doubts about words: a language of the directory in which something is not said."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import BaseModel

from routing.core.words import Text
from routing.directory.build import Complaint
from routing.directory.schema import DirectoryShape
from routing.directory.source import Node, Path

UNREVIEWED = "cy"
EMERGENCY = "emergency_language_missing"
"""The sentence that matters most: a check fails where it is missing in a language."""


def doubts(root: Mapping[str, Node], languages: Sequence[str]) -> Iterator[Complaint]:
    """Yield each text of a valid directory that lacks one of its languages."""
    if UNREVIEWED in languages:
        message = (
            "no Welsh speaker has checked the Welsh words that pages add to yours. Have them read, "
            "and corrected in routing/translations/cy/LC_MESSAGES/messages.po."
        )
        yield ("languages",), "welsh_unreviewed", message
    if len(languages) < 2:
        return
    shape = DirectoryShape.model_validate(root, context=languages)
    for path, text in _texts(shape, ()):
        missing = [each for each in languages if each not in dict(text.by_language)]
        if missing:
            form = ", ".join(f"{each}: ..." for each in languages)
            plain = len(missing) == len(languages)
            what = (
                "these words are for every language alike"
                if plain
                else (f"there are no words in {' and '.join(missing)}")
            )
            message = f"{what}. Write {{{form}}}, the same words twice if they are the same."
            yield path, EMERGENCY if path == ("emergency",) else "language_missing", message


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
