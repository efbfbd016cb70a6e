"""A decision in sentences: pages, the API, text messages and commands use the same ones."""

import re
from datetime import datetime, timedelta

from routing.core.decision import Decision, ReasonCode
from routing.core.directory import HolidayDates, Line, OtherWay
from routing.text import dates
from routing.text.locale import N_, Locale

MAX_PHRASE_CHARACTERS = 150
"""Of a line in a sentence: a longer name would leave no room in a text message for its number."""

HANDOVER_NOTICE = timedelta(minutes=5)
"""How long before a handover a live page says that the number changes."""

CALL_999 = re.compile(
    r"""(?:^|(?<!\d)(?:[.:;!?(“"‘'*]|(?<!\d\s)[\u2010-\u2014-])\s*
        |\b(?:call|dial|ring|phon|telephon|text|contact|ffoni|galw|deial|cysyll)\w*\s+
        |\b(?:use|using|on|via|or|tel|emergency|services|police|ar|â|neu|i)\s+)
    (?P<number>999|9[ -]9[ -]9)
    (?=\s*(?:$|/|[.,:;!?)”"’'*\u2010-\u2014-](?!\d))
        |\s+(?:if|or|and|in|for|at|as|now|immediately|straight|right|without|first|then|instead
            |unless|when|whenever|where|before|because|but|so|not|to|with|from|today|urgently
            |directly|always|by|who|which|on
            |os|neu|ac|a|ar|yn|nawr|am|i|unwaith|o|mewn|heb|cyn|bob|gan|er|ond|gyda)\b)""",
    re.IGNORECASE | re.VERBOSE,
)
"""Where words for an emergency say to call 999, as ``number``.

Only where the words around it say so: "over 999 families" and another number do not. Where this is
in doubt they do not, and 999 is said once more.
"""

_OTHER_WAYS = {
    "textphone": N_("Textphone"),
    "text": N_("Text message"),
    "welsh": N_("In Welsh"),
    "relay": N_("Relay service"),
    "bsl": N_("British Sign Language by video"),
    "chat": N_("Online chat"),
}


def reason_sentence(
    decision: Decision, at: datetime, locale: Locale, holidays: HolidayDates
) -> str:
    """Say why this line answers at ``at``, in one or two sentences."""
    line, until, next_answer = line_phrase(decision.line, locale), decision.until, decision.next
    moment = dates.format_datetime(until, locale, at) if until else ""
    is_out_of_hours = decision.reason.code is not ReasonCode.IN_HOURS
    is_first_line = decision.line.id == decision.service.lines[0].id
    if decision.reason.code is ReasonCode.DIVERT or (is_out_of_hours and is_first_line):
        phrase = f" {until_phrase(decision, at, locale)}" if until else ""
        return locale.translate("Calls are answered by {line}{until}.", line=line, until=phrase)
    if is_out_of_hours:
        closed = _closed_sentence(decision, at, locale, holidays)
        if next_answer is None or next_answer.line.id != decision.service.lines[0].id:
            return closed
        opens = locale.translate("It opens at {moment}.", moment=moment)
        return f"{closed} {opens}"
    if next_answer is None:
        message = N_("{line} is open day and night.")
    elif next_answer.line.id == decision.line.id:
        message = N_("{line} is open. Its number changes at {moment}.")
    else:
        message = N_("{line} is open until {moment}.")
    return dates.capitalise(locale.translate(message, line=line, moment=moment))


def until_phrase(decision: Decision, at: datetime, locale: Locale) -> str:
    """Say until when a decision holds: "until 5pm on Friday 27 November", or "at all hours"."""
    if decision.until is None:
        return locale.translate("at all hours")
    moment = dates.format_datetime(decision.until, locale, at)
    return locale.translate("until {moment}", moment=moment)


def next_sentence(decision: Decision, at: datetime, locale: Locale) -> str | None:
    """Say which line answers after the handover, on which of the lines' numbers; None without one.

    A service's own number plays no part.
    """
    if decision.until is None or decision.next is None:
        return None
    moment = dates.format_datetime(decision.until, locale, at)
    line = line_phrase(decision.next.line, locale)
    message = N_("From {moment}, call {line} on {phone}.")
    if decision.next.phone.e164 == decision.phone.e164:
        message = N_("From {moment}, {line} answers on the same number.")
    phone = decision.next.phone.display
    return locale.translate(message, moment=moment, line=line, phone=phone)


def keeps_number(decision: Decision) -> bool:
    """Return whether callers go on with the same number at the handover, if there is one.

    They do where the service has a number of its own, and where two lines share one.
    """
    phone = decision.service.public_phone
    return decision.next is None or phone(decision.next.phone).e164 == phone(decision.phone).e164


