"""Telephone numbers in running text: in their national form, and digit by digit.

Times, dates, ages and years are none: "8:30 - 17:00", "24-12-2026", "0 - 18", "2026-27".
"""

import re

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


def to_national(text: str) -> str:
    """Return ``text`` with each number as people dial it here: 01632 960001 for +44 1632 960001."""
    return _PHONE_NUMBER.sub(lambda match: _national(match[0]), text)


def spell_digits(number: str) -> str:
    """Space out a number, with a pause where it has a space: 0 1 6 3 2, 9 6 0 0 0 1."""
    return ", ".join(" ".join(group) for group in re.findall(r"\d+", _national(number)))


def spell_numbers(text: str) -> str:
    """Return ``text`` with every telephone number in it digit by digit."""
    return _PHONE_NUMBER.sub(lambda match: spell_digits(match[0]), text)


def names_emergency_number(text: str) -> bool:
    """Return whether 999 stands in ``text`` as a number of its own, not as part of another."""
    return any(
        match[0] == EMERGENCY_NUMBER
        and not re.search(r"\d[ .-]?$", text[: match.start()])
        and not re.match(r"[ .-]?\d", text[match.end() :])
        for match in _PHONE_NUMBER.finditer(text)
    )


def _national(number: str) -> str:
    national = re.sub(_COUNTRY, "0", number.strip(), count=1)
    return re.sub(r"^\+", "00", national)
