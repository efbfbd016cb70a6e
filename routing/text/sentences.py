"""A decision in sentences: pages, the API, text messages and commands use the same ones."""

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
    """Say why this line answers at ``at``, in one or two sentences. Raise NaiveTime."""
    now = instants.as_utc(at)
    if decision.reason.code is ReasonCode.IN_HOURS:
        return _open_sentence(decision, now, locale)
    if decision.reason.code is ReasonCode.DIVERT:
        name = decision.line.name.get(locale.language)
        until = f" {until_phrase(decision, now, locale)}" if decision.until else ""
        return locale.translate("Calls are answered by the {line}{until}.", line=name, until=until)
    first_line = decision.service.lines[0]
    closed = _closed_sentence(decision, first_line, now, locale, holidays)
    if decision.until is None or decision.next is None or decision.next.line.id != first_line.id:
        return closed
    moment = format_datetime(decision.until, locale, now)
    opens = locale.translate("It opens at {moment}.", moment=moment)
    return f"{closed} {opens}"


def until_phrase(decision: Decision, at: datetime, locale: Locale) -> str:
    """Say until when a decision holds: "until 5pm on Friday 27 November", or "at all hours".

    Raise NaiveTime.
    """
    if decision.until is None:
        return locale.translate("at all hours")
    moment = format_datetime(decision.until, locale, instants.as_utc(at))
    return locale.translate("until {moment}", moment=moment)


def next_sentence(decision: Decision, at: datetime, locale: Locale) -> str | None:
    """Say which line answers after the handover, on which number; None if there is no handover.

    Raise NaiveTime.
    """
    if decision.until is None or decision.next is None:
        return None
    return locale.translate(
        "From {moment}, call the {line} on {phone}.",
        moment=format_datetime(decision.until, locale, instants.as_utc(at)),
        line=decision.next.line.name.get(locale.language),
        phone=decision.next.phone.display,
    )


def call_sentence(decision: Decision, phone: str, at: datetime, locale: Locale) -> str:
    """Say whom to call on ``phone``, and until when: "Call 01632 960001, MASH, until 5pm ...".

    Raise NaiveTime.
    """
    return locale.translate(
        "Call {phone}, {line}, {until}.",
        phone=phone,
        line=decision.line.name.get(locale.language),
        until=until_phrase(decision, at, locale),
    )


def _open_sentence(decision: Decision, now: datetime, locale: Locale) -> str:
    name = decision.line.name.get(locale.language)
    if decision.until is None or decision.next is None:
        return locale.translate("The {line} is open day and night.", line=name)
    moment = format_datetime(decision.until, locale, now)
    if decision.next.line.id == decision.line.id:
        return locale.translate(
            "The {line} is open. Its number changes at {moment}.", line=name, moment=moment
        )
    return locale.translate("The {line} is open until {moment}.", line=name, moment=moment)


def _closed_sentence(
    decision: Decision,
    line: Line,
    now: datetime,
    locale: Locale,
    holidays: Mapping[date, BankHoliday],
) -> str:
    name, cause = line.name.get(locale.language), _cause(decision, locale)
    if cause is None:
        return locale.translate("The {line} is closed.", line=name)
    today = now.astimezone(locale.zone).date()
    day, ranges = format_day(today, locale), line.ranges_on(today, holidays)
    if not ranges:
        return locale.translate(
            "The {line} is closed on {day} because it is {cause}.", line=name, day=day, cause=cause
        )
    return locale.translate(
        "The {line} is closed. On {day} it is open {hours} because it is {cause}.",
        line=name,
        day=day,
        hours=format_ranges(ranges, locale),
        cause=cause,
    )


def _cause(decision: Decision, locale: Locale) -> str | None:
    """Name the special day or bank holiday that sets the hours; None on an ordinary day."""
    special_day, holiday = decision.reason.special_day, decision.reason.bank_holiday
    if special_day is not None:
        return special_day.name.get(locale.language)
    if holiday is None:
        return None
    name = locale.translate(holiday.name)
    if holiday.substitute:
        return locale.translate("the substitute day for {holiday}, a bank holiday", holiday=name)
    if "bank holiday" in holiday.name.lower():
        return locale.translate("the {holiday}", holiday=name)
    return locale.translate("{holiday}, a bank holiday", holiday=name)
