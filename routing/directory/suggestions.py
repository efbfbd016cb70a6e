"""What somebody meant by hours, days or a date in another form than the directory's.

Each function returns the value in the directory's form, or None where it is not clear. It goes into
the error only: a directory means what it says, and nothing is taken for what it may have meant.
"""

import re
from contextlib import suppress
from datetime import date

from routing.core.directory import MINUTES_PER_DAY
from routing.errors import InvalidTime
from routing.text.dates import MONTHS, WEEKDAYS
from routing.text.locale import get_translator
from routing.text.time_parsing import parse_clock, parse_date

ROUND_THE_CLOCK = re.compile(
    r"(open )?(24\s*(/|x|-|hours?,?)\s*7(/365)?|24[ -]?(h|hrs?|hours?)?"
    r"( ?(a|per) ?day)?,?( 7 days( a week)?| 365 days( a year)?)?|all day( \(24 hours\))?|any ?time"
    r"|always( open)?|round the clock)",
    re.IGNORECASE,
)
_CLOSED = re.compile(r"(we are )?(closed?|off|shut|none|no|n/?a)( all day)?")
_CLOCK = r"(\d{1,2}(?:[:.;h]?\d\d)?(?::00)?(?: ?[ap]\.?m\b\.?| ?noon| ?hrs?)?|noon|midday|midnight)"
_RANGE = re.compile(rf"{_CLOCK}\s*(?:[-_\u2013\u2014]+|to|until|till?|and|i)\s*{_CLOCK}")
_EARLIEST_OPENING = 7 * 60
"""In minutes: 1-5, without am and pm, is hardly in the night."""

_BETWEEN_RANGES = re.compile(r"(from|between|and|hrs|daily|[\s,;/&.+])*")

_DAY_WORDS = (
    (r"((bank|public)[ _-]?)?hol\w*|ph|g\u0175yl\w* (y )?banc", "bank-holiday"),
    (r"(on )?week-?days?", "mon-fri"),
    (r"(at )?week-?ends?", "sat-sun"),
    (r"daily|every ?day|all days|(7|seven) days( a week)?", "mon-sun"),
    (r"dd?ydd", ""),
)
_DAY_LINKS = (
    (r"\s*(-|_|\u2013|\.\.|\bto\b|\bthrough\b|\buntil\b|\bi\b)\s*", "-"),
    (r"\s*(,|;|/|&|\+|\band\b)\s*", ","),
)
_DAY_NAMES = "(mon|tue|wed|thu|fri|sat|sun)"
_DAYS = re.compile(rf"bank-holiday|{_DAY_NAMES}([-,]{_DAY_NAMES})*")
_ORDINALS = {"1st": "first", "2nd": "second", "3rd": "third", "4th": "fourth", "final": "last"}
_DATES = (
    r"([a-z]+,? )?(the )?(?P<day>\d\d?)(?!\d)(st|nd|rd|th)?[ /.-]*(of )?(?P<month>[a-z]+|\d\d?)"
    r"([ /.,-]*(?P<year>\d{4})|([/. ]|(?<=[a-z])-)(?P<short>\d\d))",
    r"(?P<month>[a-z]+) (?P<day>\d\d?)(st|nd|rd|th)?,? (?P<year>\d{4})",
    r"(?P<year>\d{4})[/.-]?(?P<month>\d\d?)[/.-]?(?P<day>\d\d?)([t ].*)?",
)


def suggest_hours(text: str) -> str | None:
    """Return a day's hours: 08:30-17:00 for 8.30am to 5pm, 09:00-17:00 for 9-5."""
    text = re.sub(r"\(.*?\)", "", text.casefold()).strip(" .,;-")
    if ROUND_THE_CLOCK.fullmatch(text):
        return "always"
    if _CLOSED.fullmatch(text):
        return "closed"
    ranges = _RANGE.findall(text)
    if not ranges or not _BETWEEN_RANGES.fullmatch(_RANGE.sub(" ", text)):
        return None
    with suppress(InvalidTime):
        return ", ".join(_suggest_range(*clocks) for clocks in ranges)
    return None