def holds_sentence(decision: Decision, at: datetime, locale: Locale, *, is_live: bool) -> str:
    """Say until when a line answers: "They answer until 5pm on Friday 27 November."

    Of a service's own number, say that it may be called at all hours. ``is_live`` adds today,
    tonight and tomorrow to the date, for a page that is read at once, and says in the last
    HANDOVER_NOTICE that the number changes instead.
    """
    always = locale.translate("You can call this number day and night.")
    has_own_number = decision.service.is_always_on_its_number
    if decision.until is None or decision.next is None:
        return always if has_own_number else locale.translate("They answer day and night.")
    is_same_line = decision.next.line.id == decision.line.id
    if has_own_number and is_same_line:
        return always
    moment = dates.format_moment(decision.until, locale, at, is_live=is_live)
    is_unending = is_same_line or decision.phone.is_emergency
    is_soon = is_live and decision.until - at <= HANDOVER_NOTICE
    if not keeps_number(decision) and (is_unending or is_soon):
        return locale.translate("This number changes at {moment}.", moment=moment)
    answers = locale.translate("They answer until {moment}.", moment=moment)
    return f"{always} {answers}" if has_own_number else answers


def exception_sentence(
    decision: Decision, at: datetime, locale: Locale, holidays: HolidayDates, *, is_live: bool
) -> str | None:
    """Say which special day or bank holiday closes the first line; None on an ordinary day.

    None too while the first line answers, as the out-of-hours line, and where it opens later that
    day: the end of the answer says when. ``is_live`` is as in ``holds_sentence``, which this
    follows: a date that it says is not said again.
    """
    service, following, until = decision.service, decision.next, decision.until
    if decision.line.id == service.lines[0].id or _cause(decision, locale) is None:
        return None
    today = at.astimezone(locale.zone).date()
    when = N_("today, {day}") if is_live else N_("on {day}")
    if following is not None and until is not None:
        ends_today = until.astimezone(locale.zone).date() == today
        if ends_today and following.line.id == service.lines[0].id:
            return None
        is_same_line = following.line.id == decision.line.id
        names_until = not (service.is_always_on_its_number and is_same_line)
        if names_until and dates.local_date_and_time(until, locale)[0] == today:
            when = N_("today") if is_live else N_("that day")
    return _closed_sentence(decision, at, locale, holidays, when)


def call_sentence(decision: Decision, phone: str, at: datetime, locale: Locale) -> str:
    """Say whom to call on ``phone``, and until when: "Call 01632 960001, MASH, until 5pm ...".

    Of a service's own number, say that it may be called at all hours.
    """
    line = line_phrase(decision.line, locale)
    service, number = decision.service, decision.service.number
    if number and phone == number.national_display and service.is_always_on_its_number:
        call = locale.translate("Call {phone}, {line}.", phone=phone, line=line)
        return f"{call} {holds_sentence(decision, at, locale, is_live=False)}"
    until = until_phrase(decision, at, locale)
    return locale.translate("Call {phone}, {line}, {until}.", phone=phone, line=line, until=until)


def line_phrase(line: Line, locale: Locale) -> str:
    """Return how a sentence refers to a line: in the council's own words, or as "the " and a name.

    A name that begins with The or Our has no second article. In Welsh it is the name. A long one is
    cut.
    """
    called = dict(line.called.by_language) if line.called is not None else {}
    own = called.get(locale.language) or called.get("")
    phrase = own or line.name.get(locale.language)
    if own is None and locale.language == "en" and not phrase.lower().startswith(("the ", "our ")):
        phrase = f"the {phrase}"
    if len(phrase) > MAX_PHRASE_CHARACTERS:
        phrase = phrase[:MAX_PHRASE_CHARACTERS]
        phrase = phrase.rpartition(" ")[0] or phrase
    return phrase


def other_way_label(way: OtherWay, locale: Locale) -> str:
    """Return what another way to reach a line is, for before its number or address."""
    return locale.translate(_OTHER_WAYS[way.kind])


def end_sentence(text: str) -> str:
    """Return a council's own words with a full stop, if they end without one."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _closed_sentence(
    decision: Decision,
    at: datetime,
    locale: Locale,
    holidays: HolidayDates,
    when: str = N_("on {day}"),
) -> str:
    line, today = decision.service.lines[0], at.astimezone(locale.zone).date()
    ranges, cause = line.ranges_on(today, holidays), _cause(decision, locale)
    if cause is None:
        message = N_("{line} is closed.")
    elif ranges:
        message = N_("{line} is closed. Its hours {when}: {hours} ({cause}).")
    elif decision.reason.special_day is not None:
        message = N_("{line} is closed {when} ({cause}).")
    else:
        message = N_("{line} is closed {when}, because it is {cause}.")
    sentence = locale.translate(
        message,
        line=line_phrase(line, locale),
        when=locale.translate(when, day=dates.format_day(today, locale)),
        cause=cause or "",
        hours=dates.format_ranges(ranges, locale),
    )
    return dates.capitalise(sentence)


def _cause(decision: Decision, locale: Locale) -> str | None:
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
