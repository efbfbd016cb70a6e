"""Masking of what no log may hold: numbers, addresses and secrets, wherever they stand."""

import re

OVERLAP_CHARS = 500
"""Characters that are read beyond a limit: longer than any number, address or token, so that none
is cut in two before it is recognised."""

_D = r"(?:\d|%3\d)"
_GAP = r"(?:[ \t\xa0()./\-\u2010-\u2015]|%2[0589DEF]|%C2%A0)"
_DATE = r"(?<!\d)(?:19|20)\d\d-[01]\d-[0-3]\d(?!\d)(?:[T ][0-2]\d:[0-5]\d(?::[0-5]\d(?:\.\d+)?)?)?"

_RULES = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"(://)[^\s/@]*@", r"\1[secret]@"),
        (r"\b(bearer|basic)(\s|%20)+[^\s'\",]+", r"\1 [secret]"),
        (
            r"\b(password|passwd|pwd|secret|token|signature|api_?key|cookie)"
            r"(['\"]?\s*[=:]\s*)(\[secret\]|'[^'\n]*'?|\"[^\"\n]*\"?|[^\s&;,)}\]]+)",
            r"\1\2[secret]",
        ),
        (r"(/calendars/)[^\s/'\"?]+", r"\1[secret]"),
        # What PostgreSQL says of the row that it refuses.
        (r"(\bKey \([^)\n]*\)=|\bFailing row contains )(?:\([^\n]*\)|\([^\n]*$)", r"\1[row]"),
        (r"[\w.+%-]{1,64}(?:@|%40)[\w-]+(?:\.[\w-]+)+", "[e-mail]"),
        (r"(?<![\d.])(?!127\.|0\.0\.0\.0)(?:\d{1,3}\.){3}\d{1,3}(?![\d.])", "[address]"),
        (r"(?<![\w:])(?=[0-9a-f:]*::|(?:[0-9a-f]+:){4})[0-9a-f:]{6,}(?!\w)", "[address]"),
    )
)

_TOKEN = re.compile(r"(?<![\w-])(?=[\w-]*[A-Z0-9])[A-Za-z0-9_-]{32,}")
_SPELT = re.compile(rf"(?:\+|%2B|(?<!\w)0)\d{{2,}}(?:{_GAP}{{0,3}}[A-Z\d])+(?![a-z])")
_NUMBER = re.compile(
    rf"(?P<kept>{_DATE}|(?:127\.\d+\.\d+\.\d+|0\.0\.0\.0):\d{{1,5}}(?!\d))"
    rf"|(?:\+|%2B){_GAP}{{0,3}}{_D}(?:{_GAP}{{0,3}}{_D}){{5,}}"
    rf"|{_D}(?:{_GAP}{{0,3}}{_D}){{7,}}",
    re.IGNORECASE,
)


def redact(text: str, max_chars: int) -> str:
    """Return a text with everything in it masked that identifies somebody or opens something.

    That is what looks like a telephone number in any spelling (dates apart), an e-mail or network
    address (this machine's own apart), a password, a token, an id of a call or a person. It is
    masked first and then cut to ``max_chars``, so that no part of a number is left at the end.
    """
    is_long = len(text) > max_chars + OVERLAP_CHARS
    if is_long:
        text = text[: max_chars + OVERLAP_CHARS]
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    text = _TOKEN.sub("[secret]", text)
    text = _SPELT.sub(_mask_spelt, text)
    text = _NUMBER.sub(lambda match: match["kept"] or "[number]", text)
    if is_long:
        text = text[: max(0, len(text) - OVERLAP_CHARS)]
    if is_long or len(text) > max_chars:
        text = f"{text[:max_chars]} ..."
    return text


def _mask_spelt(match: re.Match[str]) -> str:
    """Mask a number that ends in letters of the keypad, if it is long enough to be one."""
    return "[number]" if sum(map(str.isalnum, match[0])) >= 8 else match[0]
