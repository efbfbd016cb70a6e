"""A decision as sentences: page, text message and voice say the same words.

Every function takes a Locale, which holds the translator.
"""

from collections.abc import Mapping
from datetime import date, datetime

from routing.core import instants
from routing.core.answer import Decision, ReasonCode
from routing.core.directory import BankHoliday, Line
from routing.text.dates import format_datetime, format_day, format_ranges
from routing.text.locale import Locale


def reason_sentence(
    decision: Decision, at: datetime, locale: Locale, holidays: Mapping[date, BankHoliday]
) -> str:
    """Say why this line answers at ``at``, in one or two sentences a caller understands."""
    asked = instants.as_utc(at)
    name = decision.line.name.get(locale.language)
    if decision.reason.code is ReasonCode.IN_HOURS:
        return _open(decision, name, asked, locale)
    if decision.reason.code is ReasonCode.DIVERT:
        until = f" {until_phrase(decision, at, locale)}" if decision.until else ""
        return locale.translate("Calls are answered by the {line}{until}.", line=name, until=until)
    first = decision.service.lines[0]
    return (
        f"{_shut(decision, first, asked, locale, holidays)}{_reopens(decision, first, at, locale)}"
    )


def until_phrase(decision: Decision, at: datetime, locale: Locale) -> str:
    """Say until when the answer holds: "until 5pm on Friday 27 November", or at all hours."""
    if decision.until is None:
        return locale.translate("at all hours")
    asked = instants.as_utc(at)
    return locale.translate("until {moment}", moment=format_datetime(decision.until, locale, asked))


def next_sentence(decision: Decision, at: datetime, locale: Locale) -> str | None:
    """Say what comes next: who answers after the handover, by which number. None if nothing."""
    if decision.until is None or decision.next is None:
        return None
    return locale.translate(
        "From {moment}, call the {line} on {phone}.",
        moment=format_datetime(decision.until, locale, instants.as_utc(at)),
        line=decision.next.line.name.get(locale.language),
        phone=decision.next.phone.display,
    )


def _open(decision: Decision, name: str, asked: datetime, locale: Locale) -> str:
    if decision.until is None or decision.next is None:
        return locale.translate("The {line} is open day and night.", line=name)
    until = format_datetime(decision.until, locale, asked)
    if decision.next.line.id == decision.line.id:
        return locale.translate(
            "The {line} is open. Its number changes at {moment}.", line=name, moment=until
        )
    return locale.translate("The {line} is open until {moment}.", line=name, moment=until)


def _shut(
    decision: Decision,
    first: Line,
    asked: datetime,
    locale: Locale,
    holidays: Mapping[date, BankHoliday],
) -> str:
    name = first.name.get(locale.language)
    on = asked.astimezone(locale.zone).date()
    cause = _cause(decision, locale)
    if cause is None:
        return locale.translate("The {line} is closed.", line=name)
    that_day = first.ranges_on(on, holidays)
    if not that_day:
        return locale.translate(
            "The {line} is closed on {day} because it is {cause}.",
            line=name,
            day=format_day(on, locale),
            cause=cause,
        )
    return locale.translate(
        "The {line} is closed. On {day} it is open {hours} because it is {cause}.",
        line=name,
        day=format_day(on, locale),
        hours=format_ranges(that_day, locale),
        cause=cause,
    )


def _cause(decision: Decision, locale: Locale) -> str | None:
    special, holiday = decision.reason.special_day, decision.reason.bank_holiday
    if special is not None:
        return special.name.get(locale.language)
    if holiday is None:
        return None
    name = locale.translate(holiday.name)
    if holiday.substitute:
        return locale.translate("the substitute day for {holiday}, a bank holiday", holiday=name)
    if "bank holiday" in holiday.name.lower():
        return locale.translate("the {holiday}", holiday=name)
    return locale.translate("{holiday}, a bank holiday", holiday=name)


def _reopens(decision: Decision, first: Line, at: datetime, locale: Locale) -> str:
    if decision.until is None or decision.next is None or decision.next.line.id != first.id:
        return ""
    asked = instants.as_utc(at)
    return " " + locale.translate(
        "It opens at {moment}.", moment=format_datetime(decision.until, locale, asked)
    )
