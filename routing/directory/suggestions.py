"""What somebody meant by hours, days or a date in another form than the directory's.

Each function returns the value in the directory's form, or None where it is not clear. It goes into
the error only: a directory means what it says, and nothing is taken for what it may have meant.
"""

import re
from contextlib import suppress
from datetime import date

from routing.core.directory import MINUTES_PER_DAY, TimeRange
from routing.errors import InvalidTime
from routing.text.dates import WEEKDAYS
from routing.text.time_parsing import parse_clock, parse_date

_ALWAYS = re.compile(
    r"(open )?(24([ /x-]+7|[ -]?(h|hrs?|hours?))?([, /]+(a|per|7|365|days?|week|year))*|all day"
    r"|any ?time|always( open)?|round the clock)"
)
_CLOSED = re.compile(r"(we are )?(closed?|off|shut|none|no|n/?a)( all day)?")
_CLOCK = r"(\d{1,2}(?:[:.]?\d\d)?(?: ?[ap]\.?m\b\.?| ?noon| ?hrs)?|noon|midday|midnight)"
_RANGE = re.compile(rf"{_CLOCK}\s*(?:[-\u2013\u2014]|to|until|till?|and)\s*{_CLOCK}")
_BESIDE_RANGES = re.compile(r"(from|between|and|daily|[\s,;/&.+])*")
_KNOWN_HALF = re.compile(r"0|\d\d:|.*[apn]")
"""How a time begins that needs no am or pm, or has it: 08.30, 11:30, 5pm, noon."""

_EARLIEST_OPENING, _LATEST_OPENING = 7 * 60, 15 * 60
"""In minutes, by day: 1-5 is hardly in the night, and what opens later may close next morning."""

_DAYS = {name[:end].casefold(): name for name in WEEKDAYS for end in range(2, len(name) + 1)}
"""The days of the week by the beginnings of their names."""

_DAY_WORDS = {
    r"\b((bank|public)[ _-]?)?hol\w*|\bph\b": "bank-holiday",
    r"\b(on )?week-?days?\b": "mon-fri",
    r"\b(at )?week-?ends?\b": "sat-sun",
    r"\bdaily\b|\bevery ?day\b|\b(7|seven) days( a week)?\b": "mon-sun",
    r"\s*(-|\u2013|\bto\b|\bthrough\b|\buntil\b)\s*": "-",
    r"\s*(,|;|/|&|\+|\band\b)\s*": ",",
}
_DAY_KEY = re.compile(r"bank-holiday|\w{3}([-,]\w{3})*")
_ORDINALS = {"1st": "first", "2nd": "second", "3rd": "third", "4th": "fourth", "final": "last"}
_DATES = (
    r"(?!\d\d-\d\d-\d\d$)([a-z]+,? )?(the )?(?P<day>\d\d?)(?!\d)(st|nd|rd|th)?[ /.-]*(of )?"
    r"(?P<month>[a-z]+|\d\d?)[ /.,-]+(?P<year>\d{4}|\d\d)",
    r"(?P<year>\d{4})[/.-](?P<month>\d\d?)[/.-](?P<day>\d\d?)([t ].*)?",
)


def suggest_hours(text: str) -> str | None:
    """Return a day's hours: 08:30-17:00 for 8.30am to 5pm, 09:00-17:00 for 9-5."""
    text = re.sub(r"\(.*?\)", "", text.casefold()).strip(" .,;")
    if _ALWAYS.fullmatch(text):
        return "always"
    if _CLOSED.fullmatch(text):
        return "closed"
    ranges = _RANGE.findall(text)
    if not ranges or not _BESIDE_RANGES.fullmatch(_RANGE.sub("", text)):
        return None
    with suppress(InvalidTime):
        return ", ".join(_suggest_range(*clocks) for clocks in ranges)
    return None


def _suggest_range(start: str, end: str) -> str:
    """Return a range by day, where am or pm is missing."""
    opens, closes = _minutes(start) % MINUTES_PER_DAY, _minutes(end) or MINUTES_PER_DAY
    if not _KNOWN_HALF.match(start) and opens < _EARLIEST_OPENING:
        opens += MINUTES_PER_DAY // 2
    if not _KNOWN_HALF.match(end) and closes <= opens <= _LATEST_OPENING:
        closes += MINUTES_PER_DAY // 2
    return str(TimeRange(opens, closes))


def _minutes(clock: str) -> int:
    return parse_clock(f"{clock}:00" if re.fullmatch(r"\d{1,2}", clock) else clock)


def suggest_days(text: str) -> str | None:
    """Return a key of a week: mon-fri for Monday to Friday, sat-sun for Weekends."""
    text = re.sub(r"[a-z]{2,}", _shorten, text.casefold().strip(" .,;:"))
    for pattern, days in _DAY_WORDS.items():
        text = re.sub(pattern, days, text)
    return text if _DAY_KEY.fullmatch(text) else None


def _shorten(word: re.Match[str]) -> str:
    name = _DAYS.get(word[0].rstrip("s"))
    return name[:3].casefold() if name else word[0]


def suggest_week(text: str) -> str | dict[str, str] | None:
    """Return a week of hours: {mon-fri: 09:00-17:00} for Monday to Friday, 9am to 5pm."""
    text = text.casefold()
    if suggest_hours(text) == "always":
        return "always"
    week: dict[str, str] = {}
    for part in re.split(r"[;\n|]|(?<=[\dm]),\s*(?=[a-z])", text):
        match = re.fullmatch(r"\s*([a-z].*?)[\s:,]+(\d.*|[a-z]+)\s*", part)
        days, hours = match and suggest_days(match[1]), match and suggest_hours(match[2])
        if not days or not hours:
            return None
        week[days] = hours
    return week


def suggest_date(text: str) -> date | None:
    """Return the date that somebody wrote in another form, the day before the month."""
    matches = (re.fullmatch(form, text.strip().casefold()) for form in _DATES)
    match = next(filter(None, matches), None)
    with suppress(InvalidTime):
        return parse_date(**match.groupdict()) if match else None
    return None


def suggest_every(text: str) -> str | None:
    """Return a date that comes again: first Wednesday for 1st Wed of the month."""
    text = re.sub(r"\b(on|of|the|each|every|month|year)\b|[/-]", " ", text.casefold())
    first, name = words if len(words := text.split()) == 2 else ("", "")
    if name in _DAYS:
        ordinal = _ORDINALS.get(first, first)
        return f"{ordinal} {_DAYS[name]}" if ordinal in _ORDINALS.values() else None
    with suppress(InvalidTime):
        return f"{parse_date(first.rstrip('sthndr'), name, '2000'):%-d %B}"
    return None
