"""A decision in sentences: pages, the API, text messages and commands use the same ones."""

from collections.abc import Mapping
from datetime import date, datetime

from routing.core import instants
from routing.core.answer import Decision, ReasonCode
from routing.core.directory import BankHoliday, Line, OtherWay
from routing.text.dates import format_datetime, format_day, format_ranges
from routing.text.locale import N_, Locale

_OTHER_WAYS = {
    "textphone": N_("Textphone"),
    "text": N_("Text message"),
    "welsh": N_("In Welsh"),
    "relay": N_("Relay service"),
    "bsl": N_("British Sign Language by video"),
    "chat": N_("Online chat"),
}


def reason_sentence(
    decision: Decision, at: datetime, locale: Locale, holidays: Mapping[date, BankHoliday]
) -> str:
    """Say why this line answers at ``at``, in one or two sentences. Raise NaiveTime."""
    now = instants.as_utc(at)
    if decision.reason.code is ReasonCode.IN_HOURS:
        return _open_sentence(decision, now, locale)
    if decision.reason.code is ReasonCode.DIVERT:
        line = line_phrase(decision.line, locale)
        until = f" {until_phrase(decision, now, locale)}" if decision.until else ""
        return locale.translate("Calls are answered by {line}{until}.", line=line, until=until)
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
        "From {moment}, call {line} on {phone}.",
        moment=format_datetime(decision.until, locale, instants.as_utc(at)),
        line=line_phrase(decision.next.line, locale),
        phone=decision.next.phone.display,
    )


def call_sentence(decision: Decision, phone: str, at: datetime, locale: Locale) -> str:
    """Say whom to call on ``phone``, and until when: "Call 01632 960001, MASH, until 5pm ...".

    Raise NaiveTime.
    """
    return locale.translate(
        "Call {phone}, {line}, {until}.",
        phone=phone,
        line=line_phrase(decision.line, locale),
        until=until_phrase(decision, at, locale),
    )


def line_phrase(line: Line, locale: Locale) -> str:
    """Return how a sentence refers to a line: in the council's own words, or as "the " and a name.

    A name that begins with The or Our has no second article. In Welsh it is the name.
    """
    called = dict(line.called.by_language) if line.called is not None else {}
    own = called.get(locale.language) or called.get("")
    name = line.name.get(locale.language)
    if own is not None or locale.language != "en":
        return own or name
    return name if name.lower().startswith(("the ", "our ")) else f"the {name}"


def other_way_label(way: OtherWay, locale: Locale) -> str:
    """Return what another way to reach a line is, for before its number or address."""
    return locale.translate(_OTHER_WAYS[way.kind])


def _open_sentence(decision: Decision, now: datetime, locale: Locale) -> str:
    line = line_phrase(decision.line, locale)
    if decision.until is None or decision.next is None:
        return _capitalise(locale.translate("{line} is open day and night.", line=line))
    moment = format_datetime(decision.until, locale, now)
    if decision.next.line.id == decision.line.id:
        return _capitalise(
            locale.translate(
                "{line} is open. Its number changes at {moment}.", line=line, moment=moment
            )
        )
    return _capitalise(locale.translate("{line} is open until {moment}.", line=line, moment=moment))


def _closed_sentence(
    decision: Decision,
    first_line: Line,
    now: datetime,
    locale: Locale,
    holidays: Mapping[date, BankHoliday],
) -> str:
    line, cause = line_phrase(first_line, locale), _cause(decision, locale)
    if cause is None:
        return _capitalise(locale.translate("{line} is closed.", line=line))
    today = now.astimezone(locale.zone).date()
    day, ranges = format_day(today, locale), first_line.ranges_on(today, holidays)
    if not ranges:
        return _capitalise(
            locale.translate(
                "{line} is closed on {day} because it is {cause}.", line=line, day=day, cause=cause
            )
        )
    return _capitalise(
        locale.translate(
            "{line} is closed. On {day} it is open {hours} because it is {cause}.",
            line=line,
            day=day,
            hours=format_ranges(ranges, locale),
            cause=cause,
        )
    )


def _capitalise(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]


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
