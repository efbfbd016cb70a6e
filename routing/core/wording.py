"""A decision as sentences: page, text message and voice say the same words.

Dates are absolute ("until 5pm on Thursday 24 December"), so that a sentence stays true however
long somebody keeps it. Every function takes a translator; times are read in the zone given.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from routing.core import instant
from routing.core.answer import Code, Decision
from routing.core.directory import Line
from routing.core.hours import ALL_DAY, DAY, BankHoliday, Hours, Range, SpecialDay

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_YEAR_IS_SAID_AFTER = timedelta(days=180)


class Translator(Protocol):
    """What turns English into the reader's language; ``gettext.NullTranslations`` is one."""

    def gettext(self, message: str, /) -> str: ...


@dataclass(frozen=True, slots=True)
class Voice:
    """How to speak: the translator, its language for the council's own words, and the zone."""

    translator: Translator
    language: str
    zone: ZoneInfo

    def say(self, message: str, **values: str) -> str:
        """Return ``message`` in this language with its ``{values}`` filled in."""
        return self.translator.gettext(message).format(**values)


def clock(minute: int, voice: Voice) -> str:
    """Say a time of day as GOV.UK does: 8:30am, 5pm, midday, midnight."""
    minute %= DAY
    if minute in (0, DAY // 2):
        return voice.say("midday" if minute else "midnight")
    hour, past = divmod(minute, 60)
    digits = f"{(hour - 1) % 12 + 1}" + (f":{past:02}" if past else "")
    return voice.say("{time}am" if hour < 12 else "{time}pm", time=digits)


def day(on: date, voice: Voice) -> str:
    """Say a date: Thursday 24 December."""
    return voice.say(
        "{weekday} {day} {month}",
        weekday=voice.say(DAYS[on.weekday()]),
        day=str(on.day),
        month=voice.say(MONTHS[on.month - 1]),
    )


def moment(at: datetime, voice: Voice, asked: datetime | None = None) -> str:
    """Say an instant: 5pm on Thursday 24 December. Midnight belongs to the day that it ends.

    The year is said when the instant is more than half a year after ``asked``.
    """
    local = at.astimezone(voice.zone)
    minute = local.hour * 60 + local.minute
    on = local.date() if minute else local.date() - timedelta(days=1)
    said = day(on, voice)
    if asked is not None and at - asked > _YEAR_IS_SAID_AFTER:
        said = f"{said} {on.year}"
    if not minute:
        return voice.say("midnight at the end of {day}", day=said)
    return voice.say("{time} on {day}", time=clock(minute, voice), day=said)


def ranges(found: tuple[Range, ...], voice: Voice) -> str:
    """Say a day's hours: 8:30am to 5pm; closed; all day and night."""
    if not found:
        return voice.say("closed")
    if found == ALL_DAY:
        return voice.say("24 hours")
    said = [_range(each, voice) for each in found]
    return _list(said, voice)


def hours(found: Hours, voice: Voice) -> tuple[tuple[str, str], ...]:
    """Say a week as pairs of days and hours: ("Monday to Friday", "8:30am to 5pm")."""
    if found.always:
        return ((voice.say("Every day"), voice.say("24 hours a day, bank holidays included")),)
    runs: list[list[int]] = []
    for weekday, on_that_day in enumerate(found.week):
        if runs and found.week[runs[-1][0]] == on_that_day:
            runs[-1].append(weekday)
        else:
            runs.append([weekday])
    said = [(_days(run, voice), ranges(found.week[run[0]], voice)) for run in runs]
    if found.bank_holiday is not None:
        said.append((voice.say("Bank holidays"), ranges(found.bank_holiday, voice)))
    return tuple(said)


def why(
    decision: Decision, at: datetime, voice: Voice, holidays: Mapping[date, BankHoliday]
) -> str:
    """Say why this line answers at ``at``, in one or two sentences a caller understands."""
    asked = instant.as_utc(at)
    name = decision.line.name.in_(voice.language)
    if decision.reason.code is Code.IN_HOURS:
        return _open(decision, name, asked, voice)
    if decision.reason.code is Code.DIVERT:
        until = f" {until_when(decision, at, voice)}" if decision.until else ""
        return voice.say("Calls are answered by the {line}{until}.", line=name, until=until)
    first = decision.service.lines[0]
    return f"{_shut(decision, first, asked, voice, holidays)}{_reopens(decision, first, at, voice)}"


def until_when(decision: Decision, at: datetime, voice: Voice) -> str:
    """Say until when the answer holds: "until 5pm on Friday 27 November", or at all hours."""
    if decision.until is None:
        return voice.say("at all hours")
    asked = instant.as_utc(at)
    return voice.say("until {moment}", moment=moment(decision.until, voice, asked))


def takeover(decision: Decision, at: datetime, voice: Voice) -> str | None:
    """Say what comes next: who answers after the handover, by which number. None if nothing."""
    if decision.until is None or decision.next is None:
        return None
    return voice.say(
        "From {moment}, call the {line} on {phone}.",
        moment=moment(decision.until, voice, instant.as_utc(at)),
        line=decision.next.line.name.in_(voice.language),
        phone=decision.next.phone.display,
    )


def _range(found: Range, voice: Voice) -> str:
    opens, closes = clock(found.opens, voice), clock(found.closes, voice)
    if found.closes > DAY:
        return voice.say("{opens} to {closes} the next day", opens=opens, closes=closes)
    return voice.say("{opens} to {closes}", opens=opens, closes=closes)


def _open(decision: Decision, name: str, asked: datetime, voice: Voice) -> str:
    if decision.until is None or decision.next is None:
        return voice.say("The {line} is open day and night.", line=name)
    until = moment(decision.until, voice, asked)
    if decision.next.line.id == decision.line.id:
        return voice.say(
            "The {line} is open. Its number changes at {moment}.", line=name, moment=until
        )
    return voice.say("The {line} is open until {moment}.", line=name, moment=until)


def _shut(
    decision: Decision,
    first: Line,
    asked: datetime,
    voice: Voice,
    holidays: Mapping[date, BankHoliday],
) -> str:
    name = first.name.in_(voice.language)
    on = asked.astimezone(voice.zone).date()
    cause = _cause(decision, voice)
    if cause is None:
        return voice.say("The {line} is closed.", line=name)
    that_day = first.ranges_on(on, holidays)
    if not that_day:
        return voice.say(
            "The {line} is closed on {day} because it is {cause}.",
            line=name,
            day=day(on, voice),
            cause=cause,
        )
    return voice.say(
        "The {line} is closed. On {day} it is open {hours} because it is {cause}.",
        line=name,
        day=day(on, voice),
        hours=ranges(that_day, voice),
        cause=cause,
    )


def _cause(decision: Decision, voice: Voice) -> str | None:
    special, holiday = decision.reason.special_day, decision.reason.bank_holiday
    if special is not None:
        return special.name.in_(voice.language)
    if holiday is None:
        return None
    name = voice.say(holiday.name)
    if holiday.substitute:
        return voice.say("the substitute day for {holiday}, a bank holiday", holiday=name)
    if "bank holiday" in holiday.name.lower():
        return voice.say("the {holiday}", holiday=name)
    return voice.say("{holiday}, a bank holiday", holiday=name)


def _reopens(decision: Decision, first: Line, at: datetime, voice: Voice) -> str:
    if decision.until is None or decision.next is None or decision.next.line.id != first.id:
        return ""
    asked = instant.as_utc(at)
    return " " + voice.say("It opens at {moment}.", moment=moment(decision.until, voice, asked))


def _days(run: list[int], voice: Voice) -> str:
    first = voice.say(DAYS[run[0]])
    if len(run) == 1:
        return first
    join = "{first} and {last}" if len(run) == 2 else "{first} to {last}"
    return voice.say(join, first=first, last=voice.say(DAYS[run[-1]]))


def _list(said: list[str], voice: Voice) -> str:
    if len(said) == 1:
        return said[0]
    return voice.say("{most} and {last}", most=", ".join(said[:-1]), last=said[-1])


def special(found: SpecialDay, voice: Voice) -> str:
    """Say a special day: Thursday 24 December (Christmas Eve): 8:30am to 3:30pm."""
    on = day(found.first, voice)
    if found.last != found.first:
        on = voice.say("{first} to {last}", first=on, last=day(found.last, voice))
    said = [] if found.hours is None else [ranges(found.hours, voice)]
    if found.phone is not None:
        said.append(voice.say("call {phone}", phone=found.phone.display))
    name = found.name.in_(voice.language)
    return voice.say("{days} ({name}): {what}", days=on, name=name, what=", ".join(said))
