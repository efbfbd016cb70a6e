"""A call as a caller hears it if nobody answers, second by second, and how that is done."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from routing.core.answer import Decision
from routing.core.decision import dial_order
from routing.core.ringing import send_digits
from routing.core.timetable import Timetables
from routing.telephony.call_flow import (
    TWILIO_EXTRA_RING,
    DecideAt,
    Dial,
    GiveUp,
    unanswered_call,
)
from routing.telephony.twiml import MESSAGES, SPEECH_CHARACTERS_PER_SECOND, named_lines
from routing.text import announcements, staff_text
from routing.text.locale import Locale
from routing.text.staff_text import format_duration


def preview_call(
    timetables: Timetables,
    at: datetime,
    decide_at: DecideAt,
    excluded_numbers: Collection[str],
    locale: Locale,
    internal_numbers: bool,
) -> tuple[list[str], list[str]]:
    """Describe a call that begins at ``at`` and that nobody answers, in two lists of sentences.

    The first is what the caller hears, each sentence with the minutes and seconds since the call
    began; the second is how that is done. Without ``internal_numbers`` an internal line is named
    without its number.
    """
    decision = decide_at(at)
    greeting = announcements.greeting(decision.service, locale) or ""
    greeting_time = timedelta(seconds=-(-len(greeting) // SPEECH_CHARACTERS_PER_SECOND))
    hears = [f"0:00 “{greeting}”"] if greeting else []
    how = list(_not_rung(timetables, decision, at))
    for when, step in unanswered_call(timetables, at, decide_at, excluded_numbers):
        time = when - at + greeting_time
        lines = named_lines(timetables, decide_at(when), when, excluded_numbers)
        if isinstance(step, GiveUp):
            message = announcements.no_answer(timetables.directory, lines, locale)
            if decision.phone.is_emergency:
                message = announcements.call_yourself(
                    decision, timetables.directory, at, locale, rings=False
                )
            hears.append(f"{_format_time(time)} “{message}” Twice, and the call ends.")
        if not isinstance(step, Dial):
            continue
        if step.announcement:
            message = MESSAGES[step.announcement](timetables.directory, lines, locale)
            hears.append(f"{_format_time(time)} “{message}”")
            time += step.announcement.value
        ringing = format_duration(step.seconds + TWILIO_EXTRA_RING.seconds)
        hears.append(f"{_format_time(time)} Ringing, for {ringing} at most.")
        how.append(f"{_format_time(time)} {_ringing(step, internal_numbers)}")
    return hears, how


def _not_rung(timetables: Timetables, decision: Decision, at: datetime) -> Iterator[str]:
    """Yield a sentence about each line that is passed over since a divert took its calls away."""
    rung = {answer.line.id for answer in dial_order(timetables, decision, at)}
    for answer in dial_order(timetables, replace(decision, avoid=()), at):
        if answer.line.id not in rung:
            yield (
                f"{answer.line.name.get('en')} is not rung meanwhile: the divert took its calls "
                "away, so it may be out of order."
            )


def _ringing(step: Dial, internal_numbers: bool) -> str:
    line = staff_text.line_with_number(step.line, step.phone, internal_numbers)
    sentence = f"{line} rings for {step.seconds} seconds, and {TWILIO_EXTRA_RING.seconds} that "
    sentence += "Twilio adds."
    if digits := send_digits(step.line, step.phone):
        sentence += f" Once it answers, {digits} is pressed (w waits for half a second)."
    if step.line.press_1_to_accept:
        sentence += " Whoever picks up must press 1: a voicemail does not count."
    return sentence


def _format_time(time: timedelta) -> str:
    minutes, seconds = divmod(int(time.total_seconds()), 60)
    return f"{minutes}:{seconds:02}"
