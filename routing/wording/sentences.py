"""A decision as sentences: page, text message and voice say the same words.

Every function takes a Voice, which holds the translator.
"""

from collections.abc import Mapping
from datetime import date, datetime

from routing.core import instants
from routing.core.answer import Decision, ReasonCode
from routing.core.directory import Line
from routing.core.hours import BankHoliday
from routing.wording.times import day, moment, ranges
from routing.wording.voice import Voice


def why(
    decision: Decision, at: datetime, voice: Voice, holidays: Mapping[date, BankHoliday]
) -> str:
    """Say why this line answers at ``at``, in one or two sentences a caller understands."""
    asked = instants.as_utc(at)
    name = decision.line.name.in_(voice.language)
    if decision.reason.code is ReasonCode.IN_HOURS:
        return _open(decision, name, asked, voice)
    if decision.reason.code is ReasonCode.DIVERT:
        until = f" {until_when(decision, at, voice)}" if decision.until else ""
        return voice.say("Calls are answered by the {line}{until}.", line=name, until=until)
    first = decision.service.lines[0]
    return f"{_shut(decision, first, asked, voice, holidays)}{_reopens(decision, first, at, voice)}"


def until_when(decision: Decision, at: datetime, voice: Voice) -> str:
    """Say until when the answer holds: "until 5pm on Friday 27 November", or at all hours."""
    if decision.until is None:
        return voice.say("at all hours")
    asked = instants.as_utc(at)
    return voice.say("until {moment}", moment=moment(decision.until, voice, asked))


def takeover(decision: Decision, at: datetime, voice: Voice) -> str | None:
    """Say what comes next: who answers after the handover, by which number. None if nothing."""
    if decision.until is None or decision.next is None:
        return None
    return voice.say(
        "From {moment}, call the {line} on {phone}.",
        moment=moment(decision.until, voice, instants.as_utc(at)),
        line=decision.next.line.name.in_(voice.language),
        phone=decision.next.phone.display,
    )


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
    asked = instants.as_utc(at)
    return " " + voice.say("It opens at {moment}.", moment=moment(decision.until, voice, asked))
