"""What a hurried editor typed where the text is not YAML: the slip itself, and its remedy."""

import re
from collections.abc import Callable, Sequence

from routing.directory.characters import describe_character

Slip = tuple[int, int, str]
"""The line and column of a slip, from 1, and what to type instead."""

LINES_BEFORE = 8
"""How far before the place at which YAML gave up a slip is looked for."""

_MERGE_MARK = re.compile(r"^(<{7}|>{7}|\|{7})( |$)", re.MULTILINE)
_KEY = r"^\s*(?:- +)?[A-Za-z0-9_,-]+"
_ODD_BLANK = re.compile(r"^[ \t]*([^\S \t\r]|[\u200b\ufeff\u2060])")
_ODD_COLON = re.compile(_KEY + r"\s*([\uff1a\ufe55\ua789\u2236])")
_NO_BLANK = re.compile(_KEY + r"(:)(?=[^\s/:])")
_NO_COLON = re.compile(_KEY + r"( +)[^\s:#]")
_SINGLE_QUOTES = re.compile(r"(?:: |- |[\[{,]\s*)(')[^']*'(?!')\w")
_DOUBLE_QUOTES = re.compile(r"(?:: |- |[\[{,]\s*)(\")[^\"\\]*\"\s*[^\s,}\]#]")
_OPENING_MARK = re.compile(_KEY + r": +([*&!%@`|>])(?![|>-]?\s*$)")
_SECOND_COLON = re.compile(_KEY + r": +(?!['\"{\[])\S[^#]*?(: )")
_HASH_IN_BRACES = re.compile(r"[{\[][^}\]]*?( #)")


def find_slip(text: str, line: int, column: int) -> Slip | None:
    """Return the slip because of which ``text`` is not YAML, or None if it is none of the known.

    YAML gave up at ``line`` and ``column``: often the place after the slip.
    """
    merge_mark = _MERGE_MARK.search(text)
    if merge_mark is not None:
        message = (
            "here is a mark of a merge that is not finished. Finish the merge: keep one of the two "
            "versions, and delete the lines <<<<<<<, ======= and >>>>>>>."
        )
        return text.count("\n", 0, merge_mark.start()) + 1, 1, message
    lines = text.split("\n")
    last = min(line, len(lines))
    nearby = [last, *range(last - 1, max(0, last - LINES_BEFORE), -1)]
    for find in _FINDERS:
        for number in nearby:
            slip = find(lines[number - 1])
            if slip is not None:
                return number, slip[0] + 1, slip[1]
    return None


def _pattern(pattern: re.Pattern[str], message: str) -> Callable[[str], tuple[int, str] | None]:
    def find(line: str) -> tuple[int, str] | None:
        match = pattern.search(line)
        if match is None or line.lstrip().startswith("#"):
            return None
        described = describe_character(match[1]) if "{character}" in message else ""
        return match.start(1), message.replace("{character}", described)

    return find


_FINDERS: Sequence[Callable[[str], tuple[int, str] | None]] = (
    _pattern(_ODD_BLANK, "the indentation has {character}. Indent with ordinary blanks."),
    _pattern(_ODD_COLON, "after the key there is {character}. Write `key: value`."),
    _pattern(
        re.compile(r"^ *(\t)"),
        "here is a tab. Indent with spaces, not tabs.",
    ),
    _pattern(_NO_BLANK, "a blank is missing after this colon. Write `key: value`."),
    _pattern(
        _SINGLE_QUOTES,
        "an apostrophe ends this text in single quotes. Put the text in double quotes, or in none.",
    ),
    _pattern(
        _DOUBLE_QUOTES,
        "a quotation mark within ends this text. Put the text in single quotes, or in none.",
    ),
    _pattern(_OPENING_MARK, "a text may not begin with this mark. Put the text in quotes."),
    _pattern(_HASH_IN_BRACES, "a # ends the line here. Put the text in quotes."),
    _pattern(_SECOND_COLON, "a second colon and blank is in this text. Put the text in quotes."),
    _pattern(_NO_COLON, "a colon is missing after the key. Write `key: value`."),
)
