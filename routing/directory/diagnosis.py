"""What a hurried editor typed: slips that are no YAML, and characters that only look right.

Each is described in words, with what to type instead.
"""

import re
import unicodedata

Slip = tuple[int, int, str]
"""The line and column of a slip, from 1, and what to type instead."""

LINES_BEFORE = 8
"""How far before the place at which YAML gave up a slip is looked for."""

_MERGE_MARK = re.compile(r"^(<{7}|>{7}|\|{7})( |$)", re.MULTILINE)
_HYPHEN = "type an ordinary hyphen"
_BLANK = "type an ordinary blank"
_DELETE = "delete it"
_NAMES = {
    "\u2010": ("a typographic hyphen", _HYPHEN),
    "\u2011": ("a no-break hyphen", _HYPHEN),
    "\u2012": ("a long dash (figure dash)", _HYPHEN),
    "\u2013": ("a long dash (en dash)", _HYPHEN),
    "\u2014": ("a long dash (em dash)", _HYPHEN),
    "\u2015": ("a long dash (horizontal bar)", _HYPHEN),
    "\u2212": ("a minus sign", _HYPHEN),
    "\ufe63": ("a small hyphen", _HYPHEN),
    "\uff0d": ("a full-width hyphen", _HYPHEN),
    "\u00ad": ("a soft hyphen, which cannot be seen", _DELETE),
    "\u00a0": ("a no-break space", _BLANK),
    "\u202f": ("a narrow no-break space", _BLANK),
    "\u3000": ("a full-width space", _BLANK),
    "\u200b": ("a zero-width space, which cannot be seen", _DELETE),
    "\u200c": ("a zero-width non-joiner, which cannot be seen", _DELETE),
    "\u200d": ("a zero-width joiner, which cannot be seen", _DELETE),
    "\u2060": ("a word joiner, which cannot be seen", _DELETE),
    "\ufeff": ("a byte order mark, which cannot be seen", _DELETE),
    "\uff1a": ("a full-width colon", "type an ordinary colon"),
    "\ufe55": ("a small colon", "type an ordinary colon"),
    "\ua789": ("a letter that looks like a colon", "type an ordinary colon"),
    "\u2236": ("a ratio sign", "type an ordinary colon"),
    "\uff0c": ("a full-width comma", "type an ordinary comma"),
    "\u2018": ("a curly quotation mark", "type a straight one"),
    "\u2019": ("a curly quotation mark", "type a straight one"),
    "\u201c": ("a curly quotation mark", "type a straight one"),
    "\u201d": ("a curly quotation mark", "type a straight one"),
    "\uff0b": ("a full-width plus sign", "type an ordinary +"),
    "\u00a7": ("a section sign", "type what was meant"),
}
_BIDI_MARKS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
BIDI_OVERRIDES = "\u202a-\u202e\u2066-\u2069"
"""Marks that change the order in which what follows them is shown, as a character class."""

_ODD = re.compile(r"[^\x20-\x7e\t\r\n]")
_HIDDEN = re.compile(f"[\u00a0\u00ad\u115f\u1160\u200b\u202f\u2060-\u2064\ufeff{_BIDI_MARKS}]")


_KEY = r"^\s*(?:- +)?[A-Za-z0-9_,-]+"
_IN_QUOTES = "Put the text in quotes."
_SLIPS = (
    (
        r"^[ \t]*([^\S \t\r]|[\u200b\ufeff\u2060])",
        "the indentation has {character}. Indent with ordinary blanks.",
    ),
    (
        _KEY + r"\s*([\uff1a\ufe55\ua789\u2236])",
        "after the key there is {character}. Write `key: value`.",
    ),
    (r"^ *(\t)", "here is a tab. Indent with spaces, not tabs."),
    (_KEY + r"(:)(?=[^\s/:])", "a blank is missing after this colon. Write `key: value`."),
    (
        r"(?:: |- |[\[{,]\s*)(')[^']*'(?!')\w",
        "an apostrophe ends this text in single quotes. Put the text in double quotes, or in none.",
    ),
    (
        r"(?:: |- |[\[{,]\s*)(\")[^\"\\]*\"\s*[^\s,}\]#]",
        "a quotation mark within ends this text. Put the text in single quotes, or in none.",
    ),
    (
        _KEY + r": +([*&!%@`|>])(?![|>-]?\s*$)",
        f"a text may not begin with this mark. {_IN_QUOTES}",
    ),
    (r"[{\[][^}\]]*?( #)", f"a # ends the line here. {_IN_QUOTES}"),
    (
        _KEY + r": +(?!['\"{\[])\S[^#]*?(: )",
        f"a second colon and blank is in this text. {_IN_QUOTES}",
    ),
    (_KEY + r"( +)[^\s:#]", "a colon is missing after the key. Write `key: value`."),
)
"""Patterns of slips of which YAML does not say enough, likeliest first, with what to type."""


def describe_character(character: str) -> str:
    """Return what a character is, and what to type: "a no-break space: type an ordinary blank"."""
    if re.fullmatch(f"[{_BIDI_MARKS}]", character):
        return "a bidi mark, which cannot be seen and turns what follows round: delete it"
    if character in _NAMES:
        return ": ".join(_NAMES[character])
    plain = unicodedata.normalize("NFKC", character)
    category = unicodedata.category(character)
    if category == "Zs":
        return f"a wide or narrow space (U+{ord(character):04X}): {_BLANK}"
    if category in ("Cf", "Cc", "Cn", "Co", "Cs"):
        return f"a character that cannot be seen (U+{ord(character):04X}): {_DELETE}"
    name = unicodedata.name(character, f"U+{ord(character):04X}").lower()
    if unicodedata.decimal(character, None) is not None:
        return f"a digit of another script ({name}): type {unicodedata.decimal(character)}"
    if plain != character and plain.isascii() and plain.isprintable() and plain.strip():
        return f"a look-alike ({name}): type {plain}"
    return f"a character that does not belong here ({name}): type what was meant"


def first_odd_character(text: str) -> tuple[int, str] | None:
    """Return the place and the description of the first character that no keyboard has.

    It is for values that are written in ASCII: hours, dates, numbers, keys. None if all is plain.
    """
    match = _ODD.search(text)
    return None if match is None else (match.start(), describe_character(match[0]))


def first_hidden_character(text: str) -> tuple[int, str] | None:
    """Return the place and the description of the first character of a text that cannot be seen.

    The joiners of other scripts and of emoji do not count.
    """
    match = _HIDDEN.search(text)
    return None if match is None else (match.start(), describe_character(match[0]))


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
    for pattern, message in _SLIPS:
        for number in nearby:
            match = re.search(pattern, lines[number - 1])
            if match is not None and not lines[number - 1].lstrip().startswith("#"):
                if "{character}" in message:
                    message = message.format(character=describe_character(match[1]))
                return number, match.start(1) + 1, message
    return None