def _suggest_range(start: str, end: str) -> str:
    """Return a range; without am and pm its end, or both, may be in the afternoon."""
    if re.fullmatch(r"\d\d:\d\d-\d\d:\d\d", f"{start}-{end}"):
        return f"{start}-{end}"
    opens, closes, half = _minutes(start), _minutes(end), MINUTES_PER_DAY // 2
    has_half = re.search("[apn]", start), re.search("[apn]", end)
    if not any(has_half) and opens < closes <= _EARLIEST_OPENING and start[0] != "0":
        opens, closes = opens + half, closes + half
    elif not has_half[1] and 0 < closes <= opens < half:
        closes += half
    elif "p" in end and not has_half[0] and opens + half < closes:
        opens += half
    closes = closes or MINUTES_PER_DAY
    return f"{opens // 60:02}:{opens % 60:02}-{closes // 60:02}:{closes % 60:02}"


def _minutes(clock: str) -> int:
    """Return a time in minutes; of one past noon, as 17:00pm, pm says nothing."""
    clock = re.sub(r"(?<=\d)hrs?$|(?<=:\d\d):00", "", "".join(clock.split()))
    clock = re.sub(r"(?<=\d)[;h]", ":", clock)
    if re.fullmatch("24(:?00)?", clock):
        return 0
    hour = re.match(r"\d{1,2}(?=\D|$)", clock)
    if hour is not None and (int(hour[0]) > 12 or int(hour[0]) == 0):
        clock = re.sub(r"[ap]\.?m\.?", "", clock)
    return parse_clock(f"{clock}:00" if clock.isdigit() and len(clock) < 3 else clock)


def suggest_days(text: str) -> str | None:
    """Return a key of a week: mon-fri for Monday to Friday, sat-sun for Weekends."""
    text = text.casefold().strip(" .,;:")
    for pattern, days in _DAY_WORDS:
        text = re.sub(rf"\b({pattern})\b", days, text)
    text = re.sub(r"[^\W\d_]{2,}", lambda word: _weekday(word[0]), text)
    for pattern, link in _DAY_LINKS:
        text = re.sub(pattern, link, text)
    text = text.strip()
    return text if _DAYS.fullmatch(text) else None


def _weekday(word: str) -> str:
    """Return mon for mo, mon, Monday, Mondays or Llun; another word as it is."""
    for name in WEEKDAYS:
        welsh = get_translator("cy").gettext(name).casefold().split()[-1]
        if name.casefold().startswith(word.rstrip("s")) or word == welsh:
            return name[:3].casefold()
    return word


def suggest_week(text: str) -> str | dict[str, str] | None:
    """Return a week of hours: {mon-fri: 09:00-17:00} for Monday to Friday, 9am to 5pm."""
    if suggest_hours(text) == "always":
        return "always"
    week: dict[str, str] = {}
    for part in re.split(r"[;\n|]|(?<=[\dm]),\s*(?=[^\W\d_])", text):
        match = re.fullmatch(r"\s*([^\W\d].*?)[\s:,]+(\d.*|[^\W\d]+)\s*", part)
        days, hours = match and suggest_days(match[1]), match and suggest_hours(match[2])
        if not days or not hours:
            return None
        week[days] = hours
    return week


def suggest_date(text: str) -> date | None:
    """Return the date that somebody wrote in another form, the day before the month."""
    for pattern in _DATES:
        if match := re.fullmatch(pattern, text.strip().casefold()):
            year = match["year"] or f"20{match['short']}"
            with suppress(InvalidTime):
                return parse_date(match["day"], match["month"], year)
    return None


def suggest_every(text: str) -> str | None:
    """Return a date that comes again: first Wednesday for 1st Wed of the month."""
    text = re.sub(r"^every\b|\b(of )?(the|each|every) month\b|\b(of|the)\b", " ", text.casefold())
    text = re.sub(r"\w+", lambda word: _ORDINALS.get(word[0], word[0]), text)
    words = re.sub(r"(?<=\d)(st|nd|rd|th)\b|[/-]", " ", text).split()
    if len(words) == 2 and words[1].isdigit() and not words[0].isdigit():
        words.reverse()
    if len(words) != 2 or not (words[0].isdigit() or words[0] in _ORDINALS.values()):
        return None
    names = [name for name in (*MONTHS, *WEEKDAYS) if name.casefold().startswith(words[1])]
    if words[1].isdigit():
        names = [*MONTHS[int(words[1]) - 1 : int(words[1])]]
    return f"{words[0]} {names[0]}" if names else None
