"""A call as a caller would hear it if nobody answered, step by step, in words for staff."""

from collections.abc import Collection
from datetime import datetime

from routing.core.timetable import Timetables
from routing.telephony.call_flow import (
    TWILIO_EXTRA_RING,
    DecideAt,
    Dial,
    GiveUp,
    Step,
    unanswered_call,
)
from routing.telephony.twiml import MESSAGES, named_lines
from routing.text import announcements, staff_text
from routing.text.locale import Locale
from routing.text.staff_text import format_duration


def steps(
    timetables: Timetables,
    at: datetime,
    decide_at: DecideAt,
    excluded_numbers: Collection[str],
    locale: Locale,
    internal_numbers: bool,
) -> list[str]:
    """Describe each step of a call that begins at ``at`` and that nobody answers, with its time.

    Without ``internal_numbers`` an internal line is named without its number.
    """
    return [
        sentence
        for when, step in unanswered_call(timetables, at, decide_at, excluded_numbers)
        for sentence in _describe(
            timetables, when, step, decide_at, excluded_numbers, locale, internal_numbers
        )
    ]


def _describe(
    timetables: Timetables,
    at: datetime,
    step: Step,
    decide_at: DecideAt,
    excluded_numbers: Collection[str],
    locale: Locale,
    internal_numbers: bool,
) -> list[str]:
    directory, decision = timetables.directory, decide_at(at)
    lines = named_lines(timetables, decision, at, excluded_numbers)
    time = f"{at.astimezone(locale.zone):%H:%M:%S}"
    if isinstance(step, GiveUp):
        message = announcements.no_answer(directory, lines, locale)
        if decision.phone.is_emergency:
            message = announcements.call_yourself(decision, directory, at, locale, rings=False)
        return [f"{time} The caller hears, twice: “{message}” The call ends."]
    if not isinstance(step, Dial):
        return []
    sentences: list[str] = []
    greeting = announcements.greeting(decision.service, locale)
    if step.announcement:
        message = MESSAGES[step.announcement](directory, lines, locale)
        sentences.append(f"{time} The caller hears: “{message}”")
        time = f"{(at + step.announcement.value).astimezone(locale.zone):%H:%M:%S}"
    elif step.state.leg == 1 and greeting:
        sentences.append(f"{time} The caller hears: “{greeting}”")
    return [*sentences, f"{time} {_ringing(step, internal_numbers)}"]


def _ringing(step: Dial, internal_numbers: bool) -> str:
    line = staff_text.line_with_number(step.line, step.phone, internal_numbers)
    added = TWILIO_EXTRA_RING.seconds
    sentence = f"It rings {line} for {format_duration(step.seconds + added)}"
    sentence += f" ({step.seconds}, and {added} that Twilio adds)."
    if step.line.press_1_to_accept:
        sentence += " Whoever picks up must press 1: a voicemail does not count."
    return sentence
