"""A call as a caller hears it if nobody answers, second by second, and how that is done."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from math import ceil

from routing.core.answer import Decision
from routing.core.decision import dial_order
from routing.core.directory import Directory, send_digits
from routing.core.timetable import Timetables
from routing.telephony.call_flow import (
    TWILIO_EXTRA_RING,
    DecideAt,
    Dial,
    GiveUp,
    unanswered_call,
)
from routing.telephony.twiml import (
    MESSAGES,
    SPEECH_CHARACTERS_PER_SECOND,
    NamedLines,
    named_lines,
)
from routing.text import announcements, staff_text
from routing.text.locale import Locale, get_locale
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
    began, speech in every language included; the second is how that is done. Without
    ``internal_numbers`` an internal line is named without its number.
    """
    decision, directory, time = decide_at(at), timetables.directory, timedelta(0)
    hears, how = [], list(_not_rung(timetables, decision, at))
    for when, step in unanswered_call(timetables, at, decide_at, excluded_numbers):
        lines = named_lines(timetables, decide_at(when), when, excluded_numbers)
        if isinstance(step, GiveUp):
            message = announcements.no_answer(directory, lines, locale)
            if decision.phone.is_emergency:
                message = announcements.call_yourself(decision, directory, at, locale, rings=False)
            hears.append(f"{_format_time(time)} “{message}” Twice, and the call ends.")
        if not isinstance(step, Dial):
            continue
        say = partial(_words_before, step, decision, at, directory, lines)
        if words := say(locale):
            hears.append(f"{_format_time(time)} “{words}”")
            texts = {say(get_locale(language, locale.zone)) for language in directory.languages}
            characters = sum(len(text) for text in texts if text)
            time += timedelta(seconds=ceil(characters / SPEECH_CHARACTERS_PER_SECOND))
        ringing = step.seconds + TWILIO_EXTRA_RING.seconds
        hears.append(f"{_format_time(time)} Ringing, for {format_duration(ringing)} at most.")
        how.append(f"{_format_time(time)} {_ringing(step, internal_numbers)}")
        time += timedelta(seconds=ringing)
    return hears, how


def _words_before(
    step: Dial,
    decision: Decision,
    at: datetime,
    directory: Directory,
    lines: NamedLines,
    locale: Locale,
) -> str | None:
    """Return what the caller hears before a line rings; None for nothing."""
    if step.announcement:
        return MESSAGES[step.announcement](directory, lines, locale)
    if step.state.leg > 1:
        return None
    if decision.phone.is_emergency:
        return announcements.call_yourself(decision, directory, at, locale, rings=True)
    return announcements.greeting(decision.service, locale)


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
