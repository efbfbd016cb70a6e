"""What somebody meant by hours, days or a date in another form than the directory's.

Each function returns the value in the directory's form, or None where it is not clear. It goes into
the error only: a directory means what it says, and nothing is taken for what it may have meant.
"""

import re
from calendar import day_name, month_name
from contextlib import suppress
from datetime import date

_ALWAYS = re.compile(
    r"(open )?(24([ /x-]+7|[ -]?(h|hrs?|hours?))?([, /]+(a|per|7|365|days?|week|year))*|all day"
    r"|any ?time|always( open)?|round the clock)"
)
_CLOSED = re.compile(r"(we are )?(closed?|off|shut|none|no|n/?a)( all day)?")
_CLOCK = r"(\d{1,2}(?:[:.]?\d\d)?(?: ?[ap]\.?m\b\.?| ?noon| ?hrs)?|noon|midday|midnight)"
_RANGE = re.compile(rf"{_CLOCK}\s*(?:[-\u2013\u2014]|to|until|till?|and)\s*{_CLOCK}")
_BESIDE_RANGES = re.compile(r"(from|between|and|daily|[\s,;/&.+])*")
_TIME = re.compile(r"(\d{1,2})[:.]?(\d\d)? ?(?:([ap])\.?m\.?|hrs)?")
_KNOWN_HALF = re.compile(r"0|\d\d:|.*[apn]")
"""How a time begins that needs no am or pm, or has it: 08.30, 11:30, 5pm, noon."""

_EARLIEST_OPENING, _LATEST_OPENING = 7 * 60, 15 * 60
"""In minutes, by day: 1-5 is hardly in the night, and what opens later may close next morning."""

_DYDDIAU = ("llun", "mawrth", "mercher", "iau", "gwener", "sadwrn", "sul")
_MISOEDD = (
    *("", "ionawr", "chwefror", "mawrth", "ebrill", "mai", "mehefin", "gorffennaf", "awst"),
    *("medi", "hydref", "tachwedd", "rhagfyr"),
)
_DAYS = {
    word[:end].casefold(): name
    for words in (_DYDDIAU, day_name)
    for word, name in zip(words, day_name, strict=True)
    for end in range(2, len(word) + 1)
}
_MONTHS = {
    name[:end].casefold(): number
    for names in (_MISOEDD, month_name)
    for number, name in enumerate(names)
    for end in range(3, len(name) + 1)
}
"""Days and months by the beginnings of their names, in Welsh too."""

_DAY_WORDS = {
    r"\b((bank|public)[ _-]?)?hol\w*|\bph\b": "bank-holiday",
    r"\b(on )?week-?days?\b": "mon-fri",
    r"\b(at )?week-?ends?\b": "sat-sun",
    r"\bdaily\b|\bevery ?day\b|\b(7|seven) days( a week)?\b": "mon-sun",
    r"\bdd?ydd ": "",
    r"\s*(-|\u2013|\bto\b|\bi\b|\bthrough\b|\buntil\b)\s*": "-",
    r"\s*(,|;|/|&|\+|\band\b|\bac?\b)\s*": ",",
}
_DAY = "(mon|tue|wed|thu|fri|sat|sun)"
_DAY_KEY = re.compile(rf"bank-holiday|{_DAY}(-{_DAY})?(,{_DAY}(-{_DAY})?)*")
_ORDINALS = {"1st": "first", "2nd": "second", "3rd": "third", "4th": "fourth", "final": "last"}
_DATES = (
    r"(?!\d\d-\d\d-\d\d$)([a-z]+,? ){0,2}(the )?(?P<day>\d\d?)(?!\d)(st|nd|rd|th)?[ /.-]*(of )?"
    r"(?P<month>[a-z]+|\d\d?)[ /.,-]+(?P<year>\d{4}|\d\d)",
    r"(?P<month>[a-z]+|\d\d?)[ /.-]+(?P<day>\d\d?)(st|nd|rd|th)?[ /.,-]+(?P<year>\d{4})",
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
    with suppress(ValueError):
        return ", ".join(_suggest_range(*clocks) for clocks in ranges)
    return None


def _suggest_range(start: str, end: str) -> str:
    """Return a range by day, where am or pm is missing."""
    opens, closes = _minutes(start) % (24 * 60), _minutes(end) or 24 * 60
    if not _KNOWN_HALF.match(start) and opens < _EARLIEST_OPENING:
        opens += 12 * 60
    if not _KNOWN_HALF.match(end) and closes <= opens <= _LATEST_OPENING:
        closes += 12 * 60
    return f"{opens // 60:02}:{opens % 60:02}-{closes // 60:02}:{closes % 60:02}"


def _minutes(clock: str) -> int:
    """Return a time in minutes after midnight. Raise ValueError where there is none."""
    match = _TIME.fullmatch(clock)
    if match is None:
        return 0 if clock == "midnight" else 12 * 60
    hour, minute, half = int(match[1]), int(match[2] or 0), match[3]
    if minute > 59 or hour * 60 + minute > 24 * 60 or (half and not 1 <= hour <= 12):
        raise ValueError(clock)
    return (hour % 12 + 12 * (half == "p") if half else hour) * 60 + minute


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
    """Return the date that somebody wrote in another form: the day first, where it can be."""
    matches = (re.fullmatch(form, text.strip().casefold()) for form in _DATES)
    dates = (_date(match["day"], match["month"], match["year"]) for match in matches if match)
    return next(filter(None, dates), None)


def _date(day: str, month: str, year: str) -> date | None:
    with suppress(ValueError, OverflowError):
        parsed = date(int(year[-2:]) + 2000, _MONTHS.get(month) or int(month), int(day))
        return parsed if f"{parsed.year}".endswith(year) else None
    return None


def suggest_every(text: str) -> str | None:
    """Return a date that comes again: first Wednesday for 1st Wed of the month."""
    text = re.sub(r"\b(on|of|the|each|every|month|year)\b|[/-]", " ", text.casefold())
    first, name = words if len(words := text.split()) == 2 else ("", "")
    ordinal = _ORDINALS.get(first, first)
    if name in _DAYS and ordinal in _ORDINALS.values():
        return f"{ordinal} {_DAYS[name]}"
    day = _date(first.rstrip("sthndr"), name, "2000")
    return f"{day.day} {month_name[day.month]}" if day else None
